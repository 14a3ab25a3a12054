"""Everything that an application stands on, as one list of nodes in five tiers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Row, Rows, Told

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = (
    "applications",
    "app_balancers",
    "app_web_services",
    "app_services",
    "app_databases",
    "app_hosted",
    "app_clusters",
)
TIERS = {
    "app_balancers": "loadbalancer",
    "app_web_services": "web",
    "app_services": "app",
    "app_databases": "database",
    "app_hosted": "database",
    "app_clusters": "infrastructure",
}
METRICS = (
    *("cpu_percent", "memory_percent", "latency_ms", "response_time_ms", "error_rate", "request_count"),
    *("targets_healthy", "targets_total", "replicas", "total_nodes"),
)


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Tell each node once: a machine that is asked and that hosts a database is one."""
    del parameters
    found: dict[str, Row] = {}
    for text, tier in TIERS.items():
        for one in rows[text]:
            known = found.get(one["id"], {"metrics": {}})
            metrics = {name: one[name] for name in METRICS if one.get(name) is not None}
            found[one["id"]] = {
                "id": one["id"],
                "name": one["name"],
                "kind": one["kind"],
                "tier": tier,
                "status": one["status"],
                "cost_monthly": one.get("cost_monthly"),
                "metrics": {**known["metrics"], **metrics},
            }
    nodes = list(found.values())
    counts = Counter(one["tier"] for one in nodes)
    summary = {
        "total_count": len(nodes),
        "tiers": {tier: counts[tier] for tier in dict.fromkeys(TIERS.values())},
        "total_cost_monthly": sum(one["cost_monthly"] or 0.0 for one in nodes),
    }
    return Told({"nodes": nodes}, summary)
