"""One factor inside working hours, on every day of the week (CAP-8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from ghostfleet.shapes import Factor, Hour, Shape, same_for_all

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, U64
    from ghostfleet.core.moments import Moments


class WorkingHours(Shape, frozen=True, kw_only=True, tag="working_hours"):
    """A factor in the half-open hours [start, end), 1 outside; hours that pass midnight start later than they end."""

    factor: Annotated[Factor, Meta(description="multiplier inside the hours")]
    start_hour: Annotated[Hour, Meta(description="local hour at which they start")] = 9.0
    end_hour: Annotated[Hour, Meta(description="local hour by which they have ended")] = 17.0

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:  # noqa: ARG002  nothing is drawn
        """Multiplier by the zone's clock, the same for all entities."""
        hour = at.local(zone).hour
        begun, unfinished = hour >= self.start_hour, hour < self.end_hour
        inside = begun & unfinished if self.start_hour <= self.end_hour else begun | unfinished
        return same_for_all(np.where(inside, self.factor, 1.0))
