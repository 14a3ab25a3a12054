import numpy as np
import pytest

from ghostfleet.spec.fleet import METRICS
from ghostfleet.world import fleet as fleets
from tests.laws.cells import scenario

FLEET = fleets.build(scenario(servers=120))
MANY = fleets.build(scenario(servers=2000))
ATTRIBUTES = ("applications", "business_units", "criticalities", "regions")


def texts(fleet, attribute):
    column = getattr(fleet, attribute)
    return np.array(column.vocabulary)[column.codes]


def test_servers_are_named_from_zero_in_three_digits():
    assert (FLEET.names[0], FLEET.names[119], MANY.names[1999]) == ("server_000", "server_119", "server_1999")


def test_the_name_of_a_server_follows_the_scenario():
    fleet = fleets.build(scenario("data.metadata.server_prefix=db-", "data.metadata.server_id_width=5"))
    assert fleet.names[:2] == ("db-00000", "db-00001")


def test_the_fleet_has_the_documented_composition():
    counts = np.bincount(FLEET.type_codes)
    assert dict(zip(FLEET.types, counts.tolist(), strict=True)) == {
        "web": 42,
        "database": 18,
        "application": 48,
        "batch": 12,
    }


@pytest.mark.parametrize("servers", [1, 7, 119])
def test_growing_changes_no_one(servers):
    small = fleets.build(scenario(servers=servers))
    assert small.names == FLEET.names[:servers]
    assert np.array_equal(small.base, FLEET.base[:, :servers])
    assert np.array_equal(small.type_codes, FLEET.type_codes[:servers])
    for attribute in ATTRIBUTES:
        assert texts(small, attribute).tolist() == texts(FLEET, attribute)[:servers].tolist()


def test_metadata_speak_the_documented_vocabularies():
    assert set(texts(MANY, "business_units")) == {"Trading", "Retail", "Compliance", "IT"}
    assert set(texts(MANY, "criticalities")) == {"High", "Medium", "Low"}
    assert set(texts(MANY, "regions")) == {"US-East", "US-West", "EU", "Asia"}
    assert set(texts(MANY, "applications")) == {f"app_{number:03d}" for number in range(40)}


@pytest.mark.parametrize(
    ("attribute", "shares"),
    [
        ("criticalities", {"High": 0.2, "Medium": 0.5, "Low": 0.3}),
        ("regions", dict.fromkeys(("US-East", "US-West", "EU", "Asia"), 0.25)),
        ("business_units", dict.fromkeys(("Trading", "Retail", "Compliance", "IT"), 0.25)),
    ],
)
def test_metadata_come_in_the_documented_shares(attribute, shares):
    seen = texts(MANY, attribute)
    for name, share in shares.items():
        # A share of 2000 draws deviates by √(p (1 − p) / 2000) ≤ 0.0112.
        assert np.mean(seen == name) == pytest.approx(share, abs=4 * 0.0112)


def test_an_application_belongs_to_one_business_unit():
    pairs = set(zip(texts(MANY, "applications").tolist(), texts(MANY, "business_units").tolist(), strict=True))
    assert len(pairs) == 40


def test_weights_of_criticalities_are_the_scenario_s():
    fleet = fleets.build(scenario("data.metadata.criticality_probs=[0, 1, 0]"))
    assert set(texts(fleet, "criticalities")) == {"Medium"}


@pytest.mark.parametrize("metric", ["cpu", "memory", "network"])
@pytest.mark.parametrize(
    ("attribute", "high", "low", "ratio"),
    [("criticalities", "High", "Low", 1.1 / 0.93), ("business_units", "Trading", "IT", 1.12 / 0.92)],
)
def test_criticality_and_business_unit_move_the_base_level(metric, attribute, high, low, ratio):
    index, seen = METRICS.index(metric), texts(MANY, attribute)
    means = np.array([kind[index][0] for kind in map(fleets.levels, MANY.archetypes)])[MANY.type_codes]
    relative = MANY.base[index] / means
    assert relative[seen == high].mean() / relative[seen == low].mean() == pytest.approx(ratio, rel=0.08)


def test_the_disk_does_not_follow_the_traffic():
    disk = METRICS.index("disk")
    other = fleets.build(scenario("data.metadata.criticality_load={High: 3}", servers=2000))
    assert np.array_equal(other.base[disk], MANY.base[disk])
    assert not np.array_equal(other.base[0], MANY.base[0])


def test_base_levels_have_the_documented_means():
    for kind, archetype in enumerate(MANY.archetypes):
        mine = MANY.type_codes == kind
        means = np.array([mean for mean, _ in fleets.levels(archetype)])
        # Character and load vary by up to 0.27 around it; the fewest of a type are 200.
        assert MANY.base[:, mine].mean(axis=1) / means == pytest.approx(1, abs=0.05)


def test_what_passes_and_what_lasts_add_up_to_the_documented_spread():
    for kind, archetype in enumerate(FLEET.archetypes):
        for metric, (mean, deviation) in enumerate(fleets.levels(archetype)):
            lasts = fleets._spread(archetype)[metric] * mean
            assert np.hypot(FLEET.deviation[metric, kind], lasts) == pytest.approx(deviation)


def test_another_seed_has_other_servers_of_the_same_types():
    other = fleets.build(scenario("execution.random_seed=7", servers=120))
    assert np.array_equal(other.type_codes, FLEET.type_codes)
    assert not np.array_equal(other.base, FLEET.base)
    assert np.mean(texts(other, "regions") == texts(FLEET, "regions")) < 0.5
