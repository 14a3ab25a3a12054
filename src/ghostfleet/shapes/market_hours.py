"""An exchange's trading day on the exchange's own clock: ramp, pre-market, session, after-hours (EST-21, SHR-20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from ghostfleet.core import civil, maths
from ghostfleet.core.calendars import EXCHANGE_ZONES, Exchange
from ghostfleet.shapes import Factor, Hour, Ratio, Shape, same_for_all

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, U64
    from ghostfleet.core.moments import Moments


class MarketHours(Shape, frozen=True, kw_only=True, tag="market_hours"):
    """Load of trading; multiply by `trading_calendar` to close on the exchange's holidays too."""

    exchange: Annotated[Exchange, Meta(description="exchange whose clock counts, by market identifier code")] = "XNYS"
    ramp_hour: Annotated[Hour, Meta(description="hour at which load starts to rise")] = 6.0
    pre_market_hour: Annotated[Hour, Meta(description="hour by which the pre-market level is reached")] = 7.0
    open_hour: Annotated[Hour, Meta(description="hour at which trading opens")] = 9.5
    close_hour: Annotated[Hour, Meta(description="hour at which trading closes")] = 16.0
    after_hours_end: Annotated[Hour, Meta(description="hour by which after-hours trading has ended")] = 18.0
    session: Annotated[Factor, Meta(description="multiplier at the open and at the close")] = 2.5
    swell: Annotated[Factor, Meta(description="what the middle of the session adds to it")] = 0.5
    extended: Annotated[Factor, Meta(description="multiplier before the open and after the close")] = 1.5
    quiet: Annotated[Factor, Meta(description="multiplier at other times of a weekday")] = 0.3
    weekend_level: Annotated[Factor, Meta(description="multiplier at weekends, before their share")] = 0.1
    weekend: Annotated[Ratio, Meta(description="share of that level that weekends keep")] = 0.2
    floor: Annotated[Factor, Meta(description="least multiplier")] = 0.1

    def __post_init__(self) -> None:
        """Refuse hours that are out of order."""
        hours = (self.ramp_hour, self.pre_market_hour, self.open_hour, self.close_hour, self.after_hours_end)
        if list(hours) != sorted(hours) or self.close_hour == self.open_hour:
            raise ValueError(f"the hours of a trading day must ascend, and these do not: {hours}")

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:  # noqa: ARG002  the exchange's zone
        """Multiplier by the exchange's clock, whatever the zone of the entities; the same for all of them."""
        local = at.local(EXCHANGE_ZONES[self.exchange])
        values = np.where(local.weekday < civil.SATURDAY, self._weekday(local.hour), self.weekend_level * self.weekend)
        return same_for_all(np.maximum(values, self.floor))

    def _weekday(self, hour: F32) -> F64:
        wave = maths.sine_turns((hour - self.open_hour) / (2 * (self.close_hour - self.open_hour)))
        risen = (hour - self.ramp_hour) / max(self.pre_market_hour - self.ramp_hour, 1 / 3600)  # at least a second
        extended = self.quiet + (self.extended - self.quiet) * np.clip(risen.astype(np.float64), 0, 1)
        around = np.where(hour < self.after_hours_end, extended, self.quiet)
        trading = (hour >= self.open_hour) & (hour < self.close_hour)
        return np.where(trading, self.session + self.swell * wave, around)
