"""What an incident cost, by the same difference as its impact: requests that failed because of it, and money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core.window import MINUTE_S
from ghostfleet.state.estate import TICKS_AT_ONCE
from ghostfleet.truth.difference import window
from ghostfleet.truth.metrics import LEAF_PARAMETERS
from ghostfleet.world.flow.draft import SERVICE

if TYPE_CHECKING:
    from ghostfleet.state.estate import Estates, State
    from ghostfleet.world.occasions import Occasion

WORSE_FAILURES = 0.02  # more of a service's requests must fail for it to have been affected …
WORSE_TIMES = 1.5  # … or they must take so many times as long


class Losses(msgspec.Struct, frozen=True):
    """What was lost by one incident."""

    failed: int  # requests of people and feeds that failed, more than would have
    services: tuple[str, ...]  # that did visibly worse, by name
    usd: float
    is_visible: bool  # whether anybody could notice


def solved(occasion: Occasion) -> int:
    """Ticks that are solved for its losses."""
    return 0 if _is_of_leaves(occasion) else 2 * len(window(occasion))


def _is_of_leaves(occasion: Occasion) -> bool:
    return all(effect.parameter in LEAF_PARAMETERS for effect in occasion.kind.effects())


def losses(estates: Estates, occasion: Occasion) -> Losses:
    """Losses by one incident: the state with it and without it, from its onset until the state has forgotten it."""
    kind = occasion.kind
    minutes = (
        occasion.stand_s + (occasion.onset_s + occasion.end_s - occasion.start_s - occasion.stand_s) / 2
    ) / MINUTE_S
    if _is_of_leaves(occasion):
        return Losses(0, (), round(kind.USD_PER_MINUTE * kind.strength * min(minutes, 60.0), 2), is_visible=True)
    failed, busy, ticks = 0, 0.0, 0
    worse: set[str] = set()
    for piece in window(occasion).cut(TICKS_AT_ONCE):
        struck = estates.solve(piece)
        spared = estates.solve(piece, lambda one: one.id != occasion.id)
        more = struck.outcomes.entry_failed - spared.outcomes.entry_failed
        failed += int(np.add.reduce(more, axis=None))
        worse |= _worse(struck, spared)
        busy += _demand(spared, occasion.root)
        ticks += len(piece)
    usd = kind.USD_PER_MINUTE * kind.strength * minutes * busy / max(ticks, 1)
    return Losses(max(failed, 0), tuple(sorted(worse)), round(usd, 2), is_visible=bool(worse) or failed > 0)


def _worse(struck: State, spared: State) -> set[str]:
    """Services that failed more, or answered later, at some tick."""
    flow = struck.flow
    before, after = spared.rates.answers, struck.rates.answers
    failing = np.any(after.failures - before.failures > WORSE_FAILURES, axis=1)
    slower = np.any(after.served_mean > WORSE_TIMES * before.served_mean, axis=1)
    return {
        name
        for place, name in enumerate(flow.nodes.names)
        if flow.nodes.kinds[place] == SERVICE and bool((failing | slower)[place])
    }


def _demand(state: State, root: str) -> float:
    """Demand for what is struck, over that of the reference, added over the ticks; 1 a tick where none is known."""
    place = state.flow.places.get(root)
    usual = float(state.flow.nodes.rates[place]) if place is not None else 0.0
    if place is None or usual <= 0:
        return float(len(state.window))
    total = 0.0
    for rate in state.rates.first[place].tolist():
        total += rate / usual
    return total
