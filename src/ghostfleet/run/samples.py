"""First rows of a table as plain CSV, for a quick look; taken on their way, so that nothing is made twice for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostfleet.sinks.text.stream import TextStream
from ghostfleet.sinks.text.syntax import SYNTAXES

if TYPE_CHECKING:
    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table
    from ghostfleet.sinks.codec import Piece

ROWS = 200


class Sample:
    """First rows of a task."""

    def __init__(self, table: Table) -> None:
        """Begin without a row."""
        self._stream = TextStream(table, SYNTAXES["csv"](table), first=True, last=True, digested=False)
        self._pieces: list[Piece] = []

    def add(self, batch: Batch) -> None:
        """Take what is missing from the task's next batch."""
        missing = ROWS - self._stream.rows
        if missing > 0:
            self._pieces += self._stream.pieces(batch.slice(0, min(missing, len(batch))).compact())

    def text(self) -> str:
        """Header and rows."""
        return b"".join([*self._pieces, *self._stream.end()]).decode()
