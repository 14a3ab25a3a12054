"""Local clocks jump where daylight saving makes them jump, and a window changes nothing."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from ghostfleet.core.moments import Moments
from ghostfleet.core.window import Window

NEW_YORK = "America/New_York"
VIEWS = (
    "seconds",
    "hour",
    "weekday",
    "day",
    "year",
    "month",
    "day_of_month",
    "quarter",
    "months",
    "days_left_in_month",
)


def window(since, until, tick_s=900):
    start, stop = (int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) for text in (since, until))
    return Window.between(start, stop, tick_s)


def ticks_of(day, zone=NEW_YORK):
    wide = Moments(window("2025-01-01", "2026-01-01", 3600)).local(zone)
    number = date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()
    return wide.hour[wide.day == number].tolist()


def test_a_spring_day_has_23_hours_and_lacks_two_oclock():
    assert ticks_of("2025-03-09") == [0, 1, *range(3, 24)]


def test_an_autumn_day_has_25_hours_and_one_oclock_twice():
    assert ticks_of("2025-11-02") == [0, 1, 1, *range(2, 24)]


def test_an_ordinary_day_has_24_hours():
    assert ticks_of("2025-07-04") == list(range(24))


def test_days_change_at_local_midnight():
    local = Moments(window("2025-01-01T04:45", "2025-01-01T05:15")).local(NEW_YORK)
    assert local.hour.tolist() == [23.75, 0.0]
    assert (local.year.tolist(), local.month.tolist(), local.day_of_month.tolist()) == ([2024, 2025], [12, 1], [31, 1])


@pytest.mark.parametrize("zone", ["UTC", NEW_YORK, "Asia/Kolkata", "Pacific/Apia"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_shorter_window_shows_a_slice(zone, view):
    whole = window("2011-12-28", "2012-01-03")
    for start, stop in ((3, 3), (3, 4), (1, 97), (95, 192), (190, 401), (400, 576)):
        part = Moments(Window(whole.start + start, whole.start + stop, 900)).local(zone)
        expected = getattr(Moments(whole).local(zone), view)[start:stop]
        assert np.array_equal(getattr(part, view), expected)


def test_hours_are_single_precision_and_exact_at_quarters():
    hour = Moments(window("2025-01-01", "2025-01-02")).local("UTC").hour
    assert hour.dtype == np.float32
    assert hour.tolist() == [quarter / 4 for quarter in range(96)]


def test_hours_stay_below_24():
    assert Moments(window("2025-01-01T23:59:58", "2025-01-02", 1)).local("UTC").hour.max() < 24


def test_months_of_four_years_are_48():
    local = Moments(window("2022-01-01", "2026-01-02", 86_400)).local("UTC")
    assert local.months[-1] - local.months[0] == 48


def test_a_view_is_made_once():
    moments = Moments(window("2025-01-01", "2025-01-02"))
    assert moments.local(NEW_YORK) is moments.local(NEW_YORK)
    assert moments.seconds is moments.seconds
    assert len(moments) == len(moments.ticks) == 96
