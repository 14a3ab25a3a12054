"""Statistics are exact, however large the values."""

from __future__ import annotations

from statistics import pstdev

import numpy as np
import pytest

from ghostfleet.core.batch import Quanta
from ghostfleet.run.statistics import Moments

INT64 = np.iinfo(np.int64)


@pytest.mark.parametrize(
    "units",
    [
        [1, 2, 3],
        [2**31 - 1, -(2**31)] * 50_000,
        [4 * 10**9] * 1_000 + [4 * 10**9 + 2] * 1_000,
        [INT64.max, INT64.max - 2, INT64.max],
        [INT64.min, INT64.max, 0],
    ],
)
def test_moments_are_those_of_whole_numbers_without_end(units: list[int]) -> None:
    wide = np.array(units, np.int64)
    moments = Moments()
    moments.add(Quanta(wide.astype(np.int32) if (wide == wide.astype(np.int32)).all() else wide, 100))
    assert (moments.total, moments.squares) == (sum(units), sum(unit * unit for unit in units))
    figures = moments.summary()
    assert figures["mean"] == pytest.approx(sum(units) / len(units) / 100, rel=1e-12, abs=1e-4)
    assert figures["sd"] == pytest.approx(pstdev(units) / 100, rel=1e-12, abs=1e-4)
    assert (figures["min"], figures["max"]) == (round(min(units) / 100, 4), round(max(units) / 100, 4))


def test_what_does_not_vary_has_no_deviation() -> None:
    moments = Moments()
    moments.add(Quanta(np.full(1_001, 3_333_333_333_333_333, np.int64), 10))
    assert moments.summary()["sd"] == 0
