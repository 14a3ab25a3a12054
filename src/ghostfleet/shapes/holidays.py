"""The calm of public holidays, day by day from a shipped calendar (CAP-8, defects 4 and 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from ghostfleet.core import calendars
from ghostfleet.core.calendars import Country  # noqa: TC001  the model reads its annotations when it is made
from ghostfleet.shapes import Shape, same_for_all
from ghostfleet.shapes.quarter_end import QUARTER_MONTHS, RUSH, last_days

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, U64
    from ghostfleet.core.moments import Moments

LAST_DAYS = (0.0,) * len(RUSH)  # marks the days of the rush


class Holidays(Shape, frozen=True, kw_only=True, tag="holidays"):
    """The calendar's factor on each holiday, 1 on other days; the same calendar says what `is_holiday` says."""

    country: Annotated[Country, Meta(description="country whose holidays count, by two-letter code")] = "US"
    quarter_end_wins: Annotated[
        bool, Meta(description="whether the last five days of a quarter are busy although the year ends (31 December)")
    ] = True

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:  # noqa: ARG002  nothing is drawn
        """Multiplier by the zone's days, the same for all entities."""
        local = at.local(zone)
        values = calendars.holidays(self.country).factor(local.day)
        if self.quarter_end_wins:
            values = np.where(last_days(local, QUARTER_MONTHS, LAST_DAYS) > 0, values, 1.0)
        return same_for_all(values)
