"""Tables of nodes and links that are awkward, how to write them, and what ladybug itself says is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ladybug
import numpy as np

from ghostfleet.core.batch import Batch, Plain, Text, Values, joined
from ghostfleet.core.table import Column, Kind, Table, column
from ghostfleet.sinks import Receipt, Written, open_sink

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HOSTILE = (
    "it's",
    'say "hi"',
    "two\nlines",
    "'; DROP TABLE Service; --",
    "`) DETACH DELETE n //",
    "x" * 300,
    "日本 ☃",
    "\\'",
)


def nodes_table(label: str, *more: Column) -> Table:
    """Nodes of a label."""
    first = (column(name, Kind.TEXT, f"the {name}") for name in ("id", "name", "kind"))
    return Table(label, f"every {label}", (*first, *more), ("id",), ("id",), group="graph", form="node")


def links_table(kind: str, *more: Column, starts: Sequence[str] = (), ends: Sequence[str] = ()) -> Table:
    """Links of a type."""
    first = (
        column("from_label", Kind.TEXT, "label of the start", values=tuple(starts)),
        column("from_id", Kind.TEXT, "id of the start"),
        column("to_label", Kind.TEXT, "label of the end", values=tuple(ends)),
        column("to_id", Kind.TEXT, "id of the end"),
        column("kind", Kind.TEXT, "the type"),
    )
    keys = ("from_label", "from_id", "to_label", "to_id")
    return Table(kind, f"every {kind}", (*first, *more), keys, keys, group="graph", form="link")


SERVICE = nodes_table(
    "Service", column("seen", Kind.TIME, "when"), column("load", Kind.I64, "how busy"), column("tags", Kind.TEXTS, "of")
)
DATABASE = nodes_table("Database")
USES = links_table("USES", column("weight", Kind.F64, "how much"))


def services(*names: str, load: int = 0) -> Batch:
    """Nodes whose ids and names are the given ones."""
    count = len(names)
    columns: dict[str, Values] = {
        **_node("Service", names),
        "seen": Plain(np.arange(count) * 60),
        "load": Plain(np.full(count, load)),
        "tags": Text(np.arange(count), tuple(joined(["a", name]) for name in names)),
    }
    return Batch(SERVICE, columns)


def databases(*names: str) -> Batch:
    """Nodes of the other label."""
    return Batch(DATABASE, _node("Database", names))


def _node(label: str, names: Sequence[str]) -> dict[str, Values]:
    places = np.arange(len(names))
    return {"id": Text(places, tuple(names)), "name": Text(places, tuple(names)), "kind": _text([label] * len(names))}


def uses(*links: tuple[str, str], to: str = "Database", weight: float = 1.0) -> Batch:
    """Links from services to nodes of a label."""
    count = len(links)
    columns: dict[str, Values] = {
        "from_label": _text(["Service"] * count),
        "from_id": _text([start for start, _ in links]),
        "to_label": _text([to] * count),
        "to_id": _text([end for _, end in links]),
        "kind": _text(["USES"] * count),
        "weight": Plain(np.full(count, weight)),
    }
    return Batch(USES, columns)


def _text(values: Sequence[str]) -> Text:
    return Text(np.arange(len(values)), tuple(values))


def empty(table: Table) -> Batch:
    """No rows of a table."""
    none = Text(np.zeros(0, int), ())
    texts = {Kind.TEXT, Kind.TEXTS}
    return Batch(table, {one.name: none if one.kind in texts else Plain(np.zeros(0, int)) for one in table.columns})


def write(path: Path, *batches: Batch, plan: str = "p") -> tuple[list[Receipt], list[Written]]:
    """Write some tables, one task each, at once."""
    sink = open_sink(f"ladybug:{path}")
    sink.open([one.table for one in batches], plan_id=plan, tasks={one.table.name: [0] for one in batches})
    receipts = []
    try:
        for one in batches:
            part = sink.part(one.table, 0)
            part.write(one)
            receipts.append(part.close())
        return receipts, sink.finish(receipts)
    except BaseException:
        sink.abort()
        raise


def asked(path: Path, text: str) -> list[tuple[Any, ...]]:
    """What ladybug answers, sorted."""
    with ladybug.Database(path, read_only=True) as store, ladybug.Connection(store) as opened:
        result = opened.execute(text)
        assert not isinstance(result, list)
        rows = [tuple(row) for row in result.get_all()]
        result.close()
    return sorted(rows, key=str)
