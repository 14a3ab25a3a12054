"""A data set that can be asked: its tables by their declared types, in a DuckDB of its own."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ghostfleet.core.errors import DataError
from ghostfleet.core.interrupts import heard
from ghostfleet.core.table import Kind
from ghostfleet.queries import reading, text
from ghostfleet.queries.derived import derived
from ghostfleet.queries.reading import literal, name
from ghostfleet.queries.sources import UnreadableError, beside, ensure_readable, sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from ghostfleet.core.table import Table
    from ghostfleet.queries.sources import Source
    from ghostfleet.queries.text import Need, Query

    Rows = Sequence[Mapping[str, object]]
    Expectations = Mapping[str, Rows | str]  # or why there are none

MEMORY = "512MB"  # DuckDB spills beyond; a year of hourly rows fits
THREADS = 2
ROWS_AT_ONCE = 100
_EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Result:
    """Answer of a query; ``reason`` says why there is none, and is empty where there is one."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    reason: str = ""

    def dicts(self) -> list[dict[str, Any]]:
        """Rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def column(self, wanted: str) -> list[Any]:
        """Values of one column."""
        place = self.columns.index(wanted)
        return [row[place] for row in self.rows]


@dataclass
class Data:
    """An open data set; `open_data` makes one."""

    url: str
    tables: tuple[Table, ...]
    store: DuckDBPyConnection
    _columns: dict[str, set[str]] = field(default_factory=dict)  # of each relation that there is
    _absent: dict[str, str] = field(default_factory=dict)  # relations that cannot be, and why
    _stand_ins: dict[str, dict[str, str]] = field(default_factory=dict)  # columns of what stands for absent relations
    _empty: set[str] = field(default_factory=set)  # tables that are there, but have no rows
    found: list[dict[str, object]] = field(default_factory=list)  # tables and their numbers of rows

    def ask(self, question: Query | str, parameters: Mapping[str, Any] = _EMPTY, *, limit: int | None = None) -> Result:
        """Answer a query, by name or as a text; no data where a relation or column that it needs is absent."""
        asked = text.query(question) if isinstance(question, str) else question
        if reason := self.lacks(asked):
            return Result((), [], reason)
        given = {**asked.parameters, **parameters}
        sql = asked.sql if limit is None else f"FROM ({asked.sql.rstrip().rstrip(';')}\n) LIMIT {int(limit)}"
        cursor = self._executed(sql, given)
        names = tuple(column[0] for column in cursor.description or ())
        rows = cursor.fetchall()
        return Result(names, rows, "" if rows else "the query found no rows")

    def _executed(self, sql: str, given: Mapping[str, Any] = _EMPTY) -> DuckDBPyConnection:
        """Run a statement; `DataError` where it needs more memory than there is, or more room on the disk."""
        import duckdb

        try:
            return self.store.execute(sql, given) if given else self.store.execute(sql)
        except duckdb.OutOfMemoryException as error:
            why = str(error).splitlines()[0]
            msg = f"a question needs more than there is: {why}; ask it of fewer rows or a shorter window"
            raise DataError(msg) from error

    def lacks(self, asked: Query) -> str:
        """Say what a query needs and the data does not have, or nothing; makes shared relations on the way."""
        for need in asked.optional:
            if self._lack(need) and need.relation in self._absent:
                self._stand_in(need)
        return next((reason for need in asked.needs if (reason := self._lack(need))), "")

    def excuse(self, asked: Query) -> str:
        """Say why a query cannot be answered of rows like these, or nothing; the facts come from the expectations."""
        for view in asked.unless:
            if not self._lack(text.Need(view, ("reason",))):
                found = self.store.execute(f"SELECT reason FROM {name(view)} LIMIT 1").fetchone()  # noqa: S608  quoted
                if found:
                    return str(found[0])
        return ""

    @property
    def is_empty(self) -> bool:
        """Whether no table has a row."""
        return self._empty >= {table.name for table in self.tables}

    def has(self, table: str, column: str) -> bool:
        """Whether a table is there and has a column."""
        return column in self._columns.get(table, ())

    def _lack(self, need: Need) -> str:
        if need.relation not in self._columns and need.relation not in self._absent:
            self._make(need.relation)
        if need.relation in self._absent:
            return self._absent[need.relation]
        if need.relation in self._empty:
            return f"{need.relation} has no rows"
        missing = [column for column in need.columns if column not in self._columns[need.relation]]
        return f"{need.relation} has no column {', '.join(missing)}" if missing else ""

    def _stand_in(self, need: Need) -> None:
        """Put an empty relation where an optional one is absent; for queries that need it, it stays absent."""
        columns = self._stand_ins.setdefault(need.relation, {})
        if not columns.keys() >= set(need.columns) or not columns:
            columns |= dict(zip(need.columns, need.types, strict=True))
            self.store.execute(f"CREATE OR REPLACE TABLE {name(need.relation)} AS {_nothing(columns)}")

    def _make(self, relation: str) -> None:
        """Make a shared relation once: one that follows from the tables' declarations, or of the `views` folder."""
        if (follows := derived(relation, self.tables, self.has)) is not None:
            sql, reason = follows
            if self.is_empty:
                reason = f"{self.tables[0].name} has no rows"
            if reason:
                self._absent[relation] = reason
            else:
                self.add(relation, sql)
            return
        view = text.view(relation)
        reason = f"{relation} was not given" if view is None else self.lacks(view)
        if view is None or reason:
            self._absent[relation] = reason
            return
        self.add(relation, view.sql)

    def add(self, relation: str, sql: str) -> None:
        """Add a relation made by a SELECT."""
        self._executed(f"CREATE OR REPLACE TABLE {name(relation)} AS {sql}")
        found = self.store.execute(f"DESCRIBE {name(relation)}").fetchall()
        self._columns[relation] = {row[0] for row in found}

    def add_table(self, table: Table, sql: str) -> None:
        """Add a table, and note when it has no rows: then whatever needs it has no data."""
        self.add(table.name, sql)
        ((rows,),) = self.store.execute(f"SELECT count(*) FROM {name(table.name)}").fetchall()  # noqa: S608  quoted
        if not rows:
            self._empty.add(table.name)
        self.found.append({"table_name": table.name, "rows": rows})

    def add_rows(self, relation: str, rows: Rows | str) -> None:
        """Add a small relation made of dicts; without rows it is not there, nor where a text says why."""
        if isinstance(rows, str):
            self._absent[relation] = rows
            return
        if not rows:
            self._absent[relation] = f"{relation} is empty"
            return
        names = list(rows[0])
        columns = ", ".join(f"{name(column)} {_type_of(rows, column)}" for column in names)
        self.store.execute(f"CREATE OR REPLACE TABLE {name(relation)} ({columns})")
        places = f"({', '.join('?' for _ in names)})"
        values = [[row[column] for column in names] for row in rows]
        while len(values) > ROWS_AT_ONCE:  # a statement a row takes ten times as long
            some, values = values[:ROWS_AT_ONCE], values[ROWS_AT_ONCE:]
            flat = [value for row in some for value in row]
            self.store.execute(f"INSERT INTO {name(relation)} VALUES {', '.join([places] * len(some))}", flat)  # noqa: S608  quoted
        self.store.executemany(f"INSERT INTO {name(relation)} VALUES {places}", values)  # noqa: S608  quoted
        self._columns[relation] = set(names)


def _nothing(columns: Mapping[str, str]) -> str:
    """SELECT without rows that stands for an optional relation; times and lists say what they are, others need not."""
    kinds = {
        column: "TIMESTAMP" if kind == "TIMESTAMPTZ" else kind if kind.endswith("[]") else "DOUBLE"
        for column, kind in columns.items()
    }
    return f"SELECT {', '.join(f'CAST(NULL AS {kinds[one]}) AS {name(one)}' for one in sorted(columns))} WHERE false"


def _type_of(rows: Rows, column: str) -> str:
    kinds = {type(row[column]) for row in rows if row[column] is not None}
    if kinds <= {bool} and kinds:
        return "BOOLEAN"
    if kinds <= {int} and kinds:
        return "BIGINT"
    return "DOUBLE" if kinds and kinds <= {int, float} else "VARCHAR"


@contextmanager
def open_data(
    url: str,
    tables: Sequence[Table],
    expectations: Expectations | None = None,
    *,
    truth: Sequence[Table] = (),
    scratch: Path | None = None,
) -> Iterator[Data]:
    """Open files or a store for asking; `DataError` when they cannot be read.

    ``url`` is a file we write, a folder of them, or ``duckdb:FILE``. Tables of ``truth`` that lie beside them can be
    asked as well, but are no part of the data set. What does not fit into memory lies in a
    folder below ``scratch`` (default: the system's temporary folder), which goes when the data set is closed.
    """
    import duckdb

    found = sources(url, _flat(tables))
    with tempfile.TemporaryDirectory(prefix="ghostfleet-", dir=scratch) as folder:
        store = duckdb.connect(str(Path(folder) / "asked.duckdb"))
        try:
            configure(store, Path(folder))
            with heard(store.interrupt):
                data = Data(url, tuple(source.table for source in found), store)
                types = [_load(data, source, reachable(source, Path(folder))) for source in found]
                _declare(data, found, types)
                data.add_rows("found_tables", data.found)  # without what lies beside them
                for source in beside(url, _flat(truth)):
                    _load(data, source, reachable(source, Path(folder)))
                for relation, rows in (expectations or {}).items():
                    data.add_rows(relation, rows)
                yield data
        finally:
            store.close()


def _flat(tables: Sequence[Table]) -> list[Table]:
    """Tables by names of columns that SQL can have; DataError where two columns then have the same."""
    try:
        return [table.flattened() for table in tables]
    except ValueError as error:
        raise DataError(str(error)) from error


def observed(data: Data, table: str) -> dict[str, Any] | None:
    """Extent that the rows of a table show: entities, since_s, until_s and step_s; None where they show none."""
    asked = text.observed(table)
    rows = data.ask(asked).dicts() if asked is not None else []
    return rows[0] if rows and None not in rows[0].values() else None


def configure(store: DuckDBPyConnection, folder: Path) -> None:
    """Bound memory and threads, and let what does not fit lie in a folder."""
    for setting in (
        f"memory_limit = '{MEMORY}'",
        f"threads = {THREADS}",
        f"temp_directory = {literal(str(folder / 'spill'))}",
        "enable_progress_bar = false",
        "autoinstall_known_extensions = false",  # a check never fetches anything
    ):
        store.execute(f"SET {setting}")


def reachable(source: Source, folder: Path) -> Source:
    """The same files by names that DuckDB can open: it takes UTF-8 alone, and ~ for somebody's home."""
    paths = []
    for place, path in enumerate(source.paths):
        plain = not str(path).startswith("~") and str(path).isprintable()
        link = folder / f"{source.table.name}-{place}{'.' if source.suffix else ''}{source.suffix}"
        if not plain:
            link.symlink_to(path.absolute())
        paths.append(path if plain else link)
    return replace(source, paths=tuple(paths))


def _load(data: Data, given: Source, source: Source) -> Given:
    import duckdb

    ensure_readable(given)
    where = given.paths[0]
    try:
        rows, types = reading.relation(data.store, source)
        if not any(column.name in types for column in source.table.columns):
            raise UnreadableError(f"{where} has no column of {source.table.name}; it has {', '.join(list(types)[:8])}")
        data.add_table(source.table, reading.typed(source, rows, types))
        times = [column.name for column in source.table.columns if column.kind is Kind.TIME]
        return Given(types, {time: _states_zone(data.store, rows, time, types) for time in times})
    except duckdb.OutOfMemoryException as error:  # which says nothing against the file
        msg = f"{where} needs more memory, or room in the temporary folder, than there is: {_short(error)}"
        raise DataError(f"{msg}; let TMPDIR name a larger disk, or take fewer rows") from error
    except duckdb.Error as error:
        raise UnreadableError(f"{where} cannot be read: {_short(error)}") from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{where} cannot be read: {error.reason}") from error


class Given(NamedTuple):
    """What a source has: the type of each column, and whether times say that they are UTC."""

    types: Mapping[str, str]
    zones: Mapping[str, bool | None]


def _declare(data: Data, found: Sequence[Source], given: Sequence[Given]) -> None:
    """Write the declarations down, so that checks read them and no check repeats one."""
    data.add_rows(
        "declared_columns",
        [
            {
                "table_name": table.name,
                "column_name": column.name,
                "kind": column.kind.value,
                "column_group": column.group,
                "low": column.low,
                "high": column.high,
                "present": column.name in has.types,
                "zone_stated": has.zones.get(column.name),
            }
            for source, has in zip(found, given, strict=True)
            for table in [source.table]
            for column in table.columns
        ],
    )
    data.add_rows(
        "declared_values",
        [
            {"table_name": source.table.name, "column_name": column.name, "valid": value}
            for source in found
            for column in source.table.columns
            for value in column.values
        ],
    )


def _states_zone(store: DuckDBPyConnection, rows: str, column: str, types: Mapping[str, str]) -> bool | None:
    """Whether times say that they are UTC, judged by the type or by the first texts."""
    if types.get(column) != "VARCHAR":
        return types[column] == reading.ZONED if column in types else None
    pattern = r"[T ].*(Z|[+-]\d\d(:?\d\d)?)$"  # a date alone ends in what looks like an offset
    sql = f"SELECT bool_and(regexp_matches(t, '{pattern}')) FROM (SELECT {name(column)} AS t FROM {rows} LIMIT 100)"  # noqa: S608
    ((states,),) = store.execute(sql).fetchall()  # to its end, or nothing could be registered while it waits
    return None if states is None else bool(states)


def _short(error: Exception) -> str:
    """Lines of a DuckDB message that say what and where; the others repeat the options."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [line for line in lines if line.startswith(("Original Line", "Expected"))]
    return "; ".join([lines[0] if lines else type(error).__name__, *said[:2]])


__all__ = ["Data", "DataError", "Expectations", "Result", "UnreadableError", "observed", "open_data"]
