"""Windows are cut on the grid, with few gaps, in turns."""

import numpy as np
import pytest

from ghostfleet.analysis.realism.readings import Series
from ghostfleet.analysis.realism.windows import Cut, cut, fine_enough, together
from ghostfleet.core.errors import DataError


def series(entity, first, values, missing=()):
    bins = np.arange(first, first + len(values))
    kept = ~np.isin(bins, missing)
    return Series(entity, bins[kept], np.asarray(values, float)[kept])


def test_windows_are_stretches_of_the_series_and_do_not_overlap():
    found = cut([series("a", 1000, np.arange(300))], Cut(40, 100, 1))
    assert len(found) in {6, 7}
    assert set(np.diff(found.starts)) == {40}
    assert all(values[0] == start - 1000 for start, values in zip(found.starts, found.values, strict=True))


def test_metrics_of_an_entity_are_cut_at_the_same_steps():
    sides = {name: cut([series("a", first, np.arange(200))], Cut(40, 100, 1)) for name, first in (("x", 0), ("y", 7))}
    shared, values = together(sides)
    assert len(shared) >= 3
    assert (values["x"][:, 0] - values["y"][:, 0]).tolist() == [7] * len(shared)


def test_small_gaps_are_filled_with_the_last_reading_and_windows_with_large_ones_left_out():
    found = cut([series("a", 0, np.arange(40), missing=[0, 10, 11])], Cut(40, 10, 1))
    assert len(found) == 0  # a shorter series than a window: its first reading is missing
    found = cut([series("a", 0, np.arange(41), missing=[10, 11])], Cut(40, 10, 1))
    assert found.values[0][9:13].tolist() == [9, 9, 9, 12]
    assert len(cut([series("a", 0, np.arange(41), missing=range(10, 14))], Cut(40, 10, 1))) == 0


def test_entities_take_turns_when_there_are_too_many_windows():
    many = [series("long", 0, np.arange(4000)), *(series(f"e{n}", 0, np.arange(90)) for n in range(5))]
    found = cut(many, Cut(40, 10, 1))
    assert len(found) == 10
    assert len(found.owners) == 6


def test_readings_that_are_coarser_than_the_step_are_refused_with_their_cadence():
    hourly = Series("a", np.arange(0, 1200, 12), np.zeros(100))
    with pytest.raises(DataError, match="readings of REAL are 1h apart, coarser than --step 5m; use --step 1h"):
        fine_enough([hourly], "REAL", 300)
    fine = series("b", 0, np.zeros(50))
    assert fine_enough([hourly, fine], "REAL", 300) == [fine]
