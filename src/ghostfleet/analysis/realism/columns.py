"""Which column of a table is the entity, which the time, and which are metrics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ghostfleet.core.errors import DataError
from ghostfleet.core.table import Kind
from ghostfleet.queries.reading import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from ghostfleet.core.table import Table

LONG = ("series_id", "metric", "timestamp", "value")
SAMPLE_ROWS = 2000  # by which a text column's type is told
TIME_NAMES = re.compile(r"time|timestamp|ts|date|datetime|epoch|unix\w*|@timestamp", re.IGNORECASE)
NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*)")
TIMES = re.compile(r"(TIMESTAMP.*|DATE)")


@dataclass(frozen=True)
class Columns:
    """What the user said of the columns; empty where they are to be found out."""

    entity: str = ""
    time: str = ""
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """Rows of one source as SQL, and the metrics in them."""

    source: str
    entity: str  # an expression
    time: str  # an expression: seconds since the epoch
    metrics: tuple[str, ...]
    is_long: bool = False

    def rows(self, metric: str) -> str:
        """SELECT of entity, t and value of one metric."""
        value, where = (
            ('TRY_CAST("value" AS DOUBLE)', f'WHERE CAST("metric" AS VARCHAR) = {literal(metric)}')
            if self.is_long
            else (f"TRY_CAST({quoted(metric)} AS DOUBLE)", "")
        )
        return f"(SELECT {self.entity} AS entity, {self.time} AS t, {value} AS value FROM {self.source} {where})"  # noqa: S608  quoted


def quoted(name: str) -> str:
    """Any column name, as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def layout(
    store: DuckDBPyConnection, where: str, rows: str, types: Mapping[str, str], table: Table | None, given: Columns
) -> Layout:
    """Find the columns of a source; `DataError` naming what there is when one cannot be told."""
    if set(LONG) <= set(types):
        names = store.execute(f'SELECT DISTINCT CAST("metric" AS VARCHAR) FROM {rows} ORDER BY 1').fetchall()  # noqa: S608
        kinds = _kinds(store, rows, {"timestamp": types["timestamp"]})
        entity = 'CAST("series_id" AS VARCHAR)'
        return Layout(
            rows, entity, _seconds("timestamp", kinds), tuple(str(row[0]) for row in names if row[0]), is_long=True
        )
    for name in (given.entity, given.time, *given.metrics):
        if name and name not in types:
            raise DataError(f"{where} has no column {name}; it has {', '.join(types)}")
    kinds = _kinds(store, rows, types)
    time = given.time or _time(table, kinds)
    entities = (given.entity,) if given.entity else _entities(table, kinds)
    metrics = given.metrics or _metrics(table, kinds, {time, *entities})
    for what, found, option in (
        ("time", time, "--time"),
        ("entity", entities, "--entity"),
        ("metric", metrics, "--metrics"),
    ):
        if not found:
            raise DataError(f"{where} has no {what} column that can be told; name it with {option}: {', '.join(types)}")
    entity = " || '/' || ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in entities)
    return Layout(rows, entity, _seconds(time, kinds), metrics)


def _kinds(store: DuckDBPyConnection, rows: str, types: Mapping[str, str]) -> dict[str, Kind]:
    """Kind of each column: by its type, and of texts by what stands in their first rows."""
    kinds: dict[str, Kind] = {}
    for name, kind in types.items():
        if NUMBERS.fullmatch(kind):
            kinds[name] = Kind.F64
        elif TIMES.fullmatch(kind):
            kinds[name] = Kind.TIME
        elif kind == "VARCHAR":
            cell = quoted(name)
            sql = (
                f"SELECT count({cell}), count(TRY_CAST({cell} AS DOUBLE)), count(TRY_CAST({cell} AS TIMESTAMP)) "  # noqa: S608
                f"FROM (SELECT {cell} FROM {rows} LIMIT {SAMPLE_ROWS})"
            )
            every, numbers, times = store.execute(sql).fetchone() or (0, 0, 0)
            kinds[name] = (
                Kind.F64 if every and numbers == every else Kind.TIME if every and times == every else Kind.TEXT
            )
    return kinds


def _seconds(time: str, kinds: Mapping[str, Kind]) -> str:
    cell = quoted(time)
    if kinds.get(time) is Kind.F64:  # seconds, milli-, micro- or nanoseconds: no data is of the year 5138
        number = f"CAST({cell} AS DOUBLE)"
        return (
            f"CASE WHEN {number} > 1e17 THEN {number} / 1e9 WHEN {number} > 1e14 THEN {number} / 1e6 "
            f"WHEN {number} > 1e11 THEN {number} / 1e3 ELSE {number} END"
        )
    return f"epoch(TRY_CAST({cell} AS TIMESTAMP))"


def _time(table: Table | None, kinds: Mapping[str, Kind]) -> str:
    if table is not None:
        return next(column.name for column in table.columns if column.kind is Kind.TIME)
    times = [name for name, kind in kinds.items() if kind is Kind.TIME]
    named = [name for name, kind in kinds.items() if kind is Kind.F64 and TIME_NAMES.fullmatch(name)]
    return next(iter((*times, *named)), "")


def _entities(table: Table | None, kinds: Mapping[str, Kind]) -> tuple[str, ...]:
    if table is not None:
        return tuple(key for key in table.keys if table[key].kind is Kind.TEXT)
    return tuple(name for name, kind in kinds.items() if kind is Kind.TEXT)[:1]


def _metrics(table: Table | None, kinds: Mapping[str, Kind], taken: set[str]) -> tuple[str, ...]:
    numbers: Sequence[str] = [name for name, kind in kinds.items() if kind is Kind.F64 and name not in taken]
    if table is None:
        return tuple(numbers)
    return tuple(column.name for column in table.columns if column.kind is Kind.F64 and column.name in kinds)
