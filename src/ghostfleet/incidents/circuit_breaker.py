"""Somebody else's service answers nearly everything with an error: breakers open, and calls to it fail at once."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Selector, Traffic, at_entries


class CircuitBreaker(Incident, frozen=True, kw_only=True, tag="circuit_breaker"):
    """A dependency fails so often that nobody calls it any more (COM-5: breaker open, 50 to 200 ms)."""

    failure: Annotated[float, Meta(gt=0.5, le=1, description="share that fails; breakers open above one half")] = 0.85
    traffic: Traffic = 1.2

    WHOM = Selector("ExternalService")
    SPREADS = ("callers", "callees", "sharers", "callees")
    TYPE = "outage"
    CAUSE = "third_party"
    TITLE = "Calls to {root} are refused by open breakers"
    USD_PER_MINUTE = 6_000.0

    def effects(self) -> tuple[Effect, ...]:
        """It fails at once and keeps failing; what it takes is what it always took."""
        return (
            Effect("node.failure", self.failure),
            *at_entries(self.traffic, 0.0, 0.0),
        )
