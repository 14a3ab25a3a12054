"""Which incidents there are near a window: those scheduled, those placed, and those of the ledger.

An incident's id says what it is, whom it strikes and when, so it stays the same whatever else happens.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ghostfleet.core import civil, counts, draw, zones
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S
from ghostfleet.incidents import Incident

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ghostfleet.incidents import Selector
    from ghostfleet.spec.estate import Estate, Scheduled
    from ghostfleet.world.flow import Flow

SECTIONS = {
    "Service": "services",
    "WebService": "web_services",
    "RDSInstance": "databases",
    "EC2Instance": "machines",
    "ExternalService": "externals",
    "EKSCluster": "clusters",
}
MOST_A_DAY = 64
NUMBER, START, ONSET, STAND, RECOVERY = range(5)  # draws of a day and of an incident


class Occasion(msgspec.Struct, frozen=True):
    """One incident: what, whom, and when; seconds since the epoch, phases one after another."""

    id: str
    kind: Incident
    root: str
    start_s: int
    onset_s: int
    stand_s: int
    recovery_s: int

    @property
    def name(self) -> str:
        """Name of its kind."""
        return str(self.kind.__struct_config__.tag)

    @property
    def label(self) -> str:
        """Label of what it strikes."""
        return self.kind.WHOM.label

    @property
    def end_s(self) -> int:
        """Second at which nothing of it is left."""
        return self.start_s + self.onset_s + self.stand_s + self.recovery_s


class Occasions:
    """All incidents of an estate, asked for by window."""

    def __init__(self, estate: Estate, flow: Flow) -> None:
        """Read what the estate says; `ScenarioError` where it names a kind or an entity that there is not."""
        self._estate = estate
        self._flow = flow
        incidents = estate.incidents
        self._scheduled = {
            name: (one, _made(one.incident, f"estate.incidents.scheduled.{name}.incident"))
            for name, one in incidents.scheduled.items()
        }
        self._placed = list(self._read_placed())

    def between(self, since_s: int, until_s: int) -> list[Occasion]:
        """Incidents of which something is left in ``[since_s, until_s)``, in the order of their ids."""
        found = [one for one in self._placed if one.start_s < until_s and one.end_s > since_s]
        for name, (scheduled, kind) in self._scheduled.items():
            found += self._drawn(name, scheduled, kind, since_s, until_s)
        return sorted({one.id: one for one in found}.values(), key=lambda one: one.id)

    def _read_placed(self) -> Iterator[Occasion]:
        for place, one in enumerate(self._estate.incidents.placed):
            path = f"estate.incidents.placed.{place}"
            kind = _made(one.incident, f"{path}.incident")
            candidates = self._candidates(kind, f"{path}.incident.on")
            start_s = _second(one.starts, f"{path}.starts")
            yield self._occasion(kind, _chosen(candidates, self._stream("placed", str(place)), 0), start_s)

    def _drawn(self, name: str, scheduled: Scheduled, kind: Incident, since_s: int, until_s: int) -> list[Occasion]:
        candidates = self._candidates(kind, f"estate.incidents.scheduled.{name}.incident.on")
        longest = int(60 * (kind.onset[1] + kind.minutes[1] + kind.recovery[1])) + DAY_S
        first, last = (since_s - longest) // DAY_S - 1, until_s // DAY_S + 1
        days = np.arange(first, last + 1, dtype=np.int64)
        key = self._stream("day", name).keys(draw.entity_ids([name]))
        uniforms = draw.uniform_at(np.repeat(key, len(days), axis=0), days * MOST_A_DAY + NUMBER)
        numbers = np.minimum(counts.poisson(np.full(len(days), scheduled.per_day), uniforms), MOST_A_DAY - 1)
        if scheduled.weekdays_only:
            numbers = np.where(civil.weekday(days) < civil.SATURDAY, numbers, 0)
        found = []
        starts = self._stream("start", name).keys(draw.entity_ids([name]))
        victims = self._stream("victim", name)
        for day, number in zip(days.tolist(), numbers.tolist(), strict=True):
            for one in range(number):
                index = day * MOST_A_DAY + one
                u = float(draw.uniform_at(starts, np.array([index]))[0])
                low, high = scheduled.hours
                local_s = day * DAY_S + int((low + (high - low) * u) * HOUR_S) // MINUTE_S * MINUTE_S
                start_s = local_s - int(zones.offsets(np.array([local_s]), scheduled.clock)[0])
                occasion = self._occasion(kind, _chosen(candidates, victims, index), start_s)
                if occasion.start_s < until_s and occasion.end_s > since_s:
                    found.append(occasion)
        return found

    def _candidates(self, kind: Incident, path: str) -> tuple[str, ...]:
        """Names that a kind may strike, in their order; `ScenarioError` when there are none."""
        able = self._able[kind.WHOM.label]
        fit = [name for name in able if _fits(able[name], kind.WHOM) and self._is_called(name, kind.WHOM)]
        for name in kind.on:
            if name not in able:
                msg = f"{path}: there is no {kind.WHOM.label} {name!r}; valid are {', '.join(sorted(able))}"
                raise ScenarioError(msg)
        names = tuple(sorted(kind.on or fit))
        if not names:
            msg = f"{path}: nothing in this estate can be struck by {kind.__struct_config__.tag}"
            raise ScenarioError(msg)
        return names

    @cached_property
    def _able(self) -> dict[str, Mapping[str, Any]]:
        return {label: getattr(self._estate, section) for label, section in SECTIONS.items()}

    def _is_called(self, name: str, whom: Selector) -> bool:
        place = self._flow.places.get(name)
        return not whom.called or place is None or bool(self._flow.slots_into[place])

    def _stream(self, *names: str) -> draw.Stream:
        return draw.Stream(self._flow.seed, "incident", *names)

    def _occasion(self, kind: Incident, root: str, start_s: int) -> Occasion:
        name = f"{kind.__struct_config__.tag}\x1f{root}\x1f{start_s}"
        digest = blake2b(name.encode(), digest_size=6).hexdigest()
        key = self._stream("phases").keys(draw.entity_ids([name]))
        u = draw.uniform(key, 0, RECOVERY + 1)[0].tolist()

        def seconds(span: tuple[float, float], number: int) -> int:
            return int((span[0] + (span[1] - span[0]) * u[number]) * 60)

        return Occasion(
            f"inc-{digest}",
            kind,
            root,
            start_s,
            seconds(kind.onset, ONSET),
            seconds(kind.minutes, STAND),
            seconds(kind.recovery, RECOVERY),
        )


def _made(options: Mapping[str, Any], path: str) -> Incident:
    """Incident of options; `ScenarioError` naming what would be valid."""
    from ghostfleet import incidents

    known = incidents.kinds()
    if str(options.get("kind")) not in known:
        msg = f"{path}.kind: {options.get('kind')!r} is no kind of incident; valid are {', '.join(known)}"
        raise ScenarioError(msg)
    try:
        made: Incident = msgspec.convert(dict(options), known[options["kind"]])
    except msgspec.ValidationError as error:
        msg = f"{path}: {error}"
        raise ScenarioError(msg) from error
    return made


def _fits(entity: object, whom: Selector) -> bool:
    return all(str(getattr(entity, key, "")) in values for key, values in whom.where.items())


def _chosen(candidates: Sequence[str], stream: draw.Stream, index: int) -> str:
    """Whoever has the highest lot: a new candidate takes some occasions of the others and moves none between them."""
    keys = stream.keys(draw.entity_ids(candidates))
    lots = draw.word_at(keys, np.full(len(candidates), index, dtype=np.int64))
    return candidates[int(lots.argmax())]


def _second(text: str, path: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"{path}: {text!r} is no time; valid is 2026-03-04T09:30, UTC unless an offset is given"
        raise ScenarioError(msg) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
