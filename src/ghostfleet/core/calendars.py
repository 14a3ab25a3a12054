"""Public holidays and trading days as shipped tables, looked up for whole columns of local days at once.

`scripts/make_calendars.py` makes the tables. One calendar answers both whether a day is a holiday and by how much
load falls on it, so the two cannot disagree.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from ghostfleet.core import civil
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.quantiles import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ghostfleet.core.arrays import F32, F64, I64, Bool

Country = Literal["US"]
Exchange = Literal["XETR", "XFRA", "XHKG", "XLON", "XNYS", "XTKS"]

COUNTRIES = {"US": "holidays_us.csv"}

EXCHANGE_ZONES = {  # whose local days and closing times the table holds
    "XETR": "Europe/Berlin",
    "XFRA": "Europe/Berlin",
    "XHKG": "Asia/Hong_Kong",
    "XLON": "Europe/London",
    "XNYS": "America/New_York",
    "XTKS": "Asia/Tokyo",
}
FULL_DAY_H = 24.0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Holidays:
    """A country's holidays: days since the epoch in ascending order, their names and load factors."""

    days: I64
    names: tuple[str, ...]
    factors: F64
    first: int  # first day that the table speaks of
    last: int

    def find(self, days: I64) -> I64:
        """Row of each local day, −1 where it is no holiday."""
        _within(days, self.first, self.last, "the calendar of holidays")
        return _row_of(self.days, days)

    def is_holiday(self, days: I64) -> Bool:
        """Say of each local day whether it is in the calendar."""
        return self.find(days) >= 0

    def factor(self, days: I64) -> F64:
        """Load factor of each local day, 1 where it is no holiday."""
        rows = self.find(days)
        return np.where(rows >= 0, self.factors.take(rows), 1.0)  # row −1 takes the last factor, and drops it


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TradingDays:
    """An exchange's exceptions among weekdays, by local day, and the zone whose days they are."""

    exchange: str
    zone: str
    days: I64  # closed all day, or closing early; ascending
    close_hours: F32  # local hour of the early close; 0 where the exchange is closed all day
    first: int
    last: int

    def close_hour(self, days: I64) -> F32:
        """Local hour by which trading ends on each day: 0 on closed days, 24 on days with ordinary hours."""
        _within(days, self.first, self.last, f"the trading calendar of {self.exchange}")
        rows = _row_of(self.days, days)
        hours = np.where(rows >= 0, self.close_hours.take(rows), np.float32(FULL_DAY_H))
        hours[civil.weekday(days) >= civil.SATURDAY] = 0
        return hours


@cache
def holidays(country: str) -> Holidays:
    """Holidays of a country by its two-letter code; raises `ScenarioError` for one that is not shipped."""
    if country not in COUNTRIES:
        raise ScenarioError(f"there is no calendar of holidays for {country!r}; known are {_listed(COUNTRIES)}")
    dates, names, factors = zip(*_rows(COUNTRIES[country]), strict=True)
    days = _days(dates)
    years = civil.year(days[[0, -1]])
    first, after = civil.days_from_civil(years + np.array([0, 1])).tolist()
    return Holidays(days, names, np.array(factors, dtype=np.float64), first, after - 1)


@cache
def trading_days(exchange: str) -> TradingDays:
    """Trading calendar of an exchange by its market identifier code (ISO 10383); `ScenarioError` when not shipped."""
    if exchange not in EXCHANGE_ZONES:
        raise ScenarioError(f"there is no trading calendar for {exchange!r}; known are {_listed(EXCHANGE_ZONES)}")
    rows = [row for row in _rows("trading_calendars.csv") if row[0] == exchange]
    days = _days(row[1] for row in rows)
    hours = np.array([_hour(row[3]) for row in rows], dtype=np.float32)
    # The first and the last row say how far the calendar reaches.
    return TradingDays(exchange, EXCHANGE_ZONES[exchange], days[1:-1], hours[1:-1], int(days[0]), int(days[-1]))


def _rows(name: str) -> list[list[str]]:
    return list(csv.reader(shipped(name).decode().splitlines()))[1:]


def _days(dates: Iterable[str]) -> I64:
    return np.array(list(dates), dtype="datetime64[D]").astype(np.int64)


def _hour(clock: str) -> float:
    hours, _, minutes = clock.partition(":")
    return int(hours or 0) + int(minutes or 0) / 60


def _row_of(table: I64, days: I64) -> I64:
    rows = np.searchsorted(table, days)
    found = table.take(rows, mode="clip") == days
    return np.where(found, rows, -1)


def _within(days: I64, first: int, last: int, what: str) -> None:
    if days.size and (days.min() < first or days.max() > last):
        since, until = np.array([first, last]).astype("datetime64[D]")
        raise ScenarioError(f"{what} knows the days {since} to {until} only; choose a span inside them")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
