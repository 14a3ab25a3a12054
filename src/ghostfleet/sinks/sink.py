"""What every destination promises: parts that are proven durable, joined whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Protocol, runtime_checkable

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table

GROUPS = frozenset({"telemetry", "graph", "requests", "records", "truth"})


class Receipt(msgspec.Struct, frozen=True):
    """Proof that the rows of one task are durable."""

    table: str
    task: int
    rows: int
    bytes: int  # text: before compression; otherwise the size of the part
    digest: str  # text: of the part before compression; otherwise of its values
    size: int  # bytes of the staged part


class Split(msgspec.Struct, frozen=True):
    """One of several files that hold the rows of a table."""

    name: str
    parts: int  # how many tasks' parts stand in it, in plan order
    frame: tuple[int, int]  # bytes of content in front of them and behind them that are in no receipt
    size: int
    digest: str  # as of a whole table
    stored: str  # digest of the stored file


class Written(msgspec.Struct, frozen=True):
    """What stands at the destination once a run has finished."""

    table: str
    name: str  # path below the directory, or the table's name inside a store
    rows: int
    bytes: int  # text: before compression; otherwise the size of the file
    size: int
    digest: str  # text: before compression (`zcat FILE | xxhsum -H2`); otherwise of all values in order
    stored: str  # digest of the stored file; empty for a table inside a store
    splits: tuple[Split, ...] = ()  # of a table in several files: both digests are then those of theirs, joined

    @property
    def in_store(self) -> bool:
        """Whether it is a table inside a store, where rows of other runs may stand, too."""
        return not self.stored


class Home(msgspec.Struct, frozen=True):
    """Where records about a destination live: in its own folder, or beside its file and named after that."""

    folder: Path
    file: str = ""  # name of the file or store; empty where the destination is the folder

    def record(self, name: str) -> Path:
        """Path of a record: ``out/manifest.json``, ``fleet.duckdb.manifest.json``."""
        return self.folder / (f"{self.file}.{name}" if self.file else name)


class Again(Protocol):
    """What makes the rows of a receipt again."""

    def __call__(self, receipt: Receipt, /) -> tuple[Table, Iterator[Batch]]:
        """Table and rows."""


class Digester(Protocol):
    """What a task's digest would be, without writing anything."""

    def write(self, batch: Batch) -> None:
        """Take the next rows into account."""

    def hexdigest(self) -> str:
        """Digest as a receipt of the same rows states it; ends the part."""


class Part(Protocol):
    """The rows of one task on their way to one sink."""

    def write(self, batch: Batch) -> None:
        """Add the next rows."""

    def close(self) -> Receipt:
        """Complete the part; its receipt is written only after its bytes."""

    def abort(self) -> None:
        """Forget the part and remove what it left."""


class Refusal(NamedTuple):
    """A row that a destination did not take, and why."""

    row: int  # of the batch that was written last, from 0
    why: str


@runtime_checkable
class Answers(Protocol):
    """A part whose destination answers for each row, such as a server; other parts take a whole batch or fail."""

    def refusals(self) -> Sequence[Refusal]:
        """Rows of the batch written last that the destination did not take."""


class Tally(msgspec.Struct):
    """What became of the rows that a load brought to a destination."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0  # a row of the same keys and values stood there
    duplicates: int = 0  # of which the same load brought a later row with the same keys


@runtime_checkable
class Upserts(Protocol):
    """A sink whose destination holds each key once: rows replace those of the same keys, and it tells them apart."""

    def upsert(self, receipts: Sequence[Receipt]) -> tuple[list[Written], Tally]:
        """Bring the parts of one table to the destination, all or none; in place of `Sink.finish`."""


@runtime_checkable
class Replaces(Protocol):
    """A sink whose `finish` takes the place of files that stand there."""

    def replaced(self, table: Table) -> Path | None:
        """File that would be replaced, if there is one."""


class View(NamedTuple):
    """A view that a store can keep beside its tables: a SELECT that somebody else has written, and what it reads."""

    name: str
    sql: str
    needs: Mapping[str, tuple[str, ...]]  # columns by table


@runtime_checkable
class KeepsViews(Protocol):
    """A sink whose destination can hold views. The sink knows none itself: who runs it hands them over, once open."""

    def keep(self, views: Sequence[View]) -> None:
        """Make, when the tables are loaded, those views whose tables and columns all stand there then."""


class Outdated(NamedTuple):
    """Rows of other runs that a load takes the place of, though it may bring none of their keys."""

    table: str
    where: str  # a condition in SQL, with parameters such as $since_s
    values: Mapping[str, object]
    needs: tuple[str, ...] = ()  # other tables that the condition asks


@runtime_checkable
class Clears(Protocol):
    """A sink whose destination keeps the rows of other runs, and can be told which of them are no more."""

    def clear(self, outdated: Sequence[Outdated]) -> None:
        """Remove, in this order and before anything is loaded, those rows whose keys the load does not bring."""


class Sink(Protocol):
    """Somewhere batches can be written; cheap to pickle, because workers receive a copy."""

    scheme: ClassVar[str]
    writers: ClassVar[Literal["one", "many"]]
    groups: frozenset[str]  # table groups it takes
    staged: bool  # False: no part survives, and tasks run in plan order in one process unless writers is "many"

    @classmethod
    def at(
        cls,
        rest: str,
        *,
        format: str | None,  # noqa: A002  the word of the command
        codec: str,
        compressed: bool | None,
        part: tuple[int, int] | None,
        split_bytes: int | None,
    ) -> Self:
        """Sink for what follows the scheme in a URL; options that mean nothing to it are ignored."""

    @property
    def home(self) -> Home | None:
        """Where records about the destination live; None when what is written does not stay."""

    def open(self, tables: Sequence[Table], *, plan_id: str, tasks: Mapping[str, Sequence[int]]) -> None:
        """Say at once whether it can work and lock the staging folder; ``tasks`` by table, in output order."""

    def part(self, table: Table, task: int) -> Part:
        """Start the part of one task; called in worker processes."""

    def kept(self, table: Table, task: int) -> Receipt | None:
        """Receipt of a part that survived an interrupted run of the same plan and still agrees with it."""

    def finish(self, receipts: Sequence[Receipt]) -> list[Written]:
        """Join the parts in plan order; then remove the staging folder and release the lock."""

    def abort(self) -> None:
        """Release the lock; parts stay for a resume, and the destination is as it was."""

    def digests(self, written: Written, receipts: Sequence[Receipt], again: Again | None = None) -> list[str]:
        """Read what is stored now and recompute the digest of each receipt's rows; needs no `open`.

        Where other rows may stand among them, as in a store, ``again`` makes a receipt's rows and so says their keys.
        """

    def standing(self, written: Written) -> int:
        """Rows that the table holds now, whoever wrote them; where nothing else can stand those that were written."""

    def digester(self, table: Table, task: int, *, first: bool, last: bool) -> Digester:
        """Digest a regenerated task; ``first`` and ``last`` say where it stands among its table's tasks."""
