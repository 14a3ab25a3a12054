"""Measure draws, counts and permutations against NumPy's normals, interleaved: ``python bench/kernel_draws.py``.

Figures are CPU time per value and its ratio to `Generator(SFC64).standard_normal(float32)` in the same round
(the median of the rounds), which survives a busy machine; the nanoseconds are those of the best round.
"""

from __future__ import annotations

import sys
from functools import partial
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import counts, draw, permutation

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 15
GOAL = 0.33  # a normal's share of NumPy's, for rows × 8192


def cases() -> dict[str, tuple[int, Callable[[], object]]]:
    """Name what is measured: values per call, and the call."""
    reference = np.random.Generator(np.random.SFC64(1))
    many, few = (draw.Stream(1, "bench").keys(draw.numbered_ids(np.arange(n))) for n in (5000, 64))
    one, values = few[:1], 65_536
    u = reference.random(values)
    index = np.arange(values) % 1000
    key_each = draw.Stream(1, "ranks").keys(draw.numbered_ids(np.arange(values)))
    per_tick = draw.Stream(1, "ranks").keys(draw.numbered_ids(np.arange(values // 64)))[:, None]
    named: dict[str, tuple[int, Callable[[], object]]] = {
        "standard_normal 64 × 8192": (64 * 8192, lambda: reference.standard_normal((64, 8192), dtype=np.float32)),
        "normal 64 × 8192": (64 * 8192, lambda: draw.normal(few, 0, 8192)),
        "normal 64 × 8192, unaligned": (64 * 8192, lambda: draw.normal(few, 3, 8195)),
        "normal 5000 × 24": (5000 * 24, lambda: draw.normal(many, 456_001, 456_025)),
        "normal 1 × 24": (24, lambda: draw.normal(one, 456_001, 456_025)),
        "uniform 64 × 8192": (64 * 8192, lambda: draw.uniform(few, 0, 8192)),
        "uniform32 64 × 8192": (64 * 8192, lambda: draw.uniform32(few, 0, 8192)),
        "bits32 64 × 8192": (64 * 8192, lambda: draw.bits32(few, 0, 8192)),
        "words 64 × 8192": (64 * 8192, lambda: draw.words(few, 0, 8192)),
    }
    for mean in (0.1, 2.0, 20.0, 1000.0):
        named[f"poisson {mean}"] = values, partial(counts.poisson, mean, u)
    for n, p in ((3, 0.4), (200, 0.01), (1000, 0.3)):
        named[f"binomial {n}, {p}"] = values, partial(counts.binomial, n, p, u)
    for n in (10, 1000, 2**30):
        named[f"permute {n}, a key each"] = values, partial(permutation.permute, key_each, n, index % n)
    named["permute 1000, 64 per key"] = values, lambda: permutation.permute(per_tick, 1000, np.arange(64))
    return named


def measure() -> dict[str, tuple[float, float]]:
    """Time every case once a round; nanoseconds per value of the best round, and the median ratio to the first."""
    named = cases()
    times: dict[str, list[float]] = {name: [] for name in named}
    for _ in range(ROUNDS):
        for name, (values, call) in named.items():
            repeats = max(1, 200_000 // values)
            since = process_time()
            for _ in range(repeats):
                call()
            times[name].append((process_time() - since) / repeats / values * 1e9)
    base = next(iter(times.values()))
    return {
        name: (min(spent), median(a / b for a, b in zip(spent, base, strict=True))) for name, spent in times.items()
    }


def main() -> int:
    """Print the table; fail when a normal costs more than its goal."""
    figures = measure()
    for name, (nanoseconds, ratio) in figures.items():
        print(f"{name:32s} {nanoseconds:9.2f} ns {ratio:8.3f} ×")
    return int(figures["normal 64 × 8192"][1] > GOAL)


if __name__ == "__main__":
    sys.exit(main())
