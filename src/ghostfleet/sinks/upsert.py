"""Rows merged by their keys into a table of a DuckDB file, and told apart: inserted, updated, unchanged, duplicates.

Staged rows are read three times and never held: once to find, by keys and by a hash of all values, what becomes of
each; then what changes is deleted and inserted in the order of the file. What is held is a byte a row; the rest is
DuckDB's, which spills to the disk what passes its limit.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.sinks.sink import Tally
from ghostfleet.sinks.values import flat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from ghostfleet.core.arrays import Array, Bool
    from ghostfleet.core.table import Table

DUPLICATE, INSERTED, UPDATED, UNCHANGED = range(4)
PLACE = "place of the row"  # no column has spaces in its name
MEMORY = "512MB"


def merged(store: DuckDBPyConnection, table: Table, paths: Sequence[Path], count: int) -> Tally:
    """Merge that many staged rows; the caller begins and commits."""
    store.execute(f"SET memory_limit = '{MEMORY}'")
    fates = _fates(store, table, paths, count)
    if (fates == UPDATED).any():
        same = " AND ".join(f"old.{key} IS NOT DISTINCT FROM new.{key}" for key in _keys(table))
        statement = f"DELETE FROM {_quoted(table.name)} AS old USING staged AS new WHERE {same}"  # noqa: S608  names are quoted
        _run(store, _chosen(table, paths, fates == UPDATED), statement)
    changed = (fates == INSERTED) | (fates == UPDATED)
    if changed.any():
        _run(store, _chosen(table, paths, changed), f"INSERT INTO {_quoted(table.name)} SELECT * FROM staged")  # noqa: S608  as above
    counts = np.bincount(fates, minlength=4).tolist()
    return Tally(counts[INSERTED], counts[UPDATED], counts[UNCHANGED], counts[DUPLICATE])


def _fates(store: DuckDBPyConnection, table: Table, paths: Sequence[Path], count: int) -> Array:
    """What becomes of each staged row."""
    keys = ", ".join(_keys(table))
    values = ", ".join(_quoted(name) for name in flat(table).names)
    same = " AND ".join(f"old.{key} IS NOT DISTINCT FROM new.{key}" for key in _keys(table))
    place = _quoted(PLACE)
    query = f"""
        WITH new AS (
            SELECT {keys}, max({place}) AS place, arg_max(print, {place}) AS print
            FROM (SELECT {keys}, {place}, hash({values}) AS print FROM staged) GROUP BY {keys}
        ),
        old AS (SELECT {keys}, hash({values}) AS print FROM {_quoted(table.name)})
        SELECT new.place, CASE WHEN old.print IS NULL THEN {INSERTED} WHEN old.print = new.print THEN {UNCHANGED}
            ELSE {UPDATED} END::UTINYINT AS fate
        FROM new LEFT JOIN old ON {same}
    """  # noqa: S608  names are quoted
    fates = np.full(count, DUPLICATE, np.uint8)
    with _registered(store, _placed(table, paths)):
        for batch in store.sql(query).to_arrow_reader(1 << 16):
            fates[batch.column(0).to_numpy()] = batch.column(1).to_numpy()
    return fates


def _placed(table: Table, paths: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    """Staged rows with their places; one batch at least, if it has no rows."""
    import pyarrow as pa

    from ghostfleet.sinks.arrow.convert import plain_schema

    schema = plain_schema(table).append(pa.field(PLACE, pa.int64()))
    yield pa.RecordBatch.from_pylist([], schema=schema)
    at = 0
    for batch in _staged(table, paths):
        places = pa.array(np.arange(at, at + len(batch)))
        at += len(batch)
        yield pa.RecordBatch.from_arrays([*batch.columns, places], schema=schema)


def _staged(table: Table, paths: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    from ghostfleet.sinks.arrow import ipc
    from ghostfleet.sinks.arrow.convert import plain_schema

    plain = plain_schema(table)
    return (batch.cast(plain) for batch in ipc.stored(paths))


def _chosen(table: Table, paths: Sequence[Path], wanted: Bool) -> Iterator[pa.RecordBatch]:
    """Staged rows that are wanted, in their order."""
    import pyarrow as pa

    at = 0
    for batch in _staged(table, paths):
        mine = wanted[at : at + len(batch)]
        at += len(batch)
        if mine.all():
            yield batch
        elif mine.any():
            yield batch.filter(pa.array(mine))


def _run(store: DuckDBPyConnection, batches: Iterator[pa.RecordBatch], statement: str) -> None:
    """Run a statement that reads rows as ``staged``."""
    with _registered(store, batches):
        store.execute(statement).fetchall()


@contextmanager
def _registered(store: DuckDBPyConnection, batches: Iterator[pa.RecordBatch]) -> Iterator[None]:
    """Let statements read batches, of which there is one at least, once."""
    import pyarrow as pa

    first = next(batches)
    store.register("staged", pa.RecordBatchReader.from_batches(first.schema, chain((first,), batches)))
    try:
        yield
    finally:
        store.unregister("staged")


def _keys(table: Table) -> list[str]:
    return [_quoted(key) for key in flat(table).keys]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
