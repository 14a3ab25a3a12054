"""Means and trends of what there is; of nothing there are none."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RISE = 0.1  # slope per step beyond which a trend is one (EST-45)


def mean(values: Iterable[float | None]) -> float | None:
    """Mean of the values that are there."""
    known = [value for value in values if value is not None]
    return fsum(known) / len(known) if known else None


def total(values: Iterable[float | None]) -> float:
    """Sum of the values that are there, the same in any order."""
    return fsum(value for value in values if value is not None)


def share(part: float, whole: float) -> float | None:
    """Percentage, or nothing where there is no whole."""
    return 100 * part / whole if whole else None


def slope(places: Sequence[float], values: Sequence[float | None]) -> float | None:
    """Slope of the line of least squares; nothing of fewer than two places."""
    known = [(x, y) for x, y in zip(places, values, strict=True) if y is not None]
    if len({x for x, _ in known}) < 2:  # noqa: PLR2004  a line needs two points
        return None
    x_mean, y_mean = fsum(x for x, _ in known) / len(known), fsum(y for _, y in known) / len(known)
    spread = fsum((x - x_mean) * (x - x_mean) for x, _ in known)
    return fsum((x - x_mean) * (y - y_mean) for x, y in known) / spread


def trend(slope_per_step: float | None) -> str | None:
    """Direction of a slope; nothing where there is no slope."""
    if slope_per_step is None:
        return None
    return "increasing" if slope_per_step > RISE else "decreasing" if slope_per_step < -RISE else "stable"
