"""Plans of single requests: how many are expected, and which windows there are."""

from itertools import pairwise

import numpy as np
import pytest

from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from tests.laws import estates

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
