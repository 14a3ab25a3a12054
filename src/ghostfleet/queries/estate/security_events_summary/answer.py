"""Security events and recorded incidents of a window: by severity, type and status, by day, and by resource."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.means import share

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("kinds", "days", "resources")
WORST = ("critical", "high", "medium", "low")


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Count what is resolved of all events; open is whatever is not."""
    del parameters
    place = {severity: number for number, severity in enumerate(WORST)}
    kinds = sorted(
        rows["kinds"],
        key=lambda one: (place.get(one["severity"], len(WORST)), one["event_type"], one["status"]),
    )
    counts = {name: Counter[str]() for name in ("severity", "status")}
    for one in kinds:
        for name, count in counts.items():
            count[one[name]] += one["event_count"]
    events = sum(one["event_count"] for one in kinds)
    resolved = counts["status"]["resolved"]
    summary = {
        "total_events": events,
        "critical_events": counts["severity"]["critical"],
        "open_events": events - resolved,
        "resolution_rate_percent": share(resolved, events),
    }
    return Told({"by_kind": kinds, "daily_trend": rows["days"], "top_resources": rows["resources"]}, summary)
