"""Single requests on their way through an estate: whom they call, what fails and is tried again, how long it takes.

A walk follows requests from where they enter, calls before the work that comes after them. Whether one fails, makes a
call or tries it again is told by ranks (`ranks`), so that the requests of a tick add up to the state's counts exactly.
How long its own work takes is a draw of the request's own from the state's law; its time is the sum of its parts.

A request is known by an id, which is drawn from its caller's id and the call; tables write its mix (`visits.written`).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np

from ghostfleet.core import compiled, draw, maths
from ghostfleet.core.quantiles import normal_body, normal_quantile
from ghostfleet.state.estate.answers import wire_ms
from ghostfleet.state.estate.calling import FAILED, LATE, OWN, SERVED, TIMED_OUT, Calling
from ghostfleet.state.estate.descent import Descent
from ghostfleet.state.estate.latency import LN_2, NEAR, normal_above
from ghostfleet.state.estate.ranks import Ranks, offsets
from ghostfleet.state.estate.spent import Spent
from ghostfleet.state.estate.totals import LEAD

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64, U8, U64, Bool
    from ghostfleet.state.estate import State

WIDEST = 1e-12


class Requests(msgspec.Struct):
    """Requests at one node, shape (requests,) each; ticks count from the window's first."""

    root: I64  # place of the request that entered
    tick: I64
    ending: U8
    index: I64  # among the requests of its node and tick that ended so
    id: U64
    start_ms: F64  # since the request entered

    def some(self, places: I64 | Bool) -> Requests:
        """Some of them."""
        return Requests(*(getattr(self, name)[places] for name in self.__struct_fields__))

    def __len__(self) -> int:
        """Count them."""
        return len(self.root)


class Answered(msgspec.Struct):
    """How requests at one node went, shape (requests,) each."""

    ms: F64  # until they were answered
    blame: I64  # node at which it went wrong, -1 where nothing did
    cause: U8
    callee: I64  # of those, whom it called and did not get an answer from, -1 where it failed by itself

    @staticmethod
    def blank(count: int) -> Answered:
        """Requests of which nothing is known yet."""
        nobody = np.full((2, count), -1, dtype=np.int64)
        return Answered(np.zeros(count), nobody[0], np.zeros(count, dtype=np.uint8), nobody[1])

    def some(self, places: I64) -> Answered:
        """Some of them."""
        return Answered(self.ms[places], self.blame[places], self.cause[places], self.callee[places])


class Watcher(Protocol):
    """Whoever wants to know of every request on the way, and not just how it went for those that entered."""

    hears: bool  # False: what messages lead to is not followed, as nobody waits for it

    def saw(self, node: int, edge: int, requests: Requests, parents: U64, answered: Answered) -> None:
        """Take requests at a node, and the ids of their callers; they came along an edge, or entered (-1)."""


class Walk:
    """Follows requests of one solved window; made for it, and kept with it."""

    def __init__(self, state: State) -> None:
        """Look up nothing yet: a walk touches the nodes that its requests reach."""
        self.state, self.flow = state, state.flow
        self._ranks: dict[tuple[str, int], Ranks] = {}
        self._nodes: dict[int, Node] = {}
        self._descents: dict[int, Descent] = {}
        self.lengths: dict[int, F64] = {}

    def forget(self) -> None:
        """Let go of nodes, which know the walk."""
        self._nodes.clear()
        self._descents.clear()

    @cached_property
    def details(self) -> list[I64]:
        """Counts that only single requests need, each of shape (slots, ticks)."""
        done = self.state.outcomes
        found = [done.call_lost, done.call_again, done.call_more, done.call_most]
        if any(one is None for one in found):
            msg = "single requests are followed through a state that was solved in detail"
            raise ValueError(msg)
        return [one for one in found if one is not None]

    @cached_property
    def totals(self) -> I64:
        """Requests that entered at each cell, shape (entries, ticks)."""
        return self.state.outcomes.entered

    def enter(self, cell: int, first: int, last: int) -> Requests:
        """All requests that entered at a cell in ticks ``[first, last)``, in the order of ticks; roots count from 0."""
        counts = self.totals[cell, first:last]
        tick = np.repeat(np.arange(first, last, dtype=np.int64), counts)
        index = np.arange(len(tick)) - np.repeat(np.add.accumulate(counts) - counts, counts)
        failed = self.state.outcomes.entry_failed[cell]
        fails, rank = self.ranks("entry", cell, self.flow.entries.ids).pick(tick, index, self.totals[cell], failed)
        node = self.node(int(self.flow.entries.nodes[cell]))
        served, bad = (node.first[ending]["entry", cell] for ending in (SERVED, FAILED))
        place = np.where(fails, bad.take(tick), served.take(tick)) + rank
        ending = np.where(fails, FAILED, SERVED).astype(np.uint8)
        ids = draw.derived(
            self.cell_key(cell), (self.state.window.start + tick).astype(np.uint64), index.astype(np.uint64)
        )
        return Requests(np.arange(len(tick)), tick, ending, place, ids, np.zeros(len(tick)))

    def cell_key(self, cell: int) -> U64:
        """Key of the ids of what enters at a cell, shape (2,)."""
        key: U64 = self.flow.stream("request").keys(self.flow.entries.ids[cell : cell + 1])[0]
        return key

    def ranks(self, role: str, number: int, ids: U64) -> Ranks:
        """Permutations of a split, by what it splits and by whom."""
        if (role, number) not in self._ranks:
            keys = self.flow.stream("rank", role).keys(ids[number : number + 1])
            self._ranks[role, number] = Ranks(keys, self.state.window)
        return self._ranks[role, number]

    def node(self, node: int) -> Node:
        """What a walk needs to know of a node."""
        if node not in self._nodes:
            self._nodes[node] = Node(self, node)
        return self._nodes[node]

    def follow(self, node: int, requests: Requests, watcher: Watcher | None = None) -> Answered:
        """Follow requests at a node down to whoever they reach."""
        loops = compiled.loops()
        if loops is None or not (watcher is None or isinstance(watcher, Spent)):  # others want to see everything
            none = np.zeros(len(requests), dtype=np.uint64)
            return self._visit(node, -1, requests, none, None, watcher)
        if node not in self._descents:
            self._descents[node] = Descent(self, node)
        answered = Answered.blank(len(requests))
        self._descents[node].follow(loops, requests, answered, watcher)
        return answered

    def _visit(
        self, node: int, edge: int, requests: Requests, parents: U64, limit: F64 | None, watcher: Watcher | None
    ) -> Answered:
        """Requests at a node; ``limit`` is the time in ms that callers wait, infinite where it is never too short."""
        known = self.node(node)
        count = len(requests)
        answered = Answered.blank(count)
        bad = np.flatnonzero(requests.ending == FAILED)
        causes = known.causes(requests.some(bad))  # rank among the failures of the tick; counted from own ones on
        quick = bad[causes < 0]
        answered.blame[quick], answered.cause[quick] = node, OWN
        own_ms = known.own_ms(requests)
        own_ms[quick] *= self.state.rates.telling[node].take(requests.tick[quick])
        stuck = bad[causes >= 0]
        own_ms[stuck] *= LEAD
        # Where a limit is near, the work that is left is known only when the calls are done: none comes before them.
        lead = LEAD * own_ms
        lead[stuck] = own_ms[stuck]
        if limit is not None:
            lead[np.isfinite(limit)] = 0.0
        passed = requests.start_ms + lead
        if known.slots:
            Calling(self, known, requests, watcher).run(bad, causes, passed, answered)
        called = passed - requests.start_ms - lead
        if limit is not None:
            kept = np.flatnonzero((requests.ending != FAILED) & np.isfinite(limit))
            own_ms[kept] = known.held(requests.some(kept), limit[kept] - called[kept])
        answered.ms = called + own_ms
        if watcher is not None:
            watcher.saw(node, edge, requests, parents, answered)
        return answered

    def attempt(
        self, slot: int, number: int, callers: Requests, ending: U8, index: I64, watcher: Watcher | None
    ) -> tuple[F64, Answered]:
        """Let callers make their attempt of a number at a slot; how long they wait for it in ms, and how it went.

        ``callers`` start when they make it; of their attempts, endings and places among the callee's are given.
        """
        edge = int(self.flow.slots.edges[slot])
        child, limit = int(self.flow.edges.children[edge]), float(self.flow.edges.timeouts_ms[edge])
        wires = self.wires(edge, callers)
        ids = draw.derived(self.slot_key(slot), callers.id, number)
        made = Requests(callers.root, callers.tick, ending, index, ids, callers.start_ms + wires / 2)
        near = self.node(child).reaches(limit, self.wire(edge)).take(callers.tick)
        left = np.where(near, limit - wires, np.inf) if near.any() else None
        answered = self._visit(child, edge, made, callers.id, left, watcher)
        waited = self.waited(edge, made, answered)
        late = np.flatnonzero(ending == LATE)
        answered.blame[late], answered.cause[late] = child, TIMED_OUT
        return waited, answered

    def waited(self, edge: int, requests: Requests, answered: Answered) -> F64:
        """How long callers waited for what requests along an edge were answered: no longer than its limit, in ms."""
        limit = float(self.flow.edges.timeouts_ms[edge])
        waited = np.minimum(answered.ms + self.wires(edge, requests), limit)
        waited[requests.ending == LATE] = limit
        return waited

    def wires(self, edge: int, requests: Requests) -> F64:
        """Time that requests along an edge are on the wire, there and back, in ms."""
        wire = self.wire(edge)
        return wire.take(requests.tick) if len(wire) > 1 else np.full(len(requests), wire[0])

    def wire(self, edge: int) -> F64:
        """Time on the wire of an edge, shape (ticks,), or (1,) where nothing changes it."""
        if edge not in self.lengths:
            self.lengths[edge] = wire_ms(self.flow, np.array([edge]), self.state.influences)[0]
        return self.lengths[edge]

    def slot_key(self, slot: int) -> U64:
        """Key of the ids of calls of a slot, shape (2,)."""
        key: U64 = self.flow.stream("call").keys(self.flow.slots.ids[slot : slot + 1])[0]
        return key


class Node:
    """Counts and laws of one node, shapes (ticks,)."""

    def __init__(self, walk: Walk, node: int) -> None:
        flow, state = walk.flow, walk.state
        outcomes = state.outcomes
        self.walk, self.node = walk, node
        self.slots = flow.slots.of[node]
        choices = {slot: one for one in flow.slots.choices for slot in one}
        self.turns = tuple(dict.fromkeys(choices.get(slot, (slot,)) for slot in self.slots))
        self.served, self.late, self.failed = outcomes.served[node], outcomes.late[node], outcomes.failed[node]
        self.own_failed = outcomes.own_failed[node]
        self.first = self._sources()
        spread = float(flow.nodes.spreads[node])
        octaves = maths.log2(np.array([1 + spread * spread]))
        self.scale = float(np.sqrt(octaves / LN_2)[0])
        self.times = state.rates.times[node]
        self.location = maths.log2(np.maximum(self.times, 1e-9)) - octaves / 2

    def _sources(self) -> list[dict[tuple[str, int], I64]]:
        """Place of each source's first request among those of the node, by ending: entries, echoes, slots."""
        flow, done, node = self.walk.flow, self.walk.state.outcomes, self.node
        names: list[tuple[str, int]] = []
        counts: list[list[I64]] = [[], [], []]
        nothing = np.zeros_like(self.served)
        for cell in np.flatnonzero(flow.entries.nodes == node).tolist():
            names.append(("entry", cell))
            bad = done.entry_failed[cell]
            for ending, count in enumerate((done.entered[cell] - bad, nothing, bad)):
                counts[ending].append(count)
        for echo in np.flatnonzero(flow.echoes.children == node).tolist():
            names.append(("echo", echo))
            bad = done.echo_failed[echo]
            for ending, count in enumerate((done.echoed[echo] - bad, nothing, bad)):
                counts[ending].append(count)
        for slot in flow.slots_into[node]:
            names.append(("slot", slot))
            late = done.call_late[slot]
            for ending, count in enumerate((done.call_served[slot], late, done.call_failed[slot] - late)):
                counts[ending].append(count)
        return [dict(zip(names, offsets(one), strict=False)) for one in counts]

    def lost(self, slot: int) -> I64:
        """Calls of a slot that failed for good."""
        lost: I64 = self.walk.details[0][slot]
        return lost

    def again(self, slot: int) -> list[I64]:
        """Served calls of a slot before which one attempt failed at least, two at least, three."""
        return [one[slot] for one in self.walk.details[1:]]

    def child(self, slot: int) -> Node:
        """Whom a slot calls."""
        flow = self.walk.flow
        return self.walk.node(int(flow.edges.children[flow.slots.edges[slot]]))

    def causes(self, failed: Requests) -> I64:
        """Ranks of failed requests by cause: below 0 those of their own doing, then those of each slot in turn."""
        own = self.own_failed.take(failed.tick)
        if not self.slots or not len(failed):
            return np.full(len(failed), -1, dtype=np.int64)
        ranks = self.walk.ranks("cause", self.node, self.walk.flow.nodes.ids)
        rank: I64 = ranks.of(failed.tick, self.failed.take(failed.tick), failed.index) - own
        return rank

    def own_ms(self, requests: Requests) -> F64:
        """Time of requests' own work, drawn from the node's law."""
        z = normal_body().take((requests.id >> np.uint64(48)).astype(np.int64)).astype(np.float64)
        z *= self.scale
        z += self.location.take(requests.tick)
        return maths.exp2(z)

    def reaches(self, limit: float, wire: F64) -> Bool:
        """Say at which ticks the time that callers wait may be too short for somebody."""
        answers = self.walk.state.rates.answers
        near: Bool = (answers.served_mean[self.node] + wire) * NEAR > limit
        return near

    def held(self, requests: Requests, left: F64) -> F64:
        """Time of requests' own work, given that it is done within what is left of a limit, or is not.

        Of a law F and a uniform u, what lies below x is the quantile of u F(x), what lies above that of
        F(x) + u (1 − F(x)).
        """
        u = ((requests.id >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        location = self.location.take(requests.tick)
        z = (maths.log2(np.maximum(left, 1e-6)) - location) / max(self.scale, 1e-6)
        below = np.where(left > 0, 1 - normal_above(z), 0.0)
        late = requests.ending == LATE
        p = np.where(late, below + u * (1 - below), u * below)
        out = maths.exp2(location + self.scale * normal_quantile(np.clip(p, WIDEST, 1 - WIDEST)))
        # What is left to one in time may be less than anybody needs; it does the little that it can.
        return np.where(late, np.maximum(out, left), np.minimum(out, np.maximum(left, 0.02 * out)))
