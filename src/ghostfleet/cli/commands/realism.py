"""`ghostfleet realism`: how hard data is to tell from real telemetry."""

from __future__ import annotations

import json
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostfleet import records
from ghostfleet.analysis.realism import Columns, Measured, Settings, as_text, ensure_installed, measure, read, saying
from ghostfleet.cli.times import Duration
from ghostfleet.core.errors import ScenarioError
from ghostfleet.dashboards.report import write_files
from ghostfleet.dashboards.side_by_side import Pair, side_by_side
from ghostfleet.dashboards.themes import theme as theme_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ghostfleet.analysis.realism.report import Metric

EPILOG = """
\b
Examples:
  ghostfleet realism out/ --like telemetry/
  ghostfleet realism out/ --like ours.csv.gz --real-entity host --real-metrics cpu_pct,mem_pct --to compared/
  ghostfleet realism duckdb:out/fleet.duckdb --like ours.parquet --map cpu_p95=load --fail-above 0.72

\b
AUC 0.5 means that a classifier cannot tell, 1 that it always can.
Either side may be what generate writes, a table with an entity, a time and
metric columns, or long form: series_id, metric, timestamp, value.
"""


@click.command(epilog=EPILOG)
@click.argument("url", metavar="DATA")
@click.option(
    "--like", metavar="REAL", required=True, help="What DATA should look like: a folder, a file or duckdb:FILE."
)
@click.option(
    "--step", type=Duration(), default="5m", show_default=True, help="Grid that both sides are averaged onto."
)
@click.option("--length", type=Duration(), default="1d", show_default=True, help="Length of the windows compared.")
@click.option(
    "--windows", type=click.IntRange(20), default=600, show_default=True, help="At most, of each metric and side."
)
@click.option("--repeats", type=click.IntRange(1), default=3, show_default=True, help="How often folds are drawn anew.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of choices left to chance.")
@click.option("--map", "mapped", metavar="A=B", multiple=True, help="Metric A of DATA is metric B of REAL; repeatable.")
@click.option("--entity", default="", metavar="COLUMN", help="Entity column of DATA  [default: the first text]")
@click.option("--time", default="", metavar="COLUMN", help="Time column of DATA  [default: the first time]")
@click.option("--metrics", default="", metavar="COLUMNS", help="Metrics of DATA, by commas  [default: all numbers]")
@click.option("--real-entity", default="", metavar="COLUMN", help="Entity column of REAL  [default: the same]")
@click.option("--real-time", default="", metavar="COLUMN", help="Time column of REAL  [default: the same]")
@click.option("--real-metrics", default="", metavar="COLUMNS", help="Metrics of REAL, by commas  [default: the same]")
@click.option("--to", metavar="DIR", help="Write realism.json, realism.txt and realism.png there.")
@click.option(
    "--theme", type=click.Choice(("dark", "light")), default="dark", show_default=True, help="Of the picture."
)
@click.option("--fail-above", type=click.FloatRange(0, 1), metavar="AUC", help="Leave with 1 when the mean is above.")
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", show_default=True)
@click.option("--quiet", is_flag=True, help="Print nothing; the exit code tells.")
def command(url: str, *, like: str, form: str, quiet: bool, **options: Any) -> int:  # noqa: ANN401  as typed
    """Tell how hard DATA is to tell from REAL: per metric, across metrics, and by what it differs most."""
    ensure_installed(with_picture=bool(options["to"]))
    if options["to"]:
        write_files(Path(options["to"]), {})  # before the work: a folder that cannot be made is said at once
    measured = _measured(url, like, options, quiet=quiet)
    text, facts = as_text(measured), json.dumps(measured.as_dict(), indent=1, ensure_ascii=False) + "\n"
    if options["to"]:
        picture = _picture(measured, options["theme"])
        files = {"realism.json": facts.encode(), "realism.txt": text.encode(), "realism.png": picture}
        written = write_files(Path(options["to"]), files)
    if not quiet:
        click.echo(facts if form == "json" else text, nl=False)
        if options["to"] and form != "json":
            click.echo("\n" + "\n".join(str(path) for path in written))
    limit = options["fail_above"]
    return 1 if limit is not None and measured.mean_auc > limit else 0


def _measured(url: str, like: str, options: Mapping[str, Any], *, quiet: bool) -> Measured:
    how = Settings(options["step"], options["length"], options["windows"], options["seed"], options["repeats"])
    tables = [signal.TABLE for signal in records.found().values()]
    with (
        closing(read(url, how.step_s, tables, _columns(options, ""))) as data,
        closing(read(like, how.step_s, tables, _columns(options, "real_"))) as real,
        _progress(quiet=quiet) as tell,
    ):
        return measure(data, real, how, _pairs(options["mapped"]), tell)


def _columns(options: Mapping[str, Any], side: str) -> Columns:
    metrics = tuple(name.strip() for name in options[f"{side}metrics"].split(",") if name.strip())
    return Columns(options[f"{side}entity"], options[f"{side}time"], metrics, f"--{side.replace('_', '-')}")


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in given:
        one, sign, other = text.partition("=")
        if not (one and sign and other):
            msg = f"--map {text} does not say which metric is which; write A=B, such as --map cpu_p95=load"
            raise ScenarioError(msg)
        pairs[one] = other
    return pairs


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Say on standard error what is going on, in one line, when that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda _stage: None
        return
    yield lambda stage: click.echo(f"\r\033[K{stage} …", err=True, nl=False)
    click.echo("\r\033[K", err=True, nl=False)


def _note(one: Metric) -> str:
    alone = f"  ·  real alone {one.real_alone.auc:.2f}" if one.real_alone else ""
    return f"AUC {one.test.auc:.2f}{alone}"


def _picture(measured: Measured, theme: str) -> bytes:
    pairs = [Pair(one.metric, _note(one), one.examples[1], one.examples[0]) for one in measured.metrics]
    subtitle = f"mean AUC {measured.mean_auc:.2f}: {saying(measured.mean_auc)}  ·  every window on its own scale"
    return side_by_side("Real and synthetic, side by side", subtitle, pairs, theme_of(theme))
