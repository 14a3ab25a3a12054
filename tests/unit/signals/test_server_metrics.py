from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

import ghostfleet
from ghostfleet.core import calendars
from ghostfleet.core.batch import Batch, Quanta
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.table import Fold
from ghostfleet.core.window import DAY_S, Window
from ghostfleet.generate import Generator
from ghostfleet.signals import found, server_metrics, signal
from tests.laws.cells import METRICS, NULL, SERVERS, cells, scenario, whole, window_of

HOURLY, P95 = "data.granularity=hourly", "data.daily_rows=p95"
IDENTITY = ["timestamp", "server_id"]
METADATA = ["app_name", "business_unit", "criticality", "region", "server_type"]
CALENDAR = ["year", "month", "quarter", "dayofweek", "is_weekend", "is_eoq", "is_holiday"]
DOCUMENTED = [*IDENTITY, *METRICS, *METADATA, *CALENDAR]


def last_rows(*assignments, rows):
    """Last rows of a scenario's span."""
    made = scenario(*assignments)
    window = Generator(made).window()
    return whole(made, Window(window.stop - rows, window.stop, window.tick_s))


def test_columns_are_the_documented_ones_in_their_order():
    assert list(server_metrics.TABLE.names) == DOCUMENTED
    assert server_metrics.TABLE.file_stem == "server_metrics_full"


def test_metrics_have_two_decimals_their_bounds_and_fold_to_percentiles():
    highs = {"cpu_p95": 100, "mem_p95": 100, "disk_p95": 100, "net_in_p95": 1000, "net_out_p95": 600}
    for name, high in highs.items():
        column = server_metrics.TABLE[name]
        assert (column.low, column.high, column.decimals, column.fold) == (0, high, 2, Fold.P95)


def test_rows_come_server_by_server_with_time_ascending():
    rows = whole(scenario(), window_of("daily", 50))
    assert rows["server_id"].tolist() == sorted(rows["server_id"].tolist())
    assert np.all(np.diff(rows["timestamp"].reshape(SERVERS, -1), axis=1) == DAY_S)


@pytest.mark.parametrize(("grain", "assignment"), [("daily", "data.granularity=daily"), ("hourly", HOURLY)])
def test_calendar_columns_say_what_python_s_calendar_says(grain, assignment):
    rows = whole(scenario(assignment), window_of(grain, 1000, 40))
    calendar = calendars.holidays("US")
    holidays = {int(day) for day in calendar.days}
    for index, second in enumerate(rows["timestamp"][:1000].tolist()):
        moment = datetime.fromtimestamp(second, tz=UTC)
        tomorrow = datetime.fromtimestamp(second + DAY_S, tz=UTC)
        assert {name: int(rows[name][index]) for name in CALENDAR} == {
            "year": moment.year,
            "month": moment.month,
            "quarter": (moment.month + 2) // 3,
            "dayofweek": moment.weekday(),
            "is_weekend": moment.weekday() >= 5,
            "is_eoq": moment.month in {3, 6, 9, 12} and tomorrow.day == 1,
            "is_holiday": second // DAY_S in holidays,
        }


def test_a_holiday_lasts_all_its_hours():
    rows = whole(scenario(HOURLY), window_of("hourly", 400 * 24))
    days = rows["is_holiday"][: 400 * 24].reshape(-1, 24)
    assert np.array_equal(days.any(axis=1), days.all(axis=1))
    assert days.any()


def test_the_flag_of_a_holiday_and_its_effect_are_of_the_same_days():
    calendar = calendars.holidays("US")
    assert np.all(calendar.factors < 1)
    quiet = scenario("data.seasonality.holiday_effect=false", "data.seasonality.quarterly_peaks=false")
    busy = scenario("data.seasonality.quarterly_peaks=false")
    window = window_of("daily", 1461)
    without, with_effect = whole(quiet, window), whole(busy, window)
    moved = np.any([without[name] != with_effect[name] for name in ("cpu_p95", "net_in_p95")], axis=0)
    assert not np.any(moved & ~with_effect["is_holiday"])
    assert np.mean(moved[with_effect["is_holiday"]]) > 0.99


def test_the_last_day_is_complete_to_its_last_hour():
    rows = last_rows(HOURLY, rows=30)
    assert datetime.fromtimestamp(int(rows["timestamp"].max()), tz=UTC) == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert int(last_rows(rows=1)["timestamp"][0]) == datetime(2025, 12, 31, tzinfo=UTC).timestamp()


def test_december_31_is_a_peak_of_the_fleet():
    rows = whole(scenario(servers=120), window_of("daily", 1461))
    cpu = rows["cpu_p95"].reshape(120, -1).mean(axis=0)
    days = rows["timestamp"][:1461] // DAY_S
    for year in range(2022, 2026):
        at = int(np.flatnonzero(days == (datetime(year, 12, 31, tzinfo=UTC).timestamp() // DAY_S))[0])
        weekday = slice(at - 28, at - 6, 7)  # the same days of the four weeks before
        assert cpu[at] > 1.1 * cpu[weekday].mean()


def test_daily_percentiles_are_numpy_s_over_the_day_s_hours():
    hours = whole(scenario(HOURLY), window_of("hourly", 50 * 24))
    days = whole(scenario(P95), window_of("daily", 50))
    for name in METRICS:
        expected = np.percentile(hours[name].reshape(-1, 24), 95, axis=1)
        assert np.abs(days[name] - expected).max() <= 1, name  # hundredths: hours and days are rounded each


def test_a_daily_base_level_is_no_percentile_of_hours():
    base, percentile = (whole(scenario(*more), window_of("daily", 200)) for more in ((), (P95,)))
    assert percentile["cpu_p95"].mean() > 1.2 * base["cpu_p95"].mean()
    assert server_metrics.notes(scenario(), 86_400) != server_metrics.notes(scenario(P95), 86_400)


@pytest.mark.parametrize("ratio", [0.01, 0.2, 1.0])
def test_as_many_values_are_missing_as_asked(ratio):
    rows = whole(scenario(f"data.quality.missing_ratio={ratio}", servers=30), window_of("daily", 1000))
    for name in METRICS:
        # A share of 30,000 draws deviates by √(p (1 − p) / 30000).
        assert np.mean(rows[name] == NULL) == pytest.approx(ratio, abs=4 * (ratio * (1 - ratio) / 30_000) ** 0.5)


@pytest.mark.parametrize(("ratio", "times"), [(0.005, 1.6), (0.1, 2.0)])
def test_as_many_values_are_misread_as_asked_by_the_factor_asked(ratio, times):
    faults = (f"data.quality.outlier_ratio={ratio}", f"data.quality.outlier_factor={times}")
    clean, wrong = (whole(scenario(*more, servers=30), window_of("daily", 1000)) for more in ((), faults))
    for name in METRICS:
        high = int(100 * (server_metrics.TABLE[name].high or 0))
        struck = clean[name] != wrong[name]
        assert struck.mean() == pytest.approx(ratio, abs=5 * (ratio * (1 - ratio) / 30_000) ** 0.5)
        expected = np.minimum(clean[name][struck] * times, high)
        assert np.abs(wrong[name][struck] - expected).max() <= times / 2 + 0.6  # hundredths, before and after


def test_no_value_is_missing_unless_asked():
    batch = server_metrics.of_servers(scenario()).rows(window_of("daily", 10), 0, 2)
    assert all(values.missing is None for values in batch.columns.values() if isinstance(values, Quanta))


def test_groups_of_columns_can_be_switched_off():
    observer = server_metrics.of_servers(scenario("data.metadata.enabled=false", "data.calendar=false"))
    assert list(observer.table.names) == [*IDENTITY, *METRICS]
    batch = observer.rows(window_of("daily", 3), 1, 3)
    assert isinstance(batch, Batch)
    assert set(cells(batch)["server_id"]) == {"server_001", "server_002"}


def test_expectations_name_every_pair_and_type_once():
    tables = server_metrics.expected_of_servers(scenario())
    pairs = {
        (row["server_type"], row["left_metric"], row["right_metric"]): row["target"]
        for row in tables["expected_correlations"]
    }
    assert len(pairs) == 24
    assert pairs["web", "cpu", "network"] == 0.8
    assert [row["server_type"] for row in tables["expected_archetypes"]] == ["web", "database", "application", "batch"]


def test_the_signal_is_found_by_the_name_of_its_table():
    assert found()["server_metrics"] is signal("server_metrics") is server_metrics
    with pytest.raises(ScenarioError, match="there is no table servers; known are "):
        signal("servers")


# Every key of the data section is read, or it would be unknown: what setting it changes ----------------------------

DATA, EXPECTATIONS, RUN = "data", "expectations", "run"
ZONES = "{US-East: Asia/Tokyo, US-West: UTC, EU: UTC, Asia: UTC}"
FLIPS = {
    "num_servers": ("7", EXPECTATIONS),
    "start_date": ("2021-12-01", DATA),  # from which growth counts
    "end_date": ("2025-12-31", EXPECTATIONS),
    "years_of_data": ("3", EXPECTATIONS),
    "granularity": ("hourly", DATA),
    "daily_rows": ("p95", DATA),
    "generated_data_path": ("elsewhere", RUN),
    "compression": ("false", RUN),
    "calendar": ("false", DATA),
    "metadata.enabled": ("false", DATA),
    "metadata.server_prefix": ("db", DATA),
    "metadata.server_id_width": ("4", DATA),
    "metadata.applications": ("3", DATA),
    "metadata.business_units": ("[Trading, Retail, Compliance, HR]", DATA),
    "metadata.business_unit_load": ("{Retail: 2}", DATA),
    "metadata.criticalities": ("[Gold, Silver, Bronze]", DATA),
    "metadata.criticality_probs": ("[0.8, 0.1, 0.1]", DATA),
    "metadata.criticality_load": ("{Medium: 2}", DATA),
    "metadata.regions": ("[EU, Asia]", DATA),
    "metadata.region_zones": (ZONES, DATA),
    "seasonality.weekly": ("false", DATA),
    "seasonality.weekend_factor": ("0.4", DATA),
    "seasonality.working_hours": ("[0, 24]", DATA),
    "seasonality.quarterly_peaks": ("false", DATA),
    "seasonality.eoq_months": ("[2, 5]", DATA),
    "seasonality.eoq_factors": ("[2]", DATA),
    "seasonality.holiday_effect": ("false", DATA),
    "validation.max_missing_pct_warning": ("50", EXPECTATIONS),
    "validation.row_count_tolerance": ("5", EXPECTATIONS),
    "validation.min_history_days": ("9", EXPECTATIONS),
    "quality.missing_ratio": ("0.5", DATA),
    "quality.outlier_ratio": ("0.5", DATA),
    "quality.outlier_factor": ("3", DATA),
}
BEFORE = {  # without which the key has nothing to act on
    "end_date": ("data.years_of_data=null", "data.end_date=2025-12-30"),
    "metadata.region_zones": (HOURLY,),
    "seasonality.working_hours": (HOURLY,),
    "seasonality.weekend_factor": ("fleet.archetypes.web.weekend_factor=null",),
    "quality.outlier_factor": ("data.quality.outlier_ratio=0.5",),
}


def test_every_key_of_the_data_section_is_flipped():
    mappings = {"metadata.business_unit_load", "metadata.criticality_load", "metadata.region_zones"}

    def keys(tree, prefix=""):
        for key, value in tree.items():
            path = f"{prefix}{key}"
            yield from keys(value, f"{path}.") if isinstance(value, dict) and path not in mappings else [path]

    assert set(keys(msgspec.to_builtins(scenario().servers))) == set(FLIPS)


@pytest.mark.parametrize("key", [key for key, (_, place) in FLIPS.items() if place is not RUN])
def test_a_key_of_the_data_section_is_read(key):
    value, place = FLIPS[key]
    before = scenario(*BEFORE.get(key, ()))
    # `scenario` sets the number of servers first; assignments that follow win.
    after = scenario(*BEFORE.get(key, ()), f"data.{key}={value}")
    if place is EXPECTATIONS:
        assert server_metrics.expectations(before) != server_metrics.expectations(after)
    else:
        window = window_of("hourly" if HOURLY in BEFORE.get(key, ()) else "daily", 200)
        one, two = (
            [cells(server_metrics.of_servers(made).rows(window, server, server + 1)) for server in range(SERVERS)]
            for made in (before, after)
        )
        assert any(
            set(left) != set(right) or any(not np.array_equal(left[name], right[name]) for name in left)
            for left, right in zip(one, two, strict=True)
        )


@pytest.mark.parametrize(("key", "reader"), [("compression", "compressed"), ("generated_data_path", "destination")])
def test_a_key_that_changes_no_value_is_read_where_data_are_written(key, reader):
    value, place = FLIPS[key]
    assert place is RUN
    assert getattr(scenario(), reader) != getattr(scenario(f"data.{key}={value}"), reader)
    assert f"scenario.{reader}" in (Path(ghostfleet.__file__).parent / "cli" / "output.py").read_text(encoding="utf-8")
