"""A payment gateway stops answering in time: requests hang until they time out, are tried again, and breakers open."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Selector


class PaymentTimeout(Incident, frozen=True, kw_only=True, tag="payment_timeout"):
    """A gateway takes longer than its callers wait (COM-5, COM-8); people try again."""

    delay_ms: Annotated[
        float,
        Meta(
            ge=0, description="what an answer takes longer on average; what its callers do not wait for is a time-out"
        ),
    ] = 60_000.0
    failure: Annotated[float, Meta(ge=0, le=1, description="share that it answers with an error, in the middle")] = 0.3
    traffic: Annotated[float, Meta(ge=0, le=20, description="times the usual demand, because people try again")] = 1.4

    failing: Annotated[
        float, Meta(gt=0, le=20, description="times as long as usual, until it answers with an error")
    ] = 0.25
    slower: Annotated[
        float, Meta(ge=1, description="times the own time of its callers, whose threads wait, in the middle")
    ] = 8.0

    WHOM = Selector("ExternalService", {"type": ("payment_gateway",)})
    SPREADS = ("callers", "callees", "sharers", "callees")
    TYPE = "outage"
    CAUSE = "third_party"
    TITLE = "{root} does not answer in time"
    USD_PER_MINUTE = 9_000.0

    def effects(self) -> tuple[Effect, ...]:
        """Answers come late or not at all; whoever waits for them holds threads, and memory with them."""
        return (
            Effect("node.delay_ms", self.delay_ms),
            Effect("node.failing", self.failing),
            Effect("node.failure", self.failure, envelope="swell"),
            Effect("node.latency", self.slower, on="callers", envelope="swell"),
            Effect("node.memory", 12.0, on="callers", envelope="swell"),
            Effect("entry.rate", self.traffic, on="entries"),
        )
