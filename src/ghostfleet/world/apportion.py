"""Give each of a growing row of entities a type so that every prefix stays within one of the wanted shares."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import I32


def apportion(shares: Sequence[float], count: int) -> I32:
    """Type of each of the first ``count`` entities, shape (count,); entity *i* depends on *i* and the shares alone.

    Tijdeman's solution of the chairman assignment problem (Discrete Mathematics 32, 1980): among the types
    that have waited long enough, the one whose deadline is nearest. No prefix deviates from the shares by one
    entity or more.
    """
    exact = [Fraction(str(share)) for share in shares]
    total = sum(exact)
    denominator = lcm(*((share / total).denominator for share in exact))
    weights = [int(share / total * denominator) for share in exact]
    present = [kind for kind, weight in enumerate(weights) if weight]
    if len(present) == 1:
        return np.full(count, present[0], dtype=np.int32)
    return np.array(_chairmen(weights, present, denominator, count), dtype=np.int32)


def _chairmen(weights: list[int], present: list[int], denominator: int, count: int) -> list[int]:
    # All quantities are multiplied by denominator × (2k − 2), so that whole numbers suffice.
    patience = 2 * len(present) - 2
    owed = dict.fromkeys(present, 0)
    chosen = []
    for _ in range(count):
        for kind in present:
            owed[kind] += weights[kind] * patience
        ready = (kind for kind in present if owed[kind] >= denominator)
        kind = min(ready, key=lambda kind: (Fraction(denominator * (patience - 1) - owed[kind], weights[kind]), kind))
        owed[kind] -= denominator * patience
        chosen.append(kind)
    return chosen
