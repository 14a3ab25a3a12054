"""What resources cost over a window: day by day, by type, and where it was wasted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.means import share, total

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("days", "resources")
WASTE_USD = 10  # a day, beyond which a resource is worth a look
MOST = 50
MONTH_DAYS = 730.5 / 24


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Project a month from the mean of the days, and parts of days, that have data."""
    del parameters
    days, resources = rows["days"], rows["resources"]
    cost, waste = (total(one[name] for one in days) for name in ("total_cost", "total_waste"))
    told = {one["day"]: one["day_share"] for one in days}
    wasteful = [one for one in resources if (one["avg_daily_waste"] or 0.0) > WASTE_USD]
    summary = {
        "total_cost": cost,
        "total_waste": waste,
        "waste_percent": share(waste, cost),
        "resource_count": len({one["resource_id"] for one in resources}),
        "day_count": len(told),
        "opportunity_count": len(wasteful),
        "monthly_projection": cost / total(told.values()) * MONTH_DAYS,
    }
    return Told({"daily_trend": days, "opportunities": wasteful[:MOST], "by_type": _by_type(days, resources)}, summary)


def _by_type(days: Rows, resources: Rows) -> Rows:
    kinds = sorted({one["resource_type"] for one in days})
    found = []
    for kind in kinds:
        mine = [one for one in days if one["resource_type"] == kind]
        cost, waste = (total(one[name] for one in mine) for name in ("total_cost", "total_waste"))
        count = len({one["resource_id"] for one in resources if one["resource_type"] == kind})
        found.append(
            {
                "resource_type": kind,
                "total_cost": cost,
                "total_waste": waste,
                "waste_percent": share(waste, cost),
                "resource_count": count,
            }
        )
    return sorted(found, key=lambda one: (-one["total_cost"], one["resource_type"]))
