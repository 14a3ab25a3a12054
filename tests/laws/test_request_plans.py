"""Plans of single requests: how many are expected, and which windows there are."""

from itertools import pairwise

import numpy as np
import pytest

from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator, Plan
from tests.laws import estates
from tests.laws.estates import START

SHOP = ("estate.now=2026-03-05T00:00:00-05:00", "estate.days=3", "estate.load=0.01", "estate.incidents.enabled=false")
TABLES = ("transactions", "events", "spans", "logs", "normal_transactions")


def shop(name: str = "commerce", *more: str) -> Generator:
    return Generator(estates.scenario(name, *SHOP, *more))


def hours(generator: Generator, low: int, high: int) -> Window:
    """Minutes of some hours of the last day."""
    until_s = generator.scenario.timeline.until_s
    return Window.between(until_s - (24 - low) * HOUR_S, until_s - (24 - high) * HOUR_S, MINUTE_S)


@pytest.mark.parametrize("table", ["transactions", "spans"])
@pytest.mark.parametrize(("low", "high"), [(0, 3), (3, 6), (11, 13), (17, 20)])
def test_a_plan_knows_the_time_of_day(table, low, high):
    """As many as are made, but for what demand wanders and surges."""
    generator = shop()
    found = generator.observer(table).table
    window = hours(generator, low, high if table == "transactions" else low + 1)
    made = len(next(iter(estates.rows(generator, table, window).values())))
    assert made > 500
    assert abs(generator.plan(window, [found]).rows / made - 1) < 0.15


@pytest.mark.parametrize("table", TABLES)
def test_windows_side_by_side_are_expected_to_have_as_many_as_both(table):
    generator = shop()
    found = generator.observer(table).table

    def expected(low: int, high: int) -> int:
        return generator.plan(Window(low, high, MINUTE_S), [found]).rows

    since_s, until_s = generator.scenario.timeline.since_s - 40 * DAY_S, generator.scenario.timeline.until_s
    ends = np.random.default_rng(1).integers(since_s // MINUTE_S, until_s // MINUTE_S, 30)
    cuts = [since_s // MINUTE_S, *sorted(set(ends.tolist())), until_s // MINUTE_S]
    parts = sum(expected(low, high) for low, high in pairwise(cuts))
    assert abs(parts - expected(cuts[0], cuts[-1])) <= (2 * len(cuts) if table == "normal_transactions" else 0)


@pytest.mark.parametrize("days", [1, 70])
def test_of_a_given_number_all_are_expected(days):
    generator = shop("events", "estate.total=1234", f"estate.hours={days * 24}", "estate.load=1")
    plan = generator.plan(generator.window(), generator.tables())
    assert plan.rows == 1234


EVERY_S = (60, 120, 300, 3_600, 86_400)
NAMES = ("transactions", "events", "spans", "logs", "normal_transactions", "incident_transactions")


def little() -> Generator:
    return Generator(estates.scenario("small_estate", "estate.load=0.02"))


def made(generator: Generator, plan: Plan, table: str) -> estates.Cells:
    names = generator.observer(table).table.names
    tasks = [task for task in plan.tasks if task.table == table]
    return estates.joined([estates.cells(one) for task in tasks for one in generator.batches(task)], names)


@pytest.mark.parametrize("table", NAMES)
@pytest.mark.parametrize(("low", "high"), [(0, 6), (2, 5), (30, 70)])
def test_requests_of_a_window_are_the_same_for_any_length_of_rows(table, low, high):
    """Requests do not fold: those of minutes [a, b) are those that enter in them, whatever --every says."""
    since_s, until_s = (START + low) * MINUTE_S, (START + high) * MINUTE_S
    whole = estates.rows(little(), table, estates.window(low, high))
    for every_s in EVERY_S:
        generator = little()
        plan = generator.plan_between(generator.tables([table]), since_s, until_s, every_s)
        assert (plan.span.since_s, plan.span.until_s) == (since_s, until_s)
        estates.assert_equal(made(generator, plan, table), whole)


@pytest.mark.parametrize("every_s", [300, 3_600])
def test_metrics_beside_requests_have_rows_of_their_length(every_s):
    """Requests start in [a, b), and so do rows of metrics, which are whole."""
    since_s, until_s = (START + 58) * MINUTE_S, (START + 127) * MINUTE_S
    generator = little()
    plan = generator.plan_between(generator.tables(["transactions", "system_metrics"]), since_s, until_s, every_s)
    rows = Window.between(since_s, until_s, every_s)
    estates.assert_equal(made(generator, plan, "system_metrics"), estates.rows(little(), "system_metrics", rows))
    estates.assert_equal(
        made(generator, plan, "transactions"), estates.rows(little(), "transactions", estates.window(58, 127))
    )


@pytest.mark.parametrize("every_s", [60, 3_600])
def test_windows_of_requests_join_wherever_they_are_cut(every_s):
    """For all a ≤ b ≤ c: G[a, c) = G[a, b) + G[b, c), and parts join to the whole."""
    generator = little()
    tables = generator.tables(["transactions"])
    cuts = [(START + minute) * MINUTE_S for minute in (3, 4, 11, 59, 64)]
    plans = [generator.plan_between(tables, low, high, every_s) for low, high in pairwise(cuts)]
    whole = generator.plan_between(tables, cuts[0], cuts[-1], every_s)
    expected = made(generator, whole, "transactions")
    names = tables[0].names
    estates.assert_equal(estates.joined([made(generator, plan, "transactions") for plan in plans], names), expected)
    shares = [generator.plan_between(tables, cuts[0], cuts[-1], every_s, 3).share(part, 3) for part in (1, 2, 3)]
    estates.assert_equal(estates.joined([made(generator, plan, "transactions") for plan in shares], names), expected)
