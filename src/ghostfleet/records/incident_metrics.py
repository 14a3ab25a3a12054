"""Incidents as operators wrote them down: when they noticed, what it cost, what it was (EST-27, EST-29).

A ticket has a row for each time at which somebody wrote in it, and a row says what was known then: its last row in a
window tells how things stand when the window ends, whatever comes later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core import draw, rows
from ghostfleet.core.batch import Batch, Plain, joined
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.core.window import MINUTE_S, Window
from ghostfleet.signals import StateObserver
from ghostfleet.state.estate import shared
from ghostfleet.state.estate.noise import log_normal
from ghostfleet.truth.losses import AT_ONCE, course, found_at, is_felt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ghostfleet.core.arrays import Bool
    from ghostfleet.core.table import Column
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import Estates, State
    from ghostfleet.truth.losses import Losses
    from ghostfleet.world.occasions import Occasion

NEEDS: tuple[str, ...] = ("estate",)


def _minutes(name: str, about: str, *, nullable: bool = False) -> Column:
    return column(name, Kind.F64, about, unit="min", low=0, resolution=0.1, nullable=nullable)


STATUSES = ("investigating", "identified", "monitoring", "resolved")
TABLE = Table(
    "incident_metrics",
    "tickets of incidents: a row for each time at which somebody wrote in one, with what was known then",
    (
        column("time", Kind.TIME, "when it was written, UTC"),
        column("incident_id", Kind.TEXT, "id of the incident; its last row tells how things stand"),
        column("incident_type", Kind.TEXT, "what kind", values=("outage", "performance", "security")),
        column("severity", Kind.TEXT, "how bad it was", values=("critical", "high", "low", "medium")),
        column("status", Kind.TEXT, "how far they had come", values=tuple(sorted(STATUSES))),
        column("affected_services", Kind.TEXTS, "those at what was struck, once found, and who did visibly worse"),
        column(
            "cluster_name", Kind.TEXT, "cluster of what was struck; null where it runs on none, and until it is found",
            nullable=True,
        ),
        column(
            "region", Kind.TEXT, "region of what was struck; global of what others run, null until it is found",
            nullable=True,
        ),
        column("affected_users", Kind.I64, "people whose requests had failed", low=0),
        column("revenue_impact", Kind.F64, "lost in production, or wasted", unit="USD", low=0, resolution=0.01),
        _minutes("duration_minutes", "from its start until then"),
        _minutes("detection_time_minutes", "from its start until it was noticed"),
        _minutes("acknowledgment_time_minutes", "from then until somebody took it on; null until then", nullable=True),
        _minutes("resolution_time_minutes", "from its notice until all was well; null until then", nullable=True),
        column("root_cause_category", Kind.TEXT, "category of the cause; null until it is found", nullable=True),
        column("root_cause_description", Kind.TEXT, "one line on the cause; null until it is found", nullable=True),
        column("preventable", Kind.BOOL, "whether it need not have happened; null until it is over", nullable=True),
    ),
    keys=("time", "incident_id"),
    order=("time", "incident_id"),
    group="records",
)  # fmt: skip
DETECTED = (2.0, 0.5)  # minutes until a pager goes off, once there is something to see: median and log-deviation
ACKNOWLEDGED = (3.0, 0.6)
INVESTIGATED = (5.0, 0.5)  # from then on, until the cause is found
MOST_DETECTED = 60.0
USERS_PER_FAILURE = 0.45  # people try again


@dataclass(frozen=True, slots=True)
class Ticket:
    """When somebody writes in a ticket."""

    occasion: Occasion
    noticed_s: int
    acknowledged_s: int
    identified_s: int
    monitored_s: int

    @property
    def statuses(self) -> dict[int, str]:
        """Status of each time; of what was written at one time the last counts."""
        seconds = (self.noticed_s, self.identified_s, self.monitored_s, self.occasion.end_s)
        return dict(zip(seconds, STATUSES, strict=True))


@dataclass(frozen=True, slots=True)
class Update:
    """What was written in a ticket at one time."""

    ticket: Ticket
    second: int
    status: str
    lost: Losses

    @property
    def occasion(self) -> Occasion:
        """The incident."""
        return self.ticket.occasion


def observer(scenario: Scenario) -> StateObserver:
    """Make the record ready for a scenario."""
    return IncidentMetrics(scenario).ready()


def ticket(estates: Estates, occasion: Occasion) -> Ticket | None:
    """Ticket of an incident; what nobody noticed has none."""
    visible_s = course(estates, occasion).visible_s()
    if visible_s is None:
        return None
    key = draw.Stream(estates.flow.seed, "ticket").keys(draw.entity_ids([occasion.id]))
    u = draw.uniform(key, 0, 3)[0]
    spans = [float(log_normal(u[n : n + 1], *of)[0]) for n, of in enumerate((DETECTED, ACKNOWLEDGED, INVESTIGATED))]
    noticed_s = min(visible_s + int(min(spans[0], MOST_DETECTED) * MINUTE_S), occasion.end_s)
    monitored_s = max(occasion.phases_s[1], noticed_s)
    acknowledged_s = min(noticed_s + int(spans[1] * MINUTE_S), monitored_s)
    identified_s = min(acknowledged_s + int(spans[2] * MINUTE_S), monitored_s)
    return Ticket(occasion, noticed_s, acknowledged_s, identified_s, monitored_s)


def updates(estates: Estates, occasion: Occasion, window: Window) -> Iterator[Update]:
    """What was written in an incident's ticket in a window: an incident that is over soon has fewer rows."""
    found = ticket(estates, occasion)
    if found is None:
        return
    for second, status in found.statuses.items():
        if window.since_s <= second < window.until_s:
            yield Update(found, second, status, course(estates, occasion).until(second))


def written(
    estates: Estates, window: Window, keep: Callable[[Occasion], bool] = lambda _occasion: True
) -> list[Update]:
    """What was written in tickets in a window, in that order; ``keep`` says in which."""
    found = [update for one in _open_in(estates, window) if keep(one) for update in updates(estates, one, window)]
    return sorted(found, key=lambda one: (one.second, one.occasion.id))


def _open_in(estates: Estates, window: Window) -> list[Occasion]:
    """Incidents that were going on in a window, or ended as it began."""
    return estates.occasions.between(window.since_s - 1, window.until_s)


def _solved(estates: Estates, occasion: Occasion, window: Window) -> int:
    """Ticks that are solved for what is written of an incident in a window."""
    if not is_felt(estates, occasion):
        return 0
    last_s = max((one for one in (*occasion.phases_s, occasion.end_s) if one < window.until_s), default=0)
    lasting = min(occasion.end_s, window.until_s) if last_s >= window.since_s else occasion.start_s
    first = min(occasion.end_s - occasion.start_s, AT_ONCE * MINUTE_S)
    return 2 * max(lasting - occasion.start_s, first) // MINUTE_S


class IncidentMetrics:
    """The record of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        """Prepare to solve what incidents did."""
        self._estates = shared(scenario)

    def ready(self) -> StateObserver:
        """The observer."""
        return StateObserver(
            TABLE,
            1,
            self.observe,
            self._expected,
            is_solved=False,
            solves=lambda window: sum(_solved(self._estates, one, window) for one in _open_in(self._estates, window)),
        )

    def observe(self, state: State | None, window: Window) -> Iterator[Batch]:  # noqa: ARG002  solves its own
        """Rows of a window."""
        found = written(self._estates, window)
        if found:
            yield self._batch(found)

    def _expected(self, window: Window) -> int:
        """Rows in a window, if every ticket is noticed soon."""
        seconds = [
            second
            for one in _open_in(self._estates, window)
            for second in (one.start_s, one.start_s, one.phases_s[1], one.end_s)
        ]
        return sum(window.since_s <= second < window.until_s for second in seconds)

    def _batch(self, found: list[Update]) -> Batch:
        occasions, seconds = [one.occasion for one in found], np.array([one.second for one in found])
        starts = np.array([one.start_s for one in occasions])
        noticed = np.array([one.ticket.noticed_s for one in found])
        acknowledged = np.array([one.ticket.acknowledged_s for one in found])
        is_known = [one.status != STATUSES[0] for one in found]
        is_over = np.array([one.status == STATUSES[-1] for one in found])
        places = [self._place(one) if known else (None, None) for one, known in zip(occasions, is_known, strict=True)]
        known = list(zip(occasions, is_known, strict=True))
        columns: dict[str, Any] = {
            "time": rows.whole(seconds[None, :]),
            "incident_id": rows.texts([one.id for one in occasions]),
            "incident_type": rows.texts([one.kind.TYPE for one in occasions]),
            "severity": rows.texts([one.kind.severity for one in occasions]),
            "status": rows.texts([one.status for one in found]),
            "affected_services": rows.texts([joined(self._affected(one)) for one in found]),
            "cluster_name": rows.texts([cluster for cluster, _ in places]),
            "region": rows.texts([region for _, region in places]),
            "affected_users": rows.whole(np.array([[round(one.lost.failed * USERS_PER_FAILURE) for one in found]])),
            "revenue_impact": _decimals("revenue_impact", np.array([one.lost.usd for one in found])),
            "duration_minutes": _decimals("duration_minutes", (seconds - starts) / MINUTE_S),
            "detection_time_minutes": _decimals("detection_time_minutes", (noticed - starts) / MINUTE_S),
            "acknowledgment_time_minutes": _decimals(
                "acknowledgment_time_minutes", (acknowledged - noticed) / MINUTE_S, acknowledged > seconds
            ),
            "resolution_time_minutes": _decimals("resolution_time_minutes", (seconds - noticed) / MINUTE_S, ~is_over),
            "root_cause_category": rows.texts([one.kind.CAUSE if is_found else None for one, is_found in known]),
            "root_cause_description": rows.texts(
                [one.kind.TITLE.format(root=one.root) if is_found else None for one, is_found in known]
            ),
            "preventable": Plain(np.array([one.kind.PREVENTABLE for one in occasions]) & is_over, _gone(~is_over)),
        }
        return Batch(TABLE, columns)

    def _affected(self, update: Update) -> list[str]:
        """Services that did visibly worse, and those at what was struck once somebody knows what that is."""
        is_found = update.status != STATUSES[0]
        struck = found_at(self._estates, update.occasion) if is_found else frozenset[str]()
        return sorted({*update.lost.services, *struck})

    def _place(self, occasion: Occasion) -> tuple[str | None, str]:
        """Cluster and region of what an incident struck."""
        estate, flow = self._estates.flow.estate, self._estates.flow
        if occasion.root in estate.clusters:
            return occasion.root, estate.networks[estate.clusters[occasion.root].network].region
        service = estate.services.get(occasion.root)
        place = flow.places.get(occasion.root)
        region = flow.nodes.regions[place] if place is not None else ""
        return (service.cluster if service is not None else None), region or "global"


def _decimals(name: str, values: Any, missing: Bool | None = None) -> Any:  # noqa: ANN401  arrays and columns
    gone = None if missing is None else _gone(missing)
    return rows.decimals(values[None, :], TABLE[name], None if gone is None else gone[None, :])


def _gone(missing: Bool) -> Bool | None:
    return missing if missing.any() else None
