"""A hypervisor's estimate of active memory: it touches a hundred random pages a minute and sees which were in use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import counts as quantiles
from ghostfleet.core import draw
from ghostfleet.state.hosts import PER_TICK

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I64, U64, Array
    from ghostfleet.core.window import Window

PAGES = 100
LOOK_BACK = 32  # ticks after which nothing is left of a page count
GAIN = 0.25
GRAIN_KB = 4.0
CELLS = 512  # of the probability, even in its square root
LOTS = 1024  # of the uniform
SCALE = 1_000_000


@dataclass(frozen=True, slots=True)
class Guests:
    """Machines as a hypervisor sees them, as columns."""

    size_kb: F64
    page: F64  # per cent of memory that one sampled page stands for
    cycle_s: F64  # in which the estimator's minute drifts through the agent's
    sampled: bool  # False: what is touched is known to the page, for experiments

    def take(self, rows: I64) -> Guests:
        """Some of the machines."""
        return Guests(self.size_kb[rows], self.page[rows], self.cycle_s[rows], self.sampled)


@cache
def _binomials() -> Array:
    """Quantiles of Binomial(100, p): rows are cells of √p, columns cells of the uniform."""
    roots = np.arange(CELLS + 1) / CELLS
    lots = (np.arange(LOTS) + 0.5) / LOTS
    return quantiles.binomial(PAGES, (roots * roots)[:, None], lots[None, :]).astype(np.uint8)


def estimates(touched: F32, keys: U64, memory: Guests, window: Window, skip: int, counts: I64) -> I64:
    """Sum of the reads of each tick after ``skip``, in pages of 4 KB; shape (hosts, ticks - skip).

    The estimator's minutes are not the ticks': of a tick's three reads, some still see the minute before.
    """
    pages = _estimated(touched, keys, window) if memory.sampled else touched
    reads = pages[:, skip - 1 :].astype(np.float64)
    reads *= (memory.size_kb * memory.page / 100.0 / GRAIN_KB)[:, None]
    np.floor(reads, out=reads)
    np.minimum(reads, np.floor(memory.size_kb / GRAIN_KB)[:, None], out=reads)
    late = window.seconds()[skip:] / memory.cycle_s[:, None]
    late -= np.floor(late)
    late *= PER_TICK
    np.floor(late, out=late)
    # Whole numbers, all of them: reads that see the minute before, and the others.
    total = reads[:, 1:] * counts
    late *= reads[:, :-1] - reads[:, 1:]
    total += late
    return total.astype(np.int64)


def _estimated(touched: F32, keys: U64, window: Window) -> F32:
    """Pages that the estimator tells: those it found, or more while it remembers more; whole numbers."""
    found = _found(np.minimum(touched * np.float32(1 / PAGES), np.float32(0.97)), keys, window)
    slow = found * np.float32(GAIN)
    keep = np.float32(1 - GAIN)
    before = np.empty_like(slow)
    shift = 1
    while shift < LOOK_BACK:  # (1 + k L)(1 + k²L²)(1 + k⁴L⁴) … is the moving average over 32 ticks
        np.multiply(slow, keep, out=before)
        slow[:, shift:] += before[:, :-shift]
        keep *= keep
        shift *= 2
    np.maximum(slow, found, out=slow)
    slow += np.float32(1e-4)
    np.floor(slow, out=slow)
    return slow


def _found(share: F32, keys: U64, window: Window) -> F32:
    lots = draw.bits32(keys, window.start, window.stop)
    place = np.sqrt(share)
    place *= np.float32(CELLS)
    # Between two cells the nearer one is the likelier: a mixture keeps the mean.
    part = (lots & np.uint32(0xFFF)).astype(np.float32)
    part *= np.float32(1 / 4096)
    place += part
    cell = place.astype(np.int32)
    cell *= LOTS
    cell += (lots >> np.uint32(22)).view(np.int32)
    return _binomials().ravel().take(cell).astype(np.float32)
