"""Which machines of clusters run: how many tick by tick, and which ones are lost.

Machines beyond those that a cluster has by plan live for hours: they are counted, and have no names. Those that are
lost are of the plan, however many were added: a zone fails, and not what somebody wants.
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


def grown(influences: Influences, planned: Mapping[str, int]) -> F64:
    """How many machines clusters want that have so many by plan, shape (clusters, ticks): those, and what is added."""
    counts = np.repeat(_column(planned), len(influences.window), axis=1)
    influences.scale("cluster.nodes", _rows(planned), counts)
    whole: F64 = np.rint(counts)
    return whole


def lost(influences: Influences, planned: Mapping[str, int]) -> F64:
    """How many of so many machines by plan do not run, shape (clusters, ticks).

    Part of one is not lost, but whoever has a loss has lost one: truth and tickets tell of it. The last one stays.
    """
    shares = np.zeros((len(planned), len(influences.window)))
    influences.shift("cluster.lost", _rows(planned), shares)
    counts = _column(planned)
    gone: F64 = np.minimum(np.where(shares > 0, np.maximum(np.floor(counts * shares + ROUNDING), 1), 0), counts - 1)
    return gone


def _rows(planned: Mapping[str, int]) -> dict[str, int]:
    return {key: row for row, key in enumerate(planned)}


def _column(planned: Mapping[str, int]) -> F64:
    return np.array(list(planned.values()), dtype=np.float64)[:, None]


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
        self.refuges: dict[str, str] = {}  # the machine of each cluster that is never lost
        seen: dict[str, int] = {}
        for row in np.lexsort((lots, zone_lots)).tolist():
            owner = self._owners[nodes.keys[row]]
            self._rank[nodes.keys[row]] = seen.get(owner, 0)
            self.refuges.setdefault(owner, nodes.keys[row])
            seen[owner] = seen.get(owner, 0) + 1

    def numbers(self, influences: Influences, clusters: Sequence[str]) -> F64:
        """How many machines of some clusters run, shape (clusters, ticks)."""
        planned = {key: self.planned[key] for key in clusters}
        return grown(influences, planned) - lost(influences, planned)

    def running(self, influences: Influences, names: Sequence[str]) -> Bool:
        """Whether some hosts run, shape (hosts, ticks); whoever is no cluster's machine always does."""
        struck = {key: many for key, many in self.planned.items() if influences.get("cluster.lost", key) is not None}
        left = _column(struck) - lost(influences, struck)
        counts = dict(zip(struck, left, strict=True))
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
