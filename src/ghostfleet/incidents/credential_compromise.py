"""Somebody tries passwords until one works, and then takes more rights than were meant for them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Onset, Selector, Severity, Stand


class CredentialCompromise(Incident, frozen=True, kw_only=True, tag="credential_compromise"):
    """A service's credentials are guessed and used (EST-27); nothing fails."""

    severity: Severity = "critical"
    onset: Onset = (5.0, 15.0)
    minutes: Stand = (30.0, 180.0)
    failed_logins: Annotated[float, Meta(ge=0, description="more than usual, per minute, in the middle")] = 60.0
    escalations: Annotated[float, Meta(ge=0, description="of privilege, per hour, in the end")] = 6.0

    WHOM = Selector("Service", called=False)
    SPREADS = ()
    TYPE = "security"
    CAUSE = "credentials"
    TITLE = "Credentials of {root} are used by somebody else"
    PREVENTABLE = True
    USD_PER_MINUTE = 8_000.0

    def effects(self) -> tuple[Effect, ...]:
        """First many failures to log in, then privileges."""
        return (
            Effect("logins.failed", self.failed_logins, envelope="swell"),
            Effect("logins.escalated", self.escalations, envelope="climb"),
        )
