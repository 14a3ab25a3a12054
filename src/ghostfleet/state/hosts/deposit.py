"""What runs leave in the parts of a minute that they overlap: totals over what each covers, exact in integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core.scratch import Scratch
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
MOST = {CPU: 100.0, MEMORY: MOST_TOUCHED}  # of a height


class Grid(msgspec.Struct, frozen=True):
    """Rows of bins of even length that begin with the window."""

    rows: int
    bins: int
    bin_s: int


class Left(msgspec.Struct, frozen=True):
    """What runs leave in the cells that they touch: few, so that nothing is done for the others."""

    cells: I64  # of rows that lie end to end; each once, in no order
    rates: F32

    def add_to(self, rates: F32) -> None:
        """Add to the rates of all rows, in place."""
        rates.reshape(-1)[self.cells] += self.rates


def deposit(
    runs: Runs,
    processes: Processes,
    row: I64,
    grids: tuple[Grid, Grid],
    metrics: Collection[str],
    scratch: Scratch | None = None,
) -> tuple[dict[str, Left], dict[str, Left]]:
    """Mean rates in each bin that short runs leave, and those of long and steady ones.

    ``row`` is that of each process. CPU in per cent, I/O in KB/s; per cent of memory touched is of the second grid.
    Metrics that no run touches, or that nobody asks for, are missing from the answer.
    """
    scratch = Scratch() if scratch is None else scratch
    lasting = runs.length >= LONG_S * PARTS
    lasting |= processes.steady.take(runs.process)
    return (
        _left(runs.take(np.flatnonzero(~lasting)), processes, row, grids, metrics, scratch),
        _left(runs.take(np.flatnonzero(lasting)), processes, row, grids, metrics, scratch),
    )


def _left(
    runs: Runs, processes: Processes, row: I64, grids: tuple[Grid, Grid], metrics: Collection[str], scratch: Scratch
) -> dict[str, Left]:
    out: dict[str, Left] = {}
    if not len(runs.process):
        return out
    steady, row = processes.steady.take(runs.process), row.take(runs.process)
    if not steady.any():
        steady = None
    plain: _Boxes | None = None
    for metric, name in enumerate(FOOTPRINT):
        if name not in metrics:
            continue
        amount = processes.amounts[:, metric].take(runs.process)
        if metric in (MEMORY, READ):  # these last longer or shorter than the run
            mine = np.flatnonzero(amount)
            if not len(mine):
                continue
            lasts = runs.length.take(mine)
            height = amount.take(mine)
            height *= runs.size.take(mine)
            if metric == READ:
                lasts = np.maximum((lasts * READ_SHARE).astype(np.int64), 1)
                height *= _per_second(lasts, None if steady is None else steady.take(mine))
            else:
                lasts += LINGER_S * PARTS
            boxes = _Boxes(row.take(mine), runs.start.take(mine), lasts, grids[metric == MEMORY], scratch)
        elif amount.any():
            if plain is None:
                plain = _Boxes(row, runs.start, runs.length, grids[0], scratch)
                unit = _per_second(runs.length, steady)
                unit *= runs.size
            boxes, height = plain, amount
            height *= unit
        else:
            continue
        if len(boxes.cells):
            np.minimum(height, MOST.get(metric, np.inf), out=height)
            out[name] = boxes.means(height)
    return out


def _per_second(length: I64, steady: Bool | None) -> F64:
    """Rate of a total of 1 over a length; what is steady is a rate already."""
    rate: F64 = PARTS / length
    if steady is not None:
        rate[steady] = 1.0
    return rate


class _Boxes:
    """Runs as boxes over the bins that they overlap."""

    def __init__(self, row: I64, start: I64, length: I64, grid: Grid, scratch: Scratch) -> None:
        self._grid = grid
        width = grid.bin_s * PARTS
        first = np.maximum(start // width, 0)
        edge = first * width
        stop = start + length
        last = np.minimum(-(-stop // width), grid.bins)
        there = last > first
        self._some = None if there.all() else np.flatnonzero(there)
        if self._some is not None:
            row, start, stop, first, last, edge = (
                values.take(self._some) for values in (row, start, stop, first, last, edge)
            )
        # Most runs are as short as a bin: the bins after the first are those of a few.
        self._many = np.flatnonzero(last > first + 1)
        self._more = (last - first).take(self._many) - 1
        rest = np.repeat((row * grid.bins).take(self._many) + first.take(self._many) + 1, self._more)
        ends = np.cumsum(self._more)
        rest += np.arange(len(rest)) - np.repeat(ends - self._more, self._more)
        place = row * grid.bins
        place += first
        place = np.concatenate([place, rest])
        # A box covers the bins that it overlaps, but for what lies before it in the first and after it in the last.
        stop -= edge
        self._covered = np.full(len(place), float(width))
        covered = self._covered[: len(row)]
        np.minimum(stop, width, out=covered)
        covered -= np.maximum(start - edge, 0)
        after = stop.take(self._many) - self._more * width
        self._covered[len(row) + ends - 1] = np.minimum(after, width)
        # Each cell that is touched gets a number: whichever box was the last to sign it stands for it.
        signed = scratch.array("signed", (grid.rows * grid.bins,), np.int32)
        entry = np.arange(len(place), dtype=np.int32)
        signed[place] = entry
        self.cells = place.take(np.flatnonzero(signed.take(place) == entry))
        signed[self.cells] = np.arange(len(self.cells), dtype=np.int32)
        self._number = signed.take(place).astype(np.intp)

    def means(self, height: F64) -> Left:
        """Mean of the boxes' heights over bins; the sums are of whole numbers, so their order does not matter."""
        height *= GRAIN
        np.minimum(height, HIGHEST, out=height)
        np.rint(height, out=height)
        if self._some is not None:
            height = height.take(self._some)
        weights = np.concatenate([height, np.repeat(height.take(self._many), self._more)])
        weights *= self._covered
        totals = np.bincount(self._number, weights, len(self.cells))
        return Left(self.cells, (totals * (1.0 / (self._grid.bin_s * PARTS * GRAIN))).astype(np.float32))


__all__ = ["Grid", "Left", "deposit"]
