"""How much a run will write and how long it will take, from a small sample written to a temporary folder."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from ghostfleet.run import surroundings
from ghostfleet.run.history import prepare
from ghostfleet.run.workers import perform
from ghostfleet.sinks import open_sink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.table import Table
    from ghostfleet.generate import Generator, Plan, Task
    from ghostfleet.run.history import Request
    from ghostfleet.spec.scenario import Scenario

SAMPLE_ROWS = 100_000


class Estimate(msgspec.Struct, frozen=True):
    """What a run of a plan would cost."""

    rows: int
    tasks: int
    bytes: int
    seconds: float


def estimate(scenario: Scenario, request: Request) -> tuple[Plan, list[Table], Estimate]:
    """Size and time of a request; nothing is written to its destinations."""
    generator, tables, plan = prepare(scenario, request)
    return plan, tables, measure(generator, tables, plan, request)


def measure(generator: Generator, tables: Sequence[Table], plan: Plan, request: Request) -> Estimate:
    """Estimate from the first rows of each table, in every format asked for; a file stands in for a store."""
    total_bytes = seconds = 0.0
    for table in tables:
        tasks = [task for task in plan.tasks if task.table == table.name]
        rows = sum(task.rows for task in tasks)
        if not rows:
            continue
        for url in request.urls or ("out/",):
            size, time_s, sampled = _sample(generator, table, tasks[0], url, request)
            total_bytes += size * rows / sampled
            seconds += time_s * rows / sampled
    return Estimate(plan.rows, len(plan.tasks), round(total_bytes), seconds)


def _sample(generator: Generator, table: Table, task: Task, url: str, request: Request) -> tuple[int, float, int]:
    entities = max(1, min(task.last - task.first, SAMPLE_ROWS // len(task.window)))
    window = next(task.window.cut(SAMPLE_ROWS)) if entities == 1 and len(task.window) > SAMPLE_ROWS else task.window
    small = msgspec.structs.replace(task, last=task.first + entities, window=window)
    store = ":" in url and not url.startswith("blackhole")
    next(generator.batches(small))  # what is prepared once must not count for every row
    with TemporaryDirectory(prefix="ghostfleet-") as folder:
        format_ = "parquet" if store else request.format
        sink = open_sink(f"{folder}/", format=format_, codec=request.codec, compressed=request.compressed)
        started = surroundings.stopwatch()
        sink.open([table], plan_id="estimate", tasks={table.name: [small.number]})
        done = perform(generator, [sink], small, [None], lambda _rows: None)
        written = sink.finish(done.receipts)
        elapsed = surroundings.stopwatch() - started
    return sum(one.size for one in written), elapsed, small.rows
