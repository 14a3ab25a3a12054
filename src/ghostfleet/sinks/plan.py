"""Which tasks make which table, as far as a sink must know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostfleet.core.errors import SinkError
from ghostfleet.sinks.parts import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ghostfleet.core.table import Table
    from ghostfleet.sinks.sink import Receipt


class Tasks:
    """Task numbers of every table in output order; workers' copies know the ends alone."""

    def __init__(self, tables: Sequence[Table] = (), tasks: Mapping[str, Sequence[int]] | None = None) -> None:
        """Remember the order."""
        self._tables = tuple(tables)
        self._numbers = {table.name: tuple((tasks or {}).get(table.name, ())) for table in tables}
        self._ends = {name: (numbers[0], numbers[-1]) for name, numbers in self._numbers.items() if numbers}

    @property
    def tables(self) -> tuple[Table, ...]:
        """Tables in output order."""
        return self._tables

    def __getstate__(self) -> dict[str, object]:
        """Travel light: a worker asks only where its own part stands."""
        return {"_tables": (), "_numbers": {}, "_ends": self._ends}

    def place(self, table: Table, task: int) -> Place:
        """Say whether a task is its table's first or last."""
        first, last = self._ends.get(table.name, (task, task))
        return Place(table, task, first=task == first, last=task == last)

    def in_order(self, receipts: Sequence[Receipt]) -> Iterator[tuple[Table, list[Receipt]]]:
        """Receipts of each table in plan order; SinkError unless there is exactly one for every task."""
        found = {(receipt.table, receipt.task): receipt for receipt in receipts}
        planned = {(name, task) for name, numbers in self._numbers.items() for task in numbers}
        if found.keys() != planned or len(found) != len(receipts):
            name, task = min(found.keys() ^ planned, default=("", -1))
            said = f"task {task} of {name}" if name else "one task twice"
            raise SinkError(
                f"{len(receipts)} receipts do not match {len(planned)} planned tasks, beginning with {said}"
            )
        for table in self._tables:
            yield table, [found[table.name, task] for task in self._numbers[table.name]]
