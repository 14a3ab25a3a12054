"""The one law of latency: times are log-normal within a class.

The standard normal distribution comes from Abramowitz and Stegun's formula 7.1.26, with an error below 1.5e-7: a
polynomial and one power of two, so that it gives the same bits everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import maths

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64

LN_2 = 0.6931471805599453
LOG2_E = 1.4426950408889634
ROOT_HALF = 0.7071067811865476
ERROR = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
NEAR = 6.0  # a limit of this many means is out of reach: with the widest spread, of three requests in ten thousand


def normal_above(z: F64) -> F64:
    """Probability that a standard normal lies above z, any shape."""
    above: F64 = normal(z)[0].astype(np.float64)
    return above


def normal(z: F64 | F32) -> tuple[F32, F32]:
    """Probability that a standard normal lies above z, and exp(−z² / 2), which comes with it; shape of z.

    The series is good to 1.5e-7, so single precision, which takes a quarter of the time, loses nothing.
    """
    x = np.abs(z).astype(np.float32)
    x *= np.float32(ROOT_HALF)
    t = x * np.float32(0.3275911)
    t += np.float32(1)
    np.divide(np.float32(1), t, out=t)
    upper = np.empty_like(t)
    maths.horner(t, (0.0, *ERROR), upper)
    x *= x
    x *= np.float32(-LOG2_E)
    bell = maths.exp2_f32(x)
    upper *= bell
    upper *= np.float32(0.5)
    np.subtract(np.float32(1), upper, out=upper, where=z < 0)
    return upper, bell


def log_moments(mean: F64, variance: F64) -> tuple[F64, F64]:
    """Location and scale of the binary logarithm of a log-normal with a mean and a variance, any shape."""
    ratio = 1 + variance / (mean * mean)
    octaves = maths.log2(ratio)
    scale = np.sqrt(octaves / LN_2)  # of log2: σ² = ln(ratio) / ln² 2 = log2(ratio) / ln 2
    location: F64 = maths.log2(mean) - octaves / 2
    return location, scale


class Limit:
    """Limits of time, and what lies on either side of them.

    Of a log-normal with location μ and scale σ (of the natural logarithm) the part of the k-th moment below L is
    exp(kμ + k²σ²/2) Φ((ln L − μ − kσ²) / σ).
    """

    def __init__(self, ms: F64) -> None:
        """Limits in ms, shape (rows, 1)."""
        self.ms = ms
        self._log2 = maths.log2(ms)

    def split(self, mean: F64, variance: F64) -> tuple[F64, F64, F64]:
        """Probability that a time exceeds its limit, and mean and variance of those that do not; shapes (rows, ticks).

        Where the limit is six means away or more it is 0, and mean and variance are as they were.
        """
        late = np.zeros_like(mean)
        near = mean * NEAR > self.ms
        if not near.any():
            return late, mean, variance
        rows, _ticks = places = near.nonzero()
        m, v = mean[places], np.maximum(variance[places], 1e-12)
        location, scale = log_moments(m, v)
        scale = np.maximum(scale, 1e-6)
        z = (self._log2[rows, 0] - location) / scale
        beyond = normal_above(z)
        late[places] = beyond
        mean, variance = mean.copy(), variance.copy()
        shift = scale * LN_2
        inside = np.maximum(1 - beyond, 1e-9)
        first = m * (1 - normal_above(z - shift)) / inside
        second = (v + m * m) * (1 - normal_above(z - 2 * shift)) / inside
        mean[places] = first = np.minimum(first, self.ms[rows, 0])
        variance[places] = np.maximum(second - first * first, 0.0)
        return late, mean, variance
