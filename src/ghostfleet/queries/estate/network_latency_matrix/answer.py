"""How long calls between services took over a window, the slowest connection first, and as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.matrix import matrix
from ghostfleet.queries.means import share, total

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("connections",)
SLOW_MS = 100


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Average over all requests, not over connections."""
    del parameters
    connections = sorted(
        rows["connections"],
        key=lambda one: (-(one["avg_latency_ms"] or 0.0), one["source_service"], one["target_service"]),
    )
    measured = [one for one in connections if one["avg_latency_ms"] is not None]
    requests = sum(one["total_requests"] for one in measured)
    spent = total(one["avg_latency_ms"] * one["total_requests"] for one in measured)
    summary = {
        "total_connections": len(connections),
        "avg_latency_ms": spent / requests if requests else None,
        "slow_connections": sum(one["avg_latency_ms"] > SLOW_MS for one in measured),
        "error_percent": share(sum(one["total_errors"] for one in measured), requests),
    }
    return Told({"connections": connections, "matrix": matrix(connections, "avg_latency_ms")}, summary)
