"""Waste that was had back: the waste that `cost_metrics` would tell of had something gone on, minus what it tells of.

In the week after its end that is worked out hour by hour; from then on each hour counts as much as those did on the
average, until the same is wasted in the same way again, and for a year at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet import truth
from ghostfleet.core.window import DAY_S, HOUR_S, Window
from ghostfleet.spec.estate import TICK_S
from ghostfleet.state.estate import TICKS_AT_ONCE
from ghostfleet.state.estate.bills import Accounts
from ghostfleet.state.estate.influences import influences, struck

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64
    from ghostfleet.state.estate import Estates, State
    from ghostfleet.world.estate import World
    from ghostfleet.world.occasions import Occasion

WEEK_S = 7 * DAY_S
WEEK = WEEK_S // HOUR_S  # hours
COUNTED_S = 52 * WEEK_S  # for which a saving counts
BEGUN_S = COUNTED_S + 16 * WEEK_S  # before a second, within which what counts then began
AT_ONCE_S = 4 * WEEK_S  # in which incidents are looked for at once


class Savings:
    """What an estate no longer wastes."""

    def __init__(self, estates: Estates, world: World) -> None:
        """Look up resources; nothing is solved yet."""
        self._estates, self._accounts = estates, Accounts(world, estates.flow)
        self._resources = {one.key for one in self._accounts.resources}
        self._begun: dict[int, list[Occasion]] = {}
        self._saved: dict[str, list[float]] = {}  # USD of an incident after so many hours

    def usd(self, since_s: int, until_s: int) -> float:
        """Money no longer wasted in a stretch of whole hours, as far as that was known when it was over."""
        return sum(self._by(one, since_s, min(until_s, again_s)) for one, again_s in self._over(until_s))

    def _over(self, until_s: int) -> list[tuple[Occasion, int]]:
        """What was over by a second, in the order of its beginning; and when its like began there again, if it did."""
        blocks = range((until_s - BEGUN_S) // AT_ONCE_S, -(-until_s // AT_ONCE_S))
        found: list[tuple[Occasion, int]] = []
        again_s: dict[tuple[str, str], int] = {}
        for one in reversed([one for block in blocks for one in self._wasteful(block) if one.start_s < until_s]):
            if one.end_s < until_s:
                found.append((one, again_s.get((one.name, one.root), until_s)))
            again_s[one.name, one.root] = one.start_s
        return found[::-1]

    def _wasteful(self, block: int) -> list[Occasion]:
        """What began to waste money in a stretch, in the order of its beginning."""
        if block not in self._begun:
            begun = truth.starting(self._estates, Window(block, block + 1, AT_ONCE_S))
            self._begun[block] = [one for one in begun if not self._resources.isdisjoint(self._wastes(one))]
        return self._begun[block]

    def _wastes(self, occasion: Occasion) -> set[str]:
        """Names of those whose bills an incident raises, or would if they had any."""
        flow, residents = self._estates.flow, self._estates.residents
        effects = [one for one in occasion.kind.effects() if one.parameter == "bill.waste"]
        return {name for one in effects for name in struck(occasion, one, flow, residents)}

    def _by(self, one: Occasion, since_s: int, until_s: int) -> float:
        """Money that the end of an incident has saved in a stretch."""
        first = -(-one.end_s // HOUR_S)
        low = max(since_s // HOUR_S - first, 0)
        high = min(until_s // HOUR_S - first, COUNTED_S // HOUR_S)
        if high <= low:
            return 0.0
        known = self._after(one, first, min(high, WEEK))
        total = known[min(high, WEEK)] - known[min(low, WEEK)]
        if high > WEEK:
            total += (high - max(low, WEEK)) * known[WEEK] / WEEK
        return total

    def _after(self, one: Occasion, first: int, hours: int) -> list[float]:
        """Money saved after each of some hours from ``first`` on, worked out as far as somebody asks."""
        known = self._saved.setdefault(one.id, [0.0])
        per_hour = HOUR_S // TICK_S
        lacking = Window(
            (first + len(known) - 1) * per_hour, max(first + hours, first + len(known) - 1) * per_hour, TICK_S
        )
        for piece in lacking.cut(TICKS_AT_ONCE):
            state = self._estates.solve(piece)
            more = self._wasted(self._as_if_going_on(state, one)) - self._wasted(state)
            for usd in np.add.reduce(more, axis=0).tolist():
                known.append(known[-1] + max(usd, 0.0))
        return known

    def _as_if_going_on(self, state: State, one: Occasion) -> State:
        """State in which an incident goes on that is over, as far as bills see it."""
        window = state.window
        longer = msgspec.structs.replace(one, stand_s=window.until_s - one.start_s, resolved_s=None)
        acting = {other.id: other for other in self._estates.occasions.between(window.since_s, window.until_s)}
        acting[one.id] = longer
        flow, residents = self._estates.flow, self._estates.residents
        changes = influences(window, [acting[name] for name in sorted(acting)], flow, residents)
        return msgspec.structs.replace(state, influences=changes)

    def _wasted(self, state: State) -> F64:
        """Waste of each resource in the hours of a state, in USD."""
        bills = self._accounts.bills(state)
        wasted: F64 = bills.hourly_usd * bills.waste
        return wasted
