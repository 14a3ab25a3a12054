"""Loops in C, from where the installation could compile `loops.c`; elsewhere NumPy does the same."""

from __future__ import annotations

from ctypes import CDLL, c_int64, c_uint32, c_void_p
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zlib import crc32

if TYPE_CHECKING:
    from ghostfleet.core.arrays import Array

SOURCE: Final = Path(__file__).with_name("loops.c")
LIBRARY: Final = Path(__file__).with_name("loops.so")


@cache
def loops() -> CDLL | None:
    """Load the loops; None where nothing was compiled, or an older source was."""
    try:
        found = CDLL(str(LIBRARY))
        source = SOURCE.read_bytes()
    except OSError:
        return None
    found.source.restype = c_uint32
    if found.source() != crc32(source):
        return None
    found.rows.restype = c_int64
    found.rows.argtypes = (c_void_p, c_int64, c_int64, c_int64, c_int64, c_void_p, c_void_p)
    found.move.restype = None
    found.move.argtypes = (c_void_p, c_void_p, c_void_p, c_int64, c_int64, c_void_p)
    found.pick.restype = c_int64
    found.pick.argtypes = (*[c_void_p] * 3, c_int64, c_void_p, c_void_p, c_int64, *[c_void_p] * 6)
    return found


def address(values: Array) -> int:
    """Where an array begins; whoever hands it over keeps the array, and makes it contiguous."""
    return values.ctypes.data
