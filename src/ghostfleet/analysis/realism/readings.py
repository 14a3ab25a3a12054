"""Telemetry of either side, read through DuckDB: what each entity's metrics were on a grid of steps."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.analysis.realism.columns import Columns, Layout, layout
from ghostfleet.core import draw
from ghostfleet.core.errors import DataError, GhostfleetError
from ghostfleet.core.table import Table
from ghostfleet.queries import reading
from ghostfleet.queries.sources import (
    FILES,
    STORE,
    SUFFIXES,
    Source,
    UnreadableError,
    begins_as_store,
    ensure_readable,
    is_store,
    sources,
    split,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from ghostfleet.core.arrays import F64, I64


@dataclass(frozen=True)
class Series:
    """One metric of one entity: means of the steps that have readings; bins count steps since the epoch."""

    entity: str
    bins: I64
    values: F64


@dataclass
class Readings:
    """One side: the series of each metric, read when they are asked for."""

    url: str
    step_s: int
    metrics: tuple[str, ...]
    store: DuckDBPyConnection = field(repr=False)
    layouts: tuple[Layout, ...] = field(repr=False)
    _known: dict[str, list[Series]] = field(default_factory=dict, repr=False)

    def series(self, metric: str, most: int, seed: int) -> list[Series]:
        """Series of a metric, of at most so many entities; which ones is a draw by their names."""
        if metric not in self._known:
            with _said(self.url):
                self._known[metric] = self._read(metric, most, seed)
        return self._known[metric]

    def _read(self, metric: str, most: int, seed: int) -> list[Series]:
        rows = " UNION ALL ".join(one.rows(metric) for one in self.layouts if metric in one.metrics)
        self.store.execute(f"CREATE OR REPLACE TEMP VIEW asked AS {rows}")
        names = sorted(str(row[0]) for row in self.store.execute("SELECT DISTINCT entity FROM asked").fetchall())
        found = list(self._binned(drawn(names, most, draw.Stream(seed, "realism", "entities"))))
        if not found:
            raise DataError(self._nothing(metric))
        return found

    def _nothing(self, metric: str) -> str:
        """Say what is missing in the rows of a metric that has no reading."""
        sql = "SELECT count(*), count(entity), count(t), count(*) FILTER (isfinite(value)) FROM asked"
        rows, entities, times, values = self.store.execute(sql).fetchone() or (0, 0, 0, 0)
        if not rows:
            return f"{self.url} holds no rows"
        known = f"{rows} rows: {entities} with an entity, {times} with a time that can be read, {values} with a number"
        return f"{self.url} has no reading of {metric} in {known}"

    def _binned(self, entities: Sequence[str]) -> Iterator[Series]:
        sql = """
            SELECT entity, CAST(floor(t / $step) AS BIGINT) AS bin, favg(value) AS value
            FROM asked WHERE isfinite(t) AND isfinite(value) AND entity IN (SELECT unnest($entities))
            GROUP BY ALL ORDER BY entity, bin
        """
        found = self.store.execute(sql, {"step": float(self.step_s), "entities": list(entities)}).fetchnumpy()
        if not len(found["bin"]):
            return
        names = np.asarray(found["entity"], dtype=object)
        cuts = np.flatnonzero(names[1:] != names[:-1]) + 1
        bins, values = np.asarray(found["bin"], np.int64), np.asarray(found["value"], np.float64)
        for of, at, what in zip(np.split(names, cuts), np.split(bins, cuts), np.split(values, cuts), strict=True):
            yield Series(str(of[0]), at, what)

    def close(self) -> None:
        """Let go of the files."""
        self.store.close()


def drawn(names: Sequence[str], most: int, stream: draw.Stream) -> list[str]:
    """At most so many names, in a drawn order that does not depend on how many there are."""
    words = draw.words(stream.keys(draw.entity_ids(names)), 0, 1)[:, 0]
    return [names[place] for place in np.argsort(words, kind="stable")[:most]]


def read(url: str, step_s: int, tables: Sequence[Table] = (), given: Columns | None = None) -> Readings:
    """Open one side: a file, a folder of files or ``duckdb:FILE``; tables we know need no options.

    Others need an entity column, a time column and metric columns, or the long form series_id, metric, timestamp,
    value. `DataError` when they cannot be read as that.
    """
    import duckdb

    store = duckdb.connect()
    try:
        with _said(url):
            for setting in ("threads = 1", "autoinstall_known_extensions = false", "enable_progress_bar = false"):
                store.execute(f"SET {setting}")  # one thread: a mean of many readings has the same bits every time
            layouts = tuple(_layouts(store, url, tables, given or Columns()))
    except GhostfleetError:
        store.close()
        raise
    metrics = tuple(dict.fromkeys(metric for one in layouts for metric in one.metrics))
    return Readings(url, step_s, metrics, store, layouts)


@contextmanager
def _said(url: str) -> Iterator[None]:
    """Turn DuckDB's errors into ours."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise UnreadableError(f"{url} cannot be read: {str(error).splitlines()[0]}") from error


def _layouts(store: DuckDBPyConnection, url: str, tables: Sequence[Table], given: Columns) -> Iterator[Layout]:
    for source, is_known in _sources(store, url, tables):
        ensure_readable(source)
        rows, types = reading.relation(store, source)
        table = source.table if is_known and set(source.table.keys) <= set(types) else None
        where = str(source.paths[0]) + (f", table {source.table.name}," if source.suffix == "duckdb" else "")
        yield layout(store, where, rows, types, table, given)


def _sources(store: DuckDBPyConnection, url: str, tables: Sequence[Table]) -> list[tuple[Source, bool]]:
    path = Path(url.removeprefix(STORE if url.startswith(STORE) else FILES))
    known = [table for table in tables if table.group == "telemetry"]
    if not path.exists() or not url.strip():
        raise UnreadableError(f"{url or 'a path of no letters'} is not there; valid is a file, a folder or duckdb:FILE")
    if url.startswith(STORE) or (not url.startswith(FILES) and is_store(path)):
        return _stored(store, path, known)
    if path.is_dir():
        try:
            return [(source, True) for source in sources(url, known)]
        except UnreadableError:
            files = [file for file in sorted(path.iterdir()) if split(file)[1]]
            if any(split(file)[0] in {table.file_stem for table in known} for file in files):
                raise
            if not files:
                message = f"{path} holds no file that can be read; valid are {', '.join(SUFFIXES)}"
                raise UnreadableError(message) from None
            return [(_of_nobody(file), False) for file in files]
    if path.is_file() and split(path)[1]:
        try:
            return [(source, True) for source in sources(url, known)] if len(known) > 1 else [(_of_nobody(path), False)]
        except UnreadableError:
            return [(_of_nobody(path), False)]
    raise UnreadableError(f"{path} has no known suffix; valid are {', '.join(SUFFIXES)}, a folder or duckdb:FILE")


def _of_nobody(path: Path) -> Source:
    stem, suffix = split(path)
    return Source(Table(stem, "", (), (), ()), (path,), suffix)


def _stored(store: DuckDBPyConnection, path: Path, known: Sequence[Table]) -> list[tuple[Source, bool]]:
    if path.is_dir() or not begins_as_store(path):
        raise UnreadableError(f"{path} is no DuckDB file; valid is duckdb:FILE, or another path without duckdb:")
    store.execute(f"ATTACH {reading.literal(str(path))} AS stored (READ_ONLY)")
    sql = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'stored' ORDER BY 1"
    names = [str(row[0]) for row in store.execute(sql).fetchall()]
    ours = [table for table in known if table.name in names]
    if not names:
        raise UnreadableError(f"{path} holds no tables")
    if ours:
        return [(Source(table, (path,), "duckdb"), True) for table in ours]
    return [(Source(Table(name, "", (), (), ()), (path,), "duckdb"), False) for name in names]
