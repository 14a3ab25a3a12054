"""A database has more licences than it needs, for weeks, until somebody looks."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Onset, Recovery, Selector, Severity, Stand


class LicenseOverprovisioning(Incident, frozen=True, kw_only=True, tag="license_overprovisioning"):
    """Licences of SQL Server or Oracle that nobody uses (EST-27)."""

    severity: Severity = "low"
    onset: Onset = (0.0, 0.0)
    minutes: Stand = (20_160.0, 43_200.0)
    recovery: Recovery = (0.0, 0.0)
    wasted_share: Annotated[float, Meta(ge=0, description="of its cost, on top")] = 0.45

    WHOM = Selector("EC2Instance", called=False)
    ALSO = (Selector("RDSInstance", {"engine": ("oracle-ee",)}, called=False),)
    SPREADS = ()
    TYPE = "performance"
    CAUSE = "cost"
    TITLE = "{root} has licences that nobody uses"
    PREVENTABLE = True
    USD_PER_MINUTE = 1.5

    def effects(self) -> tuple[Effect, ...]:
        """Only the bill knows."""
        return (Effect("bill.waste", self.wasted_share, envelope="whole"),)
