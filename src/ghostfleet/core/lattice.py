"""Noise with memory that can be had at any instant: value noise on a hierarchy of lattices.

Level *j* has a node every 4ʲ ticks. A node is the line between its two parents plus its own draw, so the
sum over levels has a spectrum close to 1/f, costs 4/3 of white noise however slow its slowest level is,
and is a function of (key, tick) alone.

A node's own draw is the *difference* of two neighbouring draws. Differences telescope: a swing is answered by the
next, nothing slower than the slowest level is left, and trends of the model (growth) stay readable under the noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import compiled, draw
from ghostfleet.core.compiled import address
from ghostfleet.core.scratch import Scratch

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I32, U64

RATIO = 4
QUARTER = np.float32(0.25)
ROOT_HALF = np.float32(0.70710678)
QUARTERS = np.arange(RATIO) / RATIO
BLOCK_VALUES = 131_072  # made at once: fewer pay too much for each call, more leave the cache


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Amplitudes of the levels, finest first: level *j* swings over about 4ʲ ticks."""

    amplitudes: tuple[float, ...]

    @classmethod
    def power_law(cls, slowest_ticks: int, persistence: float) -> Spectrum:
        """Levels up to ``slowest_ticks``, each ``2**persistence`` times as strong as the next finer; 0 is 1/f."""
        levels, ticks = 1, RATIO
        while ticks <= slowest_ticks:
            levels, ticks = levels + 1, ticks * RATIO
        step = _root_two_power(persistence)
        amplitude, amplitudes = 1.0, []
        for _ in range(levels):
            amplitudes.append(amplitude)
            amplitude *= step
        return cls(tuple(amplitudes))

    @property
    def period(self) -> int:
        """Ticks after which the pattern of nodes repeats."""
        return prod(RATIO for _ in self.amplitudes[1:])


def _root_two_power(exponent: float) -> float:
    # 2**exponent for one small number: the first terms of the exponential series are exact enough and portable.
    x = exponent * 0.6931471805599453
    term, total = 1.0, 1.0
    for order in range(1, 20):
        term *= x / order
        total += term
    return total


def noise(keys: U64, start: int, stop: int, spectrum: Spectrum) -> F32:
    """Unit-variance noise at ticks ``[start, stop)``, one series per key; shape (entities, stop - start)."""
    levels = level_keys(keys, len(spectrum.amplitudes))
    return characters(levels, start, stop, (spectrum,), np.zeros(len(keys), dtype=np.int32))


def level_keys(keys: U64, levels: int) -> U64:
    """Keys of each level's draws, shape (levels, entities, 2); made once for many windows."""
    return np.stack([draw.rekey(keys, level) for level in range(levels)])


def characters(
    levels: U64,
    start: int,
    stop: int,
    spectra: tuple[Spectrum, ...],
    choice: I32,
    scratch: Scratch | None = None,
) -> F32:
    """Noise of series that differ in character: series *i* has ``spectra[choice[i]]``; all have as many levels.

    ``levels`` are the `level_keys` of the series. Whoever asks again and again lends ``scratch``.
    """
    out = np.empty((len(choice), stop - start), dtype=np.float32)
    amplitudes, scales = _tables(spectra)
    places = np.arange(start, stop) % spectra[0].period
    inverse = scales.take(places, axis=1)
    scratch = Scratch() if scratch is None else scratch
    blocks = max(1, round(out.size / BLOCK_VALUES))
    at_once = max(1, -(-len(choice) // blocks))
    for first in range(0, len(choice), at_once):
        block, chosen = out[first : first + at_once], choice[first : first + at_once]
        _raw(levels[:, first : first + at_once], start, amplitudes[:, chosen, None], block, scratch)
        rows = scratch.array("wide", block.shape, np.float32)
        # No choice lies outside the table; "wrap" only spares the copy that "raise" makes first.
        block *= inverse.take(chosen, axis=0, mode="wrap", out=rows)
    return out


@cache
def _tables(spectra: tuple[Spectrum, ...]) -> tuple[F32, F32]:
    """Factors of the levels' draws (levels, spectra) and inverse deviations (spectra, places)."""
    amplitudes = np.array([spectrum.amplitudes for spectrum in spectra], dtype=np.float32).T
    return amplitudes * ROOT_HALF, np.stack([_inverse_deviation(spectrum) for spectrum in spectra])


def _raw(levels: U64, start: int, factors: F32, out: F32, scratch: Scratch) -> None:
    """Write the sum over the levels, whose places differ in variance."""
    # The draws of a level, the lines between its parents and the scales are never needed together: all are "wide".
    spans = [(start, start + out.shape[1])]
    for _ in factors[1:]:
        low, high = spans[-1]
        spans.append((low >> 2, ((high - 1) >> 2) + 2))
    coarser = out
    for level in range(len(spans) - 1, -1, -1):
        low, high = spans[level]
        # Levels take turns with two arrays, and the finest is the result.
        finer = scratch.array(f"nodes {level % 2}", (len(out), high - low), np.float32) if level else out
        is_slowest = level == len(spans) - 1
        skip = 0 if is_slowest else low - (spans[level + 1][0] << 2)
        _nodes(levels[level], low, factors[level], None if is_slowest else coarser, skip, finer, scratch)
        coarser = finer


def _nodes(keys: U64, low: int, factor: F32, parents: F32 | None, skip: int, out: F32, scratch: Scratch) -> None:
    """Write nodes of a level: their own draws upon the lines between their parents, from the ``skip``-th quarter on."""
    series, count = out.shape
    loops = compiled.loops()
    if loops is not None and out.flags.c_contiguous and len(keys) == len(factor) == series:
        keys, factor = np.ascontiguousarray(keys, dtype=np.uint64), np.ascontiguousarray(factor, dtype=np.float32)
        lines = (None, 0, 0) if parents is None else (address(parents), parents.shape[1], skip)
        loops.nodes(address(keys), address(factor), series, low, count, *lines, *draw.normal_tables(), address(out))
        return
    draws = scratch.array("wide", (series, count + 1), np.float32)
    draw.normal(keys, low, low + count + 1, out=draws, scratch=scratch)
    np.subtract(draws[:, :-1], draws[:, 1:], out=out)
    out *= factor
    if parents is not None:
        out += _between(parents, skip, count, scratch)


def _between(parents: F32, skip: int, count: int, scratch: Scratch) -> F32:
    """Lines between neighbouring parents at quarter steps, from the ``skip``-th on."""
    shape = (len(parents), parents.shape[1] - 1)
    left = scratch.array("left", shape, np.float32)
    step = scratch.array("step", shape, np.float32)
    left[...] = parents[:, :-1]
    np.subtract(parents[:, 1:], left, out=step)
    step *= QUARTER
    lines = scratch.array("wide", (*shape, RATIO), np.float32)
    for quarter in range(RATIO):
        lines[:, :, quarter] = left
        left += step
    return lines.reshape(len(parents), -1)[:, skip : skip + count]


@cache
def _inverse_deviation(spectrum: Spectrum) -> F32:
    """One over the standard deviation at each place between coarsest nodes.

    A line between two nodes varies less in its middle. The variance of each place, and its covariance with the
    next place, follow level by level from those of its parents.
    """
    top = len(spectrum.amplitudes) - 1
    variance, covariance = _own_moments(top, spectrum)
    for level in range(top - 1, -1, -1):
        own_variance, own_covariance = _own_moments(level, spectrum)
        here, there = QUARTERS, QUARTERS + 0.25
        left, right = variance[:, None], np.roll(variance, -1)[:, None]
        shared = covariance[:, None]
        variance = _line_covariance(left, right, shared, here, here).ravel() + own_variance
        covariance = _line_covariance(left, right, shared, here, there).ravel() + own_covariance
    inverse: F32 = (1.0 / np.sqrt(variance)).astype(np.float32)
    return inverse


def _own_moments(level: int, spectrum: Spectrum) -> tuple[F64, F64]:
    power = spectrum.amplitudes[level] * spectrum.amplitudes[level]
    return np.array([power]), np.array([-power / 2])


def _line_covariance(left: F64, right: F64, shared: F64, here: F64, there: F64) -> F64:
    """Covariance of two points of the line between nodes with given variances and covariance."""
    ends = (1 - here) * (1 - there) * left + here * there * right
    return ends + ((1 - here) * there + here * (1 - there)) * shared
