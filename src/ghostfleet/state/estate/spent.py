"""How much of the time of single requests was spent with databases, and how much with partners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.world.flow.draft import DATABASE, MACHINE

if TYPE_CHECKING:
    from collections.abc import Collection

    from ghostfleet.core.arrays import F64, I64, U64
    from ghostfleet.state.estate.walk import Answered, Requests, Walk

STORES = frozenset({DATABASE, MACHINE})
STORE, PARTNER = 1, 2  # roles of nodes for whom somebody waits


class Taken(msgspec.Struct):
    """What some requests spent; shapes (requests,)."""

    stores_ms: F64
    partners_ms: F64
    asked: I64  # node of the last partner that was called, -1 where none was

    def taken(self, some: I64 | slice) -> Taken:
        """Some of them, or the same in another order."""
        return Taken(self.stores_ms[some], self.partners_ms[some], self.asked[some])


class Spent:
    """Adds up what requests that entered waited for, in ms, shapes (requests,); a walk's watcher."""

    hears = False

    def __init__(self, walk: Walk, count: int, partners: Collection[int]) -> None:
        """Begin with nothing for each of some requests; ``partners`` are nodes whose time counts."""
        self._walk = walk
        self.all = Taken(np.zeros(count), np.zeros(count), np.full(count, -1, dtype=np.int64))
        self.roles = [
            PARTNER if node in partners else STORE if kind in STORES else 0
            for node, kind in enumerate(walk.flow.nodes.kinds.tolist())
        ]

    def taken(self, order: I64) -> Taken:
        """What they spent, in an order of the requests."""
        return self.all.taken(order)

    def saw(self, node: int, edge: int, requests: Requests, parents: U64, answered: Answered) -> None:
        """Take the answers of databases and of partners, as long as somebody waits for them."""
        del parents
        if edge < 0:
            return
        if self.roles[node] == PARTNER:
            self.all.partners_ms[requests.root] += self._walk.waited(edge, requests, answered)
            self.all.asked[requests.root] = node
        elif self.roles[node] == STORE:
            self.all.stores_ms[requests.root] += self._walk.waited(edge, requests, answered)
