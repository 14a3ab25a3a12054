"""How each service did over a window, those in worst health first, at most a hundred."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ghostfleet.queries import health
from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.means import mean, share

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("services",)
MOST = 100


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Judge health by means over the window; the summary is about all services, shown or not."""
    del parameters
    services = [
        {**one, "health_status": health.of_service(one["avg_error_rate"], one["avg_response_ms"])}
        for one in rows["services"]
    ]
    services.sort(
        key=lambda one: (
            health.GRADES.index(one["health_status"]),
            -(one["avg_error_rate"] or 0.0),
            one["service_name"],
            one["cluster_name"],
        )
    )
    counts = Counter(one["health_status"] for one in services)
    summary = {
        "total_services": len(services),
        **{grade: counts[grade] for grade in reversed(health.GRADES)},
        "healthy_percent": share(counts["healthy"], len(services)),
        "avg_cpu": mean(one["avg_cpu"] for one in services),
        "avg_memory": mean(one["avg_memory"] for one in services),
        "avg_response_ms": mean(one["avg_response_ms"] for one in services),
    }
    return Told({"services": services[:MOST]}, summary)
