"""Pods that are wanted do not start: the others carry their load."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Onset, Recovery, Selector, Severity, Stand


class PodScalingFailure(Incident, frozen=True, kw_only=True, tag="pod_scaling_failure"):
    """Pods stay pending (EST-27); what runs is too little."""

    severity: Severity = "medium"
    onset: Onset = (0.0, 2.0)
    minutes: Stand = (20.0, 60.0)
    recovery: Recovery = (2.0, 5.0)
    unstarted_share: Annotated[float, Meta(ge=0, le=1, description="of the pods that are wanted")] = 0.55

    WHOM = Selector("Service")
    SPREADS = ("callers", "callees", "sharers", "callees")
    TYPE = "performance"
    CAUSE = "capacity"
    TITLE = "Pods of {root} do not start"
    PREVENTABLE = True
    USD_PER_MINUTE = 2_000.0

    def effects(self) -> tuple[Effect, ...]:
        """Fewer pods run than should."""
        return (Effect("node.unstarted", self.unstarted_share),)
