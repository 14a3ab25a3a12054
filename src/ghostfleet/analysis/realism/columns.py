"""Which column of a table is the entity, which the time, and which are metrics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ghostfleet.core.errors import DataError, ScenarioError
from ghostfleet.core.table import Kind
from ghostfleet.queries.reading import ZONED, literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

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
    options: str = "--"  # how the options begin that say it


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
        return _long(store, where, rows, types, given)
    _ensure_there(where, (given.entity, given.time, *given.metrics), types)
    kinds = _kinds(store, rows, types)
    time = given.time or _time(table, kinds)
    entities = (given.entity,) if given.entity else _entities(table, kinds)
    metrics = given.metrics or _metrics(table, kinds, {time, *entities})
    for what, found in (("time", time), ("entity", entities), ("metrics", metrics)):
        if not found:
            raise DataError(_unknown(store, where, rows, what, types, given))
    entity = " || '/' || ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in entities)
    return Layout(rows, entity, _seconds(time, types, kinds), metrics)


def _long(store: DuckDBPyConnection, where: str, rows: str, types: Mapping[str, str], given: Columns) -> Layout:
    for option, name, column in (("entity", given.entity, "series_id"), ("time", given.time, "timestamp")):
        if name not in {"", column}:
            raise ScenarioError(
                f"{where} is in long form, whose {option} is {column}; leave {given.options}{option} {name} out"
            )
    found = store.execute(f'SELECT DISTINCT CAST("metric" AS VARCHAR) FROM {rows} ORDER BY 1').fetchall()  # noqa: S608
    names = tuple(str(row[0]) for row in found if row[0])
    if not names:
        raise DataError(f"{where} holds no row with a metric")
    _ensure_there(where, given.metrics, names, "metric")
    kinds = _kinds(store, rows, {"timestamp": types["timestamp"]})
    time = _seconds("timestamp", types, kinds)
    return Layout(rows, 'CAST("series_id" AS VARCHAR)', time, given.metrics or names, is_long=True)


def _ensure_there(where: str, wanted: Iterable[str], there: Collection[str], what: str = "column") -> None:
    for name in wanted:
        if name and name not in there:
            raise DataError(f"{where} has no {what} {name}; it has {', '.join(there)}")


def _unknown(
    store: DuckDBPyConnection, where: str, rows: str, what: str, types: Mapping[str, str], given: Columns
) -> str:
    """Say why a column cannot be told."""
    if not store.execute(f"SELECT 1 FROM {rows} LIMIT 1").fetchall():  # noqa: S608  a relation of ours
        return f"{where} holds no rows, only the columns {', '.join(types)}"
    wanted = {
        "time": "times (ISO 8601, or numbers under a name such as time or timestamp)",
        "entity": "texts that name the entities",
        "metrics": "numbers",
    }
    return (
        f"{where} has no column that holds nothing but {wanted[what]}; it has {', '.join(types)}: "
        f"name one with {given.options}{what}"
    )


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


def _seconds(time: str, types: Mapping[str, str], kinds: Mapping[str, Kind]) -> str:
    cell = quoted(time)
    if kinds.get(time) is Kind.F64:  # seconds, milli-, micro- or nanoseconds: no data is of the year 5138
        number = f"CAST({cell} AS DOUBLE)"
        return (
            f"CASE WHEN {number} > 1e17 THEN {number} / 1e9 WHEN {number} > 1e14 THEN {number} / 1e6 "
            f"WHEN {number} > 1e11 THEN {number} / 1e3 ELSE {number} END"
        )
    if types.get(time) == ZONED:  # a cast would take the zone of the machine
        return f"epoch({cell})"
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
