"""What runs leave in the sub-samples they overlap: totals over the time that each covers, exact in integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.state.hosts.processes import CPU, FOOTPRINT, MEMORY, READ, WRITE
from ghostfleet.state.hosts.schedule import PARTS, each

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I64
    from ghostfleet.state.hosts.processes import Processes
    from ghostfleet.state.hosts.schedule import Runs

SUBSAMPLE_S = 20
BIN = SUBSAMPLE_S * PARTS
GRAIN = 1024.0  # of a rate: heights are whole multiples of 1/1024 of their unit
HIGHEST = 2.0**30  # height, in such grains: a million KB/s
READ_SHARE = 0.4  # of a run in which it reads: what is needed is read first
LINGER_S = 150  # pages stay in the estimate's working set a little after a run


def deposit(runs: Runs, processes: Processes, hosts: I64, count: int, bins: int) -> dict[str, F32]:
    """Mean rate of each metric in each sub-sample, shape (count, bins); ``hosts`` is the row of each process.

    CPU in per cent, I/O in KB/s, memory in per cent touched. Metrics that no run touches are missing from the answer.
    """
    out: dict[str, F32] = {}
    amounts = processes.amounts
    steady = processes.steady[runs.process]
    for metric, name in enumerate(FOOTPRINT):
        amount = amounts[runs.process, metric]
        some = np.flatnonzero(amount > 0)
        if not len(some):
            continue
        length = runs.length[some]
        start = runs.start[some]
        if metric == READ:
            length = np.maximum((length * READ_SHARE).astype(np.int64), 1)
        elif metric == MEMORY:
            length = length + LINGER_S * PARTS
        height = amount[some] * runs.size[some]
        if metric == MEMORY:
            height = np.minimum(height, 60.0)
        else:
            height = np.where(steady[some], height, height * PARTS / length)
        if metric == CPU:
            height = np.minimum(height, 100.0)
        whole = np.rint(np.minimum(height * GRAIN, HIGHEST))
        out[name] = _boxes(hosts[runs.process[some]], start, length, whole, count, bins)
    return out


def _boxes(row: I64, start: I64, length: I64, height: F64, count: int, bins: int) -> F32:
    """Mean of boxes over bins; the sums are of whole numbers, so their order does not matter."""
    stop = start + length
    first, last = np.maximum(start // BIN, 0), np.minimum(-(-stop // BIN), bins)
    box, cell = each(np.arange(len(row)), first, last)
    covered = np.minimum(stop[box], (cell + 1) * BIN) - np.maximum(start[box], cell * BIN)
    totals = np.bincount(row[box] * bins + cell, height[box] * covered, count * bins)
    means: F32 = totals.astype(np.float32).reshape(count, bins)
    means *= np.float32(1.0 / (BIN * GRAIN))
    return means


__all__ = ["SUBSAMPLE_S", "WRITE", "deposit"]
