"""One factor on Saturdays and Sundays (CAP-8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from ghostfleet.core import civil
from ghostfleet.shapes import Factor, Shape, same_for_all

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, U64
    from ghostfleet.core.moments import Moments


class Weekend(Shape, frozen=True, kw_only=True, tag="weekend"):
    """A factor from Saturday 0:00 to Sunday 24:00 by the local clock, 1 on weekdays."""

    factor: Annotated[Factor, Meta(description="multiplier on Saturdays and Sundays")]

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:  # noqa: ARG002  nothing is drawn
        """Multiplier by the zone's days, the same for all entities."""
        return same_for_all(np.where(at.local(zone).weekday >= civil.SATURDAY, self.factor, 1.0))
