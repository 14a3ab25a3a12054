"""Night work: busy while people sleep, a shoulder on both sides, little by day (EST-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from ghostfleet.shapes import Factor, Hour, Seconds, Shape, at_night, draws, refuse_night_by_day, same_for_all

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, U64
    from ghostfleet.core.moments import Moments


class BatchProcessing(Shape, frozen=True, kw_only=True, tag="batch_processing"):
    """Load of jobs that run at night, with a level that is drawn anew for each entity and cell of time."""

    night_start_hour: Annotated[Hour, Meta(description="local hour at which the night's jobs start")] = 20.0
    night_end_hour: Annotated[Hour, Meta(description="local hour by which they have ended")] = 6.0
    shoulder_hours: Annotated[Hour, Meta(description="length of the shoulders before and after")] = 2.0
    night: Annotated[Factor, Meta(description="least multiplier at night")] = 2.2
    spread: Annotated[Factor, Meta(description="width of the uniform draw that nights add")] = 0.4
    shoulder: Annotated[Factor, Meta(description="multiplier in the shoulders")] = 1.5
    day: Annotated[Factor, Meta(description="multiplier by day")] = 0.6
    cell_s: Annotated[Seconds, Meta(description="time for which a draw holds, in seconds")] = 300
    floor: Annotated[Factor, Meta(description="least multiplier")] = 0.1

    def __post_init__(self) -> None:
        """Refuse a night that does not cross midnight."""
        refuse_night_by_day(self.night_start_hour, self.night_end_hour)

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:
        """Multiplier by the zone's clock; with keys one row per entity."""
        hour = at.local(zone).hour
        is_night = at_night(hour, self.night_start_hour, self.night_end_hour)
        near = at_night(hour, self.night_start_hour - self.shoulder_hours, self.night_end_hour + self.shoulder_hours)
        level = same_for_all(np.where(is_night, self.night, np.where(near, self.shoulder, self.day)))
        spread = same_for_all(np.where(is_night, self.spread, 0.0))
        values = draws(at, keys, self.cell_s)
        values *= spread
        values += level
        return np.maximum(values, self.floor, out=values)
