"""Incidents of the shop, many days of them: how many attempts fail while one stands, whichever it is."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.window import DAY_S, MINUTE_S, Window
from ghostfleet.state.estate import Estates
from ghostfleet.state.estate.calling import FAILED, LATE, SERVED
from tests.laws import estates
from tests.laws.test_requests import walked

CHECKOUT = "checkout-service"
LEAST, MOST = 0.25, 0.40  # COM-6: share of all transactions in the window of an incident
EVERY = pytest.mark.parametrize("settings", [(42, 2), (1, 2), (2, 2), (21, 4)])  # seed, and incidents a day


@cache
def shop(seed: int, a_day: int) -> Estates:
    named = (f"execution.random_seed={seed}", f"estate.incidents.a_day={a_day}")
    return Estates(estates.scenario("commerce", "estate.days=60", *named))


def failing(world: Estates, since_s: int, until_s: int) -> tuple[np.ndarray, np.ndarray]:
    """Attempts and failures of the whole minutes between two seconds."""
    place = world.flow.places[CHECKOUT]
    outcomes = world.solve(Window(-(-since_s // MINUTE_S), until_s // MINUTE_S, MINUTE_S)).outcomes
    return outcomes.requests[place], outcomes.failed[place]


@pytest.mark.parametrize("a_day", [2, 12, 20])
@pytest.mark.parametrize("seed", [42, 1, 7])
def test_no_two_meet_however_many_there_may_be(seed, a_day):
    world = shop(seed, a_day)
    found = sorted(
        world.occasions.between(world.scenario.timeline.since_s, world.scenario.timeline.until_s),
        key=lambda one: one.start_s,
    )
    assert not [(one.id, other.id) for one, other in pairwise(found) if one.meets(other)]
    assert a_day - 1 < len(found) / 60 < a_day + 1  # three are placed, and take the room of some


def test_more_a_day_than_fit_are_refused():
    with pytest.raises(ScenarioError, match=r"incidents.a_day.*20"):
        shop(42, 21)


def test_where_hours_differ_or_are_too_few_some_are_left_out_and_windows_agree():
    """Names of the estate start at hours of their own and last up to months: what is left does not meet."""
    named = ("estate.incidents.a_day=6", "estate.incidents.scheduled.overprovisioned_licenses.per_day=0")
    world = Estates(estates.scenario("estate", *named))
    since_s = world.scenario.timeline.since_s
    found = sorted(world.occasions.between(since_s, since_s + 60 * DAY_S), key=lambda one: one.start_s)
    assert len(found) > 30
    assert not any(one.meets(other) for one, other in pairwise(found))
    for day in range(0, 60, 7):
        low_s, high_s = since_s + day * DAY_S + 31_000, since_s + (day + 1) * DAY_S
        ids = {one.id for one in world.occasions.between(low_s, high_s)}
        assert ids == {one.id for one in found if one.start_s < high_s and one.end_s > low_s}


@EVERY
def test_a_quarter_to_two_fifths_fail_while_an_incident_stands(settings):
    """Of every incident, from where it has risen and from its very start until it recovers, 5 to 15 minutes (COM-6)."""
    world = shop(*settings)
    found = world.occasions.between(world.scenario.timeline.since_s, world.scenario.timeline.until_s)
    for one in found:
        risen_s, stood_s = one.phases_s
        assert 5 * 60 <= stood_s - one.start_s <= 15 * 60
        for since_s in (one.start_s, risen_s):
            attempts, failures = failing(world, since_s, stood_s)
            assert LEAST < failures.sum() / attempts.sum() < MOST, (one.name, one.root, one.start_s)
    assert {(one.name, one.root) for one in found} == {
        *(("payment_timeout", name) for name in ("stripe", "paypal", "square")),
        *(("circuit_breaker", name) for name in ("stripe", "paypal", "square")),
        ("connection_pool_exhaustion", "legacy-sqlserver-01"),
        ("memory_leak", CHECKOUT),
        ("upstream_degradation", "payment-service"),
    }


@pytest.mark.parametrize("kind", ["payment_timeout", "connection_pool_exhaustion", "memory_leak", "circuit_breaker"])
def test_fewer_and_fewer_fail_in_the_minutes_of_recovery(kind):
    """COM-6: five to ten minutes, in which the error rate decays, and the time of answers with it."""
    world = shop(21, 4)
    place, thirds = world.flow.places[CHECKOUT], []
    for one in world.occasions.between(world.scenario.timeline.since_s, world.scenario.timeline.until_s):
        stood_s = one.phases_s[1]
        if one.name != kind:
            continue
        assert 5 * MINUTE_S <= one.recovery_s <= 10 * MINUTE_S
        state = world.solve(Window(-(-stood_s // MINUTE_S), one.end_s // MINUTE_S, MINUTE_S))
        share = state.outcomes.failed[place] / state.outcomes.requests[place]
        times = state.rates.answers.served_mean[place]
        thirds.append([part.mean() for values in (share, times) for part in np.array_split(values, 3)])
    first, second, third, slow, less_slow, quick = np.mean(thirds, axis=0)
    assert first > 0.1
    assert first > 1.3 * second > 1.3 * 1.3 * third
    if kind == "memory_leak":  # a gateway that recovers answers more and more of those who wait for it, and late
        assert slow > less_slow > quick
        assert slow > 1.5 * quick


def test_an_order_that_was_accepted_is_made():
    """While its database has no connections left, it is made late and after some attempts; it does not get lost."""
    world = shop(21, 4)
    found = world.occasions.between(world.scenario.timeline.since_s, world.scenario.timeline.until_s)
    struck = next(one for one in found if one.name == "connection_pool_exhaustion")
    first = struck.phases_s[0] // MINUTE_S + 1
    state = world.solve(Window(first, first + 3, MINUTE_S), detailed=True)
    seen = walked(state, 0, 3)
    places, edges = world.flow.places, world.flow.edges
    answered = {id_ for ending, id_ in sent(seen, places[CHECKOUT]) if ending == SERVED}
    orders: dict[int, list[int]] = {}
    for _, edge, requests, parents, _ in seen.all:
        if edge >= 0 and (edges.parents[edge], edges.children[edge]) == (places[CHECKOUT], places["order-service"]):
            for caller, ending in zip(parents.tolist(), requests.ending.tolist(), strict=True):
                orders.setdefault(caller, []).append(ending)
    assert answered <= orders.keys()
    attempts = [orders[one] for one in answered]
    assert all(LATE not in endings for endings in attempts)
    assert np.mean([FAILED in endings for endings in attempts]) > 0.05
    assert np.mean([SERVED not in endings for endings in attempts]) < 0.005


def sent(seen, node):
    """Ending and id of each request at a node."""
    ending, _, _, ids, _ = seen.of(node)
    return zip(ending.tolist(), ids.tolist(), strict=True)
