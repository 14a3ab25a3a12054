"""Dates of the proleptic Gregorian calendar as arithmetic on whole days since 1970-01-01.

A year is counted from 1 March here, so that the leap day is the last day of its year and the lengths of the
months before it never change: 31, 30, 31, 30, 31 and over again. The first day of the *m*-th such month is then
``(153 m + 2) // 5``, exactly. (The trick is old; Richards, Explanatory Supplement to the Astronomical Almanac,
2013, 15.11, uses it for Julian days.)

Days are int64 of any shape, and every answer has that shape. Nothing is a float, so nothing rounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ghostfleet.core.arrays import I64

MARCH_0 = -719_468  # 1 March of the year 0, in days since the epoch
DAYS_IN_4_YEARS = 1_461
DAYS_IN_100_YEARS = 36_524
DAYS_IN_400_YEARS = 146_097
MONTHS_BEFORE_JANUARY = 10  # March to December
FEBRUARY = 2
FIRST_DAY, LAST_DAY = date(1678, 1, 1), date(2261, 12, 31)  # that stamps in nanoseconds hold whole
SATURDAY = 5  # as a weekday, where Monday is 0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Civil:
    """Years, months 1-12 and days of the month 1-31, each int64 of one shape."""

    year: I64
    month: I64
    day_of_month: I64


def civil(days: I64) -> Civil:
    """Split days since the epoch into year, month and day of the month."""
    year, day_of_year = _march_year(np.asarray(days, dtype=np.int64) - MARCH_0)
    march_month = (5 * day_of_year + 2) // 153  # 0 is March, 11 is February
    day_of_month = day_of_year - (153 * march_month + 2) // 5 + 1
    month = np.where(march_month < MONTHS_BEFORE_JANUARY, march_month + 3, march_month - 9)
    return Civil(year + (month <= FEBRUARY), month, day_of_month)


def _march_year(since_march_0: I64) -> tuple[I64, I64]:
    """Year that began on the last 1 March, and days since then."""
    cycle = since_march_0 // DAYS_IN_400_YEARS
    day = since_march_0 - cycle * DAYS_IN_400_YEARS
    # Take the leap days out, so that every year of the cycle has 365 days; the last day of the cycle is one too.
    leaps = day // (DAYS_IN_4_YEARS - 1) - day // DAYS_IN_100_YEARS + day // (DAYS_IN_400_YEARS - 1)
    year_of_cycle = (day - leaps) // 365
    day_of_year = day - (365 * year_of_cycle + year_of_cycle // 4 - year_of_cycle // 100)
    return 400 * cycle + year_of_cycle, day_of_year


def days_from_civil(year: I64 | int, month: I64 | int = 1, day_of_month: I64 | int = 1) -> I64:
    """Days since the epoch of a date; months 1-12, shapes broadcast."""
    month = np.asarray(month, dtype=np.int64)
    march_year = np.asarray(year, dtype=np.int64) - (month <= FEBRUARY)
    march_month = (month + 9) % 12
    leap_days = march_year // 4 - march_year // 100 + march_year // 400
    first: I64 = 365 * march_year + leap_days + (153 * march_month + 2) // 5 + MARCH_0
    return np.asarray(first + (np.asarray(day_of_month, dtype=np.int64) - 1), dtype=np.int64)


def year(days: I64) -> I64:
    """Calendar year."""
    return civil(days).year


def month(days: I64) -> I64:
    """Month, 1 to 12."""
    return civil(days).month


def day_of_month(days: I64) -> I64:
    """Day of the month, 1 to 31."""
    return civil(days).day_of_month


def quarter(days: I64) -> I64:
    """Quarter, 1 to 4."""
    return (month(days) + 2) // 3


def weekday(days: I64) -> I64:
    """Day of the week, 0 is Monday and 6 is Sunday."""
    return (np.asarray(days, dtype=np.int64) + 3) % 7  # the epoch was a Thursday


def days_in_month(year: I64, month: I64) -> I64:
    """Count the days of a month, 28 to 31."""
    following = np.asarray(year * 12 + month, dtype=np.int64)  # months since the year 0, one past this one
    return days_from_civil(following // 12, following % 12 + 1) - days_from_civil(year, month)


def days_left_in_month(days: I64) -> I64:
    """Count the days after this one in its month; 0 on the last day."""
    date = civil(days)
    return days_in_month(date.year, date.month) - date.day_of_month


def ensure_within_calendar(start: date, days: int) -> None:
    """Refuse a span beyond what stamps in nanoseconds can state, which is what most tools, ours too, read."""
    if start < FIRST_DAY or start.toordinal() + days > LAST_DAY.toordinal():
        msg = f"start_date: {days} days from {start} leave the calendar; valid are days from {FIRST_DAY} to {LAST_DAY}"
        raise ValueError(msg)
