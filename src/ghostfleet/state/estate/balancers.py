"""What load balancers carry: requests that enter from outside, each of them once, split over those in front of a node.

What services ask of one another goes past them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64
    from ghostfleet.state.estate import State
    from ghostfleet.world.flow import Flow


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

    def carried(self, state: State) -> I64:
        """Requests that each carries, shape (balancers, ticks): equal shares, and who gets what is left changes."""
        window, outcomes = state.window, state.outcomes
        entered = np.zeros((len(self._flow.nodes), len(window)), dtype=np.int64)
        for cell, node in enumerate(self._flow.entries.nodes.tolist()):
            entered[node] += outcomes.entered[cell]
        ticks = np.arange(window.start, window.stop)
        carried = np.zeros((len(self.names), len(window)), dtype=np.int64)
        for node, rows in self._fronts.items():
            each, left = np.divmod(entered[node], len(rows))
            for rank, row in enumerate(rows):
                carried[row] += each + ((rank + ticks) % len(rows) < left)
        return carried

    @property
    def usual(self) -> F64:
        """Requests per second that each carries on the reference Wednesday, shape (balancers,)."""
        usual = np.zeros(len(self.names))
        for node, rows in self._fronts.items():
            usual[rows] += self._flow.nodes.entering[node] / len(rows)
        return usual
