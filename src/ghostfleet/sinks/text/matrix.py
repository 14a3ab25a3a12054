"""Rows of fixed-width fields in one buffer, filled by look-up and closed up by dropping NULs.

A field is as wide as its longest entry; NumPy copies entries of 1, 2, 4, 8, 16 or 32 bytes three times as fast as
others, so a table is widened to the next of these and the bytes that it is too wide are overwritten by the field to its
right, which is filled after it.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

import msgspec
import numpy as np

from ghostfleet.sinks.text.cells import Cell, looked_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ghostfleet.core.arrays import Array
    from ghostfleet.sinks.text.cells import Item

CHUNK_ROWS = 2048  # rows in the matrix: few enough for the second-level cache
CHUNK_BYTES = 1 << 20  # of the matrix, where texts are very long

Part: TypeAlias = "bytes | list[Item]"  # of a row: constant bytes, or items side by side


class Field(msgspec.Struct, frozen=True):
    """Where one cell, or constant bytes, stand in the matrix."""

    at: int
    width: int  # of the copied entry
    constant: bytes = b""


class Matrix:
    """Rows of fixed-width fields in one buffer."""

    def __init__(self, fields: tuple[Field, ...], width: int) -> None:
        """Allocate the rows and write the constants, once."""
        self.fields = fields
        self.rows = max(1, min(CHUNK_ROWS, CHUNK_BYTES // width))
        self._width = width
        self._buffer = bytearray(self.rows * width)
        self._views = []
        for field in fields:
            view: Array = np.ndarray((self.rows,), f"S{field.width}", self._buffer, field.at, (width,))
            if field.constant:
                view[:] = field.constant
            else:
                self._views.append(view)

    def chunks(self, cells: list[Cell], rows: int) -> Iterator[bytearray]:
        """Fill and close up as many rows as fit, again and again."""
        filled = [(view, cell.words, cell.codes) for view, cell in zip(self._views, cells, strict=True)]
        for start in range(0, rows, self.rows):
            stop = min(start + self.rows, rows)
            for view, table, codes in filled:
                view[: stop - start] = _entries(table, codes[start:stop])
            whole = stop - start == self.rows
            buffer = self._buffer if whole else self._buffer[: (stop - start) * self._width]
            # Faster than a NumPy mask: 0.5 against 0.9 ns a byte.
            yield buffer.translate(None, b"\0")


def _entries(table: Array, codes: Array) -> Array:
    """Entries of a table by codes; of several a row, those side by side as one."""
    entries: Array = table.take(codes)
    if codes.ndim == 1:
        return entries
    return entries.view(f"S{codes.shape[1] * table.dtype.itemsize}").ravel()


def settled(parts: Iterable[Part]) -> list[Part]:
    """The same parts, with cells that show one text in every row as constants, which are not looked up at all."""
    found: list[Part] = []
    for part in chain.from_iterable([part] if isinstance(part, bytes) else map(_constant, part) for part in parts):
        last = found[-1] if found else None
        if isinstance(part, bytes) and isinstance(last, bytes):
            found[-1] = last + part
        elif isinstance(part, bytes):
            found += [part] if part else []
        elif isinstance(last, list):
            last.append(part)
        else:
            found.append([part])
    return found


def _constant(item: Item) -> bytes | Item:
    return bytes(item.words[0]) if isinstance(item, Cell) and len(item.words) == 1 and item.count == 1 else item


def layout(parts: Sequence[Part]) -> tuple[tuple[Field, ...], int]:
    """Place constants and cells from left to right; the width of a row is where the last one ends."""
    fields = []
    at = end = 0
    for part in parts:
        if isinstance(part, bytes):
            at = end  # a constant is written once, so no entry may reach into it
            fields.append(Field(at, len(part), part))
            at = end = at + len(part)
            continue
        for cell in looked_up(part):
            fields.append(Field(at, cell.span))
            at, end = at + cell.needed, max(end, at + cell.span)
    return tuple(fields), end


def filled(cells: list[Cell], rows: int) -> Array:
    """All rows at once as bytes, not closed up: shape (rows, width)."""
    fields, width = layout([[*cells]])
    matrix: Array = np.zeros((rows, width), np.uint8)
    for field, cell in zip(fields, cells, strict=True):
        view: Array = np.ndarray(
            (rows,), f"S{field.width}", matrix.data if rows else bytearray(field.at), field.at, (width,)
        )
        view[:] = _entries(cell.words, cell.codes)
    return matrix
