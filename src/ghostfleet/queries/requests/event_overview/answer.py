"""Events by service, class of status and severity, and how long each service took."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.means import share

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("services", "kinds", "times")
ERRORS = ("4xx", "5xx")


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Share of errors, of each service and of all: those of clients as well as those of servers (EVT-5)."""
    del parameters
    services = [
        {**one, "error_rate_percent": share(one["error_count"], one["event_count"])} for one in rows["services"]
    ]
    counts = {name: Counter[str]() for name in ("status_class", "severity")}
    for one in rows["kinds"]:
        for name, count in counts.items():
            count[one[name]] += one["event_count"]
    total = counts["status_class"].total()
    summary = {
        "total_events": total,
        "error_rate_percent": share(sum(counts["status_class"][name] for name in ERRORS), total),
        **(
            {name: rows["times"][0][name] for name in ("avg_ms", "p50_ms", "p95_ms", "p99_ms")} if rows["times"] else {}
        ),
    }
    tables = {
        f"by_{name}": [{name: value, "event_count": count[value]} for value in sorted(count)]
        for name, count in counts.items()
    }
    return Told({"by_service": services, **tables}, summary)
