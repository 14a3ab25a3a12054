"""How much a run will write and how long it will take, from a small sample written to a temporary folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ghostfleet.core.window import DAY_S, Window
from ghostfleet.run import surroundings
from ghostfleet.run.history import destinations, left_out, prepare
from ghostfleet.run.workers import Job, perform
from ghostfleet.signals import StateObserver
from ghostfleet.sinks import open_sink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.table import Table
    from ghostfleet.generate import Generator, Plan, Task
    from ghostfleet.run.history import Request
    from ghostfleet.sinks import Sink, Written
    from ghostfleet.spec.scenario import Scenario

SAMPLE_ROWS = 100_000
SAMPLE_S = DAY_S  # of what is observed from a state; a day holds each hour of load
ROW_BYTES = 250  # of a table whose sample would take too long, because it holds few rows that are dear


class Estimate(msgspec.Struct, frozen=True):
    """What a run of a plan would cost."""

    rows: int
    tasks: int
    bytes: int
    seconds: float
    left_out: dict[str, list[str]] = {}  # by URL: tables that it does not take


def estimate(scenario: Scenario, request: Request) -> tuple[Plan, list[Table], Estimate]:
    """Size and time of a request; nothing is written to its destinations."""
    started = surroundings.effort()
    generator, tables, plan = prepare(scenario, request)
    prepared = surroundings.effort() - started
    cost = measure(generator, tables, plan, request)
    cost = msgspec.structs.replace(cost, seconds=prepared + cost.seconds, left_out=left_out(generator, request))
    return plan, tables, cost


def measure(generator: Generator, tables: Sequence[Table], plan: Plan, request: Request) -> Estimate:
    """Estimate from a sample of each table, written once to a stand-in of every destination that takes it.

    What a sample took grows with the planned work: of a table that is observed from a state that is the time it
    spans, of others their rows. Solving states is measured once and counted for each stretch that a run solves.
    """
    total_bytes = 0.0
    seconds = _solving(generator, plan, request)
    for table in tables:
        tasks = [task for task in plan.tasks if task.table == table.name]
        if not any(task.rows for task in tasks):
            continue
        small, times = _smaller(generator, tasks)
        none = _nothing(small, is_observed=isinstance(generator.observer(table.name), StateObserver))
        fixed = _sample(generator, table, none, request)  # what is prepared once must not count for every row
        if small.shares_state and len(small.window):
            generator.state(small.window)
        cost = _sample(generator, table, small, request) if small.rows or len(small.window) else fixed
        rows = sum(task.rows for task in tasks)
        more = rows / cost.rows if cost.rows else times
        total_bytes += cost.size * more if cost.rows else fixed.size + (ROW_BYTES if fixed.size else 0) * rows
        seconds += fixed.seconds + max(cost.seconds - fixed.seconds, 0) * times
    return Estimate(plan.rows, len(plan.tasks), round(total_bytes), seconds)


def _solving(generator: Generator, plan: Plan, request: Request) -> float:
    """Seconds in which a run solves states, those included that a table solves for itself."""
    alone = any(not sink.staged for sink in destinations(request))  # then no two tables share a state
    shared: dict[object, Window] = {}
    spans: dict[str, tuple[StateObserver, Window]] = {}
    for task in plan.tasks:
        observer, window = generator.observer(task.table), task.window
        if isinstance(observer, StateObserver):
            start = spans[task.table][1].start if task.table in spans else window.start
            spans[task.table] = observer, Window(start, window.stop, window.tick_s)
            if observer.is_solved and len(window):
                shared[(window.since_s, window.until_s, task.table if alone else "")] = window
    ticks = sum(observer.solves(span) for observer, span in spans.values())
    tick_s = generator.scenario.timeline.tick_s
    ticks += sum((window.until_s - window.since_s) // tick_s for window in shared.values())
    if not ticks:
        return 0.0
    window = Window(plan.window.since_s // tick_s, plan.window.since_s // tick_s + SAMPLE_S // tick_s, tick_s)
    generator.estates.solve(Window(window.start, window.start + 1, tick_s))  # prepares what is prepared once
    started = surroundings.effort()
    generator.estates.solve(window)
    return (surroundings.effort() - started) * ticks / len(window)


def _smaller(generator: Generator, tasks: Sequence[Task]) -> tuple[Task, float]:
    """Part of a table that is soon made, and how many times its work is that of all tasks."""
    task = tasks[0]
    observer = generator.observer(task.table)
    if task.is_snapshot:
        small = msgspec.structs.replace(task, last=min(task.last, task.first + SAMPLE_ROWS))
        return small, sum(one.last - one.first for one in tasks) / max(small.last - small.first, 1)
    if not isinstance(observer, StateObserver):
        entities = max(1, min(task.last - task.first, SAMPLE_ROWS // len(task.window)))
        window = _first(task.window, SAMPLE_ROWS) if entities == 1 else task.window
        small = msgspec.structs.replace(task, last=task.first + entities, window=window, rows=entities * len(window))
        return small, sum(one.rows for one in tasks) / small.rows
    spans = [window for one in tasks if len(window := _first(one.window, max(1, SAMPLE_S // one.window.tick_s)))]
    cheap = [window for window in spans if not observer.solves(window)]
    # The fullest, for few rows say little of how large they are.
    window = max(cheap, key=observer.expected) if cheap else _first(task.window, 0)
    small = msgspec.structs.replace(task, window=window, rows=observer.expected(window))
    if observer.is_detailed and small.rows:  # what single requests take goes by how many they are
        return small, sum(one.rows for one in tasks) / small.rows
    return small, sum(len(one.window) for one in tasks) / max(len(window), 1)


def _nothing(task: Task, *, is_observed: bool) -> Task:
    """The same task without a row."""
    if is_observed:
        return msgspec.structs.replace(task, window=_first(task.window, 0), rows=0)
    return msgspec.structs.replace(task, last=task.first, rows=0)


def _first(window: Window, length: int) -> Window:
    return Window(window.start, min(window.start + length, window.stop), window.tick_s)


class _Cost(msgspec.Struct, frozen=True):
    """What a sample took."""

    size: int
    seconds: float
    rows: int


def _sample(generator: Generator, table: Table, small: Task, request: Request) -> _Cost:
    from tempfile import TemporaryDirectory  # few runs are worth an estimate, and start-up counts

    with TemporaryDirectory(prefix="ghostfleet-") as folder:
        takers = [sink for sink in destinations(request) if table.group in sink.groups]
        sinks = [_stand_in(sink, f"{folder}/{place}/", request) for place, sink in enumerate(takers)]
        started = surroundings.effort()
        for sink in sinks:
            sink.open([table], plan_id="estimate", tasks={table.name: [small.number]})
        done = perform(generator, sinks, Job(small, [True] * len(sinks), [None] * len(sinks)), lambda _rows: None)
        receipts = [receipt for receipt in done.receipts if receipt is not None]
        written = [sink.finish([receipt]) for sink, receipt in zip(sinks, receipts, strict=True)]
        elapsed = surroundings.effort() - started
        size = sum(_stored(sink, several) for sink, several in zip(sinks, written, strict=True))
    return _Cost(size, elapsed, receipts[0].rows)


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
