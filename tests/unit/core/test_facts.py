from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfleet.core.facts import FOLDS, Facts
from ghostfleet.core.table import Fold, Kind, Table, column
from ghostfleet.core.window import Window

TABLE = Table(
    "loads",
    "loads of hosts",
    (
        column("time", Kind.TIME, ""),
        *(column(fold.value, Kind.F64, "", fold=fold) for fold in Fold if fold is not Fold.WEIGHTED),
        column("weighted", Kind.F64, "", fold=Fold.WEIGHTED, by="reads"),
    ),
    ("time",),
    ("time",),
)
ORACLES = {
    Fold.SUM: lambda ticks: ticks.sum(axis=2),
    Fold.MEAN: lambda ticks: ticks.mean(axis=2),
    Fold.MAX: lambda ticks: ticks.max(axis=2),
    Fold.LAST: lambda ticks: ticks[:, :, -1],
    Fold.P95: lambda ticks: np.percentile(ticks, 95, axis=2),
    Fold.WEIGHTED: lambda ticks: ticks.sum(axis=2),
}


@pytest.mark.parametrize("fold", list(Fold))
@given(data=st.data(), factor=st.integers(2, 30), rows=st.integers(1, 4))
def test_a_fold_is_what_it_is_called(fold, data, factor, rows):
    wanted = st.lists(st.integers(-1000, 1000), min_size=2 * factor * rows, max_size=2 * factor * rows)
    ticks = np.array(data.draw(wanted), dtype=np.float64).reshape(2, -1)
    window = Window(5 * factor, (5 + rows) * factor, 60)
    folded = Facts(TABLE, window, {fold.value: ticks}).folded(factor)
    assert folded.window == Window(5, 5 + rows, 60 * factor)
    expected = ORACLES[fold](ticks.reshape(2, rows, factor))
    np.testing.assert_allclose(folded.values[fold.value], expected, rtol=1e-12, atol=1e-9)


def test_sums_add_tick_by_tick_so_that_no_cpu_chooses_the_order():
    ticks = (1 / np.arange(1, 100_001, dtype=np.float32)).reshape(1, 1, -1)
    total = np.float32(0)
    for tick in ticks[0, 0]:
        total += tick
    assert FOLDS[Fold.SUM](ticks)[0, 0] == total
    assert total != np.float32(sum(Fraction(float(tick)) for tick in ticks[0, 0]))  # so the order does matter


def test_single_ticks_are_rows_as_they_are():
    facts = Facts(TABLE, Window(3, 5, 60), {"sum": np.ones((1, 2))})
    assert facts.folded(1) is facts


@pytest.mark.parametrize(("start", "stop"), [(1, 24), (0, 23), (12, 36)])
def test_a_window_that_cuts_a_row_is_not_folded(start, stop):
    facts = Facts(TABLE, Window(start, stop, 3600), {"sum": np.ones((1, stop - start))})
    with pytest.raises(ValueError, match="are not whole rows of 24"):
        facts.folded(24)


def test_what_declares_no_fold_is_not_folded():
    facts = Facts(TABLE, Window(0, 2, 60), {"time": np.ones((1, 2))})
    with pytest.raises(ValueError, match="must declare how it folds"):
        facts.folded(2)


def weighed(data, rows, factor):
    """Facts of two entities with 0 to 3 reads per tick, and the same as lists of reads."""
    reads = [[data.draw(st.lists(st.integers(0, 10**12), max_size=3)) for _ in range(rows * factor)] for _ in range(2)]
    sums = np.array([[sum(tick) for tick in entity] for entity in reads], dtype=np.int64)
    counts = np.array([[len(tick) for tick in entity] for entity in reads], dtype=np.int64)
    return Facts(TABLE, Window(7 * factor, (7 + rows) * factor, 60), {"weighted": sums, "reads": counts}), reads


@given(data=st.data(), factor=st.integers(1, 6), rows=st.integers(1, 3))
def test_a_weighted_mean_is_that_of_every_single_read(data, factor, rows):
    facts, reads = weighed(data, rows, factor)
    mean, missing = facts.folded(factor).mean("weighted")
    for entity in range(2):
        for row in range(rows):
            seen = [read for tick in reads[entity][row * factor : (row + 1) * factor] for read in tick]
            assert missing[entity, row] == (not seen)
            assert mean[entity, row] == (sum(seen) / len(seen) if seen else 0)


@given(data=st.data(), first=st.integers(1, 4), second=st.integers(1, 4))
def test_weighted_facts_folded_twice_are_those_folded_once(data, first, second):
    facts, _ = weighed(data, 2, first * second)
    once, twice = facts.folded(first * second), facts.folded(first).folded(second)
    assert once.window == twice.window
    for name in once.values:
        assert once.values[name].dtype == np.int64
        assert np.array_equal(once.values[name], twice.values[name])


def test_a_mean_of_means_would_forget_how_much_each_tick_saw():
    facts = Facts(TABLE, Window(0, 2, 60), {"weighted": np.array([[30, 8]]), "reads": np.array([[3, 2]])})
    assert facts.mean("weighted")[0].mean() == 7
    assert facts.folded(2).mean("weighted")[0].item() == 7.6


@pytest.mark.parametrize("fold", list(Fold))
def test_facts_of_nobody_fold_to_no_rows(fold):
    folded = Facts(TABLE, Window(0, 10, 60), {fold.value: np.zeros((0, 10))}).folded(5)
    assert folded.values[fold.value].shape == (0, 2)
