"""Cost of five-minute rows of hosts per value, of streaming 10,000 of them, and of one window of a thousandth."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

import numpy as np

from bench.measuring import Line, conclude
from ghostfleet.cli import scenario as scenarios
from ghostfleet.core.batch import Quanta
from ghostfleet.core.window import MINUTE_S
from ghostfleet.generate import Generator
from ghostfleet.sinks.blackhole import VALUES, BlackholeSink
from ghostfleet.spec import loading

if TYPE_CHECKING:
    from ghostfleet.core.batch import Batch

GOAL = 40.0  # normals per value
FLAT = 1.05  # resident memory at the end of that after a quarter
WINDOW_GOAL = 1 / 300
ROUNDS = 7
SEEK_ROUNDS = 3
SEEK_DAYS, SHARE = 90, 1000
NORMALS = 4_000_000
STREAMED = {"hosts": 10_000, "days": 4}
STREAM = "--stream"
ROW_S = 5 * MINUTE_S


def generator(**flags: int) -> Generator:
    """Make a generator of the shipped scenario, nothing prepared."""
    return Generator(loading.load(scenarios.find("hosts"), loading.Settings(flags=flags)).scenario)


def reported(batch: Batch) -> tuple[int, int]:
    """Values of a batch that are not null, and all of its cells."""
    columns = [values for values in batch.columns.values() if isinstance(values, Quanta)]
    nulls = sum(int(values.missing.sum()) for values in columns if values.missing is not None)
    return len(columns) * len(batch) - nulls, len(columns) * len(batch)


def made(ready: Generator, since_s: int | None = None, rows: int | None = None) -> tuple[int, int]:
    """Make all batches of a stretch; values and cells."""
    until_s = None if since_s is None or rows is None else since_s + rows * ROW_S
    plan = ready.plan(ready.window(since_s, until_s), ready.tables())
    counts = [reported(batch) for task in plan.tasks for batch in ready.batches(task)]
    return sum(values for values, _ in counts), sum(cells for _, cells in counts)


def per_value() -> list[Line]:
    """Alternate rows of 120 hosts and NumPy's normals."""
    reference = np.random.Generator(np.random.SFC64(1))
    ready = generator()
    made(ready)
    ratios, per_cell, nanoseconds = [], [], []
    for _ in range(ROUNDS):
        since = process_time()
        reference.standard_normal(NORMALS, dtype=np.float32)
        between = process_time()
        values, cells = made(ready)
        until = process_time()
        normal_s = (between - since) / NORMALS
        ratios.append((until - between) / values / normal_s)
        per_cell.append((until - between) / cells / normal_s)
        nanoseconds.append((until - between) / values * 1e9)
    return [
        Line("120 hosts × 9 days: a value, of a float32 normal", median(ratios), GOAL),
        Line("the same per cell, nulls included", median(per_cell)),
        Line("best round, per value", min(nanoseconds), unit="ns"),
    ]


def resident_mb() -> float:
    """Resident memory now; where /proc is missing, the peak."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def stream() -> None:
    """Send many hosts to nowhere and print the memory held on the way; runs in a process of its own."""
    ready = generator(**STREAMED)
    plan, tables = ready.plan(ready.window(), ready.tables()), ready.tables()
    sink = BlackholeSink.at("", format=VALUES)
    sink.open(tables, plan_id="bench", tasks={table.name: plan.of(table.name) for table in tables})
    marks = []
    since = process_time()
    for task in plan.tasks:
        part = sink.part(tables[0], task.number)
        for batch in ready.batches(task):
            part.write(batch)
        part.close()
        marks.append(resident_mb())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    around = max(1, len(marks) // 10)  # tasks; the highest of some, as single ones breathe
    quarter, last = max(marks[len(marks) // 4 - around : len(marks) // 4]), max(marks[-around:])
    cpu_s = process_time() - since
    print(json.dumps({"quarter": quarter, "end": last, "peak": peak, "rows": plan.rows, "cpu_s": cpu_s}))


def streamed() -> list[Line]:
    """Measure `stream` in a child."""
    command = [sys.executable, "-m", "bench.hosts_speed", STREAM]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    what = f"{STREAMED['hosts']:,} hosts × {STREAMED['days']} days to blackhole:"
    return [
        Line(f"{what} memory at the end of a quarter's", said["end"] / said["quarter"], FLAT),
        Line("resident at the end", said["end"], unit="MB"),
        Line("peak", said["peak"], unit="MB"),
        Line("rows per CPU second", said["rows"] / said["cpu_s"] / 1e3, unit="k/s"),
    ]


def seek(days: int) -> list[Line]:
    """Compare a window in the middle with the whole, with a generator that has made no batch yet and one that has.

    Start-up is what the first has to do and the second has done: the columns that no window changes.
    """
    rows = max(2, days * 288 // SHARE)
    middle = generator(days=days).window().since_s + days * 86_400 // 2 + 7 * 3600
    costs: dict[str, list[float]] = {"cold": [], "ready": [], "whole": []}
    for _ in range(SEEK_ROUNDS):
        ready = generator(days=days)
        for name, stretch in (("cold", (middle, rows)), ("ready", (middle, rows)), ("whole", (None, None))):
            since = process_time()
            made(ready, *stretch)
            costs[name].append(process_time() - since)
    goal = WINDOW_GOAL if days == SEEK_DAYS else None
    cold, own, whole = (median(costs[name]) for name in ("cold", "ready", "whole"))
    return [
        Line(f"{rows} of {days * 288:,} rows, start-up done, of the whole", own / whole, goal),
        Line("window, start-up done", own * 1e3, unit="ms"),
        Line("window with start-up", cold * 1e3, unit="ms"),
        Line("whole", whole * 1e3, unit="ms"),
    ]


def main() -> int:
    """Measure all three."""
    if STREAM in sys.argv:
        stream()
        return 0
    return conclude(
        "scenario hosts: batches, CPU, one process", [*per_value(), *streamed(), *seek(SEEK_DAYS), *seek(9)]
    )


if __name__ == "__main__":
    sys.exit(main())
