"""What load balancers carry: requests that enter from outside, each of them once, split over those in front of a node.

What services ask of one another goes past them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.counts import binomial
from ghostfleet.world import markets

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64, Array, Bool
    from ghostfleet.state.estate import State
    from ghostfleet.world.flow import Flow


def western(state: State) -> I64:
    """Requests of each cell that get to a balancer in the west, shape (entries, ticks); none where nobody chooses."""
    flow, window, entered = state.flow, state.window, state.outcomes.entered
    shares = markets.western(flow)
    cells = np.flatnonzero(~np.isnan(shares))
    found = np.zeros_like(entered)
    if len(cells):
        u = draw.uniform(flow.stream("balancer").keys(flow.entries.ids[cells]), window.start, window.stop)
        found[cells] = binomial(entered[cells], shares[cells, None], u)
    return found


class Balancers:
    """The balancers of an estate, in the order in which it lists them."""

    def __init__(self, flow: Flow) -> None:
        """Look up who stands in front of whom; by name, so that the order in which they are written tells nothing."""
        self._flow, self.names = flow, tuple(flow.estate.balancers)
        self.targets = tuple(
            tuple(flow.places[target] for target in dict.fromkeys(one.routes_to))
            for one in flow.estate.balancers.values()
        )
        self._fronts: dict[int, list[int]] = {}  # rows of the balancers in front of each node
        for row in sorted(range(len(self.names)), key=self.names.__getitem__):
            for node in self.targets[row]:
                self._fronts.setdefault(node, []).append(row)
        self._west = {row for row, name in enumerate(self.names) if markets.stands_west(flow, name)}

    def before(self, node: int) -> tuple[str, ...]:
        """Names of those in front of a node, in the order in which the estate lists them."""
        return tuple(self.names[row] for row in sorted(self._fronts.get(node, ())))

    def near(self, node: int, *, west: bool) -> tuple[str, ...]:
        """Names of those in front of a node that clients of a half of the world get to."""
        east, far = self._halves(node)
        return tuple(self.names[row] for row in (far if west and far else east))

    def carrier(self, node: int, west: Bool, place: I64, tick: I64) -> Array:
        """Row of who carries each request that enters at a node, by its place among those of its half and its tick.

        Places take turns, and the first turn is another's at each tick: that is the very split of `carried`.
        """
        found = np.full(len(place), -1, dtype=np.int16)
        for half, rows in enumerate(self._halves(node)):
            some = np.flatnonzero(west == half)
            if rows:
                found[some] = np.array(rows, dtype=np.int16).take((place[some] - tick[some]) % len(rows))
        return found

    def carried(self, state: State) -> I64:
        """Requests that each carries, shape (balancers, ticks).

        Each half of the world has its own clients; in a half all have equal shares, and who gets what is left changes.
        """
        window, outcomes = state.window, state.outcomes
        entered = np.zeros((2, len(self._flow.nodes), len(window)), dtype=np.int64)
        for cell, node in enumerate(self._flow.entries.nodes.tolist()):
            entered[0, node] += outcomes.entered[cell] - state.western[cell]
            entered[1, node] += state.western[cell]
        ticks = np.arange(window.start, window.stop)
        carried = np.zeros((len(self.names), len(window)), dtype=np.int64)
        for node in self._fronts:
            for half, rows in enumerate(self._halves(node)):
                each, left = np.divmod(entered[half, node], max(len(rows), 1))
                for rank, row in enumerate(rows):
                    carried[row] += each + ((rank + ticks) % len(rows) < left)
        return carried

    def _halves(self, node: int) -> tuple[list[int], list[int]]:
        """Balancers in front of a node in the east and in the west; where all are in one half, they have everybody."""
        rows = self._fronts.get(node, [])
        east, west = ([row for row in rows if (row in self._west) == half] for half in (False, True))
        return (east, west) if east and west else (rows, [])

    @property
    def usual(self) -> F64:
        """Requests per second that each carries on the reference Wednesday, shape (balancers,)."""
        usual, entries = np.zeros(len(self.names)), self._flow.entries
        shares = np.nan_to_num(markets.western(self._flow))
        for node in self._fronts:
            cells = np.flatnonzero(entries.nodes == node)
            rates = entries.rates[cells]
            west = sum((rates * shares[cells]).tolist()) / max(sum(rates.tolist()), 1e-300)
            for rows, share in zip(self._halves(node), (1 - west, west), strict=True):
                usual[rows] += self._flow.nodes.entering[node] * share / max(len(rows), 1)
        return usual
