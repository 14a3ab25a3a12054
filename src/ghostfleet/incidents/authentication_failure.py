"""People cannot log in: the service that knows who they are refuses many of them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Onset, Selector, Stand


class AuthenticationFailure(Incident, frozen=True, kw_only=True, tag="authentication_failure"):
    """Log-ins fail (EST-17: client portal, 20 to 60 minutes, $200,000 to 800,000)."""

    onset: Onset = (0.0, 2.0)
    minutes: Stand = (20.0, 60.0)
    failure: Annotated[float, Meta(ge=0, le=1, description="share of questions that fail")] = 0.4
    failed_logins: Annotated[float, Meta(ge=0, description="more than usual, per minute")] = 90.0

    WHOM = Selector("Service", named=("auth", "identity", "login"))
    SPREADS = ("callers", "callees", "sharers", "callees")
    TYPE = "outage"
    CAUSE = "configuration"
    TITLE = "{root} refuses people who should get in"
    PREVENTABLE = True
    USD_PER_MINUTE = 12_000.0
    USD = (200_000.0, 800_000.0)

    def effects(self) -> tuple[Effect, ...]:
        """Questions fail, take longer, and whoever fails tries again."""
        return (
            Effect("node.failure", self.failure),
            Effect("node.latency", 1.6),
            Effect("logins.failed", self.failed_logins),
        )
