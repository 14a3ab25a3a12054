"""Far more people come than usual, and at once."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Onset, Selector, Severity, Stand


class TrafficSurge(Incident, frozen=True, kw_only=True, tag="traffic_surge"):
    """Demand grows several times within minutes."""

    severity: Severity = "medium"
    onset: Onset = (2.0, 6.0)
    minutes: Stand = (10.0, 45.0)
    factor: Annotated[float, Meta(ge=1, le=50, description="times the usual demand")] = 1.6

    WHOM = Selector("Service", called=False, enters=True)
    ALSO = (Selector("WebService", called=False, enters=True),)
    SPREADS = ("callees", "callers", "callees")
    TYPE = "performance"
    CAUSE = "demand"
    TITLE = "Demand on {root} surges"
    USD_PER_MINUTE = 1_500.0

    def effects(self) -> tuple[Effect, ...]:
        """What enters grows; what it does to others is theirs."""
        return (Effect("entry.rate", self.factor),)
