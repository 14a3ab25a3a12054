"""Offsets are those of the pinned database, to the second, in any year and order."""

import struct
import subprocess
import sys
from datetime import UTC, datetime
from importlib.resources import files
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfleet.core import zones
from ghostfleet.core.errors import ScenarioError

# Half-hour daylight saving, a skipped day, Ramadan, changes of law, two at once, far south, no daylight saving.
TRICKY = (
    *("America/New_York", "Europe/London", "Europe/Dublin", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"),
    *("Asia/Gaza", "America/Caracas", "Asia/Pyongyang", "Antarctica/Troll", "Asia/Tokyo", "America/Argentina/San_Luis"),
)
SINCE, UNTIL = 0, 2_145_916_800  # 1970 to 2038


def seconds(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def listed_transitions(zone):
    """Instants at which a zone's file itself says that the offset changes, and the offsets (RFC 8536)."""
    content = files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()
    counts = struct.unpack(">6l", content[20:44])
    isut, isstd, leap, times, types, chars = counts
    second = 44 + times * 5 + types * 6 + chars + leap * 8 + isstd + isut
    isut, isstd, leap, times, types, chars = struct.unpack(">6l", content[second + 20 : second + 44])
    at = np.frombuffer(content, ">i8", times, second + 44).astype(np.int64)
    index = np.frombuffer(content, "u1", times, second + 44 + times * 8)
    infos = [struct.unpack_from(">lBB", content, second + 44 + times * 9 + 6 * k)[0] for k in range(types)]
    offsets = np.array(infos)[index] if times else np.empty(0)
    changes = np.flatnonzero(np.diff(offsets, prepend=infos[0]))
    inside = [k for k in changes if SINCE < at[k] < UNTIL]
    return at[inside], offsets[inside]


def check_transitions(zone):
    at, after = listed_transitions(zone)
    assert np.array_equal(zones.offsets(at, zone), after)
    if len(at):
        assert not np.any(zones.offsets(at - 1, zone) == after)
    starts = np.concatenate([zones._steps(zone, year)[0] for year in range(1970, 2038)])
    values = np.concatenate([zones._steps(zone, year)[1] for year in range(1970, 2038)])
    found = starts[1:][np.diff(values) != 0]
    last = at[-1] if len(at) else SINCE  # after it the file has a rule instead
    assert np.array_equal(found[found <= last], at)


@pytest.mark.parametrize("zone", TRICKY)
def test_steps_are_the_transitions_that_the_file_lists(zone):
    check_transitions(zone)


@pytest.mark.slow
def test_steps_of_every_zone_are_the_transitions_that_its_file_lists():
    for zone in files("tzdata").joinpath("zones").read_text().split():
        check_transitions(zone)


@given(st.sampled_from(TRICKY), st.lists(st.integers(SINCE, 4_000_000_000), max_size=8))
def test_offsets_are_zoneinfos_at_any_instants_in_any_order(zone, instants):
    with files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as file:
        info = ZoneInfo.from_file(file)
    clocks = [datetime.fromtimestamp(at, info) for at in instants]
    expected = [(clock.replace(tzinfo=UTC) - clock).total_seconds() for clock in clocks]
    assert zones.offsets(np.array(instants, dtype=np.int64), zone).tolist() == expected


@pytest.mark.parametrize(
    ("instant", "hours"),
    [
        ("2025-03-09T06:59:59", -5),
        ("2025-03-09T07:00:00", -4),
        ("2025-11-02T05:59:59", -4),
        ("2025-11-02T06:00:00", -5),
    ],
)
def test_new_york_changes_at_the_second(instant, hours):
    assert zones.offsets(np.array([seconds(instant)]), "America/New_York").tolist() == [3600 * hours]


def test_utc_opens_no_database():
    code = (
        "import sys, numpy; from ghostfleet.core.moments import Moments; from ghostfleet.core.window import Window;"
        "Moments(Window(0, 9, 60)).local('UTC').hour; assert 'tzdata' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_systems_database_is_never_read(monkeypatch):
    # Only the constructor searches the system; a zone read from a file does not.
    monkeypatch.setattr("zoneinfo.ZoneInfo", SimpleNamespace(from_file=ZoneInfo.from_file))
    zones._zone.cache_clear()
    zones._steps.cache_clear()
    assert zones.offsets(np.array([0]), "Europe/Berlin").tolist() == [3600]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("Europe/Berln", "Europe/Berlin"), ("New_York", "America/New_York"), ("tokyo", "Asia/Tokyo")],
)
def test_an_unknown_zone_is_refused_with_what_may_be_meant(wrong, meant):
    with pytest.raises(ScenarioError, match=f"{wrong}.*{meant}"):
        zones.offsets(np.array([0]), wrong)


@pytest.mark.parametrize("wrong", ["", "America", "../zones", "Europe/London/", "/etc/localtime", "Europe"])
def test_a_path_is_not_a_zone(wrong):
    with pytest.raises(ScenarioError, match="no time zone"):
        zones.known_zone(wrong)


def test_the_version_is_a_release_of_the_database():
    year, letter = zones.tzdata_version()[:4], zones.tzdata_version()[4:]
    assert int(year) >= 2025
    assert letter.isalpha()
