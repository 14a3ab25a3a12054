"""Whether the pods of a cluster's services fit on its nodes: what they request by plan, against what nodes have."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ghostfleet.spec.complaints import OneOfSeveralError
from ghostfleet.spec.estate.price_table import price_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghostfleet.spec.estate import Estate
    from ghostfleet.spec.estate.demand import Service
    from ghostfleet.spec.estate.places import Cluster

MILLICORES, MIB_PER_GB = 1000, 1024
MOST_NODES = 2_000  # of a cluster


def ensure_room(estate: Estate) -> None:
    """Raise ValueError at the first cluster whose nodes have less than pods request on an ordinary day."""
    for name, cluster in estate.clusters.items():
        services = {key: one for key, one in estate.services.items() if one.cluster == name}
        needs, has = _needs(services), _has(cluster)
        if needs[0] <= has[0] and needs[1] <= has[1]:
            continue
        at, unit = (0, "processors") if needs[0] > has[0] else (1, "GB of memory")
        nodes = _enough(cluster, needs)
        enough = "no number of nodes would do" if nodes is None else f"{nodes} nodes would do"
        msg = (
            f"{cluster.nodes} nodes have {has[at]:g} {unit}, and the pods of {len(services)} services request "
            f"{needs[at]:g} by plan; {enough}, or larger instance_types, or fewer replicas"
        )
        places = [("clusters", name, "nodes"), ("clusters", name, "instance_types")]
        places += [
            ("services", key, what)
            for key in services
            for what in ("cluster", "replicas", "cpu_millicores", "memory_mib")
        ]
        raise OneOfSeveralError(places, msg)


def _needs(services: Mapping[str, Service]) -> tuple[float, float]:
    """Processors and GB of memory that pods request."""
    return (
        sum(one.planned * one.cpu_millicores.request for one in services.values()) / MILLICORES,
        sum(one.planned * one.memory_mib.request for one in services.values()) / MIB_PER_GB,
    )


def _has(cluster: Cluster) -> tuple[float, float]:
    """Processors and GB of memory of all nodes of a cluster."""
    sizes = [price_table()["instance_size"][cluster.type_of(at)] for at in range(cluster.nodes)]
    return sum(size[0] for size in sizes), sum(size[1] for size in sizes)


def _enough(cluster: Cluster, needs: tuple[float, float]) -> int | None:
    """How many nodes a cluster needs; None where it cannot have so many."""

    def fits(nodes: int) -> bool:
        has = _has(replace(cluster, nodes=nodes))
        return needs[0] <= has[0] and needs[1] <= has[1]

    numbers = range(cluster.nodes, MOST_NODES + 1)
    at = bisect_left(numbers, x=True, key=fits)
    return numbers[at] if at < len(numbers) else None
