"""`ghostfleet generate`: write a data set."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ghostfleet.cli import groups, output, scenario
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.window import Window
from ghostfleet.generate import Plan
from ghostfleet.run import estimate, history, manifest, mappings, records, surroundings
from ghostfleet.sinks import home_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ghostfleet.core.table import Table
    from ghostfleet.generate import Generator
    from ghostfleet.run.history import Outcome, Request
    from ghostfleet.run.statistics import Statistics
    from ghostfleet.sinks import Written
    from ghostfleet.spec.scenario import Scenario

LARGE_BYTES = 2_000_000_000
WORTH_AN_ESTIMATE = 2_000_000  # rows; below, any output is small
MOST_COUNTED = 8  # texts of a column, the commonest
ENTITIES_PER_REPORT = 20  # of the log's progress lines (CAP-18)

EPILOG = """
\b
Examples:
  ghostfleet generate capacity --to out/
  ghostfleet generate capacity --servers 50 --years 2 --to out/ --to duckdb:out/fleet.duckdb
  ghostfleet generate capacity --granularity hourly --format parquet --to out/
  ghostfleet generate capacity --from 2025-01-01 --until 2025-02-01 --to - | head
  ghostfleet generate hosts --hosts 50 --days 2 --profiles cloud=1 --to hosts/
  ghostfleet generate events --count 2000 --to events/
  ghostfleet generate commerce --days 1 --scale 0.01 --split-size 1GiB --to shop/
  ghostfleet generate capacity --help     shows the scenario's own flags
"""


@click.command(cls=scenario.ScenarioCommand, epilog=EPILOG)
@scenario.scenario_options
@output.output_options
@click.option(
    "--create-mapping-only", is_flag=True, help="Write mappings of search indexes into the folder, and no data."
)
@click.option("--yes", is_flag=True, help="Write large outputs without asking.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--verbose", is_flag=True, help="Tell of every table and column, however many there are.")
@click.pass_context
def command(ctx: click.Context, /, *, verbose: bool, create_mapping_only: bool, **arguments: Any) -> None:  # noqa: ANN401  as typed
    """Write the data set that SCENARIO describes: a shipped name or a YAML file."""
    chosen = scenario.load(ctx, arguments).scenario  # nobody asks for origins any more, which take room
    request = output.request(chosen, arguments)
    folders = records.folders_of(request.urls)
    if create_mapping_only:
        if not (arguments["format_"] or "bulk").startswith("bulk"):
            msg = f"--create-mapping-only makes mappings for bulk files; leave out --format {arguments['format_']}"
            raise ScenarioError(msg)
        _, tables, _ = history.prepare(chosen, request)
        written = mappings.write(tables, folders)
        if not arguments["quiet"]:
            click.echo("\n".join(f"mapping of a search index: {path}" for path in written))
        return
    run = Run(chosen, request, folders, arguments["yes"], arguments["quiet"])
    with records.failure_logged():
        outcome = run.generate()
        mappings.write_beside(outcome)
        for folder in folders:
            records.write_samples(outcome, folder)
            records.write_summary(outcome, folder)
    records.LOG.info("complete: %s", records.summary(outcome))
    if not arguments["quiet"]:
        to_errors = any(sink.scheme == "stdout" for sink in history.destinations(request))
        click.echo("\n".join(_told(outcome, verbose=verbose)), err=to_errors)
        for line in _counts(outcome, verbose=verbose):
            click.echo(line, err=True)
        output.tell_of_the_span(chosen, request)
        for line in _stays(outcome):
            click.echo(line, err=True)
        for name, why in outcome.generator.silences([table.name for table in outcome.tables]).items():
            click.echo(f"note: {name} has no rows: {why}", err=True)
        output.tell_of_incidents(
            outcome.generator.under_way([table.name for table in outcome.tables], outcome.plan.span)
        )


class Run(msgspec.Struct):
    """One generation, with what it shows and logs on the way."""

    scenario: Scenario
    request: Request
    folders: list[Path]  # destinations that have room for records
    yes: bool
    quiet: bool
    done: int = 0
    reported: int = 0
    step: int = 1
    plan: Plan = msgspec.field(default_factory=lambda: Plan(Window(0, 0, 1), (), Window(0, 0, 1)))
    started: float = 0.0
    bar: Callable[[int], None] | None = None

    def generate(self) -> Outcome:
        """Write the data set."""
        folder = self.folders[0] if self.folders else None
        log = records.log_path("generate", surroundings.now(), self.scenario.logging.file, folder, self.request.part)
        with ExitStack() as stack:

            def planned(generator: Generator, tables: list[Table], plan: Plan) -> None:
                records.ensure_room(tables, self.folders, log, self.request.part)
                mappings.ensure_room(tables, self.folders, self.request)
                self._agree(generator, tables, plan)
                self.plan = plan

            def opened() -> None:
                self._start(log)
                self.bar = stack.enter_context(output.progress(self.plan.rows, "generating", quiet=self.quiet))

            return history.write(
                self.scenario,
                self.request,
                say=records.LOG.info,
                watch=self._watch,
                planned=planned,
                opened=opened,
            )

    def _agree(self, generator: Generator, tables: list[Table], plan: Plan) -> None:
        """Ask before writing a lot; without a terminal to ask on, refuse."""
        if self.yes or plan.rows < WORTH_AN_ESTIMATE:
            return
        cost = estimate.measure(generator, tables, plan, self.request)
        if cost.bytes < LARGE_BYTES:
            return
        text = f"This writes about {output.size(cost.bytes)} ({plan.rows:,} rows, {output.duration(cost.seconds)})."
        if not sys.stdin.isatty():
            msg = f"{text} Say --yes to write that much without being asked."
            raise ScenarioError(msg)
        click.confirm(f"{text} Go on?", abort=True, err=True)

    def _start(self, log: Path | None) -> None:
        # Only now, when the request and its destinations have proven sound, is there a place for a log.
        plan = self.plan
        records.start_log(log, self.scenario.logging.level)
        seed = "untold" if self.request.blind else self.scenario.seed
        records.LOG.info("load config: scenario %s, seed %s", self.scenario.scenario, seed)
        tasks = output.count(len(plan.tasks), "task")
        records.LOG.info("build time axis, assign archetypes: %s rows in %s", plan.rows, tasks)
        self.step = max(1, plan.rows * ENTITIES_PER_REPORT // max(1, plan.entities))
        self.started = surroundings.stopwatch()

    def _watch(self, rows: int) -> None:
        self.done += rows
        if self.bar is not None:
            self.bar(rows)
        if self.done < self.reported + self.step:
            return
        self.reported = self.done
        rate = self.done / max(surroundings.stopwatch() - self.started, 1e-9)
        share = 100 * self.done / max(self.plan.rows, 1)
        records.LOG.info("generate metrics: %.0f %%, %s records so far, %.0f records/s", share, self.done, rate)


def _told(outcome: Outcome, *, verbose: bool) -> Iterator[str]:
    """Say what was made, and where; of many tables group by group."""
    span, tables = outcome.plan.span, outcome.tables
    is_long = verbose or len(tables) <= groups.MOST_NAMED
    columns = ", ".join(f"{len(table.columns)} columns of {table.name}" for table in tables) or "no table"
    if len(tables) > groups.MOST_NAMED:
        columns = f"{len(tables)} tables"
    first, last = manifest.moment(span.since_s), manifest.moment(span.until_s)
    rows = outcome.rows
    yield f"{rows:,} rows, {columns}, {first} to {last}"
    if is_long:
        for name, statistics in outcome.statistics.items():
            yield from _measured(name if len(tables) > 1 else "", statistics)
    notes = history.notes(outcome, [table.name for table in tables])
    for name, note in {name: note for name, note in notes.items() if note is not None}.items():
        yield from groups.paragraph(f"note: {name.replace('_', ' ')}: {note}")
    for url, written in outcome.written.items():
        yield from _written(url, written, tables, is_long=is_long)
    for url, names in outcome.mappings.items():
        yield from groups.paragraph(f"mappings of search indexes: {', '.join(_where(url, name) for name in names)}")
    for url, names in outcome.left_out.items():
        yield from groups.paragraph(output.left_out(url, names))
    if not is_long:
        recorded = [str(path) for path in outcome.manifests.values()][:1]
        yield f"statistics of each column: {' and '.join([*recorded, '--verbose'])}"
    if outcome.kept:
        yield f"{outcome.kept} of {len(outcome.plan.tasks)} parts were kept from an interrupted run"
    rate = rows / max(outcome.seconds, 1e-9)
    yield (
        f"{output.duration(outcome.seconds)}, {output.human(rate)} rows/s, {outcome.workers} "
        f"process{'es' if outcome.workers > 1 else ''}, peak memory {surroundings.peak_memory_mb():.0f} MB"
    )


def _measured(table: str, statistics: Statistics) -> Iterator[str]:
    told = {column: figures for column, figures in statistics.summary().items() if figures["count"]}
    width = max((len(name) for name in (table, *told)), default=0)
    if told:
        yield f"  {table:<{width}}  {'mean':>9} {'sd':>9} {'min':>9} {'max':>9}"
    for column, figures in told.items():
        numbers = " ".join(f"{figures[key]:9.2f}" for key in ("mean", "sd", "min", "max"))
        missing = f"   {figures['missing']:,} missing" if figures["missing"] else ""
        yield f"  {column:<{width}}  {numbers}{missing}"


def _stays(outcome: Outcome) -> Iterator[str]:
    """Lines on what a run did not write, because a store has it as of a later time."""
    for url, found in outcome.stays.items():
        for until_s, tables in sorted(found.items()):
            named = groups.kinds(tables) if groups.is_summed("graph", tables) else ", ".join(one.name for one in tables)
            yield f"note: {url} is ahead of this window: {named} stay as of {manifest.moment(until_s)}"


def _counts(outcome: Outcome, *, verbose: bool) -> Iterator[str]:
    """Statistics of single requests: how often each word stands where words are few, and how times spread."""
    if verbose or len(outcome.tables) <= groups.MOST_NAMED:
        for name, statistics in outcome.statistics.items():
            start = f"{name} " if len(outcome.tables) > 1 else ""
            for column, found in statistics.requests().items():
                if len(found) > 1:
                    yield from groups.paragraph(f"{start}{column}: {_counted(found)}")


def _counted(found: Mapping[str, float]) -> str:
    """Figures of a column of single requests: the commonest texts, or how its times spread."""
    numbers = ", ".join(f"{name} {figure:,}" for name, figure in list(found.items())[:MOST_COUNTED])
    return f"{numbers}, {len(found) - MOST_COUNTED} more" if len(found) > MOST_COUNTED else numbers


def _written(url: str, written: Sequence[Written], tables: Sequence[Table], *, is_long: bool) -> Iterator[str]:
    """Lines on a destination: one for each table, or for all kinds of a graph together."""
    by_table = {one.table: one for one in written}
    for group, found in groups.by_group([table for table in tables if table.name in by_table]):
        mine = [by_table[table.name] for table in found]
        if is_long or not groups.is_summed(group, found):
            yield from (f"  {_where(url, one.name)}: {one.rows:,} rows{_stored(one)}" for one in mine)
        else:
            rows, size = sum(one.rows for one in mine), sum(one.size for one in mine)
            said = _stored(msgspec.structs.replace(mine[0], size=size))
            yield f"  {_where(url, '')}: {groups.kinds(found)}, {rows:,} rows{said}"
    home = home_of(url)
    if home is not None and home.file and any(one.in_store for one in written):
        yield f"  {url} now has {(home.folder / home.file).stat().st_size:,} bytes"


def _stored(one: Written) -> str:
    """Bytes of a file; a store has one size, whatever was written into it."""
    if one.in_store:
        return ""
    return f", {one.size:,} bytes" if one.size else ", no bytes stored"


def _where(url: str, name: str) -> str:
    home = home_of(url)
    if home is not None and not home.file:
        return str(home.folder / name)
    return url if url.endswith(name) else f"{url} {name}"
