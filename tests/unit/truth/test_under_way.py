"""What is said of incidents that began before a window."""

import pytest

from ghostfleet.core.window import Window
from ghostfleet.state.estate import Estates
from ghostfleet.truth import under_way
from tests.unit.truth.halves import DAY_S, scenario

TOLD = (
    ("payment_timeout", "stripe", "2025-03-04T23:40", 60),
    ("payment_timeout", "stripe", "2025-03-05T15:52:30", 30),
    ("memory_leak", "payment-service", "2025-03-05T15:50", 8),
    ("memory_leak", "auth-service", "2025-03-05T16:00", 30),
)


@pytest.fixture(scope="module")
def estates():
    """Two that meet, one that began before the day, and one that begins as one of them is over."""
    short = {"onset": [1, 1], "recovery": [1, 1]}
    placed = [
        {"starts": starts, "incident": {"kind": kind, "on": [root], "minutes": [stand, stand], **short}}
        for kind, root, starts, stand in TOLD
    ]
    return Estates(scenario({"placed": placed}))


def at(hours, minutes=0, row_s=300):
    since_s = DAY_S + hours * 3600 + minutes * 60
    return Window.between(since_s, since_s + 3600, row_s)


def roots(estates, window):
    return [one.root for one in under_way.under_way(estates, window)]


def test_they_are_those_that_began_before_and_are_not_over_or_just_were(estates):
    """A ticket is resolved in the second after its incident's last, which is the window's first."""
    assert roots(estates, at(16)) == ["payment-service", "stripe"]
    assert roots(estates, at(16, 1, row_s=60)) == ["stripe", "auth-service"]
    assert roots(estates, at(12)) == []
    assert under_way.told(estates, at(12)) is None


def test_the_window_that_lists_them_begins_with_a_row(estates):
    told = under_way.told(estates, at(16, 10)) or ""
    assert told.endswith("--from 2025-03-05T15:50:00Z lists them")


def test_many_are_counted(estates, monkeypatch):
    monkeypatch.setattr(under_way, "MOST_NAMED", 1)
    assert " and 1 more; --from" in (under_way.told(estates, at(16)) or "")


def test_what_began_before_the_span_is_in_no_window(estates, monkeypatch):
    since_s = estates.scenario.timeline.since_s
    assert since_s <= DAY_S
    monkeypatch.setattr(type(estates.scenario), "timeline", property(lambda _self: at(0, 0)))
    told = under_way.told(estates, at(0, 10)) or ""
    assert told.endswith("); 1 began before the scenario's span, which no --from lists")
