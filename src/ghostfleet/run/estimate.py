"""How much a run will write and how long it will take, from a small sample written to a temporary folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ghostfleet.run import surroundings
from ghostfleet.run.history import destinations, left_out, prepare
from ghostfleet.run.workers import perform
from ghostfleet.sinks import open_sink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.table import Table
    from ghostfleet.generate import Generator, Plan, Task
    from ghostfleet.run.history import Request
    from ghostfleet.sinks import Sink, Written
    from ghostfleet.spec.scenario import Scenario

SAMPLE_ROWS = 100_000


class Estimate(msgspec.Struct, frozen=True):
    """What a run of a plan would cost."""

    rows: int
    tasks: int
    bytes: int
    seconds: float
    left_out: dict[str, list[str]] = {}  # by URL: tables that it does not take


def estimate(scenario: Scenario, request: Request) -> tuple[Plan, list[Table], Estimate]:
    """Size and time of a request; nothing is written to its destinations."""
    generator, tables, plan = prepare(scenario, request)
    cost = measure(generator, tables, plan, request)
    return plan, tables, msgspec.structs.replace(cost, left_out=left_out(generator, request))


def measure(generator: Generator, tables: Sequence[Table], plan: Plan, request: Request) -> Estimate:
    """Estimate from the first rows of each table, written once to a stand-in of every destination that takes it."""
    total_bytes = seconds = 0.0
    for table in tables:
        tasks = [task for task in plan.tasks if task.table == table.name]
        rows = sum(task.rows for task in tasks)
        if not rows:
            continue
        size, time_s, sampled = _sample(generator, table, tasks[0], request)
        total_bytes += size * rows / sampled
        seconds += time_s * rows / sampled
    return Estimate(plan.rows, len(plan.tasks), round(total_bytes), seconds)


def _sample(generator: Generator, table: Table, task: Task, request: Request) -> tuple[int, float, int]:
    entities = max(1, min(task.last - task.first, SAMPLE_ROWS // len(task.window)))
    window = next(task.window.cut(SAMPLE_ROWS)) if entities == 1 and len(task.window) > SAMPLE_ROWS else task.window
    small = msgspec.structs.replace(task, last=task.first + entities, window=window)
    next(generator.batches(small), None)  # what is prepared once must not count for every row
    from tempfile import TemporaryDirectory  # few runs are worth an estimate, and start-up counts

    with TemporaryDirectory(prefix="ghostfleet-") as folder:
        takers = [sink for sink in destinations(request) if table.group in sink.groups]
        sinks = [_stand_in(sink, f"{folder}/{place}/", request) for place, sink in enumerate(takers)]
        started = surroundings.stopwatch()
        for sink in sinks:
            sink.open([table], plan_id="estimate", tasks={table.name: [small.number]})
        done = perform(generator, sinks, small, [None] * len(sinks), lambda _rows: None)
        receipts = [receipt for receipt in done.receipts if receipt is not None]
        written = [sink.finish([receipt]) for sink, receipt in zip(sinks, receipts, strict=True)]
        elapsed = surroundings.stopwatch() - started
        size = sum(_stored(sink, several) for sink, several in zip(sinks, written, strict=True))
    return size, elapsed, max(1, receipts[0].rows)


def _stored(sink: Sink, written: Sequence[Written]) -> int:
    """Bytes at a destination; a store's file is not the sum of what was loaded into it."""
    home = sink.home
    if home is not None and home.file and any(one.in_store for one in written):
        return (home.folder / home.file).stat().st_size
    return sum(one.size for one in written)


def _stand_in(sink: Sink, folder: str, request: Request) -> Sink:
    """Sink that costs about what a destination does: the same files elsewhere, or a store."""
    if sink.scheme == "blackhole":
        return sink
    if sink.scheme == "stdout":
        packed = (request.format or "").endswith(".gz")
        return open_sink(folder, format=request.format, codec=request.codec, compressed=packed)
    if sink.scheme in {"duckdb", "ladybug"}:  # a graph takes no links without nodes; its file grows as much
        return open_sink(f"duckdb:{folder}sample.duckdb")
    if sink.scheme == "files" and sink.home is not None:
        target = folder + sink.home.file
        return open_sink(target, format=request.format, codec=request.codec, compressed=request.compressed)
    return open_sink(folder, format="parquet", codec=request.codec, compressed=request.compressed)
