"""A database grants fewer connections than its callers need: they queue, run into time-outs, and fail."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import BusyPoints, Effect, Incident, Selector, Traffic, WaitingPoints, at_entries

STEADY_SHARE = 0.8  # of the queue that is there from the onset on; the rest follows the severity
AT_ONCE = 10.0  # times as many connections as there are: a tenth of its strength takes them all
IDLE_SHARE = 0.35  # of the work that is not done, because whoever is turned away asks nothing


class ConnectionPoolExhaustion(Incident, frozen=True, kw_only=True, tag="connection_pool_exhaustion"):
    """Connections are held and not given back, and callers queue for the rest (COM-5: db_connection)."""

    queued: Annotated[
        float, Meta(ge=0, le=4, description="callers that wait for a connection, as a share of the connections")
    ] = 0.95
    taken: Annotated[
        bool, Meta(description="whether all connections are held before anybody waits, however many there are")
    ] = False
    traffic: Traffic = 1.0
    waiting_points: WaitingPoints = 0.0
    busy_points: BusyPoints = 0.0
    failing: Annotated[
        float, Meta(ge=1, description="times as long as usual, until a caller is told that it gets none")
    ] = 3.0

    WHOM = Selector("RDSInstance")
    ALSO = (Selector("EC2Instance"),)
    SPREADS = ("callers", "callees", "sharers", "callees")
    TYPE = "outage"
    CAUSE = "capacity"
    TITLE = "{root} has no connections left"
    PREVENTABLE = True
    USD_PER_MINUTE = 12_000.0

    def effects(self) -> tuple[Effect, ...]:
        """The queue is longest in the middle; callers' threads wait in it, and hold memory."""
        return (
            Effect("pool.queued", self.queued * STEADY_SHARE),
            Effect("pool.queued", self.queued * (1 - STEADY_SHARE), envelope="swell"),
            *((Effect("pool.taken", AT_ONCE),) if self.taken else ()),
            Effect("node.failing", self.failing),
            Effect("node.cost", 1 - IDLE_SHARE),
            Effect("node.memory", 10.0, on="callers", envelope="swell"),
            *at_entries(self.traffic, self.waiting_points, self.busy_points),
        )
