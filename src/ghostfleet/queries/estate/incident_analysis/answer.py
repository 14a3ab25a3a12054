"""Incidents of a window: by type, severity and status, how long they took, what caused them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.means import share, total

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("kinds", "weeks", "causes")


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Time to resolve is a mean over the resolved incidents, not over weeks."""
    del parameters
    kinds, weeks = rows["kinds"], rows["weeks"]
    count = sum(one["incident_count"] for one in kinds)
    preventable = sum(one["preventable_count"] for one in kinds)
    timed = [one for one in weeks if one["mean_time_to_resolve_minutes"] is not None]
    resolved = sum(one["resolved_count"] for one in timed)
    spent = total(one["mean_time_to_resolve_minutes"] * one["resolved_count"] for one in timed)
    summary = {
        "total_incidents": count,
        "resolved_incidents": sum(one["resolved_count"] for one in weeks),
        "mean_time_to_resolve_minutes": spent / resolved if resolved else None,
        "total_revenue_impact": total(one["revenue_impact"] for one in kinds),
        "total_affected_users": sum(one["affected_users"] or 0 for one in kinds),
        "preventable_incidents": preventable,
        "prevention_opportunity_percent": share(preventable, count),
    }
    return Told({"by_kind": kinds, "weekly_resolution": weeks, "root_causes": rows["causes"]}, summary)
