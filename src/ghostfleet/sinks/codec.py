"""Compression of text: how a part is packed, and how what was packed is read again."""

from __future__ import annotations

import zlib
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeAlias

from ghostfleet.core.errors import DataError, SinkError

if TYPE_CHECKING:
    from collections.abc import Iterator

GZIP_WBITS = 31  # a gzip member, whose header states no time
FAST_LEVEL = 2  # of isal: 0.06 of the time of zlib 6 at 1.14 of its size
SMALL_LEVEL = 8  # of zlib, told to expect numbers; level 7 leaves too little room below 1.06 of the yardstick
BLOCK = 1 << 20
SMALL_BLOCK = 1 << 12
PACKED_BLOCK = 1 << 18  # bytes that isal packs at once

Piece: TypeAlias = "bytes | bytearray | memoryview"  # of a file

CODECS = ("fast", "small", "none")


class Packer(Protocol):
    """Packs a stream of bytes."""

    def compress(self, data: Piece, /) -> bytes:
        """Pack the next bytes; may return nothing yet."""

    def flush(self) -> bytes:
        """Return what is left."""


class Unpacked:
    """Packs nothing."""

    def compress(self, data: Piece, /) -> Piece:
        """Return the same bytes."""
        return data

    def flush(self) -> bytes:
        """Return nothing."""
        return b""


class Blocks:
    """Hands a packer blocks of one length: what isal makes depends on how its input is cut, and pieces differ."""

    def __init__(self, packer: Packer) -> None:
        """Start with nothing held back."""
        self._packer = packer
        self._held = bytearray()

    def compress(self, data: Piece, /) -> bytes:
        """Pack what makes up whole blocks."""
        left = memoryview(data)
        found = []
        if self._held:
            lacking = PACKED_BLOCK - len(self._held)
            self._held += left[:lacking]
            left = left[lacking:]
            if len(self._held) == PACKED_BLOCK:
                found.append(self._packer.compress(self._held))
                self._held = bytearray()
        while len(left) >= PACKED_BLOCK:
            found.append(self._packer.compress(left[:PACKED_BLOCK]))
            left = left[PACKED_BLOCK:]
        self._held += left
        return b"".join(found)

    def flush(self) -> bytes:
        """Pack what is left."""
        last = self._packer.compress(self._held) if self._held else b""
        return last + self._packer.flush()


def packer(codec: str) -> Packer | Unpacked:
    """Start packing with a named codec."""
    if codec == "fast":
        from isal import isal_zlib  # a native library that other codecs do without

        return Blocks(isal_zlib.compressobj(FAST_LEVEL, wbits=GZIP_WBITS))
    if codec == "small":
        return zlib.compressobj(SMALL_LEVEL, zlib.DEFLATED, GZIP_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_FILTERED)
    if codec == "none":
        return Unpacked()
    raise SinkError(f"there is no codec {codec!r}; valid are {', '.join(CODECS)}")


def packed(codec: str, data: bytes) -> bytes:
    """Pack bytes at once."""
    one = packer(codec)
    return bytes(one.compress(data)) + one.flush()


def unpacked(path: Path, codec: str, opened: IO[bytes] | None = None) -> Iterator[bytes]:
    """Content of a file in blocks; DataError where it cannot be read. Whoever opened it already hands it over."""
    at = 0
    try:
        with _opened(opened or path, codec) as file:
            while block := file.read(BLOCK):
                at += len(block)
                yield block
    except EOFError as error:
        there = max(at, _unpackable(opened or path))
        raise DataError(
            f"{path} is cut off, or something follows its gzip stream: reading stopped after {there:,} bytes of content"
        ) from error
    except _damage(codec) as error:
        raise DataError(f"{path} is damaged after {at} bytes of content: {error}") from error
    except OSError as error:  # gzip reports damage as one, too
        raise DataError(f"{path} cannot be read after {at} bytes of content: {error.strerror or error}") from error


def _unpackable(file: Path | IO[bytes]) -> int:
    """Bytes of content that stand in a packed file without an end: what reads it says nothing of its last block."""
    if isinstance(file, Path):
        with file.open("rb") as opened:
            return _unpackable(opened)
    if not file.seekable():
        return 0
    file.seek(0)
    found, member = 0, zlib.decompressobj(GZIP_WBITS)
    with suppress(zlib.error):
        while data := member.unused_data or file.read(SMALL_BLOCK):
            member = zlib.decompressobj(GZIP_WBITS) if member.eof else member
            found += len(member.decompress(data))
    return found


def _damage(codec: str) -> Any:  # noqa: ANN401  the stub of isal says that its error is an instance
    """What reading a damaged stream raises; evaluated only when something was raised."""
    if codec == "none":
        return ()
    from isal.igzip_lib import IsalError

    return zlib.error, IsalError


def _opened(path: Path | IO[bytes], codec: str) -> IO[bytes]:
    if codec == "none":
        return path.open("rb") if isinstance(path, Path) else path
    from isal import igzip  # only reading compressed files needs it

    file: IO[bytes] = igzip.open(path, "rb")  # type: ignore[no-untyped-call]
    return file
