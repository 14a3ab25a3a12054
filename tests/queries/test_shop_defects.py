# ruff: noqa: E501, S608  broken requests are one line of SQL, and read best as one
"""Requests of a shop that contradict themselves or their scenario fail the one check that guards it, and sound ones none."""

from __future__ import annotations

import shutil

import duckdb
import pytest

from ghostfleet.queries import as_text
from ghostfleet.run.history import Request, write
from ghostfleet.spec import loading, reading
from tests.queries import shops

COMMERCE, EVENTS, CALM, WEEK, REFUSED = shops.COMMERCE, shops.EVENTS, "calm", "week", "refused"
PAID = "transaction_id = (SELECT min(transaction_id) FROM transactions WHERE {})"
SUCCESS = PAID.format("status = 'success'")
ASKED = "event_id = (SELECT min(event_id) FROM events WHERE {})"
ERROR = ASKED.format("metrics_status_code BETWEEN 400 AND 499")
LOGIN = ASKED.format("source_endpoint = '/api/v1/auth/login' AND metrics_status_code = 200")
PUT = ASKED.format("source_method = 'PUT' AND metrics_status_code = 200")
LIST = ASKED.format("source_endpoint = '/api/v1/products/list' AND metrics_status_code = 200")
TITLE = "source_method || ' ' || source_endpoint"
MESSAGE = "source_service || ' answered a ' || source_method || ' with ' || metrics_status_code"
FAILED = (
    "status = 'error', error_code = 'UPSTREAM_SERVICE_ERROR', error_message = 'Bad answer from an upstream service', "
    "response_code = 502, step = 'payment_processing', retry_count = 1"
)
SECOND = "printf('%08x', epoch_ms(\"timestamp\") // 1000)"
EVENT_IDS = (
    "UPDATE events SET event_id = concat('evt_', epoch_ms(\"timestamp\"), '_', event_id[-12:]), "
    f"payload_trace_id = {SECOND} || payload_trace_id[9:], context_request_id = 'req_' || {SECOND} || payload_trace_id[9:], "
    "context_session_id = 'sess_' || md5(concat(context_user_id, context_ip_address, strftime(\"timestamp\", '%Y%m%d')))[:16]"
)
END = "TIMESTAMPTZ '2026-03-04 22:00:00+00'"
ANY_TIME = END + " - to_milliseconds(1 + (hash({}) % 86400000)::BIGINT)"
OUTAGE = "metrics_status_code = 200 AND hash(event_id) % 10 = 0"
CASES = {
    COMMERCE: {
        "more than half of all fail": ("failures_are_as_many_as_expected", f"UPDATE transactions SET {FAILED} WHERE status = 'success' AND hash(transaction_id) % 7 < 4"),
        "one hour in which all fail": ("failures_are_as_many_as_expected", f"UPDATE transactions SET {FAILED} WHERE status = 'success' AND hour(\"timestamp\") = 13"),
        "nothing fails in an incident": ("failures_are_as_many_as_expected", """
            UPDATE transactions SET status = 'success', error_code = NULL, error_message = NULL, response_code = 200, retry_count = 0,
                step = 'order_confirmation', circuit_breaker_state = 'closed',
                upstream_response_time_ms = coalesce(upstream_response_time_ms, 0)"""),
        "a payment that timed out with 503": ("failures_have_their_status", f"""UPDATE transactions SET response_code = 503 WHERE {PAID.format("error_code = 'PAYMENT_TIMEOUT'")}"""),
        "a pool that says what a breaker does": ("failures_have_their_status", f"""UPDATE transactions SET error_message = 'Call refused: circuit breaker is open' WHERE {PAID.format("error_code = 'DB_CONN_EXHAUSTED'")}"""),
        "a success before the payment": ("steps_follow_outcomes", f"UPDATE transactions SET step = 'cart_review' WHERE {SUCCESS}"),
        "a failure behind the confirmation": ("steps_follow_outcomes", f"""UPDATE transactions SET step = 'order_confirmation' WHERE {PAID.format("status = 'error'")}"""),
        "a payment that timed out before it began": ("steps_follow_outcomes", f"""UPDATE transactions SET step = 'cart_review' WHERE {PAID.format("error_code = 'PAYMENT_TIMEOUT'")}"""),
        "a success that no gateway took": ("successes_were_paid", f"UPDATE transactions SET upstream_response_time_ms = NULL WHERE {SUCCESS}"),
        "a gateway that there is not": ("successes_were_paid", f"UPDATE transactions SET payment_gateway = 'cash', upstream_service = 'payment-gateway-cash' WHERE {SUCCESS}"),
        "a product of another category": ("products_are_of_their_category", f"""UPDATE transactions SET product_id = 'rug_004' WHERE {PAID.format("product_category = 'books'")}"""),
        "a laptop for the price of a book": ("products_are_of_their_category", f"""UPDATE transactions SET amount = 12.99 WHERE {PAID.format("product_id = 'laptop_001'")}"""),
        "a balancer on Mars": ("balancers_are_near", f"UPDATE transactions SET load_balancer = 'lb-mars-01' WHERE {SUCCESS}"),
        "nobody in front": ("balancers_are_near", f"UPDATE transactions SET load_balancer = NULL WHERE {SUCCESS}"),
        "a balancer on the other coast": ("balancers_are_near", f"""UPDATE transactions SET load_balancer = 'lb-west-01' WHERE {PAID.format("geo_location_state = 'NY'")}"""),
        "an instance that there is not": ("instances_are_known", f"UPDATE transactions SET server_instance = 'checkout-service-99' WHERE {SUCCESS}"),
        "an id of another year": ("transaction_ids_tell_their_time", f"UPDATE transactions SET transaction_id = 'txn_20010101_000000_1000' WHERE {SUCCESS}"),
        "an answer after a quarter of an hour": ("transactions_end_in_time", f"UPDATE transactions SET response_time_ms = 1000000 WHERE {SUCCESS}"),
        "incidents of one time each": ("values_of_transactions_vary", """
            UPDATE transactions SET database_query_time_ms = least(database_query_time_ms, CASE error_code WHEN 'DB_CONN_EXHAUSTED' THEN 4400 ELSE 40 END),
                upstream_response_time_ms = CASE WHEN upstream_response_time_ms IS NULL THEN NULL WHEN error_code = 'DB_CONN_EXHAUSTED' THEN 10
                    ELSE least(upstream_response_time_ms, 4000) END,
                response_time_ms = CASE error_code WHEN 'PAYMENT_TIMEOUT' THEN 28000 WHEN 'DB_CONN_EXHAUSTED' THEN 4500
                    WHEN 'CIRCUIT_BREAKER_OPEN' THEN 95 WHEN 'MEMORY_EXHAUSTED' THEN 8000 ELSE 4400 END
            WHERE status = 'error'"""),
        "successes of one time": ("values_of_transactions_vary", "UPDATE transactions SET response_time_ms = 30000 WHERE status = 'success'"),
        "one use of CPU": ("values_of_transactions_vary", "UPDATE transactions SET cpu_usage_percent = 42"),
        "one use of memory": ("values_of_transactions_vary", "UPDATE transactions SET memory_usage_percent = 42"),
        "as many threads at any time": ("values_of_transactions_vary", "UPDATE transactions SET thread_pool_active = 42"),
        "one gateway for all": ("values_of_transactions_vary", "UPDATE transactions SET payment_gateway = 'stripe', upstream_service = 'payment-gateway-stripe'"),
        "one instance for all": ("values_of_transactions_vary", "UPDATE transactions SET server_instance = 'checkout-service-01'"),
        "nobody works": ("values_of_transactions_vary", "UPDATE transactions SET thread_pool_active = 0"),
        "no time at databases": ("values_of_transactions_vary", "UPDATE transactions SET database_query_time_ms = 0 WHERE status = 'success'"),
        "gateways of one time": ("values_of_transactions_vary", "UPDATE transactions SET upstream_response_time_ms = 20, response_time_ms = response_time_ms + 20 WHERE status = 'success'"),
        "as many retries of each failure": ("values_of_transactions_vary", "UPDATE transactions SET retry_count = 2 WHERE status = 'error'"),
        "one browser for all": ("values_of_transactions_vary", "UPDATE transactions SET user_agent = 'curl/8.9.1'"),
        "one book for all": ("values_of_transactions_vary", "UPDATE transactions SET product_id = 'rug_004', product_category = (SELECT min(product_category) FROM transactions WHERE product_id = 'rug_004'), amount = (SELECT min(amount) FROM transactions WHERE product_id = 'rug_004')"),
        "somebody else's address": ("shoppers_of_an_address_are_neighbours", """
            UPDATE transactions SET ip_address = (SELECT min(ip_address) FROM transactions WHERE geo_location_city <> (SELECT min(geo_location_city) FROM transactions))
            WHERE user_id = (SELECT min(user_id) FROM transactions WHERE geo_location_city = (SELECT min(geo_location_city) FROM transactions))"""),
        "no cart from a cache": ("carts_come_from_caches", "UPDATE transactions SET cache_hit = false"),
        "every cart from a cache": ("carts_come_from_caches", "UPDATE transactions SET cache_hit = true"),
        "full pools without a database": ("pools_are_waited_for", "UPDATE transactions SET database_query_time_ms = 5 WHERE error_code = 'DB_CONN_EXHAUSTED'"),
    },
    CALM: {
        "load as flat as a table": ("transactions_follow_the_clock", f"""
            UPDATE transactions SET "timestamp" = {ANY_TIME.format("transaction_id")};
            UPDATE transactions SET session_id = strftime("timestamp", 'sess_' || user_id || '_%Y%m%d'),
                transaction_id = strftime("timestamp", 'txn_%Y%m%d_%H%M%S_') || (10000 + rowid)"""),
    },
    EVENTS: {
        "load as flat as a table": ("events_follow_the_clock", f"""UPDATE events SET "timestamp" = {ANY_TIME.format("event_id")}; {EVENT_IDS}"""),
        "business hours half a day late": ("events_follow_the_clock", f"""
            UPDATE events SET "timestamp" = "timestamp" + CASE WHEN "timestamp" < {END} - INTERVAL '12 hours'
                THEN INTERVAL '12 hours' ELSE INTERVAL '-12 hours' END; {EVENT_IDS}"""),
        "one in ten fails": ("errors_are_as_many_as_expected", f"""
            UPDATE events SET metrics_status_code = 500, severity = 'error', metrics_cache_hit = false, message = replace(message, '200', '500'), metrics_response_size_bytes = 400,
                error_details_error_code = 'ERR_500_001', error_details_error_message = 'The server met an unexpected condition',
                error_details_error_type = 'ServerError' WHERE {OUTAGE}"""),
        "one in ten asks for what is not there": ("errors_are_as_many_as_expected", f"""
            UPDATE events SET metrics_status_code = 404, severity = 'warning', metrics_cache_hit = false, message = replace(message, '200', '404'), metrics_response_size_bytes = 400,
                error_details_error_code = 'ERR_404_002', error_details_error_message = 'Nothing was found for this request',
                error_details_error_type = 'NotFoundError' WHERE {OUTAGE} AND source_method = 'GET' AND source_route IS NULL"""),
        "a login that is deleted": ("routes_belong_to_services", f"UPDATE events SET source_method = 'DELETE', title = 'DELETE ' || source_endpoint, message = replace(message, 'POST', 'DELETE') WHERE {LOGIN}"),
        "a template in the place of a path": ("routes_belong_to_services", f"""UPDATE events SET source_endpoint = source_route, title = source_method || ' ' || source_route WHERE {ASKED.format("source_route IS NOT NULL")}"""),
        "an endpoint of another service": ("routes_belong_to_services", f"UPDATE events SET source_endpoint = '/api/v1/search/query', title = 'GET /api/v1/search/query' WHERE {LIST}"),
        "a status that the endpoint has not": ("statuses_suit_routes", f"UPDATE events SET metrics_status_code = 201, message = replace(message, '200', '201') WHERE {PUT}"),
        "too many requests, and 403": ("error_texts_fit_their_status", f"UPDATE events SET error_details_error_message = 'Too many requests in a minute' WHERE {ASKED.format('metrics_status_code = 403')}"),
        "an error of another kind": ("error_texts_fit_their_status", f"UPDATE events SET error_details_error_type = 'ServerError' WHERE {ERROR}"),
        "an error that only a login has": ("error_texts_fit_their_status", f"""UPDATE events SET error_details_error_code = 'ERR_401_005', error_details_error_message = 'The name or the password is wrong' WHERE {ASKED.format("metrics_status_code = 401 AND source_service <> 'auth-service'")}"""),
        "a title of another request": ("events_say_what_was_asked", f"UPDATE events SET title = 'GET /' WHERE {LIST}"),
        "a message of another answer": ("events_say_what_was_asked", f"UPDATE events SET message = replace(message, '200', '204') WHERE {LIST}"),
        "a version of tomorrow": ("versions_are_those_of_services", f"UPDATE events SET source_version = '99.0.0' WHERE {LIST}"),
        "an amount of a question": ("payloads_suit_routes", f"UPDATE events SET payload_amount = 20 WHERE {LIST}"),
        "a login by no method": ("payloads_suit_routes", f"UPDATE events SET payload_auth_method = NULL WHERE {LOGIN}"),
        "an id of another year": ("event_ids_tell_their_time", f"UPDATE events SET event_id = 'evt_978307200000_' || event_id[-12:] WHERE {LIST}"),
        "a trace of another year": ("event_ids_tell_their_time", f"UPDATE events SET payload_trace_id = '3a4fc880' || payload_trace_id[9:], context_request_id = 'req_3a4fc880' || payload_trace_id[9:] WHERE {LIST}"),
        "an answer after a quarter of an hour": ("events_end_in_time", f"UPDATE events SET metrics_response_time_ms = 1000000 WHERE {LIST}"),
        "answers of one time": ("values_of_events_vary", "UPDATE events SET metrics_response_time_ms = 30000"),
        "errors of one time": ("values_of_events_vary", "UPDATE events SET metrics_response_time_ms = 30000 WHERE metrics_status_code >= 400"),
        "one user agent for all": ("values_of_events_vary", "UPDATE events SET context_user_agent = 'curl/8.9.1', context_tags_device_type = 'api_client'"),
        "one kind of device for all": ("values_of_events_vary", "UPDATE events SET context_tags_device_type = 'desktop'"),
        "one environment for all": ("values_of_events_vary", "UPDATE events SET source_environment = 'production'"),
        "questions of one size": ("values_of_events_vary", "UPDATE events SET metrics_request_size_bytes = 500"),
        "answers of one size": ("values_of_events_vary", "UPDATE events SET metrics_response_size_bytes = 300 WHERE metrics_response_size_bytes > 0"),
        "payments of one amount": ("values_of_events_vary", "UPDATE events SET payload_amount = 20 WHERE payload_amount IS NOT NULL"),
        "payments by one method": ("values_of_events_vary", "UPDATE events SET payload_payment_method = 'paypal' WHERE payload_payment_method IS NOT NULL"),
        "orders of one thing": ("values_of_events_vary", "UPDATE events SET payload_items_count = 1 WHERE payload_items_count IS NOT NULL"),
        "dollars for all": ("currencies_suit_countries", "UPDATE events SET payload_currency = 'USD' WHERE payload_currency IS NOT NULL"),
        "yen in Berlin": ("currencies_suit_countries", f"""UPDATE events SET payload_currency = 'JPY' WHERE {ASKED.format("payload_currency = 'EUR' AND context_tags_country = 'DE'")}"""),
        "somebody else's address": ("clients_of_an_address_are_neighbours", """
            UPDATE events SET context_ip_address = (SELECT min(context_ip_address) FROM events WHERE context_tags_city = 'Berlin')
            WHERE context_user_id = (SELECT min(context_user_id) FROM events WHERE context_tags_city = 'Tokyo')"""),
        "a third on its way to staging": ("shares_of_events_are_as_expected", "UPDATE events SET source_environment = 'staging' WHERE hash(event_id) % 3 = 0"),
        "development that nobody does": ("shares_of_events_are_as_expected", "UPDATE events SET source_environment = 'production' WHERE source_environment = 'development'"),
        "bots of every tenth": ("shares_of_events_are_as_expected", """
            UPDATE events SET context_tags_device_type = 'bot', context_user_agent = (SELECT min(context_user_agent) FROM events WHERE context_tags_device_type = 'bot')
            WHERE hash(coalesce(context_user_id, event_id)) % 10 = 0"""),
        "time-outs that nobody waited for": ("time_outs_of_events_were_waited_for", "UPDATE events SET metrics_response_time_ms = 1 + hash(event_id) % 900 / 100.0 WHERE metrics_status_code IN (503, 504)"),
        "a cache that is never hit": ("reads_come_from_caches", "UPDATE events SET metrics_cache_hit = false"),
        "a cache that has everything": ("reads_come_from_caches", "UPDATE events SET metrics_cache_hit = source_method = 'GET' AND metrics_status_code = 200"),
        "nobody who is known": ("users_are_known", "UPDATE events SET context_user_id = NULL"),
        "one session for all": ("sessions_of_events_are_their_users", "UPDATE events SET context_session_id = 'sess_0123456789abcdef'"),
        "a session for each event": ("sessions_of_events_are_their_users", "UPDATE events SET context_session_id = 'sess_' || md5(event_id)[:16]"),
        "a correlation with nothing": ("correlations_are_of_traces", f"UPDATE events SET payload_correlation_id = 'corr_0123456789ab' WHERE {LIST}"),
        "an error as long as a book": ("answers_have_their_size", f"UPDATE events SET metrics_response_size_bytes = 50000 WHERE {ERROR}"),
        "an answer that says nothing": ("answers_have_their_size", f"UPDATE events SET metrics_response_size_bytes = 20 WHERE {LIST}"),
    },
    REFUSED: {
        "breakers that let nobody try": ("open_breakers_try_again", "UPDATE transactions SET circuit_breaker_state = 'closed' WHERE circuit_breaker_state = 'half_open'"),
    },
    WEEK: {
        "weekends as busy as other days": ("weekends_of_events_differ", f"""
            UPDATE events SET "timestamp" = CASE WHEN moved < {END} THEN moved ELSE moved - INTERVAL '7 days' END
            FROM (SELECT event_id AS id, "timestamp" + to_days((hash(event_id) % 7)::INTEGER) AS moved FROM events) WHERE event_id = id;
            {EVENT_IDS}"""),
    },
}  # fmt: skip
BROKEN = {check for cases in CASES.values() for check, _ in cases.values()}
SCENARIOS = {
    "commerce": ("commerce", {"scale": 0.05, "days": 1}, ()),
    "three days with the named incidents": ("commerce", {"scale": 0.005, "days": 3}, ()),
    "another seed": ("commerce", {"scale": 0.003, "days": 1}, ("execution.random_seed=7",)),
    "a third seed": ("commerce", {"scale": 0.003, "days": 1}, ("execution.random_seed=123",)),
    "no incidents but the named ones": ("commerce", {"scale": 0.01, "days": 1, "incidents_per_day": 0}, ()),
    "ten incidents a day": ("commerce", {"scale": 0.02, "days": 1, "incidents_per_day": 10}, ()),
    "five in a hundred fail": ("commerce", {"scale": 0.01, "days": 1, "error_rate_normal": 5}, ()),
    "one a second": ("commerce", {"base_tps": 1, "scale": 0.1, "days": 1}, ()),
    "flat load": ("commerce", {"scale": 0.003, "days": 1, "peak_multiplier": 1}, ()),
    "no incidents at all": ("commerce", {"scale": 0.01, "days": 1}, ("estate.incidents.enabled=false",)),
    "a thousandth": ("commerce", {"scale": 0.001, "days": 1}, ()),
    "breakers and their trials": ("commerce", {"scale": 0.1, "days": 1}, ("execution.random_seed=7",)),
    "the night in which clocks go forward": ("commerce", {"scale": 0.01, "days": 1, "now": "2026-03-08T12:00:00-04:00"}, ()),
    "a minute": ("commerce", {"scale": 0.1, "days": 1}, ()),
    "one event": ("events", {"count": 1}, ()),
    "ten events": ("events", {"count": 10}, ()),
    "a minute of events": ("events", {"count": 100_000}, ()),
    "many events in the night in which clocks go back": ("events", {"count": 20_000, "now": "2026-11-01T12:00:00-05:00"}, ()),
    "few events": ("events", {"count": 20}, ()),
    "a week of events": ("events", {"count": 5_000, "hours": 168}, ()),
    "events by one clock": ("events", {"count": 4_000, "hours": 72, "time_zone": "Asia/Tokyo"}, ("execution.random_seed=7",)),
    "events of another seed": ("events", {"count": 3_000}, ("execution.random_seed=123",)),
    "demo": ("demo", {"load": 0.002}, ()),
    "half an hour of an estate": ("estate", {}, ("estate.load=0.02",)),
}  # fmt: skip
WINDOWS_S = {
    "demo": 7_200,
    "half an hour of an estate": 1_800,
    "breakers and their trials": 7_200,
    "a minute": 60,
    "a minute of events": 60,
}


def scenario(name, flags, assignments=()):
    document = reading.read(loading.shipped()[name], f"{name}.yaml")
    given = flags if name == "estate" else {"now": shops.NOW, **flags}
    return loading.load(document, loading.Settings(flags=given, assignments=assignments)).scenario


def made(path, one, since_s=None):
    tables = tuple(
        table
        for table in ("transactions", "events")
        if one.scenario not in ("commerce", "events") or table == shops.OF[one.scenario]
    )
    until_s = one.timeline.until_s
    request = (
        Request((f"duckdb:{path}",), only=tables)
        if since_s is None
        else Request((f"duckdb:{path}",), until_s - since_s, until_s, only=tables)
    )
    write(one, request)
    return f"duckdb:{path}"


@pytest.fixture(scope="module")
def stores(shop, tmp_path_factory):
    week = tmp_path_factory.mktemp("week") / "events.duckdb"
    made(week, scenario("events", {"count": 5_000, "hours": 168}))
    calm = tmp_path_factory.mktemp("calm") / "commerce.duckdb"  # where load is moved, incidents would be as well
    made(calm, scenario("commerce", {"scale": 0.003, "days": 1}, ("estate.incidents.enabled=false",)))
    refused = tmp_path_factory.mktemp("refused") / "commerce.duckdb"
    end_s = scenario("commerce", {"days": 1}).timeline.until_s - 8_100  # a gateway's incident is over
    busy = Request((f"duckdb:{refused}",), end_s - 1_200, end_s, only=("transactions",))
    write(scenario("commerce", {"scale": 0.2, "days": 1}), busy)
    return {COMMERCE: shop.store(COMMERCE), EVENTS: shop.store(EVENTS), CALM: calm, WEEK: week, REFUSED: refused}


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, cases in CASES.items() for case in cases])
def test_the_check_that_guards_it_fails_and_no_other(stores, tmp_path, name, case):
    check, change = CASES[name][case]
    path = tmp_path / "broken.duckdb"
    shutil.copy(stores[name], path)
    shutil.copy(f"{stores[name]}.manifest.json", f"{path}.manifest.json")
    with duckdb.connect(str(path)) as store:
        store.execute("SET TimeZone = 'UTC'")
        for statement in change.split(";"):
            assert (store.execute(statement).fetchone() or (0,))[0], case
    report = shops.judged(f"duckdb:{path}")
    found = {one.name for one in report.results if one.status not in ("passed", "no_data")}
    assert found == {check}, as_text(report)
    assert report.status != "excellent"
    assert report.named(check).recommendations


@pytest.mark.parametrize("case", SCENARIOS)
def test_sound_requests_fail_no_check(tmp_path, case):
    one = scenario(*SCENARIOS[case])
    report = shops.judged(made(tmp_path / "sound.duckdb", one, WINDOWS_S.get(case)))
    assert {one.name for one in report.results if one.status not in ("passed", "no_data")} == set(), as_text(report)


def test_events_without_an_error_lack_no_column(tmp_path):
    """Their lines have no details of errors, of which one is null where there is one."""
    write(scenario("events", {"count": 3}), Request((f"{tmp_path}/",), only=("events",), format="jsonl"))
    (lines,) = [path.read_text(encoding="utf-8") for path in tmp_path.glob("*.jsonl")]
    assert "error_details" not in lines
    assert shops.judged(f"{tmp_path}/").named("required_columns").status == "passed"


def test_flat_load_has_no_shape_to_be_judged(tmp_path):
    """Where a scenario says that load is flat, no slope is asked for, and the reason is told."""
    settings = ("estate.services.checkout-service.entry.shapes=[]",)
    url = made(tmp_path / "flat.duckdb", scenario("commerce", {"scale": 0.003, "days": 1}, settings))
    result = shops.judged(url, names=["transactions_follow_the_clock"]).named("transactions_follow_the_clock")
    assert result.status == "no_data"
    assert "flat" in result.message


def test_without_a_manifest_nobody_knows_when_requests_were_made(shop, tmp_path):
    path = tmp_path / "alone.duckdb"
    shutil.copy(shop.store(EVENTS), path)
    report = shops.judged(f"duckdb:{path}", shops.scenario(EVENTS))
    assert report.exit_code == 0, as_text(report)
    assert report.named("events_follow_the_clock").message == "no manifest says when the requests were made"
    assert report.named("routes_belong_to_services").status == "passed"


def test_records_of_transactions_are_asked_nothing_of_all(tmp_path):
    one = scenario("commerce", {"scale": 0.005, "days": 1})
    records = ("normal_transactions", "incident_transactions", "recovery_transactions")
    for only in (records, ("transactions", *records)):
        folder = tmp_path / str(len(only))
        write(one, Request((str(folder),), only=only))
        report = shops.judged(str(folder))
        assert {one.name for one in report.results if one.broken} == set(), as_text(report)


def test_values_of_what_somebody_else_made_are_not_looked_at(shop, tmp_path):
    """Events that were loaded are of other types, from other places, and as alike as their makers want them."""
    path = tmp_path / "loaded.duckdb"
    shutil.copy(shop.store(EVENTS), path)
    shutil.copy(f"{shop.store(EVENTS)}.manifest.json", f"{path}.manifest.json")
    with duckdb.connect(str(path)) as store:
        store.execute("""
            INSERT INTO events SELECT * REPLACE (
                'custom_event' AS event_type, 'evt_own_' || event_id[-12:] AS event_id, 'staging' AS source_environment, 'bot' AS context_tags_device_type,
                '198.18.0.1' AS context_ip_address, 'user_' || hash(event_id) AS context_user_id, 'JPY' AS payload_currency, 504 AS metrics_status_code,
                1 AS metrics_response_time_ms, 300 AS metrics_request_size_bytes, 300 AS metrics_response_size_bytes
            ) FROM events""")
    mine = {one for one, _ in CASES[EVENTS].values()} & {
        "clients_of_an_address_are_neighbours",
        "currencies_suit_countries",
        "shares_of_events_are_as_expected",
        "time_outs_of_events_were_waited_for",
        "values_of_events_vary",
    }
    report = shops.judged(f"duckdb:{path}", names=sorted(mine))
    assert {report.named(one).status for one in mine} == {"passed"}, as_text(report)
