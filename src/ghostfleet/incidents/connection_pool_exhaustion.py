"""A database grants fewer connections than its callers need: they queue, run into time-outs, and fail."""

from __future__ import annotations

from typing import ClassVar, Literal

from ghostfleet.incidents import Effect, Incident, Selector, Spread


class ConnectionPoolExhaustion(Incident, frozen=True, kw_only=True, tag="connection_pool_exhaustion"):
    """Connections leak until the rest does not suffice (COM-5: db_connection)."""

    leaked_share: float = 0.72

    WHOM: ClassVar[Selector] = Selector("RDSInstance")
    SPREADS: ClassVar[tuple[Spread, ...]] = ("callers", "sharers")
    TYPE: ClassVar[Literal["outage", "performance", "security"]] = "outage"
    CAUSE: ClassVar[str] = "capacity"
    TITLE: ClassVar[str] = "{root} has no connections left"
    PREVENTABLE: ClassVar[bool] = True
    USD_PER_MINUTE: ClassVar[float] = 12_000.0

    def effects(self) -> tuple[Effect, ...]:
        """Held connections leave too few for the others."""
        return (Effect("pool.leaked", self.leaked_share, envelope="swell"),)
