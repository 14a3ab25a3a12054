"""Load that hardly changes: a slow daily wave and a little noise (EST-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from ghostfleet.core import maths
from ghostfleet.shapes import Factor, Ratio, Seconds, Shape, draws, same_for_all

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, U64
    from ghostfleet.core.moments import Moments

HOURS_PER_TURN = 24


class Steady(Shape, frozen=True, kw_only=True, tag="steady"):
    """A level with a daily sine wave, highest at 6:00, plus a draw for each entity and cell of time."""

    level: Annotated[Factor, Meta(description="multiplier in the middle of the wave")] = 1.0
    amplitude: Annotated[Ratio, Meta(description="half the height of the daily wave")] = 0.2
    spread: Annotated[Factor, Meta(description="width of the uniform draw that is added")] = 0.1
    cell_s: Annotated[Seconds, Meta(description="time for which a draw holds, in seconds")] = 300
    floor: Annotated[Factor, Meta(description="least multiplier")] = 0.1

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:
        """Multiplier by the zone's clock; with keys one row per entity."""
        wave = maths.sine_turns(at.local(zone).hour / HOURS_PER_TURN)
        calm = same_for_all(self.level + self.amplitude * wave)
        values = draws(at, keys, self.cell_s)
        values *= self.spread
        values += calm
        return np.maximum(values, self.floor, out=values)
