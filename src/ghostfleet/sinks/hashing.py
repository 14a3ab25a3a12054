"""Digests of bytes: XXH3 of 128 bits, which keeps up with any disk; ``xxhsum -H2`` gives the same.

They tell whether something changed, for which a cryptographic hash would take three times as long as the disk does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from xxhash import xxh3_128

if TYPE_CHECKING:
    from pathlib import Path

Hash: TypeAlias = xxh3_128  # of bytes that come piece by piece


def of_bytes(content: bytes) -> str:
    """Digest of some bytes."""
    return Hash(content).hexdigest()


def of_file(path: Path) -> str:
    """Digest of a stored file."""
    from hashlib import file_digest  # here, because it loads OpenSSL, and whoever only writes asks for no file

    with path.open("rb", buffering=0) as file:
        return file_digest(file, Hash).hexdigest()
