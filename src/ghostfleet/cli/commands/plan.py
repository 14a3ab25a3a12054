"""`ghostfleet plan`: what a run would write, before anything is written."""

from __future__ import annotations

import json
from typing import Any

import click

from ghostfleet.cli import groups, output, scenario
from ghostfleet.run import estimate, manifest

EPILOG = """
\b
Examples:
  ghostfleet plan capacity
  ghostfleet plan capacity --granularity hourly --format parquet
"""


@click.command(cls=scenario.ScenarioCommand, epilog=EPILOG)
@scenario.scenario_options
@output.output_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--verbose", is_flag=True, help="Tell of every table.")
@click.option("--yes", is_flag=True, hidden=True)
@click.option("--quiet", is_flag=True, hidden=True)
@click.pass_context
def command(ctx: click.Context, /, *, as_json: bool, verbose: bool, **arguments: Any) -> None:  # noqa: ANN401  as typed
    """Print rows, bytes and seconds of what generate would write with the same options; write nothing."""
    loaded = scenario.load(ctx, arguments)
    request = output.request(loaded.scenario, arguments)
    plan, tables, cost = estimate.estimate(loaded.scenario, request)
    window = plan.span
    figures = {
        "tables": [table.name for table in tables],
        "rows": cost.rows,
        "tasks": cost.tasks,
        "bytes": cost.bytes,
        "seconds_on_one_core": round(cost.seconds, 1),
        "from": manifest.moment(window.since_s),
        "until": manifest.moment(window.until_s),
        "to": list(request.urls),
        "left_out": cost.left_out,
    }
    if as_json:
        click.echo(json.dumps(figures, indent=1))
        return
    span = f"{figures['from']} to {figures['until']}"
    if len(tables) > groups.MOST_NAMED or verbose:
        counts = {table.name: sum(task.rows for task in plan.tasks if task.table == table.name) for table in tables}
        click.echo(f"{cost.rows:,} rows, {output.count(len(tables), 'table')}, {span}")
        click.echo("\n".join(groups.lines(tables, counts, verbose=verbose)))
    else:
        click.echo(f"{', '.join(table.name for table in tables)}: {cost.rows:,} rows, {span}")
    click.echo(f"about {output.size(cost.bytes)} to {', '.join(request.urls)}")
    output.tell_of_the_span(loaded.scenario, request)
    for url, left in cost.left_out.items():
        click.echo(output.left_out(url, left))
    click.echo(f"about {output.duration(cost.seconds)} on one core, in {output.count(cost.tasks, 'task')}")
