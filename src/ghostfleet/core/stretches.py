"""Stretches of time, as pairs of seconds, half-open: joined where they meet, cut, added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Stretches = list[tuple[int, int]]


def apart(stretches: Iterable[tuple[int, int]]) -> Stretches:
    """Stretches joined where they meet, in order; empty ones are dropped."""
    found: Stretches = []
    for since, until in sorted(stretches):
        if since >= until:
            continue
        if found and since <= found[-1][1]:
            found[-1] = found[-1][0], max(until, found[-1][1])
        else:
            found.append((since, until))
    return found


def inside(stretches: Iterable[tuple[int, int]], since: int, until: int) -> Stretches:
    """What of some stretches lies between two seconds, joined where they meet."""
    return apart((max(start, since), min(end, until)) for start, end in stretches)


def without(stretches: Sequence[tuple[int, int]], others: Stretches) -> Stretches:
    """What of some stretches is in none of others."""
    left = list(stretches)
    for since, until in others:
        left = [
            piece for start, end in left for piece in ((start, min(end, since)), (max(start, until), end))
            if piece[0] < piece[1]
        ]  # fmt: skip
    return left


def length(stretches: Iterable[tuple[int, int]]) -> int:
    """How long some stretches are together, of which none meet."""
    return sum(until - since for since, until in stretches)
