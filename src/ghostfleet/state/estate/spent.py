"""How much of the time of single requests was spent with databases, and how much with other people's services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.state.estate.calling import LATE
from ghostfleet.world.flow.draft import DATABASE, EXTERNAL, MACHINE

if TYPE_CHECKING:
    from ghostfleet.core.arrays import U64
    from ghostfleet.state.estate.walk import Answered, Requests, Walk

STORES = frozenset({DATABASE, MACHINE})


class Spent:
    """Adds up what requests that entered waited for, in ms, shapes (requests,); a walk's watcher."""

    def __init__(self, walk: Walk, count: int) -> None:
        """Begin with nothing for each of some requests."""
        self._walk = walk
        self.stores_ms, self.others_ms = np.zeros((2, count))
        self.asked = np.full(count, -1, dtype=np.int64)  # node of the last of other people's services that was called
        self._kinds = walk.flow.nodes.kinds.tolist()

    def saw(self, node: int, edge: int, requests: Requests, parents: U64, answered: Answered) -> None:
        """Take the answers of databases and of other people's services, as long as somebody waits for them."""
        del parents
        kind = self._kinds[node]
        if edge < 0 or self._walk.unheard or (kind != EXTERNAL and kind not in STORES):
            return
        # Who calls waits on the wire as well, and no longer than its limit.
        limit = float(self._walk.flow.edges.timeouts_ms[edge])
        wire = self._walk.wire(edge)
        waited = np.minimum(answered.ms + (wire.take(requests.tick) if len(wire) > 1 else wire[0]), limit)
        waited[requests.ending == LATE] = limit
        if kind == EXTERNAL:
            self.others_ms[requests.root] += waited
            self.asked[requests.root] = node
        else:
            self.stores_ms[requests.root] += waited
