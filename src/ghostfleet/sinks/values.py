"""Values of one column as plain arrays, refused where no sink could store them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Quanta
from ghostfleet.core.errors import SinkError

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, Array
    from ghostfleet.core.batch import Plain, Text
    from ghostfleet.core.table import Table


def codes_of(values: Text, name: str) -> Array:
    """Codes of a text column; -1 is a missing text, and what lies outside the vocabulary is refused."""
    codes = values.codes
    if len(codes) and not -1 <= codes.min() <= codes.max() < len(values.vocabulary):
        raise SinkError(
            f"column {name} has codes {codes.min()} to {codes.max()}; "
            f"valid are 0 to {len(values.vocabulary) - 1}, and -1 for a missing value"
        )
    return codes


def integers(values: Quanta | Plain, name: str) -> Array:
    """Integers of a column; refuses other types and what a signed 64-bit integer cannot hold."""
    numbers = values.units if isinstance(values, Quanta) else values.values
    if numbers.dtype.kind not in "iu":
        raise SinkError(f"column {name} holds {numbers.dtype}, not integers")
    if numbers.dtype == np.uint64 and len(numbers) and numbers.max() > np.iinfo(np.int64).max:
        raise SinkError(f"column {name} holds {numbers.max()}, which is more than a signed 64-bit integer can")
    return numbers.astype(np.int64) if numbers.dtype.kind == "u" else numbers


def doubles(values: Plain, name: str) -> F64:
    """Doubles of a column with NaN where the value is missing and no negative zero; refuses the infinite."""
    numbers: F64 = values.values.astype(np.float64) + 0.0
    if values.missing is not None:
        numbers[values.missing] = np.nan
    if np.isinf(numbers).any():
        raise SinkError(
            f"column {name} is infinite in row {int(np.isinf(numbers).argmax())} of a batch; values must be finite"
        )
    return numbers


def flat(table: Table) -> Table:
    """Return the table with names that stores take; refuses two columns of the same name."""
    try:
        return table.flattened()
    except ValueError as error:
        raise SinkError(str(error)) from error


def utf8(word: str) -> bytes:
    """Bytes of a text; refuses NUL and what is not valid Unicode."""
    if "\0" in word:
        raise SinkError(f"the text {word!r} contains NUL, which text formats cannot carry")
    try:
        return word.encode()
    except UnicodeEncodeError as error:
        raise SinkError(f"the text {word!r} is not valid Unicode: {error.reason} at character {error.start}") from error
