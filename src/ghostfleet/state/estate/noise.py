"""How demand, latency and failures of an estate wander when nothing is wrong.

Every node has characters of its own, drawn by its name: how much it strays, and how long its swings last. Real services
show slow 1/f swings, some roughness from minute to minute, and now and then a burst.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import counts, draw, lattice, maths
from ghostfleet.core.lattice import Spectrum

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I32, I64, U64
    from ghostfleet.core.window import Window
    from ghostfleet.world.flow import Flow

LOG2_E = 1.4426950408889634
SLOWEST_TICKS = 4**6  # about three days
PERSISTENCES = (-0.2, 0.0, 0.2, 0.4)  # characters of swings: restless to sluggish
RESTLESS = 0.6  # octaves by which roughness itself wanders: calm hours follow calm hours
BURST_CELL = 360  # ticks in which bursts are counted
BURST_MOST = 6  # in one cell
LONGEST_BURST = 90  # ticks; those of a cell reach into the next


class Wander:
    """Factors with mean near 1 for a set of entities: exp(deviation × noise)."""

    def __init__(
        self, flow: Flow, name: str, ids: U64, *, swing: tuple[float, float], rough: tuple[float, float]
    ) -> None:
        """Draw each entity's character; swing and rough are medians and log-deviations of log-deviations."""
        self._stream = flow.stream("wander", name)
        self._ids = ids
        self._spectra = tuple(Spectrum.power_law(SLOWEST_TICKS, step) for step in PERSISTENCES)
        uniforms = draw.uniform(self._stream.substream("character").keys(ids), 0, 4)
        self._choice: I32 = (uniforms[:, 0] * len(PERSISTENCES)).astype(np.int32)
        self._swing = log_normal(uniforms[:, 1], *swing)
        self._rough = log_normal(uniforms[:, 2], *rough)

    @cached_property
    def _levels(self) -> U64:
        return lattice.level_keys(self._stream.substream("swing").keys(self._ids), len(self._spectra[0].amplitudes))

    @cached_property
    def _moods(self) -> U64:
        return lattice.level_keys(self._stream.substream("mood").keys(self._ids), len(self._spectra[0].amplitudes))

    def factors(self, window: Window) -> F64:
        """Factors at each tick, shape (entities, ticks)."""
        exponent = lattice.characters(self._levels, window.start, window.stop, self._spectra, self._choice).astype(
            np.float64
        )
        exponent *= (self._swing * LOG2_E)[:, None]
        rough = draw.normal(self._stream.substream("rough").keys(self._ids), window.start, window.stop)
        calm = lattice.characters(
            self._moods, window.start, window.stop, self._spectra, np.full_like(self._choice, len(PERSISTENCES) - 1)
        )
        exponent += rough * maths.exp2(calm * np.float32(RESTLESS)) * (self._rough * LOG2_E)[:, None]
        # Half the variance off the logarithm, so that the mean of the factor is 1.
        exponent -= ((self._swing * self._swing + self._rough * self._rough) * (LOG2_E / 2))[:, None]
        return maths.exp2(exponent)


class Bursts:
    """Short rises of entities: a Poisson number in each cell of time, each with an instant, a length and a height."""

    def __init__(
        self,
        flow: Flow,
        name: str,
        ids: U64,
        *,
        per_day: tuple[float, float],
        ticks: tuple[float, float],
        height: tuple[float, float],
        most: float,
    ) -> None:
        """Give medians and log-deviations: of how many a day an entity has, of their lengths, of their heights.

        No burst is higher than ``most``: what is beyond that has a cause, and is an incident.
        """
        self._stream = flow.stream("bursts", name)
        self._ids = ids
        self._ticks, self._height, self._most = ticks, height, most
        u = draw.uniform(self._stream.substream("character").keys(ids), 0, 1)[:, 0]
        self._per_cell = log_normal(u, *per_day) * BURST_CELL / 1440

    def add(self, out: F64, window: Window) -> None:
        """Add the heights of bursts to ``out``, shape (entities, ticks), in place."""
        first, last = (window.start - LONGEST_BURST) // BURST_CELL, (window.stop - 1) // BURST_CELL
        cells = np.arange(first, last + 1, dtype=np.int64)
        keys = self._stream.keys(self._ids)
        u = draw.uniform(self._stream.substream("number").keys(self._ids), first, last + 1)
        numbers = np.minimum(counts.poisson(np.broadcast_to(self._per_cell[:, None], u.shape), u), BURST_MOST)
        entity, cell = np.nonzero(numbers)
        repeats = numbers[entity, cell]
        rows = np.repeat(entity, repeats)
        ordinal = np.arange(len(rows)) - np.repeat(np.add.accumulate(repeats) - repeats, repeats)
        index = (np.repeat(cells[cell], repeats) * BURST_MOST + ordinal) * 4
        place = np.repeat(cells[cell], repeats) * BURST_CELL
        start = place + (draw.uniform_at(keys[rows], index) * BURST_CELL).astype(np.int64)
        length = np.ceil(log_normal(draw.uniform_at(keys[rows], index + 1), *self._ticks))
        height = np.minimum(log_normal(draw.uniform_at(keys[rows], index + 2), *self._height), self._most)
        stop = start + np.minimum(length, LONGEST_BURST).astype(np.int64)
        for row, low, high, size in zip(*_clipped(rows, start, stop, window), height.tolist(), strict=True):
            if high > low:
                out[row, low:high] += size


def _clipped(rows: I64, start: I64, stop: I64, window: Window) -> tuple[list[int], list[int], list[int]]:
    low = np.maximum(start - window.start, 0)
    high = np.minimum(stop - window.start, len(window))
    return rows.tolist(), low.tolist(), high.tolist()


def log_normal(u: F64, median: float, deviation: float) -> F64:
    """Log-normal values of uniforms, by median and deviation of the natural logarithm."""
    from ghostfleet.core.quantiles import normal_quantile

    return median * maths.exp2(normal_quantile(u) * (deviation * LOG2_E))
