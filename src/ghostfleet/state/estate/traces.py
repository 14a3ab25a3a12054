"""Every request behind those that entered, one row each: what spans and lines of logs tell of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import draw
from ghostfleet.state.estate.calling import FAILED, LATE, REFUSED, SERVED
from ghostfleet.state.estate.visits import Doors, Entered, failure_status, route_of, stretches, written
from ghostfleet.world.flow.draft import SERVICE, WEB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ghostfleet.core.arrays import F64, I64, U8, U64
    from ghostfleet.state.estate import State
    from ghostfleet.state.estate.walk import Answered, Requests, Walk

ROUTE = 0x2077  # a word of a request that is behind another
US_BITS, ID_BITS = np.uint64(34), np.uint64(10)
MOST_US = (1 << 34) - 1


class Steps(msgspec.Struct):
    """Requests of traces, trace after trace and within one in the order in which they began; shapes (requests,)."""

    second: I64  # of the entry, since the epoch
    trace: U64  # id of the request that entered, and …
    rest: U64  # … 32 bits more; all ids are as written
    id: U64
    parent: U64
    edge: I64  # along which it was made, -1 of those that entered
    node: I64
    start_us: I64  # since the epoch
    us: I64
    ending: U8
    blame: I64
    cause: U8
    callee: I64  # whose answer it lacked, -1 where it failed by itself
    status: I64
    route: I64
    who: I64  # number of the user

    def slice(self, start: int, stop: int) -> Steps:
        """Some of them."""
        return Steps(*(getattr(self, name)[start:stop] for name in self.__struct_fields__))

    def some(self, places: I64) -> Steps:
        """Some of them."""
        return Steps(*(getattr(self, name)[places] for name in self.__struct_fields__))

    def lacked(self) -> tuple[I64, I64]:
        """Places of those that failed of a call, and of these calls; of one that a breaker refused there is none."""
        refused = (self.cause == REFUSED) & (self.blame == self.callee)
        failing = np.flatnonzero((self.callee >= 0) & ~refused)
        lost = np.flatnonzero((self.ending != SERVED) & (self.edge >= 0))
        by_parent = lost[np.argsort(self.parent[lost], kind="stable")]
        # Whoever fails makes no call after that, and so it is the last one.
        last = np.searchsorted(self.parent[by_parent], self.id[failing], side="right") - 1
        return failing, by_parent[last]

    def __len__(self) -> int:
        """Count them."""
        return len(self.id)


class _Seen(msgspec.Struct):
    node: int
    edge: int
    requests: Requests
    parents: U64
    answered: Answered


class _Kept:
    """Keeps all that a walk sees."""

    hears = True

    def __init__(self) -> None:
        self.seen: list[_Seen] = []

    def saw(self, node: int, edge: int, requests: Requests, parents: U64, answered: Answered) -> None:
        """Take requests at a node."""
        if len(requests):
            self.seen.append(_Seen(node, edge, requests, parents, answered))


def steps(state: State, cells: Sequence[int], at_once: int, share: float = 1.0) -> Iterator[Steps]:
    """Requests behind all that entered at some cells, about ``at_once`` of which are followed at a time.

    With a ``share`` below 1 only that share of the traces is followed, each of them whole; which ones their ids say.
    """
    doors = Doors(state.walk)
    counts = np.add.reduce(state.outcomes.entered[list(cells)], axis=0)
    nodes = state.flow.entries.nodes[list(cells)].tolist()
    for first, last in stretches(counts, max(1, int(at_once / max(share, 1e-6)))):
        parts = []
        for node in dict.fromkeys(nodes):
            kept = _Kept()
            mine = [cell for cell, at in zip(cells, nodes, strict=True) if at == node]

            def watching(_requests: Requests, into: _Kept = kept) -> _Kept:
                return into

            entered = doors.followed(mine, first, last, watching, share=share)
            if len(entered):
                parts += [_of(state, doors, entered, entered.traces(), seen) for seen in kept.seen]
        if parts:
            yield _in_order(parts)


def _of(state: State, doors: Doors, entered: Entered, traces: tuple[U64, U64], seen: _Seen) -> Steps:
    """Requests at one node as steps of their traces."""
    node, edge, requests, answered = seen.node, seen.edge, seen.requests, seen.answered
    root, visits = requests.root, entered.visits
    time_ms = visits.time_ms.take(root)
    serves = state.flow.nodes.kinds[node] in {SERVICE, WEB}
    start_ms, took_ms = (requests.start_ms, answered.ms) if serves else _as_called(state.walk, seen)
    # Both ends are rounded, so that what lies within a request does so in microseconds too.
    start_us, stop_us = (np.rint(ms * 1000).astype(np.int64) for ms in (start_ms, start_ms + took_ms))
    ended = requests.ending != SERVED
    if edge < 0:
        status, route = visits.status.take(root), visits.route.take(root)
    else:
        status = np.full(len(requests), 200, dtype=np.int64)
        bad = np.flatnonzero(requests.ending == FAILED)
        status[bad] = failure_status(state.flow, node, requests.id[bad], entered.id.take(root[bad]), answered.some(bad))
        status[requests.ending == LATE] = 504
        route = np.full(len(requests), -1, dtype=np.int64)
        if serves:
            asked = draw.derived(doors.key, requests.id, ROUTE)
            route = route_of(state.flow.nodes.names[node], asked, is_behind=True)
    return Steps(
        second=time_ms // 1000,
        trace=traces[0].take(root),
        rest=traces[1].take(root),
        id=written(requests.id),
        parent=written(seen.parents),
        edge=np.full(len(requests), edge, dtype=np.int64),
        node=np.full(len(requests), node, dtype=np.int64),
        start_us=time_ms * 1000 + start_us,
        us=np.maximum(stop_us - start_us, 1),
        ending=requests.ending,
        blame=np.where(ended, answered.blame, -1),
        cause=answered.cause,
        callee=answered.callee,
        status=status,
        route=route,
        who=visits.user.take(root),
    )


def _as_called(walk: Walk, seen: _Seen) -> tuple[F64, F64]:
    """When calls of a store or a partner began and how long they took, in ms, as their callers saw it.

    Stores and partners tell nothing. A caller has the way there and back as well, and goes when its limit is reached.
    """
    began = seen.requests.start_ms - walk.wires(seen.edge, seen.requests) / 2
    return began, walk.waited(seen.edge, seen.requests, seen.answered)


def _in_order(parts: list[Steps]) -> Steps:
    """Trace after trace, by the second of entry and the id; within one by when requests began."""
    whole = Steps(*(np.concatenate([getattr(part, name) for part in parts]) for name in Steps.__struct_fields__))
    entered = np.flatnonzero(whole.edge < 0)
    by_trace = entered[np.lexsort((whole.trace[entered], whole.second[entered]))]
    # Of each trace its place, looked up by its id: ids of a stretch are all different.
    sorted_ids = np.argsort(whole.trace[by_trace], kind="stable")
    rank = sorted_ids.take(np.searchsorted(whole.trace[by_trace][sorted_ids], whole.trace)).astype(np.uint64)
    since_us = np.clip(whole.start_us - whole.second * 1_000_000, 0, MOST_US).astype(np.uint64)
    key = (((rank << US_BITS) | since_us) << ID_BITS) | (whole.id >> (np.uint64(64) - ID_BITS))
    order = np.argsort(key, kind="stable")
    # Few calls begin in the same microsecond and share those bits; they stand by their whole ids.
    key = key.take(order)
    alike = np.flatnonzero(key[1:] == key[:-1])
    tied = np.union1d(alike, alike + 1)
    order[tied] = order[tied][np.lexsort((whole.id[order[tied]], key[tied]))]
    return whole.some(order)
