"""Whole numbers from uniforms: quantile functions of the Poisson and the binomial distribution.

One keyed uniform makes one count, so a count grows with its uniform and nothing is drawn twice. Below a mean of
`SWITCH` the probabilities are summed until they pass the uniform, which is exact; above, a normal quantile is
corrected by the Cornish-Fisher expansion up to the order 1/σ². A split of n requests is ``binomial(n, share, u)``.

The recurrence p(k) = p(k−1) · (a + b/k) is Panjer's (Recursive evaluation of a family of compound distributions,
1981). The expansion is the one of Cornish and Fisher (1937) with Sheppard's corrections for whole numbers, κ2 − 1/12
and κ4 + 7/240, as smooth density and lattice probabilities differ by them; for the Poisson it gives the formula of
Giles (Algorithm 955, ACM TOMS 42, 2016).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from ghostfleet.core import compiled, maths
from ghostfleet.core.compiled import address
from ghostfleet.core.quantiles import RATIOS, normal_quantile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from ghostfleet.core.arrays import F64, I64, Array, Bool

    Quantile = Callable[..., F64]
    Access = tuple[Literal["readonly", "writeonly"]]

SWITCH = 24.0  # mean from which on the normal serves
LARGEST = 1e9
HIGHEST = 1 - 2.0**-40  # the sums stop short of 1 by their rounding, so rarer ends count as this
FARTHEST = 8.5  # standard deviations; the expansion is monotone up to here, and u has no finer grain than 2⁻⁵³
LOG2_E = 1.4426950408889634
ATANH = tuple(1 / (2 * power + 1) for power in range(16))  # series of atanh(s) / s in s²
SERIES = np.array([*ATANH, *(one for ratio in RATIOS for part in ratio for one in part)])  # for loops
BLOCK = 16_384  # a call costs as much as thousands of values; larger blocks leave the cache
BLOCKWISE: Final = ("external_loop", "buffered", "zerosize_ok")
READ: Final[Access] = ("readonly",)
WRITE: Final[Access] = ("writeonly",)


def poisson(mean: npt.ArrayLike, u: npt.ArrayLike) -> I64:
    """Smallest count k with P(X ≤ k) ≥ u for X ~ Poisson(mean); mean in 0 … 1e9, u in (0, 1), broadcast.

    Exact below a mean of 24 for u ≤ 1 − 2⁻⁴⁰. Above, one uniform in 7,000 (at 24) or fewer (at 64 one
    in 40,000, falling with the mean) gives a count that is off by 1; none was seen off by more.
    """
    means, uniforms = _floats(mean, u)
    _require((means >= 0) & (means <= LARGEST), "a mean must be 0 to 1e9")
    out = np.empty(np.broadcast_shapes(means.shape, uniforms.shape), dtype=np.int64)
    for block_means, block_u, counts in _blocks(out, means, uniforms):
        _choose(block_means < SWITCH, counts, (block_means, block_u), _poisson_sum, _poisson_normal)
    return out


def binomial(n: npt.ArrayLike, p: npt.ArrayLike, u: npt.ArrayLike) -> I64:
    """Smallest count k with P(X ≤ k) ≥ u for X ~ Binomial(n, p), 0 ≤ k ≤ n; n in 0 … 1e9, p in 0 … 1, broadcast.

    Exact where n · min(p, 1 − p) < 24, for u within 2⁻⁴⁰ of neither end; else as near as `poisson`.
    """
    sizes, shares, uniforms = _floats(n, p, u)
    _require((sizes >= 0) & (sizes <= LARGEST) & (sizes == np.floor(sizes)), "n must be a whole number, 0 to 1e9")
    _require((shares >= 0) & (shares <= 1), "a probability must be 0 to 1")
    out = np.empty(np.broadcast_shapes(sizes.shape, shares.shape, uniforms.shape), dtype=np.int64)
    loops = compiled.loops()
    if loops is not None:
        given = [np.ascontiguousarray(np.broadcast_to(one, out.shape)) for one in (sizes, shares, uniforms)]
        series = maths.series()
        loops.binomial(*map(address, given), out.size, address(series), address(SERIES), address(out))
        return out
    for block_n, block_p, block_u, counts in _blocks(out, sizes, shares, uniforms):
        rarer = np.minimum(block_p, 1.0 - block_p)  # the recurrence counts whichever outcome is rarer
        parts = block_n, rarer, block_p > rarer, block_u
        _choose(block_n * rarer < SWITCH, counts, parts, _binomial_sum, _binomial_normal)
    return out


def _floats(*values: npt.ArrayLike) -> tuple[F64, ...]:
    return tuple(np.asarray(value, dtype=np.float64) for value in values)


def _require(holds: Bool, message: str) -> None:
    if not holds.all():
        raise ValueError(message)


def _blocks(out: I64, *inputs: F64) -> Iterator[tuple[Any, ...]]:
    """Yield blocks of the broadcast inputs and of the result, flat and small enough for the cache."""
    operands: list[Array] = [*inputs, out]
    access = [READ] * len(inputs) + [WRITE]
    with np.nditer(operands, BLOCKWISE, access, order="C", buffersize=BLOCK) as blocks:
        yield from blocks


def _choose(small: Bool, counts: I64, parts: tuple[Array, ...], exact: Quantile, near: Quantile) -> None:
    for quantile, chosen in ((exact, small), (near, ~small)):
        if chosen.all():
            counts[...] = quantile(*parts)
        elif chosen.any():
            counts[chosen] = quantile(*(part[chosen] for part in parts))


def _poisson_sum(mean: F64, u: F64) -> F64:
    return _sum_until(u, maths.exp2(mean * -LOG2_E), None, mean)


def _poisson_normal(mean: F64, u: F64) -> F64:
    return np.maximum(_cornish_fisher(normal_quantile(u), mean, mean, 0.0), 0.0)


def _binomial_sum(n: F64, p: F64, mirrored: Bool, u: F64) -> F64:
    odds = p / (1.0 - p)
    none = maths.exp2(n * _log1m(p) * LOG2_E)
    counts = np.minimum(_sum_until(np.where(mirrored, 1.0 - u, u), none, -odds, (n + 1.0) * odds), n)
    return np.where(mirrored, n - counts, counts)


def _binomial_normal(n: F64, p: F64, mirrored: Bool, u: F64) -> F64:
    w = normal_quantile(u)
    np.negative(w, out=w, where=mirrored)
    counts = _cornish_fisher(w, n * p, n * p * (1.0 - p), p)
    np.clip(counts, 0.0, n, out=counts)
    return np.where(mirrored, n - counts, counts)


def _log1m(p: F64) -> F64:
    """Natural logarithm of 1 − p for p ≤ 1/2, as −2 atanh(p / (2 − p)); relative error below 1e-15."""
    s = p / (2.0 - p)
    out = np.empty_like(s)
    maths.horner(s * s, ATANH, out)
    out *= s
    out *= -2.0
    return out


def _sum_until(u: F64, probability: F64, a: F64 | None, b: F64) -> F64:
    """Count the k whose cumulated probability lies below u, for p(0) given and p(k) = p(k−1) · (a + b/k); no a is 0."""
    loops = compiled.loops()
    if loops is not None:
        parts = [None if one is None else np.ascontiguousarray(one, dtype=np.float64) for one in (u, probability, a, b)]
        found = np.empty_like(probability)
        loops.sum_until(*(None if one is None else address(one) for one in parts), len(u), HIGHEST, address(found))
        return found
    u = np.minimum(u, HIGHEST)
    reached, counts, done = probability.copy(), np.zeros_like(u), np.zeros_like(u)
    factor, places = np.empty_like(u), np.arange(len(u))
    k = 0
    while True:
        going = u > reached
        left = np.count_nonzero(going)
        if 4 * left <= 3 * len(u):  # drop the finished ones, now and then
            done[places] = counts
            if not left:
                return done
            places, (u, reached, probability) = places[going], (u[going], reached[going], probability[going])
            b, counts, factor = b[going], counts[going], factor[: len(u)]
            a = None if a is None else a[going]
            going = going[going]
        counts += going
        k += 1
        np.divide(b, k, out=factor)
        if a is not None:
            factor += a
        probability *= factor
        reached += probability


def _cornish_fisher(w: F64, mean: F64, variance: F64, p: F64 | float) -> F64:
    """Quantile at w standard deviations, rounded down to a whole number.

    The cumulants are those of the binomial, κ2 = v = npq, κ3 = v(q−p), κ4 = v(1−6pq), κ5 = v(q−p)(1−12pq); with p = 0
    and v = mean they are the Poisson's. The constant 1/2 turns "the nearest" into "round down".
    """
    w = np.clip(w, -FARTHEST, FARTHEST)
    square = w * w
    skew = 1.0 - 2.0 * p
    pq = p * (1.0 - p)
    sigma = np.sqrt(variance)
    second = w * (14.0 * pq - 2.0 - (1.0 + 2.0 * pq) * square) / 72.0
    third = skew * (2.0 + pq) * ((3.0 * square + 7.0) * square - 16.0) / 1620.0
    out = third / sigma
    out += second
    out /= sigma
    out += skew * (square - 1.0) / 6.0 + 0.5
    out += sigma * w
    out += mean
    return np.floor(out, out=out)
