"""Whether a forecaster that learnt from the data works on real entities as well as one that learnt from real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.window import HOUR_S

if TYPE_CHECKING:
    from ghostfleet.analysis.realism.twosample import Chance
    from ghostfleet.analysis.realism.windows import Windows
    from ghostfleet.core.arrays import F64, Array

BACK = (0, 1, 2, 3, 5, 8, 11)  # steps back that the forecaster sees, beside means of the last hour and of all it saw
MOST_ROWS = 8000  # that a forecaster learns from
FEWEST_ROWS = 200


@dataclass(frozen=True)
class Transfer:
    """Mean scaled errors on unseen real entities, learnt from either side, and their ratio: 1 is as good as real."""

    ratio: float
    from_data: float
    from_real: float


def transfer(real: Windows, synthetic: Windows, step_s: int, chance: Chance) -> Transfer | None:
    """Learn from the data and from half of the real entities, forecast the others an hour ahead; then swap halves.

    Of the data, namesakes of those others are left out, so that data which was made from REAL knows nothing of them.
    None where the windows are too short or never change.
    """
    ahead = max(1, HOUR_S // step_s)
    half = real.half(chance.seed)
    errors: list[tuple[float, float]] = []
    for mine in (half, ~half):
        here, there = _rows(real.take(np.flatnonzero(mine)), ahead), _rows(real.take(np.flatnonzero(~mine)), ahead)
        others = ~np.isin(synthetic.entities, real.entities[~mine])
        learnt = _rows(synthetic.take(np.flatnonzero(others)), ahead)
        fewest = min(len(learnt[1]), len(here[1]), MOST_ROWS)
        if fewest < FEWEST_ROWS or len(there[1]) < FEWEST_ROWS:
            return None
        errors.append((_error(learnt, there, fewest, chance.seed), _error(here, there, fewest, chance.seed)))
    from_data, from_real = np.mean(errors, axis=0)
    return Transfer(float(from_data / max(from_real, 1e-12)), float(from_data), float(from_real))


def _rows(windows: Windows, ahead: int) -> tuple[F64, F64]:
    """What is known at a step and how the value changes until then; in units of what the window's first third does."""
    points = windows.values.shape[1]
    warm = points // 3
    at = np.arange(warm, points - ahead, max(1, ahead // 2))
    past = windows.values[:, :warm]
    scale = np.abs(np.diff(past, axis=1)).mean(axis=1)
    moving = scale > 0
    if not len(at) or warm <= max(BACK) or not moving.any():
        return np.empty((0, len(BACK) + 2)), np.empty(0)
    x = windows.values[moving] / scale[moving, None]
    now = x[:, at]
    running = np.cumsum(np.pad(x, ((0, 0), (1, 0))), axis=1)
    hour = max(2, ahead)
    seen = [now - x[:, at - back] for back in BACK[1:]]
    means = [(running[:, at + 1] - running[:, at + 1 - span]) / span - now for span in (hour, warm)]
    high = now - np.quantile(x[:, :warm], 0.95, axis=1)[:, None]
    inputs = np.stack([*seen, *means, high], axis=-1).reshape(-1, len(BACK) + 2)
    wanted = (x[:, at + ahead] - now).ravel()
    return np.arcsinh(inputs), np.arcsinh(wanted)  # so that a spike counts and does not rule


def _error(learnt: tuple[F64, F64], unseen: tuple[F64, F64], rows: int, seed: int) -> float:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    forecaster = HistGradientBoostingRegressor(
        max_iter=60,
        learning_rate=0.1,
        max_leaf_nodes=15,
        max_bins=63,
        early_stopping=False,
        random_state=seed,
    )
    some = _even(len(learnt[1]), rows)
    with threadpool_limits(1):
        forecaster.fit(learnt[0][some], learnt[1][some])
        return float(np.abs(forecaster.predict(unseen[0]) - unseen[1]).mean())


def _even(length: int, wanted: int) -> Array:
    """Places spread evenly over a length."""
    return np.linspace(0, length - 1, wanted).astype(np.int64)
