"""What was measured of the columns of a table: exact, and the same in whatever order tasks finish."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ghostfleet.core.batch import Quanta

if TYPE_CHECKING:
    from ghostfleet.core.batch import Batch


MOST = 2**63  # what a sum in 64 bits stays below


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
        units = values.units if values.missing is None else values.units[~values.missing]
        self.missing += len(values) - len(units)
        if len(units):
            lowest, highest = int(units.min()), int(units.max())
            largest = max(abs(lowest), abs(highest))
            fits = largest * largest * len(units) < MOST
            exact = units.astype(np.int64) if fits else units.astype(object)  # Python's own are slow, but have no end
            self._join(len(units), int(exact.sum()), int((exact * exact).sum()), lowest, highest)

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


class Statistics(msgspec.Struct):
    """Moments of every quantised column of a table."""

    columns: dict[str, Moments] = msgspec.field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        """Take a batch into account."""
        for name, values in batch.columns.items():
            if isinstance(values, Quanta):
                self.columns.setdefault(name, Moments()).add(values)

    def merge(self, other: Statistics) -> None:
        """Take another task's statistics into account."""
        for name, moments in other.columns.items():
            self.columns.setdefault(name, Moments()).merge(moments)

    def summary(self) -> dict[str, dict[str, Any]]:
        """Figures by column."""
        return {name: moments.summary() for name, moments in self.columns.items()}
