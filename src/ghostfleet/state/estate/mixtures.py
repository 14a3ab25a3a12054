"""Percentiles of rows: quantiles of mixtures of log-normal classes of endings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import maths
from ghostfleet.core.quantiles import normal_quantile
from ghostfleet.state.estate.latency import log_moments, normal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, I64, Bool

SEEN = 1e-4  # of the rarer side of a quantile: with less weight, other classes cannot be seen
CLOSE = 1e-4  # octaves: a step of Newton's as short as this leaves far less than it goes
STEPS = 64  # at most; each halves the bracket or the step, and four are usual
DENSITY = 0.3989422804014327  # of a standard normal at 0
NARROWEST = 1e-6  # octaves
AT_ONCE = 16_384  # rows


def quantiles(
    weights: Sequence[F64], means: Sequence[F64], variances: Sequence[F64], probabilities: Sequence[float]
) -> list[F64]:
    """Quantiles of mixtures of log-normals, one per probability; shapes (rows,), 0 where all weights are.

    Some rows after others, so that their arrays stay in the cache.
    """
    found: list[list[F64]] = []
    for first in range(0, max(len(weights[0]), 1), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        w, m, v = ([one[some] for one in values] for values in (weights, means, variances))
        found.append(_quantiles(w, m, v, probabilities))
    return [np.concatenate(one) for one in zip(*found, strict=True)]


def _quantiles(
    weights: Sequence[F64], means: Sequence[F64], variances: Sequence[F64], probabilities: Sequence[float]
) -> list[F64]:
    """Quantiles of some rows.

    Where one class has all the weight, or so much that the others cannot be seen, its own quantile serves; elsewhere
    the mixture's distribution is inverted, for all probabilities at once.
    """
    total = _added(weights)
    sure = np.where(total > 0, total, 1.0)
    shares = [weight / sure for weight in weights]
    known = [_octaves(*one) for one in zip(weights, means, variances, strict=True)]
    z = normal_quantile(np.array(probabilities)).tolist()
    others = np.where(total > 0, 1 - shares[0], 0.0)
    mixed = [np.flatnonzero(others > SEEN * min(p, 1 - p)) for p in probabilities]
    solved = _solved(shares, known, mixed, z, probabilities)
    location, scale = known[0]
    found = []
    for rows, own, octaves in zip(mixed, z, solved, strict=True):
        out = location + scale * own
        out[rows] = octaves
        found.append(np.where(total > 0, maths.exp2(out), 0.0))
    return found


def _added(values: Sequence[F64]) -> F64:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def _octaves(weight: F64, mean: F64, variance: F64) -> tuple[F64, F64]:
    """Location and scale of the binary logarithm of a class; 0 where it has no weight."""
    location, scale = np.zeros((2, len(weight)))
    some = np.flatnonzero(weight)
    if len(some):
        location[some], scale[some] = log_moments(np.maximum(mean[some], 1e-9), np.maximum(variance[some], 1e-18))
    return location, scale


def _solved(
    shares: list[F64],
    known: list[tuple[F64, F64]],
    mixed: list[I64],
    z: list[float],
    probabilities: Sequence[float],
) -> list[F64]:
    """Quantiles of mixed rows in octaves, one array per probability."""
    ends = np.add.accumulate([len(rows) for rows in mixed])
    rows = np.concatenate(mixed)
    own = np.repeat(z, [len(some) for some in mixed])
    beyond = np.repeat([1 - p for p in probabilities], [len(some) for some in mixed])
    classes = []
    for share, (location, scale) in zip(shares, known, strict=True):
        mine = share[rows]
        who = np.flatnonzero(mine > 0)
        if len(who):
            at = rows[who]
            classes.append(_Class(who, mine[who], location[at], np.maximum(scale[at], NARROWEST)))
    return np.split(_invert(classes, own, beyond), ends[:-1])


class _Class:
    """A class of endings in the mixtures that have it, which are numbered."""

    def __init__(self, who: I64, share: F64, location: F64, scale: F64) -> None:
        self.who, self.share, self.location, self.scale = who, share, location, scale

    def only(self, going: Bool) -> _Class:
        """The class in those mixtures that go on, numbered anew."""
        place = np.add.accumulate(going) - 1
        mine = np.flatnonzero(going[self.who])
        return _Class(place[self.who[mine]], self.share[mine], self.location[mine], self.scale[mine])


def _invert(classes: list[_Class], z: F64, beyond: F64) -> F64:
    """Where a share ``beyond`` of each mixture lies above: Newton's steps, or halves of the bracket where they stray.

    Each mixture goes until it is there, whatever the others do, so that no value depends on what else is asked.
    """
    low, high = _bracket(classes, z)
    x, moved, out, left = _start(classes, z, low, high), high - low, np.empty_like(z), np.arange(len(z))
    for _ in range(STEPS):
        if not len(left):
            break
        above, density = _mixture(classes, x)
        above -= beyond
        right = above > 0
        low, high = np.where(right, x, low), np.where(right, high, x)
        stride = above / density
        new = x + stride
        good = (new >= low) & (new <= high) & (np.abs(stride) * 2 <= moved)
        new = np.where(good, new, (low + high) / 2)
        moved = np.abs(new - x)
        out[left] = x = new
        going = np.where(good, moved, high - low) > CLOSE
        if not going.all():
            classes = [one.only(going) for one in classes]
            left, (x, low, high, moved, beyond) = left[going], [one[going] for one in (x, low, high, moved, beyond)]
    return out


def _bracket(classes: list[_Class], z: F64) -> tuple[F64, F64]:
    """The quantile of a mixture lies between those of its classes."""
    low, high = np.full(len(z), np.inf), np.full(len(z), -np.inf)
    for one in classes:
        own = one.location + one.scale * z[one.who]
        low[one.who] = np.minimum(low[one.who], own)
        high[one.who] = np.maximum(high[one.who], own)
    return low, high


def _start(classes: list[_Class], z: F64, low: F64, high: F64) -> F64:
    """The quantile of a class that has most of a mixture, or else the middle of the bracket."""
    x = (low + high) / 2
    for one in classes:
        much = np.flatnonzero(one.share > 0.5)  # noqa: PLR2004  at most one class has more than half
        who = one.who[much]
        x[who] = one.location[much] + one.scale[much] * z[who]
    return x


def _mixture(classes: list[_Class], x: F64) -> tuple[F64, F64]:
    """Share of mixtures above x, and their densities there."""
    above, density = np.zeros_like(x), np.full_like(x, 1e-30)
    for one in classes:
        upper, bell = normal((x[one.who] - one.location) / one.scale)
        above[one.who] += one.share * upper
        density[one.who] += one.share * (DENSITY * bell) / one.scale
    return above, density
