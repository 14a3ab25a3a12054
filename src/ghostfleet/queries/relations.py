"""Tables of one or more places as relations of one DuckDB, typed as the texts that read them say."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostfleet.core.errors import DataError
from ghostfleet.core.interrupts import heard
from ghostfleet.core.table import Column, Kind, Table
from ghostfleet.queries import reading, sources, text
from ghostfleet.queries.answers import normal
from ghostfleet.queries.data import configure, reachable
from ghostfleet.queries.parameters import declared
from ghostfleet.queries.reading import literal, name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from ghostfleet.queries.answers import Rows
    from ghostfleet.queries.sources import Source
    from ghostfleet.queries.text import Need, Query

KINDS = {
    "TIMESTAMPTZ": Kind.TIME,
    "VARCHAR": Kind.TEXT,
    "DOUBLE": Kind.F64,
    "BIGINT": Kind.I64,
    "BOOLEAN": Kind.BOOL,
    "VARCHAR[]": Kind.TEXTS,
}
# What DuckDB does otherwise than PostgreSQL; texts are written for what the two have in common.
DIALECT = (
    "TimeZone = 'UTC'",
    "default_null_order = 'nulls_last_on_asc_first_on_desc'",
    "integer_division = true",
    "ieee_floating_point_ops = false",
)


def merged(needs: Iterable[Need]) -> dict[str, Need]:
    """Needs by relation, each with every column that anybody needs."""
    found: dict[str, dict[str, str]] = {}
    for need in needs:
        columns = found.setdefault(need.relation, {})
        columns |= dict(zip(need.columns, need.types, strict=True))
    return {name: text.Need(name, tuple(columns), tuple(columns.values())) for name, columns in found.items()}


def table_of(need: Need, declared: Table | None = None) -> Table:
    """Declaration that a need amounts to; which columns need not be there says the table's own."""
    optional = {column.flat_name for column in declared.columns if column.optional} if declared else set()
    columns = tuple(
        Column(one, KINDS[kind], "", nullable=True, optional=one in optional)
        for one, kind in zip(need.columns, need.types, strict=True)
    )
    return Table(need.relation, "", columns, (), (), declared.stem if declared else "")


@dataclass
class Relations:
    """Relations made of the tables that texts need; `opened` makes one."""

    urls: tuple[str, ...]
    store: DuckDBPyConnection
    folder: Path
    tables: Mapping[str, Table] = field(default_factory=dict)  # declarations, where somebody has them
    graphs: tuple[str, ...] = ()  # places that were named as well, and hold no tables
    _columns: dict[str, dict[str, str]] = field(default_factory=dict)  # of what is made: column and type
    _absent: dict[str, str] = field(default_factory=dict)
    _attached: dict[Path, str] = field(default_factory=dict)

    def prepare(self, texts: Iterable[Query]) -> None:
        """Make what some texts need, as far as it is there; made anew where they need more columns of it."""
        known = list(texts)
        self.provide(need for one in known for need in (*_needs(one), *one.optional))
        for need in merged(need for one in known for need in one.optional).values():
            if need.relation in self._absent:
                self._stand_in(need)

    def provide(self, needs: Iterable[Need]) -> None:
        """Make relations, as far as they are there."""
        for need in merged(needs).values():
            if need.relation not in self._columns or not set(need.columns) <= self._columns[need.relation].keys():
                self._make(need)

    def _stand_in(self, need: Need) -> None:
        """Put an empty relation where an optional one is absent; for texts that need it, it stays absent."""
        cells = [
            f"CAST(NULL AS {kind}) AS {name(column)}" for column, kind in zip(need.columns, need.types, strict=True)
        ]
        self.store.execute(f"CREATE OR REPLACE VIEW {name(need.relation)} AS SELECT {', '.join(cells)} WHERE false")

    def lacks(self, asked: Query) -> str:
        """Say what a text needs and no place has, or nothing; what is optional must have its columns if it is there."""
        there = [need for need in asked.optional if need.relation not in self._absent]
        return next((reason for need in (*asked.needs, *there) if (reason := self.lack(need))), "")

    def lack(self, need: Need) -> str:
        """Say why a relation or a column of it is not there, or nothing."""
        if need.relation in self._absent:
            return self._absent[need.relation]
        missing = [column for column in need.columns if column not in self._columns[need.relation]]
        return f"{need.relation} has no column {', '.join(missing)}" if missing else ""

    def rows(self, asked: Query, values: Mapping[str, Any]) -> Rows:
        """Rows of a text; parameters are bound in the order in which its header names them."""
        given = [values[one.name] for one in declared(asked)]
        cursor = self.store.execute(asked.sql, given) if given else self.store.execute(asked.sql)
        names = tuple(column[0] for column in cursor.description or ())
        if asked.columns and names != asked.columns:
            raise DataError(f"{asked.name} returns {', '.join(names)}, and declares {', '.join(asked.columns)}")
        return [dict(zip(names, map(normal, row), strict=True)) for row in cursor.fetchall()]

    def newest(self, table: str) -> datetime | None:
        """Time of the newest row of a table, or nothing where there is none."""
        columns = self._columns.get(table, {})
        times = [column for column, kind in columns.items() if kind == reading.ZONED]
        if not times:
            return None
        time = name("time" if "time" in times else times[0])
        (found,) = self.store.execute(f"SELECT max({time}) FROM {name(table)}").fetchone() or (None,)  # noqa: S608  quoted
        return None if found is None else normal(found)

    def arrow(self, relation: str, cells: Sequence[str], where: str = "true") -> pa.Table:
        """Some cells of the rows of a relation, as Arrow; cells and the condition are SQL that somebody has quoted."""
        sql = f"SELECT {', '.join(cells)} FROM {name(relation)} WHERE {where}"  # noqa: S608
        return self.store.sql(sql).to_arrow_table()

    def found(self) -> dict[str, dict[str, str]]:
        """Columns of every table that lies at the places, by their DuckDB types."""
        everything: dict[str, dict[str, str]] = {}
        for url in self.urls:
            for one in sources.names_in(url) or self._stored_in(url):
                place = sources.source_of(url, self.tables.get(one) or Table(one, "", (), (), ()))
                if place is not None and one not in everything and reading.is_name(one):
                    everything[one] = self._read(place)[1]
        return everything

    def _make(self, need: Need) -> None:
        view = text.view(need.relation)
        if view is not None:
            reason = self.lacks(view)
            if reason:
                self._absent[need.relation] = reason
            else:
                self._add(need.relation, f"CREATE OR REPLACE VIEW {name(need.relation)} AS {view.sql}")
            return
        table = table_of(need, self.tables.get(need.relation))
        for url in self.urls:
            place = sources.source_of(url, table)
            if place is not None and self._take(place):
                return
        where = " or ".join(self.urls) or self._nowhere()
        self._absent[need.relation] = f"{need.relation} is not there; looked for in {where}"

    def _nowhere(self) -> str:
        graphs = " and ".join(self.graphs)
        return f"no place, as {graphs} holds a graph and no tables" if graphs else "no place, as none was named"

    def _take(self, place: Source) -> bool:
        """Make a relation of what a place holds; whether it holds the table."""
        if place.suffix == "duckdb" and place.table.name not in self._stored_in(f"{sources.STORE}{place.paths[0]}"):
            return False
        rows, types = self._read(place)
        relation = name(place.table.name)
        if place.suffix not in ("duckdb", "parquet"):
            rows = self._typed(place, rows, types)
            types = {column.name: reading.TYPES[column.kind] for column in place.table.columns if column.name in types}
        cells = [_cell(column, types[column.name]) for column in place.table.columns if column.name in types]
        self._add(place.table.name, f"CREATE OR REPLACE VIEW {relation} AS SELECT {', '.join(cells) or 1} FROM {rows}")  # noqa: S608
        return True

    def _typed(self, place: Source, rows: str, types: Mapping[str, str]) -> str:
        """Read texts once, into a table; `DataError` for the first cell that is not of its column's type."""
        loaded = name(f"loaded_{place.table.name}")
        self.store.execute(f"CREATE OR REPLACE TABLE {loaded} AS {reading.typed(place, rows, types)}")
        wrong = f"SELECT file_row, wrong_cells FROM {loaded} WHERE wrong_cells IS NOT NULL LIMIT 1"  # noqa: S608
        found = self.store.execute(wrong).fetchone()
        if found:
            raise DataError(f"{place.paths[0]}, row {found[0]}: {found[1]}; `ghostfleet validate` tells of all of them")
        return loaded

    def _add(self, relation: str, sql: str) -> None:
        self.store.execute(sql)
        found = self.store.execute(f"DESCRIBE {name(relation)}").fetchall()
        self._columns[relation] = {row[0]: row[1] for row in found}
        self._absent.pop(relation, None)

    def _read(self, place: Source) -> tuple[str, dict[str, str]]:
        if place.suffix == "duckdb":
            return reading.described(self.store, f"{self._attach(place.paths[0])}.{name(place.table.name)}")
        sources.ensure_readable(place)
        return reading.relation(self.store, reachable(place, self.folder))

    def _attach(self, path: Path) -> str:
        if path not in self._attached:
            if not sources.begins_as_store(path):
                raise sources.UnreadableError(f"{path} is not a DuckDB file")
            alias = f"stored_{len(self._attached)}"
            self.store.execute(f"ATTACH {literal(str(path.absolute()))} AS {alias} (READ_ONLY)")
            self._attached[path] = alias
        return self._attached[path]

    def _stored_in(self, url: str) -> list[str]:
        path = sources.path_of(url)
        if not (url.startswith(sources.STORE) or sources.is_store(path)):
            return []
        sql = "SELECT table_name FROM duckdb_tables() WHERE database_name = ? ORDER BY table_name"
        return [row[0] for row in self.store.execute(sql, [self._attach(path)]).fetchall()]


@contextmanager
def opened(urls: Sequence[str], tables: Sequence[Table] = (), *, scratch: Path | None = None) -> Iterator[Relations]:
    """Open places for asking in SQL; `UnreadableError` when one is not there."""
    import duckdb

    places = tuple(url for url in urls if not url.startswith(sources.GRAPH))
    for url in places:
        sources.path_of(url)
    with tempfile.TemporaryDirectory(prefix="ghostfleet-", dir=scratch) as folder:
        store = duckdb.connect(str(Path(folder) / "asked.duckdb"))
        try:
            configure(store, Path(folder))
            for setting in DIALECT:
                store.execute(f"SET {setting}")
            graphs = tuple(url for url in urls if url not in places)
            with heard(store.interrupt):
                yield Relations(places, store, Path(folder), {table.name: table for table in tables}, graphs)
        finally:
            store.close()


def _needs(asked: Query) -> Iterator[Need]:
    """Relations that a text reads; of a view, first those that it is made of."""
    for need in asked.needs:
        view = text.view(need.relation)
        if view is not None:
            yield from _needs(view)
        yield need if need.types else replace(need, types=("VARCHAR",) * len(need.columns))


def _cell(column: Column, given: str) -> str:
    """A column by its type; what has it already is left alone, so that a filter reaches the file."""
    if column.kind is Kind.TIME:
        if given == reading.ZONED:
            return name(column.name)
        return f"{reading.converted(column, given)} AT TIME ZONE 'UTC' AS {name(column.name)}"
    return f"{reading.converted(column, given)} AS {name(column.name)}"
