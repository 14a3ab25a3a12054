"""`ghostfleet truth`: what went wrong, and what that did."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ghostfleet.cli import output, scenario
from ghostfleet.core.errors import GhostfleetError, ScenarioError
from ghostfleet.generate import Generator
from ghostfleet.run import beside, history
from ghostfleet.run.manifest import Determinants
from ghostfleet.sinks.sink import Clears, Outdated

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table
    from ghostfleet.core.window import Window
    from ghostfleet.run.history import Request
    from ghostfleet.sinks import Sink, Written
    from ghostfleet.state.estate import Estates

FOLDER = "truth"  # below where generate writes, and never beside what it writes
NOT_ASKED = {"every": None, "workers": None, "part": None, "parts": None, "blind": False}

EPILOG = """
\b
Examples:
  ghostfleet truth mine.yaml --last 7d
  ghostfleet truth mine.yaml --from 2025-03-05 --until 2025-03-06 --to truth/
  ghostfleet truth mine.yaml --incidents added.jsonl --only impact --to - | head
"""


@click.command(cls=scenario.ScenarioCommand, epilog=EPILOG)
@scenario.scenario_options
@output.some("to", "since", "until", "last", "only", "format_", "codec")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.pass_context
def command(ctx: click.Context, /, *, quiet: bool, **arguments: Any) -> None:  # noqa: ANN401  as typed
    """Write the incidents that start in a window, and what each did: the state with it minus the state without it."""
    loaded = scenario.load(ctx, arguments)
    known = loaded.scenario
    if known.estate is None:
        msg = f"the scenario {known.scenario} has no estate, and so no incidents"
        raise ScenarioError(msg)
    history_s = known.timeline.history_s  # None for a story, all of which is its history
    if history_s is not None and all(arguments[name] is None for name in ("since", "until", "last")):
        arguments["last"] = history_s
    request = output.request(known, {**NOT_ASKED, **arguments})
    # What a scenario writes its requests in need not suit tables of truth, such as the bulk form of a search index.
    request = msgspec.structs.replace(request, format=arguments["format_"])
    if not arguments["to"]:
        request = msgspec.structs.replace(request, urls=(f"{known.destination}/{FOLDER}",))
    generator = Generator(known)
    window = generator.window(request.since_s, request.until_s, known.timeline.tick_s)  # truth has no rows to be cut by
    tables = _tables(request)
    sinks = history.destinations(request)
    plan = Determinants.of(msgspec.to_builtins(known), window, tuple(table.name for table in tables), (1, 1))
    for sink in sinks:
        if sink.home is not None:
            beside.ensure_truth_of(sink.home, known.scenario, plan)
    written = _write(generator.estates, window, tables, sinks, f"truth-{plan.hash[:16]}", quiet=quiet)
    if not quiet:
        from ghostfleet.truth import under_way

        to_errors = any(sink.scheme == "stdout" for sink in sinks)
        for url, several in zip(request.urls, written, strict=True):
            for one in several:
                click.echo(f"  {url} {one.name}: {one.rows:,} rows", err=to_errors)
        output.tell_of_incidents(under_way.told(generator.estates, window))


def _tables(request: Request) -> list[Table]:
    from ghostfleet import truth

    known = {table.name: table for table in truth.TABLES}
    wanted = list(known) if request.only in {(), ("all",)} else list(dict.fromkeys(request.only))
    for name in wanted:
        if name not in known:
            msg = f"--only {name}: truth has no such table; valid are {', '.join(known)}"
            raise ScenarioError(msg)
    return [known[name] for name in wanted]


def _write(
    estates: Estates, window: Window, tables: list[Table], sinks: list[Sink], plan_id: str, *, quiet: bool
) -> list[list[Written]]:
    """Open every destination before anything is solved, and leave none half-written."""
    names = [table.name for table in tables]
    started: list[Sink] = []
    written = []
    try:
        for sink in sinks:
            sink.open(tables, plan_id=plan_id, tasks={name: [place] for place, name in enumerate(names)})
            started.append(sink)
            if isinstance(sink, Clears):
                sink.clear(_outdated(estates, window, tables))
        batches = _batches(estates, window, tables, quiet=quiet)
        for sink in sinks:
            receipts = []
            for place, batch in enumerate(batches):
                part = sink.part(batch.table, place)
                part.write(batch)
                receipts.append(part.close())
            written.append(sink.finish(receipts))
            started.remove(sink)
    finally:
        for sink in started:
            with suppress(GhostfleetError):  # the error that brought us here matters more
                sink.abort()
    return written


def _outdated(estates: Estates, window: Window, tables: list[Table]) -> list[Outdated]:
    """Truth of a window that an earlier one left in a store: of its incidents, and of those that are none any more.

    What an incident did goes with it, whichever table is written; incidents that start in other windows stay.
    """
    from ghostfleet import truth

    incidents, impact = (table.name for table in truth.TABLES)
    span = {"since_s": window.since_s, "until_s": window.until_s}
    starts = '"start" >= to_timestamp($since_s) AND "start" < to_timestamp($until_s)'
    known = {"known": [one.id for one in truth.starting(estates, window)]}
    stood = f"incident_id IN (SELECT incident_id FROM {incidents} WHERE {starts})"  # noqa: S608  a name of a table
    stands = "list_contains(CAST($known AS VARCHAR[]), incident_id)"
    found = [Outdated(impact, f"{stood} AND NOT {stands}", {**span, **known}, (incidents,))]
    found += [Outdated(impact, stands, known)] if truth.IMPACT in tables else []
    return found + ([Outdated(incidents, starts, span)] if truth.INCIDENTS in tables else [])


def _batches(estates: Estates, window: Window, tables: list[Table], *, quiet: bool) -> list[Batch]:
    from ghostfleet import truth

    occasions = truth.starting(estates, window)
    found: list[truth.Impact] = []
    if truth.IMPACT in tables:
        with output.progress(len(occasions), "comparing", quiet=quiet) as advance:
            for occasion in occasions:
                found += truth.impacts(estates, occasion)
                advance(1)
    make: dict[str, Callable[[], Batch]] = {
        truth.INCIDENTS.name: lambda: truth.incidents_batch(occasions),
        truth.IMPACT.name: lambda: truth.impact_batch(found),
    }
    return [make[table.name]() for table in tables]
