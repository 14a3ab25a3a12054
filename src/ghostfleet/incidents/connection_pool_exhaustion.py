"""A database grants fewer connections than its callers need: they queue, run into time-outs, and fail."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Selector

STEADY_SHARE = 0.92  # of the leak that is there from the onset on; the rest follows the severity


class ConnectionPoolExhaustion(Incident, frozen=True, kw_only=True, tag="connection_pool_exhaustion"):
    """Connections leak until the rest does not suffice (COM-5: db_connection)."""

    leaked_share: Annotated[float, Meta(ge=0, le=1, description="of the pool that is held and not used, at most")] = (
        0.66
    )

    WHOM = Selector("RDSInstance")
    ALSO = (Selector("EC2Instance"),)
    SPREADS = ("callers", "callees", "sharers")
    TYPE = "outage"
    CAUSE = "capacity"
    TITLE = "{root} has no connections left"
    PREVENTABLE = True
    USD_PER_MINUTE = 12_000.0

    def effects(self) -> tuple[Effect, ...]:
        """Held connections leave too few for the others, and fewest in the middle; callers' threads wait."""
        return (
            Effect("pool.leaked", self.leaked_share * STEADY_SHARE),
            Effect("pool.leaked", self.leaked_share * (1 - STEADY_SHARE), envelope="swell"),
            Effect("node.memory", 10.0, on="callers", envelope="swell"),
        )
