"""Parquet files with an encoding chosen for each column; several tasks are staged as Arrow and joined.

Texts, and rounded floats and integers within bounds, repeat: dictionaries. Other rounded floats may not, and to look
each of them up takes three times as long as to pack them as they are, which makes no larger file: the bytes of decimal
fractions have a pattern. Where nothing is packed they are looked up, too. Other integers and times differ little from
their neighbours: deltas. Texts of which each row has its own say what they have in common with the one before. What
this saves over the defaults of pyarrow: bench/parquet_cpu.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from ghostfleet.core.table import Kind
from ghostfleet.sinks.arrow import ipc
from ghostfleet.sinks.arrow.convert import Converter, digest_arrow, digests_of, reading, schema_of
from ghostfleet.sinks.digest import ValueDigest
from ghostfleet.sinks.values import flat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Column, Table
    from ghostfleet.sinks.parts import Body, Place
    from ghostfleet.sinks.sink import Digester, Receipt

GROUP_ROWS = 131_072
WRITE_BATCH = 65_536  # values that an encoder takes at once; 3 % less CPU than with 1,024
FEW = 1024  # integers between bounds this close are kept in a dictionary
ZSTD_LEVELS = {"fast": 1, "small": 9}


class ParquetFormat(msgspec.Struct, frozen=True):
    """Parquet with one of our codecs."""

    codec: str
    suffix: str = "parquet"

    def ensure(self, table: Table) -> None:
        """Refuse a table of whose columns two have the same name here."""
        schema_of(table)

    def staged_suffix(self, *, alone: bool) -> str:
        """A single part is the finished file; of several, each is an Arrow stream."""
        return self.suffix if alone else ipc.SUFFIX

    def start(self, path: Path, place: Place) -> Body:
        """Start the body of a part."""
        return ParquetBody(path, place, self.codec) if place.first and place.last else ipc.IpcBody(path, place)

    def digester(self, place: Place) -> Digester:
        """Digest a part without writing it."""
        del place  # values have no opening and no closing
        return ValueDigest()

    def staged_digest(self, path: Path, place: Place) -> str:
        """Digest of a part as it stands in the staging folder."""
        return ipc.stored_digest(_rows(path) if place.first and place.last else ipc.stored([path]))

    def frame(self, table: Table, *, first: bool, last: bool) -> tuple[bytes, bytes]:
        """Nothing: values have no opening and no closing."""
        del table, first, last
        return b"", b""

    def join(
        self,
        table: Table,
        parts: Sequence[tuple[Path, Receipt]],
        target: Path,
        frame: tuple[bytes, bytes] = (b"", b""),
    ) -> tuple[int, str]:
        """Write the rows of all parts into one file."""
        del frame
        digest = ValueDigest()
        groups = RowGroups(target, table, self.codec)
        try:
            for batch in ipc.stored(path for path, _ in parts):
                digest_arrow(digest, batch)
                groups.add(batch)
            groups.close()
        except BaseException:
            groups.discard()
            raise
        return -1, digest.hexdigest()

    def digests(self, path: Path, receipts: Sequence[Receipt], frame: tuple[int, int] = (0, 0)) -> list[str]:
        """Digest of each receipt's rows in a finished file."""
        del frame
        return digests_of(_rows(path), receipts, str(path))


class ParquetBody:
    """Writes batches straight into the finished file."""

    def __init__(self, path: Path, place: Place, codec: str) -> None:
        """Open the file."""
        self._converter = Converter(place.table)
        self._digest = ValueDigest()
        self._groups = RowGroups(path, place.table, codec)

    @property
    def rows(self) -> int:
        """Count the rows written."""
        return self._digest.rows

    def write(self, batch: Batch) -> None:
        """Add rows."""
        self._digest.write(batch)
        self._groups.add(self._converter.arrow(batch))

    def finish(self) -> tuple[int, str]:
        """Write what is left and the footer."""
        self._groups.close()
        return -1, self._digest.hexdigest()

    def discard(self) -> None:
        """Close the file without a footer."""
        self._groups.discard()


class RowGroups:
    """Collects record batches and writes them as row groups of one size, whatever the batches' size."""

    def __init__(self, path: Path, table: Table, codec: str) -> None:
        """Open the file with each column's encoding."""
        table = flat(table)
        packing = {_path(column): _packing(column, codec) for column in table.columns}
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pq.ParquetWriter(
            self._file,
            schema_of(table),
            compression=packing,
            compression_level={name: ZSTD_LEVELS[codec] for name, kind in packing.items() if kind == "zstd"} or None,
            use_dictionary=[_path(column) for column in table.columns if _repeats(column, codec)],
            column_encoding={column.name: _encoding(column) for column in table.columns if not _repeats(column, codec)},
            write_page_checksum=True,
            write_batch_size=WRITE_BATCH,
            write_statistics=[column.name for column in table.columns if _is_searched(column, table)],
        )

    def add(self, batch: pa.RecordBatch) -> None:
        """Add rows; writes whenever a row group is full."""
        while len(batch):
            piece = batch.slice(0, GROUP_ROWS - self._rows)
            batch = batch.slice(len(piece))
            self._waiting.append(piece)
            self._rows += len(piece)
            if self._rows == GROUP_ROWS:
                self._flush()

    def close(self) -> None:
        """Write what is left and the footer."""
        if self._rows:
            self._flush()
        self._writer.close()
        self._file.close()

    def discard(self) -> None:
        """Close the file as it is."""
        self._waiting.clear()
        self._file.close()
        self._writer.is_open = False  # or it would write its footer into the closed file when it is collected

    def _flush(self) -> None:
        # A dictionary that changed inside a row group would make the writer fall back to plain texts.
        rows = pa.Table.from_batches(self._waiting).unify_dictionaries()
        self._writer.write_table(rows, row_group_size=GROUP_ROWS)
        self._waiting.clear()
        self._rows = 0


def _path(column: Column) -> str:
    """Where the values of a column stand: those of a list stand below it."""
    return f"{column.name}.list.element" if column.kind is Kind.TEXTS else column.name


def _is_searched(column: Column, table: Table) -> bool:
    """Say whether a reader can skip row groups by the column's least and greatest value.

    Those of unsorted floats and texts skip nothing, and to find them takes a fifth of the CPU of writing.
    """
    return column.kind in {Kind.TIME, Kind.I64} or column.name in table.order


def _repeats(column: Column, codec: str) -> bool:
    if column.kind is Kind.F64:
        is_packed = codec in ZSTD_LEVELS
        return _is_rounded(column) and (not is_packed or _is_within(column, GROUP_ROWS / 10**column.decimals))
    if column.kind is Kind.I64:
        return _is_within(column, FEW)
    return column.kind is Kind.TEXTS or (column.kind is Kind.TEXT and not column.spelled)


def _is_rounded(column: Column) -> bool:
    return column.kind is Kind.F64 and column.resolution is not None


def _is_within(column: Column, room: float) -> bool:
    return column.low is not None and column.high is not None and column.high - column.low < room


def _packing(column: Column, codec: str) -> str:
    """Compression of a column.

    Codes of a dictionary have little left to find, and zstd takes long to say so; of rounded floats it finds a fifth
    more, in twice the time.
    """
    if codec == "fast" and (_repeats(column, codec) or _is_rounded(column) or column.kind is Kind.BOOL):
        return "snappy"
    return "zstd" if codec in ZSTD_LEVELS else "none"


def _encoding(column: Column) -> str:
    floats = "PLAIN" if _is_rounded(column) else "BYTE_STREAM_SPLIT"
    special = {Kind.F64: floats, Kind.BOOL: "PLAIN", Kind.TEXT: "DELTA_BYTE_ARRAY"}
    return special.get(column.kind, "DELTA_BINARY_PACKED")


def _rows(path: Path) -> Iterator[pa.RecordBatch]:
    with reading(str(path)), pq.ParquetFile(path, page_checksum_verification=True) as file:
        for batch in file.iter_batches(GROUP_ROWS, use_threads=False):
            batch.validate(full=True)
            yield batch
