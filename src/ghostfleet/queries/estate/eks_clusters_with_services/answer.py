"""Each cluster with the services on it, and what these depend on; the dearest cluster first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.ties import Ties

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("clusters", "services", "deployments", "dependencies", "database_calls")
FACTS = ("id", "name", "type", "status", "version", "replicas", "cpu_request", "memory_request")


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Put services into their clusters."""
    del parameters
    services = {row["id"]: row for row in rows["services"]}
    on = Ties(rows["deployments"], "cluster_id", "service_id")
    calls = Ties(rows["dependencies"], "source_id", "target_name")
    asks = Ties(rows["database_calls"], "service_id", "database_name")
    clusters = []
    for cluster in rows["clusters"]:
        mine = [services[one] for one in on[cluster["id"]] if one in services]
        told = [
            {
                **{fact: service[fact] for fact in FACTS},
                "service_dependencies": calls[service["id"]],
                "database_dependencies": asks[service["id"]],
            }
            for service in sorted(mine, key=lambda one: (one["name"], one["id"]))
        ]
        clusters.append({**cluster, "services": told, "service_count": len(told)})
    clusters.sort(key=lambda one: (-(one["cost_monthly"] or 0.0), one["name"]))
    summary = {
        "total_count": len(clusters),
        "services": sum(one["service_count"] for one in clusters),
        "total_cost_monthly": sum(one["cost_monthly"] or 0.0 for one in clusters),
    }
    return Told({"clusters": clusters}, summary)
