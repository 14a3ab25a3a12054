"""Which pieces of a row are shown by one look-up, and how each of these units becomes cells."""

from __future__ import annotations

from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Protocol, TypeAlias

import msgspec
import numpy as np

from ghostfleet.core.batch import Plain, Spelled, Text
from ghostfleet.core.errors import SinkError
from ghostfleet.core.table import Kind
from ghostfleet.sinks.text.cells import Cell, pack, widened
from ghostfleet.sinks.text.column import ColumnCells
from ghostfleet.sinks.text.pieces import Constant, Shown
from ghostfleet.sinks.values import codes_of, utf8

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ghostfleet.core.arrays import Bool
    from ghostfleet.core.batch import Batch, Digits, Hex, Values
    from ghostfleet.core.table import Table
    from ghostfleet.sinks.text.cells import Item
    from ghostfleet.sinks.text.pieces import Piece
    from ghostfleet.sinks.text.syntax import Syntax

Groups: TypeAlias = tuple[int, ...]  # by column: which others have the same codes

FOLDED = 3  # constants up to this long are part of every entry beside them
LONGEST_ID = 512  # bytes of a document's id, in search indexes
NUMBER_BYTES = 27  # of a number or time, at most


class Unit(Protocol):
    """Part of a row that is made anew for each block of rows."""

    def cells(self, columns: Sequence[Values]) -> list[Item]:
        """Cells of a block, whose columns are given."""


class Run(msgspec.Struct):
    """Pieces that stand side by side and depend on the same values; on none, where they are constant."""

    of: frozenset[int]  # groups of codes, or columns as numbers below 0
    pieces: list[Piece]
    before: bytes = b""
    after: bytes = b""


def planned(table: Table, syntax: Syntax, groups: Groups, *, direct: bool) -> list[bytes | Unit]:
    """Constants and units of a row, from left to right; ``direct`` ones leave numbers to the loop."""
    return [
        _unit(run, table, syntax, direct=direct) if run.of else b"".join(_contents(run.pieces))
        for run in _folded(_runs(syntax.pieces, groups))
    ]


def _runs(pieces: Iterable[Piece], groups: Groups) -> list[Run]:
    runs: list[Run] = []
    held: list[Piece] = []
    for piece in pieces:
        of = frozenset(groups[number] if groups[number] >= 0 else -1 - number for number in piece.columns)
        if not of:
            held.append(piece)
        elif runs and runs[-1].of == of and _goes_on(runs[-1], piece, held):
            runs[-1].pieces += [*held, piece]
            held = []
        else:
            runs += [*([Run(frozenset(), held)] if held else []), Run(of, [piece])]
            held = []
    return [*runs, *([Run(frozenset(), held)] if held else [])]


def _goes_on(run: Run, piece: Piece, held: list[Piece]) -> bool:
    """Whether a piece can be one look-up with a run that depends on the same values."""
    if len(run.of) > 1:
        return False
    (of,) = run.of
    if of >= 0:
        return True  # codes: every entry holds all of it, constants in between included
    is_shown = isinstance(piece, Shown)
    return not held and not (is_shown and any(isinstance(one, Shown) for one in run.pieces))


def _folded(runs: list[Run]) -> list[Run]:
    """Put short constants into what follows them, and at the end of a row into what is in front of them."""
    found: list[Run] = []
    before = b""
    for place, run in enumerate(runs):
        content = b"" if run.of else b"".join(_contents(run.pieces))
        if run.of:
            run.before, before = before, b""
            found.append(run)
        elif len(content) > FOLDED or len(runs) == 1:
            found.append(run)
        elif place < len(runs) - 1:
            before = content
        else:
            found[-1].after = content
    return found


def _contents(pieces: Iterable[Piece]) -> list[bytes]:
    return [piece.content for piece in pieces if isinstance(piece, Constant)]


def _unit(run: Run, table: Table, syntax: Syntax, *, direct: bool) -> Unit:
    if len(run.of) == 1 and min(run.of) >= 0:
        return Look(run, table, syntax)
    for piece in run.pieces:
        if isinstance(piece, Shown):
            return Single(run, piece, table, syntax, direct=direct)
    return Marks(run)


class Look:
    """Text columns of the same codes, and what stands between them: one look-up."""

    def __init__(self, run: Run, table: Table, syntax: Syntax) -> None:
        """Start without a table of entries."""
        self._run = run
        self._table = table
        self._syntax = syntax
        self._shown = [piece for piece in run.pieces if isinstance(piece, Shown)]
        self._numbers = list(dict.fromkeys(number for piece in run.pieces for number in sorted(piece.columns)))
        self._names = [table.columns[number].name for number in self._numbers]
        self._vocabularies: list[tuple[str, ...]] | None = None
        self._words = pack([b""])
        self._width = 1

    def cells(self, columns: Sequence[Values]) -> list[Item]:
        """One cell; its table is made again only where a vocabulary has changed."""
        values = [column for number in self._numbers if isinstance(column := columns[number], Text)]
        vocabularies = [one.vocabulary for one in values]
        if self._vocabularies is None or not all(map(_is_same, vocabularies, self._vocabularies)):
            self._make(dict(zip(self._numbers, vocabularies, strict=True)))
        self._vocabularies = vocabularies
        shortest = min(range(len(values)), key=lambda place: len(vocabularies[place]))
        codes = codes_of(values[shortest], self._names[shortest])
        bare = [piece.column for piece in self._shown if piece.bare]
        if bare and len(codes) and codes.min() < 0:
            raise SinkError(missing_key(self._table, bare[0]))
        return [Cell(self._words, codes, self._width)]

    def _make(self, vocabularies: dict[int, tuple[str, ...]]) -> None:
        rows = min(map(len, vocabularies.values()))
        parts = [self._texts(piece, vocabularies) for piece in self._run.pieces]
        words = list(
            map(b"".join, zip(repeat(self._run.before, rows), *parts, repeat(self._run.after, rows), strict=False))
        )
        gone = [self._missing(piece) for piece in self._run.pieces]
        # A code of -1 says that the value is missing, and so the last entry is what stands then.
        packed = pack([*words, b"".join([self._run.before, *gone, self._run.after])])
        self._width = packed.dtype.itemsize
        self._words = widened(packed)

    def _texts(self, piece: Piece, vocabularies: dict[int, tuple[str, ...]]) -> Iterable[bytes]:
        if isinstance(piece, Constant):
            return repeat(b"" if piece.lacking >= 0 else piece.content)
        syntax = self._syntax
        is_list = self._table.columns[piece.column].kind is Kind.TEXTS
        word = syntax.inner if piece.bare else syntax.words if is_list else syntax.word
        vocabulary = vocabularies[piece.column]
        known = {one: word(one) for one in {*vocabulary}}  # many say the same: columns that share codes share places
        return map(known.__getitem__, vocabulary)

    def _missing(self, piece: Piece) -> bytes:
        if isinstance(piece, Constant):
            return b"" if piece.when else piece.content
        return b"" if piece.blank else self._syntax.missing


def _is_same(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return one is other or one == other


class Single:
    """One column of any other kind, with what depends on it alone."""

    def __init__(self, run: Run, shown: Shown, table: Table, syntax: Syntax, *, direct: bool) -> None:
        """Decide what stands around a value, and instead of it."""
        place = run.pieces.index(shown)
        inner = [b"".join(_contents(part)) for part in (run.pieces[:place], run.pieces[place + 1 :])]
        self._table = table
        self._shown = shown
        before, after = run.before + inner[0], inner[1] + run.after
        missing = run.before + (b"" if shown.blank else syntax.missing) + run.after
        column = table.columns[shown.column]
        self._column = ColumnCells(column, syntax, before, after, missing, bare=shown.bare, direct=direct)

    def cells(self, columns: Sequence[Values]) -> list[Item]:
        """Cells of the column."""
        values = columns[self._shown.column]
        if self._shown.bare and not isinstance(values, Text) and values.missing is not None and values.missing.any():
            raise SinkError(missing_key(self._table, self._shown.column))
        return self._column.cells(values)


class Marks:
    """Constant bytes that stand only where certain columns have values."""

    def __init__(self, run: Run) -> None:
        """Make the two entries."""
        (constant,) = (piece for piece in run.pieces if isinstance(piece, Constant))
        content, self._when, self._lacking = constant.content, constant.when, constant.lacking
        self._words = widened(pack([run.before + run.after, run.before + content + run.after]))
        self._width = len(run.before) + len(content) + len(run.after)

    def cells(self, columns: Sequence[Values]) -> list[Item]:
        """One cell, whose codes are truth values."""
        shown = np.ones(len(columns[0]), np.bool_)
        for clause in self._when:
            shown &= np.logical_or.reduce([_has(columns[number]) for number in clause])
        if self._lacking >= 0:
            shown &= ~_has(columns[self._lacking])
        return [Cell(self._words, shown.view(np.uint8), self._width)]


def _has(values: Values) -> Bool:
    """Rows that have a value."""
    if isinstance(values, Text):
        found: Bool = values.codes >= 0
        return found
    there = np.ones(len(values), np.bool_) if values.missing is None else ~values.missing
    if isinstance(values, Plain) and values.values.dtype.kind == "f":
        there &= ~np.isnan(values.values)
    return there


def missing_key(table: Table, column: int) -> str:
    """Say that a document has no id."""
    return f"column {table.columns[column].name} of {table.name} misses values, but documents have their ids from it"


def ensure_short_ids(block: Batch, syntax: Syntax) -> None:
    """Refuse rows whose ids might be longer than search indexes take."""
    keys = [piece.column for piece in syntax.pieces if isinstance(piece, Shown) and piece.bare]
    columns = list(block.columns.values())
    longest = sum(_longest(columns[number]) for number in keys) + max(len(keys) - 1, 0)
    if longest > LONGEST_ID:
        said = ", ".join(block.table.names[number] for number in keys)
        raise SinkError(
            f"ids of documents of {block.table.name} are made of {said} and take up to {longest} bytes; "
            f"search indexes take {LONGEST_ID}"
        )


def _longest(values: Values | Digits | Hex | str) -> int:
    """Bytes that a text of a column may take."""
    if isinstance(values, str):
        return len(utf8(values))
    if isinstance(values, Text):
        return _longest_word(values.vocabulary)
    if isinstance(values, Spelled):
        return sum(map(_longest, values.parts))
    return NUMBER_BYTES


@lru_cache(maxsize=8)
def _longest_word(vocabulary: tuple[str, ...]) -> int:
    return max((len(utf8(word)) for word in vocabulary), default=0)
