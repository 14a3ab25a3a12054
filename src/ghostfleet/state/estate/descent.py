"""Requests on their way through an estate in a compiled loop (`core/loops/walk.c`): the same as a walk in NumPy.

A walk says what happens; this hands its tables to the loop, which follows one request after the other.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core import maths
from ghostfleet.core.compiled import address
from ghostfleet.core.quantiles import RATIOS, normal_body
from ghostfleet.state.estate.answers import REFUSAL_MS
from ghostfleet.state.estate.calling import AGAIN, FAILED, LATE, SERVED
from ghostfleet.state.estate.totals import LEAD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ctypes import CDLL

    from ghostfleet.core.arrays import I64, Array
    from ghostfleet.state.estate.spent import Spent
    from ghostfleet.state.estate.walk import Answered, Node, Requests, Walk

# Structs of the loop, of 8 bytes each: words hold addresses, of arrays of shape (ticks,) where nothing else is said.
SPLIT = np.dtype([(name, "u8") for name in ("keys", "totals", "counts", "marks", "befores")] + [("known", "i8")])
NODE = np.dtype(
    [(name, "u8") for name in ("served", "late", "failed", "own_failed", "location", "telling")]
    + [("scale", "f8"), ("keys", "u8"), ("role", "i8"), ("first", "i8"), ("last", "i8")]
)
SLOT = np.dtype(
    [(name, "u8") for name in ("lost", "first_served", "first_late", "first_failed")]
    + [("failed_before", "u8", (len(AGAIN),)), ("wire", "u8"), ("wire_step", "i8"), ("near", "u8"), ("limit_ms", "f8")]
    + [("key", "u8", (2,))]
    + [(name, "i8") for name in ("child", "tries", "is_last", "made", "refused", "again", "late")]
)
WALK = np.dtype(
    [(name, "u8") for name in ("nodes", "slots", "splits", "places", "body", "by", "ratios")]
    + [("limit", "f8"), ("rounder", "f8"), ("lead", "f8"), ("refusal_ms", "f8")]
    + [("tick", "i8"), ("is_broken", "i8"), ("asked", "i8"), ("stores_ms", "f8"), ("partners_ms", "f8")]
)
NONE_OF_ITS_TICK = "a request has a tick of the window, and an index of at least 0 and below the tick's total"
UNKNOWN = -1  # tick of which a split has marks


class Descent:
    """Tables of all that requests at one node reach, of one solved window."""

    def __init__(self, walk: Walk, top: int) -> None:
        """Look up what can be reached from a node."""
        self._walk, self._flow, self._top = walk, walk.flow, top
        self._kept: list[Array] = []  # whatever a table has the address of
        self._splits: list[tuple[int, ...]] = []
        self._most = 1  # requests of a tick that one split takes apart
        self._nodes = np.zeros(len(self._flow.nodes), dtype=NODE)
        self._slots = np.zeros(len(self._flow.slots), dtype=SLOT)
        self._added = 0
        for node in self._reached(top):
            self._add(node, self._walk.node(node))

    def _reached(self, top: int) -> list[int]:
        """Nodes that requests at one reach by calls that somebody waits for, itself included."""
        found = [top]
        for node in found:  # grows meanwhile
            for turn in self._turns(self._walk.node(node)):
                for slot in turn:
                    child = int(self._flow.edges.children[self._flow.slots.edges[slot]])
                    if child not in found:
                        found.append(child)
        return found

    def _turns(self, node: Node) -> list[tuple[int, ...]]:
        edges, slots = self._flow.edges, self._flow.slots
        return [turn for turn in node.turns if not edges.asynchronous[slots.edges[turn[0]]]]

    def _at(self, values: Array, kind: type[Any] = np.int64) -> int:
        """Address of values, which are kept."""
        self._kept.append(np.ascontiguousarray(values, dtype=kind))
        return address(self._kept[-1])

    def _add(self, number: int, node: Node) -> None:
        first, past, left = self._added, node.served + node.late, node.failed - node.own_failed
        for turn in self._turns(node):
            for slot in turn:
                left = left - node.lost(slot)
            total = past + left
            for slot in turn:
                self._slots[self._added] = self._slot(slot, node, total, is_last=slot == turn[-1])
                total = total - self._walk.state.outcomes.call_served[slot]
                self._added += 1
        row = self._nodes[number]
        for name in ("served", "late", "failed", "own_failed"):
            row[name] = self._at(getattr(node, name))
        row["location"] = self._at(node.location, np.float64)
        row["telling"] = self._at(self._walk.state.rates.telling[number], np.float64)
        row["scale"] = node.scale
        if first < self._added and node.failed.any():  # else nobody asks for causes
            row["keys"] = self._at(self._walk.ranks("cause", number, self._flow.nodes.ids).keys, np.uint64)
        row["first"], row["last"] = first, self._added

    def _slot(self, slot: int, node: Node, total: I64, *, is_last: bool) -> tuple[Any, ...]:
        """Row of a slot; ``total`` are the requests that may take it."""
        edge = int(self._flow.slots.edges[slot])
        child, limit = node.child(slot), float(self._flow.edges.timeouts_ms[edge])
        wire = self._walk.wire(edge)
        done, tries = self._walk.state.outcomes, int(self._flow.edges.retries[edge]) + 1
        again = node.again(slot)[: tries - 1]
        made = self._split("made", slot, total, done.call_served[slot])
        refused = self._split("refused", slot, node.lost(slot), done.call_refused[slot])
        late = self._split("late", slot, done.call_failed[slot], done.call_late[slot])
        first_again = len(self._splits)
        before, going = [np.zeros_like(total)], done.call_served[slot]
        for role, more in zip(AGAIN, again, strict=False):
            self._split(role, slot, going, more)
            before.append(before[-1] + more)
            going = more
        return (
            self._at(node.lost(slot)),
            *(self._at(child.first[ending]["slot", slot]) for ending in (SERVED, LATE, FAILED)),
            tuple(self._at(one) for one in before) + (0,) * (len(AGAIN) - len(before)),
            self._at(wire, np.float64),
            int(len(wire) > 1),
            self._at(child.reaches(limit, wire), np.bool_),
            limit,
            tuple(self._walk.slot_key(slot).tolist()),
            int(self._flow.edges.children[edge]),
            tries,
            is_last,
            made,
            refused,
            first_again,
            late,
        )

    def _split(self, role: str, slot: int, totals: I64, counts: I64) -> int:
        """Number of a split, whose marks have room for those of any tick."""
        if ((counts < 0) | (counts > totals)).any():
            msg = "a split takes at least none of a tick's requests and at most all of them"
            raise ValueError(msg)
        divided = totals[(counts > 0) & (counts < totals)]
        marks = befores = keys = 0
        if len(divided):  # else nobody asks for ranks
            room = int(divided.max())
            self._most = max(self._most, room)
            marks, befores = (self._at(np.empty(room, dtype=np.int32), np.int32) for _ in range(2))
            keys = self._at(self._walk.ranks(role, slot, self._flow.slots.ids).keys, np.uint64)
        self._splits.append((keys, self._at(totals), self._at(counts), marks, befores, UNKNOWN))
        return len(self._splits) - 1

    @cached_property
    def _table(self) -> Array:
        """What the loop is handed, shape (1,)."""
        splits, places = np.array(self._splits, dtype=SPLIT), np.empty(self._most, dtype=np.int64)
        known = (self._nodes, self._slots, splits, places, normal_body(), maths.series(), np.array(RATIOS))
        self._kept += known
        tables = [address(one) for one in known]
        laws = (maths.DOUBLE.limit, maths.DOUBLE.rounder, LEAD, REFUSAL_MS)
        return np.array([(*tables, *laws, *(0,) * (len(WALK.names or ()) - len(tables) - len(laws)))], dtype=WALK)

    def follow(self, loops: CDLL, requests: Requests, answered: Answered, spent: Spent | None) -> None:
        """Follow some requests, each with a root of its own; ``answered`` and ``spent`` are written.

        Raises `IndexError` for a request that is none of its tick.
        """
        tick, index, root = (
            np.ascontiguousarray(one, dtype=np.int64) for one in (requests.tick, requests.index, requests.root)
        )
        ending, ids = np.ascontiguousarray(requests.ending, np.uint8), np.ascontiguousarray(requests.id, np.uint64)
        start_ms = np.ascontiguousarray(requests.start_ms, np.float64)
        _ensure_within(tick, len(self._walk.state.window))
        asking: Sequence[Array] = ()
        if spent is not None:
            _ensure_within(root, len(spent.all.asked))
            self._nodes["role"] = spent.roles
            asking = (spent.all.stores_ms, spent.all.partners_ms, spent.all.asked)
        order = np.argsort(tick, kind="stable")
        arrays = (
            tick,
            ending,
            index,
            ids,
            start_ms,
            answered.ms,
            answered.blame,
            answered.cause,
            answered.callee,
            root,
        )
        handed = [address(self._table), self._top, address(order), len(order), *(address(one) for one in arrays)]
        if loops.descend(*handed, *([address(one) for one in asking] or (0, 0, 0))):
            raise IndexError(NONE_OF_ITS_TICK)


def _ensure_within(places: I64, count: int) -> None:
    if len(places) and (places.min() < 0 or places.max() >= count):
        raise IndexError(NONE_OF_ITS_TICK)
