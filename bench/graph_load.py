"""Nodes and links a second into a ladybug file, new and old, with staging: ``python -m bench.graph_load``."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from bench.measuring import Line, conclude
from ghostfleet.core.batch import Batch, Plain, Quanta, Text, joined
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.run import surroundings
from ghostfleet.sinks import open_sink

NODES, LINKS = 300_000, 1_000_000
BATCH_ROWS = 65_536
SERVICE = Table(
    "Service",
    "services",
    (
        *(column(name, Kind.TEXT, "") for name in ("id", "name", "kind")),
        column("seen", Kind.TIME, "when"),
        column("cost", Kind.F64, "a month", resolution=0.01),
        column("tags", Kind.TEXTS, "words"),
    ),
    ("id",),
    ("id",),
    group="graph",
    form="node",
)
ENDS = ("from_label", "from_id", "to_label", "to_id")
CALLS = Table(
    "CALLS",
    "calls",
    (*(column(name, Kind.TEXT, "") for name in (*ENDS, "kind")), column("weight", Kind.F64, "share")),
    ENDS,
    ENDS,
    group="graph",
    form="link",
)


def nodes(cost: int = 0) -> Batch:
    """Services with ids as people give them."""
    place = np.arange(NODES)
    ids = Text(place, tuple(f"service-{number:07d}" for number in range(NODES)))
    return Batch(
        SERVICE,
        {
            "id": ids,
            "name": ids,
            "kind": Text(place * 0, ("Service",)),
            "seen": Plain(place % 1440 * 60),
            "cost": Quanta(place % 1000 + cost, 100),
            "tags": Text(place % 2, (joined(["blue", "green"]), "")),
        },
    )


def links(weight: float = 0.0) -> Batch:
    """Calls between them, no two alike."""
    place = np.arange(LINKS)
    ids = nodes().columns["id"]
    assert isinstance(ids, Text)  # noqa: S101  for the type checker
    label = Text(place * 0, ("Service",))
    return Batch(
        CALLS,
        {
            "from_label": label,
            "from_id": Text(place % NODES, ids.vocabulary),
            "to_label": label,
            "to_id": Text((place * 7 + place // NODES) % NODES, ids.vocabulary),
            "kind": Text(place * 0, ("CALLS",)),
            "weight": Plain(place + weight),
        },
    )


def load(path: Path, rows: Batch) -> float:
    """Seconds that one table takes, from batches to the finished file."""
    table = rows.table
    since = perf_counter()
    sink = open_sink(f"ladybug:{path}")
    sink.open([table], plan_id="bench", tasks={table.name: [0]})
    part = sink.part(table, 0)
    for start in range(0, len(rows), BATCH_ROWS):
        part.write(rows.slice(start, min(start + BATCH_ROWS, len(rows))))
    sink.finish([part.close()])
    return perf_counter() - since


def main() -> int:
    """Load a graph, the same again, and one in which every row differs."""
    steps = {
        "nodes, new": nodes(),
        "links, new": links(),
        "nodes, the same again": nodes(),
        "links, the same again": links(),
        "nodes, every one changed": nodes(1),
        "links, every one changed": links(1.0),
    }
    lines = [Line("memory of the rows to load", surroundings.peak_memory_mb(), unit="MB")]
    with TemporaryDirectory(prefix="ghostfleet-bench-") as folder:
        path = Path(folder) / "estate.graph"
        for name, rows in steps.items():
            lines.append(Line(name, len(rows) / load(path, rows) / 1000, unit="k/s"))
            if name == "links, new":
                lines.append(Line("size of the file", path.stat().st_size / 1e6, unit="MB"))
    lines.append(Line("peak memory", surroundings.peak_memory_mb(), unit="MB"))
    return conclude(f"ladybug, {NODES:,} nodes and {LINKS:,} links", lines)


if __name__ == "__main__":
    sys.exit(main())
