"""Rows on their way to a sink: one NumPy array per column, no object per row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ghostfleet.core.table import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, I32, I64, U64, Array, Bool
    from ghostfleet.core.table import Table


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Text:
    """A text column: ``vocabulary[codes[i]]`` is row *i*'s value, -1 a missing one; of lists, the items `joined`.

    Columns that follow from one another had better hold the very same array of codes: text formats then render those
    that stand side by side with one look-up.
    """

    codes: Array  # any integer type, shape (rows,)
    vocabulary: tuple[str, ...]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.codes)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Quanta:
    """A float column as whole multiples of its resolution: value = units × resolution, exactly rounded."""

    units: I32 | I64  # shape (rows,)
    per_one: int  # how many units make 1.0; a power of ten
    missing: Bool | None = None  # True where the value is null

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.units)

    def floats(self) -> F64:
        """Values as the doubles nearest to their decimal texts; NaN where missing."""
        values: F64 = self.units / float(self.per_one)
        if self.missing is not None:
            values[self.missing] = np.nan
        return values


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Plain:
    """A column of times (int64 seconds), integers, booleans or floats as they are."""

    values: Array  # shape (rows,)
    missing: Bool | None = None

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.values)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Digits:
    """Part of a spelled text: numbers of 0 or more in decimal digits."""

    values: I64  # shape (rows,)
    width: int = 0  # led by zeros up to it; 0: as many digits as it takes

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.values)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Hex:
    """Part of a spelled text: the lowest digits of words in lower-case hexadecimal."""

    words: U64  # shape (rows,)
    digits: int = 16  # a multiple of 4, up to 16

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.words)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Spelled:
    """A text column that is spelled out row by row, such as an id: its parts stand one behind the other.

    A part that is a text is the same in every row. It serves columns of as many texts as rows, of which a vocabulary
    would be a Python object each.
    """

    parts: tuple[str | Digits | Hex | Text, ...]  # one at least that is no plain text
    missing: Bool | None = None  # True where the value is null

    def __len__(self) -> int:
        """Count the rows."""
        return next(len(part) for part in self.parts if not isinstance(part, str))


ITEM_END = "\x1f"  # between the items of a list of texts


def joined(items: Sequence[str]) -> str:
    """Vocabulary entry of a list of texts: its items, joined; an empty entry is an empty list."""
    entry = ITEM_END.join(items)
    if split(entry) != tuple(items):
        msg = f"{list(items)} cannot be told from {list(split(entry))}; no item may hold \\x1f, or be empty and alone"
        raise ValueError(msg)
    return entry


def split(entry: str) -> tuple[str, ...]:
    """Items of a vocabulary entry of a list of texts."""
    return tuple(entry.split(ITEM_END)) if entry else ()


Values: TypeAlias = Text | Spelled | Quanta | Plain


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Batch:
    """Rows of one table for one window and shard, in `Table.order`, columns as `Table.columns`."""

    table: Table
    columns: dict[str, Values]

    def __post_init__(self) -> None:
        """Refuse columns that are not the table's or differ in length."""
        if tuple(self.columns) != self.table.names:
            msg = f"a batch of {self.table.name} has columns {tuple(self.columns)}, its table {self.table.names}"
            raise ValueError(msg)
        if len({len(values) for values in self.columns.values()}) > 1:
            msg = f"the columns of a batch of {self.table.name} differ in length"
            raise ValueError(msg)

    def __len__(self) -> int:
        """Count the rows."""
        return len(next(iter(self.columns.values())))

    def __getitem__(self, name: str) -> Values:
        """Values of one column."""
        return self.columns[name]

    def slice(self, start: int, stop: int) -> Batch:
        """Rows ``[start, stop)``; columns that share one array of codes share one afterwards, too."""
        if start <= 0 and stop >= len(self):
            return self
        shared: dict[int, Array] = {}
        return Batch(self.table, {name: _slice(one, start, stop, shared) for name, one in self.columns.items()})

    def taken(self, rows: Array) -> Batch:
        """Some rows in a given order; columns that share one array of codes share one afterwards, too."""
        shared = {id(one.codes): one.codes for one in self.columns.values() if isinstance(one, Text)}
        moved = {place: codes[rows] for place, codes in shared.items()}
        columns: dict[str, Values] = {
            name: Text(moved[id(one.codes)], one.vocabulary) if isinstance(one, Text) else taken(one, rows)
            for name, one in self.columns.items()
        }
        return Batch(self.table, columns)

    def compact(self) -> Batch:
        """The same rows with no words but their own, for a few of many; columns that share codes still do."""
        shared = {id(one.codes): one.codes for one in self.columns.values() if isinstance(one, Text)}
        used = {place: sorted({*codes.tolist()} - {-1}) for place, codes in shared.items()}
        moved = {
            place: np.where(codes < 0, -1, np.searchsorted(used[place], codes)).astype(np.int32)
            for place, codes in shared.items()
        }
        columns: dict[str, Values] = {
            name: Text(moved[id(one.codes)], tuple(one.vocabulary[code] for code in used[id(one.codes)]))
            if isinstance(one, Text)
            else one
            for name, one in self.columns.items()
        }
        return Batch(self.table, columns)


def _slice(values: Values, start: int, stop: int, shared: dict[int, Array]) -> Values:
    if isinstance(values, Text):
        return Text(shared.setdefault(id(values.codes), values.codes[start:stop]), values.vocabulary)
    missing = None if values.missing is None else values.missing[start:stop]
    if isinstance(values, Spelled):
        return Spelled(tuple(_part(part, slice(start, stop)) for part in values.parts), missing)
    if isinstance(values, Quanta):
        return Quanta(values.units[start:stop], values.per_one, missing)
    return Plain(values.values[start:stop], missing)


def _part(part: str | Digits | Hex | Text, rows: slice | Array) -> str | Digits | Hex | Text:
    if isinstance(part, Text):
        return Text(part.codes[rows], part.vocabulary)
    if isinstance(part, Digits):
        return Digits(part.values[rows], part.width)
    return part if isinstance(part, str) else Hex(part.words[rows], part.digits)


def taken(values: Values, rows: Array) -> Values:
    """Some rows of a column, in a given order."""
    if isinstance(values, Text):
        return Text(values.codes.take(rows), values.vocabulary)
    missing = None if values.missing is None else values.missing.take(rows)
    if isinstance(values, Spelled):
        return Spelled(tuple(_part(part, rows) for part in values.parts), missing)
    if isinstance(values, Quanta):
        return Quanta(values.units.take(rows), values.per_one, missing)
    return Plain(values.values.take(rows), missing)


def spelt(values: Spelled) -> list[str | None]:
    """Texts of a spelled column, None where missing; an object for each row, so for few rows."""
    parts = [_spelt(part, len(values)) for part in values.parts]
    missing = [False] * len(values) if values.missing is None else values.missing.tolist()
    return [None if gone else "".join(row) for gone, *row in zip(missing, *parts, strict=True)]


def _spelt(part: str | Digits | Hex | Text, rows: int) -> list[str]:
    if isinstance(part, str):
        return [part] * rows
    if isinstance(part, Text):
        return [part.vocabulary[code] for code in part.codes.tolist()]
    if isinstance(part, Digits):
        return [f"{value:0{part.width}d}" for value in part.values.tolist()]
    return [f"{word:016x}"[-part.digits :] for word in part.words.tolist()]


def quantise(values: Array, per_one: int, missing: Bool | None = None) -> Quanta:
    """Round floats to whole multiples of ``1 / per_one`` (ties to even)."""
    return Quanta(np.rint(values * values.dtype.type(per_one)).astype(np.int32), per_one, missing)


__all__ = [
    "ITEM_END",
    "Batch",
    "Digits",
    "Hex",
    "Kind",
    "Plain",
    "Quanta",
    "Spelled",
    "Text",
    "Values",
    "joined",
    "quantise",
    "spelt",
    "split",
    "taken",
]
