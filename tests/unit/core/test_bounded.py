from statistics import NormalDist

import numpy as np
import pytest

from ghostfleet.core.bounded import CELLS, HIGHEST, LOWEST, ROOM_ABOVE, ROOM_BELOW, Bounded, soft_cap

DEVIATIONS = np.array([0.05, 0.15, 0.25])
NORMALS = np.array([NormalDist().inv_cdf((rank + 0.5) / 20_001) for rank in range(20_001)], dtype=np.float32)
BOUNDED = Bounded.solve(DEVIATIONS)


def values(kind, level):
    kinds, levels = np.array([kind], dtype=np.int32), np.full((1, len(NORMALS)), level, dtype=np.float32)
    return BOUNDED.values(kinds, levels, NORMALS[None].copy())[0].astype(np.float64)


@pytest.mark.parametrize("kind", range(len(DEVIATIONS)))
@pytest.mark.parametrize("level", [0.02, 0.05, 0.1, 0.2037, 0.35, 0.5, 0.6519, 0.8, 0.9, 0.95, 0.98])
def test_the_mean_is_the_level_and_the_deviation_the_wanted_one(kind, level):
    wanted = min(DEVIATIONS[kind], ROOM_BELOW * level, ROOM_ABOVE * (1 - level))
    made = values(kind, level)
    assert made.mean() == pytest.approx(level, rel=4e-3)  # 2e-3 of the grid, and what 20,001 quantiles miss
    assert made.std() == pytest.approx(wanted, rel=0.02)


@pytest.mark.parametrize("kind", range(len(DEVIATIONS)))
@pytest.mark.parametrize("level", [LOWEST, 0.01, 0.5, 0.95, HIGHEST])
def test_values_stay_inside_their_bounds_and_rise_with_the_noise(kind, level):
    made = values(kind, level)
    assert made.min() > 0
    assert made.max() < 1
    assert np.all(np.diff(made) >= 0)


def test_values_rise_with_the_level():
    levels = np.linspace(LOWEST, HIGHEST, 5 * CELLS, dtype=np.float32)[None]
    for kind in range(len(DEVIATIONS)):
        made = BOUNDED.values(np.array([kind], dtype=np.int32), levels, np.zeros_like(levels))
        assert np.all(np.diff(made) > 0)


def test_levels_beyond_the_grid_are_its_ends():
    ends = np.array([[0.0, LOWEST / 2, 1.0]], dtype=np.float32)
    made = BOUNDED.values(np.array([0], dtype=np.int32), ends, np.zeros_like(ends))[0]
    assert np.all((made > 0) & (made < 1))


def test_a_soft_cap_leaves_what_is_below_its_knee_and_never_reaches_its_ceiling():
    before = np.linspace(0, 10, 1001, dtype=np.float32)
    after = soft_cap(before.copy(), 0.9, 1.0)
    low = before <= 0.9
    assert np.array_equal(after[low], before[low])
    assert np.all(after < 1)
    assert np.all(np.diff(after) > 0)


def test_a_soft_cap_bends_without_a_step_or_a_kink():
    step = np.float32(1e-3)
    near = soft_cap(np.array([0.9 - step, 0.9, 0.9 + step], dtype=np.float32), 0.9, 1.0)
    slopes = np.diff(near) / step
    assert slopes == pytest.approx([1, 1], abs=0.02)
