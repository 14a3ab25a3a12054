"""Which tables are nodes and links, and their rows as a graph store holds them: times are texts of one width.

A table of nodes is a label, a table of links a type. Native times would come back in another form from every store.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Batch, Spelled, Text
from ghostfleet.core.errors import SinkError
from ghostfleet.core.table import Kind
from ghostfleet.sinks.digest import ValueDigest
from ghostfleet.sinks.text.cells import FIRST_S, LAST_S
from ghostfleet.sinks.values import integers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ghostfleet.core.batch import Values
    from ghostfleet.core.table import Table
    from ghostfleet.sinks.parts import Body, Place

NODE = ("id", "name", "kind")
ENDS = ("from_label", "from_id", "to_label", "to_id")
LINK = (*ENDS, "kind")
TYPES = {
    Kind.TIME: "STRING",
    Kind.TEXT: "STRING",
    Kind.TEXTS: "STRING[]",
    Kind.F64: "DOUBLE",
    Kind.I64: "INT64",
    Kind.BOOL: "BOOL",
}
KEYS = {"node": ("id",), "link": ENDS}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")  # stores keep names that begin with _ for themselves


def ensure_graph(tables: Sequence[Table]) -> None:
    """Refuse tables that are neither nodes nor links, and names and types that a graph store would mix up."""
    labels: dict[str, str] = {}
    for table in tables:
        _ensure_shape(table)
        if labels.setdefault(table.name.lower(), table.name) != table.name:
            raise SinkError(f"{labels[table.name.lower()]} and {table.name} are one name to a graph store")
        lowered = [name.lower() for name in table.names]
        if len(set(lowered)) < len(lowered):
            raise SinkError(f"two columns of {table.name} are one name to a graph store: {', '.join(table.names)}")
    ensure_one_type(own_types(table) for table in tables)


def _ensure_shape(table: Table) -> None:
    if table.form == "rows":
        raise SinkError(f"table {table.name} is neither nodes nor links, so a graph store cannot take it")
    first = NODE if table.form == "node" else LINK
    texts = all(column.kind is Kind.TEXT for column in table.columns[: len(first)])
    if table.names[: len(first)] != first or set(table.keys) != set(KEYS[table.form]) or not texts:
        raise SinkError(
            f"table {table.name} of {table.form}s must begin with the texts {', '.join(first)} "
            f"and be keyed by {', '.join(KEYS[table.form])}"
        )
    for name in (table.name, *table.names):
        if not NAME.fullmatch(name):
            raise SinkError(f"{name!r} of {table.name} cannot be a graph's name; valid are letters, digits and _")


def own_types(table: Table) -> dict[str, str]:
    """Types of a table's own columns; the ends of links are none of them."""
    first = len(ENDS) if table.form == "link" else 0
    return {column.name: TYPES[column.kind] for column in table.columns[first:]}


def ensure_one_type(tables: Iterable[Mapping[str, str]]) -> None:
    """Refuse a property that has several types: over several labels, a store would turn all its values into texts."""
    types: dict[str, str] = {}
    for columns in tables:
        for name, kind in columns.items():
            if types.setdefault(name.lower(), kind) != kind:
                raise SinkError(f"the property {name} is {types[name.lower()]} in one table and {kind} in another")


@lru_cache(maxsize=256)
def stored(table: Table) -> Table:
    """The same table with times as texts."""
    return replace(
        table,
        columns=tuple(
            replace(column, kind=Kind.TEXT) if column.kind is Kind.TIME else column for column in table.columns
        ),
    )


def stated(batch: Batch) -> Batch:
    """The same rows with times as texts, ``2026-01-01T00:00:00Z``."""
    times = {column.name for column in batch.table.columns if column.kind is Kind.TIME}
    return Batch(
        stored(batch.table),
        {name: _said(name, values) if name in times else values for name, values in batch.columns.items()},
    )


def _said(name: str, times: Values) -> Text:
    if isinstance(times, Text | Spelled):
        raise SinkError(f"column {name} holds texts, not times")
    there = np.ones(len(times), np.bool_) if times.missing is None else ~times.missing
    seconds, places = np.unique(integers(times, name)[there], return_inverse=True)
    if len(seconds) and not FIRST_S <= seconds[0] <= seconds[-1] <= LAST_S:
        raise SinkError(
            f"a time of {seconds[0]} or {seconds[-1]} s lies outside the years 1 to 9999, which text can state"
        )
    codes = np.full(len(times), -1)
    codes[there] = places
    texts = np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()
    return Text(codes, tuple(f"{text}Z" for text in texts))


class StatedDigest:
    """Digest of rows as a graph store holds them."""

    def __init__(self) -> None:
        """Start with no rows."""
        self._digest = ValueDigest()

    def write(self, batch: Batch) -> None:
        """Take the next rows into account."""
        self._digest.write(stated(batch))

    def hexdigest(self) -> str:
        """Digest of everything so far."""
        return self._digest.hexdigest()


class StatedBody:
    """An Arrow stream of rows as a graph store holds them."""

    def __init__(self, path: Path, place: Place) -> None:
        """Open the stream."""
        from ghostfleet.sinks.arrow.ipc import IpcBody
        from ghostfleet.sinks.parts import Place as Placed

        self._body: Body = IpcBody(path, Placed(stored(place.table), place.task))

    @property
    def rows(self) -> int:
        """Count the rows written."""
        return self._body.rows

    def write(self, batch: Batch) -> None:
        """Add rows."""
        self._body.write(stated(batch))

    def finish(self) -> tuple[int, str]:
        """Complete the stream."""
        return self._body.finish()

    def discard(self) -> None:
        """Close the stream."""
        self._body.discard()
