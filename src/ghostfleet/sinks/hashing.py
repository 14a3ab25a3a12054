"""Digests of bytes: XXH3 of 128 bits, which keeps up with any disk; ``xxhsum -H2`` gives the same.

They tell whether something changed, for which a cryptographic hash would take three times as long as the disk does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xxhash import xxh3_128

if TYPE_CHECKING:
    from pathlib import Path

    from ghostfleet.sinks.codec import Piece

BLOCK = 1 << 20


class Hash:
    """Digest of bytes that come piece by piece."""

    def __init__(self) -> None:
        """Start with no bytes."""
        self._known = xxh3_128()

    def update(self, piece: Piece) -> None:
        """Take the next bytes into account."""
        self._known.update(piece)

    def hexdigest(self) -> str:
        """32 hexadecimal digits."""
        return self._known.hexdigest()


def of_bytes(content: bytes) -> str:
    """Digest of some bytes."""
    return xxh3_128(content).hexdigest()


def of_file(path: Path) -> str:
    """Digest of a stored file."""
    known = Hash()
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            known.update(block)
    return known.hexdigest()
