"""Windows cut so that what is worked on at once stays in the cache; every tick is worked out by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUES = 131_072  # of one array: fewer pay too much for each call, more leave the cache
SHORTEST = 128


def blocks(ticks: int, rows: int, shortest: int = SHORTEST) -> Iterator[slice]:
    """Stretches of ticks whose arrays of ``rows`` rows are small."""
    length = max(shortest, VALUES // max(rows, 1))
    for start in range(0, ticks, length):
        yield slice(start, min(start + length, ticks))
