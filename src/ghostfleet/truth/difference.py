"""The state with an incident minus the state without it, from its onset until all memory of it is gone.

Metrics have thresholds, and what is farther from the root may pass its own before what is nearer passes its own, as a
pod more does before a tenth more requests. A change counts from when one a link nearer is known to have changed, so
that impact spreads outwards by definition: no hop is earlier than the one before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core.window import Window
from ghostfleet.spec.estate import TICK_S
from ghostfleet.spec.estate.names import ARROW
from ghostfleet.state.estate import TICKS_AT_ONCE
from ghostfleet.state.estate.rates import LOOK_BACK
from ghostfleet.truth import reach
from ghostfleet.truth.metrics import FLOWING, LEAF_PARAMETERS, LEAVES, leaf_entities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghostfleet.core.arrays import F64
    from ghostfleet.state.estate import Estates
    from ghostfleet.truth.metrics import Metric
    from ghostfleet.world.occasions import Occasion


class Impact(msgspec.Struct, frozen=True):
    """What an incident did to one metric of one entity; seconds since the epoch, half-open."""

    incident_id: str
    entity: str
    metric: str
    onset_s: int
    end_s: int
    hop: int | None  # links from the root; None where no declared link leads
    size: float  # largest change, with its sign


class _Seen(msgspec.Struct):
    """What has been found so far of one metric of one entity."""

    onset: int
    end: int
    size: float


def impacts(estates: Estates, occasion: Occasion) -> list[Impact]:
    """Everything that an incident changed by more than the metrics' thresholds, nearest first.

    Solved in pieces, so that an incident of weeks needs no more memory than one of hours.
    """
    seen: dict[tuple[str, str], _Seen] = {}
    for piece in window(occasion).cut(TICKS_AT_ONCE):
        _compare(estates, occasion, piece, seen)
    hops = reach.hops(occasion, estates.flow, estates.residents)
    fronts = _fronts(seen, hops, occasion.start_s // TICK_S)
    found = []
    for (entity, metric), one in seen.items():
        hop = reach.hop_of(entity, hops)
        onset = one.onset if not hop else max(one.onset, fronts[hop - 1])
        if onset < one.end:  # else it was over before it could have come from anywhere
            found.append(Impact(occasion.id, entity, metric, onset * TICK_S, one.end * TICK_S, hop, one.size))
    return sorted(found, key=lambda one: (len(hops) if one.hop is None else one.hop, one.entity, one.metric))


def _fronts(seen: Mapping[tuple[str, str], _Seen], hops: Mapping[str, int], start: int) -> list[int]:
    """Tick at which impact has come as far as each hop; where nobody changed enough it passes unseen."""
    first: dict[int, int] = {}
    for (entity, _), one in seen.items():
        hop = None if ARROW in entity else hops.get(entity)
        if hop is not None:
            first[hop] = min(first.get(hop, one.onset), one.onset)
    fronts: list[int] = []
    for hop in range(max(hops.values()) + 1):
        before = fronts[-1] if fronts else start
        fronts.append(max(before, first.get(hop, before)))
    return fronts


def window(occasion: Occasion) -> Window:
    """Ticks in which an incident may show: from its first until the state has forgotten it."""
    return Window(occasion.start_s // TICK_S, -(-occasion.end_s // TICK_S) + LOOK_BACK, TICK_S)


def _compare(estates: Estates, occasion: Occasion, piece: Window, seen: dict[tuple[str, str], _Seen]) -> None:
    def others(one: Occasion) -> bool:
        return one.id != occasion.id

    if all(effect.parameter in LEAF_PARAMETERS for effect in occasion.kind.effects()):
        changes = estates.influences(piece), estates.influences(piece, others)
    else:
        with_it, without = estates.solve(piece), estates.solve(piece, others)
        changes = with_it.influences, without.influences
        for metric in FLOWING:
            change = metric.change(metric.read(with_it), metric.read(without))
            for row in np.flatnonzero((np.abs(change) >= metric.least).any(axis=1)).tolist():
                _note(seen, metric, metric.names(estates.flow)[row], change[row], piece)
    estate = estates.flow.estate
    for leaf in LEAVES:
        for entity in leaf_entities(leaf, changes):
            _note(seen, leaf, entity, leaf.change(*(leaf.read(one, entity, estate) for one in changes)), piece)


def _note(seen: dict[tuple[str, str], _Seen], metric: Metric, entity: str, change: F64, piece: Window) -> None:
    places = np.flatnonzero(np.abs(change) >= metric.least)
    if not len(places):
        return
    largest = float(change[int(np.abs(change).argmax())])
    onset, end = piece.start + int(places[0]), piece.start + int(places[-1]) + 1
    one = seen.setdefault((entity, metric.name), _Seen(onset, end, largest))
    one.end = end
    if abs(largest) > abs(one.size):
        one.size = largest
