"""A payment gateway stops answering in time: requests hang until they time out, are tried again, and breakers open."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import BusyPoints, Effect, Incident, Selector, Traffic, WaitingPoints, at_entries


class PaymentTimeout(Incident, frozen=True, kw_only=True, tag="payment_timeout"):
    """A gateway takes longer than its callers wait (COM-5, COM-8); people try again."""

    delay_ms: Annotated[
        float,
        Meta(
            ge=0, description="what an answer takes longer on average; what its callers do not wait for is a time-out"
        ),
    ] = 60_000.0
    failure: Annotated[
        float, Meta(ge=0, le=1, description="share that it answers with an error, by the end, when breakers open")
    ] = 0.4
    traffic: Traffic = 1.5
    waiting_points: WaitingPoints = 0.0
    busy_points: BusyPoints = 0.0

    failing: Annotated[
        float, Meta(gt=0, le=20, description="times as long as usual, until it answers with an error")
    ] = 0.25
    slower: Annotated[
        float, Meta(ge=1, description="times the own time of its callers, whose threads wait until breakers open")
    ] = 8.0

    nodes: Annotated[
        float, Meta(ge=1, le=20, description="times the machines of its callers' clusters, added while work piles up")
    ] = 1.0

    WHOM = Selector("ExternalService", {"type": ("payment_gateway",)})
    SPREADS = ("callers", "callees", "sharers", "callees")
    TYPE = "outage"
    CAUSE = "third_party"
    TITLE = "{root} does not answer in time"
    USD_PER_MINUTE = 9_000.0

    def effects(self) -> tuple[Effect, ...]:
        """Answers come late or not at all; whoever waits for them holds threads, and memory with them.

        It hangs first, and more and more it breaks: breakers open towards the end, and close when it recovers.
        """
        return (
            Effect("node.delay_ms", self.delay_ms),
            Effect("node.failing", self.failing),
            Effect("node.failure", self.failure, envelope="climb"),
            Effect("node.holding", self.slower),
            Effect("node.memory", 12.0, on="callers", envelope="swell"),
            *((Effect("cluster.nodes", self.nodes, on="hosts"),) if self.nodes > 1 else ()),
            *at_entries(self.traffic, self.waiting_points, self.busy_points),
        )
