"""Single requests add up to the state, exactly, at every node and tick, and do not know who else is followed.

W(S) are the requests that a walk through a state S sees; each has a node, a tick, an ending and a place among those.
"""

from collections import defaultdict
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfleet.core import draw
from ghostfleet.core.window import MINUTE_S, Window
from ghostfleet.signals import network_metrics, system_metrics
from ghostfleet.state.estate import Estates, State
from ghostfleet.state.estate.calling import FAILED, LATE, SERVED
from ghostfleet.state.estate.ranks import Ranks
from tests.laws import estates
from tests.laws.estates import START

QUIET, STRUCK = 0, 7_675  # minutes after the start: in the second, a gateway of the estate does not answer
SWITCHING = (7_735, 9_115)  # a service of the estate has its daily rush in a minute of the five that begin here


class Seen:
    """Keeps everything that a walk sees."""

    hears = True

    def __init__(self) -> None:
        self.all: list[Any] = []

    def saw(self, node, edge, requests, parents, answered):
        self.all.append((node, edge, requests, parents, answered))

    def of(self, node):
        """Ending, tick, index, id and time of each request at a node."""
        mine = [(one[2], one[4]) for one in self.all if one[0] == node]
        if not mine:
            return tuple(np.zeros(0, dtype=np.int64) for _ in range(5))
        columns = [(r.ending.astype(np.int64), r.tick, r.index, r.id, a.ms) for r, a in mine]
        return tuple(map(np.concatenate, zip(*columns, strict=True)))


def walked(state: State, first: int, last: int, keep=lambda ids: np.ones(len(ids), dtype=np.bool_)) -> Seen:
    seen = Seen()
    for cell, node in enumerate(state.flow.entries.nodes.tolist()):
        requests = state.walk.enter(cell, first, last)
        state.walk.follow(node, requests.some(np.flatnonzero(keep(requests.id))), seen)
    return seen


def solved(name: str, low: int, ticks: int, *assignments: str) -> State:
    world = Estates(estates.scenario(name, *assignments))
    return world.solve(Window(START + low, START + low + ticks, MINUTE_S), detailed=True)


@cache
def estate(low: int) -> tuple[State, Seen]:
    state = solved("estate", low, 4)
    return state, walked(state, 0, 4)


def assert_adds_up(state: State, seen: Seen, ticks: int) -> None:
    outcomes = state.outcomes
    counts = {SERVED: outcomes.served, LATE: outcomes.late, FAILED: outcomes.failed}
    for node, name in enumerate(state.flow.nodes.names):
        ending, tick, index, _, _ = seen.of(node)
        for kind, wanted in counts.items():
            mine = ending == kind
            np.testing.assert_array_equal(np.bincount(tick[mine], minlength=ticks), wanted[node, :ticks], err_msg=name)
            # Places are 0 … n − 1, each taken once: nobody is told twice, nobody forgotten.
            order = np.lexsort((index[mine], tick[mine]))
            places = np.concatenate([np.arange(count) for count in wanted[node, :ticks].tolist()] or [np.zeros(0)])
            np.testing.assert_array_equal(index[mine][order], places, err_msg=name)


@pytest.mark.parametrize("low", [QUIET, STRUCK])
def test_requests_add_up_to_the_state(low):
    """For all nodes n, ticks t and endings e: |W(S)[n, t, e]| = S[n, t, e], with and without an incident."""
    state, seen = estate(low)
    assert_adds_up(state, seen, 4)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**40), low=st.integers(20, 60))
def test_they_add_up_whatever_the_seed_and_the_incident(seed, low):
    """The same through a payment time-out, with retries, time-outs and open breakers, for any seed."""
    state = solved("small_estate", low, 12, f"execution.random_seed={seed}")
    assert_adds_up(state, walked(state, 0, 12), 12)


def test_ids_are_unique():
    _, seen = estate(QUIET)
    ids = np.concatenate([one[2].id for one in seen.all])
    assert len(np.unique(ids)) == len(ids) > 100_000


def test_whoever_is_followed_does_not_know_who_else_is():
    """W(S) restricted to some traces = the walk of these traces alone, bit for bit."""
    state = solved("small_estate", 25, 20)

    def some(ids):
        return ids % 7 == 3

    alone, together = walked(state, 0, 20, some), walked(state, 0, 20)
    chosen = {one for one in together.all[0][2].id.tolist() if one % 7 == 3}
    assert chosen
    for node in range(len(state.flow.nodes)):
        few = {row[3]: row for row in zip(*(part.tolist() for part in alone.of(node)), strict=True)}
        many = {row[3]: row for row in zip(*(part.tolist() for part in together.of(node)), strict=True)}
        assert few
        assert all(many[one] == row for one, row in few.items())


def test_a_window_is_a_cut():
    """W(S)[b, c) of S[a, d) = W(S') of S' = S[b, c), bit for bit."""
    long, short = solved("small_estate", 20, 40), solved("small_estate", 33, 10)
    one, other = walked(long, 13, 23), walked(short, 0, 10)
    for node in range(len(long.flow.nodes)):
        here, there = one.of(node), other.of(node)
        np.testing.assert_array_equal(here[1] - 13, there[1])
        for left, right in zip((here[0], *here[2:]), (there[0], *there[2:]), strict=True):
            np.testing.assert_array_equal(left, right)


def test_times_are_sums_of_parts():
    """A request takes its own time and that of the calls it waits for, one after another; nothing is left over."""
    state = solved("small_estate", QUIET, 6)
    seen = walked(state, 0, 6)
    spent: dict[int, float] = defaultdict(float)
    for _, edge, requests, parents, answered in seen.all:
        if edge >= 0 and not state.flow.edges.asynchronous[edge]:
            wire = float(state.flow.edges.wire_ms[edge])
            limit = float(state.flow.edges.timeouts_ms[edge])
            waited = np.where(requests.ending == LATE, limit, np.minimum(answered.ms + wire, limit))
            for parent, ms in zip(parents.tolist(), waited.tolist(), strict=True):
                spent[parent] += ms
    for _, _, requests, _, answered in seen.all:
        own = answered.ms - np.array([spent[one] for one in requests.id.tolist()])
        assert (own > 0).all()


def test_callees_of_a_request_lie_within_it():
    """A call that is waited for begins and ends within the request that makes it."""
    state = solved("small_estate", QUIET, 6)
    seen = walked(state, 0, 6)
    began: dict[int, float] = {}
    ended: dict[int, float] = {}
    for _, _, requests, _, answered in seen.all:
        began |= dict(zip(requests.id.tolist(), requests.start_ms.tolist(), strict=True))
        ended |= dict(zip(requests.id.tolist(), (requests.start_ms + answered.ms).tolist(), strict=True))
    for _, edge, requests, parents, answered in seen.all:
        if edge < 0:
            continue
        in_time = requests.ending != LATE
        for parent, start, stop in zip(
            parents[in_time].tolist(),
            requests.start_ms[in_time].tolist(),
            (requests.start_ms + answered.ms)[in_time].tolist(),
            strict=True,
        ):
            assert began[parent] <= start
            assert stop <= ended[parent] + 1e-6


def quantile_ratios(values, tick, of_row, probability, least):
    """Percentiles of single requests over those of a column, for rows of which there are enough."""
    found = []
    for row in range(len(of_row)):
        mine = values[tick == row]
        if len(mine) >= least:
            found.append(np.quantile(mine, probability) / of_row[row])
    return found


@pytest.mark.parametrize("low", [QUIET, STRUCK])
def test_medians_of_requests_are_those_of_services(low):
    """Of the shop's services, within 5 % beyond sampling error; nine in ten of all, whose detours are many."""
    state, seen = estate(low)
    signal = system_metrics.SystemMetrics(estates.scenario("estate"))
    facts = signal.facts(state).values
    median = system_metrics.median(facts)
    close, shop = [], []
    for row, name in enumerate(signal.names):
        ending, tick, _, _, ms = seen.of(state.flow.places[name])
        served = ending == SERVED
        ratios = quantile_ratios(ms[served], tick[served], median[row], 0.5, 1_000)
        close += [abs(ratio - 1) < 0.06 for ratio in ratios]
        if state.flow.estate.services[name].domain == "shop":
            shop += ratios
    assert len(shop) >= 20
    assert max(abs(ratio - 1) for ratio in shop) < 0.08
    assert np.mean([abs(ratio - 1) < 0.05 for ratio in shop]) > 0.85
    assert np.mean(close) > 0.85


@pytest.mark.parametrize("low", SWITCHING)
def test_medians_of_coarser_rows_are_those_of_all_their_requests(low):
    """Of five minutes of which one is twice as slow, within 5 % beyond sampling error: those of all, not of a mean."""
    state = solved("estate", low, 5)
    seen = walked(state, 0, 5)
    signal = system_metrics.SystemMetrics(estates.scenario("estate"))
    median = system_metrics.median(signal.facts(state).values, 5)
    ratios = {}
    for row, name in enumerate(signal.names):
        ending, _, _, _, ms = seen.of(state.flow.places[name])
        served = ms[ending == SERVED]
        if len(served) > 300:
            ratios[name] = np.median(served) / median[row, 0]
    assert len(ratios) > 30
    assert {name: ratio for name, ratio in ratios.items() if abs(ratio - 1) > 0.06} == {}


def test_percentiles_of_calls_are_those_of_edges():
    """p50 and p95 of nine edges in ten within 6 %, p99 within 12 %, of those with enough calls."""
    state, seen = estate(QUIET)
    signal = network_metrics.NetworkMetrics(estates.scenario("estate"))
    facts = signal.facts(state).values
    by_edge = defaultdict(list)
    for _, edge, requests, _, answered in seen.all:
        if edge >= 0:
            limit, wire = float(state.flow.edges.timeouts_ms[edge]), float(state.flow.edges.wire_ms[edge])
            waited = np.where(requests.ending == LATE, limit, np.minimum(answered.ms + wire, limit))
            by_edge[edge].append((requests.tick, waited))
    for (probability, least, within), column in zip(
        ((0.5, 1_000, 0.06), (0.95, 3_000, 0.06), (0.99, 6_000, 0.12)),
        network_metrics.percentiles(facts),
        strict=True,
    ):
        wanted = column.reshape(len(signal.edges), -1)
        ratios = []
        for row, edge in enumerate(signal.edges):
            tick, waited = map(np.concatenate, zip(*by_edge[edge], strict=True))
            ratios += quantile_ratios(waited, tick, wanted[row], probability, least)
        assert len(ratios) >= 12
        assert np.mean([abs(ratio - 1) < within for ratio in ratios]) > 0.9, probability


@settings(max_examples=60, deadline=None)
@given(data=st.data(), sizes=st.lists(st.integers(0, 60), min_size=1, max_size=6), seed=st.integers(0, 2**40))
def test_a_split_takes_as_many_as_it_says(data, sizes, seed):
    """Of n requests k are picked; ranks of the sides are 0 … k − 1 and 0 … n − k − 1, each once; alone or together."""
    totals = np.array(sizes, dtype=np.int64)
    counts = np.array([data.draw(st.integers(0, size)) for size in sizes], dtype=np.int64)
    keys = draw.Stream(seed, "test").keys(draw.entity_ids(["split"]))
    ranks = Ranks(keys, Window(100, 100 + len(sizes), MINUTE_S))
    ticks = np.repeat(np.arange(len(sizes)), totals)
    index = np.concatenate([np.arange(size) for size in sizes]) if totals.any() else np.zeros(0, dtype=np.int64)
    taken, rank = ranks.pick(ticks, index, totals, counts)
    for tick, (size, count) in enumerate(zip(sizes, counts.tolist(), strict=True)):
        mine = ticks == tick
        assert sorted(rank[mine & taken].tolist()) == list(range(count))
        assert sorted(rank[mine & ~taken].tolist()) == list(range(size - count))
    some = np.flatnonzero(index % 3 == 1)
    again, few = ranks.pick(ticks[some], index[some], totals, counts)
    np.testing.assert_array_equal(again, taken[some])
    np.testing.assert_array_equal(few, rank[some])
