"""Rows written one behind the other by a loop in C: the same bytes as those of a matrix, at a quarter of the cost."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.compiled import address
from ghostfleet.sinks.text.cells import Hexes, Number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from ctypes import CDLL

    import numpy.typing as npt

    from ghostfleet.core.arrays import Array, Bool
    from ghostfleet.sinks.text.cells import Item
    from ghostfleet.sinks.text.matrix import Part

PIECE_BYTES = 1 << 18  # of rows that are written in one call; what follows finds them in the cache
LANES = 32  # rows that the loop builds side by side
COPIED_BYTES = 16  # that the loop copies at once
SLACK = 32  # bytes that the loop may write behind the last row
CONSTANT, NUMBER, HEX = 0, 16, 17  # kinds of fields in `loops/rows.c`; others are the types of codes
WORD_BYTES = 8
FIELD = np.dtype(
    [(name, "u8") for name in ("words", "codes", "gone", "entries")]
    + [(name, "i4") for name in ("width", "many", "kind", "unused")]
)


def written(loops: CDLL, parts: Sequence[Part], rows: int) -> Iterator[memoryview]:
    """Bytes of all rows, about half a MiB at a time; IndexError where a code has no entry."""
    kept: list[Array] = []  # what addresses point to
    fields = []
    width = 0
    for part in parts:
        for one in [part] if isinstance(part, bytes) else part:
            fields.append(_constant(one, kept) if isinstance(one, bytes) else _field(one, kept))
            width += len(one) if isinstance(one, bytes) else one.needed
    described = np.array(fields, dtype=FIELD)
    at_once = max(1, PIECE_BYTES // max(width, 1))
    lanes = np.empty(min(LANES, at_once) * (width + SLACK), dtype=np.uint8)
    at_fields, at_lanes = address(described), address(lanes)
    for start in range(0, rows, at_once):
        stop = min(start + at_once, rows)
        out = np.empty((stop - start) * width + SLACK, dtype=np.uint8)
        size = loops.rows(at_fields, len(described), start, stop, width, at_lanes, address(out))
        if size < 0:
            msg = f"field {-1 - size} of a row has a code without an entry"
            raise IndexError(msg)
        yield out.data[:size]


@lru_cache(maxsize=256)  # every block of rows has the same ones
def _padded(content: bytes) -> tuple[int, Array]:
    """Where a constant lies, with what the loop may copy behind it; and what keeps it there."""
    words = np.zeros(-(-len(content) // COPIED_BYTES) * COPIED_BYTES, dtype=np.uint8)
    words[: len(content)] = np.frombuffer(content, dtype=np.uint8)
    return address(words), words


def _constant(content: bytes, kept: list[Array]) -> tuple[int, ...]:
    at, words = _padded(content)
    kept.append(words)
    return at, 0, 0, 0, len(content), 0, CONSTANT, 0


def _field(item: Item, kept: list[Array]) -> tuple[int, ...]:
    if isinstance(item, Number):
        values = _address(item.values, np.int64, kept)
        return 0, values, _gone(item.gone, kept), 0, item.width, item.decimals, NUMBER, 0
    if isinstance(item, Hexes):
        return 0, _address(item.words, np.uint64, kept), _gone(item.gone, kept), 0, 0, item.digits, HEX, 0
    of = item.codes.dtype
    words, codes = (_address(one, one.dtype.newbyteorder("="), kept) for one in (item.words, item.codes))
    kind = of.itemsize if of.kind in "ub" or of.itemsize == WORD_BYTES else -of.itemsize
    return words, codes, 0, len(item.words), item.words.dtype.itemsize, item.count, kind, 0


def _gone(rows: Bool | None, kept: list[Array]) -> int:
    return 0 if rows is None else _address(rows, np.bool_, kept)


def _address(values: Array, dtype: npt.DTypeLike, kept: list[Array]) -> int:
    kept.append(np.ascontiguousarray(values, dtype=dtype))
    return address(kept[-1])
