"""How each database did over a window, the busiest first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ghostfleet.queries import health
from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.means import mean

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("databases",)


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Judge each database by its means over the window."""
    del parameters
    databases = [
        {**one, "performance_status": health.of_database(one["avg_cpu"], one["avg_read_latency_ms"])}
        for one in rows["databases"]
    ]
    databases.sort(key=lambda one: (-(one["avg_cpu"] or 0.0), one["db_identifier"]))
    counts = Counter(one["performance_status"] for one in databases)
    summary = {
        "total_databases": len(databases),
        **{status: counts[status] for status in ("critical", "warning", "normal")},
        "avg_cpu": mean(one["avg_cpu"] for one in databases),
        "slow_queries": sum(one["slow_queries"] or 0 for one in databases),
        "deadlocks": sum(one["deadlocks"] or 0 for one in databases),
    }
    return Told({"databases": databases}, summary)
