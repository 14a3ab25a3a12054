"""Tables of single requests: windows are cuts, parts join, rows stand in order, and all of them agree with the metrics.

G[a, b) are the rows of a table whose requests entered from a to b.
"""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.world import web
from tests.laws import estates
from tests.laws.estates import START

TABLES = ("events", "transactions", "spans", "logs")
EVERY = pytest.mark.parametrize("table", TABLES)
LITTLE = "estate.load=0.02"
CUTS = [0, 1, 7, 8, 20, 31, 44, 60]
MINUTES = 10
STRUCK = 7_660  # minutes after the start: a gateway stops answering a quarter of an hour later


def little(*assignments: str, name: str = "small_estate") -> Generator:
    return Generator(estates.scenario(name, LITTLE, *assignments))


def texts(rows, *names):
    return list(zip(*(rows[name].tolist() for name in names), strict=True))


@EVERY
def test_chunks_concatenate_to_the_whole(table):
    """For all a = c₀ < … < cₙ = b: G[c₀, c₁) + … + G[cₙ₋₁, cₙ) = G[a, b)."""
    spans = [estates.window(low, high) for low, high in pairwise(CUTS)]
    parts = [estates.rows(little(), table, span) for span in spans]
    assert len(parts) >= 7
    whole = estates.rows(little(), table, estates.window(0, 60))
    assert len(next(iter(whole.values()))) > 500
    estates.assert_equal(estates.joined(parts, tuple(whole)), whole)


@EVERY
def test_an_hour_of_ninety_days_is_its_slice(table):
    """G of an hour does not depend on the length of the plan that it is cut from, nor on how tasks cut it."""
    generator = little()
    found = generator.observer(table).table
    hour = estates.window(60, 120)
    plan = generator.plan(Window.between(START * MINUTE_S, START * MINUTE_S + 90 * DAY_S, MINUTE_S), [found])
    inside = [task for task in plan.tasks if task.window.start < hour.stop and task.window.stop > hour.start]
    assert len(plan.tasks) > len(inside)
    key = found.keys[0]
    wanted = set(estates.rows(little(), table, hour)[key].tolist())
    made = [estates.cells(batch)[key].tolist() for task in inside for batch in _some(generator, task, hour)]
    assert {one for some in made for one in some} >= wanted


def _some(generator, task, hour):
    """Batches of the part of a task that overlaps an hour, whole ticks around it."""
    low, high = max(task.window.start, hour.start - 3), min(task.window.stop, hour.stop + 2)
    state = generator.state(Window(low, high, MINUTE_S), detailed=True)
    yield from generator.observer(task.table).observe(state, state.window)


@EVERY
def test_parts_join_to_the_whole(table):
    """For all n: the rows of parts 1 … n of n, one after another, are those of the whole."""
    generator, span = little(), estates.window(0, 60)
    found = generator.observer(table).table
    plan, names = generator.plan(span, [found], 3), found.names
    parts = [
        estates.joined([estates.cells(one) for task in plan.share(n, 3).tasks for one in little().batches(task)], names)
        for n in (1, 2, 3)
    ]
    assert all(len(part[found.names[0]]) for part in parts)
    estates.assert_equal(estates.joined(parts, found.names), estates.rows(generator, table, span))


@EVERY
def test_rows_stand_in_the_order_of_the_table(table):
    generator = little()
    rows = estates.rows(generator, table, estates.window(0, 40))
    order = texts(rows, *generator.observer(table).table.order)
    assert order == sorted(order)
    keys = texts(rows, *generator.observer(table).table.keys)
    assert len(set(keys)) == len(keys)


@EVERY
def test_a_new_service_changes_no_request_of_others(table):
    """A service that nobody calls changes nothing that is told of single requests, but for its own."""
    text = estates.text("small_estate")
    line = "    auth-service: {"
    added = line.replace("auth", "lonely") + text.split(line, 1)[1].split("\n", 1)[0] + "\n" + line
    one, other = (estates.scenario("small_estate", LITTLE, changed=change) for change in (("", ""), (line, added)))
    before = estates.rows(Generator(one), table, estates.window(20, 40))
    after = estates.rows(Generator(other), table, estates.window(20, 40))
    names = generator_names(table)
    mine = np.array([True] * len(after[names[0]]))
    if "service.name" in names:
        mine = after["service.name"] != "lonely-service"
    for name in names:
        np.testing.assert_array_equal(after[name][mine], before[name], err_msg=name)


def generator_names(table):
    return Generator(estates.scenario()).observer(table).table.names


@pytest.mark.parametrize("low", [0, STRUCK + 15])
def test_tables_agree_with_the_metrics_to_the_last_request(low):
    """For each service and minute: spans = request_count, failed spans = its failures, events = what entered there.

    Metrics are cut out of another, longer run; so many transactions as the shop has requests; endpoints of events are
    those of root spans.
    """
    span = estates.window(low, low + MINUTES)
    generator = little(name="estate")
    metrics = estates.rows(generator, "system_metrics", estates.window(low - 90, low + 60))
    inside = (metrics["time"] >= span.since_s) & (metrics["time"] < span.until_s)
    counts = {
        (time, name): count
        for time, name, count in zip(
            metrics["time"][inside].tolist(),
            metrics["service_name"][inside].tolist(),
            metrics["request_count"][inside].tolist(),
            strict=True,
        )
    }
    served = {
        (time, name): round(rate * MINUTE_S / 1000)
        for time, name, rate in zip(
            metrics["time"][inside].tolist(),
            metrics["service_name"][inside].tolist(),
            metrics["throughput_rps"][inside].tolist(),
            strict=True,
        )
    }
    spans = estates.rows(generator, "spans", span)
    seconds = np.array([int(trace[:8], 16) for trace in spans["trace_id"].tolist()])
    minute = seconds // MINUTE_S * MINUTE_S
    serving = spans["kind"] == "SERVER"
    is_service = np.isin(spans["service.name"], list({name for _, name in counts}))
    told = Counter(
        zip(minute[serving & is_service].tolist(), spans["service.name"][serving & is_service].tolist(), strict=True)
    )
    assert {key: count for key, count in counts.items() if count} == dict(told)
    bad = serving & is_service & (spans["status_code"] == "ERROR")
    failed = Counter(zip(minute[bad].tolist(), spans["service.name"][bad].tolist(), strict=True))
    assert failed == Counter({key: counts[key] - served[key] for key in counts if counts[key] > served[key]})
    assert sum(failed.values()) > 0

    entered = serving & (spans["parent_span_id"] == "") & np.isin(spans["service.name"], web.monitored())
    events = estates.rows(generator, "events", span)
    minutes = (events["timestamp"] // 1000 // MINUTE_S * MINUTE_S).tolist()
    by_service = Counter(zip(minutes, events["source.service"].tolist(), strict=True))
    assert by_service == Counter(zip(minute[entered].tolist(), spans["service.name"][entered].tolist(), strict=True))
    routes = np.where(events["source.route"] == "", events["source.endpoint"], events["source.route"])
    asked = Counter(zip(events["source.method"].tolist(), routes.tolist(), strict=True))
    columns = (spans[name][entered].tolist() for name in ("http.request.method", "http.route"))
    assert asked == Counter(zip(*columns, strict=True))
    assert set(events["payload.trace_id"].tolist()) == set(spans["trace_id"][entered].tolist())

    sold = estates.rows(generator, "transactions", span)
    bought = Counter((sold["@timestamp"] // 1000 // MINUTE_S * MINUTE_S).tolist())
    assert bought == Counter(
        {time: count for (time, name), count in counts.items() if name == "checkout-service" and count}
    )


def test_a_checkout_that_succeeds_is_a_200_in_every_table():
    """COM-1: of each checkout, its transaction, its root span and the line that tells of its end say the same."""
    made = Generator(estates.scenario("commerce", "estate.load=0.1"))
    until_s = made.scenario.timeline.until_s
    span = Window.between(until_s - HOUR_S // 2, until_s, MINUTE_S)
    sold, spans, lines = (estates.rows(made, table, span) for table in ("transactions", "spans", "logs"))
    fine = Counter(sold["response_code"][sold["status"] == "success"].tolist())
    roots = (
        (spans["name"] == "POST /api/v1/checkout") & (spans["parent_span_id"] == "") & (spans["status_code"] == "OK")
    )
    assert fine == Counter(spans["http.response.status_code"][roots].tolist())
    assert set(fine) == {200}
    opening = [" ".join(body.split()[:3]) for body in lines["body"].tolist()]
    assert fine[200] == opening.count("POST /api/v1/checkout 200")
    assert not {f"POST /api/v1/checkout {code}" for code in (201, 202, 204)} & set(opening)


def test_a_total_is_kept_however_it_is_cut():
    """For all windows that cut a span: the events of all of them are as many as the scenario asks for."""
    for total in (1, 37, 5_000):
        scenario = estates.scenario("events", f"estate.total={total}", "estate.hours=30")
        generator = Generator(scenario)
        since, until = scenario.timeline.since_s, scenario.timeline.until_s
        whole = estates.rows(generator, "events", Window.between(since, until, MINUTE_S))
        assert len(whole["event_id"]) == total
        cuts = [since, since + 7 * HOUR_S, since + 7 * HOUR_S + MINUTE_S, since + 19 * HOUR_S, until]
        parts = [estates.rows(generator, "events", Window.between(low, high, MINUTE_S)) for low, high in pairwise(cuts)]
        estates.assert_equal(estates.joined(parts, tuple(whole)), whole)


def test_a_share_of_the_traces_is_a_share_of_the_rows():
    """Traces of a sample are whole, and the same as in all; the manifest says which share."""
    whole = estates.rows(little(), "spans", estates.window(0, 30))
    some = estates.rows(little("estate.trace_share=0.2"), "spans", estates.window(0, 30))
    traces = set(some["trace_id"].tolist())
    mine = np.isin(whole["trace_id"], list(traces))
    for name in whole:
        np.testing.assert_array_equal(whole[name][mine], some[name], err_msg=name)
    assert 0.15 < len(traces) / len(set(whole["trace_id"].tolist())) < 0.25
    assert little("estate.trace_share=0.2").notes(["spans"], MINUTE_S) == {"trace_share": 0.2}


MIXED = (  # a region of a cloud, whose people are those of the market around it, and a market
    "estate.regions.europe={clock: Europe/Berlin}",
    "estate.services.checkout-service.entry.clients={us-east-1: 2, europe: 1}",
)


@pytest.mark.parametrize("settings", [(), MIXED])
def test_somebody_lives_in_one_place_whatever_is_asked_for(settings):
    """For all users of any two windows of transactions and events: one place, one address and one agent each."""
    homes: dict[str, list[str]] = {}
    for low, high in ((0, 60), (7, 60), (23, 44)):
        made = Generator(estates.scenario("small_estate", "estate.load=0.2", *settings))
        rows = estates.rows(made, "transactions", estates.window(low, high))
        for user, *home in texts(rows, "user_id", "geo_location.city", "ip_address", "user_agent"):
            assert homes.setdefault(user, home) == home
    assert len(homes) > 500


def test_people_of_an_estate_live_all_over_the_world_and_are_the_same_in_every_table():
    """EVT-8: events have all four regions; a user of both tables has one address and one agent."""
    made = Generator(estates.scenario("estate", "estate.load=0.05"))
    span = Window.between(1741179600, 1741179600 + HOUR_S, 60)  # 2025-03-05 13:00
    events, checkouts = (estates.rows(made, table, span) for table in ("events", "transactions"))
    regions = Counter(events["context.tags.region"].tolist())
    assert set(regions) == {"NA", "EU", "APAC", "LATAM"}
    assert min(regions.values()) > 0.01 * len(events["event_id"])
    known = dict(zip(events["context.user_id"].tolist(), events["context.ip_address"].tolist(), strict=True))
    pairs = [(known[user], ip) for user, ip in texts(checkouts, "user_id", "ip_address") if known.get(user)]
    assert len(pairs) > 100
    assert all(one == other for one, other in pairs)


def test_the_shop_alone_sells_to_one_country():
    """COM-1: country US, a state of two letters, a city."""
    made = Generator(estates.scenario("commerce", "estate.load=0.02"))
    since_s = made.scenario.timeline.since_s
    rows = estates.rows(made, "transactions", Window.between(since_s, since_s + HOUR_S, 60))
    assert len(rows["user_id"]) > 500
    assert set(rows["geo_location.country"].tolist()) == {"US"}
    assert {len(state) for state in rows["geo_location.state"].tolist()} == {2}
