"""Weekdays on which an exchange is closed or closes early, from a shipped calendar (SHR-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from ghostfleet.core import calendars, civil
from ghostfleet.core.calendars import Exchange  # noqa: TC001  the model reads its annotations when it is made
from ghostfleet.shapes import Factor, Hour, Shape, same_for_all

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, U64
    from ghostfleet.core.moments import Moments


class TradingCalendar(Shape, frozen=True, kw_only=True, tag="trading_calendar"):
    """A factor where the exchange's calendar departs from its ordinary week; weekends belong to other shapes."""

    exchange: Annotated[Exchange, Meta(description="exchange, by market identifier code")] = "XNYS"
    closed: Annotated[Factor, Meta(description="multiplier on weekdays without trading")] = 0.2
    early: Annotated[Factor, Meta(description="multiplier from an early close to the ordinary one")] = 0.5
    close_hour: Annotated[Hour, Meta(description="the exchange's ordinary closing hour")] = 16.0

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:  # noqa: ARG002  the exchange's zone
        """Multiplier by the exchange's clock, whatever the zone of the entities; the same for all of them."""
        calendar = calendars.trading_days(self.exchange)
        local = at.local(calendar.zone)
        close = calendar.close_hour(local.day)
        is_closed = (close == 0) & (local.weekday < civil.SATURDAY)
        # Closed all day is an early close at 0:00 and would end at close_hour, so it is taken first.
        is_over = (close > 0) & (local.hour >= close) & (local.hour < self.close_hour)
        return same_for_all(np.where(is_closed, self.closed, np.where(is_over, self.early, 1.0)))
