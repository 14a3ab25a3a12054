"""Each database, managed or on a machine, with the services that ask it; the dearest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.ties import Ties

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("databases", "sqlservers", "database_calls")
ESSENTIAL = ("databases", "sqlservers")
FACTS = ("id", "kind", "status", "region", "instance_class", "cost_monthly", "storage_gb")


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Put both kinds of databases into one list; only machines state how busy they are."""
    del parameters
    asked = Ties(rows["database_calls"], "database_id", "service_name")
    databases = []
    for one in (*rows["databases"], *rows["sqlservers"]):
        connections = asked[one["id"]]
        databases.append(
            {
                "identifier": one["name"],
                **{fact: one[fact] for fact in FACTS},
                "engine": one.get("engine", f"sqlserver {one.get('edition')}"),
                "engine_version": one["engine_version"],
                "connections": connections,
                "connection_count": len(connections),
                "cpu_percent": one.get("cpu_utilization"),
                "memory_percent": one.get("memory_utilization"),
            }
        )
    databases.sort(key=lambda one: (-(one["cost_monthly"] or 0.0), one["identifier"]))
    summary = {
        "total_count": len(databases),
        "total_connections": sum(one["connection_count"] for one in databases),
        "unused": sum(not one["connection_count"] for one in databases),
        "total_cost_monthly": sum(one["cost_monthly"] or 0.0 for one in databases),
    }
    return Told({"databases": databases}, summary)
