"""Requests that a loop follows go where NumPy sends them: for all states S, descend(S) = walk(S), bit for bit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfleet.core import compiled
from ghostfleet.core.window import MINUTE_S, Window
from ghostfleet.spec import loading, reading
from ghostfleet.state.estate import Estates, State
from ghostfleet.state.estate.calling import FAILED, LATE, NOTHING, OWN, REFUSED, SERVED, TIMED_OUT
from ghostfleet.state.estate.spent import Spent
from ghostfleet.state.estate.walk import Requests
from tests.laws import estates
from tests.laws.estates import START

pytestmark = pytest.mark.skipif(compiled.loops() is None, reason="nothing was compiled here")

QUIET, STRUCK = 0, 7_675  # minutes after the start: in the second, a gateway of the estate does not answer


# What a test changes in the small estate, so that requests go ways that they do not go there.
MORE = ("timeout_ms: 30000, retries: 1", "timeout_ms: 30000, retries: 3")  # calls of a gateway that does not answer
ODD = {
    "often in vain": [("per_request: 1.6", "per_request: 7.5, retries: 3, unanswered_percent: 20")],
    "tight limits": [
        ("timeout_ms: 40000", "timeout_ms: 450"),
        ("timeout_ms: 30000, retries: 1", "timeout_ms: 200, retries: 2, opens_above: 0.05, trips: 0.2"),
    ],
    "a choice": [
        ("per_request: 0.4, timeout_ms: 30000", "per_request: 0.4, timeout_ms: 30000, choice: a"),
        ("per_request: 0.6,", "per_request: 0.6, choice: a, trips: 0.2, unanswered_percent: 30,"),
    ],
    "messages": [("auth-service: {}", "auth-service: {asynchronous: true, retries: 3, unanswered_percent: 30}")],
    "no retries": [("retries: 1", "retries: 0"), ("auth-service: {}", "auth-service: {retries: 0}")],
}


def solved(name: str, low: int, ticks: int, *assignments: str, changed: Sequence[tuple[str, str]] = ()) -> State:
    text = estates.text(name)
    for before, after in changed:
        assert before in text
        text = text.replace(before, after, 1)
    document = reading.read(text, f"{name}.yaml")
    world = Estates(loading.load(document, loading.Settings(assignments=assignments)).scenario)
    return world.solve(Window(START + low, START + low + ticks, MINUTE_S), detailed=True)


def entering(state: State, node: int, share: float, chance: np.random.Generator) -> Requests:
    """Some of the requests at a node, in any order, as if all had entered there; of each ending."""
    known = state.walk.node(node)
    ticks = np.arange(len(state.window))
    parts = []
    for ending, counts in ((SERVED, known.served), (LATE, known.late), (FAILED, known.failed)):
        tick = np.repeat(ticks, counts)
        index = np.arange(len(tick)) - np.repeat(np.cumsum(counts) - counts, counts)
        parts.append((tick, np.full(len(tick), ending, dtype=np.uint8), index))
    tick, endings, index = (np.concatenate(column) for column in zip(*parts, strict=True))
    ids = chance.integers(0, 2**64, len(tick), dtype=np.uint64)
    whole = Requests(np.arange(len(tick)), tick, endings, index, ids, np.zeros(len(tick)))
    some = chance.permutation(len(whole))[: int(len(whole) * share)]
    found = whole.some(some)
    found.root = chance.permutation(len(some))
    found.start_ms = chance.random(len(some)) * 1e3
    return found


def followed(state: State, node: int, requests: Requests, partners: set[int] | None) -> list[Any]:
    spent = None if partners is None else Spent(state.walk, len(requests), partners)
    answered = state.walk.follow(node, requests, spent)
    known = [answered.ms, answered.blame, answered.cause, answered.callee]
    return known if spent is None else [*known, spent.all.stores_ms, spent.all.partners_ms, spent.all.asked]


def assert_the_same(state: State, seed: int, share: float = 1.0) -> set[int]:
    """Follow requests at every node both ways, over wires whose length changes; gives what made them fail."""
    chance = np.random.default_rng(seed)
    for edge in range(0, len(state.flow.edges), 2):
        state.walk.lengths[edge] = state.walk.wire(edge) * (1 + chance.random(len(state.window)))
    causes: set[int] = set()
    for node in range(len(state.flow.nodes)):
        requests = entering(state, node, share, chance)
        partners = set(chance.permutation(len(state.flow.nodes))[:3].tolist()) if seed % 2 else None
        mine = followed(state, node, requests, partners)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(compiled, "loops", lambda: None)
            theirs = followed(state, node, requests, partners)
        for one, other in zip(mine, theirs, strict=True):
            assert one.dtype == other.dtype
            assert one.tobytes() == other.tobytes()
        causes |= set(mine[2].tolist())
    return causes


@pytest.mark.parametrize("low", [QUIET, STRUCK])
def test_of_an_estate(low):
    causes = assert_the_same(solved("estate", low, 4), 1)
    assert causes >= ({NOTHING, OWN, TIMED_OUT} if low == STRUCK else {NOTHING, OWN})


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**40),
    low=st.integers(20, 60),
    share=st.sampled_from([0.0, 0.1, 1.0]),
    changed=st.sampled_from([(), (MORE,)]),
)
def test_whatever_the_seed_and_the_incident(seed, low, share, changed):
    """Through a payment time-out, with retries, open breakers and limits that are near, for some requests or all."""
    assert_the_same(solved("small_estate", low, 12, f"execution.random_seed={seed}", changed=changed), seed, share)


@pytest.mark.parametrize("name", ODD)
def test_in_an_odd_estate(name):
    """Attempts that fail in more than one way, limits that nobody keeps, choices, messages, nothing tried again."""
    assert_the_same(solved("small_estate", 28, 20, changed=ODD[name]), 1)


def test_every_cause_and_every_way_is_taken():
    """The law above would hold of nothing at all; here are failures of all kinds, with limits near and far."""
    state = solved("small_estate", 20, 60, changed=[MORE])
    assert assert_the_same(state, 1) == {NOTHING, OWN, TIMED_OUT, REFUSED}
    near = [
        state.walk.node(child).reaches(float(limit), state.walk.wire(edge))
        for edge, (child, limit) in enumerate(
            zip(state.flow.edges.children.tolist(), state.flow.edges.timeouts_ms.tolist(), strict=True)
        )
    ]
    assert np.any(near)
    assert not np.all(near)
    assert all(count.any() for count in state.walk.details)  # calls that are lost, or served at the last attempt


def test_a_request_that_is_none_of_its_tick_is_refused():
    state = solved("small_estate", 20, 4)
    node = int(state.flow.entries.nodes[0])
    requests = entering(state, node, 1.0, np.random.default_rng(1))
    for name, wrong in (("index", -1), ("index", 10**6), ("tick", -1), ("tick", 4)):
        broken = requests.some(np.arange(len(requests)))
        getattr(broken, name)[-1] = wrong
        with pytest.raises(IndexError, match="below the tick's total"):
            state.walk.follow(node, broken)
    requests.root[-1] = len(requests)
    with pytest.raises(IndexError):
        state.walk.follow(node, requests, Spent(state.walk, len(requests), set()))
