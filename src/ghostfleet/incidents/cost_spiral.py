"""A service or a cluster scales and never stops: more and more of it does no more work than before."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Onset, Recovery, Selector, Severity, Stand


class CostSpiral(Incident, frozen=True, kw_only=True, tag="cost_spiral"):
    """Runaway scaling over days (EST-50: cost up by 15 to 52 per cent)."""

    severity: Severity = "medium"
    onset: Onset = (240.0, 720.0)
    minutes: Stand = (1_440.0, 4_320.0)
    recovery: Recovery = (60.0, 180.0)
    replicas: Annotated[float, Meta(ge=1, description="times the pods that are needed")] = 3.0
    nodes: Annotated[float, Meta(ge=1, le=20, description="times the machines that a cluster needs")] = 1.52
    wasted_share: Annotated[float, Meta(ge=0, description="of its cost, on top")] = 0.52

    WHOM = Selector("Service", called=False)
    ALSO = (Selector("EKSCluster", called=False),)
    SPREADS = ("callers", "callees", "sharers", "callees")
    TYPE = "performance"
    CAUSE = "cost"
    TITLE = "{root} scales without need"
    PREVENTABLE = True
    USD_PER_MINUTE = 11.0

    def effects(self) -> tuple[Effect, ...]:
        """The autoscaler wants more, and the bill with it."""
        return (
            Effect("node.replicas", self.replicas),
            Effect("cluster.nodes", self.nodes, on="cluster"),
            Effect("bill.waste", self.wasted_share),
        )
