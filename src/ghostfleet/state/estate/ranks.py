"""Which requests a split takes: those whose rank in a keyed permutation of all that are split lies below its count.

The state says how many of the requests of a tick fail, call, or try again. Here each of them is told which it is. Every
split of a tick has a permutation of its own, so a request is followed alone, from its entry down, whoever else there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.permutation import permute

if TYPE_CHECKING:
    from ghostfleet.core.arrays import I64, U64
    from ghostfleet.core.window import Window


class Ranks:
    """Permutations of one split, one for each tick of a window."""

    def __init__(self, keys: U64, window: Window) -> None:
        """Draw the ticks' keys from those of the split, shape (1, 2)."""
        self._keys = draw.words(keys, 2 * window.start, 2 * window.stop).reshape(-1, 2)

    def of(self, ticks: I64, totals: I64, index: I64) -> I64:
        """Ranks of requests in their ticks' permutations, all shapes (requests,); ``ticks`` count from the window's."""
        if not len(ticks):
            return index
        return permute(self._keys.take(ticks, axis=0), totals, index)


def offsets(counts: list[I64]) -> list[I64]:
    """Where each source's requests begin among those of a node, at each tick; one array more than there are sources."""
    found = [np.zeros_like(counts[0])] if counts else []
    for count in counts:
        found.append(found[-1] + count)
    return found
