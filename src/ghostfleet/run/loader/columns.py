"""Values of one column, as JSON has them, become a column of a batch; those that it cannot hold are refused by row."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
import pyarrow as pa

from ghostfleet.core.batch import Plain, Quanta, Text, joined
from ghostfleet.core.table import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import I64, Bool
    from ghostfleet.core.batch import Values
    from ghostfleet.core.table import Column

    Refused = dict[int, str]  # why, by row

MICROSECONDS = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_US, LAST_US = -62_135_596_800 * MICROSECONDS, 253_402_300_800 * MICROSECONDS - 1  # years 1 to 9999
WHOLE = 1 << 53  # doubles beyond are no whole multiples of a resolution that anybody could tell
WORDS = 4096  # a longer vocabulary is not kept for the next rows
TIMES = pa.timestamp("us", tz="UTC")
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class ColumnReader:
    """Makes values of one column; the vocabulary of one batch is also the next one's where it is short."""

    def __init__(self, column: Column) -> None:
        """Start with no words."""
        self._column = column
        self._codes: dict[str | None, int] = {None: -1}
        self._vocabulary: tuple[str, ...] = ()

    def read(self, values: Sequence[Any]) -> tuple[Values, Refused]:
        """Values of some rows, and which of these cannot be held."""
        kind = self._column.kind
        if kind is Kind.TEXT:
            return self._texts(values), {}
        if kind is Kind.TEXTS:
            entries, refused = _entries(values)
            return self._texts(entries), refused
        if kind is Kind.TIME:
            return _times(self._column, values)
        if kind is Kind.F64:
            return _floats(self._column, values), {}
        empty: Any = False if kind is Kind.BOOL else 0
        missing = _missing(values)
        known = values if missing is None else [empty if value is None else value for value in values]
        return Plain(np.array(known, np.bool_ if kind is Kind.BOOL else np.int64), missing), {}

    def _texts(self, values: Sequence[str | None]) -> Text:
        words = dict.fromkeys(values)
        if not words.keys() <= self._codes.keys():
            if len(self._codes) + len(words) > WORDS:
                self._codes = {None: -1}
            fresh = [word for word in words if word not in self._codes]
            self._codes.update(zip(fresh, count(len(self._codes) - 1), strict=False))
            self._vocabulary = tuple(word for word in self._codes if word is not None)
        return Text(np.fromiter(map(self._codes.__getitem__, values), np.int32, len(values)), self._vocabulary)


def _missing(values: Sequence[Any]) -> Bool | None:
    if None not in values:
        return None
    return np.array([value is None for value in values], np.bool_)


def _entries(values: Sequence[list[str] | None]) -> tuple[list[str | None], Refused]:
    """Lists as vocabularies hold them."""
    entries: list[str | None] = []
    refused: Refused = {}
    for row, items in enumerate(values):
        try:
            entries.append(None if items is None else joined(items))
        except ValueError as error:
            refused[row] = str(error)
            entries.append(None)
    return entries, refused


def _floats(column: Column, values: Sequence[float | None]) -> Values:
    """Doubles; as multiples of the column's resolution where they all are, so that they are written like those."""
    numbers = np.array(values, np.float64)
    if column.resolution is None:
        return Plain(numbers)
    missing = np.isnan(numbers)
    per_one = 10**column.decimals
    given = np.where(missing, 0.0, numbers)
    if np.abs(given).max(initial=0.0) >= WHOLE / per_one:
        return Plain(numbers)
    units = np.rint(given * per_one)
    if not (units / per_one == given).all():
        return Plain(numbers)
    return Quanta(units.astype(np.int64), per_one, missing if missing.any() else None)


def _times(column: Column, values: Sequence[str | None]) -> tuple[Values, Refused]:
    refused: Refused = {}
    missing = _missing(values)
    moments = _microseconds(values)
    if moments is None:
        moments = np.zeros(len(values), np.int64)
        for row, value in enumerate(values):
            said = _moment(value)
            if isinstance(said, str):
                refused[row] = said
            else:
                moments[row] = said
    unit = MICROSECONDS // column.per_second
    times = moments // unit
    for row in np.flatnonzero((times * unit != moments) | (moments < FIRST_US) | (moments > LAST_US)).tolist():
        fine = (
            f"it is finer than {1 / column.per_second:g} s" if FIRST_US <= moments[row] <= LAST_US else "no such year"
        )
        refused[row] = f"{values[row]}: {fine}"
    return Plain(times, missing), refused


def _microseconds(values: Sequence[str | None]) -> I64 | None:
    """Microseconds since the epoch, None if any of the texts needs a closer look."""
    try:
        moments = pa.array(values, pa.string()).cast(TIMES).cast(pa.int64())
    except pa.ArrowException:
        return None
    found: I64 = moments.fill_null(0).to_numpy(zero_copy_only=False)
    return found


def _moment(text: str | None) -> int | str:
    """Microseconds since the epoch, or why a text is no time."""
    if text is None:
        return 0
    try:
        moment = msgspec.convert(text, Moment)
    except msgspec.ValidationError as error:
        return f"{text!r}: {error}".replace("`", "")
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * MICROSECONDS + since.microseconds
