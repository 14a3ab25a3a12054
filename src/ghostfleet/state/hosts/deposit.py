"""What runs leave in the sub-samples they overlap: totals over the time that each covers, exact in integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.state.hosts.processes import CPU, FOOTPRINT, MEMORY, READ, WRITE
from ghostfleet.state.hosts.schedule import PARTS

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
    """Mean of boxes over bins. Slopes of the running total change at a box's ends, and totals are whole numbers."""
    width = bins + 2
    places, weights = [], []
    for edge, sign in ((start, 1.0), (start + length, -1.0)):
        at = np.clip(edge, 0, bins * BIN)
        cell = at // BIN
        late = (at - cell * BIN).astype(np.float64)
        place = row * width + cell
        signed = sign * height
        places += [place, place + 1]
        weights += [signed * (BIN - late), signed * late]
    totals = np.bincount(np.concatenate(places), np.concatenate(weights), count * width).reshape(count, width)
    np.cumsum(totals, axis=1, out=totals)
    return (totals[:, :bins] * (1.0 / (BIN * GRAIN))).astype(np.float32)


__all__ = ["SUBSAMPLE_S", "WRITE", "deposit"]
