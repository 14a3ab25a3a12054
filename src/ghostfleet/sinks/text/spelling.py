"""Texts that are spelled out row by row: their parts as cells, and as bytes of one buffer."""

from __future__ import annotations

from functools import cache, reduce
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Digits, Hex, Text
from ghostfleet.core.errors import SinkError
from ghostfleet.sinks.text.cells import (
    GROUP,
    GROUP_DIGITS,
    NUMBER_DIGITS,
    Cell,
    Hexes,
    Number,
    around,
    constant,
    digits,
    hidden,
    looked_up,
    number_cells,
    pack,
)
from ghostfleet.sinks.text.matrix import filled
from ghostfleet.sinks.values import utf8

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ghostfleet.core.arrays import I64, Array, Bool
    from ghostfleet.core.batch import Spelled
    from ghostfleet.sinks.text.cells import Item, Words
    from ghostfleet.sinks.text.syntax import Syntax

HEX_GROUP = 4  # hexadecimal digits to an entry
WORD_DIGITS = 16
INT64_DIGITS = 19
GROUPS_IN_WORD = WORD_DIGITS // HEX_GROUP


class Speller:
    """Turns spelled texts of one column into cells; escaped vocabularies are kept from batch to batch."""

    def __init__(self, name: str, inner: Callable[[str], bytes], *, direct: bool = False) -> None:
        """Spell with an escaping of what may stand in a text; ``direct`` leaves digits to the loop."""
        self._direct = direct
        self._name = name
        self._inner = inner
        self._known: dict[int, tuple[tuple[str, ...], Words]] = {}

    def cells(self, values: Spelled, before: bytes = b"", after: bytes = b"") -> list[Item]:
        """Cells of all parts with constant bytes around them."""
        cells: list[Item] = []
        held = before
        for place, part in enumerate(values.parts):
            if isinstance(part, str):
                held += self._inner(part)
                continue
            found = self._part(place, part)
            cells += led(found, held, len(values))
            held = b""
        return ended(cells, held + after, len(values))

    def _part(self, place: int, part: Digits | Hex | Text) -> Sequence[Item]:
        if isinstance(part, Hex):
            ensure_groups(part, self._name)
            return [Hexes(part.words, part.digits) if self._direct else hex_cell(part)]
        if isinstance(part, Digits):
            ensure_positive(part, self._name)
            if self._direct and part.width <= NUMBER_DIGITS:
                return [Number(part.values, width=part.width)]
            return digit_cells(part)
        ensure_codes(part, self._name)
        known, words = self._known.get(place, ((), None))
        if words is None or (known is not part.vocabulary and known != part.vocabulary):
            words = pack([self._inner(word) for word in part.vocabulary])
            self._known[place] = (part.vocabulary, words)
        return [Cell(words, part.codes)]


def led(cells: Sequence[Item], before: bytes, rows: int) -> list[Item]:
    """Put constant bytes in front; those of what is no short look-up stand alone."""
    first, *rest = cells
    if not before:
        return [*cells]
    if not isinstance(first, Cell) or first.count > 1 or len(first.words) > GROUP:
        return [constant(before, rows), *cells]
    return [Cell(around(before, first.words), first.codes), *rest]


def ended(cells: list[Item], after: bytes, rows: int) -> list[Item]:
    """Put constant bytes behind."""
    last = cells[-1]
    if not after:
        return cells
    if not isinstance(last, Cell) or last.count > 1 or len(last.words) > GROUP:
        return [*cells, constant(after, rows)]
    return [*cells[:-1], Cell(around(b"", last.words, after), last.codes)]


def ensure_codes(part: Text, name: str) -> None:
    """Refuse codes outside the vocabulary; a part has no missing ones."""
    codes = part.codes
    if len(codes) and not 0 <= codes.min() <= codes.max() < len(part.vocabulary):
        raise SinkError(
            f"a part of column {name} has codes {codes.min()} to {codes.max()}; "
            f"valid are 0 to {len(part.vocabulary) - 1}; a row's whole text is missing or none of it"
        )


def ensure_positive(part: Digits, name: str) -> None:
    """Refuse digits of what is below zero."""
    low = int(part.values.astype(np.int64, copy=False).min(initial=0))
    if low < 0:
        raise SinkError(f"a part of column {name} is {low}; digits spell numbers of 0 or more")


def digit_cells(part: Digits) -> list[Cell]:
    """Decimal digits, led by zeros up to the part's width."""
    values: I64 = part.values.astype(np.int64, copy=False)
    high = int(values.max(initial=0))
    if len(str(high)) > part.width:
        return number_cells(values, 0) if not part.width else _some_wide(values, part.width)
    cells = []
    left = part.width
    while left:
        count = left % GROUP_DIGITS or GROUP_DIGITS
        left -= count
        above = values if not left else values // 10**left if left < INT64_DIGITS else np.zeros_like(values)
        values = values - above * 10 ** min(left, INT64_DIGITS - 1) if left else values
        cells.append(Cell(digits(count), above.astype(np.int32)))
    return cells


def _some_wide(values: I64, width: int) -> list[Cell]:
    """Numbers of which some have more digits than the width: zeros in front of those that have fewer."""
    lengths = np.full(len(values), width, np.int32)
    for shorter in range(1, min(width, INT64_DIGITS)):
        lengths -= values >= 10**shorter  # zeros that lead: the width less the digits there are
    zeros = np.maximum(lengths - 1, 0)
    return [Cell(pack([b"0" * count for count in range(width)]), zeros), *number_cells(values, 0)]


def ensure_groups(part: Hex, name: str) -> None:
    """Refuse a number of digits that no entries make up."""
    if not 0 < part.digits <= WORD_DIGITS or part.digits % HEX_GROUP:
        raise SinkError(f"a part of column {name} has {part.digits} hexadecimal digits; valid are 4, 8, 12 and 16")


def hex_cell(part: Hex) -> Cell:
    """Hexadecimal digits of words, four an entry."""
    groups = part.words.astype(">u8").view(">u2").reshape(len(part.words), GROUPS_IN_WORD)
    return Cell(hex_words(), groups[:, GROUPS_IN_WORD - part.digits // HEX_GROUP :])


@cache
def hex_words() -> Words:
    """All numbers of four hexadecimal digits."""
    places = np.arange(1 << 16)[:, None] >> np.array([12, 8, 4, 0])
    spelled: Words = np.frombuffer(b"0123456789abcdef", np.uint8)[places & 15].view("S4").ravel()
    return spelled


def hidden_text(cells: list[Item], missing: Bool | None, shown: bytes) -> list[Item]:
    """Where texts are missing, show something else."""
    if missing is None or not missing.any():
        return cells
    first = cells[0]
    if not isinstance(first, Cell) or first.count > 1:
        cells = [constant(b"", len(missing)), *cells]
    return hidden(cells, missing, shown)


def quote_codes(values: Spelled, syntax: Syntax) -> Array | None:
    """Say for each row whether it must stand in quotes, where the format has none around every text."""
    if any(isinstance(part, str) and syntax.quoted(part) for part in values.parts):
        return np.ones(len(values), np.uint8)
    flags = [flag for part in values.parts if isinstance(part, Text) for flag in [_flags(part, syntax.quoted)]]
    if all(isinstance(part, Text) or not part for part in values.parts):  # then the whole may be empty
        empty = [_flags(part, lambda word: not word) for part in values.parts if isinstance(part, Text)]
        flags.append(reduce(np.logical_and, empty))
    found: Array = reduce(np.logical_or, flags, np.zeros(len(values), np.bool_))
    return found.view(np.uint8) if found.any() else None


def _flags(part: Text, says: Callable[[str], bool]) -> Bool:
    flags: Bool = np.array([says(word) for word in part.vocabulary] or [False])[part.codes]
    return flags


def spelled_bytes(values: Spelled, name: str) -> tuple[Array, bytes]:
    """Bytes of all texts one behind the other, and where each begins: int64, shape (rows + 1,)."""
    cells = hidden_text(Speller(name, utf8).cells(values), values.missing, b"")
    matrix = filled(looked_up(cells), len(values))
    starts = np.zeros(len(values) + 1, np.int64)
    data = matrix.tobytes().translate(None, b"\0")
    if len(data) == matrix.size:
        starts += np.arange(len(starts)) * matrix.shape[1]
    else:
        np.cumsum(np.count_nonzero(matrix, axis=1), out=starts[1:])
    return starts, data
