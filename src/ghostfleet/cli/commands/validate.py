"""`ghostfleet validate`: checks and a score."""

from __future__ import annotations

import json

import click

from ghostfleet.cli import examine
from ghostfleet.queries import as_markdown, as_text

EPILOG = """
\b
Examples:
  ghostfleet validate out/
  ghostfleet validate out/server_metrics_full.csv.gz --format json
  ghostfleet validate duckdb:out/fleet.duckdb
"""


@click.command(epilog=EPILOG)
@click.argument("url", metavar="PATH")
@examine.scenario_option
@click.option("--format", "form", type=click.Choice(("table", "json", "markdown")), default="table", show_default=True)
@click.option("--quiet", is_flag=True, help="Print nothing; the exit code tells.")
def command(url: str, *, scenario_name: str | None, form: str, quiet: bool) -> int:
    """Run every check on the data at PATH: a folder, a file or duckdb:FILE. Leaves with 1 when one fails."""
    report = examine.judge(url, examine.expected(url, scenario_name, quiet=quiet))
    if not quiet:
        texts = {"table": as_text, "markdown": as_markdown}
        shown = json.dumps(report.as_dict(), indent=1, default=str) if form == "json" else texts[form](report)
        click.echo(shown.rstrip("\n"))
    return report.exit_code
