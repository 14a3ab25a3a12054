"""A DuckDB file: workers stage Arrow, the parent loads it in plan order and in one transaction.

Writing rows again replaces those with the same keys, so a table holds each key once, and the rows of the
last run stand last, in plan order: that is how they are found again. A run that is already there is left alone.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from ghostfleet.core.errors import DataError, SinkError
from ghostfleet.core.interrupts import heard
from ghostfleet.core.table import Kind
from ghostfleet.sinks.digest import ValueDigest
from ghostfleet.sinks.parts import Place, StagedPart
from ghostfleet.sinks.plan import Tasks
from ghostfleet.sinks.sink import GROUPS, Home, Receipt, Written
from ghostfleet.sinks.staging import UNFINISHED, Staging, checked_name, publish
from ghostfleet.sinks.values import flat

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Self

    from duckdb import DuckDBPyConnection

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table
    from ghostfleet.sinks.sink import Again, Digester, Outdated, Tally, View

SUFFIX = "arrow"
TYPES = {
    Kind.TIME: "TIMESTAMP WITH TIME ZONE",
    Kind.TEXT: "VARCHAR",
    Kind.TEXTS: "VARCHAR[]",
    Kind.F64: "DOUBLE",
    Kind.I64: "BIGINT",
    Kind.BOOL: "BOOLEAN",
}


class DuckDBSink:
    """Loads tables into one DuckDB file; tables of others in it stay as they are."""

    scheme: ClassVar[str] = "duckdb"
    writers: ClassVar[Literal["one", "many"]] = "one"
    groups = GROUPS
    staged = True

    def __init__(self, target: Path) -> None:
        """Aim at a file."""
        self._target = target
        self._staging = Staging(target.parent, "unopened")
        self._tasks = Tasks()
        self._views: Sequence[View] = ()
        self._outdated: Sequence[Outdated] = ()

    @classmethod
    def at(cls, rest: str, **others: object) -> Self:
        """Open what a URL describes; formats and codecs are for files."""
        del others
        if not rest or rest.startswith(":") or rest.endswith("/"):
            raise SinkError(f"duckdb:{rest} names no file; valid is duckdb:PATH, for instance duckdb:fleet.duckdb")
        if not str(Path(rest).absolute()).isprintable() or "?" in str(Path(rest).absolute()):
            raise SinkError(f"DuckDB cannot use the path {rest!r}; valid is text in UTF-8 without a question mark")
        return cls(Path(rest))

    @property
    def home(self) -> Home:
        """The place beside the file."""
        return Home(self._target.parent, self._target.name)

    def open(self, tables: Sequence[Table], *, plan_id: str, tasks: Mapping[str, Sequence[int]]) -> None:
        """Check the file and the tables in it, and lock the staging folder."""
        import pyarrow as pa  # noqa: F401  better missing now than in a worker

        if self._target.is_dir():
            raise SinkError(f"cannot write {self._target}: a directory of that name stands there")
        for table in tables:
            checked_name(table.name, "table name")
            flat(table)  # which refuses two columns of one name
        if self._target.exists():
            with connected(self._target, read_only=True) as store:
                for table in tables:
                    _check_columns(store, table, self._target)
        self._tasks = Tasks(tables, tasks)
        self._staging = Staging(self._target.parent, plan_id, checked_name(self._target.name, "file name"))
        self._staging.enter()

    def keep(self, views: Sequence[View]) -> None:
        """Make views when the tables are loaded, in the same transaction: those whose columns all stand there then."""
        self._views = views

    def clear(self, outdated: Sequence[Outdated]) -> None:
        """Remove rows that are no more when the tables are loaded, in the same transaction."""
        self._outdated = outdated

    def part(self, table: Table, task: int) -> StagedPart:
        """Start the part of one task."""
        from ghostfleet.sinks.arrow.ipc import IpcBody

        return StagedPart(Place(table, task), self._path(table, task), IpcBody)

    def kept(self, table: Table, task: int) -> Receipt | None:
        """Receipt of a part that survived and whose digest still agrees."""
        from ghostfleet.sinks.arrow import ipc

        return ipc.kept(self._path(table, task), table.name, task)

    def finish(self, receipts: Sequence[Receipt]) -> list[Written]:
        """Load all tables at once; a new file appears whole or not at all."""
        with self._changing() as store:
            planned = list(self._tasks.in_order(receipts))
            self._remove(store, {table.name: (table, mine) for table, mine in planned})
            written = [self._load(store, table, mine) for table, mine in planned]
        self._staging.leave(remove=True)
        return written

    def upsert(self, receipts: Sequence[Receipt]) -> tuple[list[Written], Tally]:
        """Insert rows of new keys and update those that changed; of rows with one key the last one counts."""
        from ghostfleet.sinks.upsert import merged

        ((table, mine),) = self._tasks.in_order(receipts)
        paths = [self._path(table, receipt.task) for receipt in mine]
        try:
            with self._changing() as store:
                _make_table(store, table)
                tally = merged(store, table, paths, sum(receipt.rows for receipt in mine))
                rows = _count(store, table.name)
        finally:
            self._staging.leave(remove=True)  # the file that was loaded is still there, so parts need not wait
        return [Written(table.name, table.name, rows, 0, 0, "", "")], tally

    def abort(self) -> None:
        """Release the lock; parts stay for a resume."""
        self._staging.leave(remove=False)

    def digests(self, written: Written, receipts: Sequence[Receipt], again: Again | None = None) -> list[str]:
        """Digests of the rows that the run wrote, as the file holds them now.

        Those of the run that wrote last stand last; others, such as another part's, are found by their keys.
        """
        from ghostfleet.sinks.arrow.convert import digests_of

        if not self._target.is_file():
            raise DataError(f"{self._target} is not there")
        where = f"table {written.name} of {self._target}"
        try:
            with connected(self._target, read_only=True) as store:
                count = _count(store, written.name)
                if count < written.rows:
                    raise DataError(f"{where} holds {count} rows, fewer than the {written.rows} that were written")
                found = digests_of(_last_rows(store, written.name, written.rows), receipts, where)
                if again is None:
                    return found
                return [
                    digest if digest == receipt.digest else _digest_by_keys(store, *again(receipt))
                    for digest, receipt in zip(found, receipts, strict=True)
                ]
        except SinkError as error:
            raise DataError(f"{where} cannot be read: {error}") from error

    def standing(self, written: Written) -> int:
        """Rows of the table, among them those of other runs."""
        try:
            with connected(self._target, read_only=True) as store:
                return _count(store, written.name)
        except SinkError as error:
            raise DataError(f"table {written.name} of {self._target} cannot be read: {error}") from error

    def digester(self, table: Table, task: int, *, first: bool, last: bool) -> Digester:
        """Digest a regenerated task."""
        del table, task, first, last  # values have no opening and no closing
        return ValueDigest()

    @contextmanager
    def _changing(self) -> Iterator[DuckDBPyConnection]:
        """Change the file in one transaction; a new one appears whole or not at all."""
        new = not self._target.exists()
        target = self._staging.folder / (self._target.name + UNFINISHED) if new else self._target
        if new:
            target.unlink(missing_ok=True)
        with self._staging.tidied():
            with connected(target) as store:
                store.begin()
                yield store
                _make_views(store, self._views)
                store.commit()
            if new:
                publish({target: self._target})

    def _remove(self, store: DuckDBPyConnection, brought: Mapping[str, tuple[Table, Sequence[Receipt]]]) -> None:
        there = {name for (name,) in store.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        for one in self._outdated:
            if not there.issuperset((one.table, *one.needs)):
                continue
            statement = f"DELETE FROM {quoted(one.table)} AS old WHERE ({one.where})"  # noqa: S608  as the loader says
            if one.table not in brought:
                store.execute(statement, one.values)
                continue
            table, mine = brought[one.table]
            same = " AND ".join(f"old.{quoted(key)} IS NOT DISTINCT FROM new.{quoted(key)}" for key in flat(table).keys)
            statement += f" AND NOT EXISTS (SELECT 1 FROM staged AS new WHERE {same})"  # noqa: S608  names are quoted
            paths = [self._path(table, receipt.task) for receipt in mine]
            _with_rows(store, table, paths, statement, one.values)

    def _load(self, store: DuckDBPyConnection, table: Table, receipts: Sequence[Receipt]) -> Written:
        from ghostfleet.sinks.arrow import ipc

        paths = [self._path(table, receipt.task) for receipt in receipts]
        rows, size = sum(receipt.rows for receipt in receipts), sum(receipt.size for receipt in receipts)
        digest = ipc.stored_digest(ipc.stored(paths))
        name = quoted(table.name)
        keys = flat(table).keys
        _make_table(store, table)
        stood = _count(store, table.name)
        if not (0 < rows <= stood and ipc.stored_digest(_last_rows(store, table.name, rows)) == digest):
            if stood and keys:
                same = " AND ".join(f"old.{quoted(key)} IS NOT DISTINCT FROM new.{quoted(key)}" for key in keys)
                _with_rows(store, table, paths, f"DELETE FROM {name} AS old USING staged AS new WHERE {same}")  # noqa: S608
            _with_rows(store, table, paths, f"INSERT INTO {name} SELECT * FROM staged")  # noqa: S608
        return Written(table.name, table.name, rows, size, size, digest, "")

    def _path(self, table: Table, task: int) -> Path:
        return self._staging.part(table.name, task, SUFFIX)


SINK = DuckDBSink


@contextmanager
def connected(path: Path, *, read_only: bool = False) -> Iterator[DuckDBPyConnection]:
    """Open a file; SinkError for whatever DuckDB has to say about it, KeyboardInterrupt where it was interrupted."""
    import duckdb

    try:
        # A relative ~ would be somebody's home.
        with duckdb.connect(path.absolute(), read_only=read_only) as store, heard(store.interrupt):
            store.execute("SET TimeZone = 'UTC'")
            store.execute("SET preserve_insertion_order = true")
            yield store
    except duckdb.Error as error:
        first: BaseException = error
        while isinstance(first.__context__, duckdb.Error):  # what tidying up ran into says nothing of the cause
            first = first.__context__
        raise SinkError(f"cannot use {path} as a DuckDB file: {str(first).splitlines()[0]}") from error


def quoted(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _types(table: Table) -> dict[str, str]:
    return {column.flat_name: TYPES[column.kind] for column in table.columns}


def _columns(table: Table) -> list[str]:
    return [f"{quoted(name)} {kind}" for name, kind in _types(table).items()]


def _make_table(store: DuckDBPyConnection, table: Table) -> None:
    store.execute(f"CREATE TABLE IF NOT EXISTS {quoted(table.name)} ({', '.join(_columns(table))})")
    for comment in _comments(table):
        store.execute(comment)


def _comments(table: Table) -> Iterator[str]:
    # Keys are told and not enforced: an index made loading four times as long, and files six times as large.
    keys = f". Keys: {', '.join(table.keys)}." if table.keys else ""
    yield f"COMMENT ON TABLE {quoted(table.name)} IS {_text(table.about + keys)}"
    for column in table.columns:
        about = f"{column.about} [{column.unit}]" if column.unit else column.about
        yield f"COMMENT ON COLUMN {quoted(table.name)}.{quoted(column.flat_name)} IS {_text(about)}"


def _check_columns(store: DuckDBPyConnection, table: Table, target: Path) -> None:
    query = (
        "SELECT column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name = current_schema() AND database_name = current_database() AND table_name = ? "
        "ORDER BY column_index"
    )
    found: dict[str, str] = dict(store.execute(query, [table.name]).fetchall())
    valid = _types(table)
    if not found or list(found.items()) == list(valid.items()):
        return
    wrong = [
        f"{name} is {found.get(name, 'missing')} and should be {valid.get(name, 'absent')}"
        for name in {**valid, **found}
        if found.get(name) != valid.get(name)
    ] or [f"the order is {', '.join(found)} and should be {', '.join(valid)}"]
    raise SinkError(
        f"table {table.name} in {target} has other columns: {'; '.join(wrong)}; drop it or use another file"
    )


def _make_views(store: DuckDBPyConnection, views: Sequence[View]) -> None:
    """Make or renew views; a table that has the name of a view stays what it is."""
    here = "schema_name = current_schema() AND database_name = current_database()"
    tables = {row[0] for row in store.execute(f"SELECT table_name FROM duckdb_tables() WHERE {here}").fetchall()}  # noqa: S608
    columns = set(store.execute(f"SELECT table_name, column_name FROM duckdb_columns() WHERE {here}").fetchall())  # noqa: S608
    for view in views:
        needed = {(table, column) for table, names in view.needs.items() for column in names}
        if view.name not in tables and needed <= columns:
            store.execute(f"CREATE OR REPLACE VIEW {quoted(view.name)} AS {view.sql}")


def _count(store: DuckDBPyConnection, name: str) -> int:
    ((count,),) = store.execute(f"SELECT count(*) FROM {quoted(name)}").fetchall()  # noqa: S608  the name is quoted
    return int(count)


def _last_rows(store: DuckDBPyConnection, name: str, rows: int) -> Iterator[object]:
    """Last rows in the order in which they were inserted, which DuckDB preserves."""
    start = _count(store, name) - rows
    yield from store.sql(f"SELECT * FROM {quoted(name)} LIMIT {rows} OFFSET {start}").to_arrow_reader(1 << 16)  # noqa: S608


def _digest_by_keys(store: DuckDBPyConnection, table: Table, batches: Iterable[Batch]) -> str:
    """Digest of the rows that have the keys of the given ones, in the order of these."""
    import pyarrow as pa

    from ghostfleet.sinks.arrow.convert import Converter, digest_arrow

    converter = Converter(table)
    digest = ValueDigest()
    keys = flat(table).keys
    wanted = pa.Table.from_batches([converter.arrow(batch).select(keys) for batch in batches])
    store.register("wanted", wanted.append_column("place", pa.array(range(len(wanted)), pa.int64())))
    try:
        same = " AND ".join(f"stored.{quoted(key)} IS NOT DISTINCT FROM wanted.{quoted(key)}" for key in keys)
        query = f"SELECT stored.* FROM {quoted(table.name)} AS stored JOIN wanted ON {same} ORDER BY wanted.place"  # noqa: S608
        for rows in store.sql(query).to_arrow_reader(1 << 16):
            digest_arrow(digest, rows)
    finally:
        store.unregister("wanted")
    return digest.hexdigest()


def _with_rows(
    store: DuckDBPyConnection,
    table: Table,
    paths: Sequence[Path],
    statement: str,
    values: Mapping[str, object] | None = None,
) -> None:
    """Run a statement that reads the staged rows as ``staged``."""
    import pyarrow as pa

    from ghostfleet.sinks.arrow import ipc
    from ghostfleet.sinks.arrow.convert import plain_schema

    plain = plain_schema(table)
    batches = (batch.cast(plain) for batch in ipc.stored(paths))
    store.register("staged", pa.RecordBatchReader.from_batches(plain, batches))
    try:
        store.execute(statement, values).fetchall()
    finally:
        store.unregister("staged")
