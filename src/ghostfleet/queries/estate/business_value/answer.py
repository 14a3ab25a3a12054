"""What initiatives were worth over a window: by category, by month, and those that saved most."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.means import total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

TEXTS = ("kinds", "months", "initiatives", "times")
YEAR_DAYS = 365
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Annualise by the days that the rows tell of: each stands at the end of its own."""
    del parameters
    kinds = rows["kinds"]
    days = _days([one["time"] for one in rows["times"]])
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


_INNER = ("efficiency_points",)


def _days(times: Sequence[datetime]) -> float:
    """Days told of by rows at given times, which rise: a week each, or less where rows follow each other sooner."""
    each = min((later - sooner for sooner, later in pairwise(times)), default=WEEK)
    return len(times) * (min(each, WEEK) / DAY)
