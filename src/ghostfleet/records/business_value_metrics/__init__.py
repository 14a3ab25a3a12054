"""What work on the estate was worth, week by week, as teams reported it: computed from bills, changes and tickets.

Weeks begin on Mondays, UTC, and are reported when they are over (EST-26, EST-29), with what was known by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet import truth
from ghostfleet.core import draw, rows
from ghostfleet.core.batch import Batch
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.core.window import DAY_S, Window
from ghostfleet.records.business_value_metrics import minutes
from ghostfleet.records.business_value_metrics.savings import WEEK_S, Savings
from ghostfleet.signals import StateObserver, changes, security_events
from ghostfleet.spec.estate import TICK_S
from ghostfleet.state.estate import shared
from ghostfleet.truth.losses import AT_ONCE, is_felt
from ghostfleet.world import estate as worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.table import Column
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State

NEEDS: tuple[str, ...] = ("estate",)
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
        _figure("cost_savings_usd", "money saved, or wasted no longer, in the week", "USD", 0.01),
        _figure("time_savings_hours", "work saved in the week", "h", 0.01),
        column(
            "efficiency_gain_percent", Kind.F64, "fewer minutes of incidents than in the week before, of its minutes",
            unit="%", low=0, high=100, resolution=0.01, nullable=True,
        ),
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
        "waste that was had back", "estimated waste had it gone on − estimated waste, of cost metrics",
    ),
    "security_improvement": (
        "risk_reduction", "risk_reduction_score", "security-engineering", "Findings down",
        "findings that were closed", "findings of the week × weight of severity × share resolved",
    ),
    "system_performance": (
        "efficiency", "efficiency_gain_percent", "site-reliability", "Fewer minutes lost",
        "fewer minutes in which an incident was felt than the week before", "tickets of two weeks, each minute once",
    ),
}  # fmt: skip
IN_A_TASK = 13 * WEEK_S // TICK_S  # ticks: weeks that follow each other ask for the same incidents
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
        """Look up what happens by itself."""
        self._estates = shared(scenario)
        self._changes = changes.Changes(scenario)
        self._security = security_events.SecurityEvents(scenario)
        self._savings = Savings(self._estates, worlds.build(scenario))
        ids = draw.entity_ids(CATEGORIES)
        self._luck = self._estates.flow.stream("value").keys(ids)

    def ready(self) -> StateObserver:
        """The observer."""
        count = len(CATEGORIES)
        return StateObserver(
            TABLE,
            count,
            self.observe,
            lambda window: count * len(_weeks(window)),
            DAY_S,
            is_solved=False,
            ticks_at_once=IN_A_TASK,
            solves=self._solves,
        )

    def _solves(self, window: Window) -> int:
        """Ticks that are solved to see which incidents of a window were noticed."""
        if not _weeks(window):
            return 0
        begun = truth.starting(self._estates, window)
        return sum(2 * AT_ONCE for one in begun if is_felt(self._estates, one))

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
        tickets = minutes.known(self._estates, since_s - WEEK_S, end_s)
        lost, before = (
            minutes.lost(self._estates, tickets, at_s, at_s + WEEK_S) for at_s in (since_s, since_s - WEEK_S)
        )
        sooner = sum(max(BY_HAND_MIN - one, 0.0) for one in minutes.taken(tickets, since_s, end_s))
        weighed = sum(weight * count for weight, count in zip(WEIGHTS, findings, strict=True))
        return [
            (deploys + configs) * CHANGE_MIN / 60 * HOURLY_USD,
            deploys * DEPLOY_MIN / 60,
            sooner / 60 * ON_CALL,
            self._savings.usd(since_s, end_s),
            weighed * security_events.RESOLVED,
            100 * max(before - lost, 0.0) / before if before else 0.0,
        ]


def _weeks(window: Window) -> list[int]:
    """Seconds in a window at which weeks end."""
    first = -(-(window.since_s - MONDAY_S) // WEEK_S)
    last = -(-(window.until_s - MONDAY_S) // WEEK_S)
    return [MONDAY_S + week * WEEK_S for week in range(first, last)]
