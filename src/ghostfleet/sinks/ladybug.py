"""A ladybug graph file: workers stage Arrow, the parent loads it into a copy of the file, which then takes its place.

A load that fails, even by a lost process, so leaves the file bit for bit as it was, and who reads it meanwhile reads
on. Writing rows again replaces nodes of the same id and links of the same ends.
"""

from __future__ import annotations

import fcntl
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from ghostfleet.core.errors import DataError, SinkError
from ghostfleet.sinks.graph.shape import (
    KEYS,
    StatedBody,
    StatedDigest,
    ensure_graph,
    ensure_one_type,
    own_types,
    stated,
    stored,
)
from ghostfleet.sinks.parts import Place, StagedPart
from ghostfleet.sinks.plan import Tasks
from ghostfleet.sinks.sink import Home, Receipt, Written
from ghostfleet.sinks.staging import UNFINISHED, Staging, checked_name, publish, writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Self

    import pyarrow as pa

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table
    from ghostfleet.sinks.graph.store import Graph
    from ghostfleet.sinks.sink import Again, Digester

SUFFIX = "arrow"
LOGS = (".wal", ".wal.checkpoint", ".shadow")  # beside a file that somebody writes, or that a lost process left


class LadybugSink:
    """Loads tables of nodes and links into one ladybug graph file; tables of others in it stay as they are."""

    scheme: ClassVar[str] = "ladybug"
    writers: ClassVar[Literal["one", "many"]] = "one"
    groups = frozenset({"graph"})
    staged = True

    def __init__(self, target: Path) -> None:
        """Aim at a file."""
        self._target = target
        self._staging = Staging(target.parent, "unopened")
        self._tasks = Tasks()

    @classmethod
    def at(cls, rest: str, *, part: tuple[int, int] | None = None, **others: object) -> Self:
        """Open what a URL describes; formats and codecs are for files."""
        del others
        if not rest or rest.startswith(":") or rest.endswith("/"):
            raise SinkError(f"ladybug:{rest} names no file; valid is ladybug:PATH, for instance ladybug:estate.graph")
        if not str(Path(rest).absolute()).isprintable():
            raise SinkError(f"ladybug cannot use the path {rest!r}; valid is text in UTF-8")
        if part is not None:
            raise SinkError(f"ladybug:{rest} takes no part of a data set: a link needs the nodes at both of its ends")
        return cls(Path(rest))

    @property
    def home(self) -> Home:
        """The place beside the file."""
        return Home(self._target.parent, self._target.name)

    def open(self, tables: Sequence[Table], *, plan_id: str, tasks: Mapping[str, Sequence[int]]) -> None:
        """Check the file and the tables in it, and lock the staging folder."""
        import pyarrow as pa  # noqa: F401  better missing now than in a worker

        from ghostfleet.sinks.graph.store import connected, library

        library()
        if self._target.is_dir():
            raise SinkError(f"cannot write {self._target}: a directory of that name stands there")
        for table in tables:
            checked_name(table.name, "table name")
        ensure_graph(tables)
        if self._target.exists():
            self._recover()
            with connected(self._target, read_only=True) as graph:
                _ensure_fits(graph, tables, self._target)
        self._tasks = Tasks(tables, tasks)
        self._staging = Staging(self._target.parent, plan_id, checked_name(self._target.name, "file name"))
        self._staging.enter()

    def part(self, table: Table, task: int) -> StagedPart:
        """Start the part of one task."""
        return StagedPart(Place(table, task), self._path(table, task), StatedBody)

    def kept(self, table: Table, task: int) -> Receipt | None:
        """Receipt of a part that survived and whose digest still agrees."""
        from ghostfleet.sinks.arrow import ipc

        return ipc.kept(self._path(table, task), table.name, task)

    def finish(self, receipts: Sequence[Receipt]) -> list[Written]:
        """Load all tables at once; the file, new or not, changes as a whole or not at all."""
        from ghostfleet.sinks.graph.loading import load
        from ghostfleet.sinks.graph.store import connected

        planned = list(self._tasks.in_order(receipts))
        unfinished = self._staging.folder / (self._target.name + UNFINISHED)
        with self._staging.tidied():
            self._start(unfinished)
            with connected(unfinished) as graph:
                graph.prepare()
                for table, mine in sorted(planned, key=lambda one: one[0].form == "link"):  # ends before links
                    load(graph, table, self._staged(table, mine))
                graph.settle()
                is_changed = graph.is_changed
            if is_changed:
                publish({unfinished: self._target})
            written = [self._written(table, mine) for table, mine in planned]
        self._staging.leave(remove=True)
        return written

    def abort(self) -> None:
        """Release the lock; parts stay for a resume."""
        self._staging.leave(remove=False)

    def digests(self, written: Written, receipts: Sequence[Receipt], again: Again | None = None) -> list[str]:
        """Digests of the rows that the run wrote, as the file holds them now.

        A graph has no order, so rows are taken in that of their keys. Where the run wrote them in another one, or
        where rows of other runs stand among them, ``again`` says which are a receipt's.
        """
        from ghostfleet.sinks.arrow.convert import digests_of
        from ghostfleet.sinks.graph.loading import in_order

        where = f"table {written.name} of {self._target}"
        with self._reading(where) as graph:
            rows = in_order(graph, written.name)
            if len(rows) < written.rows:
                raise DataError(f"{where} holds {len(rows)} rows, fewer than the {written.rows} that were written")
            found = [""] * len(receipts)
            if len(rows) == written.rows:
                found = digests_of(iter(rows.to_batches()), receipts, where)
            elif again is None:
                raise DataError(f"{where} holds {len(rows)} rows, of which other runs wrote some; only their keys tell")
            if again is None:
                return found
            return [
                digest if digest == receipt.digest else _digest_by_keys(rows, *again(receipt))
                for digest, receipt in zip(found, receipts, strict=True)
            ]

    def standing(self, written: Written) -> int:
        """Rows of the table, among them those of other runs."""
        with self._reading(f"table {written.name} of {self._target}") as graph:
            return graph.count(written.name)

    def digester(self, table: Table, task: int, *, first: bool, last: bool) -> Digester:
        """Digest a regenerated task."""
        del table, task, first, last  # values have no opening and no closing
        return StatedDigest()

    @contextmanager
    def _reading(self, where: str) -> Iterator[Graph]:
        from ghostfleet.sinks.graph.store import connected

        if not self._target.is_file():
            raise DataError(f"{self._target} is not there")
        try:
            with connected(self._target, read_only=True) as graph:
                yield graph
        except SinkError as error:
            raise DataError(f"{where} cannot be read: {error}") from error

    def _start(self, unfinished: Path) -> None:
        """Copy the file, if it is there, to where it is changed."""
        for ending in ("", *LOGS):
            unfinished.with_name(unfinished.name + ending).unlink(missing_ok=True)
        if self._target.exists():
            self._recover()
            with _alone(self._target), writing(unfinished):
                shutil.copy(self._target, unfinished)

    def _recover(self) -> None:
        """Let ladybug finish what a lost process left beside the file, or it would be applied to the next one."""
        from ghostfleet.sinks.graph.store import connected

        if any(self._target.with_name(self._target.name + ending).exists() for ending in LOGS):
            with connected(self._target) as graph:
                graph.settle()

    def _staged(self, table: Table, receipts: Sequence[Receipt]) -> pa.Table:
        """All rows of a run for one table."""
        import pyarrow as pa

        from ghostfleet.sinks.arrow import ipc
        from ghostfleet.sinks.arrow.convert import plain_schema

        schema = plain_schema(stored(table))
        paths = [self._path(table, receipt.task) for receipt in receipts]
        return pa.Table.from_batches((batch.cast(schema) for batch in ipc.stored(paths)), schema)

    def _written(self, table: Table, receipts: Sequence[Receipt]) -> Written:
        from ghostfleet.sinks.arrow import ipc

        digest = ipc.stored_digest(ipc.stored(self._path(table, receipt.task) for receipt in receipts))
        rows, size = sum(receipt.rows for receipt in receipts), sum(receipt.size for receipt in receipts)
        return Written(table.name, table.name, rows, size, size, digest, "")

    def _path(self, table: Table, task: int) -> Path:
        return self._staging.part(table.name, task, SUFFIX)


SINK = LadybugSink


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock that ladybug takes to write; `SinkError` when another process has it."""
    with writing(path), path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SinkError(f"another process has {path} open for writing; close it there") from error
        yield


def _ensure_fits(graph: Graph, tables: Sequence[Table], target: Path) -> None:
    """Refuse tables that the file holds with other columns, and names that it has for something of another type."""
    known = {name: graph.columns(name) for name, form in graph.forms.items() if form}
    same = {name.lower(): name for name in graph.forms}
    for table in tables:
        if same.get(table.name.lower(), table.name) != table.name:
            raise SinkError(f"{target} has a table {same[table.name.lower()]}, which is the same name as {table.name}")
        valid, found = own_types(table), known.get(table.name)
        wrong = [] if graph.forms.get(table.name, table.form) == table.form else [f"it holds no {table.form}s"]
        for name in {**valid, **(found if found is not None else valid)}:
            had, should = (found or valid).get(name, "missing"), valid.get(name, "absent")
            wrong += [f"{name} is {had} and should be {should}"] if had != should else []
        if wrong:
            raise SinkError(
                f"table {table.name} in {target} is another one: {'; '.join(wrong)}; drop it or use another file"
            )
    ensure_one_type([*known.values(), *(own_types(table) for table in tables)])


def _digest_by_keys(rows: pa.Table, table: Table, batches: Iterable[Batch]) -> str:
    """Digest of those rows that have the keys of the given ones, in the order of these."""
    import pyarrow as pa

    from ghostfleet.sinks.arrow.convert import Converter, plain_schema
    from ghostfleet.sinks.graph.loading import digest_of, under

    converter, schema = Converter(stored(table)), plain_schema(stored(table))
    wanted = pa.Table.from_batches((converter.arrow(stated(batch)).cast(schema) for batch in batches), schema)
    return digest_of(under(wanted, rows, KEYS[table.form]))
