"""Load that follows events: calm by night, a little more by day, with bursts at any time (EST-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from ghostfleet.core.draw import rekey
from ghostfleet.shapes import Factor, Hour, Ratio, Seconds, Shape, at_night, draws, refuse_night_by_day, same_for_all

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, U64
    from ghostfleet.core.moments import Moments

HAPPENS, SIZE = 0, 1  # numbers of the two draws of a cell


class EventDriven(Shape, frozen=True, kw_only=True, tag="event_driven"):
    """A calm level with bursts: each entity and cell of time has its own chance of one, and its own size."""

    night_start_hour: Annotated[Hour, Meta(description="local hour at which the night starts")] = 22.0
    night_end_hour: Annotated[Hour, Meta(description="local hour by which it has ended")] = 6.0
    night: Annotated[Factor, Meta(description="multiplier at night")] = 0.8
    day: Annotated[Factor, Meta(description="multiplier by day")] = 1.2
    burst_probability: Annotated[Ratio, Meta(description="chance of a burst in a cell of time")] = 0.05
    burst_min: Annotated[Factor, Meta(description="smallest burst, as a multiple of the calm level")] = 3.0
    burst_max: Annotated[Factor, Meta(description="largest burst, as a multiple of the calm level")] = 8.0
    cell_s: Annotated[Seconds, Meta(description="time for which a draw holds, in seconds")] = 300
    floor: Annotated[Factor, Meta(description="least multiplier")] = 0.1

    def __post_init__(self) -> None:
        """Refuse a night that does not cross midnight, and bursts with no size."""
        refuse_night_by_day(self.night_start_hour, self.night_end_hour)
        if self.burst_max < self.burst_min:
            raise ValueError(f"burst_max {self.burst_max} must be at least burst_min {self.burst_min}")

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:
        """Multiplier by the zone's clock; with keys one row per entity."""
        hour = at.local(zone).hour
        is_night = at_night(hour, self.night_start_hour, self.night_end_hour)
        calm = same_for_all(np.where(is_night, self.night, self.day))
        if keys is None:
            mean_size = (self.burst_min + self.burst_max) / 2
            calm *= 1 + self.burst_probability * (mean_size - 1)
            return np.maximum(calm, self.floor, out=calm)
        values = self._bursts(at, keys)
        values *= calm
        return np.maximum(values, self.floor, out=values)

    def _bursts(self, at: Moments, keys: U64) -> F32:
        calm = draws(at, rekey(keys, HAPPENS), self.cell_s) >= self.burst_probability
        sizes = draws(at, rekey(keys, SIZE), self.cell_s)
        sizes *= self.burst_max - self.burst_min
        sizes += self.burst_min
        sizes[calm] = 1
        return sizes
