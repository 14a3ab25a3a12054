"""Which machines of clusters run: how many tick by tick, and which ones are lost when there are fewer than there were.

Machines beyond those that a cluster has by plan live for hours: they are counted, and have no names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ghostfleet.core.arrays import F64, Bool
    from ghostfleet.state.estate import State
    from ghostfleet.state.estate.influences import Influences
    from ghostfleet.world.estate import World
    from ghostfleet.world.flow import Flow

ROUNDING = 1e-9  # of a product that should be whole
SEPARATOR = "\x1f"  # no name has it


def machines(influences: Influences, planned: Mapping[str, int]) -> F64:
    """How many machines of clusters run that have so many by plan, shape (clusters, ticks); part of one is not lost."""
    counts = np.empty((len(planned), len(influences.window)))
    counts[...] = np.array(list(planned.values()), dtype=np.float64)[:, None]
    influences.scale("cluster.nodes", {key: row for row, key in enumerate(planned)}, counts)
    fewer = counts < np.array(list(planned.values()))[:, None]
    whole: F64 = np.where(fewer, np.ceil(counts - ROUNDING), np.rint(counts))
    return whole


class ClusterNodes:
    """The machines of all clusters; a cluster loses one zone after another, those with the lowest lots last."""

    def __init__(self, world: World, flow: Flow) -> None:
        """Draw a lot for each zone of a cluster, and one for each machine, by their names."""
        nodes = world["Node"]
        zones = zip(nodes.words("cluster_name"), nodes.words("availability_zone"), strict=True)
        zone_lots, lots = (
            draw.word_at(flow.stream(stream).keys(draw.entity_ids(names)), np.zeros(len(nodes), dtype=np.int64))
            for stream, names in (("zones lost", [SEPARATOR.join(one) for one in zones]), ("nodes lost", nodes.keys))
        )
        self.planned = {key: one.nodes for key, one in world.estate.clusters.items()}
        self._owners = dict(zip(nodes.keys, nodes.words("cluster_name"), strict=True))
        self._rank: dict[str, int] = {}  # of each machine in its cluster: it runs while more than this do
        seen: dict[str, int] = {}
        for row in np.lexsort((lots, zone_lots)).tolist():
            owner = self._owners[nodes.keys[row]]
            self._rank[nodes.keys[row]] = seen.get(owner, 0)
            seen[owner] = seen.get(owner, 0) + 1

    def numbers(self, influences: Influences, clusters: Sequence[str]) -> F64:
        """How many machines of some clusters run, shape (clusters, ticks)."""
        return machines(influences, {key: self.planned[key] for key in clusters})

    def running(self, influences: Influences, names: Sequence[str]) -> Bool:
        """Whether some hosts run, shape (hosts, ticks); whoever is no cluster's machine always does."""
        changed = [key for key in self.planned if influences.get("cluster.nodes", key) is not None]
        counts = dict(zip(changed, self.numbers(influences, changed), strict=True))
        runs = np.ones((len(names), len(influences.window)), dtype=np.bool_)
        for row, name in enumerate(names):
            if (owner := self._owners.get(name)) in counts:
                runs[row] = counts[owner] > self._rank[name]
        return runs

    def lost(self, state: State) -> set[str]:
        """Names of the machines that do not run in the last tick of a window."""
        names = tuple(self._rank)
        runs = self.running(state.influences, names)[:, -1]
        return {name for name, is_running in zip(names, runs.tolist(), strict=True) if not is_running}
