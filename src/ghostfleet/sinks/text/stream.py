"""The bytes of one part, from its opening to its closing, and their digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostfleet.sinks.hashing import Hash
from ghostfleet.sinks.text.renderer import Renderer
from ghostfleet.sinks.text.syntax import SYNTAXES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table
    from ghostfleet.sinks.codec import Piece
    from ghostfleet.sinks.text.syntax import Syntax


class TextStream:
    """Renders one part and counts what it rendered."""

    def __init__(self, table: Table, syntax: Syntax, *, first: bool, last: bool, digested: bool = True) -> None:
        """Prepare the opening where the part is a table's first, the closing where it is the last.

        Without ``digested`` somebody else digests the pieces.
        """
        self._renderer = Renderer(table, syntax)
        self._opening = syntax.opening if first else b""
        self._closing = syntax.closing if last else b""
        self._skip = len(syntax.between)  # the part's first row has nothing in front of it
        self._digested = digested
        self._hash = Hash()
        self.rows = 0
        self.bytes = 0

    def pieces(self, batch: Batch) -> Iterator[Piece]:
        """Bytes that the batch adds to the part."""
        yield from self._open()
        for chunk in self._renderer.chunks(batch):
            skip, self._skip = self._skip, 0
            yield self._counted(chunk[skip:] if skip else chunk)
        self.rows += len(batch)

    def end(self) -> Iterator[Piece]:
        """Bytes that complete the part."""
        yield from self._open()
        if self._closing:
            yield self._counted(self._closing)

    def hexdigest(self) -> str:
        """Digest of all bytes so far."""
        return self._hash.hexdigest()

    def _open(self) -> Iterator[bytes]:
        opening, self._opening = self._opening, b""
        if opening:
            self._counted(opening)
            yield opening

    def _counted(self, piece: Piece) -> Piece:
        if self._digested:
            self._hash.update(piece)
        self.bytes += len(piece)
        return piece


class TextDigester:
    """The digest that a text part would have."""

    def __init__(self, table: Table, syntax: str, *, first: bool, last: bool) -> None:
        """Start a part of that table."""
        self._stream = TextStream(table, SYNTAXES[syntax](table), first=first, last=last)

    def write(self, batch: Batch) -> None:
        """Take the next rows into account."""
        for _ in self._stream.pieces(batch):
            pass

    def hexdigest(self) -> str:
        """Digest of the part before compression; ends it."""
        for _ in self._stream.end():
            pass
        return self._stream.hexdigest()
