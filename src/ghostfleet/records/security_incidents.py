"""Security incidents as a response team wrote them down: rows of security_events that know what happened (EST-29)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ghostfleet.core.window import HOUR_S
from ghostfleet.records.incident_metrics import noticed
from ghostfleet.signals import StateObserver, security_events
from ghostfleet.state.estate import Estates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.window import Window
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State
    from ghostfleet.world.occasions import Occasion

NEEDS: tuple[str, ...] = ("estate",)
TABLE = replace(
    security_events.TABLE,
    name="security_incidents",
    about="security incidents as a response team wrote them down; columns are those of security_events",
    group="records",
)
LATEST_S = HOUR_S + 1  # after its start an incident has been noticed
IMPACT = {"critical": 9.5, "high": 7.5, "medium": 5.0, "low": 2.0}


def observer(scenario: Scenario) -> StateObserver:
    """Make the record ready for a scenario."""
    estates = Estates(scenario)

    def found(window: Window) -> list[tuple[int, Occasion]]:
        struck = [
            (noticed(one, estates.flow.seed)[0], one)
            for one in estates.occasions.between(window.since_s - LATEST_S, window.until_s)
            if one.kind.TYPE == "security"
        ]
        mine = [(second, one) for second, one in struck if window.since_s <= second < window.until_s]
        return sorted(mine, key=lambda pair: (pair[0], pair[1].id))

    def observe(state: State | None, window: Window) -> Iterator[Batch]:  # noqa: ARG001  asks for incidents alone
        if mine := found(window):
            yield security_events.batch([_row(estates, second, one) for second, one in mine], TABLE)

    return StateObserver(TABLE, 1, observe, lambda window: len(found(window)), is_solved=False)


def _row(estates: Estates, second: int, one: Occasion) -> dict[str, object]:
    estate, flow = estates.flow.estate, estates.flow
    service, place = estate.services.get(one.root), flow.places.get(one.root)
    return {
        "time": second,
        "event_id": f"sec-{one.id}",
        "event_type": "incident",
        "severity": one.kind.severity,
        "resource_id": one.root,
        "resource_type": one.label,
        "service_name": one.root if service is not None else None,
        "cluster_name": service.cluster if service is not None else None,
        "region": (flow.nodes.regions[place] if place is not None else "") or "global",
        "description": one.kind.TITLE.format(root=one.root),
        "source": "manual",
        "status": "resolved",
        "cvss_score": None,
        "exploitability_score": None,
        "business_impact_score": IMPACT[one.kind.severity],
        "assigned_to": "security-response",
        "resolved_at": max(one.end_s, second),
        "resolution_time_hours": max(one.end_s - second, 0) / HOUR_S,
    }
