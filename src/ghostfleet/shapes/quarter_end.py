"""The rush of the last days of a quarter, counted back from the end of the month (CAP-8, defect 16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from ghostfleet.shapes import Factor, Shape, same_for_all

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I64, U64
    from ghostfleet.core.moments import Local, Moments

QUARTER_MONTHS = (3, 6, 9, 12)
RUSH = (1.06, 1.12, 1.18, 1.24, 1.30)

Month = Annotated[int, Meta(ge=1, le=12)]
SHORTEST_MONTH = 28


class QuarterEnd(Shape, frozen=True, kw_only=True, tag="quarter_end"):
    """One factor for each of the last days of some months; the last factor is that of the month's last day."""

    months: Annotated[
        tuple[Month, ...], Meta(min_length=1, max_length=12, description="months that end a quarter, 1 to 12")
    ] = QUARTER_MONTHS
    factors: Annotated[
        tuple[Factor, ...],
        Meta(min_length=1, max_length=SHORTEST_MONTH, description="multipliers of the month's last days, in order"),
    ] = RUSH

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:  # noqa: ARG002  nothing is drawn
        """Multiplier by the zone's days, the same for all entities."""
        return same_for_all(last_days(at.local(zone), self.months, self.factors))


def last_days(local: Local, months: tuple[int, ...], factors: tuple[float, ...]) -> F64:
    """Factors of the last days of some months at each tick, 1 on other days; shape (ticks,)."""
    rows: I64 = np.maximum(len(factors) - local.days_left_in_month, 0)  # 1 is the first of them
    ends_quarter = np.isin(np.arange(13), months)[local.month]
    return np.array((1.0, *factors))[rows * ends_quarter]
