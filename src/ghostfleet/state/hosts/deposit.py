"""What runs leave in the parts of a minute that they overlap: totals over what each covers, exact in integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core.scratch import Scratch
from ghostfleet.state.hosts.processes import CPU, FOOTPRINT, MEMORY, READ
from ghostfleet.state.hosts.schedule import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F32, F64, I64
    from ghostfleet.state.hosts.processes import Processes
    from ghostfleet.state.hosts.schedule import Runs

GRAIN = 1024.0  # of a rate: heights are whole multiples of 1/1024 of their unit
HIGHEST = 2.0**30  # height, in such grains: a million KB/s
MOST_CPU = 100.0  # per cent
MOST_TOUCHED = 60.0  # per cent of memory that one run touches
READ_SHARE = 0.4  # of a run in which it reads: what is needed is read first
LINGER_S = 150  # pages stay in the estimate's working set a little after a run


class Grid(msgspec.Struct, frozen=True):
    """Rows of bins of even length that begin with the window."""

    rows: int
    bins: int
    bin_s: int


class Left(msgspec.Struct, frozen=True):
    """What runs leave in the cells that they touch: few, so that nothing is done for the others."""

    cells: I64  # of rows that lie end to end; one that several runs touch stands here for each of them
    rates: F32  # of all runs that touch the cell

    def add_to(self, rates: F32) -> None:
        """Add to the rates of all rows, in place."""
        # A cell that stands here twice is read twice before it is written twice, with one and the same sum.
        rates.reshape(-1)[self.cells] += self.rates

    def parted(self, cell: int) -> tuple[Left, Left]:
        """What is left before a cell, and from it on."""
        later = self.cells >= cell
        after, before = later.nonzero()[0], (~later).nonzero()[0]
        return (
            Left(self.cells.take(before), self.rates.take(before)),
            Left(self.cells.take(after) - cell, self.rates.take(after)),
        )


def deposit(
    runs: Runs, processes: Processes, row: I64, metrics: Sequence[str], grid: Grid, scratch: Scratch | None = None
) -> tuple[Left, Left]:
    """Mean rates that short runs leave in each bin of some metrics, and those that last; CPU in per cent, I/O in KB/s.

    ``row`` is that of each process in the grid; those of the next metric follow on the last of one.
    """
    columns = [FOOTPRINT.index(name) for name in metrics]
    amounts = processes.amounts.T[columns]
    # Pairs of a metric and a run that touches it, metric by metric; with one metric ``turn`` is just 0.
    pair = (amounts > 0).take(runs.process, axis=1).reshape(-1).nonzero()[0]
    turn, run = np.divmod(pair, len(runs)) if len(columns) > 1 and len(runs) else (np.int64(0), pair)
    process = runs.process.take(run)
    height = amounts.reshape(-1).take(process + turn * len(processes))
    height *= runs.size.take(run)
    lasts = runs.length.take(run)
    if READ in columns:
        shorter = np.maximum((lasts * READ_SHARE).astype(np.int64), 1)
        lasts = np.where(turn == columns.index(READ), shorter, lasts)
    per_second = PARTS / lasts
    steady = processes.steady.take(process)
    if steady.any():
        per_second[steady] = 1.0  # a rate already
    height *= per_second
    if CPU in columns:
        most = np.where(turn == columns.index(CPU), MOST_CPU, np.inf) if len(columns) > 1 else MOST_CPU
        np.minimum(height, most, out=height)
    # Both kinds are worked out together, one after the other.
    row = row.take(process)
    row += turn * grid.rows
    rows = len(columns) * grid.rows
    row += runs.lasts.take(run) * rows
    boxes = _Boxes(row, runs.start.take(run), lasts, Grid(2 * rows, grid.bins, grid.bin_s))
    return boxes.means(height, Scratch() if scratch is None else scratch).parted(rows * grid.bins)


def touches(runs: Runs, processes: Processes, row: I64, grid: Grid) -> F32:
    """Mean per cent of memory that runs touch in each bin; shape (rows, bins) of the grid."""
    run = (processes.amounts[:, MEMORY] > 0).take(runs.process).nonzero()[0]
    process = runs.process.take(run)
    height = processes.amounts[:, MEMORY].take(process)
    height *= runs.size.take(run)
    np.minimum(height, MOST_TOUCHED, out=height)
    height *= GRAIN
    np.rint(height, out=height)
    # Touched pages linger, so that few bins are untouched: each run is a step up and a step down, and steps are added
    # up along the row. In the bin of a step, and in the next, it changes what the mean is by parts of its height.
    width, bins = grid.bin_s * PARTS, grid.bins + 2
    steps = np.zeros(grid.rows * bins)
    begin = row.take(process) * bins
    start = runs.start.take(run)
    for at, step in ((start, height), (start + runs.length.take(run) + LINGER_S * PARTS, -height)):
        np.clip(at, 0, grid.bins * width, out=at)
        place = at // width
        late = step * (at - place * width)
        place += begin
        np.add.at(steps, place, step * width - late)
        place += 1
        np.add.at(steps, place, late)
    sums = np.add.accumulate(steps.reshape(grid.rows, bins), axis=1)[:, : grid.bins]  # of whole numbers
    return (sums * (1.0 / (width * GRAIN))).astype(np.float32)


class _Boxes:
    """Runs as boxes over the bins that they overlap."""

    def __init__(self, row: I64, start: I64, length: I64, grid: Grid) -> None:
        self._grid = grid
        width = grid.bin_s * PARTS
        # A box outside of the grid is held to its edge, where it covers nothing.
        first = start // width
        np.clip(first, 0, grid.bins - 1, out=first)
        edge = first * width
        stop = start + length
        more = np.minimum(-(-stop // width), grid.bins)
        more -= first + 1
        # Most runs are as short as a bin: the bins after the first are those of a few.
        self._many = (more > 0).nonzero()[0]
        self._more = more.take(self._many)
        ends = np.cumsum(self._more)
        place = row * grid.bins
        place += first
        rest = np.repeat(place.take(self._many) + 1 - (ends - self._more), self._more)
        rest += np.arange(len(rest))
        self._place = np.concatenate([place, rest])
        # A box covers the bins that it overlaps, but for what lies before it in the first and after it in the last.
        stop -= edge
        start = np.maximum(start - edge, 0)
        self._covered = np.full(len(self._place), float(width))
        covered = np.subtract(np.minimum(stop, width), start, out=self._covered[: len(row)])
        np.maximum(covered, 0, out=covered)
        self._covered[len(row) + ends - 1] = np.minimum(stop.take(self._many) - self._more * width, width)

    def means(self, height: F64, scratch: Scratch) -> Left:
        """Mean of the boxes' heights over bins; the sums are of whole numbers, so their order does not matter."""
        height *= GRAIN
        np.minimum(height, HIGHEST, out=height)
        np.rint(height, out=height)
        weights = np.concatenate([height, np.repeat(height.take(self._many), self._more)])
        weights *= self._covered
        grid, place = self._grid, self._place
        sums = scratch.zeros("sums", grid.rows * grid.bins, np.float64)
        np.add.at(sums, place, weights)
        totals = sums.take(place)
        sums[place] = 0
        totals *= 1.0 / (grid.bin_s * PARTS * GRAIN)
        return Left(place, totals.astype(np.float32))


__all__ = ["Grid", "Left", "deposit", "touches"]
