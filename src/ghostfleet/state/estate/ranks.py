"""Which requests a split takes: an interval of a keyed permutation of all that are split.

The state says how many of the requests of a tick fail, call, or try again. Here each of them is told which it is.
Every split of a tick has a permutation of its own, so a request is followed alone, from its entry down, whoever else
there is.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import compiled, draw
from ghostfleet.core.compiled import address
from ghostfleet.core.permutation import permute, unpermute

if TYPE_CHECKING:
    from ctypes import CDLL

    from ghostfleet.core.arrays import I64, U64, Bool
    from ghostfleet.core.window import Window


class Ranks:
    """Permutations of one split, one for each tick of a window."""

    def __init__(self, keys: U64, window: Window) -> None:
        """Take the keys of the split, shape (1, 2)."""
        self._split, self._window = keys, window

    @cached_property
    def keys(self) -> U64:
        """Keys of the ticks, shape (ticks, 2); of many splits nobody asks, as they take none of a quiet window."""
        return draw.words(self._split, 2 * self._window.start, 2 * self._window.stop).reshape(-1, 2)

    def of(self, ticks: I64, totals: I64, index: I64) -> I64:
        """Ranks of requests in their ticks' permutations, all shapes (requests,); ``ticks`` count from the window's."""
        if not len(ticks):
            return index
        return permute(self.keys.take(ticks, axis=0), totals, index)

    def pick(self, ticks: I64, index: I64, totals: I64, counts: I64) -> tuple[Bool, I64]:
        """Whether each request is among the ``counts`` of ``totals`` that are picked, and its rank on its side.

        ``ticks`` and ``index`` have the shape (requests,), ``totals`` and ``counts`` (ticks of the window,). Those
        picked have the first ranks of the permutation. The smaller side is looked up rank by rank, so that a split
        costs what it takes and not what it leaves; requests of the other side keep their order.
        """
        if not len(ticks):
            return np.zeros(0, dtype=np.bool_), index
        first, last = int(ticks.min()), int(ticks.max()) + 1
        size, count = totals[first:last], counts[first:last]
        if not count.any():
            return np.zeros(len(ticks), dtype=np.bool_), index
        rest = size - count
        if not rest.any():
            return np.ones(len(ticks), dtype=np.bool_), index
        loops = compiled.loops()
        if loops is not None:
            return _looped(loops, self.keys[first:last], size, count, ticks - first, index)
        turned = rest < count
        fewer = np.where(turned, rest, count)
        begin = np.add.accumulate(size) - size
        tick = np.repeat(np.arange(last - first), fewer)
        rank = np.arange(len(tick)) - np.repeat(np.add.accumulate(fewer) - fewer, fewer)
        order = rank + np.where(turned, count, 0).take(tick)
        place = unpermute(self.keys[first:last].take(tick, axis=0), size.take(tick), order)
        mark = np.zeros(int(np.add.reduce(size)) + 1, dtype=np.int32)
        mark[begin.take(tick) + place + 1] = rank + 1  # one further on, so that the sums below count those before
        here = ticks - first
        at = begin.take(here) + index
        hit = mark.take(at + 1)
        looked_up = hit > 0
        before = np.add.accumulate((mark > 0).astype(np.int32))
        kept = index - (before.take(at) - before.take(begin).take(here))
        return looked_up != turned.take(here), np.where(looked_up, hit - 1, kept)


def _looped(loops: CDLL, keys: U64, size: I64, count: I64, ticks: I64, index: I64) -> tuple[Bool, I64]:
    """Do what `Ranks.pick` does, in a loop that looks at each request once."""
    size, count, ticks, index = (np.ascontiguousarray(values, dtype=np.int64) for values in (size, count, ticks, index))
    if ((count < 0) | (count > size)).any():
        msg = "a split takes at least none of a tick's requests and at most all of them"
        raise ValueError(msg)
    room = int(np.add.reduce(size))
    begins = np.empty_like(size)
    marks, befores = np.empty((2, room), dtype=np.int32)
    places = np.empty(int(size.max()), dtype=np.int64)
    taken, ranks = np.empty(len(index), dtype=np.bool_), np.empty_like(index)
    arrays = (begins, marks, befores, places, taken, ranks)
    if loops.pick(
        *(address(one) for one in (keys, size, count)),
        len(size),
        *(address(one) for one in (ticks, index)),
        len(index),
        *(address(one) for one in arrays),
    ):
        msg = "a request of a tick has an index of at least 0 and below the tick's total"
        raise IndexError(msg)
    return taken, ranks


def offsets(counts: list[I64]) -> list[I64]:
    """Where each source's requests begin among those of a node, at each tick; one array more than there are sources."""
    found = [np.zeros_like(counts[0])] if counts else []
    for count in counts:
        found.append(found[-1] + count)
    return found
