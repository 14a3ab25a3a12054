"""Every shipped scenario validates, runs, meets its `expect:`, and its parameters turn what they say."""

from typing import Any

import pytest

from ghostfleet.core.window import DAY_S
from ghostfleet.generate import Generator
from ghostfleet.spec import loading, reading

SHIPPED = loading.shipped()
SCENARIOS = pytest.mark.parametrize("name", list(SHIPPED))
OTHER = {
    "servers": 7,
    "years": 2,
    "start_date": "2023-05-01",
    "end_date": "2023-02-03",
    "granularity": "hourly",
    "daily_rows": "p95",
    "compress": False,
    "metadata": False,
    "calendar": False,
    "missing": 0.25,
    "outliers": 0.125,
    "hosts": 7,
    "days": 3,
    "scale": 2,
    "neutral_names": True,
    "incident_factor": 3,
    "profiles": {"hypervisor": 0.25, "guest": 0.25, "cloud": 0.5},
    "now": "2026-04-01T12:00:00+02:00",
    "count": 777,
    "hours": 48,
    "time_zone": "Asia/Tokyo",
    "base_tps": 30,
    "peak_multiplier": 4,
    "incidents_per_day": 5,
    "error_rate_normal": 3,
    "error_rate_incident": 60,
    "load": 0.5,
    "trace_share": 0.5,
    "roles": {"idle": 0.5, "cron": 0.0, "steady": 0.0, "service": 0.5, "batch": 0.0},
}
# Scenarios of single requests, with fewer of them.
FEWER: dict[str, dict[str, Any]] = {
    "commerce": {"days": 1, "scale": 0.001},
    "events": {"count": 2_000},
    "demo": {"load": 0.001},
}


def document(name):
    return reading.read(SHIPPED[name], f"{name}.yaml")


def at(tree, path):
    for step in path:
        tree = tree[step]
    return tree


@SCENARIOS
def test_a_shipped_scenario_is_named_like_its_file_and_has_a_title(name):
    scenario = loading.load(document(name)).scenario
    assert scenario.scenario == name
    assert scenario.title


@SCENARIOS
def test_a_plan_has_the_rows_that_the_scenario_expects(name):
    scenario = loading.load(document(name)).scenario
    generator = Generator(scenario)
    plan = generator.plan(generator.window(), generator.tables())
    rows = {table.name: sum(plan.tasks[task].rows for task in plan.of(table.name)) for table in generator.tables()}
    if scenario.estate is not None:  # what happens in it decides how many rows some tables have
        rows = {name: rows[name] for name in scenario.rows}
    assert rows == scenario.rows


@SCENARIOS
def test_a_shipped_scenario_runs(name):
    generator = Generator(loading.load(document(name), loading.Settings(flags=FEWER.get(name, {}))).scenario)
    since_s = generator.window().since_s
    is_history = generator.scenario.timeline.history_s is not None
    window = generator.window(until_s=since_s + DAY_S) if is_history else generator.window()
    plan = generator.plan(window, generator.tables())
    made = {table.name: 0 for table in generator.tables()}
    for task in plan.tasks:
        made[task.table] += sum(len(batch) for batch in generator.batches(task))
    # Nobody knows how many there will be of what happens now and then, and of single requests.
    events = {"changes", "security_events", "incident_metrics", "security_incidents"}
    events |= {table.name for table in generator.tables() if table.group == "requests"}
    events |= {table.name for table in generator.tables() if table.form == "document"}
    assert name != "events" or made["events"] == FEWER["events"]["count"]
    for table, rows in made.items():
        assert rows == sum(plan.tasks[task].rows for task in plan.of(table)) or table in events, table


PARAMETERS = [(name, parameter) for name in SHIPPED for parameter in loading.declared(document(name))]


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_a_parameter_changes_the_key_it_sets(name, parameter):
    path = loading.declared(document(name))[parameter].path
    before = loading.load(document(name)).effective()
    after = loading.load(document(name), loading.Settings(flags={parameter: OTHER[parameter]}))
    assert at(before, path) != OTHER[parameter]
    assert at(after.effective(), path) == OTHER[parameter]
    assert after.origin(path) == f"--{parameter.replace('_', '-')}"


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_a_parameter_has_help_and_a_default_that_is_the_key_s_own(name, parameter):
    declared = loading.declared(document(name))[parameter]
    assert declared.help.endswith((".", "]"))
    if declared.type == "moment":
        assert declared.default == "now"
    elif declared.default is not None:
        assert at(loading.load(document(name)).effective(), declared.path) == declared.default
