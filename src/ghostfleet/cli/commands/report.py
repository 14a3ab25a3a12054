"""`ghostfleet report`: pictures and statistics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ghostfleet.cli import examine, scenario
from ghostfleet.core.errors import GhostfleetError
from ghostfleet.run import records
from ghostfleet.spec import loading

if TYPE_CHECKING:
    from ghostfleet.run.expectations import Expectations

EPILOG = """
\b
Examples:
  ghostfleet report out/
  ghostfleet report out/ --theme light --to print/
  ghostfleet report -i duckdb:out/fleet.duckdb --to out/report/
"""

STATISTICS = ("json", "txt")
FORMATS = ("png", "pdf", "html")


@click.command(epilog=EPILOG)
@click.argument("url", metavar="PATH", required=False)
@click.option("-i", "--input", "given", metavar="PATH", help="The same as PATH  [default: where generate writes]")
@click.option("--to", metavar="DIR", help="Folder of the report  [default: report/ beside the data]")
@click.option("--theme", type=click.Choice(("dark", "light")), help="dark for screens, light for print.")
@click.option("--format", "forms", type=click.Choice(FORMATS), multiple=True, help="Repeatable  [default: png, html]")
@examine.scenario_option
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    url: str | None,
    *,
    given: str | None,
    to: str | None,
    theme: str | None,
    forms: tuple[str, ...],
    scenario_name: str,
    quiet: bool,
) -> None:
    """Draw the data at PATH: a picture, a page, and statistics. PATH is a folder, a file or duckdb:FILE."""
    fallback = loading.load(scenario.find(scenario_name)).scenario
    where = url or given or fallback.destination
    wanted = examine.expected(where, scenario_name)
    look = wanted.scenario.visualization
    for path in _report(where, wanted, to, theme or look.theme, (*(forms or look.formats), *STATISTICS)):
        if not quiet:
            click.echo(path)


def _report(where: str, wanted: Expectations, to: str | None, theme: str, forms: tuple[str, ...]) -> list[Path]:
    try:
        from ghostfleet.dashboards import report
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        msg = "reports are drawn with matplotlib, which is not installed; install ghostfleet[report]"
        raise GhostfleetError(msg) from error
    folder = Path(to) if to else _beside(where)
    with examine.opened(where, wanted) as data:
        return report(data, examine.judged(data), folder, theme, forms)


def _beside(where: str) -> Path:
    folder = records.folder_of(where)
    return (folder if folder is not None else Path(where.rpartition(":")[2]).parent) / "report"
