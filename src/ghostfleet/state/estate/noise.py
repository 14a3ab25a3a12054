"""How demand, latency and failures of an estate wander when nothing is wrong.

Every node has characters of its own, drawn by its name: how much it strays, and how long its swings last. Real services
show slow 1/f swings, some roughness from minute to minute, and now and then a burst.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
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
FARTHEST = 2.0  # octaves that anything strays, with no cause: between a quarter of its level and four times it
SLOW_LEVEL = 2  # of the lattice: what swings faster than this is left out over weeks …
SWINGS_STEP_TICKS = 4**SLOW_LEVEL  # … so that an instant in so many ticks is enough
RESTLESS = 0.9  # octaves by which roughness itself wanders: calm hours follow calm hours
BURST_CELL = 360  # ticks in which bursts are counted
BURST_MOST = 6  # in one cell
LONGEST_BURST = 90  # ticks; those of a cell reach into the next


class Characters(msgspec.Struct, frozen=True):
    """How each of some entities wanders."""

    swings: U64  # keys of its draws
    moods: U64
    roughs: U64
    choice: I32  # of the persistences
    swing: F64  # log-deviations
    rough: F64


def characters(
    flow: Flow, name: str, ids: U64, *, swing: tuple[float, float], rough: tuple[float, float]
) -> Characters:
    """Draw each entity's character; swing and rough are medians and log-deviations of log-deviations."""
    stream = flow.stream("wander", name)
    u = draw.uniform(stream.substream("character").keys(ids), 0, 4)
    return Characters(
        swings=stream.substream("swing").keys(ids),
        moods=stream.substream("mood").keys(ids),
        roughs=stream.substream("rough").keys(ids),
        choice=(u[:, 0] * len(PERSISTENCES)).astype(np.int32),
        swing=log_normal(u[:, 1], *swing),
        rough=log_normal(u[:, 2], *rough),
    )


class Wander:
    """Factors with mean near 1 for sets of entities: exp(deviation × noise)."""

    def __init__(self, *several: Characters) -> None:
        """Stand the sets one behind the other: a short window costs what calls cost, however many are asked."""
        self._spectra = tuple(Spectrum.power_law(SLOWEST_TICKS, step) for step in PERSISTENCES)
        self._ends = np.add.accumulate([len(one.choice) for one in several])[:-1]
        self._all = Characters(*map(np.concatenate, zip(*map(msgspec.structs.astuple, several), strict=True)))

    @cached_property
    def _levels(self) -> U64:
        return lattice.level_keys(self._all.swings, len(self._spectra[0].amplitudes))

    @cached_property
    def _moods(self) -> U64:
        return lattice.level_keys(self._all.moods, len(self._spectra[0].amplitudes))

    def factors(self, window: Window) -> list[F64]:
        """Factors at each tick, an array of shape (entities, ticks) for each set."""
        exponent = lattice.characters(self._levels, window.start, window.stop, self._spectra, self._all.choice).astype(
            np.float64
        )
        exponent *= (self._all.swing * LOG2_E)[:, None]
        rough = draw.normal(self._all.roughs, window.start, window.stop)
        calm = lattice.characters(
            self._moods, window.start, window.stop, self._spectra, np.full_like(self._all.choice, len(PERSISTENCES) - 1)
        )
        exponent += rough * maths.exp2(calm * np.float32(RESTLESS)) * (self._all.rough * LOG2_E)[:, None]
        # Half the variance off the logarithm, so that the mean of the factor is near 1.
        exponent -= ((self._all.swing * self._all.swing + self._all.rough * self._all.rough) * (LOG2_E / 2))[:, None]
        # What strays further bends towards a bound (x / √(1 + (x/b)²) has slope 1 at 0): a quiet estate stays possible.
        far = exponent / FARTHEST
        exponent /= np.sqrt(1 + far * far)
        return np.split(maths.exp2(exponent), self._ends)


def slow_swings(some: Characters, steps: Window) -> F64:
    """Factors as of `Wander`, without roughness and fast swings, at each step of `SWINGS_STEP_TICKS`."""
    spectra = [Spectrum.power_law(SLOWEST_TICKS, step) for step in PERSISTENCES]
    levels = lattice.level_keys(some.swings, len(spectra[0].amplitudes))[SLOW_LEVEL:]
    slower = tuple(Spectrum(one.amplitudes[SLOW_LEVEL:]) for one in spectra)
    share = np.sqrt([_power(slow) / _power(one) for slow, one in zip(slower, spectra, strict=True)])
    exponent = lattice.characters(levels, steps.start, steps.stop, slower, some.choice).astype(np.float64)
    exponent *= (share[some.choice] * some.swing * LOG2_E)[:, None]
    exponent -= (some.swing * some.swing * (LOG2_E / 2))[:, None]
    far = exponent / FARTHEST
    exponent /= np.sqrt(1 + far * far)
    return maths.exp2(exponent)


def _power(spectrum: Spectrum) -> float:
    return sum(amplitude * amplitude for amplitude in spectrum.amplitudes)


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
