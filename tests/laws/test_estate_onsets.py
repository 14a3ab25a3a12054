"""Impact spreads outwards in the default estate, and later where the model delays."""

from functools import cache

import pytest

from ghostfleet import truth
from ghostfleet.core.window import DAY_S, MINUTE_S, Window
from ghostfleet.incidents import kinds
from ghostfleet.spec.estate.names import ARROW
from ghostfleet.state.estate import Estates
from ghostfleet.state.estate.rates import START
from ghostfleet.truth import difference
from tests.laws import estates

DAYS = Window.between(20_152 * DAY_S, 20_242 * DAY_S, 60)
LONGEST_S = DAY_S // 4  # of an incident that is looked at
# Incidents of which somebody farther passes its threshold before all who are nearer pass theirs.
AHEAD = [("traffic_surge", "admin-portal"), ("payment_timeout", "stripe"), ("circuit_breaker", "okta")]


@cache
def made():
    return Estates(estates.scenario("estate", "estate.incidents.factor=5"))


@cache
def schedule():
    return Estates(estates.scenario("estate"))


@cache
def incidents(kind):
    """The shortest few incidents of a kind in a quarter of a year."""
    found = [one for one in truth.starting(made(), DAYS) if one.name == kind]
    return sorted(found, key=lambda one: one.end_s - one.start_s)[:3]


def is_outwards(estate, occasion):
    """For all hops h < k that anybody is affected at: min onset(h) ≤ min onset(k)."""
    found: dict[int, int] = {}
    for one in truth.impacts(estate, occasion):
        if ARROW not in one.entity:
            assert one.hop is not None
            found[one.hop] = min(found.get(one.hop, one.onset_s), one.onset_s)
    first = [found[hop] for hop in sorted(found)]
    return first == sorted(first)


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_each_hop_is_no_earlier_than_the_one_that_it_came_from(kind):
    """For all affected e at hop h > 0 there is an affected n nearer with onset(n) ≤ onset(e)."""
    found = incidents(kind)
    assert found
    for occasion in found:
        assert is_outwards(made(), occasion), occasion


def ahead():
    return [
        one
        for one in truth.starting(schedule(), DAYS)
        if (one.name, one.root) in AHEAD and one.end_s - one.start_s < LONGEST_S
    ]


def test_those_who_pass_their_thresholds_first_wait_for_those_who_are_nearer(monkeypatch):
    found = ahead()
    assert {(one.name, one.root) for one in found} == set(AHEAD)
    assert all(is_outwards(schedule(), occasion) for occasion in found)
    monkeypatch.setattr(difference, "_fronts", lambda _seen, hops, start: [start] * (max(hops.values()) + 1))
    assert not all(is_outwards(schedule(), occasion) for occasion in found)


def by_metric(occasion, *names):
    """Onset of some metrics of each entity that has them all."""
    found: dict[str, dict[str, int]] = {}
    for one in truth.impacts(made(), occasion):
        found.setdefault(one.entity, {})[one.metric] = one.onset_s
    return [(entity, [of[name] for name in names]) for entity, of in found.items() if set(names) <= set(of)]


def test_pods_start_later_than_they_are_asked_for():
    """For all e struck by demand: onset(pods) ≥ onset(requests) + the ticks that a pod takes to start."""
    delays = [
        pods - requests
        for occasion in incidents("traffic_surge")
        for entity, (requests, pods) in by_metric(occasion, "demand", "pods")
    ]
    assert delays
    assert all(delay >= START * MINUTE_S for delay in delays)


def test_breakers_open_later_than_calls_fail():
    """For all calls c that breakers refuse: onset(calls_refused, c) > onset(call_failures, c)."""
    found = [
        times
        for occasion in incidents("circuit_breaker")
        for _, times in by_metric(occasion, "call_failures", "calls_refused")
    ]
    assert found
    assert all(failing < refused for failing, refused in found)
