"""The instants at which shapes and signals are looked at, and what local clocks and calendars show then."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import civil, zones
from ghostfleet.core.window import DAY_S, HOUR_S, Window

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I64


@dataclass(frozen=True, eq=False, repr=False)
class Local:
    """What a zone's clock and calendar show at each tick; every array has shape (ticks,)."""

    seconds: I64  # of the local clock since 1970-01-01T00:00 local; what a wall clock shows, so DST jumps in it

    @cached_property
    def day(self) -> I64:
        """Local days since the epoch."""
        return self.seconds // DAY_S

    @cached_property
    def second_of_day(self) -> I64:
        """Seconds of the wall clock since local midnight, 0 to 86399."""
        return self.seconds - self.day * DAY_S

    @cached_property
    def hour(self) -> F32:
        """Hours of the wall clock since local midnight, in [0, 24); exact at quarter hours, else the nearest float32.

        On a day that daylight saving makes 23 or 25 hours long this is still what people's clocks read.
        """
        return (self.second_of_day / HOUR_S).astype(np.float32)

    @cached_property
    def weekday(self) -> I64:
        """Day of the week, 0 is Monday."""
        return civil.weekday(self.day)

    @cached_property
    def year(self) -> I64:
        """Calendar year."""
        return self._per_day(self._dates.year)

    @cached_property
    def month(self) -> I64:
        """Month, 1 to 12."""
        return self._per_day(self._dates.month)

    @cached_property
    def day_of_month(self) -> I64:
        """Day of the month, 1 to 31."""
        return self._per_day(self._dates.day_of_month)

    @cached_property
    def quarter(self) -> I64:
        """Quarter, 1 to 4."""
        return (self.month + 2) // 3

    @cached_property
    def days_in_month(self) -> I64:
        """Days of the current month, 28 to 31."""
        return self._per_day(civil.days_in_month(self._dates.year, self._dates.month))

    @cached_property
    def days_left_in_month(self) -> I64:
        """Days after this one in its month; 0 on the last."""
        return self.days_in_month - self.day_of_month

    @cached_property
    def months(self) -> F64:
        """Civil months since the year 0: whole ones, plus the share of the current month that has gone."""
        gone = (self.day_of_month - 1) + self.second_of_day / DAY_S
        return (12 * self.year + self.month - 1) + gone / self.days_in_month

    # A window has far fewer days than ticks, and dates cost a dozen divisions: do them once per day.
    @cached_property
    def _first_day(self) -> int:
        return int(self.day.min()) if len(self.day) else 0

    @cached_property
    def _dates(self) -> civil.Civil:
        last = int(self.day.max()) if len(self.day) else 0
        return civil.civil(np.arange(self._first_day, last + 1, dtype=np.int64))

    def _per_day(self, values: I64) -> I64:
        return values.take(self.day - self._first_day)


@dataclass(frozen=True, eq=False, repr=False)
class Moments:
    """The starts of a window's ticks. Views of them are computed once and kept; treat them as read-only."""

    window: Window

    def __len__(self) -> int:
        """Count the ticks."""
        return len(self.window)

    @cached_property
    def ticks(self) -> I64:
        """Tick numbers since the epoch, shape (ticks,)."""
        return self.window.ticks()

    @cached_property
    def seconds(self) -> I64:
        """Start of each tick in seconds since the epoch, shape (ticks,)."""
        return self.window.seconds()

    def local(self, zone: str) -> Local:
        """What clocks and calendars of a zone show at each tick."""
        views = self._views
        if zone not in views:
            views[zone] = Local(self.seconds + zones.offsets(self.seconds, zone) if zone != "UTC" else self.seconds)
        return views[zone]

    @cached_property
    def _views(self) -> dict[str, Local]:
        return {}
