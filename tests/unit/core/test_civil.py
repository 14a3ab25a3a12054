"""Dates by arithmetic agree with Python's calendar on every day that Python has."""

from calendar import monthrange
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfleet.core import civil

EPOCH = date(1970, 1, 1).toordinal()
EVERY_DAY = np.arange(1 - EPOCH, date.max.toordinal() + 1 - EPOCH, dtype=np.int64)


def days(*dates):
    return np.array([date.fromisoformat(text).toordinal() - EPOCH for text in dates], dtype=np.int64)


def test_every_day_of_ten_thousand_years_splits_as_numpy_splits_it():
    known = EVERY_DAY.astype("datetime64[D]")
    found = civil.civil(EVERY_DAY)
    assert np.array_equal(found.year, known.astype("datetime64[Y]").astype(np.int64) + 1970)
    assert np.array_equal(found.month, known.astype("datetime64[M]").astype(np.int64) % 12 + 1)
    assert np.array_equal(found.day_of_month, (known - known.astype("datetime64[M]")).astype(np.int64) + 1)


def test_splitting_and_joining_a_date_gives_the_day_back():
    found = civil.civil(EVERY_DAY)
    assert np.array_equal(civil.days_from_civil(found.year, found.month, found.day_of_month), EVERY_DAY)


@given(st.integers(-(10**9), 10**9))
def test_the_calendar_repeats_every_146097_days(day):
    here, later = (civil.civil(np.array([day + shift])) for shift in (0, 146_097))
    assert later.year - here.year == 400
    assert (later.month, later.day_of_month) == (here.month, here.day_of_month)


@given(st.dates())
def test_weekdays_quarters_and_month_lengths_are_pythons(day):
    at = np.array([day.toordinal() - EPOCH])
    length = monthrange(day.year, day.month)[1]
    assert civil.weekday(at).tolist() == [day.weekday()]
    assert civil.quarter(at).tolist() == [(day.month + 2) // 3]
    assert civil.days_in_month(civil.year(at), civil.month(at)).tolist() == [length]
    assert civil.days_left_in_month(at).tolist() == [length - day.day]


@pytest.mark.parametrize(
    ("day", "left"), [("2024-02-28", 1), ("2023-02-28", 0), ("1900-02-28", 0), ("2000-02-28", 1), ("2025-12-31", 0)]
)
def test_leap_years_lengthen_february(day, left):
    assert civil.days_left_in_month(days(day)).tolist() == [left]


def test_shapes_are_kept_and_nothing_is_a_float():
    grid = EVERY_DAY[:12].reshape(3, 4)
    for function in (civil.year, civil.month, civil.day_of_month, civil.quarter, civil.weekday):
        assert function(grid).shape == (3, 4)
        assert function(grid).dtype == np.int64


def test_no_days_give_no_dates():
    assert len(civil.year(np.empty(0, dtype=np.int64))) == 0
