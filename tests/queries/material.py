"""A good data set for tests, made by the generator itself, and ways to write it down broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from ghostfleet import signals
from ghostfleet.generate import Generator
from ghostfleet.signals import Extent
from ghostfleet.sinks import open_sink
from ghostfleet.spec import loading, reading

if TYPE_CHECKING:
    from pathlib import Path

    from ghostfleet.spec.scenario import Scenario

SIGNAL = signals.signal("server_metrics")
TABLES = (SIGNAL.TABLE,)


def scenario(*assignments: str) -> Scenario:
    document = reading.read(loading.shipped()["capacity"], "capacity.yaml")
    return loading.load(document, loading.Settings(assignments=assignments)).scenario


def expectations(*assignments: str):
    return signals.expectations(SIGNAL, scenario(*assignments))


def extent(*assignments: str, every_s: int | None = None, since_s: int | None = None, until_s: int | None = None):
    """What a manifest would say of the rows that `write` makes."""
    generator = Generator(scenario(*assignments))
    window = generator.window(since_s, until_s, every_s)
    return Extent(generator.observer("server_metrics").entities, window.since_s, window.until_s, window.tick_s)


def write(
    folder: Path,
    *assignments: str,
    form: str = "csv",
    compressed: bool = True,
    every_s: int | None = None,
    since_s: int | None = None,
    until_s: int | None = None,
) -> Path:
    """Write the data set of a scenario and return its file."""
    url = f"duckdb:{folder / 'fleet.duckdb'}" if form == "duckdb" else str(folder)
    generator = Generator(scenario(*assignments))
    tables = generator.tables()
    plan = generator.plan(generator.window(since_s, until_s, every_s), tables)
    sink = open_sink(url, format=None if form == "duckdb" else form, codec="fast", compressed=compressed)
    sink.open(tables, plan_id="x", tasks={table.name: plan.of(table.name) for table in tables})
    receipts = []
    for task in plan.tasks:
        part = sink.part(tables[0], task.number)
        for batch in generator.batches(task):
            part.write(batch)
        receipts.append(part.close())
    sink.finish(receipts)
    return next(path for path in sorted(folder.iterdir()) if path.is_file())


class Good:
    """A good file that can be copied with changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = duckdb.connect()
        self.store.execute(f"CREATE TABLE good AS FROM read_csv('{path}', all_varchar = true, header = true)")

    def broken(self, target: Path, change: str = "*", where: str = "true", doubled: str = "") -> str:
        """Write ``SELECT change WHERE where`` and once more the rows that are ``doubled``; return its path."""
        rows = f"SELECT {change} FROM good WHERE {where}"  # noqa: S608  texts of the tests themselves
        if doubled:
            rows = f"({rows}) UNION ALL (FROM good WHERE {doubled})"
        self.store.execute(f"COPY ({rows}) TO '{target}' (HEADER, DELIMITER ',')")
        return str(target)
