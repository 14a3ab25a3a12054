"""Stories and what is expected of them are checked when they are loaded."""

import pytest

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec import loading, moments, reading
from tests.unit.spec.stories import STORY

OUTLINE = "expect: {{system_metrics: [{{column: request_count, {}}}]}}\n"


def load(text):
    return loading.load(reading.read(text, "own.yaml")).scenario


def complaint(text):
    with pytest.raises(ScenarioError) as caught:
        load(text)
    return str(caught.value)


def test_steps_are_placed_by_offsets_or_times():
    made = load(STORY)
    since_s = made.timeline.since_s
    assert [one.span_s(since_s)[0] - since_s for one in made.story.stretches().values()] == [3600, 7200, 10800]
    assert list(made.story.stretches()) == ["calm", "one", "two"]
    assert made.story.seconds == 45.5


def test_rows_and_outlines_stand_beside_each_other():
    made = load(STORY + "expect: {VPC: 8, system_metrics: [{column: pod_count, step: one, at_least: 1}]}\n")
    assert made.rows == {"VPC": 8}
    assert made.outlines()["system_metrics"][0].at_least == 1
    assert loading.restore(loading.load(reading.read(STORY, "own.yaml")).effective(), "manifest").story == made.story


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("step: three, at_least: 1", "step: there is no step 'three'; valid are calm, one, two"),
        ("step: one", "step, and at_least or at_most, go together"),
        ("at_least: 1", "step, and at_least or at_most, go together"),
        ("take: mean", "it says either documented"),
        ("documented: rps, step: one, at_least: 1", "it says either documented"),
        ("documented: cpu", "documented: the step one has no figure 'cpu'"),
        ("documented: rps, relative_to: calm", "relative_to: calm has no documented figures"),
        ("documented: rps, take: median", "'median'; valid are distinct, max, "),
    ],
)
def test_an_outline_that_says_nothing_is_refused_at_its_line(said, expected):
    message = complaint(STORY + OUTLINE.format(said))
    assert message.startswith("own.yaml:11: expect")
    assert expected in message.replace("invalid enum value ", "")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: two", "name: one", "story.steps.1.name: the name 'one' is taken"),
        ("name: two", "name: calm", "story.steps.1.name: the name 'calm' is taken"),
        (
            "at: 2h",
            "at: soon",
            "'soon' is no time; valid is 2026-03-04T09:30, UTC unless an offset is given, or 14h30m",
        ),
    ],
)
def test_a_step_that_cannot_be_is_refused(old, new, said):
    assert said in complaint(STORY.replace(old, new))


def test_without_a_story_no_step_can_be_named():
    text = "scenario: own\nextends: estate\n" + OUTLINE.format("step: one, at_least: 1")
    assert "the scenario tells no story" in complaint(text)


@pytest.mark.parametrize(
    ("text", "second"), [("0h", 100), ("1d2h3m4s", 93_884), ("90m", 5_500), ("1970-01-01T00:01", 60)]
)
def test_an_instant_is_an_offset_or_a_time(text, second):
    assert moments.instant(text, "at", 100) == second


@pytest.mark.parametrize("text", ["", "h", "2h1d", "1.5h", "-1h", "yesterday"])
def test_what_is_neither_is_refused(text):
    with pytest.raises(ValueError, match="is no time"):
        moments.instant(text, "at", 0)


def test_an_offset_needs_a_start():
    with pytest.raises(ValueError, match="is no time"):
        moments.instant("2h", "at")


def test_a_placed_incident_starts_at_an_offset_of_the_span():
    text = (
        "scenario: own\nextends: estate\nestate: {incidents: {placed: [{starts: 2x, incident: {kind: node_loss}}]}}\n"
    )
    assert complaint(text).startswith("own.yaml:3: estate.incidents.placed.0.starts: '2x' is no time")
