"""Make the calendars that the package ships, from the libraries `holidays` and `exchange_calendars`.

Run it from the root of the repository: ``python -m scripts.make_calendars``. The files it writes are data: a new
release of either library changes nothing until somebody runs this again and says so in the change log.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import exchange_calendars
import holidays
import numpy as np

from scripts.make_quantiles import DATA, renew_checksums

FIRST_YEAR, LAST_YEAR = 1990, 2060

# Of load, CAP-8. The library's federal holidays take FEDERAL where no line of `factor` says otherwise.
FEDERAL, NEW_YEAR, CHRISTMAS_EVE, YEAR_END, THANKSGIVING = 0.7, 0.5, 0.7, 0.6, 0.7

# As far as the library goes: Tokyo is known since 1997, Hong Kong until 2049.
EXCHANGES = {
    "XETR": ("1990-01-01", "2060-12-31"),
    "XFRA": ("1990-01-01", "2060-12-31"),
    "XHKG": ("1990-01-01", "2049-12-31"),
    "XLON": ("1990-01-01", "2060-12-31"),
    "XNYS": ("1990-01-01", "2060-12-31"),
    "XTKS": ("1997-01-01", "2060-12-31"),
}


def us_holidays() -> Iterator[tuple[str, str, float]]:
    """Dates, names and load factors of every US day that differs from an ordinary one."""
    federal = holidays.country_holidays("US", years=range(FIRST_YEAR, LAST_YEAR + 2), observed=True)
    names = dict(federal.items()) | {
        day: name for day, name in around(federal) if day not in federal and FIRST_YEAR <= day.year <= LAST_YEAR
    }
    for day in sorted(names):
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            yield day.isoformat(), names[day], factor(day, names[day])


def around(federal: holidays.HolidayBase) -> Iterator[tuple[date, str]]:
    """Yield the quiet days that go with Thanksgiving and Christmas."""
    for day, name in list(federal.items()):
        if name == "Thanksgiving Day":
            yield day + timedelta(1), "Day after Thanksgiving"
            yield day + timedelta(2), "Thanksgiving weekend"
            yield day + timedelta(3), "Thanksgiving weekend"
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        yield date(year, 12, 24), "Christmas Eve"
        yield from ((date(year, 12, day), "Christmas week") for day in range(26, 31))
        yield date(year, 12, 31), "New Year's Eve"


def factor(day: date, name: str) -> float:
    """Load factor of a day in the calendar (CAP-8)."""
    month_day = (day.month, day.day)
    if month_day == (1, 1):
        return NEW_YEAR
    if month_day == (12, 24):
        return CHRISTMAS_EVE
    if month_day >= (12, 25):
        return YEAR_END
    return THANKSGIVING if "Thanksgiving" in name else FEDERAL


def trading_days(exchange: str, first: str, last: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield an exchange's exceptions: weekdays on which it is closed, or closes early, and the span that is known."""
    calendar = exchange_calendars.get_calendar(exchange, start=first, end=last)
    weekdays = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    closed = np.setdiff1d(weekdays[np.is_busday(weekdays)], calendar.sessions.values.astype("datetime64[D]"))
    yield exchange, first, "first", ""
    rows = [(exchange, str(day), "closed", "") for day in closed]
    for session in calendar.early_closes:
        close = calendar.session_close(session).tz_convert(calendar.tz)
        rows.append((exchange, str(session.date()), "early", close.strftime("%H:%M")))
    yield from sorted(rows)
    yield exchange, last, "last", ""


def write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    """Write a CSV file with line feeds, the same on every system."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    write(DATA / "holidays_us.csv", ("date", "name", "factor"), us_holidays())
    exceptions = (row for exchange, (first, last) in EXCHANGES.items() for row in trading_days(exchange, first, last))
    write(DATA / "trading_calendars.csv", ("exchange", "date", "status", "close"), exceptions)
    renew_checksums()
