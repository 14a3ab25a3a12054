"""Arrays that kernels overwrite call after call.

The C library gives large arrays back to the system as soon as they are freed, and faults them in again for the next
call: for kernels of a few nanoseconds a value that costs more than the arithmetic.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ghostfleet.core.arrays import Array

MOST_SHAPES = 512  # of views that are remembered


class Scratch:
    """Uninitialised arrays by name; each is lent until the same name is asked for again."""

    __slots__ = ("_kept", "_lent", "_zero")

    def __init__(self) -> None:
        """Own nothing yet."""
        self._kept: dict[str, Array] = {}
        self._zero: dict[str, Array] = {}
        self._lent: dict[tuple[str, tuple[int, ...], type[Any]], Array] = {}

    def array(self, name: str, shape: tuple[int, ...], kind: type[Any]) -> Array:
        """Contiguous array of that shape and type with whatever stands in it."""
        # Making a view takes as long as a small kernel does, and the same few shapes are asked for again and again.
        lent = self._lent.get((name, shape, kind))
        if lent is not None:
            return lent
        size = prod(shape) * np.dtype(kind).itemsize
        kept = self._kept.get(name)
        if kept is None or len(kept) < size:
            kept = self._kept[name] = np.empty(size, dtype=np.uint8)
            self._lent.clear()  # views of the one before would keep it alive
        if len(self._lent) >= MOST_SHAPES:
            self._lent.clear()
        array: Array = kept[:size].view(kind).reshape(shape)
        self._lent[name, shape, kind] = array
        return array

    def forget(self) -> None:
        """Let go of all arrays, before others need the room."""
        for known in (self._kept, self._zero, self._lent):
            known.clear()

    def zeros(self, name: str, size: int, kind: type[Any]) -> Array:
        """Flat array of nothing but zeros; whoever asks for it sets back what it writes."""
        kept = self._zero.get(name)
        if kept is None or len(kept) < size:
            kept = self._zero[name] = np.zeros(size, dtype=kind)
        return kept[:size]
