"""Nowhere: renders and digests every row, and keeps none; for measuring, and for trying a scenario out."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ghostfleet.core.errors import SinkError
from ghostfleet.sinks.digest import ValueDigest
from ghostfleet.sinks.formats import TEXT, format_of
from ghostfleet.sinks.parts import Place
from ghostfleet.sinks.plan import Tasks
from ghostfleet.sinks.sink import GROUPS, Receipt, Written
from ghostfleet.sinks.text.stream import TextStream
from ghostfleet.sinks.text.syntax import SYNTAXES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table
    from ghostfleet.sinks.sink import Again, Digester

VALUES = "none"  # no text is rendered


class BlackholeSink:
    """Takes everything and keeps nothing."""

    scheme: ClassVar[str] = "blackhole"
    writers: ClassVar[Literal["one", "many"]] = "many"
    groups = GROUPS
    home = None
    staged = False

    def __init__(self, syntax: str) -> None:
        """Render a text syntax, or with ``none`` digest values alone."""
        self._syntax = syntax
        self._tasks = Tasks()

    @classmethod
    def at(cls, rest: str, *, format: str | None = None, **others: object) -> Self:  # noqa: A002  the command's word
        """Open what a URL and options describe; whether files would be packed makes no difference here."""
        del others
        if rest:
            raise SinkError(f"blackhole:{rest} names a place, but nothing is kept; valid is blackhole:")
        syntax = format_of(format or "csv").removesuffix(".gz")
        syntax = VALUES if syntax == "parquet" else syntax
        if syntax not in (*TEXT, VALUES):
            raise SinkError(f"there is no format {format!r}; valid are {', '.join(TEXT)}, parquet and {VALUES}")
        return cls(syntax)

    def open(self, tables: Sequence[Table], *, plan_id: str, tasks: Mapping[str, Sequence[int]]) -> None:
        """Remember the tasks."""
        del plan_id
        for table in tables:
            if self._syntax != VALUES:
                SYNTAXES[self._syntax](table)  # which refuses a table that it cannot hold
        self._tasks = Tasks(tables, tasks)

    def part(self, table: Table, task: int) -> ForgottenPart:
        """Start the part of one task."""
        return ForgottenPart(self._tasks.place(table, task), self._syntax)

    def kept(self, table: Table, task: int) -> None:
        """Return nothing: no part survives."""

    def finish(self, receipts: Sequence[Receipt]) -> list[Written]:
        """Sum up what was taken; several parts have no digest in common."""
        written = []
        for table, mine in self._tasks.in_order(receipts):
            count = sum(receipt.bytes for receipt in mine)
            digest = mine[0].digest if len(mine) == 1 else ""
            written.append(Written(table.name, table.name, sum(one.rows for one in mine), count, 0, digest, ""))
        return written

    def abort(self) -> None:
        """Do nothing: nothing is held."""

    def digests(self, written: Written, receipts: Sequence[Receipt], again: Again | None = None) -> list[str]:
        """Refuse: nothing was kept."""
        del receipts, again
        raise SinkError(f"{written.table} went to blackhole:, which keeps nothing that could be read")

    def standing(self, written: Written) -> int:
        """Rows written: nothing else can stand there."""
        return written.rows

    def digester(self, table: Table, task: int, *, first: bool, last: bool) -> Digester:
        """Digest a regenerated task."""
        return ForgottenPart(Place(table, task, first, last), self._syntax)


class ForgottenPart:
    """Counts and digests one part."""

    def __init__(self, place: Place, syntax: str) -> None:
        """Start with no rows."""
        self._place = place
        self._values = ValueDigest()
        self._stream: TextStream | None = None
        if syntax != VALUES:
            shape = SYNTAXES[syntax](place.table)
            self._stream = TextStream(place.table, shape, first=place.first, last=place.last)

    def write(self, batch: Batch) -> None:
        """Count rows."""
        if self._stream is None:
            self._values.write(batch)
            return
        for _ in self._stream.pieces(batch):
            pass

    def hexdigest(self) -> str:
        """Digest of the part; ends it."""
        if self._stream is None:
            return self._values.hexdigest()
        for _ in self._stream.end():
            pass
        return self._stream.hexdigest()

    def close(self) -> Receipt:
        """Say what was counted."""
        digest = self.hexdigest()
        rows = self._stream.rows if self._stream else self._values.rows
        count = self._stream.bytes if self._stream else 0
        return Receipt(self._place.table.name, self._place.task, rows, count, digest, 0)

    def abort(self) -> None:
        """Do nothing: there is nothing to remove."""


SINK = BlackholeSink
