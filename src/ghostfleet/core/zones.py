"""Offsets of named time zones from UTC, by the rules of the pinned `tzdata` package alone.

The system's database is never read: two machines may disagree in it, and then in the data.
A zone's offset is a step function. Its steps are found once per calendar year, by asking the zone at every
midnight UTC and halving the days whose ends differ down to the second, so any year can be had without the ones before.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import civil
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.window import DAY_S

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ghostfleet.core.arrays import I64


def tzdata_version() -> str:
    """Release of the IANA database that the rules come from, such as ``2026a``; it belongs in a manifest."""
    return str(import_module("tzdata").IANA_VERSION)  # late: a run in UTC needs no zones


def offsets(seconds: I64, zone: str) -> I64:
    """Seconds to add to UTC to read a zone's clock, at instants in seconds since the epoch; same shape.

    Raises `ScenarioError` when there is no such zone.
    """
    if zone == "UTC":
        return np.zeros_like(seconds)
    known_zone(zone)
    if not seconds.size:
        return np.zeros_like(seconds)
    first, last = int(seconds.min()), int(seconds.max())
    starts, values = _table(zone, _year(first), _year(last))
    place = bisect_right(starts, first)
    if place == bisect_right(starts, last):  # most stretches see no step
        return np.full_like(seconds, values[place - 1])
    return np.array(values).take(np.searchsorted(np.array(starts), seconds, side="right") - 1)


def _year(second: int) -> int:
    return datetime.fromtimestamp(second, UTC).year


@cache
def _table(zone: str, first: int, last: int) -> tuple[list[int], list[int]]:
    """Steps of some years."""
    steps = [_steps(zone, year) for year in range(first, last + 1)]
    starts, values = (np.concatenate(parts).tolist() for parts in zip(*steps, strict=True))
    return starts, values


def known_zone(zone: str) -> None:
    """Refuse a name that is no zone of the pinned database, naming those that look like it."""
    if zone != "UTC":
        _zone(zone)


@cache
def _steps(zone: str, year: int) -> tuple[I64, I64]:
    """Instants of a UTC year from which an offset holds, the year's start first, and those offsets."""
    info = _zone(zone)
    midnights = civil.days_from_civil(year + np.arange(2)) * DAY_S
    grid = list(range(int(midnights[0]), int(midnights[1]), DAY_S))
    # The last day ends one second before the next year, whose own steps begin there.
    ends = [*grid[1:], int(midnights[1]) - 1]
    seen = [_offset(info, at) for at in [*grid, ends[-1]]]
    starts, values = [grid[0]], [seen[0]]
    for index, (before, after) in enumerate(pairwise(seen)):
        if before != after:
            starts.append(_first_second(info, grid[index], ends[index]))
            values.append(after)
    return np.array(starts, dtype=np.int64), np.array(values, dtype=np.int64)


def _first_second(info: ZoneInfo, before: int, after: int) -> int:
    """Second at which the offset of ``after`` begins, given that it holds at ``after`` and not at ``before``."""
    wanted = _offset(info, after)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(info, middle) == wanted:
            after = middle
        else:
            before = middle
    return after


def _offset(info: ZoneInfo, at: int) -> int:
    offset = datetime.fromtimestamp(at, UTC).astimezone(info).utcoffset()
    return 0 if offset is None else offset.days * DAY_S + offset.seconds


@cache
def _zone(zone: str) -> ZoneInfo:
    import zoneinfo  # here, because a run in UTC needs none, and start-up counts

    parts = zone.split("/")
    if not all(part.replace("_", "").replace("-", "").replace("+", "").isalnum() for part in parts):
        raise _unknown(zone)  # also keeps "../" away from the file system
    try:
        with _database().joinpath("zoneinfo", *parts).open("rb") as file:
            return zoneinfo.ZoneInfo.from_file(file, key=zone)
    except (OSError, ValueError):
        raise _unknown(zone) from None


def _database() -> Path:
    """Folder of the pinned database; to import importlib.resources takes longer than to read all zones of an estate."""
    return Path(str(import_module("tzdata").__file__)).parent


def _unknown(zone: str) -> ScenarioError:
    import difflib

    names = (_database() / "zones").read_text(encoding="utf-8").split()
    near = difflib.get_close_matches(zone, names, n=3, cutoff=0.5)
    cities = [name for name in names if zone.lower() == name.rpartition("/")[2].lower()]
    likely = [*cities, *(name for name in near if name not in cities)][:3] or ["a name such as Europe/Berlin"]
    advice = " or ".join(likely)
    return ScenarioError(f"there is no time zone {zone!r} in tzdata {tzdata_version()}; did you mean {advice}?")
