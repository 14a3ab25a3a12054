import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfleet.world.apportion import apportion

SHARES = (0.35, 0.15, 0.40, 0.10)


def test_the_documented_fleet_is_42_48_18_12():
    assert np.bincount(apportion(SHARES, 120)).tolist() == [42, 18, 48, 12]


def deviations(shares, count):
    """Largest distance of each prefix from its shares."""
    chosen = apportion(shares, count)[:, None] == np.arange(len(shares))
    wanted = np.arange(1, count + 1)[:, None] * np.array(shares) / sum(shares)
    return np.abs(np.add.accumulate(chosen, axis=0) - wanted).max(axis=1)


@pytest.mark.parametrize(
    "shares", [SHARES, (1.0,), (0.5, 0.5), (0.999, 0.001), (0.333, 0.333, 0.334), (0.07, 0.0, 0.13, 0.8), (0.2,) * 5]
)
def test_every_prefix_is_within_one_server_of_the_shares(shares):
    assert deviations(shares, 400).max() < 1


@given(weights=st.lists(st.integers(0, 50), min_size=1, max_size=7).filter(any))
def test_every_prefix_of_odd_shares_is_within_one_server_of_them(weights):
    assert deviations(tuple(float(weight) for weight in weights), 120).max() < 1


@given(short=st.integers(0, 150), more=st.integers(0, 150))
def test_a_longer_fleet_begins_with_the_shorter(short, more):
    assert apportion(SHARES, short + more)[:short].tolist() == apportion(SHARES, short).tolist()


def test_a_type_without_a_share_has_no_server():
    assert set(apportion((0.6, 0.0, 0.4), 500).tolist()) == {0, 2}
