"""What runs leave in the parts of a minute that they overlap: totals over what each covers, exact in integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.state.hosts.processes import CPU, FOOTPRINT, MEMORY, READ
from ghostfleet.state.hosts.schedule import PARTS, each

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
FEW = 0.5  # share of the runs: metrics that fewer of them touch look only at those


class Grid(msgspec.Struct, frozen=True):
    """Rows of bins of even length that begin with the window."""

    rows: int
    bins: int
    bin_s: int


def deposit(
    runs: Runs, processes: Processes, row: I64, grid: Grid, minutes: Grid, metrics: Collection[str]
) -> tuple[dict[str, F32], dict[str, F32]]:
    """Mean rates in each bin that short runs leave, and those of steady ones; shape (rows, bins) of the grid.

    ``row`` is that of each process. CPU in per cent, I/O in KB/s; per cent of memory touched is of ``minutes``.
    Metrics that no run touches, or that nobody asks for, are missing from the answer.
    """
    steady = processes.steady[runs.process]
    return (
        _left(runs, processes, row, np.flatnonzero(~steady), (grid, minutes), metrics),
        _left(runs, processes, row, np.flatnonzero(steady), (grid, minutes), metrics),
    )


def _left(
    runs: Runs, processes: Processes, row: I64, chosen: I64, grids: tuple[Grid, Grid], metrics: Collection[str]
) -> dict[str, F32]:
    out: dict[str, F32] = {}
    asked = np.array([name in metrics for name in FOOTPRINT])
    chosen = chosen[(processes.amounts[:, asked] > 0).any(axis=1)[runs.process[chosen]]]
    process = runs.process[chosen]
    if not len(process):
        return out
    amounts = processes.amounts[process]
    plain: _Boxes | None = None
    start, length, size, row = runs.start[chosen], runs.length[chosen], runs.size[chosen], row[process]
    is_rate = bool(processes.steady[process[0]])
    for metric, name in enumerate(FOOTPRINT):
        some = amounts[:, metric] > 0
        if name not in metrics or not some.any():
            continue
        height = amounts[:, metric] * size
        if metric == MEMORY:
            mine = np.flatnonzero(some)
            boxes = _Boxes(row[mine], start[mine], length[mine] + LINGER_S * PARTS, grids[1])
            out[name] = boxes.means(np.minimum(height[mine], MOST_TOUCHED), None)
        elif metric == READ:
            mine = np.flatnonzero(some)
            shorter = np.maximum((length[mine] * READ_SHARE).astype(np.int64), 1)
            boxes = _Boxes(row[mine], start[mine], shorter, grids[0])
            out[name] = boxes.means(height[mine] if is_rate else height[mine] * PARTS / shorter, None)
        else:
            plain = plain or _Boxes(row, start, length, grids[0])
            height = height if is_rate else height * PARTS / length
            if metric == CPU:
                height = np.minimum(height, 100.0)
            out[name] = plain.means(height, some if some.mean() < FEW else None)
    return out


class _Boxes:
    """Runs as boxes over the bins that they overlap."""

    def __init__(self, row: I64, start: I64, length: I64, grid: Grid) -> None:
        width = grid.bin_s * PARTS
        stop = start + length
        first, last = np.maximum(start // width, 0), np.minimum(-(-stop // width), grid.bins)
        self._grid = grid
        self._box, cell = each(np.arange(len(row)), first, last)
        edge = cell * width
        self._covered = np.minimum(stop[self._box], edge + width) - np.maximum(start[self._box], edge)
        self._bin = row[self._box] * grid.bins + cell

    def means(self, height: F64, some: Bool | None) -> F32:
        """Mean of the boxes' heights over bins; the sums are of whole numbers, so their order does not matter."""
        grid = self._grid
        whole = np.rint(np.minimum(height * GRAIN, HIGHEST))
        places, weights = self._bin, whole[self._box] * self._covered
        if some is not None:
            mine = some[self._box]
            places, weights = places[mine], weights[mine]
        totals = np.bincount(places, weights, grid.rows * grid.bins)
        means: F32 = totals.astype(np.float32).reshape(grid.rows, grid.bins)
        means *= np.float32(1.0 / (grid.bin_s * PARTS * GRAIN))
        return means


__all__ = ["Grid", "deposit"]
