"""Security incidents as a response team wrote them down: rows of security_events that know what happened (EST-29).

As in all tickets a row says what was known when it was written: open, then in progress, then resolved.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ghostfleet.core.window import HOUR_S
from ghostfleet.records.incident_metrics import STATUSES, written
from ghostfleet.signals import StateObserver, security_events
from ghostfleet.state.estate import shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.window import Window
    from ghostfleet.records.incident_metrics import Update
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import Estates, State

NEEDS: tuple[str, ...] = ("estate",)
TABLE = replace(
    security_events.TABLE,
    name="security_incidents",
    about="security incidents as a response team wrote them down; columns are those of security_events",
    group="records",
)
TOLD = dict(zip(STATUSES, ("open", "in_progress", "in_progress", "resolved"), strict=True))
IMPACT = {"critical": 9.5, "high": 7.5, "medium": 5.0, "low": 2.0}


def observer(scenario: Scenario) -> StateObserver:
    """Make the record ready for a scenario."""
    estates = shared(scenario)

    def found(window: Window) -> list[Update]:
        return [
            one
            for one in written(estates, window, lambda one: one.kind.TYPE == "security")
            # Where it has been in progress, monitoring would say so once more.
            if one.status != STATUSES[2] or one.second == one.ticket.noticed_s
        ]

    def observe(state: State | None, window: Window) -> Iterator[Batch]:  # noqa: ARG001  asks for incidents alone
        if mine := found(window):
            yield security_events.batch([_row(estates, one) for one in mine], TABLE)

    def expected(window: Window) -> int:
        some = estates.occasions.between(window.since_s, window.until_s)
        return 3 * sum(window.since_s <= one.start_s and one.kind.TYPE == "security" for one in some)

    return StateObserver(TABLE, 1, observe, expected, is_solved=False)


def _row(estates: Estates, update: Update) -> dict[str, object]:
    estate, flow, one = estates.flow.estate, estates.flow, update.occasion
    service, place = estate.services.get(one.root), flow.places.get(one.root)
    status = TOLD[update.status]
    is_over = status == "resolved"
    return {
        "time": update.second,
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
        "status": status,
        "cvss_score": None,
        "exploitability_score": None,
        "business_impact_score": IMPACT[one.kind.severity],
        "assigned_to": None if status == "open" else "security-response",
        "resolved_at": update.second if is_over else None,
        "resolution_time_hours": (update.second - update.ticket.noticed_s) / HOUR_S if is_over else None,
    }
