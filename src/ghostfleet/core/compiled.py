"""Loops in C, from where the installation could compile them (`core/loops`); elsewhere NumPy does the same."""

from __future__ import annotations

from ctypes import CDLL, addressof, c_char, c_double, c_float, c_int64, c_uint32, c_uint64, c_void_p
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zlib import crc32

if TYPE_CHECKING:
    from ghostfleet.core.arrays import Array

FOLDER: Final = Path(__file__).with_name("loops")
LIBRARY: Final = FOLDER / "loops.so"
TYPES: Final = {"-": None, "a": c_void_p, "i": c_int64, "u": c_uint64, "f": c_float, "d": c_double, "s": c_uint32}
# What each loop gives, and what it takes: addresses of arrays, integers, words, floats, doubles.
SIGNATURES: Final = {
    "rows": "iaiiiiaa",
    "move": "-aaaiia",
    "pick": "iaaaiaaiaaaaaa",
    "descend": "iaiaiaaaaaaaaaaaaa",
    "mix": "-aia",
    "derive": "-uuaaiia",
    "fill": "-aiaiiai",
    "normals": "-aiiiaaua",
    "nodes": "-aaiiiaiiaaua",
    "exp2_f64": "-aiaiddia",
    "exp2_f32": "-aiaiffia",
    "log2_f64": "-aiaiua",
    "sum_until": "-aaaaida",
    "binomial": "-aaaiaaa",
    "share": "iaaaiiiaaa",
    "invert": "-aiiaaaaiaaia",
    "moments_i32": "-aaia",
    "moments_i64": "-aaia",
    "terms": "-aaiduua",
}


@cache
def loops() -> CDLL | None:
    """Load the loops; None where nothing was compiled, or an older source was."""
    try:
        found = CDLL(str(LIBRARY))
        source = b"".join(path.read_bytes() for path in sorted(FOLDER.glob("*.[ch]")))
        found.source.restype = c_uint32
        if found.source() != crc32(source):
            return None
    except (OSError, AttributeError):  # none, or something else of that name
        return None
    for name, types in SIGNATURES.items():
        function = getattr(found, name)
        function.restype, *function.argtypes = (TYPES[one] for one in types)
    return found


def address(values: Array) -> int:
    """Where a contiguous array begins; whoever hands it over keeps the array."""
    try:
        # A quarter of the time of the other way; types do not tell that arrays are buffers.
        return addressof(c_char.from_buffer(values))  # type: ignore[arg-type]
    except (TypeError, ValueError):  # read-only or empty
        return values.ctypes.data
