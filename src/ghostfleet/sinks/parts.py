"""A part of one task in the staging folder, whatever its format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from ghostfleet.sinks.sink import Receipt
from ghostfleet.sinks.staging import UNFINISHED, leave_receipt, writing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table


class Place(msgspec.Struct, frozen=True):
    """Where a part stands among the parts of its table."""

    table: Table
    task: int
    first: bool = True
    last: bool = True


class Body(Protocol):
    """The bytes of a part in one format, written to an open path."""

    @property
    def rows(self) -> int:
        """Count the rows written."""

    def write(self, batch: Batch) -> None:
        """Add rows."""

    def finish(self) -> tuple[int, str]:
        """Complete the file; its bytes (for text before compression, else -1 for its size) and digest."""

    def discard(self) -> None:
        """Close the file without completing it."""


class StagedPart:
    """Writes a body under a temporary name and gives it its own with the last byte.

    A part is not synchronised with the disk: it must outlive the process, not the machine, and a part that
    a power cut left torn does not agree with its receipt.
    """

    def __init__(self, place: Place, path: Path, start: Callable[[Path, Place], Body]) -> None:
        """Open the temporary file."""
        self._place = place
        self._path = path
        self._unfinished = path.with_name(path.name + UNFINISHED)
        with writing(path):
            self._body = start(self._unfinished, place)

    def write(self, batch: Batch) -> None:
        """Add the next rows."""
        try:
            with writing(self._path):
                self._body.write(batch)
        except BaseException:
            self.abort()
            raise

    def close(self) -> Receipt:
        """Complete the part and leave its receipt beside it."""
        try:
            with writing(self._path):
                count, digest = self._body.finish()
                size = self._unfinished.stat().st_size
                self._unfinished.replace(self._path)
                place = self._place
                counted = size if count < 0 else count
                receipt = Receipt(place.table.name, place.task, self._body.rows, counted, digest, size)
                leave_receipt(self._path, receipt)
        except BaseException:
            self.abort()
            raise
        return receipt

    def abort(self) -> None:
        """Remove the temporary file."""
        self._body.discard()
        self._unfinished.unlink(missing_ok=True)
