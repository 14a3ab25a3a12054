"""One digest for the values of a table, however they are stored and wherever batches begin.

Per column a sha256 runs over canonical little-endian arrays: times as int64 microseconds, integers as int64,
floats as doubles (a quantised value is the double nearest to its decimal text, so one flipped bit in a store
shows), booleans as bytes, and texts as the first eight bytes of the blake2b of their UTF-8. A missing value is
zero there, and the row numbers of missing values run through a sha256 of their own. The digest of the table is
the sha256 over all columns in the order of their names.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Plain, Quanta, Text
from ghostfleet.core.table import Kind
from ghostfleet.sinks.values import codes_of, doubles, integers, utf8

if TYPE_CHECKING:
    from ghostfleet.core.arrays import U64, Array, Bool
    from ghostfleet.core.batch import Batch, Values
    from ghostfleet.core.table import Column

MICROSECONDS = 1_000_000


class ValueDigest:
    """Digest of the rows seen so far."""

    def __init__(self) -> None:
        """Start with no rows and no columns."""
        self.rows = 0
        self._columns: dict[str, _ColumnDigest] = {}

    def write(self, batch: Batch) -> None:
        """Take a batch's rows into account."""
        for column in batch.table.columns:
            canonical, missing = canonical_values(column, batch[column.name], self._column(column.name).words)
            self.add(column.name, canonical, missing)
        self.rows += len(batch)

    def add(self, name: str, canonical: Array, missing: Bool | None) -> None:
        """Take canonical values of one column into account; the caller counts ``rows`` after the last column."""
        self._column(name).add(canonical, missing, self.rows)

    def words(self, name: str, vocabulary: tuple[str, ...]) -> U64:
        """Canonical values of a vocabulary's entries, with that of a missing text behind them."""
        return self._column(name).words.of(vocabulary)

    def hexdigest(self) -> str:
        """Digest of everything so far."""
        sha = hashlib.sha256(self.rows.to_bytes(8, "little"))
        for name, column in sorted(self._columns.items()) if self.rows else ():  # no rows, whatever their columns
            sha.update(len(name.encode()).to_bytes(4, "little") + name.encode() + column.digest())
        return sha.hexdigest()

    def _column(self, name: str) -> _ColumnDigest:
        return self._columns.setdefault(name, _ColumnDigest())


class Words:
    """Canonical values of the last vocabulary seen."""

    def __init__(self) -> None:
        """Start without one."""
        self._vocabulary: tuple[str, ...] | None = None
        self._hashes: U64 = np.zeros(1, np.uint64)

    def of(self, vocabulary: tuple[str, ...]) -> U64:
        """Hash of each entry; the last one, code -1, stands for a missing text."""
        if vocabulary is not self._vocabulary:
            if vocabulary != self._vocabulary:
                hashes = b"".join(hashlib.blake2b(utf8(word), digest_size=8).digest() for word in vocabulary)
                self._hashes = np.frombuffer(hashes + bytes(8), "<u8").astype(np.uint64)
            self._vocabulary = vocabulary
        return self._hashes


class _ColumnDigest:
    def __init__(self) -> None:
        self.words = Words()
        self._values = hashlib.sha256()
        self._missing = hashlib.sha256()

    def add(self, canonical: Array, missing: Bool | None, row: int) -> None:
        if missing is not None and missing.any():
            canonical = np.where(missing, canonical.dtype.type(0), canonical)
            self._missing.update((np.flatnonzero(missing) + row).astype("<i8").tobytes())
        little = canonical.astype(canonical.dtype.newbyteorder("<"), copy=False)
        self._values.update(np.ascontiguousarray(little).data)

    def digest(self) -> bytes:
        return self._values.digest() + self._missing.digest()


def canonical_values(column: Column, values: Values, words: Words) -> tuple[Array, Bool | None]:
    """Canonical array of a batch's column, and where values are missing."""
    if isinstance(values, Text):
        codes = codes_of(values, column.name)
        missing = codes == -1
        return words.of(values.vocabulary).take(codes), missing if missing.any() else None
    if isinstance(values, Quanta):
        return values.units / float(values.per_one), values.missing
    if column.kind is Kind.F64:
        numbers = doubles(values, column.name)
        return numbers, np.isnan(numbers)
    return _whole(column, values), values.missing


def _whole(column: Column, values: Plain) -> Array:
    if column.kind is Kind.BOOL:
        return values.values.astype(np.uint8)
    whole = integers(values, column.name).astype(np.int64, copy=False)
    return whole * MICROSECONDS if column.kind is Kind.TIME else whole
