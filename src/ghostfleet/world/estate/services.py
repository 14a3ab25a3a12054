"""Services and the pods that they run in, one for each replica that a service may have (EST-10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostfleet.core.table import Kind, column
from ghostfleet.spec.estate import names
from ghostfleet.world.estate.entities import Entities, Label, entities
from ghostfleet.world.estate.placing import scheduled
from ghostfleet.world.estate.properties import (
    COST_CENTER,
    CREATED,
    CRITICALITY,
    ENVIRONMENT,
    REGION,
    TEAM,
    TYPE,
    VERSION,
    count,
    percent,
    status,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.spec.estate.demand import Service
    from ghostfleet.world.estate.entities import Draws
    from ghostfleet.world.estate.ground import Ground

# The documents' healthy, warning and critical, in the one vocabulary of health that all parts share (SHR-18).
STATUS = {"healthy": 0.75, "degraded": 0.20, "unhealthy": 0.05}
POD_STATUS = ("Running", "Stopped")
# CPU and memory in per cent of the limit, latency in ms, by criticality.
USE = {"critical": ((60, 95), (65, 90), (5, 25)), "high": ((40, 80), (45, 75), (8, 35))}
OTHER_USE = ((20, 60), (25, 60), (10, 50))
GIB = 1024  # MiB

RESOURCES = (
    column("cpu_request", Kind.TEXT, "processors that are reserved for a pod, as Kubernetes writes it"),
    column("cpu_limit", Kind.TEXT, "most that a pod may take"),
    column("memory_request", Kind.TEXT, "memory that is reserved for a pod, as Kubernetes writes it"),
    column("memory_limit", Kind.TEXT, "most that a pod may take"),
)
SERVICE = Label(
    "Service",
    "something that runs in pods and answers requests",
    (
        TYPE,
        ENVIRONMENT,
        status("how it does", tuple(STATUS)),
        VERSION,
        count("port", "port that it listens to", low=1),
        column("protocol", Kind.TEXT, "how it is called"),
        column("health_endpoint", Kind.TEXT, "path that says how it does"),
        count("replicas", "pods that run", low=1),
        count("replicas_min", "fewest pods", low=1),
        count("replicas_max", "most pods", low=1),
        *RESOURCES,
        column("cluster_name", Kind.TEXT, "cluster that it runs on"),
        REGION,
        column("namespace", Kind.TEXT, "namespace in its cluster"),
        CRITICALITY,
        percent("cpu_usage", "CPU in use when looked at, of the limit"),
        percent("memory_usage", "memory in use when looked at, of the limit"),
        column("latency", Kind.F64, "median response when looked at", unit="ms", low=0.0, resolution=0.01),
        column("domain", Kind.TEXT, "business that it belongs to"),
        TEAM,
        COST_CENTER,
        column("aliases", Kind.TEXTS, "other names under which documents know it"),
        CREATED,
    ),
    observed=frozenset({"status", "version", "replicas", "cpu_usage", "memory_usage", "latency"}),
)
POD = Label(
    "Pod",
    "a place for one replica of a service; its status says whether one runs there",
    (
        column("service_name", Kind.TEXT, "service that it belongs to"),
        column("node_name", Kind.TEXT, "worker node that it runs on"),
        column("cluster_name", Kind.TEXT, "cluster that it runs on"),
        column("namespace", Kind.TEXT, "namespace in its cluster"),
        status("whether a replica runs", POD_STATUS),
        count("slot", "number among the pods of its service, from 1", low=1),
        *RESOURCES,
        ENVIRONMENT,
        column("created_at", Kind.TIME, "when it was last started or replaced, UTC; of starts those of the last day"),
    ),
)


def environment(ground: Ground, name: str) -> str:
    """Environment of a service: its name's, or else its cluster's."""
    cluster = ground.estate.services[name].cluster
    return names.environment(name, ground.environment_of(cluster, ground.estate.clusters[cluster].network))


def services(ground: Ground) -> Entities:
    """All services."""
    keys, specs = list(ground.estate.services), list(ground.estate.services.values())
    values = {
        "type": [one.type for one in specs],
        "environment": [environment(ground, key) for key in keys],
        "port": [one.port for one in specs],
        "protocol": [one.protocol for one in specs],
        "health_endpoint": [one.health_endpoint for one in specs],
        "replicas_min": [one.replicas[0] for one in specs],
        "replicas_max": [one.replicas[1] for one in specs],
        **_resources(specs),
        "cluster_name": [one.cluster for one in specs],
        "region": [ground.region_of(ground.estate.clusters[one.cluster].network) for one in specs],
        "namespace": [one.namespace for one in specs],
        "criticality": [one.criticality for one in specs],
        "domain": [one.domain for one in specs],
        "team_owner": [one.team for one in specs],
        "cost_center": [one.cost_center for one in specs],
        "aliases": [one.aliases for one in specs],
    }
    ids = [f"service/{key}" for key in keys]
    return entities(SERVICE, keys, ids, values, usual=_usual(ground.draws(SERVICE, keys), specs))


def _usual(draws: Draws, specs: list[Service]) -> dict[str, Callable[[], Any]]:
    """Health and use of services that nobody looks at."""
    uses = [USE.get(one.criticality, OTHER_USE) for one in specs]
    low, high = ([[use[part][end] for use in uses] for part in range(3)] for end in (0, 1))
    return {
        "status": lambda: draws.choose("status", STATUS),
        "version": lambda: [one.version for one in specs],
        "replicas": lambda: [one.planned for one in specs],
        "cpu_usage": lambda: draws.between("cpu_usage", low[0], high[0]),
        "memory_usage": lambda: draws.between("memory_usage", low[1], high[1]),
        "latency": lambda: draws.between("latency", low[2], high[2]),
    }


def _resources(specs: list[Service]) -> dict[str, list[str]]:
    return {
        "cpu_request": [f"{one.cpu_millicores.request:g}m" for one in specs],
        "cpu_limit": [f"{one.cpu_millicores.limit:g}m" for one in specs],
        "memory_request": [_memory(one.memory_mib.request) for one in specs],
        "memory_limit": [_memory(one.memory_mib.limit) for one in specs],
    }


def _memory(mib: float) -> str:
    return f"{mib / GIB:g}Gi" if mib % GIB == 0 else f"{mib:g}Mi"


def pods(ground: Ground) -> Entities:
    """One pod for each replica slot, up to the most that a service may have, spread over its cluster's nodes."""
    rows = [(name, one, slot) for name, one in ground.estate.services.items() for slot in range(one.replicas[1])]
    keys = [f"{name}-{slot + 1:02d}" for name, _, slot in rows]
    specs = [one for _, one, _ in rows]
    nodes = ground.labels["Node"]
    values = {
        "service_name": [name for name, _, _ in rows],
        "node_name": [nodes.keys[row] for row in scheduled(ground, rows)],
        "cluster_name": [one.cluster for one in specs],
        "namespace": [one.namespace for one in specs],
        "status": [POD_STATUS[slot >= one.planned] for _, one, slot in rows],
        "slot": [slot + 1 for _, _, slot in rows],
        **_resources(specs),
        "environment": [environment(ground, name) for name, _, _ in rows],
    }
    return entities(POD, keys, [f"pod/{key}" for key in keys], values)
