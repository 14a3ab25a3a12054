"""Office hours: a swell over the working day with shoulders on both sides, on weekdays (EST-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from ghostfleet.core import civil, maths
from ghostfleet.shapes import Factor, Hour, Ratio, Shape, same_for_all

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, U64
    from ghostfleet.core.moments import Moments


class BusinessHours(Shape, frozen=True, kw_only=True, tag="business_hours"):
    """Load of people at work: quiet, a shoulder before and after, half a sine wave between start and end."""

    start_hour: Annotated[Hour, Meta(description="local hour at which work starts")] = 9.0
    end_hour: Annotated[Hour, Meta(description="local hour by which work has ended")] = 17.0
    shoulder_hours: Annotated[Hour, Meta(description="length of the shoulders before and after")] = 2.0
    peak: Annotated[Factor, Meta(description="multiplier when work starts and ends")] = 1.8
    swell: Annotated[Factor, Meta(description="what the middle of the day adds to it")] = 0.3
    shoulder: Annotated[Factor, Meta(description="multiplier in the shoulders")] = 1.2
    quiet: Annotated[Factor, Meta(description="multiplier at all other times")] = 0.4
    weekend: Annotated[Ratio, Meta(description="share of the quiet load that weekends keep")] = 0.2
    floor: Annotated[Factor, Meta(description="least multiplier")] = 0.1

    def __post_init__(self) -> None:
        """Refuse a day that ends before it starts."""
        if self.end_hour <= self.start_hour:
            raise ValueError(f"end_hour {self.end_hour} must come after start_hour {self.start_hour}")

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:  # noqa: ARG002  nothing is drawn
        """Multiplier by the zone's clock, the same for all entities."""
        local = at.local(zone)
        hour = local.hour
        wave = maths.sine_turns((hour - self.start_hour) / (2 * (self.end_hour - self.start_hour)))
        at_work = (hour >= self.start_hour) & (hour < self.end_hour)
        near = (hour >= self.start_hour - self.shoulder_hours) & (hour < self.end_hour + self.shoulder_hours)
        weekday = np.where(at_work, self.peak + self.swell * wave, np.where(near, self.shoulder, self.quiet))
        values = np.where(local.weekday < civil.SATURDAY, weekday, self.quiet * self.weekend)
        return same_for_all(np.maximum(values, self.floor))
