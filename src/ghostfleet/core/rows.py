"""Facts of entities and ticks as rows: time after time, and within one time entity after entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Plain, Quanta, Text
from ghostfleet.core.table import Fold, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, Array, Bool
    from ghostfleet.core.batch import Values
    from ghostfleet.core.facts import Facts
    from ghostfleet.core.table import Column
    from ghostfleet.core.window import Window


def times(window: Window, entities: int) -> Plain:
    """Start of each row's time, shape (rows,)."""
    return Plain(np.repeat(window.seconds(), entities))


def names(vocabulary: Sequence[str], window: Window, codes: Array | None = None) -> Text:
    """One text per entity, again at every time; ``codes`` say which word each entity has, else its own place."""
    own = np.arange(len(vocabulary), dtype=np.int32) if codes is None else codes.astype(np.int32)
    return Text(np.tile(own, len(window)), tuple(vocabulary))


def words(texts: Sequence[str | None], window: Window) -> Text:
    """One text per entity where many have the same; None is a missing one."""
    vocabulary = tuple(dict.fromkeys(text for text in texts if text is not None))
    place: dict[str | None, int] = {word: code for code, word in enumerate(vocabulary)}
    return names(vocabulary, window, np.array([place.get(text, -1) for text in texts], dtype=np.int32))


def texts(values: Sequence[str | None]) -> Text:
    """Texts of rows; None is a missing one."""
    vocabulary = tuple(word for word in dict.fromkeys(values) if word is not None)
    place: dict[str | None, int] = {word: code for code, word in enumerate(vocabulary)} | {None: -1}
    return Text(np.array([place[value] for value in values], dtype=np.int32), vocabulary)


def whole(values: Array) -> Plain:
    """Whole numbers of entities and times, shape (entities, times), as a column."""
    return Plain(np.ascontiguousarray(values.T).ravel().astype(np.int64))


def decimals(values: F64, column: Column, missing: Bool | None = None) -> Quanta:
    """Floats of entities and times, shape (entities, times), rounded to the column's resolution."""
    per_one = 10**column.decimals
    flat = np.ascontiguousarray(values.T).ravel()
    gone = None if missing is None else np.ascontiguousarray(missing.T).ravel()
    if gone is not None:
        flat = np.where(gone, 0.0, flat)
    units = flat * per_one
    return Quanta(np.rint(units, out=units).astype(np.int64), per_one, gone)


def read(facts: Facts, column: Column) -> Values:
    """Column of folded facts: counts as they are, weighted means over their weight, floats rounded."""
    if column.kind is Kind.I64:
        return whole(facts.values[column.name])
    if column.fold is Fold.WEIGHTED:
        mean, missing = facts.mean(column.name)
        return decimals(mean, column, missing if missing.any() else None)
    return decimals(facts.values[column.name], column)


def flags(values: Sequence[bool]) -> Plain:
    """Truth values of rows."""
    return Plain(np.array(values, dtype=np.bool_))
