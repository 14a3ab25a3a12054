"""`ghostfleet report`: pictures and statistics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostfleet.cli import examine
from ghostfleet.core.errors import DataError
from ghostfleet.dashboards import names, report
from ghostfleet.queries.sources import GRAPH
from ghostfleet.sinks import home_of

if TYPE_CHECKING:
    from collections.abc import Mapping

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
@click.option("--dashboard", type=click.Choice(names()), help="Which panels  [default: those that the data fills best]")
@click.option("--panels", is_flag=True, help="Draw each panel as a picture of its own as well.")
@examine.scenario_option
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(url: str | None, *, given: str | None, quiet: bool, **look: Any) -> None:  # noqa: ANN401  as typed
    """Draw the data at PATH: a picture, a page, and statistics. PATH is a folder, a file or duckdb:FILE."""
    where = url or given or examine.fallback(None, look["scenario_name"]).destination
    for path in _report(where, examine.expected(where, look["scenario_name"], quiet=quiet), look):
        if not quiet:
            click.echo(path)


def _report(where: str, wanted: Expectations, look: Mapping[str, Any]) -> list[Path]:
    if where.startswith(GRAPH):
        msg = f"{where} is a graph, and reports are drawn from tables; valid is a folder, a file or duckdb:FILE"
        raise DataError(msg)
    usual = wanted.scenario.visualization
    folder = Path(look["to"]) if look["to"] else _beside(where)
    size = (usual.width_inches, usual.height_inches) if look["panels"] else None
    forms = (*(look["forms"] or usual.formats), *STATISTICS)
    from ghostfleet import truth

    with examine.opened(where, wanted, truth.TABLES) as data:
        if data.is_empty:
            msg = f"{where} holds no rows to report on"
            raise DataError(msg)
        theme = look["theme"] or usual.theme
        return report(data, examine.judged(data), folder, theme, forms, look["dashboard"], panel_inches=size)


def _beside(where: str) -> Path:
    home = home_of(where)
    return (Path() if home is None else home.folder) / "report"
