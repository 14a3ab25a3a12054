"""What initiatives were worth over a window: by category, by month, and those that saved most."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.means import total

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("kinds", "months", "initiatives")
YEAR_DAYS = 365
DAY = timedelta(days=1)


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Annualise by the days that have data: from the first row of the window, or its start, to its end."""
    kinds = rows["kinds"]
    begins = max(parameters["start"], min(one["first_time"] for one in kinds))
    days = max((parameters["end"] - begins) / DAY, 1.0)
    savings = total(one["total_cost_savings_usd"] for one in kinds)
    gained = [one for one in kinds if one["efficiency_points"]]
    points = sum(one["efficiency_points"] for one in gained)
    gains = total(one["avg_efficiency_gain_percent"] * one["efficiency_points"] for one in gained)
    summary = {
        "total_cost_savings_usd": savings,
        "total_time_savings_hours": total(one["total_time_savings_hours"] for one in kinds),
        "avg_efficiency_gain_percent": gains / points if points else None,
        "day_count": days,
        "annualised_cost_savings_usd": savings * YEAR_DAYS / days,
    }
    shown = [{key: value for key, value in one.items() if key not in _INNER} for one in kinds]
    tables = {"by_category": shown, "monthly_trend": rows["months"], "top_initiatives": rows["initiatives"]}
    return Told(tables, summary)


_INNER = ("efficiency_points", "first_time")
