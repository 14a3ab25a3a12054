"""Which worker node each pod runs on: one after the other where most is left, as a scheduler places them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.world.flow.draft import level_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, I64
    from ghostfleet.spec.estate.demand import Service
    from ghostfleet.world.estate.ground import Ground

MILLICORES = 1000
MIB_PER_GB = 1024.0


def scheduled(ground: Ground, pods: Sequence[tuple[str, Service, int]]) -> list[int]:
    """Row of the node of each pod, given as service and slot.

    A pod takes what its service shows on the reference Wednesday. Those that take most of a processor come first,
    and of two that take as much the one that is declared first, so that they fit.
    """
    nodes = ground.labels["Node"]
    sizes = np.stack([nodes.numbers("cpu_cores"), nodes.numbers("memory_gb")], axis=1)
    owners = np.array(nodes.words("cluster_name"))
    clusters = {name: _Cluster(rows, sizes[rows]) for name in ground.estate.clusters
                if len(rows := np.flatnonzero(owners == name))}  # fmt: skip
    needs = {name: _need(ground, one) for name, one in ground.estate.services.items()}
    found = [-1] * len(pods)
    for place in sorted(range(len(pods)), key=lambda place: -needs[pods[place][0]][0]):
        name, service, _ = pods[place]
        found[place] = clusters[service.cluster].place(name, needs[name])
    return found


def _need(ground: Ground, service: Service) -> F64:
    """Processors and GB of memory that a pod usually takes."""
    level = level_of(ground.estate, service)
    cores = service.cpu_millicores.limit / MILLICORES * level.cpu_percent / 100
    return np.array([cores, service.memory_mib.limit / MIB_PER_GB * level.memory_percent / 100])


class _Cluster:
    """What is left on the nodes of a cluster."""

    def __init__(self, rows: I64, sizes: F64) -> None:
        self._rows, self._sizes = rows, sizes
        self._taken = np.zeros_like(sizes)
        self._holds: dict[str, I64] = {}  # pods of each service on each node

    def place(self, service: str, need: F64) -> int:
        """Put a pod where it fits, fewest of its service are and, among those nodes, the largest share is left."""
        holds = self._holds.setdefault(service, np.zeros(len(self._rows), dtype=np.int64))
        left = np.minimum.reduce(1 - (self._taken + need) / self._sizes, axis=1)
        fits = left >= 0
        at = int(np.lexsort((-left, np.where(fits, holds, 0), ~fits))[0])
        self._taken[at] += need
        holds[at] += 1
        return int(self._rows[at])
