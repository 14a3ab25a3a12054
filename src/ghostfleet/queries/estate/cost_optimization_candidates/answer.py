"""Where money could be saved: idle clusters, idle SQL Servers, and Oracle databases that PostgreSQL could replace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Row, Rows, Told
from ghostfleet.queries.ties import Ties

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TEXTS = ("clusters", "deployments", "sqlservers", "databases")
ESSENTIAL = ("clusters", "sqlservers", "databases")
NODES_PER_SERVICE = 10
IDLE_CPU, IDLE_MEMORY = 30, 50  # percent
DEAR_ORACLE_USD = 5000
CLUSTER_SHARE, SQL_SERVER_SHARE, ORACLE_SHARE = 0.3, 0.4, 0.6  # of the cost, saved (EST-44)
SIZES = ("nano", "micro", "small", "medium", "large")
_CLASS = re.compile(r"(?:db\.)?[a-z0-9-]+\.(?:(\d*)(xlarge)|([a-z]+))")


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """List the candidates, the greatest saving first; no text lacking means that every kind was looked for."""
    del parameters
    found = [*_clusters(rows), *_machines(rows["sqlservers"]), *_oracles(rows["databases"])]
    found.sort(key=lambda one: (-one["potential_savings"], one["name"], one["id"]))
    current = sum(one["current_cost"] for one in found)
    savings = sum(one["potential_savings"] for one in found)
    summary = {
        "total_count": len(found),
        "total_current_cost": current,
        "total_potential_savings": savings,
        "savings_percent": 100 * savings / current if current else None,
    }
    return Told({"candidates": found}, summary)


def _clusters(rows: Mapping[str, Rows]) -> Iterator[Row]:
    on = Ties(rows["deployments"], "cluster_id", "service_id")
    for one in rows["clusters"]:
        services, nodes = len(on[one["id"]]), one["total_nodes"] or 0
        if services < nodes / NODES_PER_SERVICE:
            reason = f"{services} services on {nodes} nodes"
            yield _candidate(one, "EKSCluster", CLUSTER_SHARE * one["cost_monthly"], "high", reason)


def _machines(sqlservers: Rows) -> Iterator[Row]:
    for one in sqlservers:
        cpu, memory = one["cpu_utilization"], one["memory_utilization"]
        if cpu is not None and memory is not None and cpu < IDLE_CPU and memory < IDLE_MEMORY:
            reason = f"CPU at {cpu:g} % and memory at {memory:g} %"
            yield _candidate(one, "EC2Instance", SQL_SERVER_SHARE * one["cost_monthly"], "medium", reason)


def _oracles(databases: Rows) -> Iterator[Row]:
    for one in databases:
        if not str(one["engine"]).startswith("oracle") or one["cost_monthly"] <= DEAR_ORACLE_USD:
            continue
        alike = [other for other in databases if _could_replace(other, one)]
        if alike:
            cheapest = min(alike, key=lambda other: (other["cost_monthly"], other["name"]))
            saving, reason = one["cost_monthly"] - cheapest["cost_monthly"], f"as {cheapest['name']} costs"
        else:
            saving = ORACLE_SHARE * one["cost_monthly"]
            reason = "no PostgreSQL in the region has as much storage and as large a class; 60 % of its cost"
        if saving > 0:
            yield _candidate(one, "RDSInstance", saving, "medium", f"PostgreSQL instead: {reason}")


def _could_replace(other: Row, oracle: Row) -> bool:
    """Whether a database is PostgreSQL in the same region, with as much storage and no smaller a class."""
    size, least = size_of(other["instance_class"]), size_of(oracle["instance_class"])
    return (
        str(other["engine"]).startswith("postgres")
        and other["region"] == oracle["region"]
        and (other["storage_gb"] or 0) >= (oracle["storage_gb"] or 0)
        and size is not None
        and least is not None
        and size >= least
    )


def size_of(instance_class: str | None) -> float | None:
    """Size of an instance class as multiples of an xlarge; nothing for what is no class."""
    found = _CLASS.fullmatch(instance_class or "")
    if found is None:
        return None
    if found[2]:
        return float(found[1] or 1)
    return 0.5 ** (len(SIZES) - SIZES.index(found[3])) if found[3] in SIZES else None


def _candidate(one: Row, kind: str, saving: float, confidence: str, reason: str) -> Row:
    return {
        "id": one["id"],
        "name": one["name"],
        "kind": kind,
        "region": one["region"],
        "current_cost": one["cost_monthly"],
        "potential_savings": saving,
        "confidence": confidence,
        "reason": reason,
    }
