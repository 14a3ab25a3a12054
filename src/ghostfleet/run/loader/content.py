"""Content of a file in blocks, unpacked where it is packed; what cannot hold rows is refused at its first bytes."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from ghostfleet.core.errors import DataError
from ghostfleet.sinks.codec import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from pathlib import Path

GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
VALID = "a JSON array, JSON lines or a bulk file, each also packed by gzip"
OTHERS = {
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"PK\x03\x04": "a zip archive",
    b"\x28\xb5\x2f\xfd": "packed by zstd; unpack it first",
    b"\xfd7zXZ\x00": "packed by xz; unpack it first",
    b"BZh": "packed by bzip2; unpack it first",
    GZIP: "packed by gzip twice; unpack it first",
    b"\xff\xfe": "text in UTF-16 or UTF-32",
    b"\xfe\xff": "text in UTF-16",
}
STORE = b"DUCK"  # at byte 8


class Content(NamedTuple):
    """An open file."""

    file: BufferedReader
    first: bytes  # the first bytes that say something, and all that were read with them
    skipped: int  # bytes in front of these: a byte order mark and white space
    lines: int  # line feeds among them
    rest: Iterator[bytes]
    size: int  # of the file as it is stored; 0 where nobody knows

    @property
    def blocks(self) -> Iterator[bytes]:
        """All content from the first bytes on that say something."""
        return chain((self.first,), self.rest)

    @property
    def position(self) -> int:
        """Bytes of the stored file that have been read."""
        return self.size if self.file.closed or not self.size else self.file.tell()


@contextmanager
def opened(path: Path) -> Iterator[Content]:
    """Open a file; `DataError` where nothing could be loaded from it."""
    if path.is_dir():
        msg = f"{path} is a folder; load takes one file: {VALID}"
        raise DataError(msg)
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        msg = f"there is no file {path}"
        raise DataError(msg) from error
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read: {error.strerror if isinstance(error, OSError) else error}"
        raise DataError(msg) from error
    with file:
        packed = file.peek(len(GZIP))[: len(GZIP)] == GZIP
        blocks = unpacked(path, "fast" if packed else "none", file)
        size = path.stat().st_size if file.seekable() else 0
        yield _begun(path, file, blocks, size)


def _begun(path: Path, file: BufferedReader, blocks: Iterator[bytes], size: int) -> Content:
    """Content from the first bytes on that say something."""
    first = next(blocks, b"")
    _refuse_others(path, first)
    skipped = len(BOM) if first.startswith(BOM) else 0
    first = first[skipped:]
    lines = 0
    while True:
        said = first.lstrip()
        blank = first[: len(first) - len(said)]
        skipped += len(blank)
        lines += blank.count(b"\n")
        if said:
            return Content(file, said, skipped, lines, blocks, size)
        if not (first := next(blocks, b"")):
            msg = f"{path} is empty, so there is nothing to load"
            raise DataError(msg)


def _refuse_others(path: Path, first: bytes) -> None:
    what = next((name for magic, name in OTHERS.items() if first.startswith(magic)), "")
    if not what and first[8:12] == STORE:
        what = "a DuckDB file"
    if not what and b"\0" in first:
        what = f"no text: byte {first.index(0):,} is NUL"
    if what:
        msg = f"{path} is {what}; valid are {VALID}, in UTF-8"
        raise DataError(msg)
