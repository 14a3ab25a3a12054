"""How much nodes have worked until an instant, as demand is expected: what fills their volumes, in closed form.

The shapes of demand on their clocks, and its slow swings, are carried down the calls step by step and added up as whole
numbers, so that the work between two instants is the same whatever window asks. Incidents, bursts and retries are left
out: they would have to be solved for weeks back, and are over in an hour.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.window import DAY_S, Window
from ghostfleet.spec.estate import TICK_S
from ghostfleet.state.estate.demand import STEP_TICKS, Demand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, I32, I64
    from ghostfleet.world.flow import Flow

STEP_S = STEP_TICKS * TICK_S
BLOCK = 2_048  # steps that are worked out at once, some three weeks
BLOCK_S = BLOCK * STEP_S
KEPT = 8  # blocks: as many as the longest time that volumes fill
UNIT = 1_000  # of the work of one step at the reference's rate
MOST = 500 * UNIT  # a step, which keeps a block's sum within 32 bits
WEEK_S = 7 * DAY_S
EPOCH = date(1970, 1, 1)


class Worked:
    """Adds up the work of some nodes between any two instants."""

    def __init__(self, flow: Flow, places: Sequence[int]) -> None:
        """Nodes at ``places`` of the flow."""
        self._flow, self._places, self._demand = flow, np.array(places, dtype=np.int64), Demand(flow)
        self._blocks: dict[int, I32] = {}  # a function of their number, kept for who asks for the next window

    @cached_property
    def usual(self) -> F64:
        """Mean work of a step in the reference's week, where 1 is the reference's; shape (nodes,)."""
        reference = self._flow.estate.reference_date
        since_s = (reference.toordinal() - EPOCH.toordinal() - reference.weekday()) * DAY_S
        start = np.full((len(self._places), 1), since_s, dtype=np.int64)
        week: F64 = self.between(start, np.array([since_s + WEEK_S]))[:, 0] / (UNIT * (WEEK_S // STEP_S))
        return week

    def between(self, since: I64, until: I64) -> I64:
        """Work in [since, until) seconds, in thousandths of a step's at the reference; shapes (nodes, n) and (n,)."""
        if not since.size:
            return np.zeros(since.shape, dtype=np.int64)
        first, last = int(np.minimum.reduce(since, axis=None)) // BLOCK_S, int(until[-1]) // BLOCK_S
        before = np.zeros((len(self._places), 1), dtype=np.int64)
        work = np.zeros(since.shape, dtype=np.int64)
        for number in range(first, last + 1):
            sums = self._block(number)
            for seconds, sign in ((np.broadcast_to(until, since.shape), 1), (since, -1)):
                row, at = np.nonzero(seconds // BLOCK_S == number)
                if len(row):
                    step, part = np.divmod(seconds[row, at] - number * BLOCK_S, STEP_S)
                    done = sums[row, step].astype(np.int64)
                    done += (sums[row, step + 1] - done) * part // STEP_S
                    work[row, at] += sign * (before[row, 0] + done)
            before += sums[:, -1:]
        return work

    def _block(self, number: int) -> I32:
        """Sums of work from the start of a block to each of its steps, shape (nodes, steps + 1)."""
        known = self._blocks.get(number)
        if known is None:
            while len(self._blocks) >= KEPT:
                del self._blocks[next(iter(self._blocks))]
            known = self._blocks[number] = self._summed(Window(number * BLOCK, (number + 1) * BLOCK, STEP_S))
        return known

    def _summed(self, steps: Window) -> I32:
        flow = self._flow
        rates = np.zeros((len(flow.nodes), len(steps)))
        for node, entering in zip(flow.entries.nodes.tolist(), self._demand.expected(steps), strict=True):
            rates[node] += entering
        edges = flow.edges  # sorted by caller, and callers stand before those they call
        for parent, child, calls in zip(
            edges.parents.tolist(), edges.children.tolist(), edges.calls.tolist(), strict=True
        ):
            rates[child] += rates[parent] * calls
        usual = flow.nodes.rates[self._places]
        share = rates[self._places] * (UNIT / np.where(usual > 0, usual, np.inf))[:, None]
        sums = np.zeros((len(share), len(steps) + 1), dtype=np.int32)
        np.add.accumulate(np.rint(np.minimum(share, MOST)).astype(np.int32), axis=1, out=sums[:, 1:])
        return sums
