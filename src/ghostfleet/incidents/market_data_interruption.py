"""A feed of prices falls silent: nothing enters, and whoever asks for a price gets none."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Onset, Recovery, Selector, Severity, Stand


class MarketDataInterruption(Incident, frozen=True, kw_only=True, tag="market_data_interruption"):
    """Market data stop (EST-17: 5 to 20 minutes, $1 to 5 million)."""

    severity: Severity = "critical"
    onset: Onset = (0.0, 1.0)
    minutes: Stand = (5.0, 20.0)
    recovery: Recovery = (2.0, 4.0)
    left: Annotated[float, Meta(ge=0, le=1, description="of what entered")] = 0.03
    failure: Annotated[float, Meta(ge=0, le=1, description="share of questions that find no price")] = 0.45

    WHOM = Selector("Service", named=("market-data", "price-feed"), called=False)
    SPREADS = ("callers", "callees", "sharers", "callees")
    TYPE = "outage"
    CAUSE = "third_party"
    TITLE = "{root} receives no market data"
    USD_PER_MINUTE = 225_000.0
    USD = (1_000_000.0, 5_000_000.0)

    def effects(self) -> tuple[Effect, ...]:
        """What enters stops; answers that need it fail."""
        return (
            Effect("entry.rate", self.left),
            Effect("node.failure", self.failure),
        )
