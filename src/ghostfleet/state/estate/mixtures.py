"""Percentiles of rows: quantiles of mixtures of log-normal classes of endings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import maths
from ghostfleet.core.quantiles import normal_quantile
from ghostfleet.state.estate.latency import LN_2, log_moments, normal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F32, F64, I64, Bool

SEEN = 1e-4  # of the rarer side of a quantile: with less weight, other classes cannot be seen
CLOSE = 1e-3  # octaves: a step of Halley's as short as this leaves far less than it goes
NEAR = 1e-4  # octaves: a bracket as narrow as this is near enough
STEPS = 64  # at most; each halves the bracket or the step, and three are usual
DENSITY = 0.3989422804014327  # of a standard normal at 0
NARROWEST = 1e-6  # octaves
AT_ONCE = 16_384  # rows
USUAL, SLOWER, OTHER = range(3)  # roles of classes


def quantiles(
    weights: Sequence[F64],
    means: Sequence[F64],
    variances: Sequence[F64],
    probabilities: Sequence[float],
    *,
    slower: int | None = None,
) -> list[F64]:
    """Quantiles of mixtures of log-normals, one per probability; shapes (rows,), 0 where all weights are.

    ``slower`` is the class of requests that do all that those of the first do, and more. What they do more may differ
    so much that a log-normal with their mean and variance has a foot below the first class's. So theirs begins a
    deviation below the first class's mean, and its distribution is held at or below that of the first: no quantile
    falls because what some do more takes longer.
    Some rows after others, so that their arrays stay in the cache.
    """
    found: list[list[F64]] = []
    for first in range(0, max(len(weights[0]), 1), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        w, m, v = ([one[some] for one in values] for values in (weights, means, variances))
        found.append(_quantiles(w, m, v, probabilities, slower))
    return [np.concatenate(one) for one in zip(*found, strict=True)]


def _quantiles(
    weights: Sequence[F64],
    means: Sequence[F64],
    variances: Sequence[F64],
    probabilities: Sequence[float],
    slower: int | None,
) -> list[F64]:
    """Quantiles of some rows.

    Where one class has all the weight, or so much that the others cannot be seen, its own quantile serves; elsewhere
    the mixture's distribution is inverted, for all probabilities at once.
    """
    total = _added(weights)
    sure = np.where(total > 0, total, 1.0)
    shares = [weight / sure for weight in weights]
    starts = [np.zeros_like(total) for _ in weights]
    if slower is not None:
        starts[slower] = np.where(weights[0] > 0, np.maximum(means[0] - np.sqrt(variances[0]), 0.0), 0.0)
    known = [_octaves(*one) for one in zip(weights, means, variances, starts, strict=True)]
    z = normal_quantile(np.array(probabilities)).tolist()
    others = np.where(total > 0, 1 - shares[0], 0.0)
    mixed = [np.flatnonzero(others > SEEN * min(p, 1 - p)) for p in probabilities]
    solved = _solved(shares, (known, starts), mixed, (z, probabilities), slower)
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


def _octaves(weight: F64, mean: F64, variance: F64, start: F64) -> tuple[F64, F64]:
    """Location and scale of the binary logarithm of what a class takes beyond its start; 0 where it has no weight."""
    location, scale = np.zeros((2, len(weight)))
    some = np.flatnonzero(weight)
    if len(some):
        beyond = np.maximum(mean[some] - start[some], 1e-9)
        location[some], scale[some] = log_moments(beyond, np.maximum(variance[some], 1e-18))
    return location, scale


def _solved(
    shares: list[F64],
    laws: tuple[list[tuple[F64, F64]], list[F64]],
    mixed: list[I64],
    asked: tuple[list[float], Sequence[float]],
    slower: int | None,
) -> list[F64]:
    """Quantiles of mixed rows in octaves, one array per probability."""
    z, probabilities = asked
    ends = np.add.accumulate([len(rows) for rows in mixed])
    rows = np.concatenate(mixed)
    own = np.repeat(np.array(z, dtype=np.float32), [len(some) for some in mixed])
    beyond = np.repeat(np.array([1 - p for p in probabilities], dtype=np.float32), [len(some) for some in mixed])
    classes = []
    for number, (share, (location, scale), start) in enumerate(zip(shares, *laws, strict=True)):
        mine = share[rows]
        who = np.flatnonzero(mine > 0)
        if len(who):
            at = rows[who]
            role = USUAL if number == 0 else SLOWER if number == slower else OTHER
            law = location[at], np.maximum(scale[at], NARROWEST), start[at]
            classes.append(_Class(role, who, mine[who], law))
    return np.split(_invert(classes, own, beyond).astype(np.float64), ends[:-1])


class _Class:
    """A class of endings in the mixtures that have it, which are numbered.

    Single precision is finer than the series that it goes through, and takes half the time.
    """

    def __init__(self, role: int, who: I64, share: F64 | F32, law: tuple[F64 | F32, F64 | F32, F64 | F32]) -> None:
        self.role, self.who, self.share = role, who, share.astype(np.float32, copy=False)
        self.location, self.scale, self.start = (one.astype(np.float32, copy=False) for one in law)

    def only(self, going: Bool) -> _Class:
        """The class in those mixtures that go on, numbered anew."""
        place = np.add.accumulate(going) - 1
        mine = np.flatnonzero(going[self.who])
        law = self.location[mine], self.scale[mine], self.start[mine]
        return _Class(self.role, place[self.who[mine]], self.share[mine], law)

    def quantile(self, z: F32) -> F32:
        """Binary logarithm of the quantile of each mixture's normal score, shape (mixtures,)."""
        octaves: F32 = self.location + self.scale * z[self.who]
        return octaves if self.role != SLOWER else _log2(maths.exp2_f32(octaves) + self.start)

    def beyond(self, x: F32) -> tuple[F32, F32, F32]:
        """Share of the class above x of each mixture, its density there, and how fast that falls, of itself."""
        mine = x[self.who]
        if self.role != SLOWER:
            z = (mine - self.location) / self.scale
            upper, bell = normal(z)
            bell *= DENSITY
            bell /= self.scale
            z /= self.scale
            return upper, bell, z
        time = maths.exp2_f32(mine)
        rest = time - self.start
        none = rest <= 0
        rest[none] = 1
        slope = time / rest  # of log2(rest), by octave of time
        z = (_log2(rest) - self.location) / self.scale
        upper, bell = normal(z)
        density, fall = bell * DENSITY / self.scale * slope, z / self.scale * slope + LN_2 * self.start / rest
        return np.where(none, 1.0, upper), np.where(none, 0.0, density), np.where(none, 0.0, fall)


def _invert(classes: list[_Class], z: F32, beyond: F32) -> F32:
    """Where a share ``beyond`` of each mixture lies above: Halley's steps, or halves of the bracket where they stray.

    A step of Halley's is Newton's, s, over 1 − s · g / 2, where g is how fast the density falls, of itself.

    Each mixture goes until it is there, whatever the others do, so that no value depends on what else is asked.
    """
    low, high = _bracket(classes, z)
    x, moved, out, left = _start(classes, z, low, high), high - low, np.empty_like(z), np.arange(len(z))
    for _ in range(STEPS):
        if not len(left):
            break
        above, density, fall = _mixture(classes, x)
        above -= beyond
        right = above > 0
        low, high = np.where(right, x, low), np.where(right, high, x)
        stride = above / density
        stride /= np.maximum(1 - stride * fall / (2 * density), 0.5)
        new = x + stride
        good = (new >= low) & (new <= high) & (np.abs(stride) * 2 <= moved)
        new = np.where(good, new, (low + high) / 2)
        moved = np.abs(new - x)
        out[left] = x = new
        going = np.where(good, moved > CLOSE, high - low > NEAR)
        if not going.all():
            classes = [one.only(going) for one in classes]
            left, (x, low, high, moved, beyond) = left[going], [one[going] for one in (x, low, high, moved, beyond)]
    return out


def _log2(x: F32) -> F32:
    octaves: F32 = maths.log2(x).astype(np.float32)
    return octaves


def _bracket(classes: list[_Class], z: F32) -> tuple[F32, F32]:
    """The quantile of a mixture lies between those of its classes."""
    low, high = np.full_like(z, np.inf), np.full_like(z, -np.inf)
    for one in classes:
        own = one.quantile(z)
        low[one.who] = np.minimum(low[one.who], own)
        high[one.who] = np.maximum(high[one.who], own)
    return low, high


def _start(classes: list[_Class], z: F32, low: F32, high: F32) -> F32:
    """The quantile of a class that has most of a mixture, or else the middle of the bracket."""
    x: F32 = (low + high) * np.float32(0.5)
    for one in classes:
        much = np.flatnonzero(one.share > 0.5)  # noqa: PLR2004  at most one class has more than half
        x[one.who[much]] = one.quantile(z)[much]
    return x


def _mixture(classes: list[_Class], x: F32) -> tuple[F32, F32, F32]:
    """Share of mixtures above x, their densities there, and how fast those fall."""
    above, density, falling = np.zeros_like(x), np.full_like(x, 1e-30), np.zeros_like(x)
    first = np.zeros((3, len(x)), dtype=np.float32)
    for one in classes:
        upper, dense, fall = one.beyond(x)
        if one.role == USUAL:
            first[:, one.who] = upper, dense, fall
        elif one.role == SLOWER:
            usual = first[:, one.who]
            held = upper < usual[0]
            upper, dense, fall = (np.where(held, *each) for each in zip(usual, (upper, dense, fall), strict=True))
        above[one.who] += one.share * upper
        dense = one.share * dense
        density[one.who] += dense
        falling[one.who] += dense * fall
    return above, density, falling
