"""Expected rates at which demand enters: shapes by the clients' clocks × wander × surges × incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ghostfleet.core import draw, maths
from ghostfleet.core.moments import Moments
from ghostfleet.state.estate.noise import SWINGS_STEP_TICKS, Bursts, Wander, characters, log_normal, slow_swings

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64
    from ghostfleet.core.window import Window
    from ghostfleet.shapes import Shape
    from ghostfleet.state.estate.influences import Influences
    from ghostfleet.world.flow import Flow


SURGES: dict[str, Any] = {"per_day": (3.0, 1.0), "ticks": (7.0, 0.9), "height": (0.3, 0.9), "most": 0.6}
CHIME = (0.12, 1.0)  # median and log-deviation of what timers of clients add at one minute of the hour …
ON_THE_HOUR = 0.5  # … which is the full hour for so many cells …
STEP_TICKS = SWINGS_STEP_TICKS  # between the instants at which demand is looked at over weeks
FADING = maths.exp2(np.arange(60) / -1.5)  # … and what is left of it minute by minute


class Demand:
    """Rates of the entries of an estate."""

    def __init__(self, flow: Flow) -> None:
        """Prepare what does not depend on the window."""
        self._flow = flow
        entries = flow.entries
        calm = characters(flow, "entry", entries.ids, swing=(0.06, 0.8), rough=(0.035, 0.8))
        self.characters = msgspec.structs.replace(
            calm, swing=calm.swing * entries.unrest, rough=calm.rough * entries.unrest
        )
        self._wander = Wander(self.characters)
        self._surges = Bursts(flow, "surge", entries.ids, **SURGES)
        u = draw.uniform(flow.stream("full hour").keys(entries.ids), 0, 2)
        self._chime = log_normal(u[:, 0], *CHIME) * entries.unrest
        self._minute = np.where(u[:, 1] < ON_THE_HOUR, 0, 5 * (12 * u[:, 1]).astype(np.int64))
        groups: dict[tuple[int, Shape, str], list[int]] = {}
        for place, shapes in enumerate(entries.shapes):
            for number, shape in enumerate(shapes):
                groups.setdefault((number, shape, entries.clocks[place]), []).append(place)
        self._groups = [
            (shape, clock, np.array(places), flow.stream("shape", str(number)).keys(entries.ids[places]))
            for (number, shape, clock), places in groups.items()
        ]

    def entering(self, window: Window, influences: Influences) -> F64:
        """Requests per second that enter in each cell, shape (entries, ticks); the same as from `rates`."""
        (wandering,) = self._wander.factors(window)
        return self.rates(window, influences, wandering)

    def rates(self, window: Window, influences: Influences, rates: F64) -> F64:
        """Requests per second that enter in each cell, shape (entries, ticks); of what wanders by ``characters``."""
        entries, at = self._flow.entries, Moments(window)
        surges = np.zeros_like(rates)
        self._surges.add(surges, window)
        rates *= 1 + surges * entries.unrest[:, None]
        since = (window.ticks()[None, :] - self._minute[:, None]) % 60
        rates *= 1 + self._chime[:, None] * FADING.take(since)
        rates *= entries.rates[:, None]
        for shape, clock, places, keys in self._groups:
            rates[places] *= shape.curve(at, keys, clock)
        for place, node in enumerate(entries.nodes.tolist()):
            rates[place] = influences.times("entry.rate", self._flow.nodes.names[node], rates[place])
        return rates

    def expected(self, steps: Window) -> F64:
        """Rates at the start of each step of `STEP_TICKS`: shapes and slow swings, no surges and no incidents."""
        at, rates = Moments(steps), slow_swings(self.characters, steps)
        rates *= self._flow.entries.rates[:, None]
        for shape, clock, places, _ in self._groups:
            rates[places] *= shape.curve(at, None, clock)
        return rates
