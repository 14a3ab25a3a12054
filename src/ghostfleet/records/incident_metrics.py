"""Incidents as operators wrote them down: when they noticed, what it cost, what it was (EST-27, EST-29)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core import draw, rows
from ghostfleet.core.batch import Batch, joined
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.core.window import MINUTE_S
from ghostfleet.signals import StateObserver
from ghostfleet.state.estate import Estates
from ghostfleet.state.estate.noise import log_normal
from ghostfleet.truth.losses import losses, solved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.table import Column
    from ghostfleet.core.window import Window
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State
    from ghostfleet.truth.losses import Losses
    from ghostfleet.world.occasions import Occasion

NEEDS: tuple[str, ...] = ("estate",)


def _minutes(name: str, about: str) -> Column:
    return column(name, Kind.F64, about, unit="min", low=0, resolution=0.1)


TABLE = Table(
    "incident_metrics",
    "incidents as operators wrote them down, once they had noticed",
    (
        column("time", Kind.TIME, "when it was noticed, UTC"),
        column("incident_id", Kind.TEXT, "unique id"),
        column("incident_type", Kind.TEXT, "what kind", values=("outage", "performance", "security")),
        column("severity", Kind.TEXT, "how bad it was", values=("critical", "high", "low", "medium")),
        column("status", Kind.TEXT, "how its ticket ended", values=("resolved",)),
        column("affected_services", Kind.TEXTS, "services that did visibly worse"),
        column("cluster_name", Kind.TEXT, "cluster of what was struck; null where it runs on none", nullable=True),
        column("region", Kind.TEXT, "region of what was struck; global of what others run"),
        column("affected_users", Kind.I64, "people whose requests failed", low=0),
        column("revenue_impact", Kind.F64, "what was lost", unit="USD", low=0, resolution=0.01),
        _minutes("duration_minutes", "from its start until all was well"),
        _minutes("detection_time_minutes", "from its start until it was noticed"),
        _minutes("acknowledgment_time_minutes", "from then until somebody took it on"),
        _minutes("resolution_time_minutes", "from when it was noticed until all was well"),
        column("root_cause_category", Kind.TEXT, "category of the cause"),
        column("root_cause_description", Kind.TEXT, "one line on the cause"),
        column("preventable", Kind.BOOL, "whether it need not have happened"),
    ),
    keys=("incident_id",),
    order=("time", "incident_id"),
    group="records",
)
DETECTED = (2.0, 0.5)  # minutes until a pager goes off: median and log-deviation
ACKNOWLEDGED = (3.0, 0.6)
MOST_DETECTED = 60.0
USERS_PER_FAILURE = 0.45  # people try again


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a record says of an incident."""

    occasion: Occasion
    noticed_s: int
    acknowledged_min: float
    lost: Losses


def observer(scenario: Scenario) -> StateObserver:
    """Make the record ready for a scenario."""
    return IncidentMetrics(scenario).ready()


def noticed(occasion: Occasion, seed: int) -> tuple[int, float]:
    """Second at which an incident was noticed, and minutes until somebody took it on."""
    key = draw.Stream(seed, "ticket").keys(draw.entity_ids([occasion.id]))
    u = draw.uniform(key, 0, 2)[0]
    detected = min(float(log_normal(u[:1], *DETECTED)[0]), MOST_DETECTED)
    lasting = max((occasion.end_s - occasion.start_s) / MINUTE_S, 1.0)
    return occasion.start_s + int(min(detected, lasting) * MINUTE_S), float(log_normal(u[1:], *ACKNOWLEDGED)[0])


def tickets(estates: Estates, window: Window) -> list[Ticket]:
    """Incidents that were noticed in a window, in that order; what nobody noticed has no ticket."""
    found = []
    for one, second, acknowledged in _noticed_in(estates, window):
        lost = losses(estates, one)
        if lost.is_visible:
            found.append(Ticket(one, second, acknowledged, lost))
    return sorted(found, key=lambda one: (one.noticed_s, one.occasion.id))


def _noticed_in(estates: Estates, window: Window) -> Iterator[tuple[Occasion, int, float]]:
    """Incidents that would be noticed in a window if they can be seen, with what `noticed` says of them."""
    for one in estates.occasions.between(window.since_s - int(MOST_DETECTED * MINUTE_S) - 1, window.until_s):
        second, acknowledged = noticed(one, estates.flow.seed)
        if window.since_s <= second < window.until_s:
            yield one, second, acknowledged


class IncidentMetrics:
    """The record of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        """Prepare to solve what incidents did."""
        self._estates = Estates(scenario)

    def ready(self) -> StateObserver:
        """The observer."""
        return StateObserver(
            TABLE,
            1,
            self.observe,
            lambda window: sum(1 for _ in _noticed_in(self._estates, window)),
            is_solved=False,
            solves=lambda window: sum(solved(one) for one, _, _ in _noticed_in(self._estates, window)),
        )

    def observe(self, state: State | None, window: Window) -> Iterator[Batch]:  # noqa: ARG002  solves its own
        """Rows of a window."""
        found = tickets(self._estates, window)
        if found:
            yield self._batch(found)

    def _batch(self, found: list[Ticket]) -> Batch:
        occasions = [one.occasion for one in found]
        places = [self._place(one) for one in occasions]
        lasting = np.array([(one.end_s - one.start_s) / MINUTE_S for one in occasions])
        detected = np.array([(one.noticed_s - one.occasion.start_s) / MINUTE_S for one in found])
        resolved = np.maximum(lasting - detected, 0.0)
        acknowledged = np.minimum(np.array([one.acknowledged_min for one in found]), resolved)
        columns: dict[str, Any] = {
            "time": rows.whole(np.array([[one.noticed_s for one in found]])),
            "incident_id": rows.texts([one.id for one in occasions]),
            "incident_type": rows.texts([one.kind.TYPE for one in occasions]),
            "severity": rows.texts([one.kind.severity for one in occasions]),
            "status": rows.texts(["resolved"] * len(found)),
            "affected_services": rows.texts([joined(one.lost.services) for one in found]),
            "cluster_name": rows.texts([cluster for cluster, _ in places]),
            "region": rows.texts([region for _, region in places]),
            "affected_users": rows.whole(np.array([[round(one.lost.failed * USERS_PER_FAILURE) for one in found]])),
            "revenue_impact": _decimals("revenue_impact", np.array([one.lost.usd for one in found])),
            "duration_minutes": _decimals("duration_minutes", lasting),
            "detection_time_minutes": _decimals("detection_time_minutes", detected),
            "acknowledgment_time_minutes": _decimals("acknowledgment_time_minutes", acknowledged),
            "resolution_time_minutes": _decimals("resolution_time_minutes", resolved),
            "root_cause_category": rows.texts([one.kind.CAUSE for one in occasions]),
            "root_cause_description": rows.texts([one.kind.TITLE.format(root=one.root) for one in occasions]),
            "preventable": rows.flags([one.kind.PREVENTABLE for one in occasions]),
        }
        return Batch(TABLE, columns)

    def _place(self, occasion: Occasion) -> tuple[str | None, str]:
        """Cluster and region of what an incident struck."""
        estate, flow = self._estates.flow.estate, self._estates.flow
        if occasion.root in estate.clusters:
            return occasion.root, estate.networks[estate.clusters[occasion.root].network].region
        service = estate.services.get(occasion.root)
        place = flow.places.get(occasion.root)
        region = flow.nodes.regions[place] if place is not None else ""
        return (service.cluster if service is not None else None), region or "global"


def _decimals(name: str, values: Any) -> Any:  # noqa: ANN401  arrays and columns
    return rows.decimals(values[None, :], TABLE[name])
