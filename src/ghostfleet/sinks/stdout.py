"""Standard output: one table as text, streamed."""

from __future__ import annotations

import sys
from io import FileIO
from typing import TYPE_CHECKING, ClassVar, Literal

from ghostfleet.core.errors import SinkError
from ghostfleet.sinks import formats
from ghostfleet.sinks.codec import packed, packer
from ghostfleet.sinks.hashing import Hash
from ghostfleet.sinks.plan import Tasks
from ghostfleet.sinks.sink import GROUPS, Receipt, Written
from ghostfleet.sinks.staging import writing
from ghostfleet.sinks.text.stream import TextDigester, TextStream
from ghostfleet.sinks.text.syntax import SYNTAXES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table
    from ghostfleet.sinks.codec import Piece
    from ghostfleet.sinks.parts import Place
    from ghostfleet.sinks.sink import Again, Digester

NAME = "-"
FORMATS = tuple(form for form in formats.FORMATS if form != "parquet")


class StdoutSink:
    """Streams one table to standard output; parts must come in plan order, from one process."""

    scheme: ClassVar[str] = "stdout"
    writers: ClassVar[Literal["one", "many"]] = "one"
    groups = GROUPS
    home = None
    staged = False

    def __init__(self, syntax: str, codec: str) -> None:
        """Render one of the text syntaxes."""
        self._syntax = syntax
        self._codec = codec
        self._tasks = Tasks()
        self._out = Output()

    @classmethod
    def at(cls, rest: str, *, format: str | None = None, codec: str = "fast", **others: object) -> Self:  # noqa: A002  the command's word
        """Open what options describe; only a format that says so is packed, whatever files would be."""
        del others
        form = format or "csv"
        if rest or form not in FORMATS:
            raise SinkError(f"standard output takes no {rest or form}; valid formats are {', '.join(FORMATS)}")
        return cls(form.removesuffix(".gz"), codec if form.endswith(".gz") else "none")

    @property
    def closed(self) -> bool:
        """Whether the reader has gone, so that nobody needs the rest."""
        return self._out.closed

    def open(self, tables: Sequence[Table], *, plan_id: str, tasks: Mapping[str, Sequence[int]]) -> None:
        """Refuse several tables: their rows would be one stream that nobody could take apart."""
        del plan_id
        if len(tables) != 1:
            names = ", ".join(table.name for table in tables)
            raise SinkError(f"standard output takes one table, not {len(tables)} ({names}); name one with --only")
        SYNTAXES[self._syntax](tables[0])  # which refuses a table that it cannot hold
        self._tasks = Tasks(tables, tasks)
        self._out = Output()
        self._out.open()

    def part(self, table: Table, task: int) -> StreamedPart:
        """Start the part of one task."""
        return StreamedPart(self._out, self._tasks.place(table, task), self._syntax, self._codec)

    def kept(self, table: Table, task: int) -> None:
        """Return nothing: no part survives."""

    def finish(self, receipts: Sequence[Receipt]) -> list[Written]:
        """Say what was streamed."""
        ((table, mine),) = self._tasks.in_order(receipts)
        if not mine:
            mine = [self.part(table, 0).close()]
        out = self._out
        stored = out.stored.hexdigest()
        rows = sum(receipt.rows for receipt in mine)
        return [Written(table.name, NAME, rows, out.bytes, out.size, out.content.hexdigest(), stored)]

    def abort(self) -> None:
        """Do nothing: what was streamed is gone."""

    def digests(self, written: Written, receipts: Sequence[Receipt], again: Again | None = None) -> list[str]:
        """Refuse: nothing was kept."""
        del receipts, again
        raise SinkError(f"{written.table} went to standard output, which cannot be read back")

    def standing(self, written: Written) -> int:
        """Rows written: nothing else can stand there."""
        return written.rows

    def digester(self, table: Table, task: int, *, first: bool, last: bool) -> Digester:
        """Digest a regenerated task."""
        del task
        return TextDigester(table, self._syntax, first=first, last=last)


class Output:
    """The stream and what has gone through it."""

    def __init__(self) -> None:
        """Start with nothing written."""
        self.content = Hash()
        self.stored = Hash()
        self.bytes = self.size = self.rows = 0
        self.closed = False
        self._file: FileIO | None = None

    def open(self) -> None:
        """Take over standard output, after what Python has buffered for it."""
        with writing(NAME):
            sys.stdout.flush()
            self._file = FileIO(sys.stdout.fileno(), "wb", closefd=False)

    def put(self, content: Piece, stored: Piece) -> None:
        """Write the packed bytes of some content; a reader who has gone is the end and not an error."""
        self.content.update(content)
        self.stored.update(stored)
        self.bytes += len(content)
        self.size += len(stored)
        left = memoryview(stored)
        try:
            with writing(NAME):
                while left and self._file is not None and not self.closed:
                    left = left[self._file.write(left) or 0 :]
        except SinkError as error:
            if not isinstance(error.__cause__, BrokenPipeError):
                raise
            self.closed = True


class StreamedPart:
    """One part on its way to standard output."""

    def __init__(self, out: Output, place: Place, syntax: str, codec: str) -> None:
        """Start with no rows."""
        self._out = out
        self._place = place
        self._codec = codec
        self._between = SYNTAXES[syntax](place.table).between
        self._stream = TextStream(place.table, SYNTAXES[syntax](place.table), first=place.first, last=place.last)
        self._packer = packer(codec)

    def write(self, batch: Batch) -> None:
        """Stream rows, behind what stands between them and the rows of parts before."""
        if self._between and len(batch) and self._out.rows and not self._stream.rows:
            self._out.put(self._between, packed(self._codec, self._between))
        for piece in self._stream.pieces(batch):
            if self._out.closed:
                return
            self._out.put(piece, self._packer.compress(piece))

    def close(self) -> Receipt:
        """Stream what completes the part."""
        for piece in self._stream.end():
            self._out.put(piece, self._packer.compress(piece))
        self._out.put(b"", self._packer.flush())
        stream, place = self._stream, self._place
        self._out.rows += stream.rows
        return Receipt(place.table.name, place.task, stream.rows, stream.bytes, stream.hexdigest(), 0)

    def abort(self) -> None:
        """Do nothing: what was streamed is gone."""


SINK = StdoutSink
