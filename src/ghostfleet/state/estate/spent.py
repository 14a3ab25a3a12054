"""How much of the time of single requests was spent with databases, and how much with other people's services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.world.flow.draft import DATABASE, EXTERNAL, MACHINE

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64, U64
    from ghostfleet.state.estate.walk import Answered, Requests, Walk

STORES = frozenset({DATABASE, MACHINE})


class Taken(msgspec.Struct):
    """What some requests spent; shapes (requests,)."""

    stores_ms: F64
    others_ms: F64
    asked: I64  # node of the last of other people's services that was called, -1 where none was

    def taken(self, some: I64 | slice) -> Taken:
        """Some of them, or the same in another order."""
        return Taken(self.stores_ms[some], self.others_ms[some], self.asked[some])


class Spent:
    """Adds up what requests that entered waited for, in ms, shapes (requests,); a walk's watcher."""

    hears = False

    def __init__(self, walk: Walk, count: int) -> None:
        """Begin with nothing for each of some requests."""
        self._walk = walk
        self._all = Taken(np.zeros(count), np.zeros(count), np.full(count, -1, dtype=np.int64))
        self._kinds = walk.flow.nodes.kinds.tolist()

    def taken(self, order: I64) -> Taken:
        """What they spent, in an order of the requests."""
        return self._all.taken(order)

    def saw(self, node: int, edge: int, requests: Requests, parents: U64, answered: Answered) -> None:
        """Take the answers of databases and of other people's services, as long as somebody waits for them."""
        del parents
        kind = self._kinds[node]
        if edge < 0 or (kind != EXTERNAL and kind not in STORES):
            return
        waited = self._walk.waited(edge, requests, answered)
        if kind == EXTERNAL:
            self._all.others_ms[requests.root] += waited
            self._all.asked[requests.root] = node
        else:
            self._all.stores_ms[requests.root] += waited
