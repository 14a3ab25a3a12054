"""Which incidents there are near a window: those scheduled, those placed, and those of the ledger.

An incident's id says what it is, whom it strikes and when, so it stays the same whatever else happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import civil, counts, draw, zones
from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S
from ghostfleet.incidents import Incident, id_of
from ghostfleet.spec import ledger, moments
from ghostfleet.spec.estate import incidents as spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ghostfleet.core.arrays import U64
    from ghostfleet.spec.estate import Estate
    from ghostfleet.spec.estate.incidents import Scheduled
    from ghostfleet.world.flow import Flow

MOST_A_DAY = 64
MOST_DAYS = 512  # that are kept
NUMBER, START, ONSET, STAND, RECOVERY = range(5)  # draws of a day and of an incident
DAYS_AGO = ("today", "yesterday")


class Occasion(msgspec.Struct, frozen=True):
    """One incident: what, whom, and when; seconds since the epoch, phases one after another."""

    id: str
    kind: Incident
    root: str
    start_s: int
    onset_s: int
    stand_s: int
    recovery_s: int
    label: str
    resolved_s: int | None = None  # from here on it recovers, however long it would have stood

    @property
    def name(self) -> str:
        """Name of its kind."""
        return kind_of(self.kind)

    @property
    def end_s(self) -> int:
        """Second at which nothing of it is left."""
        end_s = self.start_s + self.onset_s + self.stand_s + self.recovery_s
        return end_s if self.resolved_s is None else min(end_s, self.resolved_s + self.recovery_s)

    def meets(self, other: Occasion) -> bool:
        """Whether something is left of both at some time."""
        return self.start_s < other.end_s and other.start_s < self.end_s

    @property
    def phases_s(self) -> tuple[int, int]:
        """Seconds until which it rises, and until which it stands."""
        risen_s = self.start_s + self.onset_s
        stood_s = risen_s + self.stand_s
        if self.resolved_s is None:
            return risen_s, stood_s
        return min(risen_s, self.resolved_s), min(stood_s, self.resolved_s)


class Unit(msgspec.Struct, frozen=True):
    """Those whom a kind may strike in one unit of an estate."""

    candidates: tuple[str, ...]
    suffix: str = ""  # of the names of a copy
    share: float = 1.0  # of the incidents that the first has


class Occasions:
    """All incidents of an estate, asked for by window."""

    def __init__(self, estate: Estate, flow: Flow, first: Estate | None = None) -> None:
        """Read what the estate says; it has been checked when it was loaded. ``first`` is its first unit alone."""
        self._estate = estate
        self._first = estate if first is None else first
        self._flow = flow
        self._factor = estate.incidents.factor
        said = estate.incidents if estate.incidents.enabled else spec.Incidents()
        self._scheduled = {
            name: (one, spec.made(one.incident, f"scheduled.{name}")) for name, one in said.scheduled.items()
        }
        self._units: dict[str, list[Unit]] = {}  # by the name of what is scheduled
        self._days: dict[tuple[str, str], dict[int, list[Occasion]]] = {}  # of a schedule and a unit, what begins
        self._told = [self._place(one) for one in said.placed]
        self._placed = list(self._told)
        if estate.incidents.enabled:
            self._placed += self._added()

    def between(self, since_s: int, until_s: int) -> list[Occasion]:
        """Incidents of which something is left in ``[since_s, until_s)``, in the order of their ids."""
        found = [one for one in self._placed if one.start_s < until_s and one.end_s > since_s]
        wanted = self._estate.incidents.a_day
        found += self._by_chance(since_s, until_s) if wanted is None else self._by_number(wanted, since_s, until_s)
        return sorted({one.id: one for one in found}.values(), key=lambda one: one.id)

    def _place(self, one: spec.Placed) -> Occasion:
        kind = spec.made(one.incident, "placed")
        start_s = start_of(one, kind, self._estate)
        victims = self._stream("placed", kind_of(kind))
        return self._occasion(kind, _chosen(spec.candidates(self._first, kind), victims, start_s), start_s)

    def _added(self) -> Iterator[Occasion]:
        for one in ledger.added(self._estate.ledger, self._estate).values():
            drawn = self._occasion(one.kind, one.root, one.start_s)
            yield msgspec.structs.replace(drawn, id=one.id, resolved_s=one.resolved_s)

    def _by_chance(self, since_s: int, until_s: int) -> Iterator[Occasion]:
        """Scheduled ones, but for those that would strike whom one of their kind that began before still strikes.

        What is left out counts itself, so that no more than a longest duration before a window has to be known.
        """
        longest: dict[str, int] = {}
        for _, kind in self._scheduled.values():
            longest[kind_of(kind)] = max(longest.get(kind_of(kind), 0), _longest_s(kind))
        drawn: list[Occasion] = []
        for name, (scheduled, kind) in self._scheduled.items():
            if name not in self._units:
                self._units[name] = self._units_of(kind)
            for unit in self._units[name]:
                drawn += self._drawn(name, scheduled, kind, unit, (since_s - longest[kind_of(kind)], until_s))
        ended_s: dict[tuple[str, str], int] = {}
        for one in sorted(drawn, key=lambda one: (one.start_s, one.id)):
            before_s = ended_s.get((one.name, one.root), one.start_s)
            ended_s[one.name, one.root] = max(before_s, one.end_s)
            if before_s <= one.start_s and one.end_s > since_s:
                yield one

    def _units_of(self, kind: Incident) -> list[Unit]:
        """Whom a kind may strike, unit by unit: copies have incidents of their own and take none from the first."""
        first = spec.candidates(self._first, kind)
        units = [Unit(first)]
        if not kind.on and self._first is not self._estate:
            copies: dict[str, list[str]] = {}
            for name in sorted(set(spec.candidates(self._estate, kind)) - set(first)):
                copies.setdefault(name.rpartition("-")[2], []).append(name)
            units += [Unit(tuple(names), suffix, len(names) / len(first)) for suffix, names in sorted(copies.items())]
        return units

    def _drawn(
        self, name: str, scheduled: Scheduled, kind: Incident, unit: Unit, span_s: tuple[int, int]
    ) -> list[Occasion]:
        """Those of a schedule of which something is left in a span; days are kept, as windows overlap."""
        since_s, until_s = span_s
        days = range((since_s - _longest_s(kind) - DAY_S) // DAY_S - 1, until_s // DAY_S + 2)
        known = self._days.setdefault((name, unit.suffix), {})
        if len(known) > MOST_DAYS:
            known.clear()
        lacking = [day for day in days if day not in known]
        if lacking:
            known.update(self._of_days(name, scheduled, kind, unit, lacking))
        return [one for day in days for one in known[day] if one.start_s < until_s and one.end_s > since_s]

    def _of_days(
        self, name: str, scheduled: Scheduled, kind: Incident, unit: Unit, days: list[int]
    ) -> dict[int, list[Occasion]]:
        day = np.array(days, dtype=np.int64)
        said = (name,) if not unit.suffix else (name, unit.suffix)
        key = self._stream("day", *said).keys(draw.entity_ids([name]))
        uniforms = draw.uniform_at(np.repeat(key, len(day), axis=0), day * MOST_A_DAY + NUMBER)
        mean = scheduled.per_day * self._factor * unit.share
        numbers = np.minimum(counts.poisson(np.full(len(day), mean), uniforms), MOST_A_DAY - 1)
        if scheduled.weekdays_only:
            numbers = np.where(civil.weekday(day) < civil.SATURDAY, numbers, 0)
        starts = self._stream("start", *said).keys(draw.entity_ids([name]))
        victims = self._stream("victim", *said)

        def occasion(day: int, index: int) -> Occasion:
            start_s = _start_s(scheduled, day, _uniform(starts, index))
            return self._occasion(kind, _chosen(unit.candidates, victims, index), start_s)

        return {
            day: [occasion(day, day * MOST_A_DAY + one) for one in range(number)]
            for day, number in zip(days, numbers.tolist(), strict=True)
        }

    def _by_number(self, wanted: int, since_s: int, until_s: int) -> Iterator[Occasion]:
        """Those of days that have so many of all, or one more; weights say of which name.

        They are spread over a day's hours so that one is over before the next begins, and none meets a placed one:
        two at once would be worse than any is said to be. Where hours differ or are too few for so many, one that
        would begin before an earlier one is over is left out. What is left out counts itself, as in `_by_chance`.
        """
        known = {name: one for name, one in sorted(self._scheduled.items()) if one[0].per_day > 0}
        if not wanted or not known:
            return
        names = list(known)
        ends = np.add.accumulate([scheduled.per_day for scheduled, _ in known.values()])
        longest_s = -(-max(_longest_s(kind) for _, kind in known.values()) // MINUTE_S + 1) * MINUTE_S
        lots = self._stream("of a day").keys(draw.entity_ids(["number", "name", "start"]))
        drawn: list[Occasion] = []
        for day in range((since_s - 2 * longest_s) // DAY_S - 2, until_s // DAY_S + 2):
            number = wanted + int(_uniform(lots[:1], day) * 2)
            starts = {index: _uniform(lots[2:], index) for index in range(day * MOST_A_DAY, day * MOST_A_DAY + number)}
            for place, index in enumerate(sorted(starts, key=lambda one: (starts[one], one))):
                lot = _uniform(lots[1:2], index) * float(ends[-1])
                name = names[int(np.searchsorted(ends, lot, side="right"))]
                scheduled, kind = known[name]
                apart = min(longest_s / ((scheduled.hours[1] - scheduled.hours[0]) * HOUR_S), 1 / number)
                start_s = _start_s(scheduled, day, starts[index] * (1 - apart * (number - 1)) + apart * place)
                root = _chosen(spec.candidates(self._first, kind), self._stream("victim", name), index)
                drawn.append(self._occasion(kind, root, start_s))
        ended_s = 0
        for one in sorted(drawn, key=lambda one: (one.start_s, one.id)):
            is_alone = ended_s <= one.start_s and not any(map(one.meets, self._told))
            ended_s = max(ended_s, one.end_s)
            if is_alone and one.start_s < until_s and one.end_s > since_s:
                yield one

    def _stream(self, *names: str) -> draw.Stream:
        return draw.Stream(self._flow.seed, "incident", *names)

    def _occasion(self, kind: Incident, root: str, start_s: int) -> Occasion:
        tag = kind_of(kind)
        name = f"{tag}\x1f{root}\x1f{start_s}"
        key = self._stream("phases").keys(draw.entity_ids([name]))
        u = draw.uniform(key, 0, RECOVERY + 1)[0].tolist()

        def seconds(span: tuple[float, float], number: int) -> int:
            return int((span[0] + (span[1] - span[0]) * u[number]) * 60)

        return Occasion(
            id_of(tag, root, start_s),
            kind,
            root,
            start_s,
            seconds(kind.onset, ONSET),
            seconds(kind.minutes, STAND),
            seconds(kind.recovery, RECOVERY),
            spec.label(self._estate, kind, root),
        )


def kind_of(kind: Incident) -> str:
    """Name of a kind."""
    return str(kind.__struct_config__.tag)


def _longest_s(kind: Incident) -> int:
    return int(60 * (kind.onset[1] + kind.minutes[1] + kind.recovery[1]))


def start_of(one: spec.Placed, kind: Incident, estate: Estate) -> int:
    """Second at which a placed incident starts; one that would end after now is moved to the day before.

    It stays, and is not over when the span ends, where the day before is outside the span.
    """
    if one.starts is not None or one.at is None or estate.now is None:
        return moments.instant(one.starts or "", "placed.starts", estate.span_s[0])
    since_s, now_s = estate.span_s
    today = (now_s + int(zones.offsets(np.array([now_s]), one.clock)[0])) // DAY_S
    hour, minute = (int(part) for part in one.at.split(":"))
    lasting_s = int(60 * (kind.onset[1] + kind.minutes[1]))
    begun: list[int] = []
    for day in range(today - (one.days_ago or 0), today - (one.days_ago or 0) - 3, -1):
        local_s = day * DAY_S + hour * HOUR_S + minute * MINUTE_S
        start_s = local_s - int(zones.offsets(np.array([local_s]), one.clock)[0])
        if start_s + lasting_s <= now_s:
            return begun[0] if begun and start_s < since_s else start_s
        if start_s < now_s:
            begun.append(start_s)
    return start_s


def is_moved(one: spec.Placed, kind: Incident, estate: Estate) -> bool:
    """Whether a placed incident would end after now where it was placed, and so starts a day earlier."""
    if one.days_ago is None:
        return False
    now_s, start_s = estate.span_s[1], start_of(one, kind, estate)
    offset = int(zones.offsets(np.array([now_s]), one.clock)[0])
    return (now_s + offset) // DAY_S - (start_s + offset) // DAY_S > one.days_ago


def moved_incidents(estate: Estate) -> list[str]:
    """Placed incidents that start a day earlier than they say, as people would call them."""
    found = []
    for one in estate.incidents.placed:
        kind = spec.made(one.incident, "placed")
        if estate.incidents.enabled and is_moved(one, kind, estate):
            ago = one.days_ago or 0
            when = DAYS_AGO[ago] if ago < len(DAYS_AGO) else f"{ago} days ago"
            found.append(f"{kind.__struct_config__.tag} {when} at {one.at}")
    return found


def _start_s(scheduled: Scheduled, day: int, u: float) -> int:
    """Second at which an incident of a day starts, within the hours in which its kind does."""
    low, high = scheduled.hours
    local_s = day * DAY_S + int((low + (high - low) * u) * HOUR_S) // MINUTE_S * MINUTE_S
    return local_s - int(zones.offsets(np.array([local_s]), scheduled.clock)[0])


def _uniform(key: U64, index: int) -> float:
    return float(draw.uniform_at(key, np.array([index]))[0])


def _chosen(candidates: Sequence[str], stream: draw.Stream, index: int) -> str:
    """Whoever has the highest lot: a new candidate takes some occasions of the others and moves none between them."""
    keys = stream.keys(draw.entity_ids(candidates))
    lots = draw.word_at(keys, np.full(len(candidates), index, dtype=np.int64))
    return candidates[int(lots.argmax())]
