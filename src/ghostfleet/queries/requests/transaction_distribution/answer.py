"""How transactions ended, how long they took, and how many there were hour by hour."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.means import share

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("statuses", "times", "hours")


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Add up statuses; codes of errors are told of apart."""
    del parameters
    counts = Counter[str]()
    for one in rows["statuses"]:
        counts[one["status"]] += one["transaction_count"]
    total = counts.total()
    by_status = [
        {"status": status, "transaction_count": count, "percent": share(count, total)}
        for status, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    codes = [
        {"error_code": one["error_code"], "transaction_count": one["transaction_count"]}
        for one in rows["statuses"]
        if one["error_code"] is not None
    ]
    summary = {
        "total_transactions": total,
        "failed_transactions": counts["error"],
        "error_rate_percent": share(counts["error"], total),
        "busiest_hour": max(rows["hours"], key=lambda one: one["transaction_count"])["hour"] if rows["hours"] else None,
    }
    return Told(
        {"by_status": by_status, "response_times": rows["times"], "by_hour": rows["hours"], "by_error_code": codes},
        summary,
    )
