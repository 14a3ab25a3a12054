"""Loading of existing files: lines per CPU second, and memory of a million lines against a hundred thousand.

Run `python -m bench.load [LINES]`. Lines are API events of 1.1 kB in 36 columns (EVT-3). Each load is a process of its
own; its start-up, measured by a file of one line, is taken off. Without a destination every line is read, checked and
made into columns; a store is loaded into, and then again, which changes nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.measuring import PYTHON, Cost, Line, conclude, run

if TYPE_CHECKING:
    from collections.abc import Sequence

LINES = 1_000_000
SHARE = 10  # of the lines that the small file has
CHILD = "load"


def load(path: str, url: str) -> None:
    """Load a file, as the command does."""
    from bench.single_requests import EVENTS
    from ghostfleet.run.loader import loading, recognition

    recognition.known = lambda: {EVENTS.name: EVENTS}
    outcome = loading.load(loading.Request(Path(path), (url,), format="none" if url == "blackhole:" else None))
    if outcome.problems.count:
        sys.exit("\n".join(outcome.problems.told()))


def made(folder: Path, form: str, lines: int) -> Path:
    """Write a file of events."""
    from bench.single_requests import BATCH_ROWS, events
    from ghostfleet.sinks import open_sink

    sink = open_sink(str(folder / f"{form}-{lines}"), format=form)
    table = events(0, 1).table
    sink.open([table], plan_id="bench", tasks={table.name: [0]})
    part = sink.part(table, 0)
    for number, start in enumerate(range(0, lines, BATCH_ROWS)):
        part.write(events(number, min(BATCH_ROWS, lines - start)))
    (written,) = sink.finish([part.close()])
    return folder / f"{form}-{lines}" / written.name


def cost(path: Path, url: str) -> Cost:
    """Cost of one load."""
    return run((PYTHON, "-m", "bench.load", CHILD, str(path), url))


def measured(folder: Path, lines: int) -> list[Line]:
    """Figures of a large and a small file."""
    few = lines // SHARE
    files = {(form, count): made(folder, form, count) for form in ("jsonl", "json") for count in (1, few, lines)}
    found = []
    for form in ("jsonl", "json"):
        start, small, large = (cost(files[form, count], "blackhole:") for count in (1, few, lines))
        found += _lines(f"{form}, no destination", start, small, large, lines, 1.1)
    stores = {count: folder / f"{count}.duckdb" for count in (1, few, lines)}
    for name in ("jsonl into a store", "jsonl into a store again"):
        start, small, large = (cost(files["jsonl", count], str(stores[count])) for count in (1, few, lines))
        found += _lines(name, start, small, large, lines, 2.5)
    return found


def _lines(name: str, start: Cost, small: Cost, large: Cost, lines: int, most: float) -> list[Line]:
    rate = lines / max(large.cpu_s - start.cpu_s, 1e-9)
    return [
        Line(f"{name}: lines per CPU second", rate / 1000, unit="k"),
        Line(f"{name}: peak memory of {lines:,} lines", large.peak_mb, unit="MB"),
        Line(f"{name}: through that of {lines // SHARE:,}", large.peak_mb / small.peak_mb, most),
    ]


def main(arguments: Sequence[str]) -> int:
    """Make the files and load them."""
    lines = int(arguments[0]) if arguments else LINES
    with TemporaryDirectory(prefix="ghostfleet-load-") as folder:
        found = measured(Path(folder), lines)
    return conclude(f"{lines:,} API events of 36 columns", found)


if __name__ == "__main__":
    if sys.argv[1:2] == [CHILD]:
        load(*sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
