"""What an incident has cost so far, by the same difference as its impact: requests that failed of it, and money.

Money is what a minute of its kind costs, as far as it hurt those who ask production. What no request can notice costs
that for an hour, in production; waste is money everywhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import msgspec
import numpy as np

from ghostfleet.core.window import DAY_S, MINUTE_S, Window
from ghostfleet.state.estate import TICKS_AT_ONCE
from ghostfleet.state.estate.influences import envelope, struck
from ghostfleet.truth.difference import window
from ghostfleet.truth.harm import Harm, is_production
from ghostfleet.truth.metrics import LEAF_PARAMETERS
from ghostfleet.world.flow.draft import SERVICE, WEB

if TYPE_CHECKING:
    from ghostfleet.state.estate import Estates, State
    from ghostfleet.world.occasions import Occasion

BILLED = frozenset({"bill.waste", "cluster.nodes", "node.replicas"})  # what money is wasted with
WORSE_FAILURES = 0.02  # more of a service's requests must fail for it to have been affected …
WORSE_TIMES = 1.5  # … or they must take so many times as long
LEAF_MINUTES = 60.0  # at full strength, after which what nothing else depends on costs no more
MOST_KEPT = 1_024  # courses of one estate: those of a quarter, for two tables that one worker makes
AT_ONCE = 120  # ticks in which one looks for the first that anybody can notice


_COURSES: WeakKeyDictionary[Estates, dict[str, Course]] = WeakKeyDictionary()


class Losses(msgspec.Struct, frozen=True):
    """What was lost by one incident up to a second of it."""

    failed: int  # requests of people and feeds that had failed at some time, more than would have by then
    services: tuple[str, ...]  # that did visibly worse, by name
    usd: float


class Course:
    """What an incident has cost up to any second of it; solved as far as somebody asks, and no farther."""

    def __init__(self, estates: Estates, occasion: Occasion) -> None:
        """Nothing is solved yet."""
        self.occasion = occasion
        self._estates, self._window = estates, window(occasion)
        self._is_felt = is_felt(estates, occasion)
        self._harm = Harm(estates, occasion) if self._is_felt else None
        self._is_paid = self._is_felt or is_of_bills(occasion) or is_production(estates.flow.estate, occasion.root)
        self._failed: list[int] = [0]  # most that had failed by any of so many ticks: whom it struck once stays struck
        self._balance = 0  # failed until now, fewer by those that would have failed and did not
        self._share = _share(occasion) if self._is_felt else 1.0
        self._busy: list[float] = [0.0]  # minutes of a whole incident at the reference's demand
        self._worse: dict[str, int] = {}  # first tick of each service, counted from the start
        self._visible: int | None = None  # first tick that anybody could notice

    def until(self, second: int) -> Losses:
        """Losses in the ticks that have ended by a second."""
        ticks = self._ticks(second)
        self._solve(ticks)
        kind, busy = self.occasion.kind, self._busy[ticks]
        if not self._is_felt:
            busy = min(busy, LEAF_MINUTES) * kind.strength
        services = sorted(name for name, tick in self._worse.items() if tick < ticks)
        usd = round(kind.USD_PER_MINUTE * busy, 2) if self._is_paid else 0.0
        return Losses(self._failed[ticks], tuple(services), usd)

    def visible_s(self) -> int | None:
        """Second from which on anybody could notice it, before it is over; None where nobody could.

        What no request can notice is seen in what it leaves, such as events; and what wastes money, in a day's bill.
        """
        if not self._is_felt:
            seen_s = self.occasion.start_s + (DAY_S if is_of_bills(self.occasion) else 0)
            return seen_s if seen_s < self.occasion.end_s else None
        ticks, step = self._ticks(self.occasion.end_s), AT_ONCE
        while self._visible is None and len(self._failed) <= ticks:
            self._solve(min(len(self._failed) - 1 + step, ticks))
            step = min(
                2 * step, TICKS_AT_ONCE
            )  # most are seen at once; who waits for weeks is looked at in long strides
        if self._visible is None or self._visible >= ticks:
            return None
        return max((self._window.start + self._visible + 1) * self._window.tick_s, self.occasion.start_s)

    def _ticks(self, second: int) -> int:
        return min(max(second // self._window.tick_s - self._window.start, 0), len(self._window))

    def _solve(self, ticks: int) -> None:
        """Solve the ticks that lack until there are so many."""
        tick_s, start = self._window.tick_s, self._window.start
        if (known := len(self._failed) - 1) >= ticks:
            return
        for piece in Window(start + known, start + ticks, tick_s).cut(TICKS_AT_ONCE):
            middles = piece.seconds().astype(np.float64) + tick_s / 2
            strength = envelope(self.occasion, "plateau", middles) * (tick_s / MINUTE_S * self._share)
            failed = [0] * len(piece)
            if self._harm is not None:
                hit = self._estates.solve(piece)
                spared = self._estates.solve(piece, lambda one: one.id != self.occasion.id)
                more = hit.outcomes.entry_failed - spared.outcomes.entry_failed
                failed = np.add.reduce(more, axis=0).tolist()
                strength *= self._harm.weight(hit, spared)
                self._note(hit, spared)
            for minutes, number in zip(strength.tolist(), failed, strict=True):
                self._busy.append(self._busy[-1] + minutes)
                self._balance += number
                self._failed.append(max(self._failed[-1], self._balance))
                tick = len(self._failed) - 2
                if self._visible is None and (self._failed[-1] > 0 or tick in self._worse.values()):
                    self._visible = tick

    def _note(self, hit: State, spared: State) -> None:
        """Services that failed more, or answered later, from their first tick on."""
        flow = hit.flow
        before, after = spared.rates.answers, hit.rates.answers
        failing = after.failures - before.failures > WORSE_FAILURES
        worse = failing | (after.served_mean > WORSE_TIMES * before.served_mean)
        for place in np.flatnonzero(worse.any(axis=1)).tolist():
            if flow.nodes.kinds[place] == SERVICE:
                tick = hit.window.start - self._window.start + int(worse[place].argmax())
                self._worse.setdefault(flow.nodes.names[place], tick)


def _share(occasion: Occasion) -> float:
    """Share of its strength that costs money: where documents say how much, as much as one has that only stands.

    It is that of what was foreseen: nobody knows before that somebody will resolve it.
    """
    if occasion.kind.USD is None:
        return 1.0
    foreseen = msgspec.structs.replace(occasion, resolved_s=None)
    ticks = window(foreseen)
    strength = envelope(foreseen, "plateau", ticks.seconds().astype(np.float64) + ticks.tick_s / 2)
    return occasion.stand_s / max(math.fsum(strength.tolist()) * ticks.tick_s, 1.0)


def course(estates: Estates, occasion: Occasion) -> Course:
    """Course of an incident; the last ones are kept, for the windows of a run ask for the same ones again."""
    known = _COURSES.setdefault(estates, {})
    if occasion.id not in known:
        if len(known) >= MOST_KEPT:
            del known[next(iter(known))]
        known[occasion.id] = Course(estates, occasion)
    return known[occasion.id]


def is_of_bills(occasion: Occasion) -> bool:
    """Whether it wastes money and does nothing else that anybody could see at once."""
    return all(effect.parameter in BILLED for effect in occasion.kind.effects())


def is_felt(estates: Estates, occasion: Occasion) -> bool:
    """Whether it changes anything that requests could notice: a cluster's machines alone, or a bill, are not felt."""
    return any(
        effect.parameter not in LEAF_PARAMETERS
        and any(name in estates.flow.places for name in struck(occasion, effect, estates.flow, estates.residents))
        for effect in occasion.kind.effects()
    )


def found_at(estates: Estates, occasion: Occasion) -> frozenset[str]:
    """Services at what was struck: itself, those on a cluster, those behind a front, or those who ask somebody else.

    Money that is wasted strikes nobody who shares its place.
    """
    flow, root = estates.flow, occasion.root
    services = flow.estate.services
    if root in services:
        return frozenset({root})
    if is_of_bills(occasion):
        return frozenset()
    if root in estates.residents:
        return frozenset(estates.residents[root])
    place, calls = flow.places.get(root, -1), flow.calls
    is_front = place >= 0 and flow.nodes.kinds[place] == WEB
    near, far = (calls.parents, calls.children) if is_front else (calls.children, calls.parents)
    return frozenset(flow.nodes.names[one] for one in far[near == place].tolist()) & services.keys()
