"""How the metrics of one entity move together: rank correlations of levels and of changes in the same window."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghostfleet.core.arrays import F64


def relations(values: Mapping[str, F64]) -> dict[str, F64]:
    """Spearman's correlation of each pair of metrics, per window; missing where one of them does not move."""
    level = {metric: _ranked(windows) for metric, windows in values.items()}
    change = {metric: _ranked(np.diff(windows, axis=1)) for metric, windows in values.items()}
    found: dict[str, F64] = {}
    for one, other in combinations(values, 2):
        found[f"{one} ~ {other}"] = _products(level[one], level[other])
        found[f"{one} ~ {other}, changes"] = _products(change[one], change[other])
    return found


def _ranked(windows: F64) -> F64:
    """Ranks of each row, centred and of length 1; missing where all are equal."""
    from scipy import stats

    ranks = stats.rankdata(windows, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    length = np.sqrt((ranks**2).sum(axis=1, keepdims=True))
    shaped: F64 = np.divide(ranks, length, out=np.full_like(ranks, np.nan), where=length > 0)
    return shaped


def _products(one: F64, other: F64) -> F64:
    found: F64 = (one * other).sum(axis=1)
    return found
