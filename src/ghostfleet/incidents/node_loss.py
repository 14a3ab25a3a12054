"""Machines of a cluster are lost at once: the rest carries the load until what ran on them runs elsewhere."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Onset, Recovery, Selector, Stand


class NodeLoss(Incident, frozen=True, kw_only=True, tag="node_loss"):
    """A zone fails below a cluster, or racks in one."""

    onset: Onset = (0.0, 1.0)
    minutes: Stand = (5.0, 20.0)
    recovery: Recovery = (2.0, 6.0)
    lost_share: Annotated[
        float, Meta(ge=0, lt=1, description="of the cluster's machines: those of one zone, and then of the next")
    ] = 0.25

    WHOM = Selector("EKSCluster", called=False)
    SPREADS = ("sharers", "callers", "callees", "sharers", "callees")
    TYPE = "outage"
    CAUSE = "infrastructure"
    TITLE = "{root} has lost machines"
    USD_PER_MINUTE = 10_000.0

    def effects(self) -> tuple[Effect, ...]:
        """Machines go, and with them the pods that stand there; some requests go down with their pod."""
        return (
            Effect("cluster.lost", self.lost_share),
            Effect("node.failure", 0.01, on="residents"),
        )
