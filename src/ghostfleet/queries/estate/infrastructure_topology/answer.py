"""All nodes and relationships of the graph, and how many there are of each label and type."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("nodes", "relationships")


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Count what there is; a node has one label in the stores that all share."""
    del parameters
    nodes = [{"id": row["id"], "labels": [row["label"]], "properties": row["properties"]} for row in rows["nodes"]]
    summary = {
        "total_count": len(nodes),
        "relationship_count": len(rows["relationships"]),
        "labels": dict(sorted(Counter(row["label"] for row in rows["nodes"]).items())),
        "types": dict(sorted(Counter(row["type"] for row in rows["relationships"]).items())),
    }
    return Told({"nodes": nodes, "relationships": rows["relationships"]}, summary)
