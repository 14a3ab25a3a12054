"""A payment gateway stops answering in time: requests hang until they time out, are tried again, and breakers open."""

from __future__ import annotations

from typing import ClassVar, Literal

from ghostfleet.incidents import Effect, Incident, Selector, Spread


class PaymentTimeout(Incident, frozen=True, kw_only=True, tag="payment_timeout"):
    """A gateway takes about half a minute to answer (COM-5, COM-8)."""

    delay_ms: float = 27_000.0

    WHOM: ClassVar[Selector] = Selector("ExternalService", {"type": ("payment",)})
    SPREADS: ClassVar[tuple[Spread, ...]] = ("callers",)
    TYPE: ClassVar[Literal["outage", "performance", "security"]] = "outage"
    CAUSE: ClassVar[str] = "third_party"
    TITLE: ClassVar[str] = "{root} does not answer in time"
    USD_PER_MINUTE: ClassVar[float] = 9_000.0

    def effects(self) -> tuple[Effect, ...]:
        """Answers come late, some not at all, and more of them in the middle."""
        return (
            Effect("node.delay_ms", self.delay_ms, envelope="swell"),
            Effect("node.failure", 0.1, envelope="swell"),
        )
