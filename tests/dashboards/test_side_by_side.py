"""The picture of two sides has a row for each metric, in either theme, and equal bytes for equal data."""

import struct

import numpy as np
import pytest

from ghostfleet.dashboards.side_by_side import Pair, side_by_side
from ghostfleet.dashboards.themes import THEMES

DRAWS = np.random.default_rng(1)
PAIRS = [
    Pair("cpu", "AUC 0.60", DRAWS.normal(size=(5, 288)), DRAWS.normal(size=(3, 288))),
    Pair("memory", "AUC 0.70", np.full((1, 288), 4.0), np.empty((0, 288))),
]


@pytest.mark.parametrize("name", THEMES)
def test_the_picture_grows_with_its_rows_and_is_the_same_every_time(name):
    sizes = []
    for pairs in (PAIRS[:1], PAIRS):
        picture = side_by_side("Title", "subtitle", pairs, THEMES[name])
        assert picture == side_by_side("Title", "subtitle", pairs, THEMES[name])
        sizes.append(struct.unpack(">II", picture[16:24]))
    assert sizes[0][0] == sizes[1][0] == 2400
    assert sizes[1][1] > sizes[0][1]
