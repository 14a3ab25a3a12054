"""What a signal observed at each tick, and how ticks fold into coarser rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.table import Fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.core.arrays import F64, Array, Bool
    from ghostfleet.core.table import Table
    from ghostfleet.core.window import Window

P95 = 0.95


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Facts:
    """Observed columns of some entities, one value per tick; every array has shape (entities, ticks).

    A weighted fact is the sum of what was seen in the tick, and its weight another fact: how much was seen. Both are
    whole numbers, so that folding twice is folding once. ``folds`` names facts that are no columns: what columns are
    derived from after the fold.
    """

    table: Table
    window: Window
    values: dict[str, Array]
    folds: dict[str, Fold] = field(default_factory=dict)

    def folded(self, factor: int) -> Facts:
        """Rows of ``factor`` ticks each, counted from the epoch; the window must hold whole rows.

        Derivation and rounding come after, so that a row says the same whether its ticks were ever written or not.
        """
        if factor == 1:
            return self
        if self.window.start % factor or self.window.stop % factor:
            msg = f"ticks {self.window.start} to {self.window.stop} are not whole rows of {factor}"
            raise ValueError(msg)
        folded = {name: _fold(self._fold_of(name), values, factor) for name, values in self.values.items()}
        return Facts(self.table, self.window.coarser(factor), folded, self.folds)

    def mean(self, name: str) -> tuple[F64, Bool]:
        """Mean of a weighted fact, and where there is none because nothing was seen; shape (entities, ticks)."""
        weight = self.values[self.table[name].by]
        missing: Bool = weight == 0
        means: F64 = self.values[name] / (np.where(missing, 1, weight) if missing.any() else weight)
        return means, missing

    def _fold_of(self, name: str) -> Fold | None:
        if name in self.folds:
            return self.folds[name]
        # A weight adds up, whether it is a column that is written or not.
        if any(column.by == name for column in self.table.columns):
            return Fold.SUM
        return self.table[name].fold


def _fold(fold: Fold | None, values: Array, factor: int) -> Array:
    if fold is None:
        msg = "a fact must declare how it folds"
        raise ValueError(msg)
    return FOLDS[fold](values.reshape(len(values), values.shape[1] // factor, factor))


def _sum(ticks: Array) -> Array:
    # Tick by tick: numpy's own sum adds in an order that depends on the CPU.
    total = ticks[:, :, 0].copy()
    for tick in range(1, ticks.shape[2]):
        total += ticks[:, :, tick]
    return total


def _mean(ticks: Array) -> Array:
    mean: Array = _sum(ticks) / ticks.dtype.type(ticks.shape[2])
    return mean


def _max(ticks: Array) -> Array:
    highest: Array = ticks.max(axis=2)
    return highest


def _last(ticks: Array) -> Array:
    return ticks[:, :, -1]


def _p95(ticks: Array) -> Array:
    """95th percentile, linear between the two nearest ranks (Hyndman and Fan's type 7)."""
    ordered = np.sort(ticks, axis=2)
    place = P95 * (ticks.shape[2] - 1)
    below = int(place)
    above = min(below + 1, ticks.shape[2] - 1)
    rise = ordered[:, :, above] - ordered[:, :, below]
    percentile: Array = ordered[:, :, below] + rise * ticks.dtype.type(place - below)
    return percentile


FOLDS: dict[Fold, Callable[[Array], Array]] = {
    Fold.SUM: _sum,
    Fold.MEAN: _mean,
    Fold.MAX: _max,
    Fold.LAST: _last,
    Fold.WEIGHTED: _sum,
    Fold.P95: _p95,
}
