# ruff: noqa: E501, S608  broken requests are one line of SQL, and read best as one
"""Single requests broken in one way are named by the check that guards it."""

from __future__ import annotations

import shutil

import duckdb
import pytest

from ghostfleet.queries import as_text
from ghostfleet.queries.text import checks
from ghostfleet.run.history import Request, write
from ghostfleet.signals import transactions
from tests.queries import shops, test_agreement, test_shop_defects

FIRST = "SELECT min(transaction_id) FROM transactions WHERE {}"
ONE = f"transaction_id = ({FIRST})"
SUCCESS, ERROR = ONE.format("status = 'success'"), ONE.format("status = 'error'")
EVENT = "event_id = (SELECT min(event_id) FROM events WHERE {})"
OFTEN = "transaction_id = (SELECT min(transaction_id) FROM transactions WHERE user_id = (SELECT mode(user_id) FROM transactions))"
FREQUENT = EVENT.format("context_user_id = (SELECT mode(context_user_id) FROM events)")
LAST = "payload_trace_id = (SELECT max(payload_trace_id) FROM events)"
FIRST_TRACE = "(SELECT min(payload_trace_id) FROM events)"
HOUR = "date_trunc('hour', \"timestamp\") = (SELECT date_trunc('hour', max(\"timestamp\")) - INTERVAL '6 hours' FROM {table})"
CALL = "span_id = (SELECT min(span_id) FROM spans WHERE parent_span_id IS NOT NULL)"
TRANSACTIONS = {
    "parts longer than the whole": (
        "components_within_response",
        f"UPDATE transactions SET database_query_time_ms = response_time_ms - upstream_response_time_ms + 1 WHERE {SUCCESS}",
    ),
    "a gateway slower than the answer": (
        "components_within_response",
        f"UPDATE transactions SET upstream_response_time_ms = response_time_ms + 1 WHERE {SUCCESS}",
    ),
    "a failure without a code": ("failures_have_codes", f"UPDATE transactions SET error_code = NULL WHERE {ERROR}"),
    "a failure without a message": ("failures_have_codes", f"UPDATE transactions SET error_message = NULL WHERE {ERROR}"),
    "a failure answered with 200": ("failures_have_codes", f"UPDATE transactions SET response_code = 200 WHERE {ERROR}"),
    "a failure of no code at all": ("failures_have_codes", f"UPDATE transactions SET response_code = NULL WHERE {ERROR}"),
    "a success answered with 503": ("failures_have_codes", f"UPDATE transactions SET response_code = 503 WHERE {SUCCESS}"),
    "a success with a code": ("failures_have_codes", f"UPDATE transactions SET error_code = 'X' WHERE {SUCCESS}"),
    "a gateway called behind an open breaker": (
        "open_breakers_call_nobody",
        f"UPDATE transactions SET circuit_breaker_state = 'open', error_code = 'CIRCUIT_BREAKER_OPEN' WHERE {SUCCESS}",
    ),
    "an open breaker that nothing fails of": (
        "open_breakers_call_nobody",
        f"UPDATE transactions SET circuit_breaker_state = 'open', upstream_response_time_ms = NULL WHERE {SUCCESS}",
    ),
    "a breaker that fails transactions while it is closed": (
        "open_breakers_call_nobody",
        f"UPDATE transactions SET circuit_breaker_state = 'closed', error_code = 'CIRCUIT_BREAKER_OPEN' WHERE {ERROR}",
    ),
    "a success that was tried again": ("successes_need_no_retry", f"UPDATE transactions SET retry_count = 1 WHERE {SUCCESS}"),
    "a failure that was not": ("successes_need_no_retry", f"UPDATE transactions SET retry_count = 0 WHERE {ERROR}"),
    "two gateways": (
        "gateways_agree",
        "UPDATE transactions SET payment_gateway = 'square' WHERE payment_gateway = 'paypal'",
    ),
    "a session of somebody else": ("sessions_are_their_users", f"UPDATE transactions SET user_id = 'user_99999' WHERE {SUCCESS}"),
    "a session of another day": (
        "sessions_are_their_users",
        f'UPDATE transactions SET "timestamp" = "timestamp" - INTERVAL \'1 day\' WHERE {SUCCESS}',
    ),
    "a transaction of tomorrow": (
        "transactions_within_window",
        f'UPDATE transactions SET "timestamp" = "timestamp" + INTERVAL \'1 day\' WHERE {SUCCESS}',
    ),
    "a city in another country": ("shoppers_live_somewhere", f"UPDATE transactions SET geo_location_country = 'JP' WHERE {SUCCESS}"),
    "a city in another state": ("shoppers_live_somewhere", f"UPDATE transactions SET geo_location_state = 'WY' WHERE {SUCCESS}"),
    "a city in no state": (
        "shoppers_live_somewhere",
        f"UPDATE transactions SET geo_location_state = NULL WHERE {ONE.format('geo_location_state IS NOT NULL')}",
    ),
    "a user who moves within a day": ("shoppers_stay_at_home", f"UPDATE transactions SET geo_location_city = 'Berlin' WHERE {OFTEN}"),
    "a user with two addresses": ("shoppers_stay_at_home", f"UPDATE transactions SET ip_address = '198.18.0.300' WHERE {OFTEN}"),
    "an address of somebody": ("shoppers_have_no_real_address", f"UPDATE transactions SET ip_address = '203.0.113.7' WHERE {SUCCESS}"),
    "an address that is none": ("shoppers_have_no_real_address", f"UPDATE transactions SET ip_address = '198.18.0.256' WHERE {SUCCESS}"),
    "a gateway that nobody waited for": (
        "gateways_are_waited_for",
        f"UPDATE transactions SET error_code = 'PAYMENT_TIMEOUT', response_time_ms = 19999 WHERE {ERROR}",
    ),
    "an hour without shoppers": (
        "no_hour_without_transactions",
        "DELETE FROM transactions WHERE " + HOUR.format(table="transactions"),
    ),
    "one row less than was written": ("rows_as_stated", f"DELETE FROM transactions WHERE {SUCCESS}"),
    "one id twice": ("no_duplicates", f"INSERT INTO transactions FROM transactions WHERE {SUCCESS}"),
    "more memory than there is": ("values_in_range", f"UPDATE transactions SET memory_usage_percent = 101 WHERE {SUCCESS}"),
}  # fmt: skip
EVENTS = {
    "a failure that is a warning": (
        "severity_follows_status",
        "UPDATE events SET severity = 'warning' WHERE severity = 'error'",
    ),
    "a success that is one": (
        "severity_follows_status",
        "UPDATE events SET severity = 'warning' WHERE " + EVENT.format("severity = 'info'"),
    ),
    "details of a success": (
        "error_details_are_of_errors",
        f"UPDATE events SET error_details_error_code = 'ERR_200_001' WHERE {EVENT.format('metrics_status_code = 200')}",
    ),
    "an error without details": (
        "error_details_are_of_errors",
        f"UPDATE events SET error_details_error_message = NULL WHERE {EVENT.format('metrics_status_code >= 400')}",
    ),
    "details of another error": (
        "error_details_are_of_errors",
        f"UPDATE events SET error_details_error_code = 'ERR_418_001' WHERE {EVENT.format('metrics_status_code >= 400')}",
    ),
    "what was written comes from a cache": (
        "cache_hits_are_reads",
        "UPDATE events SET metrics_cache_hit = true WHERE " + EVENT.format("source_method = 'POST'"),
    ),
    "what was not found comes from a cache": (
        "cache_hits_are_reads",
        f"UPDATE events SET metrics_cache_hit = true WHERE {EVENT.format('metrics_status_code >= 400')}",
    ),
    "a browser on two devices": (
        "user_agents_have_one_device",
        "UPDATE events SET context_tags_device_type = 'bot' WHERE "
        + EVENT.format("context_tags_device_type = 'desktop'"),
    ),
    "reading that creates": (
        "statuses_suit_methods",
        "UPDATE events SET metrics_status_code = 201 WHERE " + EVENT.format("source_method = 'GET'"),
    ),
    "a body without content": (
        "statuses_suit_methods",
        "UPDATE events SET metrics_response_size_bytes = 1 WHERE metrics_status_code = 204",
    ),
    "content without a body": (
        "statuses_suit_methods",
        f"UPDATE events SET metrics_response_size_bytes = 0 WHERE {EVENT.format('metrics_status_code = 200')}",
    ),
    "an event of tomorrow": (
        "events_within_window",
        'UPDATE events SET "timestamp" = "timestamp" + INTERVAL \'24 hours\' WHERE ' + EVENT.format("true"),
    ),
    "a city in another country": (
        "clients_live_somewhere",
        "UPDATE events SET context_tags_country = 'JP' WHERE " + EVENT.format("context_tags_city <> 'Tokyo'"),
    ),
    "a city in another part of the world": (
        "clients_live_somewhere",
        "UPDATE events SET context_tags_region = 'EU' WHERE " + EVENT.format("context_tags_region <> 'EU'"),
    ),
    "a user who moves within a day": (
        "clients_stay_at_home",
        f"UPDATE events SET context_tags_city = 'Atlantis' WHERE {FREQUENT}",
    ),
    "a user with two addresses": (
        "clients_stay_at_home",
        f"UPDATE events SET context_ip_address = '198.18.0.300' WHERE {FREQUENT}",
    ),
    "an address of somebody": (
        "clients_have_no_real_address",
        f"UPDATE events SET context_ip_address = '203.0.113.7' WHERE {EVENT.format('true')}",
    ),
    "a trace of two events": (
        "traces_have_one_event",
        f"UPDATE events SET payload_trace_id = {FIRST_TRACE}, context_request_id = 'req_' || {FIRST_TRACE} WHERE {LAST}",
    ),
    "a request of another trace": (
        "traces_have_one_event",
        f"UPDATE events SET context_request_id = (SELECT min(context_request_id) FROM events) WHERE {LAST}",
    ),
    "an hour without clients": (
        "no_hour_without_events",
        "DELETE FROM events WHERE " + HOUR.format(table="events"),
    ),
    "one row less than was written": ("rows_as_stated", f"DELETE FROM events WHERE {EVENT.format('true')}"),
    "one id twice": ("no_duplicates", f"INSERT INTO events FROM events WHERE {EVENT.format('true')}"),
}
SPANS = {
    "a parent that is gone": ("parents_are_in_their_trace", "DELETE FROM spans WHERE span_id = (SELECT min(parent_span_id) FROM spans)"),
    "a parent in another trace": ("parents_are_in_their_trace", f"UPDATE spans SET trace_id = 'x' WHERE {CALL}"),
    "two roots": ("parents_are_in_their_trace", f"UPDATE spans SET parent_span_id = NULL WHERE {CALL}"),
    "an answer before the question": (
        "calls_begin_after_their_callers",
        f"UPDATE spans SET start_time = start_time - INTERVAL '1 hour', end_time = end_time - INTERVAL '1 hour' WHERE {CALL}",
    ),
    "an end that is not start and duration": (
        "calls_begin_after_their_callers",
        f"UPDATE spans SET end_time = end_time + INTERVAL '2 microseconds' WHERE {CALL}",
    ),
    "a client that waits longer than its caller": (
        "calls_begin_after_their_callers",
        (
            "UPDATE spans SET end_time = end_time + INTERVAL '1 hour', duration_ms = duration_ms + 3600000"
            " WHERE span_id = (SELECT min(span_id) FROM spans WHERE kind = 'CLIENT')"
        ),
    ),
    "lines of spans that are gone": (
        "lines_belong_to_spans",
        "DELETE FROM spans WHERE service_name = 'checkout-service' AND kind = 'SERVER'",
    ),
    "lines of another service": ("lines_belong_to_spans", "UPDATE logs SET service_name = 'nobody' WHERE service_name = 'checkout-service'"),
    "a trace of tomorrow": (
        "spans_within_window",
        "UPDATE spans SET start_time = start_time + INTERVAL '1 day' WHERE parent_span_id IS NULL",
    ),
    "one row less than was written": ("rows_as_stated", f"DELETE FROM spans WHERE {CALL}"),
    "one id twice": ("no_duplicates", f"INSERT INTO spans FROM spans WHERE {CALL}"),
}  # fmt: skip
CASES = [
    (name, case, check, change)
    for name, cases in ((shops.COMMERCE, TRANSACTIONS), (shops.EVENTS, EVENTS), (shops.TRACES, SPANS))
    for case, (check, change) in cases.items()
]
TABLES = {"transactions", "events", "spans", "logs"}
OF_ALL = {"no_duplicates", "values_in_range", "rows_as_stated"}  # checks that speak of any table


UNJUDGED = {
    shops.EVENTS: {"weekends_of_events_differ"},  # of a day in the middle of a week nobody can tell
    shops.COMMERCE: {"open_breakers_try_again"},  # of so few that breakers refuse, none need be a trial
}


def judged(path, name, checks=None):
    return shops.judged(f"duckdb:{path}", shops.scenario(name), checks)


@pytest.mark.parametrize("name", [shops.COMMERCE, shops.EVENTS, shops.TRACES])
def test_requests_as_they_are_made_pass_every_check(shop, name):
    report = judged(shop.store(name), name)
    assert {one.name for one in report.results if one.status not in ("passed", "no_data")} == set(), as_text(report)
    assert report.score == 100
    assert {one.name for one in report.results if one.status == "no_data"} == UNJUDGED.get(name, set())


@pytest.mark.parametrize(("name", "case", "check", "change"), CASES, ids=[f"{one[0]}: {one[1]}" for one in CASES])
def test_broken_requests_are_named(shop, tmp_path, name, case, check, change):
    path = tmp_path / "broken.duckdb"
    shutil.copy(shop.store(name), path)
    shutil.copy(f"{shop.store(name)}.manifest.json", f"{path}.manifest.json")
    with duckdb.connect(str(path)) as store:
        store.execute("SET TimeZone = 'UTC'")
        (changed,) = store.execute(change).fetchone() or (0,)
    assert changed, case
    result = judged(path, name, [check]).named(check)
    assert result.status == checks()[check].header["status"], result
    assert "–" not in result.message.split(", the first")[0]
    assert result.recommendations


def test_every_check_of_requests_is_broken_here():
    speaking = {name for name, one in checks().items() if one.tables and one.tables & TABLES}
    assert speaking == {check for _, _, check, _ in CASES} - OF_ALL | test_shop_defects.BROKEN | test_agreement.BROKEN


def test_windows_of_earlier_runs_into_a_store_are_windows_as_well(tmp_path):
    """Rows of a run before, or after, the last one lie within a window that some manifest states."""
    path, scenario = tmp_path / "two.duckdb", shops.scenario(shops.COMMERCE)
    until_s = scenario.timeline.until_s
    for since_s, end_s in ((until_s - 3_600, until_s), (until_s - 10_800, until_s - 7_200)):
        write(scenario, Request((f"duckdb:{path}",), since_s, end_s, only=("transactions",)))
    assert judged(path, shops.COMMERCE, ["transactions_within_window"]).results[1].status == "passed"


def test_a_window_that_begins_between_steps_has_no_empty_ones(tmp_path):
    path, scenario = tmp_path / "odd.duckdb", shops.scenario(shops.COMMERCE)
    until_s = scenario.timeline.until_s - 60
    write(scenario, Request((f"duckdb:{path}",), until_s - 1_380, until_s, only=("system_metrics",)))
    assert judged(path, shops.COMMERCE, ["no_empty_buckets"]).named("no_empty_buckets").status == "passed"


def test_hours_between_two_runs_are_not_silent(tmp_path):
    """What lies between two windows was not asked for; without windows, it is missing."""
    path, scenario = tmp_path / "apart.duckdb", shops.scenario(shops.COMMERCE)
    until_s = scenario.timeline.until_s // 3_600 * 3_600 - 3_600
    for since_s, end_s in ((until_s - 3_600, until_s), (until_s - 10_800, until_s - 7_200)):
        write(scenario, Request((f"duckdb:{path}",), since_s, end_s, only=("transactions",)))
    found = judged(path, shops.COMMERCE, ["no_hour_without_transactions", "rows_as_stated"])
    assert {one.status for one in found.results} == {"passed"}, as_text(found)
    for told in tmp_path.glob("*manifest*"):
        told.unlink()
    found = judged(path, shops.COMMERCE, ["no_hour_without_transactions", "rows_as_stated"])
    assert found.named("no_hour_without_transactions").status == "warning"
    assert found.named("rows_as_stated").message == "no manifest says how many rows there are"


def test_windows_that_overlap_in_a_store_are_not_counted_twice(tmp_path):
    """A store of [a, c) and [b, d) with b < c holds at least the rows of the longer one; a row less than that is told."""
    path, scenario = tmp_path / "over.duckdb", shops.scenario(shops.COMMERCE)
    until_s = scenario.timeline.until_s
    for since_s, end_s in ((until_s - 10_800, until_s - 3_600), (until_s - 7_200, until_s)):
        write(scenario, Request((f"duckdb:{path}",), since_s, end_s, only=("transactions",)))
    assert judged(path, shops.COMMERCE, ["rows_as_stated"]).named("rows_as_stated").status == "passed"
    with duckdb.connect(str(path)) as store:
        store.execute('DELETE FROM transactions WHERE epoch("timestamp") >= ?', [until_s - 7_000])
    assert judged(path, shops.COMMERCE, ["rows_as_stated"]).named("rows_as_stated").status == "failed"


def test_how_long_a_gateway_is_waited_for_comes_from_the_scenario():
    """Other partners of the shop are waited for two seconds; they are none of those that take payments."""
    expected = transactions.expectations(shops.scenario(shops.COMMERCE))
    assert expected["expected_waits"] == [{"least_ms": 28_000}]
