"""Parts staged as Arrow IPC streams, which keep each part's own vocabularies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from ghostfleet.core.errors import DataError
from ghostfleet.sinks.arrow.convert import Converter, digest_arrow, reading
from ghostfleet.sinks.digest import ValueDigest
from ghostfleet.sinks.staging import found_receipt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ghostfleet.core.batch import Batch
    from ghostfleet.sinks.parts import Place
    from ghostfleet.sinks.sink import Receipt

SUFFIX = "arrow"


class IpcBody:
    """Writes batches to one Arrow IPC stream."""

    def __init__(self, path: Path, place: Place) -> None:
        """Open the file and write the schema."""
        self._converter = Converter(place.table)
        self._digest = ValueDigest()
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_stream(self._file, self._converter.schema)

    @property
    def rows(self) -> int:
        """Count the rows written."""
        return self._digest.rows

    def write(self, batch: Batch) -> None:
        """Add rows."""
        self._writer.write_batch(self._converter.arrow(batch))
        self._digest.write(batch)

    def finish(self) -> tuple[int, str]:
        """Complete the stream."""
        self._writer.close()
        self._file.close()
        return -1, self._digest.hexdigest()

    def discard(self) -> None:
        """Close the file."""
        self._file.close()


def stored(paths: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    """Record batches of several parts, one after the other; DataError where one cannot be read."""
    for path in paths:
        with reading(str(path)), pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
            for batch in stream:
                batch.validate(full=True)  # or a damaged code would look a text up outside its vocabulary
                yield batch


def stored_digest(batches: Iterable[pa.RecordBatch]) -> str:
    """Digest of all rows in order."""
    digest = ValueDigest()
    with reading("what was stored"):
        for batch in batches:
            digest_arrow(digest, batch)
    return digest.hexdigest()


def kept(path: Path, table: str, task: int) -> Receipt | None:
    """Receipt of a part that an interrupted run left finished, and whose digest still agrees."""
    receipt = found_receipt(path, table, task)
    try:
        return receipt if receipt and stored_digest(stored([path])) == receipt.digest else None
    except DataError:
        return None
