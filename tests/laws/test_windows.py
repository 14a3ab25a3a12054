"""Split, slice, order, fold and span: a window is a cut, never a cause."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfleet import generate
from tests.laws import cells, laws

GRAINS = pytest.mark.parametrize("grain", list(cells.GRAINS))
UNALIGNED = {
    "daily": [1, 63, 65, 130, 257, 258, 399],
    "hourly": [1, 63, 65, 130, 257, 258, 599],
    "p95": [1, 7, 8, 13, 29, 47, 59],
}


@GRAINS
def test_the_same_question_has_the_same_answer(grain):
    laws.repeat(grain)


@GRAINS
def test_seven_unaligned_chunks_concatenate_to_the_whole(grain):
    laws.split(grain, UNALIGNED[grain])


@GRAINS
@settings(max_examples=6)
@given(data=st.data())
def test_any_chunks_concatenate_to_the_whole(grain, data):
    inner = st.integers(1, laws.ROWS[grain] - 1)
    laws.split(grain, data.draw(st.lists(inner, min_size=6, max_size=12, unique=True)))


@GRAINS
@settings(max_examples=15)
@given(data=st.data())
def test_any_window_is_the_slice_of_the_whole(grain, data):
    low = data.draw(st.integers(0, laws.ROWS[grain] - 1))
    laws.piece(grain, low, data.draw(st.integers(low + 1, laws.ROWS[grain])))


@GRAINS
@settings(max_examples=6)
@given(places=st.permutations(range(15)))
def test_tasks_give_the_same_in_any_order(grain, places):
    laws.order(grain, places)


@pytest.mark.parametrize(
    ("grain", "rows", "rows_per_task"), [("daily", 300, 500), ("hourly", 900, 400), ("p95", 50, 60)]
)
def test_a_plan_of_many_tasks_is_the_table_in_its_order(monkeypatch, grain, rows, rows_per_task):
    monkeypatch.setattr(generate, "ROWS_PER_TASK", rows_per_task)
    monkeypatch.setattr(generate, "TICKS_PER_BATCH", 97)
    laws.plans_cut_as_they_like(cells.of_grain(grain, servers=10), cells.window_of(grain, rows, 17))


@settings(max_examples=8)
@given(factor=st.sampled_from([2, 3, 4, 6, 8, 12, 24, 48, 168]), skip=st.integers(0, 5000))
def test_coarser_rows_fold_hours(factor, skip):
    laws.fold("hourly", factor, skip)


@settings(max_examples=4)
@given(factor=st.sampled_from([2, 7, 28]), skip=st.integers(0, 500))
def test_coarser_rows_fold_days(factor, skip):
    laws.fold("daily", factor, skip)


@settings(max_examples=5)
@given(skip=st.integers(0, 1400))
def test_hours_folded_to_days_are_the_daily_percentiles(skip):
    laws.day_of_hours(skip)


@pytest.mark.parametrize(("grain", "rows"), [("daily", 365), ("hourly", 300), ("p95", 40)])
@pytest.mark.parametrize("end", ["data.years_of_data=1", "data.years_of_data=3", "data.years_of_data=5"])
def test_a_longer_span_changes_no_earlier_value(grain, rows, end):
    laws.span(grain, rows, end)


@GRAINS
@settings(max_examples=5)
@given(since=st.integers(0, 150), length=st.integers(1, 200))
def test_from_and_until_choose_rows_and_change_none(grain, since, length):
    laws.asked_window(grain, since, since + length)
