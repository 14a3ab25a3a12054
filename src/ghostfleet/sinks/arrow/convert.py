"""Batches as Arrow record batches, and the digest of values that came back as Arrow."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ghostfleet.core.batch import ITEM_END, Quanta, Spelled, Text, split
from ghostfleet.core.errors import DataError, SinkError
from ghostfleet.core.table import Kind
from ghostfleet.sinks.digest import MICROSECONDS, ColumnForms, ValueDigest
from ghostfleet.sinks.text.spelling import spelled_bytes
from ghostfleet.sinks.values import codes_of, doubles, flat, integers, utf8

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ghostfleet.core.arrays import U64, Array
    from ghostfleet.core.batch import Batch, Plain, Values
    from ghostfleet.core.table import Column, Table
    from ghostfleet.sinks.sink import Receipt

TYPES = {
    Kind.TIME: pa.timestamp("us", tz="UTC"),
    Kind.TEXT: pa.dictionary(pa.int32(), pa.string()),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.F64: pa.float64(),
    Kind.I64: pa.int64(),
    Kind.BOOL: pa.bool_(),
}
NO_LIST = 3 * ITEM_END
LONGEST_DATA = 2**31 - 1  # bytes of texts that offsets of 32 bits reach


def schema_of(table: Table) -> pa.Schema:
    """Arrow schema of a table, names flat, with what each column is about and its unit as metadata."""
    fields = [
        pa.field(column.name, type_of(column), column.nullable, {"about": column.about, "unit": column.unit})
        for column in flat(table).columns
    ]
    return pa.schema(fields, metadata={"table": table.name, "about": table.about})


def type_of(column: Column) -> pa.DataType:
    """Arrow type of a column; texts that are one each have no use for a dictionary."""
    return pa.string() if column.spelled and column.kind is Kind.TEXT else TYPES[column.kind]


def plain_schema(table: Table) -> pa.Schema:
    """The same with texts as they are: a vocabulary that changes between batches is no column of a store."""
    return pa.schema(
        [
            pa.field(field.name, pa.string() if pa.types.is_dictionary(field.type) else field.type)
            for field in schema_of(table)
        ]
    )


class Converter:
    """Turns batches of one table into Arrow; a vocabulary is converted once, not for every batch."""

    def __init__(self, table: Table) -> None:
        """Derive the schema."""
        self._table = table
        self._words: dict[str, tuple[tuple[str, ...], pa.Array]] = {}
        self.schema = schema_of(table)

    def arrow(self, batch: Batch) -> pa.RecordBatch:
        """Arrow record batch of the same rows."""
        arrays = [self._array(column, batch[column.name]) for column in self._table.columns]
        for column, array in zip(self._table.columns, arrays, strict=True):
            if array.null_count and not column.nullable:
                raise SinkError(f"column {column.name} misses {array.null_count} values, but is not nullable")
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _array(self, column: Column, values: Values) -> pa.Array:
        if isinstance(values, Text):
            return self._text(column, values)
        if isinstance(values, Spelled):
            return _spelled(column, values)
        if isinstance(values, Quanta):
            floats, memory = _pooled(len(values), np.float64)
            np.divide(values.units, float(values.per_one), out=floats)
            return _array(TYPES[Kind.F64], memory, values)
        if column.kind is Kind.F64:
            numbers = doubles(values, column.name)
            return pa.array(numbers, mask=np.isnan(numbers))
        return _whole(column, values)

    def _text(self, column: Column, values: Text) -> pa.Array:
        known, words = self._words.get(column.name, ((), None))
        if words is None or (values.vocabulary is not known and values.vocabulary != known):
            words = _words(column, values.vocabulary)
            self._words[column.name] = (values.vocabulary, words)
        codes = codes_of(values, column.name).astype(np.int32, copy=False)
        missing = codes == -1 if codes.min(initial=0) < 0 else None
        places = pa.array(codes, mask=missing)
        if column.kind is Kind.TEXTS or column.spelled:
            return words.take(places)
        return pa.DictionaryArray.from_arrays(places, words)


def _spelled(column: Column, values: Spelled) -> pa.Array:
    """Texts of a column; where it keeps others by a dictionary, one of as many entries as rows."""
    starts, data = spelled_bytes(values, column.name)
    if len(data) > LONGEST_DATA:
        raise SinkError(f"texts of column {column.name} take {len(data)} bytes in one batch; valid are {LONGEST_DATA}")
    valid = None if values.missing is None else pa.array(~values.missing).buffers()[1]
    buffers = [None, pa.py_buffer(starts.astype(np.int32)), pa.py_buffer(data)]
    if column.spelled:
        return pa.Array.from_buffers(pa.string(), len(values), [valid, *buffers[1:]])
    words = pa.Array.from_buffers(pa.string(), len(values), buffers)
    places = pa.array(np.arange(len(values), dtype=np.int32), mask=values.missing)
    return pa.DictionaryArray.from_arrays(places, words)


def _words(column: Column, vocabulary: Sequence[str]) -> pa.Array:
    if column.kind is Kind.TEXTS:
        return pa.array([[utf8(item) for item in split(entry)] for entry in vocabulary], type=TYPES[Kind.TEXTS])
    return pa.array([utf8(word) for word in vocabulary], type=pa.string())


def _whole(column: Column, values: Plain) -> pa.Array:
    if column.kind is Kind.BOOL:
        return pa.array(values.values.astype(np.bool_), mask=values.missing)
    whole = integers(values, column.name).astype(np.int64, copy=False)
    if column.kind is Kind.TIME:
        microseconds, memory = _pooled(len(values), np.int64)
        np.multiply(whole, MICROSECONDS // column.per_second, out=microseconds)
        return _array(TYPES[Kind.TIME], memory, values)
    return pa.array(whole, mask=values.missing)


def _pooled(count: int, kind: type[Any]) -> tuple[Array, pa.Buffer]:
    """Memory for values from Arrow's pool, which keeps what is freed: NumPy's own is faulted in for every row group."""
    memory = pa.allocate_buffer(count * np.dtype(kind).itemsize)
    return np.frombuffer(memory, dtype=kind), memory


def _array(kind: pa.DataType, memory: pa.Buffer, values: Quanta | Plain) -> pa.Array:
    valid = None if values.missing is None else pa.array(~values.missing).buffers()[1]
    return pa.Array.from_buffers(kind, len(values), [valid, memory])


def digest_arrow(digest: ValueDigest, rows: pa.RecordBatch) -> None:
    """Take rows that came back from a store into account."""
    if len(rows):
        digest.add([_terms(digest.column(name), name, rows.column(name)) for name in rows.schema.names])


def _terms(forms: ColumnForms, name: str, values: pa.Array) -> U64:
    missing = values.is_null().to_numpy(zero_copy_only=False) if values.null_count else None
    if pa.types.is_list(values.type) and pa.types.is_string(values.type.value_type):
        values = _joined(values)
    kind = values.type
    if _is_text(kind):
        texts, values = values, values.dictionary_encode()
        if 2 * len(values.dictionary) > len(texts):
            return forms.spelled(*_bytes_of(texts), missing)
    if pa.types.is_dictionary(values.type) and _is_text(values.type.value_type):
        return forms.texts(tuple(values.dictionary.to_pylist()), _numbers(values.indices, -1))
    if pa.types.is_timestamp(kind):
        return forms.integers(_numbers(values.cast(pa.timestamp("us", tz=kind.tz)).cast(pa.int64())), missing)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return forms.integers(_numbers(values.cast(pa.int64())), missing)
    if pa.types.is_floating(kind):
        return forms.floats(_numbers(values.cast(pa.float64())), missing)
    raise DataError(f"column {name} has type {kind}, which ghostfleet does not write")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _bytes_of(texts: pa.Array) -> tuple[Array, bytes | memoryview]:
    """Bytes of all texts one behind the other, and where each begins."""
    large = texts.cast(pa.large_string())
    _, starts, data = large.buffers()
    places = np.frombuffer(starts, np.int64)[large.offset : large.offset + len(large) + 1]
    return places, memoryview(data) if data else b""


def _joined(values: pa.Array) -> pa.Array:
    """Lists as vocabularies hold them; one that no batch can hold (a missing item, a lone empty one) is unlike all."""
    entries = pc.binary_join(values, ITEM_END)
    alone = pc.and_(pc.equal(pc.list_value_length(values), 1), pc.equal(entries, ""))
    never = pc.and_(values.is_valid(), pc.or_kleene(entries.is_null(), alone))
    return pc.if_else(never, NO_LIST, entries)


def _numbers(values: pa.Array, missing: int = 0) -> Array:
    filled = pc.fill_null(values, missing) if values.null_count else values
    numbers: Array = filled.to_numpy(zero_copy_only=False)
    return numbers


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn whatever damaged bytes make Arrow say into one clear error."""
    try:
        yield
    except DataError as error:
        if where in str(error):
            raise
        raise DataError(f"{where} cannot be read: {error}") from error
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise DataError(f"{where} cannot be read: {str(error) or type(error).__name__}") from error


def digests_of(batches: Iterable[pa.RecordBatch], receipts: Sequence[Receipt], where: str) -> list[str]:
    """Digest of each receipt's rows, in their order; DataError when there are more or fewer rows."""
    rows = _Rows(iter(batches), where)
    with reading(where):
        found = [rows.take(receipt.rows) for receipt in receipts]
        rows.expect_end()
    return found


class _Rows:
    """Cuts a stream of record batches into stretches of given lengths."""

    def __init__(self, batches: Iterator[pa.RecordBatch], where: str) -> None:
        self._batches = batches
        self._where = where
        self._left: Any = None
        self._at = 0
        self._schema: pa.Schema | None = None

    def take(self, rows: int) -> str:
        digest = ValueDigest()
        while rows:
            if not self._more():
                raise DataError(f"{self._where} ends after {self._at} rows, {rows} rows too early")
            piece = self._left.slice(0, rows)
            self._left = self._left.slice(len(piece))
            digest_arrow(digest, piece)
            rows -= len(piece)
            self._at += len(piece)
        return digest.hexdigest()

    def expect_end(self) -> None:
        if self._more():
            raise DataError(f"{self._where} goes on after the {self._at} rows that its receipts account for")

    def _more(self) -> bool:
        while self._left is None or not len(self._left):
            self._left = next(self._batches, None)
            if self._left is None:
                return False
        return True
