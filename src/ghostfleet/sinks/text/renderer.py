"""A table's rows as bytes; no Python object is made per row.

A row consists of constants and units, of which each shows one column or, with one look-up, several that follow from the
same codes. The units make cells of a block of rows, and a matrix puts these together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostfleet.core import compiled
from ghostfleet.core.batch import Text
from ghostfleet.sinks.text.cells import looked_up
from ghostfleet.sinks.text.lines import written
from ghostfleet.sinks.text.matrix import Matrix, layout, settled
from ghostfleet.sinks.text.units import ensure_short_ids, planned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table
    from ghostfleet.sinks.codec import Piece
    from ghostfleet.sinks.text.syntax import Syntax
    from ghostfleet.sinks.text.units import Groups, Unit

MOST_PLANS = 8  # kept with their tables, of batches that share codes in different ways
BLOCK_ROWS = 16384  # rows whose codes are made at once


class Renderer:
    """Renders batches of one table in one syntax."""

    def __init__(self, table: Table, syntax: Syntax) -> None:
        """Know nothing before the first batch."""
        self._table = table
        self._syntax = syntax
        self._plans: dict[Groups, list[bytes | Unit]] = {}
        self._matrix = Matrix((), 1)
        self._loops = compiled.loops()

    def chunks(self, batch: Batch) -> Iterator[Piece]:
        """Bytes of the batch's rows, some hundred of them at a time."""
        for start in range(0, len(batch), BLOCK_ROWS):
            yield from self._block(batch.slice(start, min(start + BLOCK_ROWS, len(batch))))

    def _block(self, block: Batch) -> Iterator[Piece]:
        ensure_short_ids(block, self._syntax)
        columns = list(block.columns.values())
        parts = settled(
            part if isinstance(part, bytes) else part.cells(columns) for part in self._plan(groups_of(block))
        )
        if self._loops is not None:
            yield from written(self._loops, parts, len(block))
            return
        fields, width = layout(parts)
        if fields != self._matrix.fields:
            self._matrix = Matrix(fields, width)
        cells = [cell for part in parts if isinstance(part, list) for cell in looked_up(part)]
        yield from self._matrix.chunks(cells, len(block))

    def _plan(self, groups: Groups) -> list[bytes | Unit]:
        if groups not in self._plans:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            self._plans[groups] = planned(self._table, self._syntax, groups, direct=self._loops is not None)
        return self._plans[groups]


def groups_of(batch: Batch) -> Groups:
    """For each column the first one that holds the same codes, or -1 where it holds no text with codes."""
    first: dict[int, int] = {}
    return tuple(
        first.setdefault(id(values.codes), number) if isinstance(values, Text) else -1
        for number, values in enumerate(batch.columns.values())
    )
