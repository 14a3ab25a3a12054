"""What was measured of the columns of a table: exact, and the same in whatever order tasks finish."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ghostfleet.core import compiled
from ghostfleet.core.arrays import I64  # of fields
from ghostfleet.core.batch import Plain, Quanta, Text
from ghostfleet.core.compiled import address

if TYPE_CHECKING:
    from ghostfleet.core.arrays import Array
    from ghostfleet.core.batch import Batch


REQUESTS = "requests"  # group of tables
PERCENTILES = (50, 95, 99)
NEAR = 1 << 17  # numbers within as many are counted in an array: none is sorted, and none a Python object
MOST, TWICE_MOST = 2**63, 2**127  # what sums in 64 and in 128 bits stay below


class Moments(msgspec.Struct):
    """Whole-number moments of a quantised column."""

    per_one: int = 1
    count: int = 0
    missing: int = 0
    total: int = 0
    squares: int = 0
    low: int | None = None
    high: int | None = None

    def add(self, values: Quanta) -> None:
        """Take a batch's column into account."""
        self.per_one = values.per_one
        count, lowest, highest, total, squares = moments(values)
        self.missing += len(values) - count
        if count:
            self._join(count, total, squares, lowest, highest)

    def merge(self, other: Moments) -> None:
        """Take another task's moments into account."""
        self.per_one = other.per_one
        self.missing += other.missing
        if other.low is not None and other.high is not None:
            self._join(other.count, other.total, other.squares, other.low, other.high)

    def _join(self, count: int, total: int, squares: int, low: int, high: int) -> None:
        self.count += count
        self.total += total
        self.squares += squares
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)

    def summary(self) -> dict[str, Any]:
        """Count, missing, mean, sd, min and max in the column's unit; no figures where there is no value."""
        if not self.count or self.low is None or self.high is None:
            return {"count": 0, "missing": self.missing}
        mean = self.total / self.count
        # Whole numbers as far as they go: as floats, the difference of two large ones could be below 0.
        variance = (self.squares * self.count - self.total * self.total) / self.count**2
        figures = {"mean": mean, "sd": sqrt(variance), "min": self.low, "max": self.high}
        scaled = {name: round(figure / self.per_one, 4) for name, figure in figures.items()}
        return {"count": self.count, "missing": self.missing, **scaled}


def moments(values: Quanta) -> tuple[int, int, int, int, int]:
    """Count, smallest, largest, sum and sum of squares of the units that are not missing; zeros where all are."""
    loops = compiled.loops()
    if loops is not None and len(values):
        narrow = values.units.dtype == np.int32
        units = np.ascontiguousarray(values.units, dtype=np.int32 if narrow else np.int64)
        missing = None if values.missing is None else np.ascontiguousarray(values.missing, dtype=np.bool_)
        out = np.empty(7, dtype=np.int64)
        loop = loops.moments_i32 if narrow else loops.moments_i64
        loop(address(units), None if missing is None else address(missing), len(units), address(out))
        count, low, high, *sums = out.tolist()
        if not count:
            return 0, 0, 0, 0, 0
        if max(low * low, high * high) * count < TWICE_MOST:
            total, squares = (two * 2**64 + one % 2**64 for one, two in (sums[:2], sums[2:]))
            return count, low, high, total, squares
    units = values.units if values.missing is None else values.units[~values.missing]
    if not len(units):
        return 0, 0, 0, 0, 0
    low, high = int(units.min()), int(units.max())
    fits = max(low * low, high * high) * len(units) < MOST
    exact = units.astype(np.int64) if fits else units.astype(object)  # Python's own are slow, but have no end
    return len(units), low, high, int(exact.sum()), int((exact * exact).sum())


def counted(values: Array) -> dict[int, int]:
    """How often each truth value or number is there; they are keys as they are."""
    if values.dtype == np.bool_:
        true = int(np.count_nonzero(values))
        return {value: count for value, count in ((False, len(values) - true), (True, true)) if count}
    low, high = (values.min().item(), values.max().item()) if len(values) else (0, 0)
    if values.dtype.kind not in "iu" or high - low > NEAR or high >= MOST:
        known, counts = np.unique(values, return_counts=True)
        return dict(zip(known.tolist(), counts.tolist(), strict=True))
    counts = np.bincount(values.astype(np.int64) - low)
    there = np.flatnonzero(counts)
    return dict(zip((there + low).tolist(), counts[there].tolist(), strict=True))


class Tally(msgspec.Struct):
    """How often each value of a column with few of them stands there; what is missing is not counted."""

    counts: dict[str, int] = msgspec.field(default_factory=dict)

    def add(self, values: Text | Plain, codes: dict[int, int] | None = None) -> None:
        """Take a batch's column into account, of whose codes somebody may have counted how often each is there."""
        if isinstance(values, Plain):
            present = values.values if values.missing is None else values.values[~values.missing]
            self.merge(Tally({str(value): count for value, count in counted(present).items()}))
            return
        for code, count in (counted(values.codes) if codes is None else codes).items():
            if code >= 0:
                word = values.vocabulary[code]
                self.counts[word] = self.counts.get(word, 0) + count

    def merge(self, other: Tally) -> None:
        """Take another task's counts into account."""
        for word, count in other.counts.items():
            self.counts[word] = self.counts.get(word, 0) + count

    def summary(self) -> dict[str, int]:
        """Counts, the largest first."""
        return dict(sorted(self.counts.items(), key=lambda pair: (-pair[1], pair[0])))


class Spread(msgspec.Struct):
    """How a column of milliseconds spreads: counts of whole ones, so that percentiles are exact to 1 ms."""

    near: I64 = msgspec.field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # of 0, 1, 2 … up to below `NEAR`
    far: dict[int, int] = msgspec.field(default_factory=dict)  # of all others

    def add(self, values: Quanta | Plain) -> None:
        """Take a batch's column into account."""
        whole = np.rint(values.units / values.per_one) if isinstance(values, Quanta) else values.values
        if values.missing is not None:
            whole = whole[~values.missing]
        whole = whole.astype(np.int64, copy=False)
        is_far = (whole < 0) | (whole >= NEAR)
        if is_far.any():
            self._join(counted(whole[is_far]))
            whole = whole[~is_far]
        self._add(np.bincount(whole))

    def merge(self, other: Spread) -> None:
        """Take another task's counts into account."""
        self._add(other.near)
        self._join(other.far)

    def _add(self, near: I64) -> None:
        longer, shorter = (self.near, near) if len(self.near) >= len(near) else (near.copy(), self.near)
        longer[: len(shorter)] += shorter
        self.near = longer

    def _join(self, far: dict[int, int]) -> None:
        for value, count in far.items():
            self.far[value] = self.far.get(value, 0) + count

    def summary(self) -> dict[str, float]:
        """Count, smallest, largest, mean and percentiles; no figures where there is no value."""
        there = np.flatnonzero(self.near)
        counts = self.far | dict(zip(there.tolist(), self.near[there].tolist(), strict=True))
        count, total = sum(counts.values()), sum(value * many for value, many in counts.items())
        if not count:
            return {"count": 0}
        values = sorted(counts)
        ends = np.add.accumulate([counts[value] for value in values])
        found = {f"p{p}": values[int(np.searchsorted(ends, p / 100 * count))] for p in PERCENTILES}
        return {"count": count, "min": values[0], "max": values[-1], "avg": round(total / count, 2), **found}


class Statistics(msgspec.Struct):
    """Moments of every quantised column of a table; of single requests also counts of texts and spreads of times."""

    columns: dict[str, Moments] = msgspec.field(default_factory=dict)
    tallies: dict[str, Tally] = msgspec.field(default_factory=dict)
    spreads: dict[str, Spread] = msgspec.field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        """Take a batch into account."""
        for name, values in batch.columns.items():
            if isinstance(values, Quanta):
                self.columns.setdefault(name, Moments()).add(values)
        if batch.table.group == REQUESTS:
            self._add_requests(batch)

    def _add_requests(self, batch: Batch) -> None:
        codes: dict[int, dict[int, int]] = {}  # several columns may share some
        for column in batch.table.columns:
            values = batch[column.name]
            if isinstance(values, Text) and (column.values or column.counted):
                if id(values.codes) not in codes:
                    codes[id(values.codes)] = counted(values.codes)
                self.tallies.setdefault(column.name, Tally()).add(values, codes[id(values.codes)])
            elif column.counted and isinstance(values, Plain):
                self.tallies.setdefault(column.name, Tally()).add(values)
            elif column.unit == "ms" and isinstance(values, Quanta | Plain):
                self.spreads.setdefault(column.name, Spread()).add(values)

    def merge(self, other: Statistics) -> None:
        """Take another task's statistics into account."""
        for name, moments in other.columns.items():
            self.columns.setdefault(name, Moments()).merge(moments)
        for name, tally in other.tallies.items():
            self.tallies.setdefault(name, Tally()).merge(tally)
        for name, spread in other.spreads.items():
            self.spreads.setdefault(name, Spread()).merge(spread)

    def summary(self) -> dict[str, dict[str, Any]]:
        """Figures by column."""
        return {name: moments.summary() for name, moments in self.columns.items()}

    def requests(self) -> dict[str, Any]:
        """Counts of texts and spreads of times by column; nothing of tables that hold no single requests."""
        counted = {name: tally.summary() for name, tally in self.tallies.items()}
        return counted | {name: spread.summary() for name, spread in self.spreads.items()}
