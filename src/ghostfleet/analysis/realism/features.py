"""What a window looks like in numbers that neither its level nor its unit moves: memory, changes, bursts, tells.

For all a > 0 and b: features(a·x + b) = features(x), up to rounding. A window without any change is only known to
be constant; its other features are missing, not zero.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghostfleet.core.arrays import F64, Bool

    Named = dict[str, float]

LAGS = (1, 2, 3, 6, 12)
BLOCKS = (4, 12, 48)  # steps whose means are looked at
BANDS = 4  # of the spectrum, each as wide as the ones below it together
BURST_DEVIATIONS = 6.0  # robust deviations above the median from which a point belongs to a burst
NORMAL_DEVIATION = 1.4826  # of a normal distribution, in median absolute deviations
EQUAL = 1e-6  # share of a window's range below which two readings are one: the values were stored in 32 bits
TINY = 1e-12


def features(values: F64) -> dict[str, F64]:
    """Features of each window; the names are the keys."""
    rows = [of_window(window) for window in values]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: np.array([row.get(name, np.nan) for row in rows]) for name in names}


def matrix(named: Mapping[str, F64]) -> F64:
    """Features as columns."""
    return np.column_stack(list(named.values()))


def of_window(window: F64) -> Named:
    """Features of one window."""
    span = float(np.ptp(window))
    if span <= TINY * max(1.0, float(np.abs(window).max())):
        return {"constant": 1.0}
    unit = (window - window.min()) / span
    steps = np.diff(unit)
    return {
        "constant": 0.0,
        **memory(unit),
        **changes(unit, steps),
        **spectrum(unit),
        **spread(unit),
        **bursts(unit),
        **shifts(unit),
        **order(unit),
        **tells(unit, steps),
    }


def memory(x: F64) -> Named:
    """How alike a window and its past are: autocorrelation, and how much of it lag 2 adds to lag 1."""
    acf = autocorrelation(x)
    partial = (acf[2] - acf[1] ** 2) / max(1 - acf[1] ** 2, TINY)
    late = acf[len(x) // 24 : len(x) // 2]  # an hour to half a day, in a window of a day
    return {
        **{f"acf_{lag}": float(acf[lag]) for lag in LAGS},
        "acf_partial_2": float(np.clip(partial, -1, 1)),
        "acf_late_peak": float(late.max()),
        "acf_late_peak_at": float(np.argmax(late) / len(late)),
        "acf_first_zero": float(np.argmax(acf <= 0) / len(x)),
    }


def autocorrelation(x: F64) -> F64:
    """Autocorrelation at every lag, by the Wiener-Khinchin theorem; 1 at lag 0."""
    centred = x - x.mean()
    power = np.abs(np.fft.rfft(centred, 2 * len(x))) ** 2
    raw: F64 = np.fft.irfft(power)[: len(x)]
    scaled: F64 = raw / max(raw[0], TINY)
    return scaled


def changes(x: F64, steps: F64) -> Named:
    """How a window moves: how much, in how few steps, and whether up as it goes down."""
    sizes = np.sort(np.abs(steps))[::-1]
    total = max(float(sizes.sum()), TINY)
    up, down = steps[steps > 0], -steps[steps < 0]
    lag = autocorrelation(steps) if np.ptp(steps) > TINY else np.zeros(len(steps))
    wide = _iqr(x)
    return {
        "change_ratio": float(steps.std() / x.std()),
        "change_memory_1": float(lag[1]),
        "change_memory_2": float(lag[2]),
        "change_in_few": float(sizes[: max(1, len(sizes) // 20)].sum() / total),
        "change_typical": _log_ratio(float(np.median(np.abs(steps))), wide),
        "change_skew": _skew(steps),
        "rise_over_fall": _log_ratio(float(up.mean()) if len(up) else 0.0, float(down.mean()) if len(down) else 0.0),
        "turns": float(np.mean(steps[1:] * steps[:-1] < 0)),
        "reversal": float(np.mean(steps**3) / max(float(np.mean(steps**2)) ** 1.5, TINY)),
    }


def spectrum(x: F64) -> Named:
    """Where the power is: octaves, slope, flatness and the strongest line."""
    from scipy import signal

    frequencies, power = signal.periodogram(signal.detrend(x), window="hann")
    frequencies, power = frequencies[1:], np.maximum(power[1:], TINY)
    share = power / power.sum()
    edges = [0.0, *(0.5 / 2**back for back in range(BANDS - 1, -1, -1))]
    bands = [float(share[(frequencies > low) & (frequencies <= high)].sum()) for low, high in pairwise(edges)]
    thirds = np.array_split(np.arange(len(power)), 3)
    logs = np.log(frequencies), np.log(power)
    slopes = [float(np.polyfit(logs[0][part], logs[1][part], 1)[0]) for part in (np.arange(len(power)), *thirds[:2])]
    return {
        **{f"power_octave_{number}": band for number, band in enumerate(bands, 1)},
        "power_slope": slopes[0],
        "power_slope_slow": slopes[1],
        "power_slope_middle": slopes[2],
        "power_flatness": float(np.exp(np.mean(np.log(share))) * len(share)),
        "power_line": float(share.max()),
    }


def spread(x: F64) -> Named:
    """What values there are, whatever their order: lopsidedness and tails by quantiles, then by moments."""
    q01, q05, q25, q50, q75, q95, q99 = np.quantile(x, (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99))
    z = (x - x.mean()) / x.std()
    return {
        "skew": _skew(x),
        "kurtosis": float(np.log(np.mean(z**4))),
        "skew_quartiles": float((q75 + q25 - 2 * q50) / (q75 - q25)) if q75 - q25 > TINY else 0.0,
        "tail_high": _log_ratio(float(q99 - q50), float(q75 - q25)),
        "tail_low": _log_ratio(float(q50 - q01), float(q75 - q25)),
        "tail_balance": _log_ratio(float(q95 - q50), float(q50 - q05)),
        "median_place": float(q50),
        "iqr_share": float(q75 - q25),
        "beyond_3_deviations": float(np.mean(np.abs(z) > 3)),  # noqa: PLR2004  said by the name
    }


def bursts(x: F64) -> Named:
    """Runs far above what is usual: how many, how long, how high, how regular."""
    usual = float(np.median(x))
    deviation = NORMAL_DEVIATION * float(np.median(np.abs(x - usual))) or float(x.std()) / 2
    above = x > usual + BURST_DEVIATIONS * deviation
    begins = np.flatnonzero(np.diff(above.astype(np.int8), prepend=0) > 0)
    gaps = np.diff(begins)
    heights = np.sort(x[above])[::-1]
    return {
        "burst_share": float(above.mean()),
        "burst_count": float(len(begins) / len(x)),
        "burst_length": float(above.sum() / len(begins)) if len(begins) else np.nan,
        "burst_regularity": float(gaps.std() / gaps.mean()) if len(gaps) > 2 else np.nan,  # noqa: PLR2004  three gaps
        "burst_second": float((heights[1] - usual) / (heights[0] - usual)) if len(heights) > 1 else np.nan,
        "dip_share": float(np.mean(x < usual - BURST_DEVIATIONS * deviation)),
    }


def shifts(x: F64) -> Named:
    """Whether the level stays: means of blocks, drift, and the largest excursion of the running sum."""
    centred = x - x.mean()
    deviation = x.std()
    excursion = float(np.ptp(np.cumsum(centred)) / (deviation * np.sqrt(len(x))))
    blocks = {
        f"block_{size}": float(x[: len(x) // size * size].reshape(-1, size).mean(axis=1).std() / deviation)
        for size in BLOCKS
        if len(x) >= 2 * size
    }
    half = len(x) // 2
    return {
        **blocks,
        "excursion": excursion,
        "halves": float(abs(x[:half].mean() - x[half:].mean()) / deviation),
        "calm_and_lively": _log_ratio(*sorted((float(x[:half].std()), float(x[half:].std())))),
    }


def order(x: F64) -> Named:
    """Ordinal patterns (Bandt and Pompe 2002): their entropy, complexity and those that never occur."""
    import ordpy

    entropy, complexity = ordpy.complexity_entropy(x, dx=4)
    return {
        "ordinal_entropy_3": float(ordpy.permutation_entropy(x, dx=3)),
        "ordinal_entropy_4": float(entropy),
        "ordinal_complexity": float(complexity),
        "ordinal_entropy_weighted": float(ordpy.weighted_permutation_entropy(x, dx=3)),
        "ordinal_missing": float(ordpy.missing_patterns(x, dx=4, return_fraction=True, return_missing=False)),
    }


def tells(x: F64, steps: F64) -> Named:
    """What the measuring leaves: few distinct values, a grid, plateaus, a floor and a ceiling."""
    ranked = np.sort(x)
    gaps = np.diff(ranked)
    counts = np.diff(np.flatnonzero(np.r_[True, gaps > EQUAL, True]))
    still = np.abs(steps) <= EQUAL
    quantum = float(gaps[gaps > EQUAL].min())
    multiples = x / quantum
    return {
        "distinct": float(len(counts) / len(x)),
        "commonest": float(counts.max() / len(x)),
        "at_floor": float(counts[0] / len(x)),
        "at_ceiling": float(counts[-1] / len(x)),
        "still": float(still.mean()),
        "longest_plateau": float(_longest(still) / len(x)),
        "grid_fit": float(np.mean(np.abs(multiples - np.rint(multiples)) < 0.05)),  # noqa: PLR2004  a twentieth of a cell
        "grid_cells": float(np.log10(1 / quantum)),
    }


def _longest(flags: Bool) -> int:
    """Length of the longest run of true."""
    edges = np.diff(np.r_[0, flags.astype(np.int8), 0])
    lengths = np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)
    return int(lengths.max()) if len(lengths) else 0


def _iqr(x: F64) -> float:
    return float(np.subtract(*np.quantile(x, (0.75, 0.25))))


def _skew(x: F64) -> float:
    """Skewness, with its cube root taken so that a lone spike does not drown all else."""
    deviation = float(x.std())
    return float(np.cbrt(np.mean((x - x.mean()) ** 3)) / deviation) if deviation > TINY else 0.0


def _log_ratio(above: float, below: float) -> float:
    """Logarithm of a ratio, held within e^±7 so that a zero is a large ratio and not an infinite one."""
    return float(np.clip(np.log(max(above, TINY)) - np.log(max(below, TINY)), -7, 7))
