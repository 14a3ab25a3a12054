"""`ghostfleet ask`: an answer from data that lies there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ghostfleet.core.errors import DataError
from ghostfleet.queries import QuestionError, ask, question, questions, telling

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ghostfleet.core.table import Table
    from ghostfleet.queries import Parameter

EPILOG = """
\b
Examples:
  ghostfleet ask --list
  ghostfleet ask system_metrics_summary --in out/
  ghostfleet ask service_performance_trend --in duckdb:out/estate.duckdb --param service=trading-api
  ghostfleet ask network_latency_heatmap --in ladybug:out/estate.graph --in duckdb:out/estate.duckdb --format json
  ghostfleet ask cost_analysis --in out/ --param start=2025-03-01 --param end=2025-03-08 --format csv --table by_type
"""
FORMATS = ("table", "json", "csv")
STORES = {
    "cypher": "a graph (ladybug:FILE, or a folder or duckdb:FILE with tables of nodes and links)",
    "sql": "tables (a folder or duckdb:FILE)",
}


@click.command(epilog=EPILOG)
@click.argument("name", metavar="QUERY", required=False)
@click.option(
    "--in", "urls", metavar="URL", multiple=True, help="Folder, file, duckdb:FILE or ladybug:FILE; repeatable."
)
@click.option("--param", "given", metavar="NAME=VALUE", multiple=True, help="A parameter of the query; repeatable.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--table", metavar="NAME", help="Only this table of the answer  [default for csv: the first]")
@click.option("--list", "listed", is_flag=True, help="List the queries with their parameters; of QUERY, in detail.")
def command(
    name: str | None, *, urls: Sequence[str], given: Sequence[str], form: str, table: str | None, listed: bool
) -> None:
    """Answer QUERY from the data at one or more URLs; without data, say so and why. Times are UTC."""
    if listed:
        click.echo(_detail(name) if name else _list(), nl=False)
        return
    if name is None:
        msg = f"name a query; known are {', '.join(questions())}"
        raise click.UsageError(msg)
    asked = question(name)
    parameters = dict(_pair(one) for one in given)
    asked.bound(parameters)
    if not urls:
        msg = f"--in: say where the data lies; {name} asks {_stores(asked.languages)}"
        raise click.UsageError(msg)
    answer = ask(name, urls, tables=_tables(), **parameters)
    if form == "json":
        click.echo(telling.as_json(answer), nl=False)
    if answer.error is not None:
        raise DataError(answer.error.message)
    if form == "csv":
        click.echo(telling.as_csv(answer, table), nl=False)
        if answer.no_data:
            click.echo(f"no data: {answer.no_data}", err=True)
    elif form == "table":
        click.echo(telling.as_table(answer, table), nl=False)


def _pair(said: str) -> tuple[str, str]:
    name, sign, value = said.partition("=")
    if not sign:
        msg = f"--param {said}: write NAME=VALUE"
        raise QuestionError(msg)
    return name, value


def _list() -> str:
    width = max(map(len, questions()))
    return "".join(
        f"{name:{width}}  {one.title}{_parameters(one.parameters.values())}\n" for name, one in questions().items()
    )


def _parameters(known: Iterable[Parameter]) -> str:
    said = ", ".join(map(str, known))
    return f" ({said})" if said else ""


def _detail(name: str) -> str:
    one = question(name)
    lines = [one.title, f"asks {_stores(one.languages)}"]
    if one.window[1]:
        lines.append(f"window: the last {one.window[0]} of {one.window[1]}, unless start or end say otherwise")
    lines += [f"--param {parameter}" for parameter in one.parameters.values()]
    return "\n".join(lines) + "\n"


def _stores(languages: Sequence[str]) -> str:
    return " and ".join(STORES[one] for one in languages)


def _tables() -> list[Table]:
    from ghostfleet import records

    return [signal.TABLE for signal in records.found().values()]
