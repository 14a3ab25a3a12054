"""Which requests of a node make which calls, how often they try, and how each attempt ends.

A node's failures stand in the order of what made them fail: those of its own doing, then those whose call of its first
slot was lost, of its second, and so on. So whoever gets past a slot and fails later has a place behind those that get
past and are answered, and every population here is an interval of ranks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.state.estate.answers import REFUSAL_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, I64, U8, Bool
    from ghostfleet.state.estate.walk import Answered, Node, Requests, Walk, Watcher

SERVED, LATE, FAILED = range(3)  # how a request ended for who made it; one that is late was answered too late
NOTHING, OWN, TIMED_OUT, REFUSED = range(4)  # what made a request fail in the end
AGAIN = ("again", "more", "most", "end")  # splits of calls by how many of their attempts failed


class Some(msgspec.Struct):
    """Some requests of a node, as places among them, with their ranks in a population of their tick."""

    places: I64
    ranks: I64

    def at(self, chosen: I64 | Bool) -> Some:
        """Those chosen, by a mask or by places."""
        return Some(self.places[chosen], self.ranks[chosen])


class Calling:
    """Requests of one node on their way through its slots."""

    def __init__(self, walk: Walk, node: Node, requests: Requests, watcher: Watcher | None) -> None:
        """Take requests of a node that has slots."""
        self._walk, self._node, self._requests, self._watcher = walk, node, requests, watcher
        self._flow, self._done = walk.flow, walk.state.outcomes

    def run(self, bad: I64, causes: I64, passed: F64, answered: Answered) -> None:
        """Make the calls of all slots in turn.

        ``bad`` are the places of requests that fail, ``causes`` their ranks by cause, below 0 for their own doing.
        ``passed`` is the time in ms at which each request is; it is moved on, and what went wrong is written down.
        """
        node, requests = self._node, self._requests
        alive = np.flatnonzero(requests.ending != FAILED)
        ticks = requests.tick[alive]
        late = requests.ending[alive] == LATE
        answering = Some(alive, requests.index[alive] + np.where(late, node.served.take(ticks), 0))
        failing = Some(bad, causes).at(causes >= 0)
        past, left = node.served + node.late, node.failed - node.own_failed
        for slots in node.turns:
            if self._is_message(slots[0]):
                self._send(slots[0], answering, past, passed)
                continue
            losing, failing = self._losing(slots, failing)
            for slot in slots:
                left = left - node.lost(slot)
            ticks = requests.tick[failing.places]
            reached = Some(
                np.concatenate([answering.places, failing.places]),
                np.concatenate([answering.ranks, past.take(ticks) + failing.ranks]),
            )
            for slot, lost, served in zip(slots, losing, self._chosen(slots, reached, past + left), strict=True):
                self._wait(slot, served, lost, passed, answered)

    def _is_message(self, slot: int) -> bool:
        return bool(self._flow.edges.asynchronous[self._flow.slots.edges[slot]])

    def _losing(self, slots: Sequence[int], failing: Some) -> tuple[list[Some], Some]:
        """Of requests that fail at one of some slots or later, those that do so at each, and the rest."""
        found = []
        for slot in slots:
            count = self._node.lost(slot).take(self._requests.tick[failing.places])
            here = failing.ranks < count
            found.append(failing.at(here))
            failing = Some(failing.places, failing.ranks - count).at(~here)
        return found, failing

    def _chosen(self, slots: Sequence[int], reached: Some, total: I64) -> list[Some]:
        """Callers of each slot that are served, with their ranks among them: each slot picks of those that are left."""
        found = []
        for slot in slots:
            made = self._done.call_served[slot]
            callers, reached = self._picked("made", slot, reached, total, made)
            found.append(callers)
            total = total - made
        return found

    def _picked(self, role: str, slot: int, some: Some, total: I64, count: I64) -> tuple[Some, Some]:
        """Those of a tick's requests that a split takes, and the others; each with ranks of their own."""
        if np.array_equal(total, count):
            return some, some.at(np.arange(0))
        if not count.any():
            return some.at(np.arange(0)), some
        ticks = self._requests.tick[some.places]
        taken, ranks = self._walk.ranks(role, slot, self._flow.slots.ids).pick(ticks, some.ranks, total, count)
        ranked = Some(some.places, ranks)
        return ranked.at(taken), ranked.at(~taken)

    def _send(self, slot: int, answering: Some, past: I64, passed: F64) -> None:
        """Send messages, for which nobody waits; who sends one does not learn whether it was lost."""
        if self._watcher is None or not self._watcher.hears:
            return
        unheard = self._node.lost(slot)
        sent = self._done.call_served[slot] + unheard
        calling, _ = self._picked("made", slot, answering, past, sent)
        lost, heard = self._picked("unheard", slot, calling, sent, unheard)
        now = passed.copy()
        for number, (callers, ending, index) in enumerate(self._attempts(slot, heard, self._granted(slot, lost))):
            made = self._requests.some(callers)
            made.start_ms = now[callers]
            waited, _ = self._walk.attempt(slot, number, made, ending, index, self._watcher)
            now[callers] += waited

    def _wait(self, slot: int, served: Some, lost: Some, passed: F64, answered: Answered) -> None:
        """Make calls and wait for their answers; the last attempt of a lost call is what its caller fails of."""
        granted = self._granted(slot, lost)
        child = int(self._flow.edges.children[self._flow.slots.edges[slot]])
        refused = _without(lost.places, granted.places, len(self._requests))
        passed[refused] += REFUSAL_MS
        answered.callee[lost.places] = child
        answered.blame[refused], answered.cause[refused] = child, REFUSED
        for number, (callers, ending, index) in enumerate(self._attempts(slot, served, granted)):
            made = self._requests.some(callers)
            made.start_ms = passed[callers]
            waited, ended = self._walk.attempt(slot, number, made, ending, index, self._watcher)
            passed[callers] += waited
            failed = np.flatnonzero(ending != SERVED)
            answered.blame[callers[failed]], answered.cause[callers[failed]] = ended.blame[failed], ended.cause[failed]
        answered.blame[served.places], answered.cause[served.places] = -1, NOTHING

    def _granted(self, slot: int, lost: Some) -> Some:
        """Calls that are lost but not refused by a breaker, with their ranks among those."""
        refused = self._done.call_refused[slot]
        return self._picked("refused", slot, lost, self._node.lost(slot), refused)[1]

    def _attempts(self, slot: int, served: Some, lost: Some) -> list[tuple[I64, U8, I64]]:
        """First, second … attempts at a slot: their callers, how they end, and their places among the callee's."""
        child = self._node.child(slot)
        tries = int(self._flow.edges.retries[self._flow.slots.edges[slot]]) + 1
        again = self._node.again(slot)[: tries - 1]
        before = np.zeros_like(self._node.served)  # failed attempts numbered so far
        first_served = child.first[SERVED]["slot", slot]
        rank_of = np.full(len(self._requests), -1, dtype=np.int64)
        rank_of[served.places] = served.ranks
        base = sum(again, before)
        going, total = served, self._done.call_served[slot]
        found = []
        for number in range(tries):
            more = again[number] if number < len(again) else np.zeros_like(total)
            failing, done = self._picked(AGAIN[number], slot, going, total, more)
            total = more
            ticks = self._requests.tick[failing.places]
            lost_ticks = self._requests.tick[lost.places]
            failed = Some(
                np.concatenate([failing.places, lost.places]),
                np.concatenate(
                    [before.take(ticks) + failing.ranks, base.take(lost_ticks) + lost.ranks * tries + number]
                ),
            )
            if number < len(again):
                before = before + again[number]
            ending, index = self._ends(slot, failed, child)
            at = first_served.take(self._requests.tick[done.places]) + rank_of[done.places]
            callers = np.concatenate([done.places, failed.places])
            if not len(callers):
                break
            endings = np.concatenate([np.full(len(done.places), SERVED, dtype=np.uint8), ending])
            found.append((callers, endings, np.concatenate([at, index])))
            going = failing
        return found

    def _ends(self, slot: int, failed: Some, child: Node) -> tuple[U8, I64]:
        """How failed attempts ended, by their numbers, and their places among the callee's that ended so."""
        ticks = self._requests.tick[failed.places]
        timed_out, ranks = self._walk.ranks("late", slot, self._flow.slots.ids).pick(
            ticks, failed.ranks, self._done.call_failed[slot], self._done.call_late[slot]
        )
        first_late, first_failed = (child.first[ending]["slot", slot].take(ticks) for ending in (LATE, FAILED))
        index = np.where(timed_out, first_late, first_failed) + ranks
        return np.where(timed_out, LATE, FAILED).astype(np.uint8), index


def _without(places: I64, others: I64, count: int) -> I64:
    """Places among so many requests that are none of the others."""
    if not len(others) or not len(places):
        return places
    kept = np.ones(count, dtype=np.bool_)
    kept[others] = False
    return places[kept[places]]
