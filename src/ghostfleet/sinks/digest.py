"""One digest for the values of a table, however they are stored and wherever batches begin.

Every value has a canonical 64-bit form: times are microseconds, integers themselves, floats the bits of the double
(a quantised value is the double nearest to its decimal text), booleans 0 and 1, texts the first eight bytes of the
blake2b of their UTF-8, and so lists of texts, once their items are joined. A row is the sum over its columns of
form × factor, modulo 2^64, where the factor is odd and hashed from the column's name as stores have it; a missing value
adds a constant hashed from the name. The digest is XXH3's of all rows in order. One changed cell always changes its
row, because multiplying by an odd factor is a bijection; two in one row cancel with a chance of 2^-64. Hashing each
value in full would take three times as long, which is a third of what Parquet takes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import compiled
from ghostfleet.core.batch import Plain, Quanta, Spelled, Text
from ghostfleet.core.compiled import address
from ghostfleet.core.hashes import blake2b
from ghostfleet.core.table import Kind
from ghostfleet.sinks.hashing import Hash
from ghostfleet.sinks.text.spelling import spelled_bytes
from ghostfleet.sinks.values import codes_of, doubles, integers, utf8

if TYPE_CHECKING:
    from ghostfleet.core.arrays import U64, Array, Bool
    from ghostfleet.core.batch import Batch, Values
    from ghostfleet.core.table import Column

MICROSECONDS = 1_000_000
BLOCK_ROWS = 8192  # larger temporary arrays are mapped and faulted in anew each time, which doubles the cost


class ValueDigest:
    """Digest of the rows seen so far."""

    def __init__(self) -> None:
        """Start with no rows."""
        self.rows = 0
        self._hash = Hash()
        self._columns: dict[str, ColumnForms] = {}

    def write(self, batch: Batch) -> None:
        """Take a batch's rows into account."""
        for start in range(0, len(batch), BLOCK_ROWS):
            block = batch.slice(start, min(start + BLOCK_ROWS, len(batch)))
            self.add([self.column(one.flat_name).of(one, block[one.name]) for one in batch.table.columns])

    def add(self, terms: list[U64]) -> None:
        """Take rows into account, given what each of their columns adds."""
        rows = terms[0].copy()
        for term in terms[1:]:
            rows += term
        self._hash.update(rows.astype("<u8", copy=False).data)
        self.rows += len(rows)

    def column(self, name: str) -> ColumnForms:
        """Forms of one column's values."""
        if name not in self._columns:
            self._columns[name] = ColumnForms(name)
        return self._columns[name]

    def hexdigest(self) -> str:
        """Digest of everything so far."""
        return self._hash.hexdigest()


class ColumnForms:
    """What the values of one column add to the sums of their rows."""

    def __init__(self, name: str) -> None:
        """Hash the name into the column's factor and constant."""
        self._factor = np.uint64(_hashed(b"factor " + name.encode()) | 1)
        self._missing = np.uint64(_hashed(b"missing " + name.encode()))
        self._vocabulary: tuple[str, ...] | None = None
        self._words: U64 = np.zeros(1, np.uint64)

    def of(self, column: Column, values: Values) -> U64:
        """Terms of a batch's column."""
        if isinstance(values, Text):
            return self.texts(values.vocabulary, codes_of(values, column.name))
        if isinstance(values, Spelled):
            return self.spelled(*spelled_bytes(values, column.name), values.missing)
        if isinstance(values, Quanta):
            return self.quanta(values)
        if column.kind is Kind.F64:
            numbers = doubles(values, column.name)
            return self.floats(numbers, np.isnan(numbers))
        return self.integers(_whole(column, values), values.missing)

    def texts(self, vocabulary: tuple[str, ...], codes: Array) -> U64:
        """Terms of codes into a vocabulary, where -1 is a missing text."""
        if vocabulary is not self._vocabulary:
            if vocabulary != self._vocabulary:
                words = np.array([_hashed(utf8(word)) for word in vocabulary], np.uint64) * self._factor
                self._words = np.append(words, self._missing)
            self._vocabulary = vocabulary
        return self._words.take(codes)

    def spelled(self, starts: Array, data: bytes | memoryview, missing: Bool | None) -> U64:
        """Terms of texts that are one each: of bytes one behind the other, given where each begins and the last ends.

        To hash them takes a call each, the only one that a row costs, because a text must have one hash however it is
        stored; to hash a column of NumPy's with blake2b's own arithmetic takes as long.
        """
        ends = starts.tolist()
        hashes = b"".join([blake2b(data[at:end], digest_size=8).digest() for at, end in pairwise(ends)])
        terms: U64 = np.frombuffer(hashes, "<u8") * self._factor
        if missing is not None:
            terms[missing] = self._missing
        return terms

    def quanta(self, values: Quanta) -> U64:
        """Terms of quantised values."""
        loops = compiled.loops()
        if loops is None:
            return self.floats(values.units / float(values.per_one), values.missing)
        units = np.ascontiguousarray(values.units, dtype=np.int64)
        missing = None if values.missing is None else np.ascontiguousarray(values.missing, dtype=np.bool_)
        gone = None if missing is None else address(missing)
        terms = np.empty(len(units), dtype=np.uint64)
        loops.terms(
            address(units), gone, len(units), values.per_one, int(self._factor), int(self._missing), address(terms)
        )
        return terms

    def floats(self, numbers: Array, missing: Bool | None) -> U64:
        """Terms of doubles; zero has no sign."""
        bits = (numbers + 0.0).view(np.int64)
        # The low bits of simple numbers are all zero, and a product has at least as many zeros there: fold.
        return self.integers(bits ^ (bits >> 32), missing)

    def integers(self, numbers: Array, missing: Bool | None) -> U64:
        """Terms of integers."""
        terms: U64 = numbers.astype(np.int64, copy=False).view(np.uint64) * self._factor
        if missing is not None:
            terms[missing] = self._missing
        return terms


def _whole(column: Column, values: Plain) -> Array:
    if column.kind is Kind.BOOL:
        return values.values.astype(np.bool_)
    whole = integers(values, column.name).astype(np.int64, copy=False)
    return whole * (MICROSECONDS // column.per_second) if column.kind is Kind.TIME else whole


def _hashed(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")
