"""What runs leave in the parts of a minute that they overlap: totals over what each covers, exact in integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.state.hosts.processes import CPU, FOOTPRINT, MEMORY, READ
from ghostfleet.state.hosts.schedule import PARTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from ghostfleet.core.arrays import F32, F64, I64, Bool
    from ghostfleet.state.hosts.processes import Processes
    from ghostfleet.state.hosts.schedule import Runs

GRAIN = 1024.0  # of a rate: heights are whole multiples of 1/1024 of their unit
HIGHEST = 2.0**30  # height, in such grains: a million KB/s
MOST_TOUCHED = 60.0  # per cent of memory that one run touches
READ_SHARE = 0.4  # of a run in which it reads: what is needed is read first
LINGER_S = 150  # pages stay in the estimate's working set a little after a run
LONG_S = 300  # of a run that is as uneven, minute by minute, as all that goes on for long
MANY = 0.6  # share of the runs: a metric that fewer of them touch looks only at those


class Grid(msgspec.Struct, frozen=True):
    """Rows of bins of even length that begin with the window."""

    rows: int
    bins: int
    bin_s: int


def deposit(
    runs: Runs, processes: Processes, row: I64, grid: Grid, minutes: Grid, metrics: Collection[str]
) -> tuple[dict[str, Left], dict[str, Left]]:
    """Mean rates in each bin that short runs leave, and those of long and steady ones; shape (rows, bins) of the grid.

    ``row`` is that of each process. CPU in per cent, I/O in KB/s; per cent of memory touched is of ``minutes``.
    Metrics that no run touches, or that nobody asks for, are missing from the answer.
    """
    lasting = processes.steady[runs.process] | (runs.length >= LONG_S * PARTS)
    return (
        _left(runs, processes, row, np.flatnonzero(~lasting), (grid, minutes), metrics),
        _left(runs, processes, row, np.flatnonzero(lasting), (grid, minutes), metrics),
    )


def _left(
    runs: Runs, processes: Processes, row: I64, chosen: I64, grids: tuple[Grid, Grid], metrics: Collection[str]
) -> dict[str, Left]:
    out: dict[str, Left] = {}
    asked = np.array([name in metrics for name in FOOTPRINT])
    touching: Bool = np.asarray((processes.amounts[:, asked] > 0).any(axis=1))
    chosen = chosen[touching[runs.process[chosen]]]
    process = runs.process[chosen]
    if not len(process):
        return out
    amounts = processes.amounts[process]
    plain: _Boxes | None = None
    start, length, size, row = runs.start[chosen], runs.length[chosen], runs.size[chosen], row[process]
    everyone = np.arange(len(process))
    is_total = ~processes.steady[process]
    for metric, name in enumerate(FOOTPRINT):
        mine = np.flatnonzero(amounts[:, metric] > 0)
        if name not in metrics or not len(mine):
            continue
        alike = metric not in (MEMORY, READ) and len(mine) >= MANY * len(process)
        if alike:  # most runs touch it: their boxes serve several metrics
            mine = everyone
        lasts = length[mine]
        if metric == READ:
            lasts = np.maximum((lasts * READ_SHARE).astype(np.int64), 1)
        height = amounts[mine, metric] * size[mine]
        if metric == MEMORY:
            height = np.minimum(height, MOST_TOUCHED)
            lasts = lasts + LINGER_S * PARTS
        else:
            height *= np.where(is_total[mine], PARTS / lasts, 1.0)
        if metric == CPU:
            height = np.minimum(height, 100.0)
        if alike:
            boxes = plain = plain or _Boxes(row, start, length, grids[0])
        else:
            boxes = _Boxes(row[mine], start[mine], lasts, grids[metric == MEMORY])
        out[name] = boxes.means(height)
    return out


class Left(msgspec.Struct, frozen=True):
    """What runs leave on the rows that they touch."""

    rows: I64
    rates: F32  # shape (those rows, bins)

    def add_to(self, rates: F32) -> None:
        """Add to the rates of all rows, in place."""
        if len(self.rows) == len(rates):
            rates += self.rates
        else:
            for row, mine in zip(self.rows.tolist(), self.rates, strict=True):
                rates[row] += mine


class _Boxes:
    """Runs as boxes over the bins that they overlap."""

    def __init__(self, row: I64, start: I64, length: I64, grid: Grid) -> None:
        there = np.zeros(grid.rows, dtype=bool)
        there[row] = True
        self._rows = np.flatnonzero(there)
        row = (np.cumsum(there) - 1)[row]
        width = grid.bin_s * PARTS
        stop = start + length
        # Quotients of whole numbers as small as these are never so near to the next one that a double rounds to it.
        first = np.maximum(np.floor(start / width), 0).astype(np.int64)
        last = np.minimum(np.ceil(stop / width), grid.bins).astype(np.int64)
        self._grid = grid
        self._count = np.maximum(last - first, 0)
        ends = np.cumsum(self._count)
        total = int(ends[-1]) if len(ends) else 0
        begins = ends - self._count
        self._bin = np.repeat(row * grid.bins + first - begins, self._count)
        self._bin += np.arange(total)
        # A box covers the bins that it overlaps, but for what lies before it in the first and after it in the last.
        inside = np.flatnonzero(self._count)
        self._covered = np.full(total, float(width))
        self._covered[begins[inside]] -= np.maximum(start - first * width, 0)[inside]
        self._covered[ends[inside] - 1] -= np.maximum(last * width - stop, 0)[inside]

    def means(self, height: F64) -> Left:
        """Mean of the boxes' heights over bins; the sums are of whole numbers, so their order does not matter."""
        grid = self._grid
        weights = np.repeat(np.rint(np.minimum(height * GRAIN, HIGHEST)), self._count)
        weights *= self._covered
        totals = np.bincount(self._bin, weights, len(self._rows) * grid.bins)
        means = np.empty((len(self._rows), grid.bins), dtype=np.float32)
        np.multiply(totals, 1.0 / (grid.bin_s * PARTS * GRAIN), out=means.reshape(-1), casting="same_kind")
        return Left(self._rows, means)


__all__ = ["Grid", "Left", "deposit"]
