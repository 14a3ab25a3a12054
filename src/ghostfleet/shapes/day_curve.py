"""Load that follows a drawn curve through the day, the same every day (COM-4)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
from msgspec import Meta

from ghostfleet.shapes import Factor, Hour, Shape, same_for_all

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, U64
    from ghostfleet.core.moments import Moments

HOURS = 24.0
Point = tuple[Hour, Factor]


class DayCurve(Shape, frozen=True, kw_only=True, tag="day_curve"):
    """Straight lines between points of local hours and factors; behind the last one it goes on to the first."""

    points: Annotated[tuple[Point, ...], Meta(min_length=1, description="local hours, rising, with their factors")] = (
        (4.0, 0.4),
        (13.0, 1.4),
        (20.0, 1.6),
    )
    peak: Annotated[
        Annotated[float, Meta(ge=1, le=1000)] | None,
        Meta(description="highest factor; what lies above 1 is stretched so that it is reached"),
    ] = None

    def __post_init__(self) -> None:
        """Refuse hours that do not rise, and a peak where nothing lies above 1."""
        hours = [hour for hour, _ in self.points]
        if any(low >= high for low, high in pairwise(hours)):
            msg = f"points: the hours {', '.join(f'{hour:g}' for hour in hours)} do not rise"
            raise ValueError(msg)
        if self.peak is not None and max(factor for _, factor in self.points) <= 1:
            msg = "peak: no factor of the points lies above 1, so none can be stretched"
            raise ValueError(msg)

    def with_peak(self, peak: float) -> DayCurve:
        """The same curve with another highest factor."""
        return msgspec.structs.replace(self, peak=peak)

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:  # noqa: ARG002  nothing is drawn
        """Multiplier by the zone's clock, the same for all entities."""
        hours = np.array([hour for hour, _ in self.points])
        factors = np.array([factor for _, factor in self.points])
        if self.peak is not None:
            highest = factors.max()
            factors = np.where(factors > 1, 1 + (factors - 1) * ((self.peak - 1) / (highest - 1)), factors)
        # The last point stands before the first one of the day, too, and the first one behind the last.
        ends = np.concatenate([[hours[-1] - HOURS], hours, [hours[0] + HOURS]])
        values = np.concatenate([factors[-1:], factors, factors[:1]])
        hour = at.local(zone).hour.astype(np.float64)
        after = np.clip(np.searchsorted(ends, hour, side="right"), 1, len(ends) - 1)
        low, high = ends.take(after - 1), ends.take(after)
        share = (hour - low) / (high - low)
        return same_for_all(values.take(after - 1) * (1 - share) + values.take(after) * share)
