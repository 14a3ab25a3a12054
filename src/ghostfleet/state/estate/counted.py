"""Whole numbers of requests that add up to a given total over a scenario's span, whatever windows it is cut into.

Every cell and tick has a weight, its expected rate as a whole number. The n-th part of the total has entered once the
weights so far, tick after tick and cell after cell, have reached the n-th part of their sum.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.core.arrays import F64, I64

CHUNK = 1_024  # ticks whose weights are summed beforehand
KEPT = 4  # chunks whose rates are kept: all of a day and a night, or those that windows in turn lie in
BITS = 62  # of a weight times a total


class Counted:
    """Totals of cells in any window of a span."""

    def __init__(self, total: int, span: Window, rates: Callable[[Window], F64]) -> None:
        """Add up the rates of a span; ``rates`` gives those of a window in requests a second, shape (cells, ticks)."""
        self._total, self._span = total, span
        self._rates = lru_cache(KEPT)(rates)
        # One after another, for what NumPy adds by itself it adds in an order of the CPU's.
        sums = [float(np.add.accumulate(self._rates(piece).ravel())[-1]) for piece in self._chunks()]
        self.expected = sum(sums) * span.tick_s
        self._grain = 2.0 ** (BITS - total.bit_length() - 1) / max(sum(sums), 1e-300)
        ends = np.array(
            [int(np.add.reduce(self._weights(piece), axis=None)) for piece in self._chunks()], dtype=np.int64
        )
        self._before = np.concatenate([[0], np.add.accumulate(ends)])

    def _chunks(self, first: int = 0, stop: int | None = None) -> list[Window]:
        """Stretches of the span, counted from its start; of those that there are, some."""
        span = self._span
        starts = range(span.start, span.stop, CHUNK)[first:stop]
        return [Window(start, min(start + CHUNK, span.stop), span.tick_s) for start in starts]

    def _weights(self, window: Window) -> I64:
        """Weights of cells, shape (cells, ticks)."""
        return np.rint(self._rates(window) * self._grain).astype(np.int64)

    def entered(self, window: Window) -> I64:
        """Requests that enter at each cell, shape (cells, ticks); none outside of the span."""
        start, stop = max(window.start, self._span.start), min(window.stop, self._span.stop)
        if stop <= start:  # no window can say so
            cells = len(self._rates(Window(window.start, window.start + 1, window.tick_s)))
            return np.zeros((cells, len(window)), dtype=np.int64)
        chunk, last = ((tick - self._span.start) // CHUNK for tick in (start, stop - 1))
        chunks = self._chunks(chunk, last + 1)
        weights = np.concatenate([self._weights(one) for one in chunks], axis=1)
        reached = self._before[chunk] + np.add.accumulate(weights.T.ravel())
        whole = reached * self._total // self._before[-1]
        # What the first cell adds is counted from what had been reached before it.
        before = int(self._before[chunk]) * self._total // int(self._before[-1])
        counts = np.diff(np.concatenate([[before], whole])).reshape(weights.T.shape).T
        counts = counts[:, start - chunks[0].start : stop - chunks[0].start]
        found = np.zeros((len(weights), len(window)), dtype=np.int64)
        found[:, start - window.start : stop - window.start] = counts
        return found
