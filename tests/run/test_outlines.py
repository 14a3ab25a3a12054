"""What is measured of a story's rows, by hand-made rows that show each way of taking it."""

from typing import Any

import numpy as np
import pytest

from ghostfleet.core.batch import Plain, Quanta, Text
from ghostfleet.core.errors import ScenarioError
from ghostfleet.run import outlines
from ghostfleet.spec import loading, reading
from tests.unit.spec.stories import STORY

NAMES = ("a", "b", "c")


class Rows:
    """As much of a batch as is looked at: two times, two services each."""

    def __init__(self, *values, missing=None):
        self.values = {
            "time": Plain(np.array([0, 0, 300, 300])),
            "service_name": Text(np.array([0, 1, 0, -1], dtype=np.int32), NAMES),
            "request_count": Plain(np.array(values)),
            "error_rate": Quanta(np.array(values) * 10, 10, None if missing is None else np.array(missing)),
        }

    def __len__(self):
        return 4

    def __getitem__(self, name):
        return self.values[name]


ROWS: Any = {
    ("system_metrics", "calm"): [Rows(1, 1, 1, 1)],
    ("system_metrics", "one"): [Rows(1, 2, 3, 6)],
    ("system_metrics", "two"): [Rows(2, 4, 6, 12, missing=[False, False, True, True])],
}


def judged(said):
    text = f"{STORY}expect: {{system_metrics: [{{{said}}}]}}\n"
    return outlines.judged(loading.load(reading.read(text, "own.yaml")).scenario, ROWS)


@pytest.mark.parametrize(
    ("said", "measured"),
    [
        ("column: request_count", 3),
        ("column: request_count, take: max", 6),
        ("column: request_count, take: min", 1),
        ("column: request_count, take: sum", 12),
        ("column: request_count, take: total", 6),
        ("column: request_count, take: per_hour", 8),
        ("column: request_count, take: distinct", 4),
        ("column: request_count, where: {service_name: a}", 2),
        ("column: request_count, change_from: calm", 2),
        ("column: request_count, relative_to: two", 0.5),
        ("column: request_count, change_from: calm, relative_to: two", 0.4),
        ("column: service_name, take: distinct", 2),
        ("column: service_name, take: per_hour", 6),
        ("column: service_name, take: distinct, where: {service_name: x}", 0),
    ],
)
def test_a_step_is_measured(said, measured):
    (found,) = judged(f"{said}, step: one, at_least: {measured}, at_most: {measured}")
    assert found.measured == pytest.approx(measured)
    assert found.holds
    assert [one.holds for one in judged(f"{said}, step: one, at_least: {measured + 0.1}")] == [False]
    assert [one.holds for one in judged(f"{said}, step: one, at_most: {measured - 0.1}")] == [False]


def test_missing_values_are_left_out():
    assert judged("column: error_rate, step: two, at_least: 0")[0].measured == 3


def test_nothing_measured_holds_nothing():
    (found,) = judged("column: request_count, where: {service_name: x}, step: one, at_most: 9")
    assert found.measured is None
    assert not found.holds
    assert found.text == "one: system_metrics.request_count of x is nothing, expected … to 9, which it is not"


def test_all_steps_follow_a_documented_figure():
    found = judged("column: request_count, documented: rps, relative_to: one, within_share: 0.2")
    assert [(one.step, one.measured, one.documented) for one in found] == [("one", 1, 40), ("two", 2, 60)]
    assert [(one.low, one.high) for one in found] == [(0.8, 1.2), pytest.approx((1.2, 1.8))]
    assert [one.holds for one in found] == [True, False]


def test_the_wider_tolerance_counts():
    found = judged("column: request_count, documented: rps, relative_to: one, within_share: 0.01, within: 0.5")
    assert [one.holds for one in found] == [True, True]


def test_a_change_from_a_step_is_compared_with_the_change_of_the_figure():
    found = judged("column: request_count, documented: rps, change_from: one, relative_to: two, within: 0.01")
    assert [(one.measured, one.holds) for one in found] == [(0, True), (1, True)]


def test_a_column_that_there_is_not_is_refused():
    with pytest.raises(ScenarioError, match="there is no column 'requests'; valid are time, "):
        judged("column: requests, step: one, at_least: 1")
