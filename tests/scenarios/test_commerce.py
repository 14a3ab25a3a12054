"""The shop's day is the documented one: volume, hours, errors, incidents, places, times that add up."""

import json
from functools import cache

import msgspec
import numpy as np
import pytest

from ghostfleet.core import zones
from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.sinks.text.stream import TextStream
from ghostfleet.sinks.text.syntax import SYNTAXES
from ghostfleet.state.estate import Estates
from tests.laws import estates

# COM-4: transactions per second at a base of 20, the middle of each local hour.
SCHEDULE = (
    [10] * 6 + [17.5, 22.5, 27.5] + [32.5] * 3 + [42.5] * 2 + [37.5] * 3 + [50] * 3 + [18.75, 16.25, 13.75, 11.25]
)
CHECKOUT = "checkout-service"


@cache
def shop() -> Estates:
    return Estates(estates.scenario("commerce"))


@cache
def days():
    """Attempts, failures, expected attempts and local hours of every minute of the span."""
    world = shop()
    since, until = world.scenario.timeline.since_s, world.scenario.timeline.until_s
    cell = [world.flow.nodes.names[node] for node in world.flow.entries.nodes.tolist()].index(CHECKOUT)
    found = []
    for start in range(since, until, DAY_S):
        window = Window.between(start, start + DAY_S, MINUTE_S)
        state = world.solve(window)
        seconds = window.seconds()
        hour = (seconds + zones.offsets(seconds, "America/New_York")) % DAY_S // HOUR_S
        done = state.outcomes
        found.append(
            (done.entered[cell], done.entry_failed[cell], state.rates.entering[cell] * MINUTE_S, hour, seconds)
        )
    return [np.concatenate(part) for part in zip(*found, strict=True)]


def quiet(seconds):
    """Minutes in which no incident is on, nor has just been."""
    clear = np.ones(len(seconds), dtype=np.bool_)
    for one in shop().occasions.between(int(seconds[0]), int(seconds[-1]) + MINUTE_S):
        clear &= ~((seconds >= one.start_s - MINUTE_S) & (seconds < one.end_s + 3 * MINUTE_S))
    return clear


def test_a_day_has_as_many_attempts_as_its_rate_says():
    """The total of each day lies within 3 σ of the integral of the effective rate, incidents included (defect 1)."""
    entered, _, expected, _, _ = days()
    for day in range(7):
        some = slice(day * 1440, (day + 1) * 1440)
        assert abs(entered[some].sum() - expected[some].sum()) < 3 * np.sqrt(expected[some].sum())
    assert 2_250_000 < entered.sum() / 7 < 2_330_000


def test_hours_of_the_client_are_those_of_the_schedule():
    """Outside of incidents each local hour has its rate within 5 % (COM-4, defect 2)."""
    entered, _, _, hour, seconds = days()
    clear = quiet(seconds)
    for number, wanted in enumerate(SCHEDULE):
        mine = clear & (hour == number)
        assert entered[mine].mean() / MINUTE_S == pytest.approx(wanted, rel=0.05), number


def test_one_or_two_in_a_hundred_fail_when_nothing_is_wrong():
    entered, failed, _, _, seconds = days()
    clear = quiet(seconds)
    assert 0.01 < failed[clear].sum() / entered[clear].sum() < 0.02
    assert (failed[clear] / entered[clear]).max() < 0.2


def test_incidents_fail_as_many_as_documented_and_then_fade():
    """While one stands, a quarter to two fifths of the attempts fail; after it, soon as few as ever (COM-6)."""
    entered, failed, _, _, seconds = days()
    shares = []
    occasions = shop().occasions.between(int(seconds[0]), int(seconds[-1]))
    for one in occasions:
        risen, stood = one.phases_s
        standing = (seconds >= risen) & (seconds < stood)
        shares.append(failed[standing].sum() / max(entered[standing].sum(), 1))
        after = (seconds >= one.end_s + 2 * MINUTE_S) & (seconds < one.end_s + 12 * MINUTE_S) & quiet(seconds)
        if after.any():
            assert failed[after].sum() / entered[after].sum() < 0.05
    assert len(shares) >= 10
    assert 0.25 < np.mean(shares) < 0.40
    assert np.mean([0.2 < share < 0.48 for share in shares]) == 1


def test_named_incidents_stand_at_their_times():
    """Yesterday's at 12:15, the day before's at 18:30, today's at 14:25; all are over by now (COM-8)."""
    world = shop()
    offset = -5 * HOUR_S  # of New York in March, before the clocks change
    now = world.scenario.timeline.until_s + offset
    starts = {(one.name, (one.start_s + offset) % DAY_S, now // DAY_S - (one.start_s + offset) // DAY_S) for one in
              world.occasions.between(world.scenario.timeline.since_s, world.scenario.timeline.until_s)}  # fmt: skip
    assert ("payment_timeout", 14 * HOUR_S + 25 * MINUTE_S, 0) in starts
    assert ("connection_pool_exhaustion", 12 * HOUR_S + 15 * MINUTE_S, 1) in starts
    assert ("memory_leak", 18 * HOUR_S + 30 * MINUTE_S, 2) in starts


@pytest.mark.parametrize(("name", "table"), [("commerce", "transactions"), ("events", "events")])
def test_every_line_parses_with_two_parsers_and_equals_the_columns(name, table):
    """Keys that are absent are missing in the columns, and nothing else is."""
    generator = Generator(estates.scenario(name, *(["estate.load=0.01"] if name == "commerce" else [])))
    found = generator.observer(table).table
    until = generator.scenario.timeline.until_s
    plan = generator.plan(Window.between(until - 3 * HOUR_S, until, MINUTE_S), [found])
    batches = [batch for task in plan.tasks for batch in generator.batches(task)]
    stream = TextStream(found, SYNTAXES["jsonl"](found), first=True, last=True)
    lines = b"".join([piece for batch in batches for piece in stream.pieces(batch)] + list(stream.end())).splitlines()
    documents = [json.loads(line) for line in lines]
    assert documents == [msgspec.json.decode(line) for line in lines]
    assert len(documents) == sum(map(len, batches)) > 300
    rows = estates.joined([estates.cells(batch) for batch in batches], found.names)
    for column in found.columns:
        if column.kind.value not in {"text", "integer"}:
            continue
        for place, document in enumerate(documents[:400]):
            value: object = document
            for part in column.name.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            wanted = rows[column.name][place]
            assert (value if value is not None else wanted) == wanted
            assert (value is None) == (wanted in {"", estates.NULL}), column.name


def test_times_of_a_checkout_add_up():
    """Own time, databases and gateway make the response; a refused call has no gateway's time (defect 12)."""
    generator = Generator(estates.scenario("commerce", "estate.load=0.05"))
    struck = generator.scenario.timeline.until_s - 3 * HOUR_S
    rows = estates.rows(generator, "transactions", Window.between(struck, struck + HOUR_S, MINUTE_S))
    upstream = np.where(rows["upstream_response_time_ms"] == estates.NULL, 0, rows["upstream_response_time_ms"])
    assert (rows["database_query_time_ms"] + upstream <= rows["response_time_ms"]).all()
    refused = rows["error_code"] == "CIRCUIT_BREAKER_OPEN"
    assert (rows["upstream_response_time_ms"][refused] == estates.NULL).all()
    late = rows["error_code"] == "PAYMENT_TIMEOUT"
    assert late.sum() > 50
    assert (np.abs(rows["response_time_ms"][late] - 30_000) < 5_000).mean() > 0.95
    assert (rows["retry_count"][rows["status"] == "success"] == 0).all()
