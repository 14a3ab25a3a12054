"""How full volumes are: they fill with what is written, until somebody cleans up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.window import DAY_S
from ghostfleet.state.estate.worked import STEP_S, UNIT, Worked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, I64, U64
    from ghostfleet.core.window import Window
    from ghostfleet.world.flow import Flow

EARLIEST, SPREAD = 0.25, 0.5  # of a cell of time, where in it somebody cleans up
LONGEST_DAYS = 75.0


class Volumes:
    """Volumes of some nodes; one clean-up in each cell of time, at a drawn instant."""

    def __init__(self, flow: Flow, places: Sequence[int], keys: U64, days: F64, idle: float) -> None:
        """Nodes at ``places`` that clean up every ``days``; ``idle`` is the share of writing that nobody asks for."""
        self._worked, self._keys, self._idle = Worked(flow, places), keys, idle
        self._cell_s = np.rint(np.minimum(days, LONGEST_DAYS) * DAY_S).astype(np.int64)[:, None]
        self._phase_s = (draw.uniform(draw.rekey(keys, 1), 0, 1) * self._cell_s).astype(np.int64)

    def written(self, window: Window) -> F64:
        """What was written since the last clean-up, where 1 is a usual cell's; shape (nodes, ticks)."""
        seconds = window.seconds()
        since = self._cleaned(window)
        done = self._worked.between(since, seconds) * (1 - self._idle)
        done += (seconds - since) * (self._idle * UNIT / STEP_S)
        usual = self._idle + (1 - self._idle) * self._worked.usual
        out: F64 = done / (self._cell_s * (UNIT / STEP_S) * usual[:, None])
        return out

    def _cleaned(self, window: Window) -> I64:
        """Second of the last clean-up before each tick, shape (nodes, ticks)."""
        seconds = window.seconds()
        first = (window.since_s + self._phase_s) // self._cell_s - 1
        many = (
            int(np.maximum.reduce((window.until_s + self._phase_s) // self._cell_s - first, axis=None, initial=0)) + 1
        )
        cells = first + np.arange(many)
        u = draw.uniform_at(np.repeat(self._keys, many, axis=0), cells.ravel()).reshape(cells.shape)
        instants = cells * self._cell_s - self._phase_s + ((EARLIEST + SPREAD * u) * self._cell_s).astype(np.int64)
        last = np.broadcast_to(instants[:, :1], (len(instants), len(seconds))).copy()
        for number in range(1, many):
            instant = instants[:, number : number + 1]
            np.copyto(last, np.broadcast_to(instant, last.shape), where=instant <= seconds)
        return last
