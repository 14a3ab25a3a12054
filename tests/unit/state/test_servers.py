from datetime import UTC, datetime

import numpy as np
import pytest

from ghostfleet.core.window import DAY_S, HOUR_S, Window
from ghostfleet.spec.fleet import METRICS
from ghostfleet.state import servers as states
from ghostfleet.state.servers import Servers
from ghostfleet.world import fleet as fleets
from tests.laws.cells import scenario, window_of

NAMES = ("cpu", "memory", "disk", "network_in", "network_out")
UTC_EVERYWHERE = "data.metadata.region_zones={US-East: UTC, US-West: UTC, EU: UTC, Asia: UTC}"
CALM = ("data.seasonality.holiday_effect=false", "data.seasonality.quarterly_peaks=false")
DAILY, HOURLY = "data.granularity=daily", "data.granularity=hourly"


def servers_of(*assignments, servers=120):
    made = scenario(*assignments, servers=servers)
    return Servers.of(made, fleets.build(made))


def moment(year, month, day, hour=0):
    """Window of one hour."""
    hour = int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) // HOUR_S
    return Window(hour, hour + 1, HOUR_S)


def day(year, month, day):
    """Window of one day."""
    number = int(datetime(year, month, day, tzinfo=UTC).timestamp()) // DAY_S
    return Window(number, number + 1, DAY_S)


def factor(servers, kind, window):
    """Product of time factors of the first server of a type."""
    first = servers.fleet.type_codes.tolist().index(servers.fleet.types.index(kind))
    return float(servers._factors(servers._calendar(window), first, first + 1)[0, 0])


@pytest.mark.parametrize(
    ("kind", "when", "wanted"),
    [
        ("web", (2022, 5, 10, 10), 1.6),
        ("web", (2022, 5, 10, 20), 1.0),
        ("web", (2022, 5, 14, 14), 0.8),
        ("web", (2022, 5, 15, 23), 0.5),
        ("batch", (2022, 5, 10, 10), 0.8),
        ("batch", (2022, 5, 10, 20), 1.0),
        ("batch", (2022, 5, 14, 14), 0.96),
        ("batch", (2022, 5, 15, 23), 1.2),
    ],
)
def test_hours_and_weekends_multiply_as_in_the_documents(kind, when, wanted):
    assert factor(servers_of(HOURLY, UTC_EVERYWHERE), kind, moment(*when)) == pytest.approx(wanted)


def test_daily_levels_know_no_hours():
    assert factor(servers_of(DAILY), "web", day(2022, 5, 10)) == 1


def test_working_hours_are_those_of_the_region():
    made = servers_of(HOURLY)
    web = made.fleet.type_codes == made.fleet.types.index("web")
    busy = {}
    for region, name in enumerate(made.fleet.regions.vocabulary):
        server = int(np.flatnonzero(web & (made.fleet.regions.codes == region))[0])
        tuesday = Window(moment(2022, 5, 10).start, moment(2022, 5, 11).start, HOUR_S)
        factors = made._factors(made._calendar(tuesday), server, server + 1)[0]
        busy[name] = int(np.flatnonzero(factors > 1)[0])
    assert busy == {"US-East": 13, "US-West": 16, "EU": 7, "Asia": 0}  # 9:00 there, in UTC


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        ((2022, 3, 26), 0.5),  # a Saturday, not yet in the rush
        ((2022, 3, 31), 1.30),
        ((2022, 3, 30), 1.24),
        ((2022, 6, 30), 1.30),
        ((2022, 6, 27), 1.12),
        ((2022, 9, 30), 1.30),
        ((2024, 12, 31), 1.30),  # although the year ends
        ((2024, 12, 27), 1.06),
        ((2024, 12, 26), 0.6),
        ((2024, 12, 24), 0.7),
        ((2025, 1, 1), 0.5),
        ((2024, 7, 4), 0.7),
        ((2024, 11, 28), 0.7),  # Thanksgiving
        ((2022, 4, 28), 1.0),
    ],
)
def test_quarter_ends_and_holidays_move_the_load_by_date(when, wanted):
    assert factor(servers_of(DAILY), "web", day(*when)) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("assignment", "when", "wanted"),
    [
        ("data.seasonality.weekly=false", (2022, 5, 14), 1.0),
        ("data.seasonality.quarterly_peaks=false", (2022, 3, 31), 1.0),
        ("data.seasonality.quarterly_peaks=false", (2024, 12, 31), 0.6),
        ("data.seasonality.holiday_effect=false", (2025, 1, 1), 1.0),
        ("data.seasonality.eoq_months=[1, 4]", (2022, 4, 29), 1.24),
        ("data.seasonality.eoq_months=[1, 4]", (2022, 3, 31), 1.0),
        ("data.seasonality.eoq_factors=[2, 3]", (2022, 3, 31), 3.0),
        ("data.seasonality.eoq_factors=[2, 3]", (2022, 3, 29), 1.0),
        ("fleet.archetypes.web.weekend_factor=0.25", (2022, 5, 14), 0.25),
    ],
)
def test_each_calendar_key_acts(assignment, when, wanted):
    assert factor(servers_of(DAILY, assignment), "web", day(*when)) == pytest.approx(wanted)


def test_the_general_weekend_factor_is_for_types_without_their_own():
    made = servers_of("fleet.archetypes.web.weekend_factor=null", "data.seasonality.weekend_factor=0.9")
    assert factor(made, "web", day(2022, 5, 14)) == pytest.approx(0.9)
    assert factor(made, "batch", day(2022, 5, 14)) == pytest.approx(1.2)


def test_working_hours_are_half_open():
    made = servers_of(HOURLY, UTC_EVERYWHERE, "data.seasonality.working_hours=[8, 20]")
    hours = [hour for hour in range(24) if factor(made, "web", moment(2022, 5, 10, hour)) > 1]
    assert hours == list(range(8, 20))


def test_growth_compounds_per_month_as_documented():
    made = servers_of()
    months = [(2022 + month // 12, month % 12 + 1) for month in range(49)]
    curve = np.array([made._calendar(day(*month, 1)).growth[:, 0] for month in months])
    rates = np.array([1.005, 1.01, 1.008, 1.003])  # web, database, application, batch
    np.testing.assert_allclose(curve, rates ** np.arange(49)[:, None], rtol=2e-6)
    assert ((curve[48] - 1) * 100).round().tolist() == [27, 61, 47, 15]


@pytest.mark.parametrize("grain", [DAILY, HOURLY])
def test_noise_of_every_pair_of_metrics_is_correlated_as_its_type_says(grain):
    made = servers_of(grain)
    window = window_of("hourly" if grain == HOURLY else "daily", 1461)
    noise = made.noise(window, made.fleet.type_codes, 0, 120)[: len(METRICS)]
    for kind, archetype in enumerate(made.fleet.archetypes):
        mine = np.flatnonzero(made.fleet.type_codes == kind)
        seen = np.mean([np.corrcoef([metric[server] for metric in noise]) for server in mine], axis=0)
        wanted = [[archetype.correlation.between(left, right) for right in METRICS] for left in METRICS]
        assert np.abs(seen - wanted).max() < (0.05 if grain == DAILY else 0.15), made.fleet.types[kind]


@pytest.mark.parametrize("grain", [DAILY, HOURLY])
def test_noise_of_every_server_remembers_its_last_step(grain):
    made = servers_of(grain)
    noise = made.lattices(window_of("hourly" if grain == HOURLY else "daily", 1461), 0, 120)[states.CPU]
    for character in range(len(states.PERSISTENCES)):
        mine = noise[made.characters == character]
        assert (mine[:, 1:] * mine[:, :-1]).mean() / (mine * mine).mean() > 0.1


def test_spikes_come_as_often_as_documented_in_every_64_ticks():
    made = servers_of()
    start = window_of("daily", 1).start // 64 * 64
    strata = made._strata(Window(start, start + 10 * 64, DAY_S), 0, 120)
    chances = np.array([kind.spikes.probability for kind in made.fleet.archetypes])[made.fleet.type_codes]
    counts = (strata < chances[:, None]).reshape(120, 10, 64).sum(axis=2)
    assert np.all(np.abs(counts - 64 * chances[:, None]) < 1)
    assert counts.sum() / 640 == pytest.approx(chances.sum(), rel=0.05)
    assert strata.min() > 0
    assert strata.max() < 1


def test_spikes_have_the_documented_sizes_and_spare_the_disk():
    calm = [f"fleet.archetypes.{kind}.spikes.probability=0" for kind in ("web", "database", "application", "batch")]
    before = servers_of(*calm).solve(window_of("daily", 600), 0, 120)
    made = servers_of()
    after = made.solve(window_of("daily", 600), 0, 120)
    assert np.array_equal(before.disk, after.disk)
    for kind, archetype in enumerate(made.fleet.archetypes):
        mine = made.fleet.type_codes == kind
        size = archetype.spikes.magnitude
        struck = before.network_in[mine] != after.network_in[mine]
        assert struck.mean() == pytest.approx(archetype.spikes.probability, rel=0.15)
        for name, wanted, knee in (
            ("cpu", size, 90),
            ("memory", max(1, 0.7 * size), 90),
            ("network_in", 0.8 * size, 900),
        ):
            quiet, busy = getattr(before, name)[mine], getattr(after, name)[mine]
            assert np.array_equal(quiet[~struck], busy[~struck])
            free = struck & (busy < knee)
            assert free.any()
            np.testing.assert_allclose(busy[free] / quiet[free], wanted, rtol=1e-5)


def test_outbound_traffic_is_about_six_tenths_of_inbound_and_has_its_own_noise():
    state = servers_of().solve(window_of("daily", 1461), 0, 120)
    ratio = state.network_out / state.network_in
    assert ratio.mean() == pytest.approx(0.6, abs=0.02)
    assert 0.03 < ratio.std() < 0.1
    assert all(
        0.9 < np.corrcoef(inbound, outbound)[0, 1] < 0.999
        for inbound, outbound in zip(state.network_in, state.network_out, strict=True)
    )


@pytest.mark.parametrize("grain", [DAILY, HOURLY])
def test_no_value_stands_at_a_bound(grain):
    window = window_of("hourly", 2000, 33_000) if grain == HOURLY else window_of("daily", 1461)
    state = servers_of(grain).solve(window, 0, 120)
    for name, high in zip(NAMES, (100, 100, 100, 1000, 600), strict=True):
        shown = np.rint(getattr(state, name) * 100) / 100
        assert np.mean((shown <= 0) | (shown >= high)) < 0.005, name


# Means and deviations that the original's documents measured (CAP-24). Character and load are evenly spread and
# normed, so a fleet of 120 meets them within a few percent: 3 % for means, and 5 % for deviations, which also hold the
# effect of bounds that no longer clip. Growth is divided out, because the original's hardly grew (defect 3).
REFERENCE = {
    "cpu": (40.0, 20.2),
    "memory": (44.6, 19.5),
    "disk": (31.4, 16.1),
    "network_in": (110.8, 52.9),
    "network_out": (66.5, 31.7),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_first_year_has_the_reference_statistics(name):
    made = servers_of()
    window = window_of("daily", 365)
    values = getattr(made.solve(window, 0, 120), name) / made._calendar(window).growth[made.fleet.type_codes]
    mean, deviation = REFERENCE[name]
    assert values.mean() == pytest.approx(mean, rel=0.03)
    assert values.std() == pytest.approx(deviation, rel=0.05)


def test_levels_of_a_type_are_the_documented_ones():
    made = servers_of(*CALM, "data.seasonality.weekly=false", servers=400)
    window = window_of("daily", 256)
    state, growth = made.solve(window, 0, 400), made._calendar(window).growth
    for kind, archetype in enumerate(made.fleet.archetypes):
        mine = made.fleet.type_codes == kind
        mean, deviation = fleets.levels(archetype)[METRICS.index("disk")]
        values = state.disk[mine] / growth[kind]
        assert values.mean() == pytest.approx(mean, rel=0.05)
        assert values.std() == pytest.approx(deviation, rel=0.1)
