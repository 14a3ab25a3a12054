"""Tasks on a pool of processes: each writes one part per sink and returns receipts, never data."""

from __future__ import annotations

import os
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from ghostfleet.core.errors import SinkError
from ghostfleet.generate import Generator
from ghostfleet.run.samples import Sample
from ghostfleet.run.statistics import Statistics
from ghostfleet.run.surroundings import keep_freed_memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor

    from ghostfleet.generate import Task
    from ghostfleet.sinks import Part, Receipt, Sink
    from ghostfleet.spec.scenario import Scenario

IN_FLIGHT = 2  # tasks per worker that are handed out at once, so that memory does not grow with the plan


class Job(NamedTuple):
    """A task, and what each sink has of it and wants."""

    task: Task
    takes: Sequence[bool]  # whether a sink gets the task's table
    kept: Sequence[Receipt | None]  # what a sink has kept of it from an earlier run
    is_sampled: bool = False  # whether its first rows are wanted as a text


class Done(msgspec.Struct):
    """What a task left: one receipt per sink (those kept from an earlier run included), statistics, a sample."""

    task: Task
    receipts: list[Receipt | None]  # None where the sink does not take the table
    statistics: Statistics = msgspec.field(default_factory=Statistics)
    sample: str = ""  # of a task that is sampled


class Watcher(Protocol):
    """Told of rows as they are made."""

    def __call__(self, rows: int, /) -> None:
        """Take note of ``rows`` more."""


def perform(generator: Generator, sinks: Sequence[Sink], job: Job, watch: Watcher) -> Done:
    """Turn one task into a part at every sink that takes its table and has not kept it."""
    task, takes, kept, is_sampled = job
    table = generator.observer(task.table).table
    parts: list[Part | None] = []
    statistics, sample = Statistics(), Sample(table) if is_sampled else None
    try:
        for sink, is_taken, receipt in zip(sinks, takes, kept, strict=True):
            parts.append(sink.part(table, task.number) if receipt is None and is_taken else None)
        for batch in generator.batches(task):
            statistics.add(batch)
            if sample is not None:
                sample.add(batch)
            for part in parts:
                if part is not None:
                    part.write(batch)
            watch(len(batch))
            _ensure_wanted(sinks)
        receipts = [part.close() if part is not None else receipt for part, receipt in zip(parts, kept, strict=True)]
    except BaseException:
        for part in parts:
            if part is not None:
                part.abort()
        raise
    return Done(task, receipts, statistics, "" if sample is None else sample.text())


def _ensure_wanted(sinks: Sequence[Sink]) -> None:
    """Stop when nobody needs the rest: the reader of a stream has gone, and no other destination waits for it."""
    if sinks and all(getattr(sink, "closed", False) for sink in sinks):  # only streams can close
        raise BrokenPipeError


_worker: Worker | None = None


class Worker:
    """What a worker process holds between tasks."""

    def __init__(self, scenario: Scenario, sinks: Sequence[Sink]) -> None:
        """Prepare once for many tasks."""
        self.generator = Generator(scenario)
        self.sinks = sinks


def _leave_with_parent() -> None:
    """End when the run ends: an orphan would hold its lock and write into what the next run resumes."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _prepare(scenario: Scenario, sinks: Sequence[Sink]) -> None:
    global _worker  # noqa: PLW0603  a process pool has no other place for what its workers share
    Thread(target=_leave_with_parent, daemon=True).start()
    keep_freed_memory()
    _worker = Worker(scenario, sinks)


def _work(bundle: Sequence[Job]) -> list[Done]:
    if _worker is None:
        msg = "the worker was not prepared"
        raise RuntimeError(msg)
    return [perform(_worker.generator, _worker.sinks, job, lambda _rows: None) for job in bundle]


def bundles(jobs: Sequence[Job]) -> list[list[Job]]:
    """Jobs that one worker does one after another: those of one window share the state that was solved for it."""
    found: dict[object, list[Job]] = {}
    for job in jobs:
        task = job.task
        found.setdefault((task.window.since_s, task.window.until_s) if task.shares_state else task.number, []).append(
            job
        )
    return list(found.values())


def alone(generator: Generator, sinks: Sequence[Sink], jobs: Sequence[Job], watch: Watcher) -> Iterator[Done]:
    """Do tasks one after the other in this process: in plan order where a sink needs it, else bundle by bundle."""
    in_order = jobs if any(not sink.staged for sink in sinks) else [job for bundle in bundles(jobs) for job in bundle]
    for job in in_order:
        yield perform(generator, sinks, job, watch)


def together(
    scenario: Scenario,
    sinks: Sequence[Sink],
    jobs: Sequence[Job],
    watch: Watcher,
    workers: int,
) -> Iterator[Done]:
    """Do tasks on worker processes; they finish in any order."""
    from concurrent.futures import ProcessPoolExecutor  # here, because most runs need no pool and start-up counts
    from multiprocessing import get_all_start_methods, get_context

    # Forking shares what is already imported; nothing here has threads that a fork could catch holding a lock.
    method = "fork" if "fork" in get_all_start_methods() else "spawn"
    executor = ProcessPoolExecutor(workers, get_context(method), _prepare, (scenario, list(sinks)))
    try:
        for bundle in _bounded(executor, bundles(jobs), workers * IN_FLIGHT):
            for done in bundle:
                watch(done.task.rows)
                yield done
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _bounded(executor: Executor, jobs: Sequence[Sequence[Job]], most: int) -> Iterator[list[Done]]:
    from concurrent.futures import FIRST_COMPLETED, wait
    from concurrent.futures.process import BrokenProcessPool

    waiting = iter(jobs)
    running = set()

    def submit() -> bool:
        job = next(waiting, None)
        if job is not None:
            running.add(executor.submit(_work, job))
        return job is not None

    while len(running) < most and submit():
        pass
    while running:
        finished, running_now = wait(running, return_when=FIRST_COMPLETED)
        running.clear()
        running.update(running_now)
        for future in finished:
            submit()
            try:
                yield future.result()
            except BrokenProcessPool as error:
                msg = (
                    "a worker process was killed, most likely for want of memory; "
                    "use fewer --workers; the same command takes up where this one stopped"
                )
                raise SinkError(msg) from error
