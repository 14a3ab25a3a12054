"""Each shape does what the documents say of it, worked examples first."""

from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from ghostfleet import shapes
from ghostfleet.core.draw import Stream, entity_ids
from ghostfleet.core.moments import Moments
from ghostfleet.core.window import Window

NEW_YORK = "America/New_York"
KEYS = Stream(3, "x").keys(entity_ids(f"host {k}" for k in range(200)))

# 2025-06-03 is a Tuesday, the 7th a Saturday, the 8th a Sunday.
TUESDAY, SATURDAY, SUNDAY = "2025-06-03", "2025-06-07", "2025-06-08"


def make(kind, **options):
    return msgspec.convert({"kind": kind, **options}, shapes.union())


def moments(since, until=None, tick_s=60):
    start = int(datetime.fromisoformat(since).replace(tzinfo=UTC).timestamp())
    stop = start + tick_s if until is None else int(datetime.fromisoformat(until).replace(tzinfo=UTC).timestamp())
    return Moments(Window.between(start, stop, tick_s))


def at(shape, time, zone="UTC"):
    """Value in the minute that starts at a UTC time."""
    return float(shape.curve(moments(time), None, zone)[0, 0])


def close(value):
    return pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    ("hours", "weekend", "values"), [(1.6, 0.5, (1.6, 1.0, 0.8, 0.5)), (0.8, 1.2, (0.8, 1.0, 0.96, 1.2))]
)
def test_worked_examples_of_web_and_batch_servers(hours, weekend, values):
    times = (f"{TUESDAY}T10:00", f"{TUESDAY}T20:00", f"{SATURDAY}T14:00", f"{SUNDAY}T23:00")
    factors = (make("working_hours", factor=hours), make("weekend", factor=weekend))
    assert tuple(at(factors[0], time) * at(factors[1], time) for time in times) == close(values)


def test_working_hours_are_half_open():
    shape = make("working_hours", factor=2)
    assert [at(shape, f"{TUESDAY}T{clock}") for clock in ("08:59", "09:00", "16:59", "17:00")] == [1, 2, 2, 1]


def test_working_hours_may_pass_midnight():
    shape = make("working_hours", factor=2, start_hour=22, end_hour=6)
    assert [at(shape, f"{TUESDAY}T{clock}") for clock in ("21:59", "22:00", "05:59", "06:00")] == [1, 2, 2, 1]


def test_working_hours_follow_daylight_saving():
    shape = make("working_hours", factor=2)
    assert [at(shape, f"2025-03-07T{clock}", NEW_YORK) for clock in ("13:59", "14:00")] == [1, 2]
    assert [at(shape, f"2025-03-10T{clock}", NEW_YORK) for clock in ("12:59", "13:00")] == [1, 2]


def test_a_weekend_of_the_clock_change_has_47_hours():
    values = make("weekend", factor=0.5).curve(moments("2025-03-01", "2025-03-31", 3600), None, NEW_YORK)
    days = moments("2025-03-01", "2025-03-31", 3600).local(NEW_YORK).day_of_month
    assert np.count_nonzero(values[0, (days == 8) | (days == 9)] == 0.5) == 47


@pytest.mark.parametrize("ends", ["2025-03-31", "2025-06-30", "2025-09-30", "2025-12-31"])
def test_quarters_end_with_five_rising_days(ends):
    shape = make("quarter_end")
    start = np.datetime64(ends) - 5
    values = [at(shape, f"{start + k}T12:00") for k in range(7)]
    assert values == close([1, 1.06, 1.12, 1.18, 1.24, 1.30, 1])


def test_other_months_end_quietly():
    assert at(make("quarter_end"), "2025-02-28T12:00") == 1
    assert at(make("quarter_end", months=[2], factors=[2.0]), "2024-02-29T12:00") == 2


@pytest.mark.parametrize("year", range(2022, 2026))
def test_the_last_day_of_the_year_is_a_peak(year):
    time = f"{year}-12-31T12:00"
    assert at(make("holidays"), time) * at(make("quarter_end"), time) == close(1.30)


def test_the_holiday_wins_when_asked_to():
    assert at(make("holidays", quarter_end_wins=False), "2025-12-31T12:00") == close(0.6)


def test_holidays_are_local_days():
    shape = make("holidays")
    assert at(shape, "2025-07-05T03:59", NEW_YORK) == close(0.7)
    assert at(shape, "2025-07-05T04:00", NEW_YORK) == 1
    assert at(shape, "2025-12-26T12:00") == close(0.6)
    assert at(shape, "2025-12-27T12:00") == 1


@pytest.mark.parametrize(("percent", "grown"), [(0.5, 1.27049), (1.0, 1.61223), (0.8, 1.46594), (0.3, 1.15460)])
def test_48_months_compound(percent, grown):
    shape = make("growth", percent_per_month=percent, since="2022-01-01")
    assert at(shape, "2026-01-01T00:00") == close((1 + percent / 100) ** 48)
    assert at(shape, "2026-01-01T00:00") == pytest.approx(grown, rel=1e-4)


def test_growth_starts_at_one_and_is_continuous():
    shape = make("growth", percent_per_month=5, since="2022-02-15")
    assert at(shape, "2022-02-15T00:00") == 1
    assert at(shape, "2022-01-15T00:00") < 1
    values = shape.curve(moments("2022-01-01", "2023-01-01", 3600))[0]
    assert np.all(np.diff(values) > 0)
    assert np.diff(values).max() < 2e-4


def test_half_of_a_month_is_half_a_month():
    shape = make("growth", percent_per_month=10, since="2023-02-01")
    assert at(shape, "2023-02-15T00:00") == close(1.1**0.5)


@pytest.mark.parametrize(
    ("time", "value"),
    [
        (f"{TUESDAY}T06:59", 0.4),
        (f"{TUESDAY}T07:00", 1.2),
        (f"{TUESDAY}T09:00", 1.8),
        (f"{TUESDAY}T13:00", 2.1),
        (f"{TUESDAY}T11:00", 1.8 + 0.3 * 0.5**0.5),
        (f"{TUESDAY}T17:00", 1.2),
        (f"{TUESDAY}T19:00", 0.4),
        (f"{SATURDAY}T13:00", 0.1),
    ],
)
def test_business_hours_are_the_documented_ones(time, value):
    assert at(make("business_hours"), time) == close(value)


@pytest.mark.parametrize(
    ("clock", "value"),
    [
        ("05:59", 0.3),
        ("06:00", 0.3),
        ("06:30", 0.9),
        ("07:00", 1.5),
        ("09:29", 1.5),
        ("09:30", 2.5),
        ("12:45", 3.0),
        ("16:00", 1.5),
        ("17:59", 1.5),
        ("18:00", 0.3),
    ],
)
def test_market_hours_are_those_of_the_exchange_whatever_the_zone(clock, value):
    shape = make("market_hours", exchange="XTKS")  # nine hours ahead, all year
    utc = np.datetime64(f"{TUESDAY}T{clock}") - np.timedelta64(9, "h")
    assert at(shape, str(utc), NEW_YORK) == close(value)


def test_markets_rest_at_weekends():
    assert at(make("market_hours"), f"{SATURDAY}T16:00") == close(0.1)


def test_the_market_opens_an_hour_earlier_in_utc_in_summer():
    shape = make("market_hours")
    assert [at(shape, f"2025-01-07T{clock}") for clock in ("14:29", "14:30")] == close([1.5, 2.5])
    assert [at(shape, f"2025-07-08T{clock}") for clock in ("13:29", "13:30")] == close([1.5, 2.5])


@pytest.mark.parametrize(
    ("time", "value"),
    [
        ("2025-07-04T16:00", 0.2),  # closed
        ("2025-07-03T16:59", 1.0),  # 12:59 in New York
        ("2025-07-03T17:00", 0.5),  # early close at 13:00
        ("2025-07-03T20:00", 1.0),  # the ordinary close
        ("2025-07-05T16:00", 1.0),  # Saturday: the weekend's business
        ("2025-07-07T16:00", 1.0),
    ],
)
def test_trading_calendar_knows_closed_days_and_early_closes(time, value):
    assert at(make("trading_calendar"), time, "Asia/Tokyo") == close(value)


@pytest.mark.parametrize(
    ("clock", "value"), [("05:59", 2.4), ("06:00", 1.5), ("08:00", 0.6), ("17:59", 0.6), ("18:00", 1.5), ("20:00", 2.4)]
)
def test_batch_processing_works_at_night(clock, value):
    assert at(make("batch_processing"), f"{TUESDAY}T{clock}") == close(value)


def test_batch_nights_are_drawn_between_their_bounds():
    values = make("batch_processing").curve(moments(TUESDAY, f"{TUESDAY}T05:00", 300), KEYS)
    assert 2.2 <= values.min() < 2.21
    assert 2.59 < values.max() <= 2.6


def test_events_burst_in_one_cell_of_twenty_by_three_to_eight():
    values = make("event_driven").curve(moments(f"{TUESDAY}T06:00", f"{TUESDAY}T22:00", 300), KEYS) / np.float32(1.2)
    bursts = values[values > 1.5]
    assert bursts.size / values.size == pytest.approx(0.05, abs=0.004)
    assert 3 <= bursts.min() < 3.05
    assert 7.95 < bursts.max() <= 8.00001
    assert bursts.mean() == pytest.approx(5.5, abs=0.1)


def test_nights_are_calmer_for_events():
    shape = make("event_driven", burst_probability=0)
    assert [at(shape, f"{TUESDAY}T{clock}") for clock in ("05:59", "06:00", "21:59", "22:00")] == close(
        [0.8, 1.2, 1.2, 0.8]
    )


def test_a_draw_holds_for_its_cell():
    values = make("steady", amplitude=0).curve(moments(TUESDAY, f"{TUESDAY}T01:00"), KEYS)
    assert np.all(values.reshape(len(KEYS), 12, 5) == values.reshape(len(KEYS), 12, 5)[:, :, :1])
    assert len(np.unique(values[0])) == 12


def test_steady_load_has_a_small_daily_wave():
    shape = make("steady", spread=0)
    times = (f"{TUESDAY}T{clock}" for clock in ("00:00", "06:00", "12:00", "18:00"))
    assert [at(shape, time) for time in times] == close([1.0, 1.2, 1.0, 0.8])


def test_maintenance_may_pass_the_end_of_the_week():
    shape = make("maintenance", windows=[{"weekday": "sunday", "start_hour": 22, "duration_hours": 4, "factor": 0.1}])
    times = ("2025-06-08T21:59", "2025-06-08T22:00", "2025-06-09T01:59", "2025-06-09T02:00", "2025-06-10T23:00")
    assert [at(shape, time) for time in times] == close([1, 0.1, 0.1, 1, 1])


def test_overlapping_maintenance_multiplies():
    window = {"weekday": "tuesday", "start_hour": 1, "duration_hours": 2, "factor": 0.5}
    shape = make("maintenance", windows=[window, window | {"start_hour": 2}])
    assert [at(shape, f"{TUESDAY}T0{hour}:30") for hour in (1, 2, 3)] == [0.5, 0.25, 0.5]


@pytest.mark.parametrize("kind", ["business_hours", "market_hours", "batch_processing", "event_driven", "steady"])
def test_documented_patterns_never_fall_below_their_floor(kind):
    values = make(kind).curve(moments("2025-01-01", "2025-03-01", 900), KEYS[:5], NEW_YORK)
    assert values.min() >= np.float32(0.1)
