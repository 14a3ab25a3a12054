"""Options that say what to write and where, and how a run tells of its progress."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ghostfleet.cli.times import Duration, Moment, Size
from ghostfleet.core.errors import ScenarioError
from ghostfleet.run import history, surroundings
from ghostfleet.run.history import Request
from ghostfleet.run.manifest import moment
from ghostfleet.sinks.formats import suffix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ghostfleet.spec.scenario import Scenario

FORMATS = ("csv", "csv.gz", "jsonl", "jsonl.gz", "json", "json.gz", "bulk", "bulk.gz", "parquet")
BYTES_PER_UNIT = 1000
USUAL_CODEC = "fast"


OPTIONS = {
    "to": click.option(
        "--to",
        metavar="URL",
        multiple=True,
        help="Folder, file, .duckdb file, ladybug:FILE (a graph), blackhole: or - (standard output); repeatable.",
    ),
    "since": click.option("--from", "since", type=Moment(), help="First row that starts at or after this time."),
    "until": click.option("--until", type=Moment(), help="No row that starts at or after this time."),
    "last": click.option(
        "--last", type=Duration(), help="The last stretch before now (or the scenario's own), such as 90d."
    ),
    "every": click.option("--every", type=Duration(), help="Length of a row; a multiple of the scenario's tick."),
    "only": click.option(
        "--only", metavar="TABLES", help="Tables or groups (graph) to write, separated by commas, or all."
    ),
    "format_": click.option(
        "--format", "format_", type=click.Choice(FORMATS), help="File format  [default: the scenario's, else csv]"
    ),
    "codec": click.option(
        "--codec",
        type=click.Choice(("fast", "small", "none")),
        show_default=USUAL_CODEC,
        help="How hard to compress.",
    ),
    "split_size": click.option(
        "--split-size",
        type=Size(),
        help="Size, such as 1GiB, from which on a table has several files in a directory.",
    ),
    "workers": click.option("--workers", type=click.IntRange(1), help="Worker processes; changes no byte."),
    "part": click.option("--part", type=click.IntRange(1), help="Make only this part of --of parts."),
    "parts": click.option("--of", "parts", type=click.IntRange(1), help="Number of parts, for several machines."),
    "blind": click.option(
        "--blind",
        is_flag=True,
        help="No records of what people noticed, and only the hash of the scenario in the manifest.",
    ),
}


def output_options(command: Any) -> Any:  # noqa: ANN401  a decorator, as click's own are
    """Add window, format and destination options."""
    return some(*OPTIONS)(command)


def some(*names: str) -> Callable[[Any], Any]:
    """Add some of these options, by their arguments' names."""

    def add(command: Any) -> Any:  # noqa: ANN401  see output_options
        for name in reversed(names):
            command = OPTIONS[name](command)
        return command

    return add


def request(scenario: Scenario, arguments: Mapping[str, Any]) -> Request:
    """Turn options into a request, with everything relative to now made absolute."""
    since, until, last = arguments["since"], arguments["until"], arguments["last"]
    only = tuple(name.strip() for name in (arguments["only"] or "").split(",") if name.strip())
    if since is None and until is None and last is None:
        last = scenario.timeline.history_s
    if last is not None:
        if since is not None or until is not None:
            msg = "--last says where the window begins and ends; leave out --from and --until"
            raise ScenarioError(msg)
        row_s = history.ending_s(scenario, only, arguments["every"])
        now_s = scenario.now_s or int(surroundings.now().timestamp())
        until = now_s // row_s * row_s
        since = until - last
    if since is not None and until is not None and until <= since:
        msg = "--until must be after --from"
        raise ScenarioError(msg)
    if (arguments["part"] is None) != (arguments["parts"] is None):
        said, missing = ("--part", "--of") if arguments["parts"] is None else ("--of", "--part")
        msg = f"{said} needs {missing}: write --part 1 --of 4 to make the first of four parts"
        raise ScenarioError(msg)
    return Request(
        urls=tuple(arguments["to"]) or (scenario.destination,),
        since_s=since,
        until_s=until,
        every_s=arguments["every"],
        only=only,
        format=arguments["format_"] or (None if _named_formats(arguments["to"]) else scenario.file_format),
        codec=arguments["codec"] or USUAL_CODEC,
        compressed=_compressed(scenario, arguments),
        part=(arguments["part"] or 1, arguments["parts"] or 1),
        workers=arguments["workers"],
        blind=arguments["blind"],
        split_bytes=arguments.get("split_size"),
    )


def _compressed(scenario: Scenario, arguments: Mapping[str, Any]) -> bool:
    """Whether files are compressed; an estate's are where a format, a name or a codec says so, if not by themselves."""
    codec = arguments["codec"]
    if codec == "none":
        return False
    if scenario.compressed or scenario.estate is None:
        return scenario.compressed
    names = (arguments["format_"] or "", *map(suffix_of, arguments["to"]))
    return codec is not None or any(name.endswith(".gz") for name in names)


def _named_formats(urls: Sequence[str]) -> bool:
    """Whether the name of some destination says a format."""
    return any(suffix_of(url) for url in urls)


def tell_of_the_span(scenario: Scenario, request: Request) -> None:
    """Say that a window is shorter than was asked for, because the scenario begins later or ends earlier."""
    time = scenario.timeline
    for asked_s, end_s, is_cut, verb in (
        (request.since_s, time.since_s, (request.since_s or 0) < time.since_s, "begins"),
        (request.until_s, time.until_s, (request.until_s or 0) > time.until_s, "ends"),
    ):
        if asked_s is not None and is_cut:
            said = f"{scenario.scenario} {verb} at {moment(end_s)}, and so does the window, not at {moment(asked_s)}"
            click.echo(f"note: {said}", err=True)


def tell_of_incidents(line: str | None) -> None:
    """Say on standard error which incidents a window's truth does not list, if there are any."""
    if line is not None:
        click.echo(f"note: incidents {line}", err=True)


@contextmanager
def progress(rows: int, label: str, *, quiet: bool, unit: str = "rows") -> Iterator[Callable[[int], None]]:
    """Show a bar with rate and time left on standard error, when that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda _rows: None
        return
    started = surroundings.stopwatch()
    done = 0

    def rate(_item: object) -> str:
        return f"{human(done / max(surroundings.stopwatch() - started, 1e-9))} {unit}/s"

    with click.progressbar(length=rows, label=label, file=sys.stderr, show_pos=True, item_show_func=rate) as bar:

        def advance(more: int) -> None:
            nonlocal done
            done += more
            bar.update(more, current_item=None)

        yield advance


def left_out(url: str, tables: Sequence[str]) -> str:
    """Say which tables a destination does not take."""
    return f"{url} does not take {', '.join(tables)}"


def human(number: float) -> str:
    """Three significant digits with k, M or G."""
    for unit in ("", "k", "M", "G"):
        if number < BYTES_PER_UNIT:
            return f"{number:.3g}{unit}" if unit or number % 1 else f"{number:.0f}"
        number /= BYTES_PER_UNIT
    return f"{number:.3g}T"


def size(count: float) -> str:
    """Bytes for people."""
    return f"{human(count)}B" if count < BYTES_PER_UNIT else f"{human(count)[:-1]} {human(count)[-1]}B"


def count(number: int, noun: str) -> str:
    """Count things: 1 part, 2 parts."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds for people: 0.4 s, 1m 44s."""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}m {int(rest)}s" if minutes else f"{seconds:.1f} s"
