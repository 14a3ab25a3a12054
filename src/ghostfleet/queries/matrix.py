"""Connections as a matrix: a row for each end, a column for each end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ghostfleet.queries.answers import Rows


def matrix(connections: Rows, value: str) -> Rows:
    """Rows with the name of a start and values by the name of the end: 0 to itself, null where none is."""
    ends = [(one["source_service"], one["target_service"]) for one in connections]
    names = sorted({name for pair in ends for name in pair})
    found = {pair: one[value] for pair, one in zip(ends, connections, strict=True)}
    return [
        {"service": start, "targets": {end: 0.0 if start == end else found.get((start, end)) for end in names}}
        for start in names
    ]
