"""The flow cut into levels: nodes that never call each other, so that all of a level are worked on at once.

Short windows cost what calls of NumPy cost, and a level takes as many as a node. Here nodes and slots stand in an order
of their own: level after level, within a level the nodes with most slots first, and the first slots of all its nodes
before their second ones. So each step in the order of calls is one stretch of slots, and its nodes the first few.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import I64


class Level(msgspec.Struct, frozen=True):
    """Nodes that do not call each other, with their slots; all numbers are places in the order of `Levels`."""

    nodes: slice
    slots: slice
    steps: tuple[slice, ...]  # first, second, … slots of the nodes, counted from the level's first slot
    numbers: tuple[int, ...]  # slots of each node


class Levels(msgspec.Struct, frozen=True):
    """Levels of a flow, callers first."""

    nodes: I64  # of the flow, in this order
    slots: I64
    place: I64  # of each node of the flow in this order
    all: tuple[Level, ...]


def in_levels(slots_of: Sequence[Sequence[int]], children: Sequence[int]) -> Levels:
    """Cut nodes by the longest chain of calls that leads to them; ``children`` are those that slots call."""
    depth = [0] * len(slots_of)
    for node, slots in enumerate(slots_of):
        for slot in slots:
            depth[children[slot]] = max(depth[children[slot]], depth[node] + 1)
    nodes: list[int] = []
    order: list[int] = []
    found: list[Level] = []
    for level in range(max(depth, default=-1) + 1):
        mine = sorted((node for node in range(len(depth)) if depth[node] == level), key=lambda one: -len(slots_of[one]))
        found.append(_level(mine, slots_of, len(nodes), len(order)))
        order += [slot for step in range(len(slots_of[mine[0]])) for slot in _step(mine, slots_of, step)]
        nodes += mine
    place = np.empty(len(nodes), dtype=np.int64)
    place[nodes] = np.arange(len(nodes))
    return Levels(np.array(nodes, dtype=np.int64), np.array(order, dtype=np.int64), place, tuple(found))


def _step(nodes: Sequence[int], slots_of: Sequence[Sequence[int]], step: int) -> list[int]:
    return [slots_of[node][step] for node in nodes if len(slots_of[node]) > step]


def _level(nodes: Sequence[int], slots_of: Sequence[Sequence[int]], node: int, slot: int) -> Level:
    numbers = tuple(len(slots_of[one]) for one in nodes)
    ends = [0]
    for step in range(max(numbers)):
        ends.append(ends[-1] + len(_step(nodes, slots_of, step)))
    steps = tuple(slice(low, high) for low, high in pairwise(ends))
    return Level(slice(node, node + len(nodes)), slice(slot, slot + ends[-1]), steps, numbers)
