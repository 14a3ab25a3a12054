"""Keyed permutations of 0 … n−1 with random access: each place is computed alone, in either direction.

Up to 16 places it is a Fisher-Yates shuffle, of which one element is followed. Above, it is a Feistel network over pairs (left, right) of a rectangle with about √n × √n cells, whose halves
are added modulo the sides (Black and Rogaway, Ciphers with arbitrary finite domains, 2002; their "generalised
Feistel" construction). The rectangle has at most √n cells more than n; a place that lands on one of those walks on
along its cycle until it is back inside, which keeps the map a bijection of 0 … n−1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.draw import GOLDEN, MIX_1

if TYPE_CHECKING:
    import numpy.typing as npt

    from ghostfleet.core.arrays import I64, U64

LARGEST = 2**40
SMALL = 16  # up to here permutations are shuffled step by step: Feistel networks mix badly in so little room
ROUNDS = 10
BLOCK = 4096  # a dozen such blocks of 64-bit words stay in a second-level cache
BLOCKWISE = ("external_loop", "buffered", "zerosize_ok")
HALF_WORD = np.uint64(32)


def permute(keys: U64, n: npt.ArrayLike, index: npt.ArrayLike) -> I64:
    """Rank of each index under the permutation of 0 … n−1 that belongs to its key.

    ``keys`` has shape (…, 2); ``keys[..., 0]``, ``n`` (1 … 2^40) and ``index`` (0 … n−1) broadcast to the result's shape:
    ``permute(keys[:, None], n[:, None], np.arange(24))`` is (entities, 24).
    """
    return _run(keys, n, index, inverse=False)


def unpermute(keys: U64, n: npt.ArrayLike, rank: npt.ArrayLike) -> I64:
    """Index that `permute` gives the rank: ``unpermute(keys, n, permute(keys, n, index))`` is ``index``."""
    return _run(keys, n, rank, inverse=True)


def _run(keys: U64, n: npt.ArrayLike, places: npt.ArrayLike, *, inverse: bool) -> I64:
    inputs = (keys[..., 0], keys[..., 1], np.asarray(n, dtype=np.int64), np.asarray(places, dtype=np.int64))
    _require_inside(inputs[2], inputs[3])
    out = np.empty(np.broadcast_shapes(*(values.shape for values in inputs)), dtype=np.int64)
    access = [["readonly"]] * len(inputs) + [["writeonly"]]
    with np.nditer([*inputs, out], BLOCKWISE, access, order="C", buffersize=BLOCK) as blocks:
        for first, second, sizes, block, result in blocks:
            part = first, second, sizes.view(np.uint64), block.astype(np.uint64)
            result[...] = _by_size(*part, inverse=inverse)
    return out


def _require_inside(n: I64, places: I64) -> None:
    if n.size and not (n.min() >= 1 and n.max() <= LARGEST):
        msg = f"a permutation has 1 to 2^40 places, not {n.min()} to {n.max()}"
        raise ValueError(msg)
    if ((places < 0) | (places >= n)).any():
        msg = "a place of a permutation of 0 … n−1 must be at least 0 and below n"
        raise ValueError(msg)


def _by_size(first: U64, second: U64, sizes: U64, places: U64, *, inverse: bool) -> U64:
    small = sizes <= SMALL
    for kind, chosen in ((Shuffles, small), (Network, ~small)):
        if chosen.all():
            return kind(first, second, sizes).run(places, inverse=inverse)
        if chosen.any():
            some = kind(first[chosen], second[chosen], sizes[chosen])
            places[chosen] = some.run(places[chosen], inverse=inverse)
    return places


class Shuffles:
    """Fisher and Yates, one element followed through it: place j changes with a drawn place 0 … j, for j from n−1 to 1."""

    __slots__ = ("first", "second", "sizes")

    def __init__(self, first: U64, second: U64, sizes: U64) -> None:
        """Take keys and sizes, one per element."""
        self.first, self.second, self.sizes = first, second, sizes

    def run(self, places: U64, *, inverse: bool) -> U64:
        """Ranks of places, or places of ranks by the same changes in the opposite order; overwrites ``places``."""
        scratch, key = np.empty((2, len(places)), dtype=np.uint64)
        steps = range(1, int(self.sizes.max()))
        for step in steps if inverse else reversed(steps):
            last = np.uint64(step)
            np.multiply(self.second, last, out=key)
            key += self.first
            _mix_below(key, last + np.uint64(1), scratch)
            key[self.sizes <= last] = last  # these have no place j: it changes with itself
            np.bitwise_xor(key, last, out=scratch)
            scratch *= (places == last) | (places == key)
            places ^= scratch
        return places


class Network:
    """Feistel networks side by side, one per element, over rectangles of ⌈√n⌉ by ⌈n / ⌈√n⌉⌉ cells."""

    __slots__ = ("first", "height", "second", "sizes", "width")

    def __init__(self, first: U64, second: U64, sizes: U64) -> None:
        """Choose the rectangles; roots and quotients of doubles are exact enough for n below 2^52."""
        height = np.ceil(np.sqrt(sizes.astype(np.float64)))
        self.first, self.second, self.sizes = first, second, sizes
        self.width = np.ceil(sizes / height).astype(np.uint64)
        self.height = height.astype(np.uint64)

    def run(self, places: U64, *, inverse: bool) -> U64:
        """Ranks of places, or places of ranks.

        Cells that are no places walk on, fewer than √n steps each, as a rectangle has fewer such cells.
        """
        cells = self._encipher(places, inverse=inverse)
        outside = np.flatnonzero(cells >= self.sizes)
        if len(outside):
            there = Network(self.first[outside], self.second[outside], self.sizes[outside])
            cells[outside] = there.run(cells[outside], inverse=inverse)
        return cells

    def _encipher(self, cells: U64, *, inverse: bool) -> U64:
        """Add to one half, modulo its side, what the round draws from the other; the inverse subtracts, last round first."""
        left = np.floor(cells / self.width.astype(np.float64)).astype(np.uint64)
        right = cells - left * self.width
        drawn, scratch = np.empty((2, len(cells)), dtype=np.uint64)
        change, back = (np.subtract, np.add) if inverse else (np.add, np.subtract)
        for number in reversed(range(ROUNDS)) if inverse else range(ROUNDS):
            half, other, side = (right, left, self.width) if number % 2 else (left, right, self.height)
            np.multiply(other, GOLDEN, out=drawn)
            np.multiply(self.second, np.uint64(number), out=scratch)
            drawn += scratch
            drawn += self.first
            _mix_below(drawn, side, scratch)
            change(half, drawn, out=half)
            # Of h and h ∓ side one is in 0 … side−1 and the other wraps to a huge number: a remainder without division.
            back(half, side, out=scratch)
            np.minimum(half, scratch, out=half)
        left *= self.width
        left += right
        return left


def _mix_below(words: U64, side: U64 | np.uint64, scratch: U64) -> None:
    """Turn words into numbers 0 … side−1, for sides below 2^32, in place; a number's share is within side / 2^32 of even."""
    np.right_shift(words, HALF_WORD, out=scratch)
    words ^= scratch
    words *= MIX_1
    words >>= HALF_WORD
    words *= side
    words >>= HALF_WORD
