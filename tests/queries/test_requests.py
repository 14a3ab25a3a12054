"""Answers about single requests, worked out again in plain Python from what a file says."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from statistics import fmean

import numpy as np
import pytest

from ghostfleet.queries import ask
from tests.queries.shops import EVENTS, TABLES

PLACES = pytest.mark.parametrize("place", ["bulk", "jsonl", "csv", "parquet", "DuckDB file"])


def told(name, url, **given):
    answer = ask(name, url, tables=TABLES, **given)
    assert (answer.error, answer.no_data, answer.lacking) == (None, "", {})
    return answer


def at_most(values, percent):
    return float(np.quantile(values, percent / 100, method="inverted_cdf"))


def hour(text):
    return datetime.fromisoformat(text).replace(minute=0, second=0, microsecond=0)


@PLACES
def test_transactions_are_spread_over_statuses_times_and_hours(shop, place):
    answer, rows = told("transaction_distribution", shop.places[place]), shop.transactions
    statuses = Counter(row["status"] for row in rows)
    assert {one["status"]: one["transaction_count"] for one in answer.rows} == statuses
    assert sum(one["percent"] for one in answer.rows) == pytest.approx(100)
    codes = Counter(row["error_code"] for row in rows if row["error_code"])
    assert {one["error_code"]: one["transaction_count"] for one in answer.tables["by_error_code"]} == codes
    times = [row["response_time_ms"] for row in rows]
    (found,) = answer.tables["response_times"]
    assert found.pop("avg_ms") == pytest.approx(fmean(times))
    assert found == {
        "transaction_count": len(rows),
        "min_ms": min(times),
        "max_ms": max(times),
        **{f"p{percent}_ms": at_most(times, percent) for percent in (50, 95, 99)},
    }
    hours = Counter(hour(row["@timestamp"]) for row in rows)
    assert {one["hour"]: one["transaction_count"] for one in answer.tables["by_hour"]} == hours
    assert sum(one["error_count"] for one in answer.tables["by_hour"]) == statuses["error"]
    assert answer.summary["error_rate_percent"] == pytest.approx(100 * statuses["error"] / len(rows))
    assert hours[answer.summary["busiest_hour"]] == max(hours.values())


@PLACES
def test_slow_failures_come_newest_first(shop, place):
    answer = told("transaction_incidents", shop.places[place])
    slow = [row for row in shop.transactions if row["status"] == "error" and row["response_time_ms"] >= 5_000]
    slow.sort(key=lambda row: row["transaction_id"])
    slow.sort(key=lambda row: row["@timestamp"], reverse=True)
    assert len(slow) > 10
    assert [one["transaction_id"] for one in answer.rows] == [row["transaction_id"] for row in slow[:10]]
    assert answer.rows[0]["geo_location_country"] == "US"
    assert answer.rows[0]["response_time_ms"] == slow[0]["response_time_ms"]
    assert answer.summary == {"rows": 10, "is_cut": True}


def test_how_slow_and_how_many_are_parameters(shop):
    url = shop.places["DuckDB file"]
    slow = [row for row in shop.transactions if row["status"] == "error" and row["response_time_ms"] >= 20_000]
    assert len(told("transaction_incidents", url, slow_ms=20_000, most=1_000).rows) == len(slow) > 0
    assert len(told("transaction_incidents", url, most=3).rows) == 3


def test_a_window_is_half_open(shop):
    rows = sorted(shop.transactions, key=lambda row: row["@timestamp"])
    start, end = rows[100]["@timestamp"], rows[200]["@timestamp"]
    answer = told("transaction_distribution", shop.places["jsonl"], start=start, end=end)
    assert answer.summary["total_transactions"] == sum(start <= row["@timestamp"] < end for row in rows)


def test_what_is_not_there_is_said(shop):
    none = ask("transaction_incidents", shop.places["bulk"], tables=TABLES, slow_ms=90_000)
    assert none.rows == []
    assert none.no_data.startswith("transactions has no rows of slow_ms 90000 from ")
    absent = ask("transaction_distribution", f"duckdb:{shop.store(EVENTS)}", tables=TABLES)
    assert absent.no_data.startswith("transactions is not there; looked for in duckdb:")
    early = ask("event_overview", f"duckdb:{shop.store(EVENTS)}", tables=TABLES, end="2020-01-01")
    assert early.no_data.startswith("events has no rows from ")


def test_events_are_told_by_service_class_and_severity(shop):
    rows = shop.events
    for url in (str(shop.home / "events"), f"duckdb:{shop.store(EVENTS)}"):
        answer = told("event_overview", url)
        services = Counter(row["source"]["service"] for row in rows)
        assert {one["service"]: one["event_count"] for one in answer.rows} == services
        classes = Counter(f"{row['metrics']['status_code'] // 100}xx" for row in rows)
        assert {one["status_class"]: one["event_count"] for one in answer.tables["by_status_class"]} == classes
        severities = Counter(row["severity"] for row in rows)
        assert {one["severity"]: one["event_count"] for one in answer.tables["by_severity"]} == severities
        for one in answer.rows:
            mine = [row["metrics"] for row in rows if row["source"]["service"] == one["service"]]
            times = [row["response_time_ms"] for row in mine]
            assert one["p95_ms"] == at_most(times, 95)
            assert one["p50_ms"] <= one["p95_ms"] <= one["p99_ms"]
            assert one["error_count"] == one["client_error_count"] + one["server_error_count"]
            assert one["error_rate_percent"] == pytest.approx(100 * one["error_count"] / one["event_count"])
            assert one["server_error_count"] == sum(row["status_code"] >= 500 for row in mine)
            assert one["client_error_count"] == sum(400 <= row["status_code"] < 500 for row in mine)
        assert answer.summary["total_events"] == len(rows) == 3_000
        errors = sum(row["metrics"]["status_code"] >= 400 for row in rows)
        assert answer.summary["error_rate_percent"] == pytest.approx(100 * errors / len(rows))
        assert answer.summary["p99_ms"] == at_most([row["metrics"]["response_time_ms"] for row in rows], 99)
