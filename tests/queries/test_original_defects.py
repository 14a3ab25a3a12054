"""A file in the original's defective form is flagged for each known defect that a file can show."""

from __future__ import annotations

import pytest

from ghostfleet.queries import as_text, validate_url
from tests.queries import material, original

BY_DEFECT = {
    3: ("growth_compounds", "failed"),
    4: ("december_31_is_a_peak", "failed"),
    6: ("outbound_is_not_a_multiple", "failed"),
    7: ("few_values_at_bounds", "failed"),
    13: ("holiday_flag_and_load_agree", "failed"),
    14: ("metadata_explains_load", "warning"),
    16: ("calendar_columns_agree", "failed"),
    19: ("timestamps_state_utc", "warning"),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory, expected):
    path = original.write(tmp_path_factory.mktemp("original") / "server_metrics_full.csv", days=731)
    return validate_url(path, material.TABLES, expected)


@pytest.mark.parametrize("defect", BY_DEFECT)
def test_the_original_is_flagged_for_each_defect_that_a_file_shows(defect, report):
    name, status = BY_DEFECT[defect]
    result = report.named(name)
    assert (result.status, result.defect) == (status, defect), as_text(report)


def test_the_original_fails_on_the_year_end_that_holidays_turn_into_a_trough(report):
    assert "Q4" in report.named("quarter_end_peak").message
    assert report.named("quarter_end_peak").count == 2


def test_white_noise_of_the_original_is_noticed(report):
    assert report.named("noise_has_memory").status == "warning"


def test_raw_correlations_of_the_original_miss_their_targets_and_are_told(report):
    """Defect 5 lies in raw values: common factors and spikes lift them; on residuals the original is sound."""
    result = report.named("correlation_within_target")
    assert "furthest raw off by" in result.message or result.status == "failed"
    assert result.defect == 5


def test_the_original_is_refused(report):
    assert report.exit_code == 1
    assert report.status != "excellent"
    assert sum(result.status == "failed" for result in report.results) >= 6


def test_the_original_in_hours_is_flagged_for_its_cut_day_and_hourly_flag(tmp_path):
    path = original.write(tmp_path / "server_metrics_full.csv", hourly=True, days=120)
    expected = material.expectations("data.granularity=hourly", "data.num_servers=9", "data.end_date=2022-04-30")
    report = validate_url(path, material.TABLES, expected)
    assert report.named("days_are_whole").status == "failed"
    assert "2022-04-30 with 1 of 24" in report.named("days_are_whole").message
    assert report.named("holiday_flag_and_load_agree").status == "failed"


def test_hourly_data_without_working_hours_is_flagged(tmp_path):
    """Defect 1: the business-hours factor never acts."""
    settings = ("data.granularity=hourly", "data.num_servers=20", "data.end_date=2022-03-31")
    honest = material.expectations(*settings)
    path = material.write(tmp_path, *settings, "fleet.archetypes.web.working_hours_factor=1")
    name = "working_hours_shape"
    result = validate_url(str(path), material.TABLES, honest, names=[name]).named(name)
    assert (result.status, result.defect) == ("failed", 1)
    assert result.message.startswith("web")


def test_another_generators_names_and_ids_are_flagged(good, expected, tmp_path):
    """Defects 11 and 15: `date`, `memory_p95`, ids of another scheme."""
    path = good.broken(
        tmp_path / "b.csv",
        change="* EXCLUDE mem_p95 REPLACE (replace(server_id, 'server_', 'SRV-0') AS server_id), mem_p95 AS memory_p95",
    )
    report = validate_url(path, material.TABLES, expected)
    assert "mem_p95" in report.named("required_columns").message
    assert report.named("server_ids_follow_the_pattern").status == "failed"
    assert report.named("values_in_range").status == "no_data"
    assert "has no column mem_p95" in report.named("values_in_range").message
