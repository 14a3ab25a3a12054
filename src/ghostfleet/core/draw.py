"""Draws addressed by name: a value is a function of (seed, stream, entity, index) and of nothing else.

An entity's name is hashed once (`entity_ids`), a stream's names are hashed once (`Stream`); the two are mixed
into a 128-bit key per entity, and word ``i`` of a key is a finalised counter. So any stretch of any
stream can be had at once, in any order, and adding an entity or a stream changes no other value.

The mixer is splitmix64's finaliser (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
2014) with the second half of the key added between its two multiplications, so that two keys whose counters
overlap (for a million entities and windows of 100,000 about one data set in 200 has such a pair) still give
different words. A statistical battery over streams cut as we cut them is in docs/decisions/0005-draws.md.

Values are made block by block in cache and read words in little-endian lanes: an unaligned window makes the
word around its first value and drops the lanes before it, so any window is the slice of a longer one, bit for bit.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import compiled
from ghostfleet.core.compiled import address
from ghostfleet.core.hashes import blake2b
from ghostfleet.core.quantiles import normal_body, normal_tail
from ghostfleet.core.scratch import Scratch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ghostfleet.core.arrays import F32, F64, I64, U16, U32, U64

    LaneBlock = tuple[slice, slice, U16 | U32]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
SHIFT_30, SHIFT_27, SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)

ALL_BITS = 2**64 - 1  # of a word
WORD_BYTES = 8

BLOCK_WORDS = 32_768  # two such blocks stay in a 1 MiB second-level cache
BLOCK_LANES = 65_536  # lanes, their indices and their values, beside a table of 256 KiB

SHIFT_9 = np.uint32(9)
END_CELLS = np.uint16(2)
TAIL = 0x7461696C  # part of a stream that cuts the end cells; no level of a lattice has this number


def _hash_128(text: bytes) -> tuple[int, int]:
    digest = blake2b(text, digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def entity_ids(names: Iterable[str]) -> U64:
    """Hash entity names into ids, shape (entities, 2); equal names give equal ids everywhere."""
    rows = [_hash_128(name.encode()) for name in names]
    return np.array(rows, dtype=np.uint64).reshape(len(rows), 2)


def numbered_ids(numbers: I64) -> U64:
    """Ids of entities that have a number instead of a name, shape (entities, 2)."""
    low = mixed(numbers.astype(np.uint64) * GOLDEN + MIX_1)
    return np.stack([low, mixed(low + GOLDEN)], axis=1)


class Stream:
    """A named source of draws; ``Stream(seed, "server_metrics", "spike")`` is independent of every other."""

    __slots__ = ("names", "seed")

    def __init__(self, seed: int, *names: str) -> None:
        """Name the stream below a run's seed."""
        self.seed = seed
        self.names = names

    def substream(self, *names: str) -> Stream:
        """Name a stream below this one."""
        return Stream(self.seed, *self.names, *names)

    def keys(self, ids: U64) -> U64:
        """Mix the stream into entity ids; shape (entities, 2) in and out."""
        path = "\x1f".join((str(self.seed), *self.names))
        low, high = _hash_128(path.encode())
        if len(ids) == 1:  # NumPy takes twenty times as long for one row
            only = _mixed((int(ids[0, 0]) + low) & ALL_BITS)
            return np.array([[only, _mixed(((int(ids[0, 1]) ^ high) + only) & ALL_BITS)]], dtype=np.uint64)
        first = mixed(ids[:, 0] + np.uint64(low))
        return np.stack([first, mixed((ids[:, 1] ^ np.uint64(high)) + first)], axis=1)


def _mixed(word: int) -> int:
    """What `mixed` makes of one word."""
    word = (word ^ (word >> 30)) * int(MIX_1) & ALL_BITS
    word = (word ^ (word >> 27)) * int(MIX_2) & ALL_BITS
    return word ^ (word >> 31)


def mixed(words: U64) -> U64:
    """Other words, one to one, of which every bit depends on all bits of theirs: splitmix64's finaliser."""
    loops = compiled.loops()
    if loops is not None and words.dtype == np.uint64 and words.ndim:
        words = np.ascontiguousarray(words)
        found = np.empty_like(words)
        loops.mix(address(words), words.size, address(found))
        return found
    words = (words ^ (words >> SHIFT_30)) * MIX_1
    words = (words ^ (words >> SHIFT_27)) * MIX_2
    last: U64 = words ^ (words >> SHIFT_31)
    return last


def derived(key: U64, first: U64, second: U64 | int) -> U64:
    """Words made of a key of shape (2,) and two words each, shape (values,): ids of what has a long name of its own."""
    loops = compiled.loops()
    if loops is not None and first.ndim == 1 and (isinstance(second, int) or second.shape == first.shape):
        first = np.ascontiguousarray(first, dtype=np.uint64)
        others = np.ascontiguousarray([second % 2**64] if isinstance(second, int) else second, dtype=np.uint64)
        found = np.empty_like(first)
        loops.derive(
            int(key[0]), int(key[1]), address(first), address(others), len(others) > 1, first.size, address(found)
        )
        return found
    words = first * GOLDEN
    words += np.uint64(second * int(MIX_1) % 2**64) if isinstance(second, int) else second * MIX_1
    words += key[0]
    words ^= words >> SHIFT_30
    words *= MIX_1
    words ^= words >> SHIFT_27
    words += key[1]
    words *= MIX_2
    words ^= words >> SHIFT_31
    return words


def rekey(keys: U64, number: int) -> U64:
    """Derive the keys of a numbered part of a stream, such as a level of a lattice."""
    step = np.uint64(_step(number))
    derived = keys.copy()
    derived[:, 0] += step
    derived[:, 1] ^= step
    return mixed(derived)


def _step(number: int) -> int:
    return (number + 1) * 0xD1342543DE82EF95 % 2**64


def words(keys: U64, start: int, stop: int) -> U64:
    """Words ``[start, stop)`` of each key: uniform 64-bit integers, shape (entities, stop - start)."""
    count = stop - start
    out = np.empty((len(keys), count), dtype=np.uint64)
    rows_at_once = max(1, BLOCK_WORDS // max(count, 1))
    for column in range(0, count, BLOCK_WORDS):
        width = min(BLOCK_WORDS, count - column)
        counter = _counter(start + column, width)
        scratch = np.empty((min(rows_at_once, len(keys)), width), dtype=np.uint64)
        for row in range(0, len(keys), rows_at_once):
            block = out[row : row + rows_at_once, column : column + width]
            _fill(block, keys[row : row + rows_at_once], counter, scratch[: len(block)])
    return out


def word_at(keys: U64, index: I64) -> U64:
    """Word ``index[i]`` of ``keys[i]``, shape (values,): what `words` has there, for scattered places."""
    out = np.empty((len(keys), 1), dtype=np.uint64)
    counter = index.astype(np.int64, copy=False).view(np.uint64)[:, None] * GOLDEN
    _fill(out, keys, counter, np.empty_like(out))
    return out[:, 0]


def uniform_at(keys: U64, index: I64) -> F64:
    """Uniform in (0, 1) at word ``index[i]`` of ``keys[i]``, with 53 random bits; shape (values,)."""
    values: F64 = (word_at(keys, index) >> np.uint64(11)).astype(np.float64)
    values += 0.5
    values *= 2.0**-53
    return values


def normal_at(keys: U64, index: I64) -> F32:
    """Standard normal at word ``index[i]`` of ``keys[i]``, within 4.33 standard deviations; shape (values,)."""
    return normal_body().take((word_at(keys, index) >> np.uint64(48)).astype(np.int64))


def _counter(start: int, width: int) -> U64:
    counter = np.arange(start, start + width, dtype=np.int64).view(np.uint64)
    counter *= GOLDEN
    return counter


def _fill(block: U64, keys: U64, counter: U64, scratch: U64) -> None:
    loops = compiled.loops()
    if loops is not None and block.strides[1] == WORD_BYTES:
        rows, width = block.shape
        lengths = block.shape if counter.ndim > 1 else (width,)
        keys, counter = _laid(keys, (rows, 2)), _laid(counter, lengths)
        step, stride = width * (counter.ndim - 1), block.strides[0] // WORD_BYTES  # counters of all rows, or of each
        loops.fill(address(keys), rows, address(counter), step, width, address(block), stride)
        return
    # In place and in cache: the same formula with temporaries is five to ten times slower.
    np.add(counter, keys[:, :1], out=block)
    np.right_shift(block, SHIFT_30, out=scratch)
    np.bitwise_xor(block, scratch, out=block)
    np.multiply(block, MIX_1, out=block)
    np.right_shift(block, SHIFT_27, out=scratch)
    np.bitwise_xor(block, scratch, out=block)
    np.add(block, keys[:, 1:], out=block)
    np.multiply(block, MIX_2, out=block)
    np.right_shift(block, SHIFT_31, out=scratch)
    np.bitwise_xor(block, scratch, out=block)


def _laid(words: U64, shape: tuple[int, ...]) -> U64:
    """Words as a loop takes them; to broadcast takes as long as to fill a short block, and most need none."""
    return np.ascontiguousarray(words if words.shape == shape else np.broadcast_to(words, shape), dtype=np.uint64)


def _lanes(keys: U64, start: int, stop: int, lane: str, scratch: Scratch | None = None) -> Iterator[LaneBlock]:
    """Yield lanes ``[start, stop)`` of each key block by block: rows and columns of the result, and its lanes.

    A block is whole rows or a part of one row, so that it lies contiguously in the result; its lanes are
    overwritten by the next one.
    """
    per_word = 8 // np.dtype(lane).itemsize
    first, last = start // per_word, -(-stop // per_word)
    width = min(max(last - first, 1), BLOCK_LANES // per_word)
    rows_at_once = max(1, min(len(keys), BLOCK_LANES // per_word // width))
    block, spare = (scratch or Scratch()).array("words", (2, rows_at_once, width), np.uint64)
    for word in range(first, last, width):
        counter = _counter(word, width)
        left, right = max(start, word * per_word), min(stop, (word + width) * per_word)
        inside = slice(left - word * per_word, right - word * per_word)
        for row in range(0, len(keys), rows_at_once):
            rows = slice(row, min(row + rows_at_once, len(keys)))
            height = rows.stop - row
            _fill(block[:height], keys[rows], counter, spare[:height])
            yield rows, slice(left - start, right - start), block[:height].view(lane)[:, inside]


def bits32(keys: U64, start: int, stop: int) -> U32:
    """Uniform 32-bit integers, two to a word, shape (entities, stop - start)."""
    out = np.empty((len(keys), stop - start), dtype=np.uint32)
    for rows, columns, lanes in _lanes(keys, start, stop, "<u4"):
        out[rows, columns] = lanes
    return out


def uniform(keys: U64, start: int, stop: int) -> F64:
    """Uniforms in (0, 1) with 32 random bits each, two to a word, shape (entities, stop - start)."""
    out = np.empty((len(keys), stop - start), dtype=np.float64)
    for rows, columns, lanes in _lanes(keys, start, stop, "<u4"):
        block = out[rows, columns]
        np.add(lanes, 0.5, out=block)
        np.multiply(block, 2.0**-32, out=block)
    return out


def uniform32(keys: U64, start: int, stop: int) -> F32:
    """Uniforms in (0, 1) with the upper 23 of `uniform`'s 32 bits, shape (entities, stop - start).

    With 24 bits the middle of the last cell would round to 1.
    """
    out = np.empty((len(keys), stop - start), dtype=np.float32)
    half, scale = np.float32(0.5), np.float32(2.0**-23)
    for rows, columns, lanes in _lanes(keys, start, stop, "<u4"):
        block = out[rows, columns]
        np.copyto(block, (lanes >> SHIFT_9).view(np.int32), casting="same_kind")
        np.add(block, half, out=block)
        np.multiply(block, scale, out=block)
    return out


def normal(keys: U64, start: int, stop: int, *, out: F32 | None = None, scratch: Scratch | None = None) -> F32:
    """Standard normals, shape (entities, stop - start): four to a word, through a quantile table.

    Sixteen bits choose one of 65,536 equally likely cells; the two end cells are cut once more into
    65,536 (`_cut_tails`), so that extremes reach 6.2 standard deviations. ``out`` must be contiguous.
    """
    count = stop - start
    out = np.empty((len(keys), count), dtype=np.float32) if out is None else out
    loops = compiled.loops()
    if loops is not None and out.shape == (len(keys), count) and out.dtype == np.float32 and out.flags.c_contiguous:
        keys = _laid(keys, (len(keys), 2))
        loops.normals(address(keys), len(keys), start, stop, *normal_tables(), address(out))
        return out
    scratch = Scratch() if scratch is None else scratch
    table, found = normal_body(), []
    for rows, columns, lanes in _lanes(keys, start, stop, "<u2", scratch):
        index = scratch.array("index", lanes.shape, np.intp)
        index[...] = lanes
        # No sixteen bits lie outside the table; "wrap" only spares the check that "raise" makes first.
        table.take(index, mode="wrap", out=out[rows, columns])
        after = np.add(lanes, np.uint16(1), out=scratch.array("after", lanes.shape, np.uint16))
        at_end = np.less(after, END_CELLS, out=scratch.array("at end", lanes.shape, np.bool_))
        places = at_end.reshape(-1).nonzero()[0]
        if len(places):
            found.append(places + (rows.start * count + columns.start))
    if found:
        _cut_tails(out, keys, start, np.concatenate(found))
    return out


@cache
def normal_tables() -> tuple[int, int, int]:
    """What loops that draw normals take: where both tables begin, and what leads to the keys of the tails."""
    return address(normal_body()), address(normal_tail()), _step(TAIL)


def scattered_normal(keys: U64, index: I64) -> F32:
    """Standard normal at place ``index[i]`` of ``keys[i]``: what `normal` has there; shape (values,)."""
    lanes = word_at(keys, index >> 2).view("<u2")  # four to a word
    lane = lanes.take(np.arange(0, 4 * len(index), 4) + (index & 3))
    out = normal_body().take(lane)
    places = (lane + np.uint16(1) < END_CELLS).nonzero()[0]
    if len(places):
        deep = word_at(rekey(keys.take(places, axis=0), TAIL), index.take(places)) >> np.uint64(48)
        out[places] = np.copysign(normal_tail().take(deep.astype(np.int64)), out[places])
    return out


def _cut_tails(out: F32, keys: U64, start: int, places: I64) -> None:
    """Draw the values in the end cells (2 of 65,536) more finely; ``places`` index the flat result."""
    rows, columns = np.divmod(places, out.shape[1])
    deep = word_at(rekey(keys[rows], TAIL), start + columns) >> np.uint64(48)
    flat = out.reshape(-1)
    flat[places] = np.copysign(normal_tail().take(deep.astype(np.int64)), flat[places])
