"""Bounded values whose mean is exactly the level they were asked for.

A value is ``range × sigmoid2(location + scale × e)`` with a standard normal *e*: a logit-normal, which never
touches its bounds. Location and scale are solved once, on a grid of levels, so that the mean is the level and
the standard deviation the documented one (less where the bounds leave no room). Growth, weekends and quarter
ends therefore act on means exactly, however near the ceiling a server runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import maths

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I32

CELLS = 256  # of the grid of levels; linear in between, relative error below 2e-3 from 2 % of the range on
NEWTON_STEPS = 6  # after four, nothing changes any more
LOWEST, HIGHEST = 0.004, 0.985  # share of the range that a level may take
ROOM_BELOW, ROOM_ABOVE = 0.8, 1.0  # largest deviation as a share of the distance to the lower and the upper bound
LN_2 = 0.6931471805599453

# Trapezium rule for the standard normal: with half-steps its error on these functions is below 1e-10.
NODES: F64 = np.arange(-10, 11, dtype=np.float64) * np.float64(0.5)
_BELL = maths.exp2(NODES * NODES * (-0.5 / LN_2))
WEIGHTS: F64 = _BELL / sum(_BELL.tolist())


def soft_cap(values: F32, knee: float, ceiling: float) -> F32:
    """Leave values up to ``knee`` alone and bend the rest towards ``ceiling``, which they never reach; in place."""
    high = values > np.float32(knee)
    if high.any():
        room = np.float32(ceiling - knee)
        excess = (values[high] - np.float32(knee)) / room
        values[high] = np.float32(knee) + room * (excess / (np.float32(1) + excess))
    return values


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Bounded:
    """Location and scale over the grid of levels, one row per kind of entity; shapes (kinds, CELLS + 1)."""

    location: F32
    scale: F32

    @classmethod
    def solve(cls, deviations: F64) -> Bounded:
        """Tables for the given standard deviations (shares of the range), shape (kinds,)."""
        levels = np.clip(np.arange(CELLS + 1) / CELLS, LOWEST, HIGHEST)
        spread = np.minimum(np.minimum(deviations[:, None], ROOM_BELOW * levels), ROOM_ABOVE * (1 - levels))
        relative = spread / (levels * (1 - levels))
        location = np.broadcast_to(maths.log2(levels / (1 - levels)), spread.shape).copy()
        scale = np.sqrt(maths.log2(1 + relative * relative) / LN_2)
        for _ in range(NEWTON_STEPS):
            location, scale = _newton(location, scale, levels, spread)
        return cls(location.astype(np.float32), scale.astype(np.float32))

    def values(self, kinds: I32, levels: F32, noise: F32) -> F32:
        """Values in (0, 1) with means ``levels``; shapes (entities,), (entities, ticks), (entities, ticks)."""
        place = levels * np.float32(CELLS)
        cell = place.astype(np.int32)
        np.minimum(cell, CELLS - 1, out=cell)
        place -= cell
        cell += (kinds * np.int32(CELLS + 1))[:, None]
        location = _between(self.location.ravel(), cell, place)
        scale = _between(self.scale.ravel(), cell, place)
        scale *= noise
        location += scale
        return maths.sigmoid2_f32(location, out=location)


def _between(table: F32, cell: I32, fraction: F32) -> F32:
    low = table.take(cell)
    rise = table.take(cell + 1)
    rise -= low
    rise *= fraction
    low += rise
    return low


def _newton(location: F64, scale: F64, levels: F64, spread: F64) -> tuple[F64, F64]:
    """One damped step towards mean = level and deviation = spread, by the moments and their derivatives."""
    mean, mean_slope, mean_bend = (np.zeros_like(location) for _ in range(3))
    square, square_slope, square_bend = (np.zeros_like(location) for _ in range(3))
    for node, weight in zip(NODES.tolist(), WEIGHTS.tolist(), strict=True):
        value = maths.sigmoid2(location + scale * node)
        slope = value * (1 - value) * (LN_2 * weight)
        mean += weight * value
        square += weight * value * value
        mean_slope += slope
        mean_bend += node * slope
        square_slope += 2 * value * slope
        square_bend += 2 * node * value * slope
    mean_gap = mean - levels
    square_gap = square - (spread * spread + levels * levels)
    determinant = mean_slope * square_bend - mean_bend * square_slope
    location_step = (mean_gap * square_bend - square_gap * mean_bend) / determinant
    scale_step = (square_gap * mean_slope - mean_gap * square_slope) / determinant
    return location - np.clip(location_step, -1, 1), np.maximum(scale - np.clip(scale_step, -0.5, 0.5), 1e-4)
