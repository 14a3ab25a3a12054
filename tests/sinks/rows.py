"""A table with every kind of value, rows that are hard to write, and readers that know nothing of our code."""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path  # noqa: TC003  scripts that tests run take it from here
from typing import Any

import duckdb
import ladybug
import numpy as np
import pyarrow.parquet as pq

from ghostfleet.core.batch import Batch, Plain, Quanta, Spelled, Text, Values, joined, spelt, split
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.sinks import Receipt, Sink, Written, found, open_sink
from tests.sinks.documents import DOCUMENTS, documents, flattened

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WORDS = (
    "web",
    "x" * 300,
    "'; DROP TABLE readings; --",
    "`) MATCH (n) DETACH DELETE n //",
    "日本 Ünï $rows {id}",
    "",
    "São Paulo ☃",
    'say "hi", twice',
    "two\nlines\r\n",
    "tab\tand \\ and \x7f\x01",
    "=1+1",
    "null",
    "-",
)
LISTS: tuple[list[str], ...] = ([], ["web"], ["a", "", 'say "b"'], ["São Paulo ☃", "two\nlines", "a,b"], ["", ""])
INT64 = np.iinfo(np.int64)

TABLE = Table(
    "readings",
    "rows that are hard to write; it's a test",
    (
        column("time", Kind.TIME, "when"),
        column("host", Kind.TEXT, "the host's name", nullable=True),
        column("load", Kind.F64, "how busy", unit="percent", resolution=0.01, nullable=True),
        column("count", Kind.I64, "how many", nullable=True),
        column("up", Kind.BOOL, "whether it answers", nullable=True),
        column("ratio", Kind.F64, "as it is", nullable=True),
        column("tags", Kind.TEXTS, "what people call it", nullable=True),
    ),
    keys=("time",),
    order=("time",),
    stem="host_readings",
)
ROWS = 300
NODES = Table(
    "Machine",
    "nodes that are hard to write; it's a test",
    (
        column("id", Kind.TEXT, "the node's id"),
        column("name", Kind.TEXT, "its name", nullable=True),
        column("kind", Kind.TEXT, "its label"),
        column("seen", Kind.TIME, "when it was seen", nullable=True),
        *(TABLE[name] for name in ("load", "count", "up", "ratio", "tags")),
    ),
    keys=("id",),
    order=("id",),
    group="graph",
    form="node",
)


def rows(count: int = ROWS, table: Table = TABLE) -> Batch:
    """Rows with extremes, missing values and awkward texts."""
    if table is DOCUMENTS:
        return documents(count, WORDS, LISTS)
    number = np.arange(count)
    extremes = np.array([INT64.min, INT64.max, 0, -1, 1, 9_999, 10_000, -10_000, 10**15], np.int64)
    units = np.array([0, 1, -1, 99, 100, -12_345, 2**31 - 1, -(2**31), 4510], np.int32)
    ratios = np.array([0.0, -0.0, 0.1, 1e300, -1e-300, np.nan, 2 / 3, 5e-324])
    times = number * 86_399 + 1_640_995_200
    words = Text((number % (len(WORDS) + 1) - 1).astype(np.int8), WORDS)  # -1 is a missing text
    made: dict[str, Values] = {
        "time": Plain(times),
        "seen": Plain(times, number % 13 == 12),
        "host": words,
        "name": words,
        "id": Text(number, tuple(f"{place:06d} {WORDS[place % len(WORDS)]}" for place in range(count))),
        "kind": Text(np.zeros(count, np.int8), (table.name,)),
        "load": Quanta(np.resize(units, count), 100, number % 7 == 3),
        "count": Plain(np.resize(extremes, count), number % 11 == 10),
        "up": Plain(number % 2 == 0, number % 5 == 4),
        "ratio": Plain(np.resize(ratios, count)),
        "tags": Text(number % (len(LISTS) + 1) - 1, tuple(joined(items) for items in LISTS)),
    }
    return Batch(table, {name: made[name] for name in table.names})


def values(batch: Batch) -> list[tuple[Any, ...]]:
    """Rows as Python values, the slow and obvious way."""
    columns = []
    for one in batch.table.columns:
        kept = batch[one.name]
        if isinstance(kept, Text):
            words = [list(split(word)) if one.kind is Kind.TEXTS else word for word in kept.vocabulary]
            columns.append([None if code < 0 else words[code] for code in kept.codes])
            continue
        if isinstance(kept, Spelled):
            columns.append(spelt(kept))
            continue
        missing = kept.missing if kept.missing is not None else np.zeros(len(kept), bool)
        plain = kept.floats() if isinstance(kept, Quanta) else kept.values
        said = [None if gone or np.isnan(value) else value.item() for value, gone in zip(plain, missing, strict=True)]
        if one.kind is Kind.TIME:
            said = [
                None if value is None else EPOCH + timedelta(microseconds=value * 10**6 // one.per_second)
                for value in said
            ]
        columns.append(said)
    return list(zip(*columns, strict=True))


def _typed(kind: Kind, text: str) -> Any:
    if kind is Kind.TIME:
        return datetime.fromisoformat(text)
    if kind is Kind.BOOL:
        return {"true": True, "false": False}[text]
    return float(text) if kind is Kind.F64 else int(text)


def read_csv(path: Path, table: Table = TABLE) -> list[tuple[Any, ...]]:
    """Read with the standard library, which cannot tell an empty text from a missing one."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file, strict=True)
    assert header == list(table.names)
    kinds = [one.kind for one in table.columns]
    return [
        tuple(
            cell if kind in {Kind.TEXT, Kind.TEXTS} else (_typed(kind, cell) if cell else None)
            for kind, cell in zip(kinds, line, strict=True)
        )
        for line in lines
    ]


def read_json(path: Path, table: Table = TABLE) -> list[tuple[Any, ...]]:
    """Read lines, one array or a bulk file with the standard library."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        text = file.read()
    found = json.loads(text) if ".json" in path.name and ".jsonl" not in path.name else lines_of(text)
    if ".ndjson" in path.name:
        actions, found = found[::2], found[1::2]
        ids = [one["index"].pop("_id") for one in actions]
        assert all(one == {"index": {"_index": table.index or table.name}} for one in actions)
        assert ids == [row[table.keys[0]] for row in found]
    times = [number for number, one in enumerate(table.columns) if one.kind is Kind.TIME]
    return [
        tuple(
            datetime.fromisoformat(value) if number in times and value else value
            for number, value in enumerate(flattened(row, table))
        )
        for row in found
    ]


def lines_of(text: str) -> list[Any]:
    """Objects of a file of lines, which ends in a line feed."""
    *lines, last = text.split("\n")
    assert not last
    return [json.loads(line) for line in lines]


def read_parquet(path: Path) -> list[tuple[Any, ...]]:
    """Read with pyarrow."""
    return [tuple(row.values()) for row in pq.read_table(path).to_pylist()]


def read_duckdb(path: Path, table: Table = TABLE) -> list[tuple[Any, ...]]:
    """Read with DuckDB."""
    times = [number for number, one in enumerate(table.columns) if one.kind is Kind.TIME]
    cells = [f'epoch_us("{one.flat_name}")' if one.kind is Kind.TIME else f'"{one.flat_name}"' for one in table.columns]
    with duckdb.connect(path, read_only=True) as store:
        found = store.execute(f"SELECT {', '.join(cells)} FROM {table.name}").fetchall()  # noqa: S608  constants
    return [
        tuple(
            EPOCH + timedelta(microseconds=value) if number in times and value is not None else value
            for number, value in enumerate(row)
        )
        for row in found
    ]


def read_ladybug(path: Path) -> list[tuple[Any, ...]]:
    """Read nodes with ladybug, in the order of their ids."""
    with ladybug.Database(path, read_only=True) as store, ladybug.Connection(store) as opened:
        cells = ", ".join(f"n.{name}" for name in NODES.names)
        found = opened.execute(f"MATCH (n:{NODES.name}) RETURN {cells} ORDER BY n.id")
        assert not isinstance(found, list)
        rows = [tuple(row) for row in found.get_all()]
        found.close()
        return rows


def as_graphs_say(expected: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows with times as texts."""
    return [
        tuple(f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value for value in row)
        for row in expected
    ]


def as_csv_says(expected: list[tuple[Any, ...]], table: Table = TABLE) -> list[tuple[Any, ...]]:
    """Rows as `read_csv` can tell them."""
    texts = [number for number, one in enumerate(table.columns) if one.kind in {Kind.TEXT, Kind.TEXTS}]
    return [
        tuple(
            ";".join(value) if isinstance(value, list) else "" if value is None and number in texts else value
            for number, value in enumerate(row)
        )
        for row in expected
    ]


@dataclass(frozen=True)
class Case:
    """One way of writing, and what reads it."""

    scheme: str
    url: str  # below the test's own directory
    file: str = ""  # what then stands there
    options: dict[str, Any] = field(default_factory=dict)
    nested: bool = False  # documents rather than rows

    def __str__(self) -> str:
        return f"{self.url or 'stdout'}{' of documents' if self.nested else ''}"

    @property
    def table(self) -> Table:
        """A table of a group that the sink takes."""
        if self.nested:
            return DOCUMENTS
        return TABLE if TABLE.group in found()[self.scheme].groups else NODES

    def rows(self, count: int = ROWS) -> Batch:
        """Rows of that table."""
        return rows(count, self.table)

    def open(self, folder: Path) -> Sink:
        """Open the sink."""
        return open_sink(self.url.format(folder), **self.options)

    def path(self, folder: Path) -> Path:
        """Where the data stands."""
        return folder / self.file

    def read(self, folder: Path) -> list[tuple[Any, ...]]:
        """Read everything back."""
        if ".csv" in self.file:
            return read_csv(self.path(folder), self.table)
        if "json" in self.file:
            return read_json(self.path(folder), self.table)
        if self.file.endswith(".parquet"):
            return read_parquet(self.path(folder))
        return read_ladybug(self.path(folder)) if self.table is NODES else read_duckdb(self.path(folder), self.table)

    def told(self, batch: Batch) -> list[tuple[Any, ...]]:
        """Return what `read` should return."""
        if ".csv" in self.file:
            return as_csv_says(values(batch), self.table)
        return as_graphs_say(values(batch)) if self.table is NODES else values(batch)


def _directory(form: str, **options: Any) -> Case:
    return Case("files", "{}/out", f"out/host_readings.{form.replace('bulk', 'ndjson')}", {"format": form, **options})


STAGED = [
    _directory("csv"),
    _directory("csv.gz"),
    Case("files", "{}/small.csv.gz", "small.csv.gz", {"codec": "small"}),
    _directory("jsonl"),
    Case("files", "{}/one.jsonl.gz", "one.jsonl.gz"),
    _directory("json"),
    _directory("json.gz"),
    _directory("bulk"),
    Case("files", "{}/one.ndjson.gz", "one.ndjson.gz"),
    _directory("parquet"),
    Case("files", "{}/one.parquet", "one.parquet", {"codec": "small"}),
    Case("duckdb", "duckdb:{}/fleet.duckdb", "fleet.duckdb"),
    Case("ladybug", "ladybug:{}/estate.graph", "estate.graph"),
]
PASSING = [
    Case("blackhole", "blackhole:"),
    Case("blackhole", "blackhole:", options={"format": "none"}),
    Case("stdout", "-", options={"format": "json"}),
]
STAGED += [replace(case, nested=True) for case in STAGED if "requests" in found()[case.scheme].groups]
PASSING += [replace(case, nested=True) for case in PASSING] + [
    Case("stdout", "-", options={"format": "bulk"}, nested=True)
]
# A plug-in, or a sink that has no case yet, takes part under the name that every sink understands.
COVERED = {case.scheme for case in (*STAGED, *PASSING)}
STAGED += [Case(scheme, f"{scheme}:{{}}/store", "store") for scheme in found() if scheme not in COVERED]

WHOLE = (0, ROWS)
PARTS = (0, 0, 100, 101, 101, ROWS, ROWS)  # empty first, middle and last


def cut(batch: Batch, bounds: tuple[int, ...]) -> list[Batch]:
    """Rows of each task."""
    return [batch.slice(*pair) for pair in pairwise(bounds)]


def write_part(sink: Sink, batch: Batch, task: int, step: int = 64) -> Receipt:
    """Write one task in several batches."""
    part = sink.part(batch.table, task)
    for start in range(0, max(len(batch), 1), step):
        part.write(batch.slice(start, min(start + step, len(batch))))
    return part.close()


def write(
    sink: Sink, pieces: list[Batch], plan_id: str = "plan", *, backwards: bool = False
) -> tuple[list[Receipt], Written]:
    """Write all tasks; receipts in plan order."""
    table = pieces[0].table
    tasks = [3 * number for number in range(len(pieces))]  # numbers need not abut
    sink.open([table], plan_id=plan_id, tasks={table.name: tasks})
    todo = list(zip(tasks, pieces, strict=True))
    receipts = [write_part(sink, piece, task) for task, piece in (reversed(todo) if backwards else todo)]
    (written,) = sink.finish(receipts)
    return sorted(receipts, key=lambda receipt: receipt.task), written
