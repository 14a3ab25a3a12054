"""Trading grows slow when it matters most: orders wait while work per order has grown."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Selector, Severity, Stand


class TradingLatencySpike(Incident, frozen=True, kw_only=True, tag="trading_latency_spike"):
    """Latency of a trading service rises several times (EST-17: 15 to 45 minutes, $0.5 to 2 million)."""

    severity: Severity = "critical"
    minutes: Stand = (15.0, 45.0)
    slower: Annotated[float, Meta(ge=1, description="times its own time, in the middle")] = 5.0
    delay_ms: Annotated[float, Meta(ge=0, description="on top, in the middle: orders wait for each other")] = 350.0
    work: Annotated[
        float, Meta(ge=1, le=10, description="times the work per request, until more pods have started")
    ] = 1.5

    WHOM = Selector("Service", {"domain": ("trading",)})
    SPREADS = ("callers", "callees", "sharers", "callees")
    TYPE = "performance"
    CAUSE = "performance"
    TITLE = "Latency spike in {root}"
    USD_PER_MINUTE = 43_000.0
    USD = (500_000.0, 2_000_000.0)

    def effects(self) -> tuple[Effect, ...]:
        """Slower with each order, and slowest in the middle."""
        return (
            Effect("node.latency", self.slower, envelope="swell"),
            Effect("node.delay_ms", self.delay_ms, envelope="swell"),
            Effect("node.cost", self.work),
            Effect("node.failure", 0.02, envelope="swell"),
        )
