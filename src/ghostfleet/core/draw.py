"""Draws addressed by name: a value is a function of (seed, stream, entity, index) and of nothing else.

An entity's name is hashed once (`entity_ids`), a stream's names are hashed once (`Stream`); the two are mixed
into a 128-bit key per entity, and word ``i`` of a key is a finalised counter. So any stretch of any
stream can be had at once, in any order, and adding an entity or a stream changes no other value.

The mixer is splitmix64's finaliser (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
2014) with the second half of the key added between its two multiplications, so that two keys
whose counters overlap still give different words.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.quantiles import normal_body, normal_tail

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ghostfleet.core.arrays import F32, F64, I64, U64

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
SHIFT_30, SHIFT_27, SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)

BLOCK_WORDS = 32_768  # two such blocks stay in a 1 MiB second-level cache


def _hash_128(text: bytes) -> tuple[int, int]:
    digest = blake2b(text, digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def entity_ids(names: Iterable[str]) -> U64:
    """Hash entity names into ids, shape (entities, 2); equal names give equal ids everywhere."""
    rows = [_hash_128(name.encode()) for name in names]
    return np.array(rows, dtype=np.uint64).reshape(len(rows), 2)


def numbered_ids(numbers: I64) -> U64:
    """Ids of entities that have a number instead of a name, shape (entities, 2)."""
    low = _finalise(numbers.astype(np.uint64) * GOLDEN + MIX_1)
    return np.stack([low, _finalise(low + GOLDEN)], axis=1)


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
        first = _finalise(ids[:, 0] + np.uint64(low))
        return np.stack([first, _finalise((ids[:, 1] ^ np.uint64(high)) + first)], axis=1)


def _finalise(words: U64) -> U64:
    words = (words ^ (words >> SHIFT_30)) * MIX_1
    words = (words ^ (words >> SHIFT_27)) * MIX_2
    mixed: U64 = words ^ (words >> SHIFT_31)
    return mixed


def rekey(keys: U64, number: int) -> U64:
    """Derive the keys of a numbered part of a stream, such as a level of a lattice."""
    step = np.uint64((number + 1) * 0xD1342543DE82EF95 % 2**64)
    return np.stack([_finalise(keys[:, 0] + step), _finalise(keys[:, 1] ^ step)], axis=1)


def words(keys: U64, start: int, stop: int) -> U64:
    """Words ``[start, stop)`` of each key: uniform 64-bit integers, shape (entities, stop - start)."""
    count = stop - start
    out = np.empty((len(keys), count), dtype=np.uint64)
    rows_at_once = max(1, BLOCK_WORDS // max(count, 1))
    for column in range(0, count, BLOCK_WORDS):
        width = min(BLOCK_WORDS, count - column)
        counter = np.arange(start + column, start + column + width, dtype=np.int64).view(np.uint64) * GOLDEN
        scratch = np.empty((min(rows_at_once, len(keys)), width), dtype=np.uint64)
        for row in range(0, len(keys), rows_at_once):
            block = out[row : row + rows_at_once, column : column + width]
            _fill(block, keys[row : row + rows_at_once], counter, scratch[: len(block)])
    return out


def _fill(block: U64, keys: U64, counter: U64, scratch: U64) -> None:
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


def uniform(keys: U64, start: int, stop: int) -> F64:
    """Uniforms in (0, 1) with 32 random bits each, shape (entities, stop - start)."""
    halves = words(keys, start >> 1, (stop + 1) >> 1).view("<u4")
    offset = start & 1
    values = halves[:, offset : offset + stop - start].astype(np.float64)
    values += 0.5
    values *= 2.0**-32
    return values


def normal(keys: U64, start: int, stop: int) -> F32:
    """Standard normals, shape (entities, stop - start): four to a word, through a quantile table.

    Sixteen bits choose one of 65,536 equally likely cells; the two end cells are cut once more into
    65,536 (`_refine_tails`), so that extremes reach 6.2 standard deviations.
    """
    quarters = words(keys, start >> 2, (stop + 3) >> 2).view("<u2")
    offset = start & 3
    cells = quarters[:, offset : offset + stop - start]
    values = normal_body().take(cells)
    rows, columns = np.nonzero((cells + np.uint16(1)) < np.uint16(2))
    if len(rows):
        tail_keys = rekey(keys[rows], 1)
        counter = (start + columns).astype(np.uint64) * GOLDEN
        deep = _finalise(_finalise(tail_keys[:, 0] + counter) + tail_keys[:, 1]) >> np.uint64(48)
        magnitude = normal_tail().take(deep.astype(np.int64))
        values[rows, columns] = np.where(cells[rows, columns] == 0, -magnitude, magnitude)
    return values
