"""A service that others call grows slow and faulty, but not so much that breakers open."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import BusyPoints, Effect, Incident, Selector, Traffic, WaitingPoints, at_entries


class UpstreamDegradation(Incident, frozen=True, kw_only=True, tag="upstream_degradation"):
    """A dependency is degraded (COM-5: upstream_service, 2,000 to 10,000 ms)."""

    slower: Annotated[float, Meta(ge=1, description="times its own time")] = 3.0
    delay_ms: Annotated[float, Meta(ge=0, description="on top, in the middle")] = 1_500.0
    failure: Annotated[float, Meta(ge=0, le=1, description="share that fails, in the middle")] = 0.33

    traffic: Traffic = 1.0
    waiting_points: WaitingPoints = 0.0
    busy_points: BusyPoints = 0.0

    failing: Annotated[float, Meta(ge=1, description="times as long as usual, until a failure is told")] = 3.0

    WHOM = Selector("Service")
    SPREADS = ("callers", "callees", "sharers", "callees")
    TYPE = "performance"
    CAUSE = "dependency"
    TITLE = "{root} answers slowly and often with an error"
    USD_PER_MINUTE = 4_000.0

    def effects(self) -> tuple[Effect, ...]:
        """Slow at once, slowest and most faulty in the middle."""
        return (
            Effect("node.latency", self.slower),
            Effect("node.delay_ms", self.delay_ms, envelope="swell"),
            Effect("node.failure", self.failure, envelope="swell"),
            Effect("node.failing", self.failing),
            *at_entries(self.traffic, self.waiting_points, self.busy_points),
        )
