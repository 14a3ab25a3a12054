"""Prove that a data set is what its manifest says: what is stored agrees, and can be made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ghostfleet import __version__
from ghostfleet.core.errors import DataError
from ghostfleet.generate import Generator
from ghostfleet.queries.sources import STORES, sources
from ghostfleet.run import beside, workers
from ghostfleet.run.loader import loads
from ghostfleet.sinks import Receipt, Written, open_sink
from ghostfleet.spec import loading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table
    from ghostfleet.generate import Task
    from ghostfleet.run.manifest import Determinants, Manifest
    from ghostfleet.sinks import Again, Sink
    from ghostfleet.spec.scenario import Scenario

SAMPLE = 3  # parts that are made again unless all are wanted


class Verification(msgspec.Struct):
    """What was compared, and what did not agree."""

    parts: int = 0
    regenerated: int = 0
    rows: int = 0
    problems: list[str] = msgspec.field(default_factory=list)
    remarks: list[str] = msgspec.field(default_factory=list)


def verify(
    url: str,
    record: Manifest,
    *,
    scenario: Scenario | None = None,
    full: bool = False,
    watch: Callable[[int], None] = lambda _rows: None,
) -> Verification:
    """Compare a stored data set with its manifest and with what its scenario makes today.

    A blind manifest needs the scenario; one that is given must be the manifest's own.
    Raises `DataError` when the data cannot be read at all.
    """
    scenario, determinants = _known(record, scenario)
    result = Verification()
    if determinants.version != __version__:
        result.remarks.append(
            f"made by ghostfleet {determinants.version}, verified by {__version__}; the changelog lists data changes"
        )
    generator = Generator(scenario)
    tables = {table.name: table for table in generator.tables(determinants.tables)}
    number, parts = determinants.part
    asked = determinants.since_s, determinants.until_s, determinants.every_s
    plan = generator.plan_between(list(tables.values()), *asked, parts).share(number, parts)
    part = determinants.part if determinants.part[1] > 1 else None
    sink = open_sink(url, **record.sink, part=part)
    for written in record.written:
        receipts = record.receipts[written.table]
        tasks = [task for task in plan.tasks if task.table == written.table]
        if len(tasks) != len(receipts):  # their numbers also count the tasks of tables that went elsewhere
            msg = f"{written.table}: the manifest lists {len(receipts)} parts, its scenario makes {len(tasks)}"
            raise DataError(msg)
        stored = sink.digests(written, receipts, _maker(generator, receipts, tasks))
        _compare(f"{written.name} is not what was written", receipts, stored, result)
        for place in _places(len(tasks), full=full):
            digest = _again(generator, sink, tasks, place, watch)
            label = f"{written.name} cannot be made again"
            _compare(label, receipts[place : place + 1], [digest], result)
            result.regenerated += 1
        result.parts += len(receipts)
        result.rows += written.rows
    return result


def untold(url: str, records: Sequence[Manifest]) -> list[str]:
    """Say where rows stand that none of the manifests at a destination tells of."""
    said = []
    for name, written in {one.name: one for record in records for one in record.written}.items():
        sink = open_sink(url, **records[0].sink)
        told = beside.told_rows(records, written.table) + loads.brought(sink.home, written.table)
        more = sink.standing(written) - told
        if more > 0 and written.in_store:
            said.append(f"{name} holds {more:,} rows more than its manifests tell of; nobody knows what they should be")
    return said


def of_loads(url: str, records: Sequence[Manifest]) -> Verification:
    """Compare what was loaded, and no manifest tells of, with what loads left; none of it can be made again."""
    result = Verification()
    sink = open_sink(url)
    if sink.home is None:
        return result
    told = {one.name for record in records for one in record.written}
    found = loads.last(sink.home, told)
    result.problems = loads.differences(
        sink.home, found, lambda one: sink.standing(Written(one.table, one.name, one.rows, 0, 0, "", ""))
    )
    result.parts = len(found)
    result.rows = sum(one.rows for one in found)
    changed = (one for one in loads.read(sink.home) if one.name in told and not one.stored)
    result.remarks = [
        f"{one.file} was loaded into {one.name} at {one.at}: {one.inserted:,} rows inserted, {one.updated:,} updated, "
        "which are not as the scenario makes them"
        for one in changed
    ]
    return result


def rows_to_make(record: Manifest, *, full: bool) -> int:
    """Rows that a verification makes again."""
    return sum(parts[place].rows for parts in record.receipts.values() for place in _places(len(parts), full=full))


def rows_of(scenario: Scenario) -> int:
    """Rows that a scenario makes."""
    generator = Generator(scenario)
    return generator.plan_between(generator.tables()).rows


def compare(url: str, scenario: Scenario, watch: Callable[[int], None] = lambda _rows: None) -> Verification:
    """Compare a data set without a manifest with all that a scenario makes; `DataError` when it cannot be read."""
    generator = Generator(scenario)
    tables = generator.tables()
    plan = generator.plan_between(tables)
    result = Verification()
    for source in sources(url, tables):
        table = generator.observer(source.table.name).table
        tasks = [task for task in plan.tasks if task.table == table.name]
        if len(source.paths) > 1:
            msg = f"{url} holds {table.name} in {len(source.paths)} files; without their manifests, name one of them"
            raise DataError(msg)
        in_store = source.suffix in STORES
        name = table.name if in_store else source.paths[0].name
        sink = open_sink(f"{source.suffix}:{source.paths[0]}" if in_store else str(source.paths[0]))
        receipts = _made(generator, None if in_store else source.suffix, sink, tasks, watch)
        rows = sum(receipt.rows for receipt in receipts)
        stored = sink.digests(
            Written(table.name, name, rows, 0, 0, "", ""), receipts, _maker(generator, receipts, tasks)
        )
        _compare(f"{name} is not what the scenario makes", receipts, stored, result)
        result.parts += len(receipts)
        result.regenerated += len(receipts)
        result.rows += rows
    return result


def _made(
    generator: Generator, form: str | None, sink: Sink, tasks: Sequence[Task], watch: Callable[[int], None]
) -> list[Receipt]:
    """Receipts of tasks as a file of some form, or a store, would have them."""
    if form is None:
        made = []
        for task in tasks:
            counted: list[int] = []
            digest = _again(generator, sink, [task], 0, counted.append)
            watch(sum(counted))
            made.append(Receipt(task.table, task.number, sum(counted), 0, digest, 0))
        return made
    nowhere = open_sink("blackhole:", format=form)  # digests as a file of that form is digested
    for table in {task.table for task in tasks}:
        numbers = [task.number for task in tasks]
        nowhere.open([generator.observer(table).table], plan_id="compare", tasks={table: numbers})
    done = [workers.perform(generator, [nowhere], workers.Job(task, [True], [None]), watch) for task in tasks]
    return [receipt for one in done for receipt in one.receipts if receipt is not None]


def _known(record: Manifest, scenario: Scenario | None) -> tuple[Scenario, Determinants]:
    known = record.determinants
    if scenario is None and known.scenario:
        return loading.restore(known.scenario, "manifest"), known
    if scenario is None:
        msg = "the manifest is blind: it does not hold the scenario; give it with --scenario and its flags"
        raise DataError(msg)
    known = msgspec.structs.replace(known, scenario=msgspec.to_builtins(scenario))
    if known.hash != record.hash:
        msg = "the given scenario is not the one that made this data set: its hash differs from the manifest's"
        raise DataError(msg)
    return scenario, known


def _compare(label: str, receipts: Sequence[Receipt], digests: Sequence[str], result: Verification) -> None:
    for receipt, digest in zip(receipts, digests, strict=True):
        if receipt.digest != digest:
            result.problems.append(
                f"{label}: part {receipt.task} of {receipt.table} (its {receipt.rows:,} rows) differs"
            )


def _maker(generator: Generator, receipts: Sequence[Receipt], tasks: Sequence[Task]) -> Again:
    """What makes the rows of a receipt again."""
    numbered = {receipt.task: task for receipt, task in zip(receipts, tasks, strict=True)}

    def again(receipt: Receipt) -> tuple[Table, Iterator[Batch]]:
        task = numbered[receipt.task]
        return generator.observer(task.table).table, generator.batches(task)

    return again


def _places(count: int, *, full: bool) -> list[int]:
    if full or count <= SAMPLE:
        return list(range(count))
    return sorted({round(step * (count - 1) / (SAMPLE - 1)) for step in range(SAMPLE)})


def _again(generator: Generator, sink: Sink, tasks: list[Task], place: int, watch: Callable[[int], None]) -> str:
    task = tasks[place]
    table = generator.observer(task.table).table
    digester = sink.digester(table, task.number, first=place == 0, last=place == len(tasks) - 1)
    for batch in generator.batches(task):
        digester.write(batch)
        watch(len(batch))
    return digester.hexdigest()
