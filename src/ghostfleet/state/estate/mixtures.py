"""Percentiles of rows: quantiles of mixtures of log-normals, one for each class of ending and tick."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ghostfleet.core import compiled, maths
from ghostfleet.core.compiled import address
from ghostfleet.core.quantiles import normal_quantile
from ghostfleet.state.estate.latency import LN_2, log_moments, normal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ctypes import CDLL

    from ghostfleet.core.arrays import F32, F64, I64, Bool

SEEN = 1e-4  # of the rarer side of a quantile: with less weight, other classes cannot be seen
CLOSE = 1e-3  # octaves: a step of Halley's as short as this leaves far less than it goes
NEAR = 1e-4  # octaves: a bracket as narrow as this is near enough
STEPS = 64  # at most; each halves the bracket or the step, and three are usual
DENSITY = 0.3989422804014327  # of a standard normal at 0
NARROWEST = 1e-6  # octaves
AT_ONCE = 16_384  # ticks
USUAL, SLOWER, OTHER = range(3)  # roles of classes
LANES = 64  # mixtures that the loop solves at a time


class Sums(NamedTuple):
    """How many ended in a way, and the sums of their times and of the squares of those; arrays of one shape."""

    weight: F64
    ms: F64
    square: F64

    def reshaped(self, *shape: int) -> Sums:
        """The same in another shape."""
        return Sums(*(one.reshape(shape) for one in self))

    def of(self, rows: slice | I64) -> Sums:
        """Those of some rows."""
        return Sums(*(one[rows] for one in self))

    def folded(self) -> Sums:
        """Those of all ticks of each row, shape (rows, 1)."""
        return Sums(*(_added(one.T)[:, None] for one in self))

    def moments(self) -> tuple[F64, F64]:
        """Mean and variance; 0 of none."""
        sure = np.where(self.weight > 0, self.weight, 1.0)
        mean = self.ms / sure
        return mean, np.maximum(self.square / sure - mean * mean, 0.0)


class Law(NamedTuple):
    """A class of endings in rows: its share of all, and of which log-normal its times are; shapes (rows, ticks)."""

    share: F64
    location: F64
    scale: F64
    start: F64


def quantiles(
    sums: Sequence[Sums], probabilities: Sequence[float], *, ticks: int = 1, slower: int | None = None
) -> list[F64]:
    """Quantiles of rows of some ticks each, one per probability; shapes (rows,), 0 where nothing ended.

    A row is the mixture of the classes of all its ticks, each of them a log-normal; ``sums`` are those of the classes,
    tick after tick.

    ``slower`` is the class of requests that do all that those of the first do, and more. What they do more may differ
    so much that a log-normal with their mean and variance has a foot below the first class's. So theirs begins a
    deviation below the first class's mean, and its distribution is held at or below that of the first: no quantile
    falls because what some do more takes longer.
    Some rows after others, so that their arrays stay in the cache.
    """
    every = [each.reshaped(-1, ticks) for each in sums]
    at_once = max(AT_ONCE // ticks, 1)
    found = [
        _quantiles([each.of(slice(first, first + at_once)) for each in every], probabilities, slower)
        for first in range(0, max(len(every[0].weight), 1), at_once)
    ]
    return [np.concatenate(one) for one in zip(*found, strict=True)]


def _quantiles(sums: list[Sums], probabilities: Sequence[float], slower: int | None) -> list[F64]:
    """Quantiles of some rows: of their classes as if they were of one tick, and from there of those of their ticks."""
    whole = [each.folded() for each in sums]
    total = _added([each.weight for each in whole])
    octaves = _of_classes(_laws(whole, total, slower), probabilities, slower)
    if sums[0].weight.shape[1] > 1:
        rows = np.flatnonzero(total[:, 0])
        laws = _laws([each.of(rows) for each in sums], total[rows], slower)
        starts = np.concatenate([one[rows] for one in octaves])
        mixed = [np.arange(len(rows))] * len(probabilities)
        for one, better in zip(octaves, _solved(laws, mixed, probabilities, slower, starts), strict=True):
            one[rows] = better
    return [np.where(total[:, 0] > 0, maths.exp2(one), 0.0) for one in octaves]


def _laws(sums: list[Sums], total: F64, slower: int | None) -> list[Law]:
    """Laws of the classes of rows with a total, shape (rows, 1)."""
    sure = np.where(total > 0, total, 1.0)
    moments = [each.moments() for each in sums]
    laws = []
    for number, (each, (mean, variance)) in enumerate(zip(sums, moments, strict=True)):
        start = np.zeros_like(mean)
        if number == slower:
            usual, spread = moments[0]
            start = np.where(sums[0].weight > 0, np.maximum(usual - np.sqrt(spread), 0.0), 0.0)
        laws.append(Law(each.weight / sure, *_octaves(each.weight, mean - start, variance), start))
    return laws


def _of_classes(laws: list[Law], probabilities: Sequence[float], slower: int | None) -> list[F64]:
    """Binary logarithms of quantiles of rows of one tick.

    Where one class has all the weight, or so much that the others cannot be seen, its own quantile serves; elsewhere
    the mixture's distribution is inverted, for all probabilities at once.
    """
    share, location, scale = (one[:, 0] for one in laws[0][:3])
    others = _added([np.zeros_like(share), *(law.share[:, 0] for law in laws[1:])])
    mixed = [np.flatnonzero(others > SEEN * min(p, 1 - p)) for p in probabilities]
    found = []
    solved = _solved(laws, mixed, probabilities, slower)
    for rows, own, octaves in zip(mixed, _scores(probabilities), solved, strict=True):
        out = location + scale * own
        out[rows] = octaves
        found.append(out)
    return found


def _scores(probabilities: Sequence[float]) -> list[float]:
    scores: list[float] = normal_quantile(np.array(probabilities)).tolist()
    return scores


def _added(values: Sequence[F64] | F64) -> F64:
    """Sum along the first axis, one after another: numpy's own adds in an order that depends on the CPU."""
    total = values[0].copy()
    for value in values[1:]:
        total += value
    return total


def _octaves(weight: F64, beyond: F64, variance: F64) -> tuple[F64, F64]:
    """Location and scale of the binary logarithm of what a class takes beyond its start; 0 where it has no weight."""
    location, scale = np.zeros((2, *weight.shape))
    some = np.flatnonzero(weight > 0)
    if len(some):
        known = log_moments(np.maximum(beyond.take(some), 1e-9), np.maximum(variance.take(some), 1e-18))
        location.reshape(-1)[some], scale.reshape(-1)[some] = known
    return location, scale


def _solved(
    laws: list[Law],
    mixed: list[I64],
    probabilities: Sequence[float],
    slower: int | None,
    starts: F64 | None = None,
) -> list[F64]:
    """Quantiles of mixtures of rows in octaves, one array per probability, solved from some that are near."""
    ends = np.add.accumulate([len(rows) for rows in mixed])
    rows = np.concatenate(mixed)
    z = np.repeat(np.array(_scores(probabilities), dtype=np.float32), [len(some) for some in mixed])
    beyond = np.repeat(np.array([1 - p for p in probabilities], dtype=np.float32), [len(some) for some in mixed])
    roles = [USUAL if number == 0 else SLOWER if number == slower else OTHER for number in range(len(laws))]
    loops = compiled.loops()
    if loops is not None:
        near = np.zeros(0) if starts is None else starts
        return np.split(_inverted(loops, laws, roles, rows, z, beyond, near), ends[:-1])
    classes: list[_Class] = []
    usual = np.zeros(0, dtype=np.int64)
    for role, law in zip(roles, laws, strict=True):
        mine = law.share[rows]
        who, tick = places = (mine > 0).nonzero()
        at = rows[who], tick
        if role == USUAL:
            usual = np.full(mine.shape, -1)
            usual[places] = np.arange(len(who))
        if len(who):
            narrow = np.maximum(law.scale[at], NARROWEST)
            classes.append(_Class(role, who, mine[places], (law.location[at], narrow, law.start[at]), usual[places]))
    return np.split(_invert(classes, z, beyond, starts).astype(np.float64), ends[:-1])


def _inverted(loops: CDLL, laws: list[Law], roles: list[int], rows: I64, z: F32, beyond: F32, starts: F64) -> F64:
    """What `_invert` gives of mixtures that are rows of laws, in one loop; no ``starts`` are an empty array."""
    ticks = laws[0].share.shape[1]
    kept = [[np.ascontiguousarray(one) for one in law] for law in laws]
    words = np.array([[role, *map(address, law)] for role, law in zip(roles, kept, strict=True)], dtype=np.int64)
    room = max(ticks, LANES)
    scratch = np.empty((6 * len(laws) + 3) * room, dtype=np.float32)
    series, out = maths.series(), np.empty(len(rows))
    loops.invert(
        address(words), len(laws), ticks, address(rows), address(z), address(beyond),
        address(starts) if len(starts) else None, len(rows), address(series), address(scratch), room, address(out),
    )  # fmt: skip
    return out


class _Class:
    """A class of endings in the ticks of mixtures that have it; mixtures are numbered, and ``who`` never falls.

    ``usual`` are the places of the same ticks in the first class, −1 where that has none.
    Single precision is finer than the series that it goes through, and takes half the time.
    """

    def __init__(
        self, role: int, who: I64, share: F64 | F32, law: tuple[F64 | F32, F64 | F32, F64 | F32], usual: I64
    ) -> None:
        self.role, self.who, self.usual = role, who, usual
        self.share, self.location, self.scale, self.start = (
            one.astype(np.float32, copy=False) for one in (share, *law)
        )

    def only(self, mine: I64, place: I64, usual: I64) -> _Class:
        """The class in some of its places, of mixtures and places of the first class that are numbered anew."""
        law = self.location[mine], self.scale[mine], self.start[mine]
        return _Class(self.role, place[self.who[mine]], self.share[mine], law, usual[self.usual[mine]])

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


def _invert(classes: list[_Class], z: F32, beyond: F32, starts: F64 | None) -> F32:
    """Where a share ``beyond`` of each mixture lies above: Halley's steps, or halves of the bracket where they stray.

    A step of Halley's is Newton's, s, over 1 − s · g / 2, where g is how fast the density falls, of itself.

    Each mixture goes until it is there, whatever the others do, so that no value depends on what else is asked.
    """
    low, high = _bracket(classes, z)
    x = _start(classes, z, low, high) if starts is None else np.clip(starts.astype(np.float32), low, high)
    moved, out, left = high - low, np.empty_like(z), np.arange(len(z))
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
            classes = _only(classes, going)
            left, (x, low, high, moved, beyond) = left[going], [one[going] for one in (x, low, high, moved, beyond)]
    return out


def _only(classes: list[_Class], going: Bool) -> list[_Class]:
    """Classes of those mixtures that go on, numbered anew."""
    place = np.add.accumulate(going) - 1
    usual = np.full(1, -1)  # what has none has none
    found = []
    for one in classes:
        kept = going[one.who]
        mine = np.flatnonzero(kept)
        if one.role == USUAL:
            usual = np.append(np.add.accumulate(kept) - 1, -1)
        if len(mine):
            found.append(one.only(mine, place, usual))
    return found


def _log2(x: F32) -> F32:
    octaves: F32 = maths.log2(x).astype(np.float32)
    return octaves


def _bracket(classes: list[_Class], z: F32) -> tuple[F32, F32]:
    """The quantile of a mixture lies between those of its classes and ticks."""
    low, high = np.full_like(z, np.inf), np.full_like(z, -np.inf)
    for one in classes:
        own = one.quantile(z)
        firsts = np.flatnonzero(np.diff(one.who, prepend=-1))
        who = one.who[firsts]
        low[who] = np.minimum(low[who], np.minimum.reduceat(own, firsts))
        high[who] = np.maximum(high[who], np.maximum.reduceat(own, firsts))
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
    added = np.zeros((3, len(x)))
    added[1] = 1e-30
    first = np.zeros((3, 1), dtype=np.float32)
    for one in classes:
        upper, dense, fall = one.beyond(x)
        if one.role == USUAL:
            first = np.zeros((3, len(upper) + 1), dtype=np.float32)  # the last of none
            first[:, :-1] = upper, dense, fall
        elif one.role == SLOWER:
            usual = first[:, one.usual]
            held = upper < usual[0]
            upper, dense, fall = (np.where(held, *each) for each in zip(usual, (upper, dense, fall), strict=True))
        dense = one.share * dense
        for number, values in enumerate((one.share * upper, dense, dense * fall)):
            added[number] += np.bincount(one.who, values, len(x))  # one after another
    above, density, falling = added.astype(np.float32)
    return above, density, falling
