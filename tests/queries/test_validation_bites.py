# ruff: noqa: E501  a broken file is one line of SQL, and reads best as one
"""A good file broken in one way is refused, and the check that guards it is named."""

from __future__ import annotations

import pytest

from ghostfleet.queries import as_text, validate_url
from tests.queries import material

ONE = "server_id = 'server_007' AND \"timestamp\" = '2023-05-17T00:00:00Z'"
CASES = {
    "row dropped": ("complete_grid", "server_007 at 2023-05-17", {"where": f"NOT ({ONE})"}),
    "row doubled": ("no_duplicates", "server_007, 2023-05-17", {"doubled": ONE}),
    "negative": (
        "no_negative_values",
        "server_007 at 2023-05-17",
        {"change": f"* REPLACE (CASE WHEN {ONE} THEN '-3.10' ELSE cpu_p95 END AS cpu_p95)"},
    ),
    "out of range": (
        "values_in_range",
        "mem_p95 = 104.2",
        {"change": f"* REPLACE (CASE WHEN {ONE} THEN '104.20' ELSE mem_p95 END AS mem_p95)"},
    ),
    "wrong type": (
        "column_types",
        "disk_p95 = full",
        {"change": f"* REPLACE (CASE WHEN {ONE} THEN 'full' ELSE disk_p95 END AS disk_p95)"},
    ),
    "one server flat": (
        "servers_are_not_flat",
        "server_007",
        {"change": "* REPLACE (CASE WHEN server_id = 'server_007' THEN '41.00' ELSE cpu_p95 END AS cpu_p95)"},
    ),
    "net_out is 0.6 of net_in": (
        "outbound_is_not_a_multiple",
        "0.600 with spread",
        {"change": "* REPLACE (round(0.6 * net_in_p95::DOUBLE, 2) AS net_out_p95)"},
    ),
    "31 December a trough": (
        "december_31_is_a_peak",
        "12-31",
        {
            "change": "* REPLACE ("
            + ", ".join(
                f"CASE WHEN \"timestamp\" LIKE '%-12-31T%' THEN round(0.6 * {name}::DOUBLE, 2)"
                f" ELSE {name}::DOUBLE END AS {name}"
                for name in ("cpu_p95", "mem_p95", "net_in_p95", "net_out_p95")
            )
            + ")"
        },
    ),
    "growth removed": (
        "growth_compounds",
        "a month, expected",
        {
            "change": "* REPLACE ("
            + ", ".join(
                f"round({name}::DOUBLE / (1 + CASE server_type WHEN 'web' THEN 0.005 WHEN 'database' THEN 0.01"
                f" WHEN 'application' THEN 0.008 ELSE 0.003 END) ** (12 * (year::INT - 2022) + month::INT), 2) AS {name}"
                for name in ("cpu_p95", "mem_p95", "disk_p95", "net_in_p95", "net_out_p95")
            )
            + ")"
        },
    ),
    "growth removed from memory alone": (
        "growth_compounds",
        "by memory",
        {
            "change": "* REPLACE ("
            "round(mem_p95::DOUBLE / (1 + CASE server_type WHEN 'web' THEN 0.005 WHEN 'database' THEN 0.01"
            " WHEN 'application' THEN 0.008 ELSE 0.003 END) ** (12 * (year::INT - 2022) + month::INT), 2) AS mem_p95)"
        },
    ),
    "weekend missing": ("weekend_rows_present", "Saturday has 0 days", {"where": "is_weekend = 'false'"}),
    "time gap": (
        "no_time_gap",
        "after 2023-05-16",
        {"where": "\"timestamp\" NOT LIKE '2023-05-17T%'"},
    ),
    "values missing": (
        "missing_values",
        "7.04 % (limit 5 %)",
        {
            "change": '* REPLACE (CASE WHEN hash(server_id, "timestamp") % 100 < 7 THEN NULL ELSE cpu_p95 END AS cpu_p95)'
        },
    ),
    "column missing": ("required_columns", "mem_p95", {"change": "* EXCLUDE mem_p95"}),
    "too few rows": ("row_count", "expected 175320", {"where": "server_id <> 'server_119'"}),
    "an hour off": (
        "timestamps_are_utc_steps",
        "2022-01-01 05:00",
        {"change": "* REPLACE (replace(\"timestamp\", 'T00:', 'T05:') AS \"timestamp\")"},
    ),
    "metadata per row": (
        "one_metadata_per_server",
        "server_007: 2 sets",
        {
            "change": f"* REPLACE (CASE WHEN {ONE} THEN 'Asia' WHEN server_id = 'server_007' THEN 'EU' ELSE region END AS region)"
        },
    ),
    "another vocabulary": (
        "metadata_vocabulary",
        "APAC",
        {"change": "* REPLACE (CASE region WHEN 'Asia' THEN 'APAC' ELSE region END AS region)"},
    ),
    "another id scheme": (
        "server_ids_follow_the_pattern",
        "SRV-",
        {"change": "* REPLACE (replace(server_id, 'server_', 'SRV-') AS server_id)"},
    ),
    "fleet mixed differently": (
        "fleet_composition",
        "batch: 54 servers",
        {"change": "* REPLACE (replace(server_type, 'web', 'batch') AS server_type)"},
    ),
    "calendar wrong": (
        "calendar_columns_agree",
        "disagree",
        {"change": "* REPLACE (CASE WHEN month = '6' THEN '3' ELSE quarter END AS quarter)"},
    ),
    "holiday unflagged": (
        "holiday_flag_and_load_agree",
        "2023-07-04: flagged false",
        {
            "change": "* REPLACE (CASE WHEN \"timestamp\" LIKE '2023-07-04%' THEN 'false' ELSE is_holiday END AS is_holiday)"
        },
    ),
    "quarter ends quiet": (
        "quarter_end_peak",
        "2023 Q2",
        {
            "change": "* REPLACE ("
            + ", ".join(
                f"CASE WHEN \"timestamp\"[:10] BETWEEN '2023-06-26' AND '2023-06-30' THEN round({name}::DOUBLE / 1.3, 2)"
                f" ELSE {name}::DOUBLE END AS {name}"
                for name in ("cpu_p95", "mem_p95", "net_in_p95")
            )
            + ")"
        },
    ),
    "a month that is no whole number": (
        "column_types",
        "month = 1.5",
        {"change": f"* REPLACE (CASE WHEN {ONE} THEN '1.5' ELSE month END AS month)"},
    ),
    "a year with a point": (
        "column_types",
        "year = 2023.0",
        {"change": f"* REPLACE (CASE WHEN {ONE} THEN '2023.0' ELSE year END AS year)"},
    ),
    "one server flat now and then": (
        "servers_are_not_flat",
        "server_007 cpu_p95",
        {
            "change": "* REPLACE (CASE WHEN server_id = 'server_007' AND hash(\"timestamp\") % 100 < 30 THEN '41.00' ELSE cpu_p95 END AS cpu_p95)"
        },
    ),
    "one server flat for a quarter": (
        "servers_are_not_flat",
        "server_007 disk_p95",
        {
            "change": "* REPLACE (CASE WHEN server_id = 'server_007' AND \"timestamp\"[:10] BETWEEN '2023-04-01' AND '2023-06-30' THEN '41.00' ELSE disk_p95 END AS disk_p95)"
        },
    ),
    "one server flat for two months": (
        "servers_are_not_flat",
        "in a row until 2023-05-31",
        {
            "change": "* REPLACE (CASE WHEN server_id = 'server_007' AND \"timestamp\"[:10] BETWEEN '2023-04-01' AND '2023-05-31' THEN '41.00' ELSE cpu_p95 END AS cpu_p95)"
        },
    ),
    "outbound stands still": (
        "servers_are_not_flat",
        "server_007 net_out_p95",
        {"change": "* REPLACE (CASE WHEN server_id = 'server_007' THEN '41.00' ELSE net_out_p95 END AS net_out_p95)"},
    ),
    "inbound and outbound swapped": (
        "outbound_is_its_share_of_inbound",
        "expected 0.60",
        {"change": "* REPLACE (net_in_p95 AS net_out_p95, net_out_p95 AS net_in_p95)"},
    ),
    "inbound and outbound swapped for a while": (
        "outbound_is_its_share_of_inbound",
        "% of its rows",
        {
            "change": "* REPLACE (CASE WHEN month = '5' AND year < '2025' THEN net_in_p95 ELSE net_out_p95 END AS net_out_p95,"
            " CASE WHEN month = '5' AND year < '2025' THEN net_out_p95 ELSE net_in_p95 END AS net_in_p95)"
        },
    ),
    "a holiday that CPU does not notice": (
        "holiday_flag_and_load_agree",
        "2023-07-04: flagged, but its CPU",
        {
            "change": "* REPLACE (CASE WHEN \"timestamp\"[:10] BETWEEN '2023-07-04' AND '2023-07-04'"
            " THEN least(100, round(1.43 * cpu_p95::DOUBLE, 2)) ELSE cpu_p95::DOUBLE END AS cpu_p95)"
        },
    ),
    "a quiet day of CPU alone": (
        "holiday_flag_and_load_agree",
        "2023-05-17: not flagged, but its CPU",
        {
            "change": "* REPLACE (CASE WHEN \"timestamp\"[:10] BETWEEN '2023-05-17' AND '2023-05-17'"
            " THEN least(100, round(0.6 * cpu_p95::DOUBLE, 2)) ELSE cpu_p95::DOUBLE END AS cpu_p95)"
        },
    ),
    "quarter ends quiet for CPU alone": (
        "quarter_end_peak",
        "2023 Q2",
        {
            "change": "* REPLACE (CASE WHEN \"timestamp\"[:10] BETWEEN '2023-06-26' AND '2023-06-30'"
            " THEN least(100, round(0.77 * cpu_p95::DOUBLE, 2)) ELSE cpu_p95::DOUBLE END AS cpu_p95)"
        },
    ),
    "31 December like other days for CPU alone": (
        "december_31_is_a_peak",
        "2023-12-31",
        {
            "change": "* REPLACE (CASE WHEN \"timestamp\"[:10] BETWEEN '2023-12-31' AND '2023-12-31'"
            " THEN least(100, round(0.77 * cpu_p95::DOUBLE, 2)) ELSE cpu_p95::DOUBLE END AS cpu_p95)"
        },
    ),
    "weekends like weekdays": (
        "weekend_differs",
        "weekend CPU",
        {
            "change": "* REPLACE (CASE WHEN is_weekend THEN least(100, cpu_p95::DOUBLE / 0.6) ELSE cpu_p95::DOUBLE END AS cpu_p95)"
        },
    ),
    "shares, not percent": (
        "units_are_percent",
        "cpu_p95 never passes",
        {"change": "* REPLACE (round(cpu_p95::DOUBLE / 100, 4) AS cpu_p95)"},
    ),
    "clipped": (
        "few_values_at_bounds",
        "at 0",
        {"change": "* REPLACE (greatest(0, cpu_p95::DOUBLE - 12) AS cpu_p95)"},
    ),
    "correlation lost": (
        "correlation_within_target",
        "cpu–",
        {
            "change": "* REPLACE (lag(cpu_p95, 14, cpu_p95) OVER (PARTITION BY server_id, is_weekend"
            ' ORDER BY "timestamp") AS cpu_p95)'
        },
    ),
    "types shuffled": (
        "archetypes_are_distinguishable",
        "deviations",
        {
            "change": "* REPLACE (['web', 'database', 'application', 'batch'][1 + right(server_id, 3)::INT % 4] AS server_type)"
        },
    ),
    "no week": (
        "seasonality_detectable",
        "after 7 days",
        {
            "change": '* REPLACE (round(30 + 20 * (hash("timestamp") % 1000) / 1000.0'
            ' + (hash(server_id, "timestamp") % 1000) / 100.0, 2) AS cpu_p95)'
        },
    ),
}
WARNINGS = {
    "times without a zone": (
        "timestamps_state_utc",
        "no zone",
        {"change": "* REPLACE (replace(\"timestamp\", 'Z', '') AS \"timestamp\")"},
    ),
    "dates without a time": (
        "timestamps_state_utc",
        "no zone",
        {"change": '* REPLACE (left("timestamp", 10) AS "timestamp")'},
    ),
    "a short history": ("history_length", "31 days", {"where": "\"timestamp\" LIKE '2022-01-%'"}),
    "few values missing": (
        "missing_values",
        "1 values",
        {"change": f"* REPLACE (CASE WHEN {ONE} THEN NULL ELSE cpu_p95 END AS cpu_p95)"},
    ),
    "white noise": (
        "noise_has_memory",
        "last three steps",
        {"change": '* REPLACE (round(20 + 40 * (hash(server_id, "timestamp") % 1000) / 1000.0, 2) AS cpu_p95)'},
    ),
    "labels drawn at random": (
        "metadata_explains_load",
        "between-group",
        {
            "change": "* REPLACE (['High', 'Medium', 'Low'][1 + (hash(server_id) % 3)::INT] AS criticality,"
            " ['IT', 'Retail', 'Trading', 'Compliance'][1 + (hash(server_id, 2) % 4)::INT] AS business_unit)"
        },
    ),
}


@pytest.mark.parametrize("seed", [42, 7, 123])
def test_a_clean_file_is_excellent(tmp_path, seed, expected):
    path = material.write(tmp_path, f"execution.random_seed={seed}")
    report = validate_url(str(path), material.TABLES, expected)
    assert report.status == "excellent", as_text(report)
    assert report.exit_code == 0
    assert {r.name for r in report.results if r.status == "no_data"} == {"rows_as_stated", "working_hours_shape"}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_file_is_refused_with_the_right_check_named(case, good, expected, tmp_path):
    name, said, how = CASES[case]
    report = validate_url(good.broken(tmp_path / "broken.csv", **how), material.TABLES, expected, names=[name])
    result = report.named(name)
    assert result.status == "failed", result
    assert said in result.message
    assert result.recommendations
    assert report.exit_code == 1
    assert report.status != "excellent"


@pytest.mark.parametrize("case", WARNINGS)
def test_a_doubtful_file_is_warned_of(case, good, expected, tmp_path):
    name, said, how = WARNINGS[case]
    report = validate_url(good.broken(tmp_path / "broken.csv", **how), material.TABLES, expected, names=[name])
    assert report.named(name).status == "warning"
    assert said in report.named(name).message
    assert report.exit_code == 0


def test_violations_are_counted_without_the_verdicts_beside_them(good, expected, tmp_path):
    case = CASES["outbound stands still"][2]
    report = validate_url(
        good.broken(tmp_path / "broken.csv", **case),
        material.TABLES,
        expected,
        names=["outbound_is_its_share_of_inbound"],
    )
    assert report.named("outbound_is_its_share_of_inbound").count == 1
    assert report.named("outbound_is_its_share_of_inbound").message.startswith("1 servers send")


def test_one_dropped_row_fails_nothing_but_the_grid(good, expected, tmp_path):
    path = good.broken(tmp_path / "broken.csv", where=f"NOT ({ONE})")
    report = validate_url(path, material.TABLES, expected)
    assert [r.name for r in report.results if r.broken] == ["complete_grid"], as_text(report)
    assert report.status == "good"


def test_a_tiny_sample_scores_too_few_points(good, expected, tmp_path):
    path = good.broken(
        tmp_path / "b.csv", change='"timestamp", server_id, NULL AS cpu_p95', where="\"timestamp\" < '2022-01-02'"
    )
    report = validate_url(path, material.TABLES, expected, names=["sample_data_score"])
    assert report.named("sample_data_score").status == "failed"
