"""An application: its services with their clusters and dependencies, and the databases behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.ties import Ties

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("applications", "app_services", "deployments", "dependencies", "database_calls", "app_hosted")
FACTS = ("id", "name", "type", "status", "version", "criticality", "replicas")
HOSTED = ("id", "name", "status", "region", "cost_monthly")


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Put together what belongs to the application."""
    del parameters
    clusters = Ties(rows["deployments"], "service_id", "cluster_name")
    calls = Ties(rows["dependencies"], "source_id", "target_name")
    asks = Ties(rows["database_calls"], "service_id", "database_name")
    services = [
        {
            **{fact: one[fact] for fact in FACTS},
            "cluster": next(iter(clusters[one["id"]]), None),
            "dependencies": calls[one["id"]],
            "databases": asks[one["id"]],
        }
        for one in rows["app_services"]
    ]
    databases = {name for one in services for name in one["databases"]}
    databases |= {one["name"] for one in rows["app_hosted"]}
    summary = {
        "service_count": len(services),
        "database_count": len(databases),
        "total_replicas": sum(one["replicas"] or 0 for one in services),
    }
    hosted = [{fact: one[fact] for fact in HOSTED} for one in rows["app_hosted"]]
    return Told({"application": rows["applications"], "services": services, "hosted_databases": hosted}, summary)
