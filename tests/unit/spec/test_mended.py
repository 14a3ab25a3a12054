"""Complaints and layers that were once wrong, so that they stay right."""

from contextlib import suppress

import msgspec
import pytest

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec import loading, reading
from tests.unit.spec.material import CAPACITY, complaint, load
from tests.unit.state.test_servers import day, factor, servers_of


@pytest.mark.parametrize("text", ["a: ._", "a: \ud800", "a: " + "1" * 5000, "a: -._"])
def test_any_text_is_a_document_or_a_complaint(text):
    with suppress(ScenarioError):
        reading.read(text, "x.yaml")


def test_a_variable_of_undecodable_bytes_is_a_complaint():
    complaint(environment={"GHOSTFLEET_DATA__GENERATED_DATA_PATH": "out/\udcff"})


def test_a_scenario_s_own_key_is_not_overruled_by_a_parameter_s_default():
    text = CAPACITY.replace("data: {}", "data: {num_servers: 50}")
    assert load(text=text).scenario.data.num_servers == 50


def test_a_restored_scenario_equals_the_recorded_one():
    loaded = load()
    assert loading.restore(msgspec.json.decode(msgspec.json.encode(loaded.effective())), "m") == loaded.scenario


def test_a_start_whose_years_leave_the_calendar_is_a_complaint():
    assert "1990 to 2060" in complaint(flags={"start_date": "9999-01-01"})


def test_no_end_date_sets_nothing_aside():
    assert load("data.end_date=null").scenario.data.years_of_data == 4


def test_infinity_is_no_factor():
    complaint("data.seasonality.weekend_factor=.inf")


def test_one_zone_or_load_leaves_the_others():
    s = load("data.metadata.criticality_load.High=1.2").scenario.data.metadata
    assert s.criticality_load["Low"] == 0.93


def test_an_unknown_zone_is_refused_when_read():
    complaint("data.metadata.region_zones={US-East: Nowhere/X, US-West: UTC, EU: UTC, Asia: UTC}")


def test_names_of_a_vocabulary_are_distinct():
    complaint("data.metadata.criticalities=[A, A, B]")


def test_more_rush_days_than_a_month_has_is_refused():
    complaint("data.seasonality.eoq_factors=[" + ",".join(["1.1"] * 40) + "]")


def test_months_without_a_quarter_end_keep_their_holidays():
    made = servers_of("data.seasonality.eoq_months=[3, 6, 9]")
    assert factor(made, "web", day(2024, 12, 31)) == pytest.approx(0.6)


def test_holiday_gives_way_only_where_the_quarter_end_rush_acts():
    made = servers_of("data.seasonality.eoq_factors=[1.3]")
    assert factor(made, "web", day(2024, 12, 27)) == pytest.approx(0.6)


def test_a_level_beyond_the_range_of_its_metric_is_refused():
    complaint("fleet.archetypes.web.network_mbps.mean=5000")


def test_an_alias_among_archetypes_is_not_ambiguous():
    complaint("fleet.aliases={web: batch}")


def test_numbers_with_units_or_hash_in_a_variable_keep_their_text():
    assert (
        load(environment={"GHOSTFLEET_DATA__GENERATED_DATA_PATH": "@out"}).scenario.data.generated_data_path == "@out"
    )
