# ruff: noqa: E501, ISC004, S608  a broken estate is one line of SQL, and reads best as one
"""An estate broken in one way is named by the check that guards it."""

from __future__ import annotations

import shutil

import duckdb
import pytest

from ghostfleet.queries import open_data, validate
from ghostfleet.run import expectations
from ghostfleet.spec import loading, reading

SAID = "prod-trading-cluster"
CASES = {
    "a label without nodes": ("required_labels", "warning", 'DELETE FROM "Application"'),
    "half of the services unknown to the graph": (
        "services_agree",
        "failed",
        "UPDATE system_metrics SET service_name = 'x-' || service_name WHERE service_name > 'n'",
    ),
    "some services unknown to the graph": (
        "services_agree",
        "warning",
        "UPDATE system_metrics SET service_name = 'x-' || service_name WHERE service_name LIKE 's%'",
    ),
    "databases of another estate": (
        "databases_agree",
        "failed",
        "UPDATE database_metrics SET db_identifier = 'x' || db_identifier",
    ),
    "a service on another cluster": (
        "service_placement_agrees",
        "failed",
        "UPDATE system_metrics SET cluster_name = 'dev-microservices-cluster' WHERE service_name = 'trading-api'",
    ),
    "a region drawn anew per row": (
        "service_placement_agrees",
        "failed",
        "UPDATE system_metrics SET region = 'eu-west-1' WHERE service_name = 'trading-api' AND minute(time) = 5",
    ),
    "a call that is no link": (
        "calls_are_links",
        "failed",
        "UPDATE network_metrics SET target_service = 'var-calculator' WHERE source_service = 'session-manager'",
    ),
    "a link that is not measured": (
        "calls_are_links",
        "failed",
        "DELETE FROM network_metrics WHERE source_service = 'trading-api'",
    ),
    "requests that do not arrive": (
        "calls_reach_services",
        "failed",
        "UPDATE network_metrics SET request_count = 10 * request_count WHERE target_service = 'auth-service'",
    ),
    "more errors than requests": (
        "errors_within_requests",
        "failed",
        "UPDATE network_metrics SET error_count = request_count + 1 WHERE source_service = 'trading-api'",
    ),
    "more time-outs than errors": (
        "errors_within_requests",
        "failed",
        "UPDATE network_metrics SET timeout_count = error_count + 1",
    ),
    "percentiles out of order": (
        "percentiles_are_ordered",
        "failed",
        "UPDATE network_metrics SET p95_latency_ms = p99_latency_ms + 1 WHERE source_service = 'trading-api'",
    ),
    "a month of 720 hours": ("costs_add_up", "failed", "UPDATE cost_metrics SET monthly_cost = 720 * hourly_cost"),
    "a day of one hour": ("costs_add_up", "failed", "UPDATE cost_metrics SET daily_cost = hourly_cost"),
    "a cost below zero": (
        "costs_add_up",
        "failed",
        "UPDATE cost_metrics SET hourly_cost = -1, daily_cost = -24, monthly_cost = -730.5, estimated_waste = 0,"
        " optimization_potential = 0",
    ),
    "more waste than cost": ("costs_add_up", "failed", "UPDATE cost_metrics SET estimated_waste = daily_cost + 1"),
    "more healthy targets than targets": (
        "healthy_targets_within_total",
        "failed",
        'UPDATE "LoadBalancer" SET targets_healthy = targets_total + 1',
    ),
    "prod that is staging": (
        "environments_follow_names",
        "failed",
        f"UPDATE \"EKSCluster\" SET environment = 'staging' WHERE name = '{SAID}'",
    ),
    "prod in the network of dev": (
        "environments_follow_networks",
        "failed",
        'UPDATE "DEPLOYED_IN" SET to_id = (SELECT id FROM "VPC" WHERE environment = \'development\' LIMIT 1)'
        f" WHERE from_id LIKE '%{SAID}'",
    ),
    "a node that nothing is tied to": (
        "no_orphans",
        "warning",
        "INSERT INTO \"ExternalService\" (id, name, kind) VALUES ('external/lonely', 'lonely', 'ExternalService')",
    ),
    "many such nodes": (
        "no_orphans",
        "failed",
        "INSERT INTO \"ExternalService\" (id, name, kind) SELECT 'external/' || n, 'n' || n, 'ExternalService' FROM range(10) AS t(n)",
    ),
    "a link to nowhere": (
        "links_join_nodes",
        "failed",
        "UPDATE \"USES\" SET to_id = 'service/nobody' WHERE to_id LIKE '%auth-service'",
    ),
    "a link to another label": ("links_join_nodes", "failed", "UPDATE \"USES\" SET to_label = 'Pod'"),
    "no service depends on another": ("relationship_types_present", "warning", 'DELETE FROM "DEPENDS_ON"'),
    "half an hour missing at the end": (
        "newest_row_is_recent",
        "warning",
        "DELETE FROM system_metrics WHERE time >= TIMESTAMPTZ '2025-03-05 11:30:00+00'",
    ),
    "an hour and a half missing at the end": (
        "newest_row_is_recent",
        "failed",
        "DELETE FROM network_metrics WHERE time >= TIMESTAMPTZ '2025-03-05 10:30:00+00'",
    ),
    "one bucket empty": (
        "no_empty_buckets",
        "warning",
        "DELETE FROM database_metrics WHERE time = TIMESTAMPTZ '2025-03-05 11:15:00+00'",
    ),
    "a quarter of an hour empty": (
        "no_empty_buckets",
        "failed",
        "DELETE FROM system_metrics WHERE time BETWEEN TIMESTAMPTZ '2025-03-05 11:15:00+00' AND TIMESTAMPTZ '2025-03-05 11:30:00+00'",
    ),
    "one series that ends early": (
        "series_are_whole",
        "failed",
        "DELETE FROM system_metrics WHERE service_name = 'trading-api' AND time >= TIMESTAMPTZ '2025-03-05 11:00:00+00'",
    ),
    "one link measured now and then": (
        "series_are_whole",
        "failed",
        "DELETE FROM network_metrics WHERE source_service = 'trading-api' AND minute(time) = 15",
    ),
    "one service silent for an hour": (
        "no_empty_buckets",
        "passed",
        "DELETE FROM system_metrics WHERE service_name = 'trading-api' AND time >= TIMESTAMPTZ '2025-03-05 11:00:00+00'",
    ),
}
REQUESTS = {"transactions", "events", "spans", "logs"}
SERVERS = {"server_metrics"}
ALWAYS = {"metric_tables_present"}  # that speaks of tables the estate of tests has not


def judged(path, names=None):
    scenario = loading.load(reading.read(loading.shipped()["estate"], "estate.yaml")).scenario
    wanted = expectations.of(f"duckdb:{path}", lambda: scenario)
    with open_data(f"duckdb:{path}", wanted.tables) as data:
        for name, rows in wanted.of_rows(data).items():
            data.add_rows(name, rows)
        return validate(data, names=names)


@pytest.fixture(scope="module")
def copied(tmp_path_factory, estate):
    def copy(change):
        folder = tmp_path_factory.mktemp("broken")
        path = folder / "estate.duckdb"
        shutil.copy(estate.duckdb, path)
        shutil.copy(f"{estate.duckdb}.manifest.json", f"{path}.manifest.json")
        with duckdb.connect(str(path)) as store:
            store.execute("SET TimeZone = 'UTC'")
            store.execute(change)
        return path

    return copy


def test_a_sound_estate_passes(estate):
    report = judged(estate.duckdb)
    assert {result.name for result in report.results if result.status != "passed"} == ALWAYS
    assert report.named("metric_tables_present").status == "warning"
    assert (report.status, report.exit_code) == ("excellent", 0)
    assert report.named("no_empty_buckets").message.startswith("0 of ")


@pytest.mark.parametrize("case", CASES)
def test_a_broken_estate_is_told(case, copied):
    name, status, change = CASES[case]
    result = judged(copied(change), [name]).named(name)
    assert result.status == status, result.message
    assert "{" not in result.message
    assert result.recommendations


def test_every_check_of_estates_is_shown_to_bite():
    from ghostfleet.queries import checks

    of_estates = {name for name, check in checks().items() if check.tables and not check.tables & (REQUESTS | SERVERS)}
    assert of_estates - {name for name, status, _ in CASES.values() if status != "passed"} == {"metric_tables_present"}


def test_checks_of_estates_leave_other_data_alone(good, expected):
    from ghostfleet.queries import checks, validate_url
    from tests.queries.material import TABLES

    report = validate_url(str(good.path), TABLES, expected)
    assert not {result.name for result in report.results} & {
        name for name, one in checks().items() if one.tables is not None and not one.tables & SERVERS
    }


def test_tables_that_are_not_there_leave_what_is_judged(tmp_path, estate):
    with duckdb.connect(str(tmp_path / "a.duckdb")) as store:
        store.execute(f"ATTACH '{estate.duckdb}' AS whole (READ_ONLY)")
        store.execute("CREATE TABLE system_metrics AS FROM whole.system_metrics")
    (table,) = [
        one
        for one in expectations.of(
            f"duckdb:{estate.duckdb}",
            lambda: loading.load(reading.read(loading.shipped()["estate"], "estate.yaml")).scenario,
        ).tables
        if one.name == "system_metrics"
    ]
    stated = [{"table_name": "system_metrics", "since_s": 1741168800, "until_s": 1741176000, "row_s": 300}]
    with open_data(f"duckdb:{tmp_path / 'a.duckdb'}", [table], {"stated_extents": stated}) as data:
        report = validate(data)
    assert report.named("newest_row_is_recent").status == report.named("no_empty_buckets").status == "passed"
