"""Write an endless stream of draws to standard output, as a battery of statistical tests reads it.

``python scripts/battery/stream.py windows 42 | dieharder -a -g 200``; the streams are cut the way data sets are:
many short windows of many entities, never one long run of a generator.
"""

from __future__ import annotations

import sys
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.arrays import U64

START = 19_000  # the first index: days since the epoch, as a data set of 2022 has them


def windows(seed: int) -> Iterator[U64]:
    """Four years of days, entity after entity, of one stream; entities have names."""
    stream = draw.Stream(seed, "server_metrics", "cpu_utilization")
    for batch in count():
        names = (f"server-{number:06d}" for number in range(batch * 64, batch * 64 + 64))
        yield draw.words(stream.keys(draw.entity_ids(names)), START, START + 1461)


def entities(seed: int) -> Iterator[U64]:
    """One index of entity after entity; entities have consecutive numbers."""
    stream = draw.Stream(seed, "api_requests", "latency")
    for batch in count():
        numbers = np.arange(batch * 16_384, (batch + 1) * 16_384, dtype=np.int64)
        yield draw.words(stream.keys(draw.numbered_ids(numbers)), START, START + 1)


def levels(seed: int) -> Iterator[U64]:
    """Eight levels of stream after stream for sixteen entities, a day of hours at a time, interleaved."""
    ids = draw.entity_ids(f"host-{number}" for number in range(16))
    for batch in count():
        streams = (draw.Stream(seed, "host_metrics", f"metric-{batch * 32 + number}").keys(ids) for number in range(32))
        keys = np.concatenate([draw.rekey(keys, level) for keys in streams for level in range(8)])
        for day in range(4):
            yield draw.words(keys, (START + day) * 24, (START + day + 1) * 24)


STREAMS = {"windows": windows, "entities": entities, "levels": levels}


def main(name: str, seed: int = 42) -> None:
    """Write the stream of that name until nobody reads it any more."""
    try:
        for block in STREAMS[name](seed):
            sys.stdout.buffer.write(block.astype("<u8", copy=False).tobytes())
    except BrokenPipeError:
        sys.stderr.close()  # the reader has seen enough


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:3]))
