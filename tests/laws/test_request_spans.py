"""Spans of calls show what their callers saw: the way there and back, no more than the limit, and within the caller.

S are the rows of `spans`, N those of `network_metrics` and T those of `transactions`, each of a run of its own.
"""

from collections import defaultdict
from functools import cache

import numpy as np
import pytest

from ghostfleet.core.window import MINUTE_S
from ghostfleet.generate import Generator
from ghostfleet.world import flow as flows
from tests.laws import estates, test_samples

MINUTES = 3
US = 1000  # units of a millisecond in the columns
# Percentile, how far the column may be from it, and calls of a minute from which on it is looked at.
ASKED = (("p50_latency_ms", 0.5, 0.05, 200), ("p95_latency_ms", 0.95, 0.05, 500), ("p99_latency_ms", 0.99, 0.1, 2_000))
SURE = 3.0  # deviations of a rank: sampling error
STRUCK = 7_682  # minutes after the start of the estate's laws: a gateway does not answer
TIMED_OUT = (24, 42)  # minutes after two: a payment time-out of the shop
LIMIT_MS = 28_000
GATEWAYS = ["stripe", "paypal", "square"]


@cache
def told(low: int) -> tuple[estates.Cells, estates.Cells]:
    """Spans of some minutes of the estate, and the edges' columns out of a longer run."""
    spans = estates.rows(Generator(estates.scenario("estate")), "spans", estates.window(low, low + MINUTES))
    longer = estates.window(low - 45, low + 15)
    return spans, estates.rows(Generator(estates.scenario("estate")), "network_metrics", longer)


def partners(scenario: str) -> list[str]:
    return list(flows.build(estates.scenario(scenario)).estate.externals)


def by_minute(spans: estates.Cells) -> dict[tuple[int, str, str], np.ndarray]:
    """Durations of all calls of an edge whose traces entered in a minute, in order."""
    calls = np.flatnonzero(spans["kind"] == "CLIENT")
    second = np.array([int(trace[:8], 16) for trace in spans["trace_id"][calls].tolist()])
    found = defaultdict(list)
    columns = (second // MINUTE_S * MINUTE_S, *(spans[name][calls] for name in ("service.name", "server.address")))
    keys = zip(*(column.tolist() for column in columns), strict=True)
    for key, duration in zip(keys, spans["duration_ms"][calls].tolist(), strict=True):
        found[key].append(duration)
    return {key: np.sort(np.array(values)) for key, values in found.items()}


@pytest.mark.parametrize("low", [0, STRUCK])
def test_percentiles_of_written_spans_are_those_of_the_written_edges(low):
    """For all edges e of databases, minutes t and p: q_p(S[e, t]) is within 5 % (p50, p95) or 10 % (p99) of N[e, t, p].

    Beyond sampling error: between the ranks np ± 3 √(np(1 − p)) of S there is a value as near as that to the column.
    No edge is left out, and there are as many spans as requests.
    """
    spans, edges = told(low)
    measured = by_minute(spans)
    seen = dict.fromkeys([name for name, *_ in ASKED], 0)
    rows = zip(
        zip(*(edges[name].tolist() for name in ("time", "source_service", "target_service")), strict=True),
        edges["request_count"].tolist(),
        zip(*(edges[name].tolist() for name, *_ in ASKED), strict=True),
        strict=True,
    )
    for key, count, columns in rows:
        if key not in measured:
            continue
        values = measured.pop(key)
        assert len(values) == count, key
        for (name, p, within, least), column in zip(ASKED, columns, strict=True):
            if count >= least:
                sure = SURE * (count * p * (1 - p)) ** 0.5
                below = values[max(int(count * p - sure) - 1, 0)]
                above = values[min(int(count * p + sure) + 1, count - 1)]
                assert below / (1 + within) <= column <= above / (1 - within), (key, name, count)
                seen[name] += 1
    assert {target for _, _, target in measured} <= set(partners("estate"))
    assert min(seen.values()) > 10 * MINUTES
    # Single minutes cannot see a small shift of all of them.
    whole = defaultdict(list)
    for (time, source, target), values in by_minute(spans).items():
        at = (edges["time"] == time) & (edges["source_service"] == source) & (edges["target_service"] == target)
        if len(values) >= 1_000 and at.any():
            whole[source, target].append(np.median(values) / edges["p50_latency_ms"][at][0])
    assert len(whole) >= 8
    assert max(abs(np.mean(ratios) - 1) for ratios in whole.values()) < 0.05


@pytest.mark.parametrize("low", [0, STRUCK])
def test_medians_of_written_spans_are_those_of_the_written_services(low):
    """For all services s and minutes t: the median of what S tells was served is within 5 % of the column's."""
    longer = estates.window(low - 45, low + 15)
    metrics = estates.rows(Generator(estates.scenario("estate")), "system_metrics", longer)
    assert len(asserted_alike(told(low)[0], metrics)) > 20


def test_medians_agree_minute_by_minute_through_a_payment_time_out():
    """The same of the shop while calls hang, breakers are open, and answers are late when it is over."""
    assert asserted_alike(struck(), shop("system_metrics")) >= {"checkout-service", "payment-service", "order-service"}


def asserted_alike(spans: estates.Cells, metrics: estates.Cells) -> set[str]:
    """Assert the same medians, and say of which services."""
    served = np.flatnonzero((spans["kind"] == "SERVER") & (spans["status_code"] == "OK"))
    second = np.array([int(trace[:8], 16) for trace in spans["trace_id"][served].tolist()])
    found = defaultdict(list)
    keys = zip((second // MINUTE_S * MINUTE_S).tolist(), spans["service.name"][served].tolist(), strict=True)
    for key, duration in zip(keys, spans["duration_ms"][served].tolist(), strict=True):
        found[key].append(duration / US)
    seen = set()
    columns = (metrics[name].tolist() for name in ("time", "service_name", "response_time_ms"))
    for time, name, hundredths in zip(*columns, strict=True):
        values = np.sort(np.array(found.get((time, name), [])))
        count, within = len(values), 0.05
        if count >= 200:
            sure = SURE * 0.5 * count**0.5
            below, above = values[int(count / 2 - sure) - 1], values[min(int(count / 2 + sure) + 1, count - 1)]
            assert below / (1 + within) <= hundredths / 100 <= above / (1 - within), (name, count)
            seen.add(name)
    return seen


def shop(table: str) -> estates.Cells:
    return estates.rows(
        Generator(estates.scenario("commerce", *test_samples.SHOP)), table, test_samples.window(*TIMED_OUT)
    )


@cache
def struck() -> estates.Cells:
    return shop("spans")


def test_calls_lie_within_their_callers():
    """For all calls s ∈ S with a caller c: start(c) ≤ start(s) and end(s) ≤ end(c), through time-outs as well."""
    for spans in (struck(), told(STRUCK)[0]):
        place = {one: number for number, one in enumerate(spans["span_id"].tolist())}
        calls = np.flatnonzero(spans["kind"] == "CLIENT")
        callers = np.array([place[one] for one in spans["parent_span_id"][calls].tolist()])
        assert len(calls) > 10_000
        assert (spans["start_time"][callers] <= spans["start_time"][calls]).all()
        assert (spans["end_time"][calls] <= spans["end_time"][callers]).all()
        np.testing.assert_array_equal(spans["service.name"][callers], spans["service.name"][calls])


def test_an_order_is_sent_when_the_payment_is_made():
    """Messages go out at their turn: no trace tells before the payment is over whether it will be made."""
    spans = struck()
    own = {name: np.flatnonzero((spans["service.name"] == name) & (spans["kind"] == "SERVER")) for name in
           ("payment-service", "order-service")}  # fmt: skip
    paid = dict(zip(spans["trace_id"][own["payment-service"]].tolist(), own["payment-service"].tolist(), strict=True))
    orders = own["order-service"]
    payments = np.array([paid[trace] for trace in spans["trace_id"][orders].tolist()])
    assert len(orders) > 1000
    assert (spans["start_time"][orders] >= spans["end_time"][payments]).all()
    assert (spans["status_code"][payments] == "OK").all()


def callers_of(spans: estates.Cells) -> np.ndarray:
    """Row of each span's parent, -1 of roots."""
    place = {one: number for number, one in enumerate(spans["span_id"].tolist())}
    return np.array([place.get(one, -1) for one in spans["parent_span_id"].tolist()])


def messages_of(scenario: str, spans: estates.Cells, callers: np.ndarray) -> np.ndarray:
    """Whether nobody waits for each span: a scenario says so of the call."""
    edges, names = flows.build(estates.scenario(scenario)).edges, flows.build(estates.scenario(scenario)).nodes.names
    sent = np.flatnonzero(edges.asynchronous)
    pairs = {f"{names[edges.parents[edge]]} → {names[edges.children[edge]]}" for edge in sent.tolist()}
    callee = np.where(spans["kind"] == "CLIENT", spans["server.address"], spans["service.name"])
    called = [f"{one} → {other}" for one, other in zip(spans["service.name"][callers], callee, strict=True)]
    return np.isin(called, list(pairs)) & (callers >= 0)


@pytest.mark.parametrize("scenario", ["commerce", "estate"])
def test_messages_go_out_behind_what_their_sender_waits_for(scenario):
    """For all messages m of c and calls s that c waits for: end(s) ≤ start(m), however declared; c is served."""
    spans = struck() if scenario == "commerce" else told(STRUCK)[0]
    callers = callers_of(spans)
    sent = messages_of(scenario, spans, callers)
    waited = np.flatnonzero(~sent & (callers >= 0))
    done = np.zeros(len(sent), dtype=np.int64)
    np.maximum.at(done, callers[waited], spans["end_time"][waited])
    sent = np.flatnonzero(sent)
    assert (done[callers[sent]] > 0).sum() > 1_000
    assert (done[callers[sent]] <= spans["start_time"][sent]).all()
    assert set(spans["service.name"][callers[sent]].tolist()) >= {"checkout-service", "order-service"}
    assert (spans["status_code"][callers[sent]] == "OK").all()


def test_services_ask_each_other_for_what_a_checkout_needs():
    spans = struck()
    behind = (spans["parent_span_id"] != "") & (spans["kind"] == "SERVER")
    names = set(spans["name"][behind].tolist())
    assert {"POST /api/v1/orders/create", "POST /api/v1/payments/create", "GET /api/v1/auth/verify"} <= names
    assert not {name for name in names if name.startswith(("DELETE", "PUT", "PATCH"))}


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("transactions", ("payment_gateway", "upstream_service")),
        ("spans", ("name", "server.address")),
        ("logs", ("body",)),
    ],
)
def test_neutral_names_stand_in_requests_too(table, columns):
    made = Generator(estates.scenario("commerce", *test_samples.SHOP, "estate.prices.aliases=true"))
    rows = estates.rows(made, table, test_samples.window(26, 28))  # of the time-out
    words = " ".join(word for column in columns for word in set(rows[column].tolist()))
    assert made.estates.flow.estate.externals["stripe"].alias in words
    assert not [name for name in (*GATEWAYS, "slack", "zoom") if name in words]


def test_a_client_gives_up_at_its_limit():
    """A call that timed out took as long as its caller waits, and none took longer."""
    spans = struck()
    to_gateway = (spans["kind"] == "CLIENT") & np.isin(spans["server.address"], GATEWAYS)
    late = to_gateway & (spans["error.type"] == "timeout")
    assert late.sum() > 100
    assert set(spans["duration_ms"][late].tolist()) == {LIMIT_MS * US}
    assert spans["duration_ms"][to_gateway].max() == LIMIT_MS * US
    assert (spans["duration_ms"] == spans["end_time"] - spans["start_time"]).all()


def test_calls_of_stores_and_partners_tell_of_errors_as_conventions_say():
    """A store has no HTTP status and says its own code; a partner is asked by a method, and may be silent."""
    for spans in (struck(), told(STRUCK)[0]):
        rows = np.flatnonzero(spans["kind"] == "CLIENT")
        error, status, code, method = (
            spans[name][rows]
            for name in ("error.type", "http.response.status_code", "db.response.status_code", "http.request.method")
        )
        bad, late = spans["status_code"][rows] == "ERROR", error == "timeout"
        store = spans["db.system.name"][rows] != ""
        assert ((error != "") == bad).all()
        assert set(method[store].tolist()) == {""}
        assert set(status[store].tolist()) == {estates.NULL}
        np.testing.assert_array_equal(code, np.where(store & bad & ~late, error, ""))
        assert set(method[~store].tolist()) <= {"GET", "POST"}
        np.testing.assert_array_equal(spans["name"][rows][~store], method[~store])
        assert ((status == estates.NULL) == (store | late)).all()
        assert (status[~store & ~bad] == 200).all()
        np.testing.assert_array_equal(error[~store & bad & ~late], status[~store & bad & ~late].astype(str))
        assert (~store & bad & ~late).any()
    codes = {code for spans in (struck(), told(STRUCK)[0], told(0)[0]) for code in spans["db.response.status_code"]}
    assert codes - {""}
    assert codes <= {"", "53300", "1040", "ORA-00018", "17809"}


def test_calls_of_a_trace_add_up_to_its_transaction():
    """For all t ∈ T: its columns of stores and gateways are the sums of the durations of those calls in its trace."""
    spans, sold = struck(), shop("transactions")
    place = {one: number for number, one in enumerate(spans["span_id"].tolist())}
    callers = np.array([place.get(one, number) for number, one in enumerate(spans["parent_span_id"].tolist())])
    # Nobody waits for orders, nor for what they lead to: they are sent as messages.
    heard = spans["service.name"] == "order-service"
    for _ in range(5):
        heard = heard | heard[callers]
    waited = (spans["kind"] == "CLIENT") & ~heard
    to_store = ~np.isin(spans["server.address"], partners("commerce"))
    root = (spans["parent_span_id"] == "") & (spans["service.name"] == "checkout-service")
    trace = {one: number for number, one in enumerate(spans["trace_id"][root].tolist())}
    of = np.array([trace.get(one, len(trace)) for one in spans["trace_id"].tolist()])
    sums = {
        name: np.bincount(of[some], spans["duration_ms"][some], len(trace) + 1)[:-1] / US
        for name, some in (
            ("database_query_time_ms", waited & to_store),
            ("upstream_response_time_ms", waited & np.isin(spans["server.address"], GATEWAYS)),
        )
    }
    # Of requests of the same millisecond it is not said here which is which.
    started, first, same = np.unique(spans["start_time"][root] // 1000, return_index=True, return_counts=True)
    alone = {
        time: at for time, at, count in zip(started.tolist(), first.tolist(), same.tolist(), strict=True) if count == 1
    }
    checked = 0
    for row, time in enumerate(sold["@timestamp"].tolist()):
        if time not in alone:
            continue
        at = alone[time]
        for name, column in sums.items():
            told_ms = sold[name][row]
            if told_ms != estates.NULL:
                assert abs(column[at] - told_ms) <= 1 + 0.001 * 4, (name, time)
                checked += 1
    assert checked > 2_000
