"""Compound growth per civil month (CAP-10)."""

from __future__ import annotations

from datetime import date  # noqa: TC003  the model reads its annotations when it is made
from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from ghostfleet.core import civil, maths
from ghostfleet.shapes import Shape, same_for_all

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, U64
    from ghostfleet.core.moments import Moments


class Growth(Shape, frozen=True, kw_only=True, tag="growth"):
    """(1 + r)^months: whole civil months since a date plus the gone share of the current one, below 1 before it.

    Months of 30.4375 days would make four years from some dates 47.97 months; so 48 of them are exactly 48.
    """

    percent_per_month: Annotated[float, Meta(gt=-100, le=100, description="growth per month, compound, in percent")]
    since: Annotated[date, Meta(description="local date at whose start the factor is 1")]

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:  # noqa: ARG002  nothing is drawn
        """Multiplier by the zone's calendar, the same for all entities."""
        elapsed = at.local(zone).months - self._anchor()
        doublings = maths.log2(np.array([1 + self.percent_per_month / 100]))
        return same_for_all(maths.exp2(elapsed * doublings))

    def _anchor(self) -> F64:
        days = civil.days_in_month(np.array([self.since.year]), np.array([self.since.month]))
        return (12 * self.since.year + self.since.month - 1) + (self.since.day - 1) / days
