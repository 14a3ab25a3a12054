"""Pods on lost machines: how many of a service run without them, and when they run somewhere else.

A machine that does not answer is given some minutes; then what ran there is started where its service still has a free
place. What finds none waits until the machine is back, but for a service's last pod: where all its places are lost, it
runs on the machine of the cluster that is never lost, full or not.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.state.estate.nodes import ClusterNodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.core.arrays import F64, Bool
    from ghostfleet.state.estate.influences import Influences
    from ghostfleet.world.estate import World
    from ghostfleet.world.flow import Flow

PATIENCE, START = 5, 2  # ticks that a machine is waited for (Kubernetes: 300 s), and until a pod has started elsewhere


class Stranded:
    """Knows on which machines the pods of an estate stand; the world is built when one is lost, and not before."""

    def __init__(self, flow: Flow, world: Callable[[], World]) -> None:
        """Take what to look it up in."""
        self._flow, self._build = flow, world

    @cached_property
    def _placed(self) -> tuple[ClusterNodes, dict[str, tuple[str, ...]]]:
        """The machines, and those of each service's pods, in the order of their slots."""
        world = self._build()
        pods = world["Pod"]
        found: dict[str, dict[int, str]] = {}
        for service, slot, node in zip(
            pods.words("service_name"), pods.numbers("slot").tolist(), pods.words("node_name"), strict=True
        ):
            found.setdefault(service, {})[int(slot)] = node
        return ClusterNodes(world, self._flow), {
            name: tuple(of[slot] for slot in sorted(of)) for name, of in found.items()
        }

    def leave(self, running: F64, influences: Influences) -> None:
        """Take pods on lost machines from those that run, shape (nodes of the flow, ticks), in place."""
        struck = {name for name, share in influences.of("cluster.lost").items() if (share > 0).any()}
        services = self._flow.estate.services
        if not struck.isdisjoint(one.cluster for one in services.values()):
            machines, hosts = self._placed
            for name, service in services.items():
                if service.cluster in struck and name in hosts and name in self._flow.places:
                    node = self._flow.places[name]
                    running[node] = without(machines.running(influences, hosts[name]), running[node])


def missed(up: Bool, ticks: int) -> Bool:
    """Whether machines have been lost for more than so many ticks, of the same shape; nothing changed before."""
    down = ~up
    for back in range(1, ticks + 1):
        down[:, back:] &= ~up[:, :-back]
    return down


def homeless(up: Bool) -> Bool:
    """When no place of a service is on a machine that runs, shape (ticks,): its first pod is in the refuge then."""
    none: Bool = ~np.logical_or.reduce(up, axis=0)
    return none


def without(up: Bool, started: F64) -> F64:
    """Pods that run of ``started`` ones, shape (ticks,); ``up`` says of each slot whether its machine runs.

    The last one of a service is started at once, in the refuge where it must: who has nothing left has endless load.
    """
    used = np.arange(len(up))[:, None] < started
    down = missed(up, PATIENCE + START)
    kept, moved, places = (np.add.reduce(one, axis=0, dtype=np.int64) for one in (used & up, used & down, up))
    left: F64 = np.maximum(np.minimum(kept + moved, places), 1).astype(np.float64)
    return left
