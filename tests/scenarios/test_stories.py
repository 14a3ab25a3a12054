"""Each story looks as documents say, and not without what happens in it (EST-49, EST-50)."""

from itertools import pairwise

import numpy as np
import pytest

from ghostfleet.core.window import DAY_S, HOUR_S, Window
from ghostfleet.generate import Generator
from ghostfleet.run import outlines
from ghostfleet.spec import loading, reading
from tests.laws import estates

SHIPPED = loading.shipped()
DOCUMENTED = {
    "trading-crisis": (8, 300),
    "cost-spiral": (6, 240),
    "security-breach": (7, 270),
    "executive-value": (5, 180),
}
STORIES = pytest.mark.parametrize("name", DOCUMENTED)
WITHOUT = {"estate.incidents.enabled": (False, "--no-incidents")}


def scenario(name, **overrides):
    settings = loading.Settings(overrides=overrides)
    return loading.load(reading.read(SHIPPED[name], f"{name}.yaml"), settings).scenario


def found(name, **overrides):
    return outlines.readings(Generator(scenario(name, **overrides)))


def test_stories_are_those_that_documents_tell():
    assert {name for name, text in SHIPPED.items() if "\nstory:" in text} == set(DOCUMENTED)


@STORIES
def test_a_story_has_the_documented_steps_and_takes_as_long_to_tell(name):
    story = scenario(name).story
    assert (len(story.steps), story.seconds) == DOCUMENTED[name]


@STORIES
def test_steps_follow_each_other_in_the_default_window(name):
    made = scenario(name)
    window = Generator(made).window()
    spans = [step.span_s(made.timeline.since_s) for step in made.story.stretches().values()]
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert window.since_s <= spans[0][0]
    assert spans[-1][1] <= window.until_s


@STORIES
def test_every_step_looks_as_documented(name):
    assert [one.text for one in found(name) if not one.holds] == []


@STORIES
def test_no_expectation_holds_without_the_incidents(name):
    judged: dict[tuple[str, str], list[bool]] = {}
    for one in found(name, **WITHOUT):
        judged.setdefault((one.table, repr(one.outline)), []).append(one.holds)
    assert len(judged) == sum(map(len, scenario(name).outlines().values()))
    assert not any(all(verdicts) for verdicts in judged.values())


@STORIES
def test_incidents_of_a_story_end_within_its_span(name):
    made = scenario(name)
    timeline = made.timeline
    occasions = Generator(made).estates.occasions.between(timeline.since_s, timeline.until_s)
    assert len(occasions) == len(made.estate.incidents.placed)
    assert all(timeline.since_s <= one.start_s and one.end_s <= timeline.until_s for one in occasions)


def test_a_story_moves_with_its_first_day():
    moved = scenario("trading-crisis", **{"estate.start_date": ("2025-04-10", "--start-date")})
    assert {one.start_s // 86_400 for one in Generator(moved).estates.occasions._placed} == {20_188}


def test_savings_of_executive_value_add_up_week_by_week_as_its_waste_falls():
    """For all weeks w: savings(w) ≈ 7 (waste of a calm day − waste of one in w), by cost_metrics on Wednesdays."""
    made = Generator(scenario("executive-value"))
    since_s = made.scenario.timeline.since_s

    def wasted(day):
        hour = Window.between(since_s + day * DAY_S + 15 * HOUR_S, since_s + day * DAY_S + 16 * HOUR_S, HOUR_S)
        return estates.rows(made, "cost_metrics", hour)["estimated_waste"].sum() / 10_000

    weeks = Window.between(since_s + 7 * DAY_S, since_s + 43 * DAY_S, DAY_S)
    rows = estates.rows(made, "business_value_metrics", weeks)
    saved = rows["cost_savings_usd"][rows["category"] == "infrastructure_optimization"] / 100
    calm = wasted(2)
    assert saved[0] == 0
    assert (np.diff(saved) > 0).all()
    assert saved == pytest.approx([7 * (calm - wasted(2 + 7 * week)) for week in range(6)], rel=0.08, abs=1)
