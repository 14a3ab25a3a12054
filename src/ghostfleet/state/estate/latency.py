"""The one law of latency: times are log-normal within a class; a percentile is the quantile of a mixture of classes.

The standard normal distribution comes from Abramowitz and Stegun's formula 7.1.26, with an error below 1.5e-7: a
polynomial and one power of two, so that it gives the same bits everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import maths
from ghostfleet.core.quantiles import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64

LN_2 = 0.6931471805599453
LOG2_E = 1.4426950408889634
ROOT_HALF = 0.7071067811865476
ERROR = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
NEAR = 6.0  # a limit of this many means is out of reach: with the widest spread, of three requests in ten thousand
STEPS = 26  # halvings of a bracket of a few octaves: a thousandth of a per cent


def normal_above(z: F64) -> F64:
    """Probability that a standard normal lies above z, any shape."""
    x = np.abs(z) * ROOT_HALF
    t = 1 / (1 + 0.3275911 * x)
    series = np.empty_like(t)
    maths.horner(t, (0.0, *ERROR), series)
    upper: F64 = 0.5 * series * maths.exp2(x * x * -LOG2_E)
    return np.where(z >= 0, upper, 1 - upper)


def log_moments(mean: F64, variance: F64) -> tuple[F64, F64]:
    """Location and scale of the binary logarithm of a log-normal with a mean and a variance, any shape."""
    ratio = 1 + variance / (mean * mean)
    octaves = maths.log2(ratio)
    scale = np.sqrt(octaves / LN_2)  # of log2: σ² = ln(ratio) / ln² 2 = log2(ratio) / ln 2
    location: F64 = maths.log2(mean) - octaves / 2
    return location, scale


def above(limit: float, mean: F64, variance: F64) -> F64:
    """Probability that a time exceeds a limit, shape (ticks,); 0 where the limit is six means away or more."""
    out = np.zeros_like(mean)
    places = np.flatnonzero(mean * NEAR > limit)
    if len(places):
        location, scale = log_moments(mean[places], np.maximum(variance[places], 1e-12))
        z = (maths.log2(np.array([limit])) - location) / np.maximum(scale, 1e-6)
        out[places] = normal_above(z)
    return out


def below(limit: float, mean: F64, variance: F64) -> tuple[F64, F64]:
    """Mean and variance of times that do not exceed a limit, shape (ticks,); as they are where hardly any would.

    Of a log-normal with location μ and scale σ (of the natural logarithm) the part of the k-th moment below L is
    exp(kμ + k²σ²/2) Φ((ln L − μ − kσ²) / σ).
    """
    places = np.flatnonzero(mean * NEAR > limit)
    if not len(places):
        return mean, variance
    mean, variance = mean.copy(), variance.copy()
    m, v = mean[places], np.maximum(variance[places], 1e-12)
    location, scale = log_moments(m, v)
    scale = np.maximum(scale, 1e-6)
    z = (maths.log2(np.array([limit])) - location) / scale
    shift = scale * LN_2
    inside = np.maximum(1 - normal_above(z), 1e-9)
    first = m * (1 - normal_above(z - shift)) / inside
    second = (v + m * m) * (1 - normal_above(z - 2 * shift)) / inside
    mean[places] = first = np.minimum(first, limit)
    variance[places] = np.maximum(second - first * first, 0.0)
    return mean, variance


def quantiles(
    weights: Sequence[F64], means: Sequence[F64], variances: Sequence[F64], probabilities: Sequence[float]
) -> list[F64]:
    """Quantiles of mixtures of log-normals, one per probability; shapes (rows,), 0 where all weights are.

    Where one class has all the weight, or so much that the others cannot be seen, its own quantile serves; elsewhere
    the mixture's distribution is inverted by halving a bracket between the classes' own quantiles.
    """
    total = _added(weights)
    sure = np.where(total > 0, total, 1.0)
    shares = [weight / sure for weight in weights]
    known = [log_moments(np.maximum(m, 1e-9), np.maximum(v, 1e-18)) for m, v in zip(means, variances, strict=True)]
    return [np.where(total > 0, _quantile(shares, known, p), 0.0) for p in probabilities]


def _added(values: Sequence[F64]) -> F64:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def _quantile(shares: list[F64], known: list[tuple[F64, F64]], probability: float) -> F64:
    z = float(normal_quantile(np.array([probability]))[0])
    location, scale = known[0]
    simple = maths.exp2(location + scale * z)
    others = 1 - shares[0]
    mixed = np.flatnonzero(others > 1e-4 * min(probability, 1 - probability))
    if not len(mixed):
        return simple
    parts = [
        (share[mixed], part[0][mixed], np.maximum(part[1][mixed], 1e-6))
        for share, part in zip(shares, known, strict=True)
    ]
    present = [(np.where(share > 0, location + scale * z, np.nan)) for share, location, scale in parts]
    low, high = np.fmin.reduce(present), np.fmax.reduce(present)
    # The quantile of a mixture lies between those of its classes.
    for _ in range(STEPS):
        middle = (low + high) / 2
        beyond = np.zeros_like(middle)
        for share, location, scale in parts:
            beyond = beyond + share * normal_above((middle - location) / scale)
        right = beyond > 1 - probability
        low = np.where(right, middle, low)
        high = np.where(right, high, middle)
    simple[mixed] = maths.exp2((low + high) / 2)
    return simple
