"""Hashes of Python's own: `hashlib` loads OpenSSL first, 3 MB and 3 ms for what Python has without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["blake2b", "sha256"]

if TYPE_CHECKING:
    from hashlib import blake2b, sha256
else:
    try:  # as the standard library's `random` does
        from _blake2 import blake2b

        try:
            from _sha2 import sha256
        except ImportError:  # before Python 3.12
            from _sha256 import sha256
    except ImportError:  # other Pythons
        from hashlib import blake2b, sha256
