"""Connections of services with what lies between them and how long calls take, as a list and as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Row, Rows, Told
from ghostfleet.queries.matrix import matrix

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("connections", "database_calls", "deployments", "latency")
ESSENTIAL = ("connections", "database_calls")


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Latency is what network_metrics measured; where it measured nothing it is null, never invented."""
    del parameters
    measured = {(one["source_service"], one["target_service"]): one for one in rows["latency"]}
    where = {one["service_id"]: one for one in rows["deployments"]}
    calls = [_told({**one, "type": "service"}, measured) for one in rows["connections"]]
    for one in rows["database_calls"]:
        home = where.get(one["service_id"], {})
        ends = {
            "source_service": one["service_name"],
            "target_service": one["database_name"],
            "source_cluster": home.get("cluster_name"),
            "target_cluster": None,
            "source_region": home.get("cluster_region"),
            "target_region": one["database_region"],
        }
        calls.append(_told({**ends, "type": "database"}, measured))
    calls.sort(key=lambda one: (one["source_service"], one["target_service"], one["type"]))
    summary = {
        "total_connections": len(calls),
        "cross_region": sum(bool(one["cross_region"]) for one in calls),
        "database": sum(one["type"] == "database" for one in calls),
        "measured": sum(one["latency_ms"] is not None for one in calls),
    }
    return Told({"connections": calls, "matrix": matrix(calls, "latency_ms")}, summary)


def _told(ends: Row, measured: Mapping[tuple[str, str], Row]) -> Row:
    found = measured.get((ends["source_service"], ends["target_service"]), {})
    regions = ends["source_region"], ends["target_region"]
    return {
        **ends,
        "cross_region": None if None in regions else regions[0] != regions[1],
        "latency_ms": found.get("latency_ms"),
        "total_requests": found.get("total_requests"),
    }
