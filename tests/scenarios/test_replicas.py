"""A replica that nobody calls does what its original does, to its own measure (EST-19)."""

from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest

from ghostfleet.core.window import MINUTE_S, Window
from ghostfleet.spec import loading, reading
from ghostfleet.state.estate import Estates
from ghostfleet.truth.reach import hops

ORIGINAL, REPLICA = "trading-primary-postgres", "trading-replica-postgres"
DAY = int(datetime(2025, 3, 5, tzinfo=UTC).timestamp()) // MINUTE_S
OWN = "scenario: own\nextends: estate\nestate: {incidents: {factor: 0}, scale: %d}"


@cache
def estates(scale):
    return Estates(loading.load(reading.read(OWN % scale, "own.yaml")).scenario)


def statements(scale, name, low, high):
    """Connections and IOPS of a store in some hours of a Wednesday: arrays by name."""
    state = estates(scale).solve(Window(DAY + low * 60, DAY + high * 60, MINUTE_S))
    (row,) = [row for row, one in enumerate(state.leaves.stores) if one == name]
    return {key: getattr(state.statements, key)[row] for key in ("connections", "read_iops", "write_iops", "cpu")}


@pytest.mark.parametrize(("scale", "name"), [(1, REPLICA), (2, REPLICA), (2, f"{REPLICA}-u2")])
def test_it_meets_its_profile_by_day_and_rests_at_night(scale, name):
    day, night = statements(scale, name, 14, 19), statements(scale, name, 4, 9)
    assert 65 <= day["connections"].mean() <= 125  # 95 ± 30
    assert 0.75 * 800 <= day["read_iops"].mean() <= 1.25 * 800
    assert 0.75 * 50 <= day["write_iops"].mean() <= 1.5 * 50
    assert 15 <= day["cpu"].mean() <= 55  # 35 ± 20
    assert all(night[key].mean() < 0.75 * day[key].mean() for key in day)


def test_it_follows_its_original():
    for key in ("connections", "read_iops", "cpu"):
        original, replica = statements(1, ORIGINAL, 0, 24)[key], statements(1, REPLICA, 0, 24)[key]
        assert np.corrcoef(original, replica)[0, 1] > 0.8


def test_what_strikes_its_original_reaches_it_one_link_farther():
    incident = "{kind: traffic_surge, on: [trading-frontend], factor: 6, onset: [2, 2], minutes: [20, 20]}"
    changed = f"\n  incidents: {{factor: 0, placed: [{{starts: 2025-03-05T16:00, incident: {incident}}}]}}"
    text = OWN.replace("{incidents: {factor: 0}, scale: %d}", changed)
    made = Estates(loading.load(reading.read(text, "own.yaml")).scenario)
    window = Window(DAY + 16 * 60, DAY + 16 * 60 + 20, MINUTE_S)
    (occasion,) = made.occasions.between(*(tick * MINUTE_S for tick in (window.start, window.stop)))
    found = hops(occasion, made.flow, made.residents)
    assert found[REPLICA] == found[ORIGINAL] + 1
    struck, calm = made.solve(window), made.solve(window, lambda _occasion: False)
    original, replica = (
        struck.rates.loads[place] / calm.rates.loads[place] for place in map(made.flow.places.get, (ORIGINAL, REPLICA))
    )
    np.testing.assert_allclose(replica, original)
    assert (abs(original[5:] - 1) > 0.05).all()
