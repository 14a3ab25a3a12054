"""`ghostfleet load`: bring the rows of a file to destinations."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ghostfleet.cli import INTERRUPTED, output
from ghostfleet.core.errors import SinkError
from ghostfleet.run import history, surroundings
from ghostfleet.run.loader import loading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ghostfleet.run.loader.loading import Outcome, Request

FATES = ("inserted", "updated", "unchanged", "duplicates")

EPILOG = """
\b
A DuckDB file holds each key of a table once: rows replace those of the same keys, so that to load
a file again changes nothing; of several lines with one key the last one counts. Other destinations
get every line.

\b
A load that is interrupted, or whose file cannot be read to its end, changes no destination. Lines
that are no rows of the table are reported, the others are loaded, and the exit code is 1.

\b
Examples:
  ghostfleet load out/security_events.jsonl --to duckdb:estate.duckdb
  ghostfleet load events.json.gz --table security_events --to out/ --format parquet
  ghostfleet load events.jsonl --to duckdb:events.duckdb --limit 1000
  ghostfleet load changes.ndjson --to blackhole:     only checks the file
"""


@click.command(epilog=EPILOG)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--table", metavar="NAME", help="Table whose rows FILE holds  [default: the one with its columns]")
@output.some("to", "format_", "codec")
@click.option("--limit", type=click.IntRange(1), help="Load only so many lines, the first ones.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--yes", is_flag=True, help="Replace files without asking.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(path: Path, *, yes: bool, quiet: bool, as_json: bool, **arguments: Any) -> int:  # noqa: ANN401  as typed
    """Load the rows of FILE, a JSON array, JSON lines or a bulk file, also packed by gzip."""
    request = _request(path, arguments)
    with ExitStack() as stack:
        bar: Callable[[int], None] | None = None
        shown = 0

        def begin(size: int) -> None:
            nonlocal bar
            bar = stack.enter_context(output.progress(size, f"loading {path.name}", quiet=quiet, unit="B"))

        def advance(position: int, _total: int) -> None:
            nonlocal shown
            if bar is not None:
                bar(position - shown)
            shown = position

        watcher = loading.Watcher(lambda paths: _agree(paths, yes=yes), begin, advance)
        try:
            outcome = loading.load(request, watcher)
        except KeyboardInterrupt:
            click.echo("Interrupted; no destination holds a part of the file. The same command loads it.", err=True)
            return INTERRUPTED
    for line in outcome.problems.told():
        click.echo(line, err=True)
    if not quiet:
        is_streamed = any(sink.scheme == "stdout" for sink in history.destinations(history.Request(request.urls)))
        click.echo(_as_json(request, outcome) if as_json else _as_text(request, outcome), err=is_streamed)
    return 1 if outcome.problems.count else 0


def _request(path: Path, arguments: Mapping[str, Any]) -> Request:
    if not arguments["to"]:
        msg = "say where the rows shall go: --to duckdb:FILE, a folder, or what `ghostfleet list sinks` lists"
        raise click.UsageError(msg)
    return loading.Request(
        path,
        arguments["to"],
        arguments["table"],
        arguments["format_"],
        arguments["codec"] or output.USUAL_CODEC,
        arguments["limit"],
    )


def _agree(paths: list[Path], *, yes: bool) -> None:
    """Ask before files are replaced; without a terminal to ask on, refuse."""
    if yes or not paths:
        return
    text = f"Already there: {', '.join(map(str, paths))}."
    if not sys.stdin.isatty():
        msg = f"{text} Say --yes to replace what is there, or name another destination."
        raise SinkError(msg)
    click.confirm(f"{text} Replace?", abort=True, err=True)


def _as_text(request: Request, outcome: Outcome) -> str:
    failed = f", {outcome.problems.count:,} of them not loaded" if outcome.problems.count else ""
    lines = [f"{request.path}: {output.count(outcome.total, 'line')} of {outcome.table.name}{failed}"]
    width = max(map(len, outcome.tallies))
    lines.append(f"  {'':<{width}} {' '.join(f'{fate:>12}' for fate in FATES)}")
    for url, tally in outcome.tallies.items():
        lines.append(f"  {url:<{width}} {' '.join(f'{getattr(tally, fate):>12,}' for fate in FATES)}")
    lines.append(
        f"{output.duration(outcome.seconds)}, {output.human(_rate(outcome))} lines/s, "
        f"peak memory {surroundings.peak_memory_mb():.0f} MB"
    )
    return "\n".join(lines)


def _as_json(request: Request, outcome: Outcome) -> str:
    figures = {
        "file": str(request.path),
        "table": outcome.table.name,
        "total": outcome.total,
        "failed": outcome.problems.count,
        "destinations": {url: msgspec.to_builtins(tally) for url, tally in outcome.tallies.items()},
        "seconds": round(outcome.seconds, 3),
        "lines_per_s": round(_rate(outcome), 1),
    }
    return json.dumps(figures, indent=1, ensure_ascii=False)


def _rate(outcome: Outcome) -> float:
    return outcome.total / max(outcome.seconds, 1e-9)
