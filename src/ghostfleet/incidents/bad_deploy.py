"""A new version is worse than the old one: it fails more, takes longer and works harder, until it is rolled back."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Onset, Recovery, Selector, Stand


class BadDeploy(Incident, frozen=True, kw_only=True, tag="bad_deploy"):
    """A deployment goes wrong and is taken back."""

    onset: Onset = (0.0, 2.0)
    minutes: Stand = (8.0, 40.0)
    recovery: Recovery = (1.0, 3.0)
    failure: Annotated[float, Meta(ge=0, le=1, description="share of requests that it breaks")] = 0.15
    slower: Annotated[float, Meta(ge=1, description="times its own time")] = 1.8
    work: Annotated[float, Meta(ge=1, le=10, description="times the work per request")] = 1.4

    WHOM = Selector("Service", called=False)
    SPREADS = ("callers", "callees", "sharers", "callees")
    TYPE = "outage"
    CAUSE = "change"
    TITLE = "The new version of {root} fails"
    PREVENTABLE = True
    USD_PER_MINUTE = 3_000.0

    def effects(self) -> tuple[Effect, ...]:
        """At once, and gone with the old version."""
        return (
            Effect("service.deployed", 1.0, envelope="whole"),
            Effect("node.failure", self.failure),
            Effect("node.latency", self.slower),
            Effect("node.cost", self.work),
        )
