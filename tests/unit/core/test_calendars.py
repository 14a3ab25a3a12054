"""The shipped calendars are those of the kept libraries, and flag and factor are one table."""

import csv
from datetime import date, timedelta
from typing import get_args

import exchange_calendars
import holidays as kept
import numpy as np
import pytest

from ghostfleet.core import calendars, civil
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.quantiles import shipped

US = calendars.holidays("US")
EPOCH = date(1970, 1, 1)


def day(text):
    return (date.fromisoformat(text) - EPOCH).days


def shipped_rows(name):
    return list(csv.DictReader(shipped(name).decode().splitlines()))


def test_every_federal_holiday_and_its_observed_day_is_in_the_table():
    federal = kept.country_holidays("US", years=range(1990, 2062), observed=True)
    expected = {(on.isoformat(), name) for on, name in federal.items() if on.year <= 2060}
    assert expected <= {(row["date"], row["name"]) for row in shipped_rows("holidays_us.csv")}


def test_all_other_days_belong_to_thanksgiving_or_the_turn_of_the_year():
    federal = kept.country_holidays("US", years=range(1990, 2062), observed=True)
    for row in shipped_rows("holidays_us.csv"):
        on = date.fromisoformat(row["date"])
        if on not in federal:
            after_thanksgiving = any(federal.get(on - timedelta(k)) == "Thanksgiving Day" for k in (1, 2, 3))
            assert after_thanksgiving or (on.month == 12 and on.day >= 24)


@pytest.mark.parametrize(
    ("on", "factor"),
    [
        ("2025-01-01", 0.5),
        ("2025-01-20", 0.7),  # third Monday
        ("2025-07-04", 0.7),
        ("2026-07-03", 0.7),  # observed on Friday
        ("2025-11-26", 1.0),
        ("2025-11-27", 0.7),  # fourth Thursday
        ("2025-11-30", 0.7),  # the Sunday after it
        ("2025-12-01", 1.0),
        ("2023-11-23", 0.7),
        ("2023-11-22", 1.0),  # the original's fixed week started here
        ("2025-12-23", 1.0),
        ("2025-12-24", 0.7),
        ("2025-12-25", 0.6),
        ("2025-12-31", 0.6),
    ],
)
def test_factors_are_the_documented_ones(on, factor):
    assert US.factor(np.array([day(on)])).tolist() == [factor]


def test_a_day_is_a_holiday_exactly_when_its_factor_is_below_one():
    days = np.arange(US.first, US.last + 1)
    assert np.array_equal(US.is_holiday(days), US.factor(days) < 1)


def test_reductions_are_30_to_50_percent():
    assert set(US.factors.tolist()) == {0.5, 0.6, 0.7}


def test_lookup_finds_the_row_of_each_day_in_any_order():
    rows = np.array([5, 700, 0, len(US.days) - 1])
    assert np.array_equal(US.find(US.days[rows]), rows)
    assert US.names[US.find(np.array([day("2021-06-19")]))[0]] == "Juneteenth National Independence Day"


def test_whole_years_are_covered_and_other_days_refused():
    assert civil.civil(np.array([US.first, US.last])).year.tolist() == [1990, 2060]
    with pytest.raises(ScenarioError, match="1990-01-01 to 2060-12-31"):
        US.factor(np.array([US.last + 1]))


# The kept library's own use of pandas is out of date; what it answers is not.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("exchange", sorted(calendars.EXCHANGE_ZONES))
def test_trading_days_are_those_of_the_kept_library(exchange):
    calendar = calendars.trading_days(exchange)
    first, last = (str(np.datetime64(on, "D")) for on in (calendar.first, calendar.last))
    library = exchange_calendars.get_calendar(exchange, start=first, end=last)
    assert str(library.tz) == calendar.zone
    days = np.arange(calendar.first, calendar.last + 1)
    open_days = days[calendar.close_hour(days) > 0].astype("datetime64[D]")
    assert np.array_equal(open_days, library.sessions.to_numpy().astype("datetime64[D]"))
    early = np.array([on.date() for on in library.early_closes], dtype="datetime64[D]").astype(np.int64)
    assert np.array_equal(days[(calendar.close_hour(days) > 0) & (calendar.close_hour(days) < 24)], early)


def test_early_closes_are_local_hours():
    days = np.array([day("2025-11-26"), day("2025-11-27"), day("2025-11-28"), day("2025-11-29")])
    assert calendars.trading_days("XNYS").close_hour(days).tolist() == [24, 0, 13, 0]


def test_names_that_models_accept_are_the_calendars_that_ship():
    assert set(get_args(calendars.Country)) == set(calendars.COUNTRIES)
    assert set(get_args(calendars.Exchange)) == set(calendars.EXCHANGE_ZONES)
    assert {row["exchange"] for row in shipped_rows("trading_calendars.csv")} == set(calendars.EXCHANGE_ZONES)


@pytest.mark.parametrize("load", [calendars.holidays, calendars.trading_days])
def test_an_unknown_calendar_is_refused_with_the_known_ones(load):
    with pytest.raises(ScenarioError, match=r"known are .*(US|XNYS)"):
        load("??")


def test_no_days_have_no_factors():
    assert len(US.factor(np.empty(0, dtype=np.int64))) == 0
