"""What was changed, by people and by machines: deploys, configuration, scaling; most of it does no harm.

Deploys and scaling take effect with a tick of the state. A version that is taken back has a fourth part, or one more
than the version that it replaces; so have harmless ones that mend the version before.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import draw, rows
from ghostfleet.core.batch import Batch, Plain, Text
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.core.window import DAY_S
from ghostfleet.signals import StateObserver
from ghostfleet.spec.estate import TICK_S
from ghostfleet.state.estate.deploys import deploys
from ghostfleet.state.estate.events import Rhythm
from ghostfleet.state.estate.nodes import grown
from ghostfleet.world import flow as flows
from ghostfleet.world.flow.draft import SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ghostfleet.core.arrays import I64, Bool
    from ghostfleet.core.batch import Values
    from ghostfleet.core.window import Window
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State
    from ghostfleet.state.estate.influences import Influences

NEEDS: tuple[str, ...] = ("estate",)
TYPES = ("config", "deploy", "scaling")
TABLE = Table(
    "changes",
    "what was changed: deploys, configuration, scaling",
    (
        column("time", Kind.TIME, "when it took effect, UTC"),
        column("change_id", Kind.TEXT, "unique id"),
        column("change_type", Kind.TEXT, "what kind of change", values=TYPES),
        column("entity", Kind.TEXT, "name of what was changed"),
        column("entity_type", Kind.TEXT, "label of it in the graph", values=("EKSCluster", "RDSInstance", "Service")),
        column("cluster_name", Kind.TEXT, "cluster that it runs on; null of databases", nullable=True),
        column("region", Kind.TEXT, "region that it stands in"),
        column("old_value", Kind.TEXT, "version, number of pods or machines, or value before"),
        column("new_value", Kind.TEXT, "version, number of pods or machines, or value after"),
        column("actor", Kind.TEXT, "who changed it: a team's pipeline, a person on call, an autoscaler"),
        column("description", Kind.TEXT, "one line"),
    ),
    keys=("change_id",),
    order=("time", "change_type", "entity"),
)
# Of each key the values that come one after another, and then the first again; a value may come more than once.
SETTINGS = (
    ("log_level", ("info", "debug", "info", "warning")),
    ("cache_ttl_seconds", ("60", "120", "300", "600", "300", "120")),
    ("feature_new_ranking", ("off", "on")),
    ("request_limit_per_client", ("50", "100", "200", "100")),
    ("worker_threads", ("8", "16", "32", "16")),
)
DATABASE_SETTINGS = (
    ("maintenance_window", ("Sun 02:00", "Sun 03:00", "Sat 02:00")),
    ("log_retention_days", ("3", "7", "14", "7")),
    ("slow_query_threshold_ms", ("500", "1000", "2000", "1000")),
    ("statement_timeout_seconds", ("30", "60", "120", "60")),
    ("query_insights", ("off", "on")),
)

MENDING = (4, 9)  # deploys of twelve that mend the one before


class Change(msgspec.Struct, frozen=True):
    """One row."""

    second: int
    kind: str
    entity: str
    id: str
    old: str
    new: str
    actor: str
    about: str


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions of services, word by word of a vocabulary, in each stretch of a window in which none of them changes."""

    since_ms: I64  # first millisecond of each stretch
    texts: list[tuple[str, ...]]  # of each stretch, one of each word

    def of(self, codes: I64, time_ms: I64) -> Text:
        """Versions at some times of words by their codes."""
        stretch = np.searchsorted(self.since_ms, time_ms, side="right") - 1
        first, last = int(np.minimum.reduce(stretch)), int(np.maximum.reduce(stretch))
        if first == last:  # as nearly always: then the very codes do, with which others are rendered
            return Text(codes, self.texts[first])
        words = self.texts[first : last + 1]
        return Text(codes + (stretch - first) * len(words[0]), tuple(chain.from_iterable(words)))


def observer(scenario: Scenario) -> StateObserver:
    """Make the signal ready for a scenario."""
    return Changes(scenario).ready()


class Changes:
    """The signal of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up what does not change."""
        flow = flows.build(scenario)
        estate = flow.estate
        self._flow, self._estate = flow, estate
        self._services = sorted(estate.services)
        self._settable = [*self._services, *sorted(estate.databases)]
        weekly = estate.changes
        deployed = draw.entity_ids(f"Service {name}" for name in self._services)
        set_up = draw.entity_ids(self._settable)
        self._deploys = deploys(flow, self._services)
        self._configs = Rhythm(
            flow, "config", set_up, np.full(len(set_up), weekly.config_changes_per_week / 5), weekly.clock
        )
        self._order = flow.stream("events", "config", "order").keys(set_up)
        self._initial = flow.stream("events", "config", "initial").keys(set_up)
        self._turning = flow.stream("events", "deploy", "taken back").keys(deployed)
        self._first_day = scenario.timeline.since_s // DAY_S - 2  # local days begin before and end after those of UTC

    def ready(self) -> StateObserver:
        """The observer."""
        weekly = self._estate.changes
        a_day = (
            len(self._services) * weekly.deploys_per_week + len(self._settable) * weekly.config_changes_per_week
        ) / 7
        a_day += 40 * len(self._services)
        return StateObserver(
            TABLE, len(self._settable), self.observe, lambda window: round(a_day * len(window) * window.tick_s / DAY_S)
        )

    def numbers(self, since_s: int, until_s: int) -> tuple[int, int]:
        """Deploys and changes of configuration in a stretch of time."""
        return len(self._deploys.between(since_s, until_s)), len(self._configs.between(since_s, until_s))

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window."""
        found = [*self._deployed(state, window), *self._configured(window), *self._scaled(state), *self._grown(state)]
        found.sort(key=attrgetter("second", "kind", "entity"))  # of one minute, in their own order
        services, clusters = self._estate.services, self._estate.clusters
        hosts = {name: service.cluster for name, service in services.items()} | {name: name for name in clusters}
        labels = dict.fromkeys(clusters, "EKSCluster") | dict.fromkeys(services, "Service")
        regions = {name: self._region(name) for name in {one.entity for one in found}}
        columns: dict[str, Values] = {
            "time": Plain(np.array([one.second for one in found], dtype=np.int64)),
            "change_id": rows.texts([one.id for one in found]),
            "change_type": rows.texts([one.kind for one in found]),
            "entity": rows.texts([one.entity for one in found]),
            "entity_type": rows.texts([labels.get(one.entity, "RDSInstance") for one in found]),
            "cluster_name": rows.texts([hosts.get(one.entity) for one in found]),
            "region": rows.texts([regions[one.entity] for one in found]),
            "old_value": rows.texts([one.old for one in found]),
            "new_value": rows.texts([one.new for one in found]),
            "actor": rows.texts([one.actor for one in found]),
            "description": rows.texts([one.about for one in found]),
        }
        if found:
            yield Batch(TABLE, columns)

    def version(self, service: str, second: int, *, is_out: bool = False) -> str:
        """Version of a service at a second; ``is_out`` says that one is out that is taken back."""
        number = int(self._deployed_until(second)[self._services.index(service)])
        return self._version(service, number, is_out=is_out)

    def between(self, services: Sequence[str], since_s: int, until_s: int) -> Iterator[tuple[str, str]]:
        """Services and the versions that they have between two seconds, those that are taken back included."""
        first, last = self._deployed_until(since_s), self._deployed_until(until_s)
        for name in services:
            row = self._services.index(name)
            for number in range(int(first[row]), int(last[row]) + 1):
                yield from ((name, self._version(name, number, is_out=is_out)) for is_out in (False, True))

    def versions(self, state: State, words: Sequence[str]) -> Versions:
        """Versions in a window of the services of a vocabulary, as rows that tell of deploys have them."""
        names, window = sorted({*words} & {*self._services}), state.window
        rows = [self._services.index(name) for name in names]
        events = self._deploys.between(window.since_s, window.until_s)
        numbers = np.zeros((len(self._services), len(window)), dtype=np.int64)
        np.add.at(numbers, (events.entities, events.seconds // TICK_S - window.start), 1)
        numbers = np.add.accumulate(numbers[rows], axis=1) + self._deployed_until(window.since_s)[rows, None]
        out, never = state.influences.out(), np.zeros(len(window), dtype=np.bool_)
        is_out = np.array([out.get(name, never) for name in names]).reshape(numbers.shape)
        turns = (numbers[:, 1:] != numbers[:, :-1]) | (is_out[:, 1:] != is_out[:, :-1])
        ticks = np.array([0, *(np.flatnonzero(turns.any(axis=0)) + 1).tolist()])
        texts = []
        for tick in ticks.tolist():
            found = zip(names, numbers[:, tick].tolist(), is_out[:, tick].tolist(), strict=True)
            told = {name: self._version(name, number, is_out=one) for name, number, one in found}
            texts.append(tuple(told.get(word, "") for word in words))
        return Versions((window.start + ticks) * TICK_S * 1000, texts)

    def _version(self, service: str, number: int, *, is_out: bool) -> str:
        return _version(self._estate.services[service].version, number, is_out=is_out)

    def deployed(self, influences: Influences) -> dict[str, int]:
        """When each service was last deployed before the end of a window; 0 where that was before the first day.

        Versions that are taken back count if that was in the window.
        """
        window = influences.window
        events = self._deploys.between(self._first_day * DAY_S - DAY_S, window.until_s)
        known = events.some(np.flatnonzero(events.days >= self._first_day))
        last = np.zeros(len(self._services), dtype=np.int64)
        np.maximum.at(last, known.entities, known.seconds // TICK_S * TICK_S)
        for row, turned in self._turned(influences):
            last[row] = max(last[row], int(np.maximum.reduce(np.where(turned, window.seconds(), 0))))
        return dict(zip(self._services, last.tolist(), strict=True))

    def replaced(self, influences: Influences) -> dict[str, Bool]:
        """Whether a deploy replaces a service's pods, ticks of shape (ticks,); of the first, only lasting ones."""
        window = influences.window
        events = self._deploys.between(window.since_s, window.until_s)
        found = np.zeros((len(self._services), len(window)), dtype=np.bool_)
        found[events.entities, events.seconds // TICK_S - window.start] = True
        for row, turned in self._turned(influences):
            found[row] |= turned
        return dict(zip(self._services, found, strict=True))

    def _turned(self, influences: Influences) -> Iterator[tuple[int, Bool]]:
        """Services, and the ticks after the first at which a version came that is taken back, or was taken back."""
        for service, is_out in influences.out().items():
            if service in self._estate.services:
                yield self._services.index(service), np.concatenate([[False], is_out[1:] != is_out[:-1]])

    def _deployed_until(self, second: int) -> I64:
        """Deploys of each service before a second."""
        return self._until(self._deploys, second)

    def _until(self, rhythm: Rhythm, second: int) -> I64:
        """Changes of each entity before a second."""
        day = second // DAY_S
        # Whole days before, and of the days around it the changes that had begun.
        numbers = rhythm.numbers(self._first_day, max(day - 2, self._first_day))
        events = rhythm.between((day - 2) * DAY_S - DAY_S, second)
        recent = np.bincount(events.entities[events.days >= day - 2], minlength=len(numbers))
        total: I64 = np.add.reduce(numbers, axis=1) + recent
        return total

    def _deployed(self, state: State, window: Window) -> Iterator[Change]:
        """Deploys, and versions that are taken back, each service's in the order in which they replace each other."""
        events = self._deploys.between(window.since_s, window.until_s)
        turns = list(self._turns(state))
        if not turns and not len(events):
            return
        numbers = self._deployed_until(window.since_s)
        steps = [
            (second // TICK_S * TICK_S, row, name, True)
            for second, row, name in zip(
                events.seconds.tolist(), events.entities.tolist(), events.ids("chg"), strict=True
            )
        ]
        was_out = state.before.out()
        out = {row for row, service in enumerate(self._services) if service in was_out and was_out[service][-1]}
        for second, row, name, is_kept in sorted([*turns, *steps], key=lambda step: (step[0], step[3])):
            service = self._services[row]
            team = self._estate.services[service].team
            old = self._version(service, int(numbers[row]), is_out=row in out)
            if is_kept:
                numbers[row] += 1
            else:
                out ^= {row}
            new = self._version(service, int(numbers[row]), is_out=row in out)
            yield Change(second, "deploy", service, name, old, new, f"{team}-pipeline", f"deploy {service} {new}")

    def _turns(self, state: State) -> Iterator[tuple[int, int, str, bool]]:
        """Second, service and id of every deploy of a version that is taken back, and of every such return."""
        seconds = state.window.seconds()
        for service, is_out in state.influences.out().items():
            if service not in self._estate.services:
                continue
            row = self._services.index(service)
            before = np.concatenate([state.before.out()[service], is_out[:-1]])
            at = np.flatnonzero(is_out != before)
            words = draw.word_at(np.repeat(self._turning[row : row + 1], len(at), axis=0), state.window.start + at)
            for second, word in zip(seconds[at].tolist(), words.tolist(), strict=True):
                yield second, row, f"chg-{word:016x}", False

    def _configured(self, window: Window) -> Iterator[Change]:
        """Changes of configuration, each from the value that the one before of its entity and key left."""
        events = self._configs.between(window.since_s, window.until_s)
        if not len(events):
            return
        numbers = self._until(self._configs, window.since_s)
        for row, at, name in zip(events.entities.tolist(), events.seconds.tolist(), events.ids("chg"), strict=True):
            key, old, new = self._set(row, int(numbers[row]))
            numbers[row] += 1
            about = f"set {key} from {old} to {new}"
            yield Change(at, "config", self._settable[row], name, f"{key}={old}", f"{key}={new}", "on-call", about)

    def _set(self, row: int, number: int) -> tuple[str, str, str]:
        """Key, value before and value after of a change of configuration, by how many its entity had before it.

        Each key has its turn once a round, in an order of the round's own: so the round says how often it was changed.
        """
        settings = SETTINGS if self._settable[row] in self._estate.services else DATABASE_SETTINGS
        turn, place = divmod(number, len(settings))
        lots = draw.uniform(self._order[row : row + 1], turn * len(settings), (turn + 1) * len(settings))[0]
        which = int(np.argsort(lots, kind="stable")[place])
        key, values = settings[which]
        first = int(draw.uniform(self._initial[row : row + 1], which, which + 1)[0, 0] * len(values))
        return key, values[(first + turn) % len(values)], values[(first + turn + 1) % len(values)]

    def _scaled(self, state: State) -> Iterator[Change]:
        """Whenever the autoscaler wants another number of pods than in the tick before.

        How many run is not its doing: those that are lost or do not start are no change.
        """
        pods, before = state.rates.wanted, state.wanted_before
        seconds = state.window.seconds()
        for node, name in enumerate(self._flow.nodes.names):
            if self._flow.nodes.kinds[node] != SERVICE:
                continue
            past = np.concatenate([before[node : node + 1], pods[node, :-1]])
            for tick in np.flatnonzero(pods[node] != past).tolist():
                old, new = f"{past[tick]:.0f}", f"{pods[node, tick]:.0f}"
                second = int(seconds[tick])
                about = f"scale {name} from {old} to {new} pods"
                yield Change(second, "scaling", name, f"scale-{name}-{second}", old, new, "autoscaler", about)

    def _grown(self, state: State) -> Iterator[Change]:
        """Whenever a cluster has other machines beyond those of its plan than in the tick before."""
        struck = {*state.influences.of("cluster.nodes"), *state.before.of("cluster.nodes")}
        planned = {name: one.nodes for name, one in self._estate.clusters.items() if name in struck}
        seconds = state.window.seconds()
        counts = (grown(part, planned) for part in (state.before, state.influences))  # what is lost is no change
        numbers = np.concatenate(list(counts), axis=1)
        for many, name in zip(numbers, planned, strict=True):
            for tick in np.flatnonzero(many[1:] != many[:-1]).tolist():
                old, new, second = f"{many[tick]:.0f}", f"{many[tick + 1]:.0f}", int(seconds[tick])
                about = f"scale {name} from {old} to {new} nodes"
                yield Change(second, "scaling", name, f"scale-{name}-{second}", old, new, "autoscaler", about)

    def _region(self, entity: str) -> str:
        cluster = self._estate.clusters.get(entity)
        if cluster is not None and entity not in self._flow.places:
            return self._estate.networks[cluster.network].region
        return self._flow.nodes.regions[self._flow.places[entity]]


def _version(first: str, number: int, *, is_out: bool = False) -> str:
    """Version after so many deploys: every twelfth is a minor one, and two of twelve only mend the one before.

    What is no number in the first one counts as 0. ``is_out`` asks for the one that replaces it for a while.
    """
    parts = [int(part) if part.isascii() and part.isdigit() else 0 for part in first.partition("-")[0].split(".")]
    major, minor, patch = ([*parts, 0, 0])[:3]
    minors, patches = divmod(number, 12)
    if not number and not is_out:
        return first
    mended = sum(patches >= one for one in MENDING)
    fourth = int(patches in MENDING) + is_out
    third = (patch if not minors else 0) + patches - mended
    return f"{major}.{minor + minors}.{third}" + (f".{fourth}" if fourth else "")
