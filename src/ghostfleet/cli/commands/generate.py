"""`ghostfleet generate`: write a data set."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ghostfleet.cli import output, scenario
from ghostfleet.core.errors import ScenarioError
from ghostfleet.generate import Generator
from ghostfleet.run import estimate, history, records, surroundings

if TYPE_CHECKING:
    from ghostfleet.generate import Plan
    from ghostfleet.run.history import Outcome, Request
    from ghostfleet.spec.scenario import Scenario

LARGE_BYTES = 2_000_000_000
WORTH_AN_ESTIMATE = 2_000_000  # rows; below, any output is small
SERVERS_PER_REPORT = 20  # of the log's progress lines (CAP-18)

EPILOG = """
\b
Examples:
  ghostfleet generate capacity --to out/
  ghostfleet generate capacity --servers 50 --years 2 --to out/ --to duckdb:out/fleet.duckdb
  ghostfleet generate capacity --granularity hourly --format parquet --to out/
  ghostfleet generate capacity --from 2025-01-01 --until 2025-02-01 --to - | head
  ghostfleet generate capacity --help     shows the scenario's own flags
"""


@click.command(cls=scenario.ScenarioCommand, epilog=EPILOG)
@scenario.scenario_options
@output.output_options
@click.option("--yes", is_flag=True, help="Write large outputs without asking.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.pass_context
def command(ctx: click.Context, **arguments: Any) -> None:  # noqa: ANN401  click hands over what was typed
    """Write the data set that SCENARIO describes: a shipped name or a YAML file."""
    loaded = scenario.load(ctx, arguments)
    request = output.request(loaded.scenario, arguments)
    folders = [folder for url in request.urls if (folder := records.folder_of(url)) is not None]
    settings = loaded.scenario.logging
    if not arguments["yes"]:
        _confirm(loaded.scenario, request)
    outcome = _generate(loaded.scenario, request, quiet=arguments["quiet"], log_folder=folders[0] if folders else None)
    generator = Generator(loaded.scenario)
    for folder in folders:
        records.write_sample(generator, outcome, folder)
        records.write_summary(outcome, folder)
    records.LOG.info("complete: %s", records.summary(outcome))
    if not arguments["quiet"]:
        _tell(outcome, to_errors="-" in request.urls)
    del settings


def _generate(what: Scenario, request: Request, *, quiet: bool, log_folder: Any) -> Outcome:  # noqa: ANN401  a path or none
    started = surroundings.now()
    log = records.LOG

    def planned(plan: Plan) -> None:
        # The folder exists only from here on, when the request has proven sound.
        records.start_log("generate", started, what.logging.file, what.logging.level, log_folder)
        log.info("load config: scenario %s, seed %s", what.scenario, what.seed)
        log.info("build time axis: %s rows in %s tasks", plan.rows, len(plan.tasks))
        state.update(bar=stack.enter_context(output.progress(plan.rows, "generating", quiet=quiet)), rows=plan.rows)

    from contextlib import ExitStack

    state: dict[str, Any] = {"done": 0, "next": 0, "started": surroundings.stopwatch()}
    with ExitStack() as stack:

        def watch(rows: int) -> None:
            state["done"] += rows
            state["bar"](rows)
            _log_progress(state, what)

        return history.write(what, request, say=lambda text: log.info("%s", text), watch=watch, planned=planned)


def _log_progress(state: dict[str, Any], what: Scenario) -> None:
    step = max(1, state["rows"] * SERVERS_PER_REPORT // what.servers.num_servers)
    if state["done"] < state["next"] + step:
        return
    state["next"] += step
    rate = state["done"] / max(surroundings.stopwatch() - state["started"], 1e-9)
    records.LOG.info(
        "generate metrics: %.0f %%, %s records so far, %.0f records/s", 100 * state["done"] / state["rows"], state["done"], rate
    )


def _confirm(what: Scenario, request: Request) -> None:
    """Ask before writing a lot; without a terminal to ask on, refuse."""
    generator, tables, plan = history.prepare(what, request)
    if plan.rows < WORTH_AN_ESTIMATE:
        return
    cost = estimate.measure(generator, tables, plan, request)
    if cost.bytes < LARGE_BYTES:
        return
    text = f"This writes about {output.size(cost.bytes)} ({plan.rows:,} rows, {output.duration(cost.seconds)})."
    if not sys.stdin.isatty():
        msg = f"{text} Say --yes to write that much without being asked."
        raise ScenarioError(msg)
    click.confirm(f"{text} Go on?", abort=True, err=True)


def _tell(outcome: Outcome, *, to_errors: bool) -> None:
    """Say what was made, and where."""
    window = outcome.plan.window
    columns = ", ".join(f"{len(table.columns)} columns of {table.name}" for table in outcome.tables)
    first, last = history.manifest.moment(window.since_s), history.manifest.moment(window.until_s)
    lines = [f"{outcome.plan.rows:,} rows, {columns}, {first} to {last}"]
    for name, statistics in outcome.statistics.items():
        lines.append(f"{'':>{len(name)}}    {'mean':>9} {'sd':>9} {'min':>9} {'max':>9}")
        for column, figures in statistics.summary().items():
            if figures["count"]:
                numbers = " ".join(f"{figures[key]:9.2f}" for key in ("mean", "sd", "min", "max"))
                lines.append(f"  {column:<{len(name)}}  {numbers}" + (f"   {figures['missing']:,} missing" if figures["missing"] else ""))
    for url, written in outcome.written.items():
        for one in written:
            stored = f"{one.size:,} bytes" if one.size else "no bytes stored"
            lines.append(f"  {_where(url, one.name)}: {one.rows:,} rows, {stored}")
    if outcome.kept:
        lines.append(f"{outcome.kept} of {len(outcome.plan.tasks)} parts were kept from an interrupted run")
    rate = outcome.plan.rows / max(outcome.seconds, 1e-9)
    lines.append(
        f"{output.duration(outcome.seconds)}, {output.human(rate)} rows/s, {outcome.workers} "
        f"process{'es' if outcome.workers > 1 else ''}, peak memory {surroundings.peak_memory_mb():.0f} MB"
    )
    click.echo("\n".join(lines), err=to_errors)


def _where(url: str, name: str) -> str:
    folder = records.folder_of(url)
    return str(folder / name) if folder is not None else (url if url.endswith(name) else f"{url} {name}")
