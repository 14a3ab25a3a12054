"""Things that happen at instants: how many a day, when, and to whom, for any window without a walk to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import civil, counts, draw, zones
from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64, U64
    from ghostfleet.core.window import Window
    from ghostfleet.world.flow import Flow

MOST_A_DAY = 256  # of one entity
DRAWS = 8  # numbers that one event may ask for; the first is its instant


class Events(msgspec.Struct, frozen=True):
    """Events sorted by instant; arrays have shape (events,)."""

    entities: I64  # rows of the entities that were handed in
    seconds: I64  # since the epoch
    days: I64  # since the epoch, of the rhythm; ticks of a rush
    ordinals: I64  # within the entity's day
    keys: U64  # (events, 2)

    def __len__(self) -> int:
        """Count the events."""
        return len(self.entities)

    def some(self, rows: I64) -> Events:
        """Some of the events."""
        return Events(*(getattr(self, name)[rows] for name in self.__struct_fields__))

    def draws(self, number: int) -> F64:
        """Uniforms of the events; ``number`` is 1 to `DRAWS` − 2."""
        return draw.uniform_at(self.keys, (self.days * MOST_A_DAY + self.ordinals) * DRAWS + number)

    def ids(self, prefix: str) -> list[str]:
        """Texts that name the events, whatever window they are asked for in."""
        words = draw.word_at(self.keys, (self.days * MOST_A_DAY + self.ordinals) * DRAWS + DRAWS - 1)
        return [f"{prefix}-{word:016x}" for word in words.tolist()]


class Rhythm:
    """Events of some entities: a Poisson number a day, at any time or in the working hours of a zone."""

    def __init__(self, flow: Flow, name: str, ids: U64, per_day: F64, clock: str = "") -> None:
        """``per_day`` has shape (entities,); with a clock events fall into its weekdays from 9 to 18."""
        self._keys = flow.stream("events", name).keys(ids)
        self._numbers = flow.stream("events", name, "number").keys(ids)
        self._per_day = per_day
        self._clock = clock

    def between(self, since_s: int, until_s: int) -> Events:
        """Events in ``[since_s, until_s)``, in the order of their instants and entities."""
        first, last = since_s // DAY_S - 1, (until_s - 1) // DAY_S + 1
        days = np.arange(first, last + 1, dtype=np.int64)
        numbers = self.numbers(first, last + 1)
        entity, day = np.nonzero(numbers)
        repeats = numbers[entity, day]
        rows, when = np.repeat(entity, repeats), np.repeat(days[day], repeats)
        ordinals = np.arange(len(rows)) - np.repeat(np.add.accumulate(repeats) - repeats, repeats)
        keys = self._keys[rows]
        u = draw.uniform_at(keys, (when * MOST_A_DAY + ordinals) * DRAWS)
        seconds = when * DAY_S + (u * DAY_S).astype(np.int64)
        if self._clock:
            seconds = when * DAY_S + ((9 + 9 * u) * HOUR_S).astype(np.int64)
            seconds -= zones.offsets(seconds, self._clock)
        inside = np.flatnonzero((seconds >= since_s) & (seconds < until_s))
        order = inside[np.lexsort((ordinals[inside], rows[inside], seconds[inside]))]
        return Events(rows[order], seconds[order], when[order], ordinals[order], keys[order])

    def numbers(self, first_day: int, end_day: int) -> I64:
        """Events of each entity and day, shape (entities, days)."""
        u = draw.uniform(self._numbers, first_day, end_day)
        means = np.broadcast_to(self._per_day[:, None], u.shape)
        if self._clock:
            at_work = civil.weekday(np.arange(first_day, end_day, dtype=np.int64)) < civil.SATURDAY
            means = np.where(at_work[None, :], means, 0.0)
        return np.minimum(counts.poisson(np.minimum(means, 150.0), u), MOST_A_DAY - 1)


def rushes(flow: Flow, name: str, ids: U64, rates: dict[int, F64], window: Window) -> Events:
    """Events at rates that hold for single ticks: ``rates`` are events per minute of some entities, each (ticks,)."""
    keys = flow.stream("rushes", name).keys(ids)
    numbers = flow.stream("rushes", name, "number").keys(ids)
    rows: list[I64] = []
    ticks: list[I64] = []
    ordinals: list[I64] = []
    for place in sorted(rates):
        u = draw.uniform(numbers[place : place + 1], window.start, window.stop)[0]
        count = counts.poisson(np.minimum(rates[place] * (window.tick_s / MINUTE_S), MOST_A_DAY / 2), u)
        at = np.flatnonzero(count)
        repeats = np.minimum(count[at], MOST_A_DAY - 1)
        rows.append(np.full(int(np.add.reduce(repeats)), place, dtype=np.int64))
        ticks.append(np.repeat(at + window.start, repeats))
        ordinals.append(np.arange(len(rows[-1])) - np.repeat(np.add.accumulate(repeats) - repeats, repeats))
    if not rows:
        none = np.zeros(0, dtype=np.int64)
        return Events(none, none, none, none, keys[:0])
    row, tick, ordinal = np.concatenate(rows), np.concatenate(ticks), np.concatenate(ordinals)
    u = draw.uniform_at(keys[row], (tick * MOST_A_DAY + ordinal) * DRAWS)
    seconds = tick * window.tick_s + (u * window.tick_s).astype(np.int64)
    order = np.lexsort((ordinal, row, seconds))
    return Events(row[order], seconds[order], tick[order], ordinal[order], keys[row[order]])
