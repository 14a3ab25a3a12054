"""What work on the estate was worth, week by week, as teams reported it: computed from prices, changes and incidents.

Weeks begin on Mondays, UTC, and are reported when they are over (EST-26, EST-29).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core import draw, rows
from ghostfleet.core.batch import Batch
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.core.window import DAY_S, MINUTE_S, Window
from ghostfleet.signals import StateObserver, changes, security_events
from ghostfleet.state.estate import Estates
from ghostfleet.state.estate.bills import SAVED, WASTE
from ghostfleet.world import estate as worlds
from ghostfleet.world.estate.prices import HOURS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.table import Column
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State

NEEDS: tuple[str, ...] = ("estate",)
WEEK_S = 7 * DAY_S
MONDAY_S = 4 * DAY_S  # the first Monday of the epoch is 5 January 1970


def _figure(name: str, about: str, unit: str, resolution: float) -> Column:
    return column(name, Kind.F64, about, unit=unit, low=0, resolution=resolution, nullable=True)


TABLE = Table(
    "business_value_metrics",
    "what work on the estate was worth, week by week, as teams reported it",
    (
        column("time", Kind.TIME, "end of the week, UTC"),
        column(
            "metric_type", Kind.TEXT, "kind of value",
            values=("cost_savings", "efficiency", "risk_reduction", "time_savings"),
        ),
        column("category", Kind.TEXT, "what was worked on"),
        column("service_name", Kind.TEXT, "service; null where it is about many", nullable=True),
        column("cluster_name", Kind.TEXT, "cluster; null where it is about many", nullable=True),
        column("region", Kind.TEXT, "region; global where it is about many"),
        column("team", Kind.TEXT, "who reported it"),
        _figure("cost_savings_usd", "money saved in the week", "USD", 0.01),
        _figure("time_savings_hours", "work saved in the week", "h", 0.01),
        _figure("efficiency_gain_percent", "faster than the week before", "%", 0.01),
        _figure("risk_reduction_score", "findings closed, weighted by severity", "", 0.01),
        column("initiative_name", Kind.TEXT, "name of the work"),
        column("description", Kind.TEXT, "one line"),
        column("measurement_method", Kind.TEXT, "where the figure comes from"),
        column("confidence_level", Kind.TEXT, "how sure the team is", values=("high", "low", "medium")),
    ),
    keys=("time", "category"),
    order=("time", "category"),
    group="records",
)  # fmt: skip
# category: kind of value, column, team, initiative, description, method
CATEGORIES = {
    "automation": (
        "cost_savings", "cost_savings_usd", "platform-engineering", "Self-service changes",
        "changes that no longer pass through a queue", "changes of the week × minutes saved × hourly rate",
    ),
    "deployment_automation": (
        "time_savings", "time_savings_hours", "platform-engineering", "Pipelines for all",
        "deploys without hands", "deploys of the week × minutes saved",
    ),
    "incident_resolution": (
        "time_savings", "time_savings_hours", "site-reliability", "Runbooks and alerts",
        "incidents that were over sooner than by hand", "usual minutes − minutes of the ticket, × people on call",
    ),
    "infrastructure_optimization": (
        "cost_savings", "cost_savings_usd", "finops", "Right-sizing",
        "waste that was had back", "price list × share of waste that was had back",
    ),
    "security_improvement": (
        "risk_reduction", "risk_reduction_score", "security-engineering", "Findings down",
        "findings that were closed", "findings of the week × weight of severity × share resolved",
    ),
    "system_performance": (
        "efficiency", "efficiency_gain_percent", "site-reliability", "Fewer minutes lost",
        "minutes without an incident, compared with the week before", "incident minutes of two weeks",
    ),
}  # fmt: skip
HAD_BACK = 0.12  # of the waste of a week
HOURLY_USD = 125.0  # an engineer (EST-51)
CHANGE_MIN, DEPLOY_MIN = 6.0, 18.0
BY_HAND_MIN, ON_CALL = 47.0, 3.0  # phases of an incident by hand (EST-27), and who works on it
WEIGHTS = (10.0, 5.0, 2.0, 0.5)  # of the severities, worst first
CONFIDENCE = ("high", "medium", "medium", "low")


def observer(scenario: Scenario) -> StateObserver:
    """Make the record ready for a scenario."""
    return BusinessValue(scenario).ready()


class BusinessValue:
    """The record of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up prices, and what happens by itself."""
        self._estates = Estates(scenario)
        self._changes = changes.Changes(scenario)
        self._security = security_events.SecurityEvents(scenario)
        world = worlds.build(scenario)
        wasted = 0.0
        for label, (low, high) in WASTE.items():
            for usd in world[label].numbers("cost_monthly").tolist():
                wasted += usd * (low + high) / 2
        self._weekly_waste_usd = wasted / HOURS_PER_MONTH * (WEEK_S / 3600)
        ids = draw.entity_ids(CATEGORIES)
        self._luck = self._estates.flow.stream("value").keys(ids)

    def ready(self) -> StateObserver:
        """The observer."""
        count = len(CATEGORIES)
        return StateObserver(
            TABLE, count, self.observe, lambda window: count * len(_weeks(window)), DAY_S, is_solved=False
        )

    def observe(self, state: State | None, window: Window) -> Iterator[Batch]:  # noqa: ARG002  asks for events alone
        """Rows of the weeks that end in a window of days."""
        ends = _weeks(window)
        if not ends:
            return
        values = np.array([self._values(end_s) for end_s in ends])  # (weeks, categories)
        names, count = list(CATEGORIES), len(CATEGORIES)
        u = np.stack([draw.uniform(self._luck, end // WEEK_S, end // WEEK_S + 1)[:, 0] for end in ends])
        told = [CATEGORIES[name] for name in names] * len(ends)
        columns: dict[str, Any] = {
            "time": rows.whole(np.repeat(np.array(ends), count)[None, :]),
            "metric_type": rows.texts([one[0] for one in told]),
            "category": rows.texts(names * len(ends)),
            "service_name": rows.texts([None] * len(told)),
            "cluster_name": rows.texts([None] * len(told)),
            "region": rows.texts(["global"] * len(told)),
            "team": rows.texts([one[2] for one in told]),
            "initiative_name": rows.texts([one[3] for one in told]),
            "description": rows.texts([one[4] for one in told]),
            "measurement_method": rows.texts([one[5] for one in told]),
            "confidence_level": rows.texts([CONFIDENCE[int(x * len(CONFIDENCE))] for x in u.ravel().tolist()]),
        }
        flat = values.ravel()
        for name in ("cost_savings_usd", "time_savings_hours", "efficiency_gain_percent", "risk_reduction_score"):
            other = np.array([one[1] != name for one in told])
            columns[name] = rows.decimals(np.where(other, 0.0, flat)[None, :], TABLE[name], other[None, :])
        yield Batch(TABLE, {name: columns[name] for name in TABLE.names})

    def _values(self, end_s: int) -> list[float]:
        """Value of each category in the week before a second."""
        since_s = end_s - WEEK_S
        deploys, configs = self._changes.numbers(since_s, end_s)
        findings = self._security.findings(since_s, end_s)
        minutes, before = self._lost(since_s, end_s), self._lost(since_s - WEEK_S, since_s)
        saved = (SAVED[0] + SAVED[1]) / 2
        weighed = sum(weight * count for weight, count in zip(WEIGHTS, findings, strict=True))
        week_min = WEEK_S / MINUTE_S
        return [
            (deploys + configs) * CHANGE_MIN / 60 * HOURLY_USD,
            deploys * DEPLOY_MIN / 60,
            self._sooner(since_s, end_s),
            self._weekly_waste_usd * saved * HAD_BACK,
            weighed * security_events.RESOLVED,
            max(100 * (before - minutes) / week_min, 0.0),
        ]

    def _lost(self, since_s: int, until_s: int) -> float:
        """Minutes of incidents in a stretch."""
        total = 0.0
        for one in self._estates.occasions.between(since_s, until_s):
            total += (min(one.end_s, until_s) - max(one.start_s, since_s)) / MINUTE_S
        return total

    def _sooner(self, since_s: int, until_s: int) -> float:
        """Hours that incidents which were over in a stretch took less than by hand."""
        total = 0.0
        for one in self._estates.occasions.between(since_s - 1, until_s):
            if since_s <= one.end_s < until_s:
                total += max(BY_HAND_MIN - (one.end_s - one.start_s) / MINUTE_S, 0.0) / 60 * ON_CALL
        return total


def _weeks(window: Window) -> list[int]:
    """Seconds in a window at which weeks end."""
    first = -(-(window.since_s - MONDAY_S) // WEEK_S)
    last = -(-(window.until_s - MONDAY_S) // WEEK_S)
    return [MONDAY_S + week * WEEK_S for week in range(first, last)]
