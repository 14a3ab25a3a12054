"""Text files: parts, their concatenation, and the digests of what is stored."""

from __future__ import annotations

from contextlib import suppress
from typing import IO, TYPE_CHECKING

import msgspec

from ghostfleet.core.errors import DataError
from ghostfleet.sinks.codec import packed, packer, unpacked
from ghostfleet.sinks.hashing import Hash
from ghostfleet.sinks.text.behind import Behind
from ghostfleet.sinks.text.stream import TextDigester, TextStream
from ghostfleet.sinks.text.syntax import SYNTAXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table
    from ghostfleet.sinks.parts import Place
    from ghostfleet.sinks.sink import Receipt

WRITE_BYTES = 1 << 17  # pieces that are longer are written as they come; shorter ones wait for more


class TextBody:
    """Renders, digests and packs rows into one file."""

    def __init__(self, path: Path, place: Place, syntax: str, codec: str) -> None:
        """Open the file."""
        table = place.table
        self._stream = TextStream(table, SYNTAXES[syntax](table), first=place.first, last=place.last, digested=False)
        self._file = path.open("wb", buffering=WRITE_BYTES)
        self._behind = Behind(self._file, packer(codec))

    @property
    def rows(self) -> int:
        """Count the rows written."""
        return self._stream.rows

    def write(self, batch: Batch) -> None:
        """Add rows."""
        for piece in self._stream.pieces(batch):
            self._behind.take(piece)

    def finish(self) -> tuple[int, str]:
        """Complete the file."""
        for piece in self._stream.end():
            self._behind.take(piece)
        digest = self._behind.finish()
        self._file.close()
        return self._stream.bytes, digest

    def discard(self) -> None:
        """Close the file, whether or not the disk takes what was not written yet."""
        self._behind.stop()
        with suppress(OSError):
            self._file.close()


class TextFormat(msgspec.Struct, frozen=True):
    """One of the text formats, packed or not."""

    name: str
    codec: str

    @property
    def suffix(self) -> str:
        """What file names end in."""
        suffix = "ndjson" if self.name == "bulk" else self.name
        return suffix if self.codec == "none" else f"{suffix}.gz"

    def ensure(self, table: Table) -> None:
        """Refuse a table that the syntax cannot hold."""
        SYNTAXES[self.name](table)

    def staged_suffix(self, *, alone: bool) -> str:
        """Parts of text have their final bytes, alone or not."""
        del alone
        return self.suffix

    def start(self, path: Path, place: Place) -> TextBody:
        """Start the body of a part."""
        return TextBody(path, place, self.name, self.codec)

    def digester(self, place: Place) -> TextDigester:
        """Digest a part without writing it."""
        return TextDigester(place.table, self.name, first=place.first, last=place.last)

    def staged_digest(self, path: Path, place: Place) -> str:
        """Digest of a part as it stands in the staging folder."""
        del place
        known = Hash()
        for block in unpacked(path, self.codec):
            known.update(block)
        return known.hexdigest()

    def frame(self, table: Table, *, first: bool, last: bool) -> tuple[bytes, bytes]:
        """Opening and closing, where not the table's first or last part brings it along."""
        syntax = SYNTAXES[self.name](table)
        return b"" if first else syntax.opening, b"" if last else syntax.closing

    def join(
        self,
        table: Table,
        parts: Sequence[tuple[Path, Receipt]],
        target: Path,
        frame: tuple[bytes, bytes] = (b"", b""),
    ) -> tuple[int, str]:
        """Concatenate parts; gzip members concatenate, too. Bytes before compression, and their digest."""
        between = SYNTAXES[self.name](table).between
        count = sum(map(len, frame)) + sum(receipt.bytes for _, receipt in parts)
        with target.open("wb") as file:
            hashed = _Hashed(file, self.codec)
            hashed.add(frame[0])
            for (path, _), apart in zip(parts, _apart([receipt for _, receipt in parts]), strict=True):
                if apart:
                    hashed.add(between)
                    count += len(between)
                with path.open("rb") as part:
                    while block := part.read(WRITE_BYTES):
                        hashed.copy(block)
            hashed.add(frame[1])
        return count, hashed.hexdigest(target)

    def digests(self, path: Path, receipts: Sequence[Receipt], frame: tuple[int, int] = (0, 0)) -> list[str]:
        """Digest of each receipt's bytes in a finished file."""
        reader = _Reader(path, unpacked(path, self.codec))
        reader.take(frame[0])
        found = []
        between = 2 if self.name == "json" else 0
        for receipt, apart in zip(receipts, _apart(receipts), strict=True):
            if apart:
                reader.take(between)
            found.append(reader.take(receipt.bytes))
        reader.take(frame[1])
        reader.expect_end()
        return found


class _Hashed:
    """Writes what is joined; what is not packed is digested on the way, and so read once."""

    def __init__(self, file: IO[bytes], codec: str) -> None:
        self._file, self._codec, self._hash = file, codec, Hash()

    def add(self, plain: bytes) -> None:
        """Add bytes that stand in no part."""
        if plain:
            self.copy(packed(self._codec, plain))

    def copy(self, stored: bytes) -> None:
        """Add bytes of a part as they are stored."""
        self._file.write(stored)
        if self._codec == "none":
            self._hash.update(stored)

    def hexdigest(self, target: Path) -> str:
        """Digest of all that was written, before compression."""
        if self._codec != "none":
            for block in unpacked(target, self._codec):
                self._hash.update(block)
        return self._hash.hexdigest()


def _apart(receipts: Sequence[Receipt]) -> Iterator[bool]:
    """Say for each part whether something stands between its rows and rows before it."""
    seen = False
    for receipt in receipts:
        yield seen and receipt.rows > 0
        seen = seen or receipt.rows > 0


class _Reader:
    """Cuts a stream of blocks into pieces of given lengths and digests them."""

    def __init__(self, path: Path, blocks: Iterator[bytes]) -> None:
        self._path = path
        self._blocks = blocks
        self._left = memoryview(b"")
        self._at = 0

    def take(self, length: int) -> str:
        known = Hash()
        while length:
            if not self._left:
                block = next(self._blocks, None)
                if block is None:
                    raise DataError(f"{self._path} ends after {self._at} bytes of content, {length} bytes too early")
                self._left = memoryview(block)
            piece, self._left = self._left[:length], self._left[length:]
            known.update(piece)
            length -= len(piece)
            self._at += len(piece)
        return known.hexdigest()

    def expect_end(self) -> None:
        if self._left or any(self._blocks):
            raise DataError(f"{self._path} goes on after the {self._at} bytes of content that its receipts account for")
