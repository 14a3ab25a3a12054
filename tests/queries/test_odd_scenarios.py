"""An unusual but sound data set fails nothing: checks take facts from the scenario, or say why they cannot judge."""

from __future__ import annotations

from datetime import date

import pytest

from ghostfleet import signals
from ghostfleet.queries import as_text, validate_url
from tests.queries import material

DAY_S = 86400
TYPES = ("web", "application", "database", "batch")


def each(setting: str) -> tuple[str, ...]:
    return tuple(f"fleet.archetypes.{name}.{setting}" for name in TYPES)


def second(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - date(1970, 1, 1)).days * DAY_S


YEAR = ("data.years_of_data=1",)
HOURLY = ("data.granularity=hourly", "data.num_servers=12", "data.end_date=2022-03-31")
ODD = {
    "batch servers only": tuple(f"fleet.shares.{name}={int(name == 'batch')}" for name in TYPES),
    "busy weekends of web": ("fleet.archetypes.web.weekend_factor=2.0",),
    "quiet ends of other months": ("data.seasonality.eoq_months=[1,2]", "data.seasonality.eoq_factors=[0.5]"),
    "a quiet end of the year": ("data.seasonality.eoq_factors=[0.6,0.5,0.4]",),
    "an end that falls and rises": ("data.seasonality.eoq_factors=[0.8,1.0,1.5]",),
    "a rush of four weeks": (f"data.seasonality.eoq_factors={[1.2] * 28}".replace(" ", ""),),
    "working hours all day": (*HOURLY, "data.seasonality.working_hours=[0,24]"),
    "one working hour": (*HOURLY, "data.seasonality.working_hours=[9,10]"),
    "working hours at the ceiling": (*HOURLY, *each("working_hours_factor=3")),
    "words of one's own": (
        "data.metadata.criticalities=[P1,P2]",
        "data.metadata.criticality_probs=[0.4,0.6]",
        "data.metadata.business_units=[Ops]",
    ),
    "one region": ("data.metadata.regions=[EU]",),
    "ids of one's own": ("data.metadata.server_prefix=H", "data.metadata.server_id_width=1", *YEAR),
    "one unit works three times as much": ("data.metadata.business_unit_load.Trading=3",),
    "labels that say nothing": tuple(
        f"data.metadata.{key}=1"
        for key in (
            *(f"business_unit_load.{unit}" for unit in ("Trading", "Retail", "Compliance", "IT")),
            *(f"criticality_load.{rank}" for rank in ("High", "Medium", "Low")),
        )
    ),
    "three days of many servers": ("data.num_servers=400", "data.end_date=2022-01-03"),
    "outliers in a small fleet": ("data.num_servers=60", "data.quality.outlier_ratio=0.01"),
    "many faults": ("data.quality.outlier_ratio=0.3", "data.quality.missing_ratio=0.3", *YEAR),
    "everything missing": ("data.quality.missing_ratio=1", "data.num_servers=12", *YEAR),
    "one server": ("data.num_servers=1",),
    "two servers": ("data.num_servers=2",),
    "seven servers": ("data.num_servers=7",),
    "no calendars": (
        "data.seasonality.weekly=false",
        "data.seasonality.holiday_effect=false",
        "data.seasonality.quarterly_peaks=false",
    ),
    "weekends like weekdays": each("weekend_factor=1"),
    "weekends almost idle": each("weekend_factor=0.05"),
    "no growth": each("growth_percent_per_month=0"),
    "shrinking": each("growth_percent_per_month=-1"),
    "shrinking fast": each("growth_percent_per_month=-10"),
    "growing past the ceiling": each("growth_percent_per_month=5"),
    "no spikes": each("spikes.probability=0"),
    "every second step a spike": each("spikes.probability=0.5"),
    "types alike": tuple(
        setting
        for metric in ("cpu_percent", "memory_percent", "disk_percent", "network_mbps")
        for setting in (*each(f"{metric}.mean=40"), *each(f"{metric}.deviation=10"))
    ),
    "hardly any load": tuple(
        setting
        for metric in ("cpu_percent", "memory_percent", "disk_percent", "network_mbps")
        for setting in (*each(f"{metric}.mean=0.5"), *each(f"{metric}.deviation=0.1"))
    ),
    "hardly any noise": tuple(
        setting
        for metric in ("cpu_percent", "memory_percent", "disk_percent", "network_mbps")
        for setting in each(f"{metric}.deviation=0.01")
    ),
    "no metadata and no calendar": ("data.metadata.enabled=false", "data.calendar=false", *YEAR),
    "a start on a leap day": ("data.start_date=2024-02-29", "data.years_of_data=2"),
    "the nineties": ("data.start_date=1990-01-01", "data.end_date=1991-12-31"),
    "hourly": HOURLY,
    "P95 of hours": ("data.daily_rows=p95", "data.num_servers=12", *YEAR),
}


def judged(folder, settings, **cut):
    path = material.write(folder, *settings, form="parquet", **cut)
    known = signals.expectations(material.SIGNAL, material.scenario(*settings), material.extent(*settings, **cut))
    return validate_url(str(path), material.TABLES, known)


def broken(report) -> list[str]:
    return [result.name for result in report.results if result.broken]


@pytest.mark.parametrize("case", ODD)
def test_an_odd_scenario_is_not_refused(case, tmp_path):
    report = judged(tmp_path, ODD[case])
    assert broken(report) == [], as_text(report)
    assert all(result.message for result in report.results if result.status == "no_data")


@pytest.mark.parametrize("days", [2, 7, 14, 30])
def test_rows_longer_than_a_day_are_judged_by_their_length(days, tmp_path):
    report = judged(tmp_path, (), every_s=days * DAY_S)
    assert broken(report) == [], as_text(report)
    for name in ("calendar_columns_agree", "weekend_rows_present", "row_count", "no_time_gap", "history_length"):
        assert report.named(name).status == "passed", report.named(name)
    for name in ("seasonality_detectable", "december_31_is_a_peak", "quarter_end_peak", "weekend_differs"):
        assert report.named(name).status == "no_data"
        assert f"rows cover {days} days each" in report.named(name).message
    assert "cannot be judged" in report.named("holiday_flag_and_load_agree").message


def test_weekends_that_are_missing_are_missed_in_rows_of_two_days_too(tmp_path):
    path = material.write(tmp_path, every_s=2 * DAY_S)
    cut = material.Good(path).broken(tmp_path / "b.csv", where="is_weekend = 'false'")
    known = signals.expectations(material.SIGNAL, material.scenario(), material.extent(every_s=2 * DAY_S))
    assert "Saturday has 0 days" in validate_url(cut, material.TABLES, known).named("weekend_rows_present").message


@pytest.mark.parametrize(
    ("settings", "cut"),
    [
        ((), {"since_s": second(2022, 12, 31), "until_s": second(2023, 1, 1)}),
        ((), {"since_s": second(2022, 11, 20), "until_s": second(2022, 11, 27)}),
        ((), {"since_s": second(2022, 12, 20), "until_s": second(2023, 1, 10)}),
        (HOURLY, {"since_s": second(2022, 3, 1), "until_s": second(2022, 3, 2)}),
        (HOURLY, {"since_s": second(2022, 3, 1), "until_s": second(2022, 3, 1) + 3600}),
        (HOURLY, {"every_s": 5 * 3600}),
        (HOURLY, {"every_s": 4 * 3600}),
        (HOURLY, {"every_s": DAY_S}),
    ],
)
def test_a_short_window_and_folded_hours_are_not_refused(settings, cut, tmp_path):
    report = judged(tmp_path, settings, **cut)
    assert broken(report) == [], as_text(report)


def test_working_hours_are_told_by_the_clock_of_each_region(tmp_path):
    """Shifted by twelve hours they are as long and as busy as before; only the clock tells."""
    path = material.write(tmp_path, *HOURLY, "data.seasonality.working_hours=[0,8]")
    known = material.expectations(*HOURLY, "data.seasonality.working_hours=[12,20]")
    assert validate_url(str(path), material.TABLES, known).named("working_hours_shape").status == "failed"


def test_missing_values_beyond_those_lost_on_purpose_are_refused(tmp_path):
    path = material.write(tmp_path, "data.quality.missing_ratio=0.2", *YEAR)
    known = material.expectations("data.quality.missing_ratio=0.1", *YEAR)
    assert validate_url(str(path), material.TABLES, known).named("missing_values").status == "failed"
