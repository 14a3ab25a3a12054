"""Keyed permutations of 0 … n−1 with random access: each place is computed alone, in either direction.

Up to 16 places it is a Fisher-Yates shuffle of which one element is followed. Above, it is a Feistel network over pairs
(left, right) of a rectangle with about √n × √n cells, whose halves are added modulo the sides (Black and Rogaway,
Ciphers with arbitrary finite domains, 2002; their "generalised Feistel" construction). The rectangle has fewer than √n
cells more than n; a place that lands on one of those walks on along its cycle until it is back inside, in fewer than
√n steps and mostly in one, which keeps the map a bijection of 0 … n−1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ghostfleet.core import compiled
from ghostfleet.core.compiled import address
from ghostfleet.core.draw import GOLDEN, MIX_1

if TYPE_CHECKING:
    import numpy.typing as npt

    from ghostfleet.core.arrays import I64, U32, U64, Array

    Words = U32 | U64

SMALL = 16  # up to here Feistel networks mix badly: there is too little room
NARROW_ROOM = 2**24  # up to here 32-bit words serve, at half the cost
LARGEST = 2**40
ROUNDS = 10  # with eight, differences of neighbours show in a chi-square over 200,000 permutations of 17 … 37
BLOCK = 16_384  # calls cost as much as 8,192 words; a dozen blocks of 32-bit words stay in the cache
BLOCKWISE: Final = ("external_loop", "buffered", "zerosize_ok")
ACCESS: Final = (("readonly",), ("readonly",), ("readonly",), ("readonly",), ("writeonly",))


@dataclass(frozen=True, slots=True)
class Width:
    """Words to compute in: their type, two odd multipliers and half their bits."""

    type: Any
    spread: Any
    mix: Any
    half: Any


NARROW = Width(np.uint32, np.uint32(0x9E3779B9), np.uint32(0x85EBCA6B), np.uint32(16))  # MurmurHash3's multiplier
WIDE = Width(np.uint64, GOLDEN, MIX_1, np.uint64(32))


def permute(keys: U64, n: npt.ArrayLike, index: npt.ArrayLike) -> I64:
    """Rank of each index under the permutation of 0 … n−1 that belongs to its key.

    ``keys`` has shape (…, 2); ``keys[..., 0]``, ``n`` (1 … 2^40) and ``index`` (0 … n−1) broadcast to the result's
    shape: ``permute(keys[:, None], n[:, None], np.arange(24))`` is (entities, 24).
    """
    return _checked(keys, n, index, inverse=False)


def unpermute(keys: U64, n: npt.ArrayLike, rank: npt.ArrayLike) -> I64:
    """Index that `permute` gives the rank: ``unpermute(keys, n, permute(keys, n, index))`` is ``index``."""
    return _checked(keys, n, rank, inverse=True)


def _checked(keys: U64, n: npt.ArrayLike, places: npt.ArrayLike, *, inverse: bool) -> I64:
    sizes, inside = np.asarray(n, dtype=np.int64), np.asarray(places, dtype=np.int64)
    if sizes.size and not (sizes.min() >= 1 and sizes.max() <= LARGEST):
        msg = f"a permutation has 1 to 2^40 places, not {sizes.min()} to {sizes.max()}"
        raise ValueError(msg)
    if ((inside < 0) | (inside >= sizes)).any():
        msg = "a place of a permutation of 0 … n−1 must be at least 0 and below n"
        raise ValueError(msg)
    return _walk((keys[..., 0], keys[..., 1], sizes, inside), inverse=inverse)


def _walk(inputs: tuple[Array, Array, Array, Array], *, inverse: bool) -> I64:
    """Move every place once, and those that left 0 … n−1 again until they are back: all together, as they are few."""
    shape = np.broadcast_shapes(*(values.shape for values in inputs))
    out = np.empty(shape, dtype=np.int64)
    loops = compiled.loops()
    if loops is not None:
        first, second, *rest = (np.broadcast_to(values, shape) for values in inputs)
        keys = np.stack([first, second], axis=-1).astype(np.uint64, copy=False)
        sizes, places = (np.ascontiguousarray(values) for values in rest)
        loops.move(address(keys), address(sizes), address(places), out.size, inverse, address(out))
        return out
    operands: list[Array] = [*inputs, out]
    with np.nditer(operands, BLOCKWISE, ACCESS, order="C", buffersize=BLOCK) as blocks:
        for *parts, moved in blocks:
            _move_block(parts, moved, inverse=inverse)
    outside = out >= inputs[2]
    if outside.any():
        first, second, sizes, _ = (np.broadcast_to(values, shape)[outside] for values in inputs)
        out[outside] = _walk((first, second, sizes, out[outside]), inverse=inverse)
    return out


def _move_block(parts: list[Array], moved: Array, *, inverse: bool) -> None:
    sizes = parts[2]
    small, narrow = sizes <= SMALL, sizes <= NARROW_ROOM
    for chosen, follow, width in (
        (small, _shuffle, NARROW),
        (narrow & ~small, _encipher, NARROW),
        (~narrow, _encipher, WIDE),
    ):
        if not chosen.any():
            continue
        where = ... if chosen.all() else chosen
        first, second, size, place = (part[where].astype(width.type) for part in parts)
        moved[where] = follow(first, second, size, place, width, inverse=inverse)


def _shuffle(first: Words, second: Words, sizes: Words, places: Words, width: Width, *, inverse: bool) -> Words:
    """Follow places through Fisher and Yates: place j changes with a drawn place 0 … j, for j from n−1 down to 1."""
    drawn, scratch = np.empty((2, len(places)), dtype=width.type)
    steps = range(1, int(sizes.max()))
    for step in steps if inverse else reversed(steps):
        last = width.type(step)
        np.multiply(second, last, out=drawn)
        drawn += first
        _mix_below(drawn, width.type(step + 1), scratch, width)
        changes = (places == last) | (places == drawn)
        changes &= sizes > last  # in a smaller permutation there is no place j
        np.bitwise_xor(drawn, last, out=scratch)
        scratch *= changes
        places ^= scratch
    return places


def _encipher(first: Words, second: Words, sizes: Words, cells: Words, width: Width, *, inverse: bool) -> Words:
    """Add to one half, modulo its side, what each round draws from the other; the inverse subtracts, last first."""
    rows, columns = _sides(sizes, width)
    left = np.floor(cells / columns.astype(np.float64)).astype(width.type)
    right = cells - left * columns
    drawn, scratch = np.empty((2, len(cells)), dtype=width.type)
    change, back = (np.subtract, np.add) if inverse else (np.add, np.subtract)
    for number in reversed(range(ROUNDS)) if inverse else range(ROUNDS):
        half, other, side = (right, left, columns) if number % 2 else (left, right, rows)
        np.multiply(other, width.spread, out=drawn)
        np.multiply(second, width.type(number), out=scratch)
        drawn += scratch
        drawn += first
        _mix_below(drawn, side, scratch, width)
        change(half, drawn, out=half)
        # Of h and h ∓ side one is in 0 … side−1 and the other wraps to a huge number: a remainder without division.
        back(half, side, out=scratch)
        np.minimum(half, scratch, out=half)
    left *= columns
    left += right
    return left


def _sides(sizes: Words, width: Width) -> tuple[Words, Words]:
    """⌈√n⌉ rows of ⌈n / ⌈√n⌉⌉ cells; doubles are exact enough here, and in dividing cells, for n below 2^52."""
    rows = np.ceil(np.sqrt(sizes.astype(np.float64)))
    return rows.astype(width.type), np.ceil(sizes / rows).astype(width.type)


def _mix_below(words: Words, side: Any, scratch: Words, width: Width) -> None:  # noqa: ANN401  a scalar or an array
    """Turn words into numbers 0 … side−1, in place; no number's share is off by more than side / 2^(half the bits)."""
    np.right_shift(words, width.half, out=scratch)
    words ^= scratch
    words *= width.mix
    words >>= width.half
    words *= side
    words >>= width.half
