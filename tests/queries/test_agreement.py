# ruff: noqa: E501, S608  broken requests are one line of SQL, and read best as one
"""Requests, their traces and lines agree with the metrics of services; whatever does not is named, and nothing that does."""

from __future__ import annotations

import shutil

import duckdb
import pytest

from ghostfleet.queries import as_text
from ghostfleet.run.history import Request, write
from tests.laws import estates
from tests.laws.test_estate_circles import CIRCLE
from tests.queries import shops
from tests.queries.test_shop_defects import scenario

TRACES, CLIENTS, SAMPLE = "traces", "clients", "sample"
OF_TRACES = ("transactions", "spans", "logs", "system_metrics", "network_metrics")
ADD_UP = {f"{table}_add_up_to_metrics" for table in ("transactions", "spans", "events")}
OF_FAILURES = {"transactions_add_up_to_metrics", "spans_add_up_to_metrics"}
CALM_LINE = "line_id = (SELECT min(line_id) FROM logs WHERE severity_text = 'INFO')"
AUTH_SPAN = "span_id = (SELECT min(span_id) FROM spans WHERE kind = 'SERVER' AND service_name = 'auth-service')"
TWICE = "UPDATE system_metrics SET request_count = request_count * 2"
CASES = {
    TRACES: {
        "twice the requests": (OF_FAILURES, TWICE),
        "one request more": ({"transactions_add_up_to_metrics", "spans_add_up_to_metrics"}, "UPDATE system_metrics SET request_count = request_count + 1, error_rate = error_rate * request_count / (request_count + 1) WHERE service_name = 'checkout-service' AND time = (SELECT min(time) FROM system_metrics)"),
        "no failure in metrics": (OF_FAILURES, "UPDATE system_metrics SET error_rate = 0"),
        "half of the calls": ({"spans_add_up_to_calls"}, "UPDATE network_metrics SET request_count = request_count // 2, error_count = error_count // 2, timeout_count = timeout_count // 2"),
        "calls that never fail": ({"spans_add_up_to_calls"}, "UPDATE network_metrics SET error_count = 0, timeout_count = 0"),
        "metrics a step late": (OF_FAILURES, "UPDATE system_metrics SET time = time + INTERVAL '1 minute'"),
        "a trace less": ({"spans_add_up_to_metrics", "spans_add_up_to_calls"}, "DELETE FROM spans WHERE trace_id = (SELECT min(trace_id) FROM spans); DELETE FROM logs WHERE span_id NOT IN (SELECT span_id FROM spans)"),
        "a transaction less": ({"transactions_add_up_to_metrics"}, "DELETE FROM transactions WHERE transaction_id = (SELECT min(transaction_id) FROM transactions WHERE status = 'success')"),
        "failed spans that are none": (
            {"failed_spans_say_why", "spans_add_up_to_metrics", "spans_add_up_to_calls", "lines_are_as_bad_as_their_spans", "lines_say_what_happened"},
            "UPDATE spans SET status_code = 'OK', error_type = NULL WHERE status_code = 'ERROR'",
        ),
        "failures without a reason": ({"failed_spans_say_why"}, "UPDATE spans SET error_type = NULL WHERE status_code = 'ERROR' AND kind = 'CLIENT'"),
        "a reason for nothing": ({"failed_spans_say_why"}, f"UPDATE spans SET error_type = 'timeout' WHERE {AUTH_SPAN}"),
        "lines of another hour": ({"lines_are_written_at_the_end"}, "UPDATE logs SET time = time + INTERVAL '1 hour'"),
        "lines at the start": ({"lines_are_written_at_the_end"}, "UPDATE logs SET time = start_time FROM spans WHERE spans.span_id = logs.span_id"),
        "lines that never warn": ({"lines_are_as_bad_as_their_spans"}, "UPDATE logs SET severity_text = 'INFO', severity_number = 9 WHERE severity_text <> 'INFO'"),
        "an alarm for nothing": ({"lines_are_as_bad_as_their_spans"}, f"UPDATE logs SET severity_text = 'ERROR', severity_number = 17 WHERE {CALM_LINE}"),
        "a number of another word": ({"lines_are_as_bad_as_their_spans"}, f"UPDATE logs SET severity_number = 17 WHERE {CALM_LINE}"),
        "lines that all say the same": ({"lines_say_what_happened"}, "UPDATE logs SET body = 'x'"),
        "lines that say the same of all that went well": ({"lines_say_what_happened"}, "UPDATE logs SET body = 'GET / 200 in 1.000 ms' WHERE severity_text = 'INFO'"),
        "a failure of something that went well": ({"lines_say_what_happened"}, f"UPDATE logs SET body = 'stripe failed after 1.000 ms' WHERE {CALM_LINE}"),
        "routes that are none": ({"spans_have_routes_of_services"}, "UPDATE spans SET http_route = '/x' WHERE http_route IS NOT NULL"),
        "no routes": ({"spans_have_routes_of_services"}, "UPDATE spans SET http_route = NULL"),
        "a route of another service": ({"spans_have_routes_of_services"}, f"UPDATE spans SET http_route = '/api/v1/search/query' WHERE {AUTH_SPAN}"),
        "a name of another route": ({"spans_have_routes_of_services", "lines_say_what_happened"}, f"UPDATE spans SET name = 'GET /' WHERE {AUTH_SPAN}"),
    },
    CLIENTS: {
        "twice the requests": ({"events_add_up_to_metrics"}, TWICE),
        "no failure in metrics": ({"events_add_up_to_metrics"}, "UPDATE system_metrics SET error_rate = 0"),
    },
    SAMPLE: {
        "twice the requests": (OF_FAILURES, TWICE),
        "half of the traces of a sample": ({"spans_add_up_to_metrics"}, "DELETE FROM spans WHERE hash(trace_id) % 2 = 0; DELETE FROM logs WHERE span_id NOT IN (SELECT span_id FROM spans)"),
    },
}  # fmt: skip
BROKEN = {check for cases in CASES.values() for checks, _ in cases.values() for check in checks}
COUNTED_ELSEWHERE = {
    "rows_as_stated",
    "calls_reach_services",
    "series_are_whole",
    "newest_row_is_recent",
    "no_empty_buckets",
}
SOUND = {  # scenario, flags, assignments, windows before the end as (since, until) in s, length of a row
    "rows of five minutes from an odd one on": (("commerce", {"days": 1, "scale": 0.02}, ()), [(1_440, 180)], 300),
    "a single minute": (("commerce", {"days": 1, "scale": 0.05}, ()), [(60, 0)], 60),
    "hardly anybody": (("commerce", {"days": 1, "scale": 0.001}, ()), [(3_600, 0)], 60),
    "rows of an hour": (("commerce", {"days": 1, "scale": 0.002, "incidents_per_day": 10}, ("execution.random_seed=7",)), [(21_600, 0)], 3_600),
    "windows that overlap, and one that is apart": (("commerce", {"days": 1, "scale": 0.01}, ()), [(9_000, 7_200), (3_600, 1_200), (1_800, 0)], 60),
    "a few traces": (("commerce", {"days": 1, "scale": 0.01}, ("estate.trace_share=0.05",)), [(3_600, 0)], 60),
    "a demo": (("demo", {"load": 0.01}, ()), [(1_800, 0)], 300),
    "an estate": (("estate", {}, ("estate.load=0.02",)), [(300, 0)], 300),
    "part of an estate": (("estate", {}, ("estate.load=0.05", "estate.keep=[checkout-service, search-service]")), [(300, 0)], 60),
    "a single event": (("events", {"count": 1}, ()), [(86_400, 0)], 3_600),
}  # fmt: skip


def written(path, one, windows, tables, every_s):
    for since_s, until_s in windows:
        end_s = one.timeline.until_s
        write(one, Request((f"duckdb:{path}",), end_s - since_s, end_s - until_s, every_s, only=tables))
    return f"duckdb:{path}"


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    home = tmp_path_factory.mktemp("agreement")
    shop, sampled = (
        scenario("commerce", {"days": 1, "scale": 0.05}, settings) for settings in ((), ("estate.trace_share=0.5",))
    )
    events = ("events", "system_metrics")
    written(home / TRACES, shop, [(1_800, 600)], OF_TRACES, 60)
    written(home / SAMPLE, sampled, [(3_600, 0)], OF_TRACES, 300)
    written(home / CLIENTS, scenario("events", {"count": 4_000}), [(21_600, 0)], events, 3_600)
    return home


@pytest.mark.parametrize("name", CASES)
def test_what_agrees_passes_every_check(stores, name):
    report = shops.judged(f"duckdb:{stores / name}")
    assert {one.name for one in report.results if one.broken} == set(), as_text(report)
    wanted = BROKEN & {one.name for one in report.results}
    wanted -= {"spans_add_up_to_calls"} if name == SAMPLE else set()  # a share tells too little of each row
    assert {one.name for one in report.results if one.status == "passed"} >= wanted, as_text(report)


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, cases in CASES.items() for case in cases])
def test_what_disagrees_is_named(stores, tmp_path, name, case):
    checks, change = CASES[name][case]
    path = tmp_path / "broken.duckdb"
    shutil.copy(stores / name, path)
    shutil.copy(f"{stores / name}.manifest.json", f"{path}.manifest.json")
    with duckdb.connect(str(path)) as store:
        store.execute("SET TimeZone = 'UTC'")
        for statement in change.split(";"):
            assert (store.execute(statement).fetchone() or (0,))[0], case
    report = shops.judged(f"duckdb:{path}")
    assert {one.name for one in report.results if one.broken} - COUNTED_ELSEWHERE == checks, as_text(report)
    assert all(report.named(one).recommendations for one in checks)
    assert not any("–" in report.named(one).message for one in checks), as_text(report)


@pytest.mark.parametrize("case", SOUND)
def test_windows_rows_and_shares_of_all_kinds_agree(tmp_path, case):
    (name, *rest), windows, every_s = SOUND[case]
    tables = ("events", "system_metrics", "network_metrics", "spans", "logs") if name == "events" else OF_TRACES
    url = written(tmp_path / "sound.duckdb", scenario(name, *rest), windows, tables, every_s)
    report = shops.judged(url)
    assert {one.name for one in report.results if one.broken} == set(), as_text(report)
    assert report.named("spans_add_up_to_metrics").status in ("passed", "no_data")
    assert {one.status for one in report.results if one.name in ADD_UP} & {"passed"}, as_text(report)


def test_only_metrics_of_the_same_time_and_data_set_are_compared(tmp_path):
    """Metrics of an hour say nothing of transactions of another one, nor of those of another scenario."""
    one, other = (scenario("commerce", {"days": 1, "scale": scale}) for scale in (0.01, 0.02))
    for name, made, window in (("apart", one, (7_200, 3_600)), ("other", other, (3_600, 0))):
        path = tmp_path / f"{name}.duckdb"
        written(path, one, [(3_600, 0)], ("transactions", "spans"), 60)
        url = written(path, made, [window], ("system_metrics",), 60)
        report = shops.judged(url)
        assert {each.status for each in report.results if each.name in ADD_UP} == {"no_data"}, as_text(report)


def test_a_part_is_not_compared_with_the_whole(tmp_path):
    one = scenario("commerce", {"days": 1, "scale": 0.01})
    end_s = one.timeline.until_s
    for part in ((1, 2), (2, 2)):
        write(
            one, Request((str(tmp_path),), end_s - 7_200, end_s, 60, only=("transactions", "system_metrics"), part=part)
        )
        report = shops.judged(str(tmp_path))
        wanted = "no_data" if part == (1, 2) else "passed"
        assert report.named("transactions_add_up_to_metrics").status == wanted, as_text(report)


def test_messages_that_come_round_are_told_by_metrics_alone(tmp_path):
    """Traces end where a message closes a circle; whoever it reaches has more requests than spans, calls or clients."""
    made = estates.scenario("small_estate", changed=CIRCLE)
    window, home = estates.window(0, 30), tmp_path / "round.duckdb"
    tables = ("transactions", "spans", "logs", "system_metrics", "network_metrics")
    write(made, Request((f"duckdb:{home}",), window.since_s, window.until_s, 300, only=tables))
    report = shops.judged(f"duckdb:{home}")
    assert {one.name for one in report.results if one.broken} == set(), as_text(report)
    assert report.named("transactions_add_up_to_metrics").status == "no_data"
