"""How one column of a batch becomes cells; what it has built for one batch it keeps for the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Quanta, Spelled, Text
from ghostfleet.core.errors import SinkError
from ghostfleet.core.table import Kind
from ghostfleet.sinks.text.cells import (
    GROUP_DIGITS,
    Cell,
    Number,
    Words,
    number_cells,
    number_words,
    pack,
    time_cells,
    widened,
)
from ghostfleet.sinks.text.spelling import Speller, ended, hidden_text, led, quote_codes
from ghostfleet.sinks.values import doubles, integers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.batch import Plain, Values
    from ghostfleet.core.table import Column
    from ghostfleet.sinks.text.cells import Item
    from ghostfleet.sinks.text.syntax import Syntax

FOLDED = 3  # bytes in front of a number up to which they are part of its ready text
FAR = 1 << 40  # integers beyond have no ready-made texts, however few they are
MOST_DECIMALS = 18  # of a number that the loop spells
READY = 1 << 17  # integers in a range up to this long have one ready-made text each; longer tables leave the cache


class ColumnCells:
    """Turns the values of one column into cells with ``before`` and ``after`` around them, ``missing`` instead."""

    def __init__(
        self, column: Column, syntax: Syntax, before: bytes, after: bytes, missing: bytes, *, bare: bool, direct: bool
    ) -> None:
        """Start without any table; ``direct`` leaves numbers to the loop, which needs none of them."""
        self._direct = direct
        self._column = column
        self._syntax = syntax
        self._before = before
        self._after = after
        self._missing = missing
        self._is_led = len(before) > FOLDED
        self._quotes = b"" if bare else syntax.quotes
        self._speller = Speller(column.name, syntax.inner, direct=direct)
        self._words: Words = pack([b""])
        self._width = 1
        self._low = self._high = 0
        self._decimals = -1

    def cells(self, values: Values) -> list[Item]:
        """Cells that show ``values``, one row each, wide enough to be copied fast."""
        return [
            Cell(widened(item.words), item.codes, item.needed) if isinstance(item, Cell) and item.count == 1 else item
            for item in self._cells(values)
        ]

    def _cells(self, values: Values) -> Sequence[Item]:
        if isinstance(values, Text):
            raise SinkError(f"column {self._column.name} holds texts, which are looked up")
        if isinstance(values, Spelled):
            return self._spelled(values)
        if isinstance(values, Quanta):
            return self._numbers(values, decimals_of(values.per_one, self._column.name))
        if self._column.kind is Kind.F64:
            return [self._floats(values)]
        if self._column.kind is Kind.I64:
            return self._numbers(values, 0)
        if self._column.kind is Kind.BOOL:
            return self._finished([Cell(pack([b"false", b"true"]), values.values.astype(np.uint8))], values)
        times = values.values.astype(np.int64, copy=False)
        return self._finished(time_cells(times, self._quotes, self._column.per_second), values)

    def _spelled(self, values: Spelled) -> list[Item]:
        before, after = self._before + self._quotes, self._quotes + self._after
        marks = None if self._quotes else quote_codes(values, self._syntax)
        if marks is None:
            cells = self._speller.cells(values, before, after)
        else:
            inner = self._speller.cells(values)
            cells = [
                Cell(pack([before, before + b'"']), marks),
                *inner,
                Cell(pack([after or b"", b'"' + after]), marks),
            ]
        return hidden_text(cells, values.missing, self._missing)

    def _numbers(self, values: Quanta | Plain, decimals: int) -> Sequence[Item]:
        units = integers(values, self._column.name)
        if self._direct and decimals <= MOST_DECIMALS:
            return self._finished([Number(units, decimals)], values)
        if values.missing is not None:
            units = np.where(values.missing, 0, units)
        low, high = (int(units.min()), int(units.max())) if len(units) else (0, 0)
        if not self._is_ready(low, high, decimals):
            return self._finished(number_cells(units.astype(np.int64, copy=False), decimals), values)
        codes = units - np.int64(self._low) if self._low else units
        if values.missing is not None:
            codes = np.where(values.missing, np.int64(len(self._words) - 1), codes)
        return [*self._lead(values), Cell(self._words, codes, self._width)]

    def _lead(self, values: Quanta | Plain) -> list[Cell]:
        """Cell of long bytes in front of numbers, which would make a table of all of them several times as large."""
        if not self._is_led:
            return []
        gone = np.zeros(len(values), np.bool_) if values.missing is None else values.missing
        return [Cell(pack([self._before, self._missing]), gone.view(np.uint8))]

    def _is_ready(self, low: int, high: int, decimals: int) -> bool:
        """Say whether a table covers ``low … high``, after making it if it is worth its size."""
        if self._decimals == decimals and self._low <= low and high <= self._high:
            return True
        if self._decimals == decimals:
            low, high = min(low, self._low), max(high, self._high)
        if high - low >= READY or max(-low, high) >= FAR or decimals > GROUP_DIGITS:
            return False
        if low > -READY and high < READY:
            # Round up to powers of two, so that the table is rarely made again as batches reach further.
            low = min(0, 1 - (1 << (-low).bit_length())) if low < 0 else 0
            high = (1 << max(high, 0).bit_length()) - 1
        self._low, self._high, self._decimals = low, high, decimals
        before, missing = (b"", b"") if self._is_led else (self._before, self._missing)
        ready = number_words(low, high, decimals, before, self._after)
        self._keep(np.append(ready, pack([missing])))
        return True

    def _keep(self, words: Words) -> None:
        """Keep a table for later batches, wide enough to be copied fast."""
        self._width = words.dtype.itemsize
        self._words = widened(words)

    def _floats(self, values: Plain) -> Cell:
        """Shortest texts that read back as the same double; one Python call per distinct value."""
        some, codes = np.unique(doubles(values, self._column.name), return_inverse=True)
        words = [self._missing if value != value else self._around(repr(value)) for value in some.tolist()]  # noqa: PLR0124  NaN
        return Cell(pack(words or [b""]), codes)

    def _around(self, number: str) -> bytes:
        return self._before + number.encode() + self._after

    def _finished(self, cells: Sequence[Item], values: Quanta | Plain) -> list[Item]:
        """Put the surroundings around the first and the last cell, and hide what is missing."""
        ready = ended(led(cells, self._before, len(values)), self._after, len(values))
        return hidden_text(ready, values.missing, self._missing)


def decimals_of(per_one: int, name: str) -> int:
    """Digits after the point: 100 → 2; refuses what is no power of ten."""
    decimals = len(str(per_one)) - 1
    if per_one < 1 or per_one != 10**decimals:
        raise SinkError(f"column {name} counts {per_one} units to one; valid are powers of ten")
    return decimals
