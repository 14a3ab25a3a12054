"""Rows into an open graph: those with known keys replace what stands there, others are added, nothing stands twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from ghostfleet.core.errors import SinkError
from ghostfleet.sinks.arrow.convert import digest_arrow
from ghostfleet.sinks.digest import ValueDigest
from ghostfleet.sinks.graph.shape import KEYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.table import Table
    from ghostfleet.sinks.graph.store import Graph, Pair

APART = "\0"  # between the parts of a key; no text holds it


def load(graph: Graph, table: Table, rows: pa.Table) -> None:
    """Make a table where there is none, and write rows into it unless they stand there already."""
    _ensure_once(table, rows)
    if table.form == "node":
        graph.make_nodes(table)
        _load_nodes(graph, table, rows)
    else:
        _load_links(graph, table, rows)


def under(keys: pa.Table, rows: pa.Table, names: Sequence[str]) -> pa.Table:
    """Those of some rows that stand under the given keys, in the order of these; there may be fewer."""
    return rows.take(pc.index_in(_joined(keys, names), value_set=_joined(rows, names)).drop_null())


def in_order(graph: Graph, name: str) -> pa.Table:
    """All rows of a table in the order of their keys."""
    return graph.rows(name).sort_by([(key, "ascending") for key in graph.keys(name)])


def digest_of(rows: pa.Table) -> str:
    """Digest of rows in their order."""
    digest = ValueDigest()
    for batch in rows.to_batches():
        digest_arrow(digest, batch)
    return digest.hexdigest()


def _load_nodes(graph: Graph, table: Table, rows: pa.Table) -> None:
    before = graph.rows(table.name)
    place = pc.index_in(rows["id"], value_set=before["id"])
    known, there = rows.filter(place.is_valid()), before.take(place.drop_null())
    if digest_of(there) != digest_of(known):
        graph.set_nodes(table.name, known)
    graph.add_nodes(table.name, rows.filter(place.is_null()))


def _load_links(graph: Graph, table: Table, rows: pa.Table) -> None:
    pairs = _pairs(graph, table, rows)
    graph.make_links(table, pairs)
    before = graph.rows(table.name)
    mine, theirs = _joined(rows, KEYS["link"]), _joined(before, KEYS["link"])
    place = pc.index_in(mine, value_set=theirs)
    if digest_of(before.take(place.drop_null())) == digest_of(rows.filter(place.is_valid())):
        _add_links(graph, table, rows.filter(place.is_null()))
        return
    # To find links by their ends and change them takes longer than to write all of them again.
    kept = before.filter(pc.invert(pc.is_in(theirs, value_set=mine))).select(rows.column_names).cast(rows.schema)
    joins = graph.pairs(table.name)
    graph.drop(table)
    graph.make_links(table, joins)
    _add_links(graph, table, pa.concat_tables([kept, rows]))


def _add_links(graph: Graph, table: Table, rows: pa.Table) -> None:
    for start, end in _pairs(graph, table, rows):
        mine = pc.and_(pc.equal(rows["from_label"], start), pc.equal(rows["to_label"], end))
        graph.add_links(table.name, (start, end), rows.filter(mine))


def _pairs(graph: Graph, table: Table, rows: pa.Table) -> list[Pair]:
    """Pairs of labels that links join; `SinkError` for a label without a table."""
    found = rows.group_by(["from_label", "to_label"]).aggregate([])
    pairs = sorted(zip(found["from_label"].to_pylist(), found["to_label"].to_pylist(), strict=True))
    for label in (label for pair in pairs for label in pair):
        if label not in graph.labels:
            known = ", ".join(graph.labels) or "none"
            raise SinkError(f"{table.name} links nodes of {label!r}, of which there is no table; known are {known}")
    return pairs


def _ensure_once(table: Table, rows: pa.Table) -> None:
    """Refuse a key that stands twice in one run: the rows would overwrite each other."""
    keys = _joined(rows, KEYS[table.form])
    if pc.count_distinct(keys).as_py() == len(rows):
        return
    counts = keys.value_counts()
    twice = counts.filter(pc.greater(counts.field("counts"), 1))
    said = str(twice[0]["values"].as_py()).replace(APART, ", ")
    raise SinkError(
        f"{table.name} has {twice[0]['counts']} rows of {said!r} in one run; a graph holds each of them once"
    )


def _joined(rows: pa.Table, keys: Sequence[str]) -> pa.ChunkedArray:
    if len(keys) == 1:
        return rows[keys[0]]
    return pc.binary_join_element_wise(*(rows[key] for key in keys), APART)
