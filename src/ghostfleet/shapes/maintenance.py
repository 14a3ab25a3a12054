"""Weekly maintenance windows by the local clock (EST-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, get_args

import msgspec
import numpy as np
from msgspec import Meta

from ghostfleet.shapes import Factor, Shape, same_for_all

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, U64
    from ghostfleet.core.moments import Moments

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS = get_args(Weekday)
DAY_HOURS, WEEK_HOURS = 24, 168


class MaintenanceWindow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A weekly stretch of local time; it may pass midnight and the end of the week."""

    weekday: Annotated[Weekday, Meta(description="day on which it starts")]
    start_hour: Annotated[float, Meta(ge=0, lt=DAY_HOURS, description="local hour at which it starts")]
    duration_hours: Annotated[float, Meta(gt=0, le=WEEK_HOURS, description="how long the clock shows it")]
    factor: Annotated[Factor, Meta(description="multiplier while it lasts")]

    @property
    def start(self) -> float:
        """Hours from Monday 0:00 to its start."""
        return WEEKDAYS.index(self.weekday) * DAY_HOURS + self.start_hour


class Maintenance(Shape, frozen=True, kw_only=True, tag="maintenance"):
    """The factors of weekly windows, multiplied where they overlap, 1 outside."""

    windows: Annotated[tuple[MaintenanceWindow, ...], Meta(min_length=1, description="weekly windows")]

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:  # noqa: ARG002  nothing is drawn
        """Multiplier by the zone's clock, the same for all entities."""
        local = at.local(zone)
        hour_of_week: F64 = local.weekday * DAY_HOURS + local.second_of_day / 3600
        values = np.ones(len(at))
        for window in self.windows:
            inside = (hour_of_week - window.start) % WEEK_HOURS < window.duration_hours
            values = np.where(inside, values * window.factor, values)
        return same_for_all(values)
