"""Write a stretch of a scenario to one or more sinks: plan, work, join, and leave a manifest."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from ghostfleet import records
from ghostfleet.core.errors import GhostfleetError, ScenarioError
from ghostfleet.generate import Generator
from ghostfleet.run import beside, manifest, surroundings, workers
from ghostfleet.run.manifest import Determinants, Manifest
from ghostfleet.run.statistics import Statistics
from ghostfleet.sinks import open_sink
from ghostfleet.sinks.sink import KeepsViews, View

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from ghostfleet.core.table import Table
    from ghostfleet.generate import Plan
    from ghostfleet.run.workers import Done
    from ghostfleet.sinks import Receipt, Sink, Written
    from ghostfleet.spec.scenario import Scenario

ROWS_PER_WORKER = 1_000_000  # fewer rows are made sooner by one process than by starting another
MOVED, TOLD_OF_MOVES = "moved_to_the_day_before", "transactions"  # a note, and the table whose readers need it


class Request(msgspec.Struct, frozen=True):
    """What to write, and where."""

    urls: tuple[str, ...]
    since_s: int | None = None
    until_s: int | None = None
    every_s: int | None = None
    only: tuple[str, ...] = ()
    format: str | None = None
    codec: str = "fast"
    compressed: bool | None = None
    part: tuple[int, int] = (1, 1)
    workers: int | None = None
    blind: bool = False
    split_bytes: int | None = None  # size of a file of a directory from which on a table has several


class Outcome(msgspec.Struct):
    """What a run left behind."""

    generator: Generator
    plan: Plan
    tables: list[Table]
    written: dict[str, list[Written]] = msgspec.field(default_factory=dict)  # by URL
    manifests: dict[str, Path] = msgspec.field(default_factory=dict)
    mappings: dict[str, list[str]] = msgspec.field(default_factory=dict)  # by URL: names of files beside bulk files
    statistics: dict[str, Statistics] = msgspec.field(default_factory=dict)
    samples: dict[str, str] = msgspec.field(default_factory=dict)  # by table: first rows, if a destination is a folder
    left_out: dict[str, list[str]] = msgspec.field(default_factory=dict)  # by URL: tables that it does not take
    stays: dict[str, dict[int, list[Table]]] = msgspec.field(default_factory=dict)  # by URL: as of a later window's end
    part: tuple[int, int] = (1, 1)
    workers: int = 1
    kept: int = 0  # tasks that an interrupted run had finished
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """Rows of all tables; of events, a plan knows only how many are expected."""
        return sum({one.table: one.rows for written in self.written.values() for one in written}.values())


def ending_s(scenario: Scenario, only: Sequence[str], every_s: int | None) -> int:
    """Seconds of which a window up to now is a multiple: those of a row, or of a tick where all are single requests."""
    names = [name for one in only or scenario.tables for name in ((one,) if one == "all" else records.named(one))]
    generator = Generator(scenario)
    if all(name != "all" and generator.is_by_tick(name) for name in names):
        return scenario.timeline.tick_s
    return every_s or scenario.timeline.row_s


def prepare(scenario: Scenario, request: Request) -> tuple[Generator, list[Table], Plan]:
    """Tables and tasks of a request; `ScenarioError` when it asks for what there is not."""
    generator = Generator(scenario)
    named = [table for table in generator.tables(request.only) if not (request.blind and table.group == "records")]
    if not named:
        msg = "--blind leaves out tables of the group records, and no others were asked for; name others, or do without"
        raise ScenarioError(msg)
    tables = _taken(named, request)
    number, parts = request.part
    if not 1 <= number <= parts:
        msg = f"--part {number} --of {parts}: parts count from 1 to {parts}"
        raise ScenarioError(msg)
    return generator, tables, _plan(generator, tables, request)


def _plan(generator: Generator, tables: Sequence[Table], request: Request) -> Plan:
    """Tasks of some tables, or those of a part."""
    number, parts = request.part
    plan = generator.plan_between(tables, request.since_s, request.until_s, request.every_s, parts)
    return plan.share(number, parts) if parts > 1 else plan


def write(
    scenario: Scenario,
    request: Request,
    *,
    say: Callable[[str], None] = lambda _text: None,
    watch: workers.Watcher = lambda _rows: None,
    planned: Callable[[Generator, list[Table], Plan], None] = lambda _generator, _tables, _plan: None,
    opened: Callable[[], None] = lambda: None,
) -> Outcome:
    """Make a data set. An interrupted run of the same request is taken up where it stopped.

    ``planned`` sees the plan before anything is touched, ``opened`` is called when every destination is ready,
    ``say`` hears each phase, ``watch`` counts rows.
    Raises `ScenarioError` or `SinkError`; then no destination holds anything half-written.
    """
    started = surroundings.stopwatch()
    generator, tables, plan = prepare(scenario, request)
    sinks = destinations(request)
    outcome = Outcome(generator, plan, tables, left_out=left_out(generator, request), part=request.part)
    shares = _shares(scenario, request, sinks, outcome)
    tables, plan = outcome.tables, outcome.plan
    known = [_determinants(scenario, request, plan, share) for share in shares]
    # Numbers of tasks depend on all tables of the run, so parts of another choice of tables must not be taken for ours.
    plan_id = _plan_id(_determinants(scenario, request, plan, tables), request)
    planned(generator, tables, plan)
    open_sinks: list[Sink] = []
    try:
        for sink, share in [one for one in zip(sinks, shares, strict=True) if one[1]]:
            sink.open(share, plan_id=plan_id, tasks={table.name: plan.of(table.name) for table in share})
            open_sinks.append(sink)
            if isinstance(sink, KeepsViews):
                sink.keep(views())
        opened()
        say("generating metrics")
        done = _work(generator, sinks, shares, outcome, request, watch)
        say("joining parts and finishing")
        for place, (url, sink, determinants) in enumerate(zip(request.urls, sinks, known, strict=True)):
            if not shares[place]:
                continue
            mine = [receipt for one in done if (receipt := one.receipts[place]) is not None]
            outcome.written[url] = sink.finish(mine)
            open_sinks.remove(sink)
            if sink.home is not None:
                record = _record(url, request, scenario, determinants, outcome, mine)
                timeless = [table.name for table in tables if table.is_topology]
                outcome.manifests[url] = beside.save(sink.home, record, timeless)
    finally:
        for sink in open_sinks:
            with suppress(GhostfleetError):  # the error that brought us here matters more
                sink.abort()
    outcome.seconds = surroundings.stopwatch() - started
    return outcome


def views() -> list[View]:
    """Rollups and views that a store may keep (EST-31, EST-33); which ones depends on the tables that stand there."""
    from ghostfleet.queries import stored_views  # which takes a while, and files keep no views

    return [
        View(view.name, view.sql, {need.relation: need.columns for need in view.needs})
        for view in stored_views().values()
    ]


def _determinants(scenario: Scenario, request: Request, plan: Plan, tables: Sequence[Table]) -> Determinants:
    effective: dict[str, Any] = msgspec.to_builtins(scenario)
    names = tuple(table.name for table in tables)
    return Determinants(effective, plan.span.since_s, plan.span.until_s, plan.window.tick_s, names, request.part)


def _plan_id(determinants: Determinants, request: Request) -> str:
    # Parts of another format must not be taken for ours.
    shape = "-".join(str(part) for part in (request.format, request.codec, request.compressed))
    return f"{determinants.hash[:16]}-{shape}".replace(".", "_")


def destinations(request: Request) -> list[Sink]:
    """Sinks of a request, nothing touched yet; `ScenarioError` when one destination is named twice."""
    part = request.part if request.part[1] > 1 else None
    options: dict[str, Any] = {"format": request.format, "codec": request.codec, "compressed": request.compressed}
    sinks: list[Sink] = []
    named: dict[object, str] = {}
    for url in request.urls:
        sink = open_sink(url, part=part, split_bytes=request.split_bytes, **options)
        same = sink.scheme, (sink.home.folder.resolve(), sink.home.file) if sink.home is not None else url
        if same in named:
            said = f"{named[same]} and {url} are" if named[same] != url else f"{url} is"
            msg = f"--to {url}: {said} one destination, named twice; name it once"
            raise ScenarioError(msg)
        named[same] = url
        sinks.append(sink)
    return sinks


def left_out(generator: Generator, request: Request) -> dict[str, list[str]]:
    """Tables of a request that some of its destinations do not take, by URL."""
    tables = generator.tables(request.only)
    found = {
        url: [table.name for table in tables if table.group not in sink.groups]
        for url, sink in zip(request.urls, destinations(request), strict=True)
    }
    return {url: names for url, names in found.items() if names}


def _taken(tables: Sequence[Table], request: Request) -> list[Table]:
    """Tables that some destination takes; `ScenarioError` when none takes one that was named, or one takes none."""
    sinks = destinations(request)
    for url, sink in zip(request.urls, sinks, strict=True):
        if not any(table.group in sink.groups for table in tables):
            msg = f"--to {url} takes tables of {_listed(sink.groups)}, and there is none among {_named(tables)}"
            raise ScenarioError(msg)
    groups = frozenset[str]().union(*(sink.groups for sink in sinks))
    refused = [table for table in tables if table.group not in groups]
    if refused and request.only != ("all",) and request.only:
        msg = (
            f"--only {_named(refused)}: no destination takes it; {', '.join(request.urls)} "
            f"take{'s' if len(request.urls) == 1 else ''} tables of {_listed(groups)}"
        )
        raise ScenarioError(msg)
    return [table for table in tables if table.group in groups]


def _named(tables: Sequence[Table]) -> str:
    return ", ".join(f"{table.name} ({table.group})" for table in tables)


def _listed(groups: Collection[str]) -> str:
    return f"the group{'s' if len(groups) > 1 else ''} {', '.join(sorted(groups))}"


def _shares(scenario: Scenario, request: Request, sinks: Sequence[Sink], outcome: Outcome) -> list[list[Table]]:
    """Tables that each destination gets; `SinkError` where they would stand among those of another data set.

    A store that tells of a later time keeps its nodes and links, and who gets no table is left alone.
    """
    shares = []
    for url, sink in zip(request.urls, sinks, strict=True):
        share = [table for table in outcome.tables if table.group in sink.groups]
        if sink.home is not None:
            manifest.ensure_room(manifest.path_at(sink.home, request.part))
            determinants = _determinants(scenario, request, outcome.plan, share)
            beside.ensure_one_set(sink.home, determinants)
            later = beside.later(sink.home, determinants, [table.name for table in share if table.is_topology])
            for table in (table for table in share if table.name in later):
                outcome.stays.setdefault(url, {}).setdefault(later[table.name], []).append(table)
            share = [table for table in share if table.name not in later]
        shares.append(share)
    if outcome.stays:
        outcome.tables = [table for table in outcome.tables if any(table in share for share in shares)]
        outcome.plan = _plan(outcome.generator, outcome.tables, request)
    return shares


def _work(
    generator: Generator,
    sinks: Sequence[Sink],
    shares: Sequence[Sequence[Table]],
    outcome: Outcome,
    request: Request,
    watch: workers.Watcher,
) -> list[Done]:
    """Do every task; a part that an earlier run left finished is measured again, but not written again.

    Its rows are made once more for the statistics: a receipt proves what a sink holds, and not what was measured.
    """
    observers = {table.name: table for table in outcome.tables}
    has_folder = any(sink.home is not None and not sink.home.file for sink in sinks)
    # Tables of a graph are short themselves, and many.
    unsampled = {table.name for table in outcome.tables if has_folder and not table.is_topology}
    jobs = []
    for task in outcome.plan.tasks:
        table = observers[task.table]
        takes = [table in share for share in shares]
        kept = [
            sink.kept(table, task.number) if sink.staged and taken else None
            for sink, taken in zip(sinks, takes, strict=True)
        ]
        outcome.kept += all(receipt is not None for receipt, taken in zip(kept, takes, strict=True) if taken)
        jobs.append(workers.Job(task, takes, kept, task.table in unsampled))
        unsampled.discard(task.table)
    outcome.workers = _workers(generator.scenario, sinks, request, outcome.plan)
    if outcome.workers == 1:
        results = workers.alone(generator, sinks, jobs, watch)
    else:
        results = workers.together(generator.scenario, sinks, jobs, watch, outcome.workers)
    done = []
    for one in results:
        outcome.statistics.setdefault(one.task.table, Statistics()).merge(one.statistics)
        if one.sample:
            outcome.samples[one.task.table] = one.sample
        done.append(one)
    return sorted(done, key=lambda one: one.task.number)


def _workers(scenario: Scenario, sinks: Sequence[Sink], request: Request, plan: Plan) -> int:
    if any(not sink.staged and sink.writers == "one" for sink in sinks):
        return 1
    if request.workers is not None:
        return max(1, min(request.workers, len(plan.tasks)))
    worthwhile = -(-plan.rows // ROWS_PER_WORKER)
    return max(1, min(scenario.execution.workers, surroundings.cores(), len(plan.tasks), worthwhile))


def notes(outcome: Outcome, tables: Sequence[str]) -> dict[str, Any]:
    """What readers of some tables must know, with the placed incidents that would have ended after now."""
    from ghostfleet.world.occasions import moved_incidents

    told = outcome.generator.notes(tables, outcome.plan.window.tick_s)
    estate = outcome.generator.scenario.estate
    if estate is not None and TOLD_OF_MOVES in tables and (moved := moved_incidents(estate)):
        told[MOVED] = ", ".join(moved)
    return told


def _recorded(url: str, request: Request, outcome: Outcome, tables: Sequence[str]) -> dict[str, Any]:
    """What a manifest notes: of a window that incidents reach into, which, and of a blind run nothing on incidents."""
    told = notes(outcome, tables)
    if request.blind:
        told.pop(MOVED, None)
    elif (line := outcome.generator.under_way(tables, outcome.plan.span)) is not None:
        told["incidents"] = line
    if stays := outcome.stays.get(url):
        told["tables_of_a_later_window"] = {
            manifest.moment(until_s): [table.name for table in found] for until_s, found in sorted(stays.items())
        }
    return told


def _record(
    url: str,
    request: Request,
    scenario: Scenario,
    determinants: Determinants,
    outcome: Outcome,
    receipts: Sequence[Receipt],
) -> Manifest:
    """State what a destination holds now."""
    by_table = {name: tuple(r for r in receipts if r.table == name) for name in determinants.tables}
    return Manifest(
        name=scenario.scenario,
        determinants=msgspec.structs.replace(determinants, scenario={}) if request.blind else determinants,
        hash=determinants.hash,
        notes=_recorded(url, request, outcome, determinants.tables),
        sink={"format": request.format, "codec": request.codec, "compressed": request.compressed},
        written=tuple(outcome.written[url]),
        receipts=by_table,
        statistics={name: one.summary() for name, one in outcome.statistics.items() if name in determinants.tables},
    )
