"""Figures of single requests (COM-12, EVT-12): numbers that a recount of the file finds again."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ghostfleet.core.batch import Plain, Text
from ghostfleet.run import history, records
from ghostfleet.run.statistics import NEAR, Spread, Tally
from ghostfleet.spec import loading, reading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOW = "2026-03-04T17:00:00-05:00"
TIMES = ("response_time_ms", "database_query_time_ms", "upstream_response_time_ms")


def made(name: str, folder: Path, **flags: object) -> dict[str, Any]:
    """Summary of a run of a scenario into a folder."""
    document = reading.read(loading.shipped()[name], f"{name}.yaml")
    scenario = loading.load(document, loading.Settings(flags={"now": NOW, **flags})).scenario
    request = history.Request((str(folder),), format="jsonl", compressed=False, blind=True)
    path = records.write_summary(history.write(scenario, request), folder)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("shop")
    summary = made("commerce", folder, days=2, scale=0.002)
    return summary, lines(folder / "all_data.jsonl")


def nearest_rank(values: Sequence[float], percent: int) -> float:
    """Smallest value that so many per cent are at or below."""
    return float(np.quantile(values, percent / 100, method="inverted_cdf"))


def spread(values: Sequence[float]) -> dict[str, float]:
    found = {"count": len(values), "min": min(values), "max": max(values), "avg": round(sum(values) / len(values), 2)}
    return found | {f"p{percent}": nearest_rank(values, percent) for percent in (50, 95, 99)}


def test_a_summary_counts_what_the_file_holds(shop):
    summary, rows = shop
    figures = summary["transactions"]
    errors = Counter(row["error_code"] for row in rows if row["error_code"] is not None)
    status = Counter(row["status"] for row in rows)
    assert len(errors) > 2
    assert summary["rows"] == figures["total"] == len(rows) > 5_000
    assert (figures["successful"], figures["errors"]) == (status["success"], status["error"])
    assert figures["errors"] == sum(errors.values())
    assert figures["error_codes"] == errors
    assert figures["error_rate"] == round(status["error"] / len(rows), 6)


def test_a_summary_knows_how_times_spread_in_the_file(shop):
    summary, rows = shop
    for name in TIMES:
        values = [row[name] for row in rows if row[name] is not None]
        assert summary["transactions"][name] == spread(values), name


def test_figures_are_numbers(shop):
    figures = shop[0]["transactions"]
    named = ("total", "successful", "errors", "error_rate")
    told = [*(figures[name] for name in named), *figures["error_codes"].values(), *figures["response_time_ms"].values()]
    assert all(isinstance(one, int | float) for one in told)


def test_events_are_counted_by_what_they_say(tmp_path):
    summary = made("events", tmp_path, count=3_000)
    figures, rows = summary["events"], lines(tmp_path / "realistic_events.jsonl")
    assert summary["rows"] == len(rows) == 3_000
    assert figures["source.service"] == Counter(row["source"]["service"] for row in rows)
    assert figures["severity"] == Counter(row["severity"] for row in rows)
    assert figures["metrics.response_time_ms"]["count"] == 3_000


def test_counts_of_tasks_add_up_in_any_order():
    first, second, both = Tally(), Tally(), Tally()
    words = ("a", "b", "c")
    for tally, codes in ((first, [0, 0, -1, 1]), (second, [1, 1])):
        tally.add(Text(np.array(codes, dtype=np.int32), words))
        both.add(Text(np.array(codes, dtype=np.int32), words))
    second.merge(first)
    assert second.summary() == both.summary() == {"b": 3, "a": 2}


def test_spreads_of_tasks_are_the_spread_of_all():
    """Percentiles are of all values, never means of those of tasks."""
    values = [3, 5, 5, 9, 200, 7, 7, 1_000]
    whole, first, second = Spread(), Spread(), Spread()
    whole.add(Plain(np.array(values)))
    first.add(Plain(np.array(values[:3])))
    second.add(Plain(np.array([*values[3:], 0]), np.array([False] * 5 + [True])))
    first.merge(second)
    assert first.summary() == whole.summary() == spread(values)


@pytest.mark.parametrize("values", [[], [0], [4, 2], [NEAR - 1], [NEAR], [-1, 5], [3, 10**12, NEAR, 3, -7, NEAR - 1]])
def test_spreads_are_exact_of_times_of_any_length(values):
    found, longer = Spread(), Spread()
    found.add(Plain(np.array(values, dtype=np.int64)))
    longer.add(Plain(np.array([*values, 50], dtype=np.int64)))
    assert found.summary() == (spread(values) if values else {"count": 0})
    found.merge(longer)
    longer.add(Plain(np.array(values, dtype=np.int64)))
    assert found.summary() == longer.summary() == spread([*values, *values, 50])


def test_without_a_transaction_there_is_no_rate(tmp_path):
    summary = made("commerce", tmp_path, days=1, scale=0.0001, base_tps=0.001)
    assert (tmp_path / "all_data.jsonl").read_bytes() == b""
    assert summary["transactions"] == {
        "total": 0,
        "successful": 0,
        "errors": 0,
        "error_rate": None,
        "error_codes": {},
    }
    assert Spread().summary() == {"count": 0}
