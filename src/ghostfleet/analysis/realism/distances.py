"""How far apart single features lie, the worst first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ghostfleet.core.arrays import F64

FEWEST = 10  # windows that have the feature, on each side


@dataclass(frozen=True)
class Distance:
    """One feature: largest gap of the distributions, their distance in real deviations, and both medians."""

    feature: str
    ks: float
    wasserstein: float
    real: float
    synthetic: float


def distances(real: Mapping[str, F64], synthetic: Mapping[str, F64]) -> list[Distance]:
    """Distances of the features that both sides have, by Kolmogorov and Smirnov's statistic, falling."""
    found = [
        _distance(name, one[~np.isnan(one)], other[~np.isnan(other)])
        for name, one in real.items()
        if (other := synthetic.get(name)) is not None
        and min(np.count_nonzero(~np.isnan(one)), np.count_nonzero(~np.isnan(other))) >= FEWEST
    ]
    return sorted(found, key=lambda distance: (-distance.ks, distance.feature))


def mean_ks(found: Sequence[Distance]) -> float:
    """Mean over the features of the largest gaps; not a number where there is no feature."""
    return sum(one.ks for one in found) / len(found) if found else float("nan")


def _distance(name: str, real: F64, synthetic: F64) -> Distance:
    from scipy import stats

    both = np.sort(np.r_[real, synthetic])
    gaps = np.searchsorted(np.sort(real), both, "right") / len(real) - np.searchsorted(
        np.sort(synthetic), both, "right"
    ) / len(synthetic)
    deviation = float(real.std()) or float(both.std()) or 1.0
    apart = float(stats.wasserstein_distance(real, synthetic)) / deviation
    return Distance(name, float(np.abs(gaps).max()), apart, float(np.median(real)), float(np.median(synthetic)))
