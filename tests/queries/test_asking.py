"""Parameters, windows, empty answers and errors: what holds of every question."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ghostfleet.queries import QuestionError, ask, question, questions, telling
from ghostfleet.queries.parameters import Parameter, bound, declared
from ghostfleet.queries.text import parse
from tests.queries.estates import at, calls, link, put, service, system

HOSTILE = ("x'; DROP TABLE system_metrics; --", 'a "quoted" one', "日本 – ü", "comma, semi; colon", "back`tick", "$1")
GIVEN = {"app_name": "trading-platform", "service": "trading-api"}


@pytest.fixture
def two_days(tmp_path):
    rows = [system(at(hour, day=day), "api", request_count=10 * day) for day in (5, 6) for hour in range(0, 24, 6)]
    put(tmp_path, "system_metrics", rows)
    return str(tmp_path)


def test_documented_questions_are_there():
    graph = {
        *("infrastructure_topology", "eks_clusters_with_services", "service_dependency_map", "database_connections"),
        *("cost_optimization_candidates", "application_architecture", "critical_path_analysis"),
        *("network_latency_heatmap", "application_infrastructure"),
    }
    series = {
        *("system_metrics_summary", "service_performance_trend", "database_performance", "network_latency_matrix"),
        *("cost_analysis", "business_value", "security_events_summary", "incident_analysis"),
    }
    assert graph | series <= set(questions())
    assert {name for name in series if question(name).languages == ("sql",)} == series
    assert all("start" in question(name).parameters and "end" in question(name).parameters for name in series)


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("system_metrics_summary", "24 hours"),
        ("service_performance_trend", "24 hours"),
        ("database_performance", "24 hours"),
        ("network_latency_matrix", "24 hours"),
        ("cost_analysis", "30 days"),
        ("business_value", "90 days"),
        ("security_events_summary", "30 days"),
        ("incident_analysis", "90 days"),
    ],
)
def test_default_windows_are_the_documented_ones(name, length):
    assert question(name).window[0] == length


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("system_metrics_summary", {"start": "9999-12-31"}, "start must be at least 24 hours before 9999-12-31"),
        ("system_metrics_summary", {"end": "0001-01-01"}, "end must be at least 24 hours after 0001-01-01"),
        ("system_metrics_summary", {"end": "0001-01-01T12:00:00"}, "end must be at least 24 hours after 0001-01-01"),
    ],
)
def test_a_window_that_leaves_the_calendar_is_refused(two_days, name, given, said):
    with pytest.raises(QuestionError, match=said):
        ask(name, two_days, **given)


def test_a_window_from_ever_until_for_ever_is_one(two_days):
    answer = ask("system_metrics_summary", two_days, start="0001-01-01", end="9999-12-31")
    assert answer.rows


def test_default_window_counts_back_from_the_newest_row(two_days):
    answer = ask("system_metrics_summary", two_days)
    assert answer.window == (datetime(2025, 3, 5, 18, 0, 1, tzinfo=UTC), datetime(2025, 3, 6, 18, 0, 1, tzinfo=UTC))
    assert answer.rows[0]["total_requests"] == 4 * 60


def test_windows_are_half_open(two_days):
    answer = ask("system_metrics_summary", two_days, start=at(6), end=at(18))
    assert (answer.rows[0]["data_points"], answer.rows[0]["total_requests"]) == (2, 100)


def test_a_start_without_an_end_reaches_to_the_newest_row(two_days):
    assert ask("system_metrics_summary", two_days, start=at(0)).rows[0]["data_points"] == 8


def test_an_end_without_a_start_counts_back(two_days):
    assert ask("system_metrics_summary", two_days, end=at(0, day=6)).rows[0]["data_points"] == 4


def test_times_may_have_another_zone(two_days):
    answer = ask("system_metrics_summary", two_days, start="2025-03-05T07:00:00+01:00", end=datetime(2025, 3, 5, 7, 0))  # noqa: DTZ001  one without a zone is UTC
    assert answer.rows[0]["data_points"] == 1


def test_a_window_without_rows_is_no_data(two_days):
    answer = ask("system_metrics_summary", two_days, start=at(0, month=6))
    assert answer.no_data.startswith("system_metrics has no rows from 2025-06-05T00:00:00Z until 2025-06-06")
    assert (answer.tables, answer.summary, answer.error) == ({}, {}, None)


@pytest.mark.parametrize("name", questions())
def test_a_place_without_the_tables_is_no_data(name, tmp_path):
    (tmp_path / "readme.csv").write_text("a,b\n1,2\n")
    given: dict[str, Any] = {key: value for key, value in GIVEN.items() if key in question(name).parameters}
    answer = ask(name, str(tmp_path), **given)
    assert answer.error is None
    assert answer.no_data
    assert answer.as_dict()["total_count"] == 0


def test_a_text_that_lacks_its_tables_leaves_its_part_empty_and_says_so(tmp_path):
    calls(tmp_path, ("a", "b"))
    answer = ask("service_dependency_map", str(tmp_path))
    assert set(answer.lacking) == {"deployments", "database_calls"}
    assert "DEPLOYED_ON is not there" in telling.as_table(answer) or "EKSCluster is not there" in telling.as_table(
        answer
    )
    assert [row["cluster"] for row in answer.rows] == [None, None]


def test_a_column_that_is_missing_is_named(tmp_path):
    put(tmp_path, "database_metrics", [{"time": at(0), "db_identifier": "a"}])
    assert "database_metrics has no column db_engine" in ask("database_performance", str(tmp_path)).no_data


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_bound_and_never_obeyed(name, tmp_path):
    put(tmp_path, "system_metrics", [system(at(0), name), system(at(0), "other")])
    answer = ask("service_performance_trend", str(tmp_path), service=name)
    assert [row["data_points"] for row in answer.rows] == [1]
    assert ask("service_performance_trend", str(tmp_path), service=name + "x").no_data


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_bound_in_graphs_too(name, tmp_path):
    facts = dict.fromkeys(("type", "environment", "status", "version", "business_criticality", "team_owner"), "x")
    app = {"id": f"app/{name}", "name": name, "kind": "Application", **facts, "cost_center": "c", "users": 1}
    put(tmp_path, "Application", [{**app, "compliance_requirements": "SOX;GDPR", "transactions_per_day": 5}])
    put(tmp_path, "Service", [service("api")])
    put(tmp_path, "USES", [link(("Application", f"app/{name}"), "USES", ("Service", "service/api"))])
    answer = ask("application_architecture", str(tmp_path), app_name=name)
    assert answer.rows[0]["compliance_requirements"] == ["GDPR", "SOX"]
    assert [row["name"] for row in answer.tables["services"]] == ["api"]
    assert (
        "Application has no rows of app_name" in ask("application_architecture", str(tmp_path), app_name="no").no_data
    )


def test_what_a_terminal_would_obey_is_shown_by_its_number(tmp_path):
    put(tmp_path, "system_metrics", [system(at(0), "red\x1b[31m")])
    assert "red\\x1b[31m" in telling.as_table(ask("system_metrics_summary", str(tmp_path)))


def test_names_that_look_like_numbers_stay_texts(tmp_path):
    put(tmp_path, "system_metrics", [system(at(0), "007")])
    assert ask("system_metrics_summary", str(tmp_path)).rows[0]["service_name"] == "007"


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("nope", {}, "there is no question nope; known are application_architecture"),
        ("cost_analysis", {"service": "a"}, "cost_analysis has no parameter service; valid are start TIMESTAMPTZ"),
        ("service_performance_trend", {}, "service_performance_trend needs service VARCHAR"),
        ("service_performance_trend", {"service": 5}, "service must be a text, not 5"),
        ("cost_analysis", {"start": "soon"}, "start must be a time such as 2025-03-05"),
        ("cost_analysis", {"start": at(2), "end": at(2)}, "must be before end"),
        ("current_system_health", {"most": "many"}, "most must be a whole number, not 'many'"),
        ("current_system_health", {"most": True}, "most must be a whole number"),
        ("current_system_health", {"most": 2**63}, "most must be a whole number"),
    ],
)
def test_what_cannot_be_asked_is_refused(name, given, said, two_days):
    with pytest.raises(QuestionError) as refused:
        ask(name, two_days, **given)
    assert said in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("place", ["nowhere", "duckdb:nowhere.duckdb", "ladybug:nowhere.graph"])
def test_a_place_that_is_not_there_is_an_error_in_the_answer(place):
    answer = ask("service_dependency_map", place)
    assert answer.error is not None
    assert "is not there" in answer.error.message
    told = answer.as_dict()
    assert (told["error"], told["query_name"], told["attempts"]) == (answer.error.message, "service_dependency_map", 1)
    assert (told["tables"], told["total_count"]) == ({}, 0)


def test_a_cell_of_a_wrong_type_is_an_error_that_names_its_row(tmp_path):
    put(tmp_path, "system_metrics", [system(at(0), "a"), system(at(1), "a", cpu_utilization="full")])
    answer = ask("system_metrics_summary", str(tmp_path))
    assert answer.error is not None
    assert "row 3: cpu_utilization = full" in answer.error.message


def test_a_graph_with_a_node_twice_is_an_error(tmp_path):
    calls(tmp_path, ("a", "b"))
    put(tmp_path, "Service", [service("a"), service("a"), service("b")])
    answer = ask("service_dependency_map", str(tmp_path))
    assert answer.error is not None
    assert "no graph can be made of Service" in answer.error.message


def test_the_first_place_that_has_a_table_wins(tmp_path):
    put(tmp_path / "one", "system_metrics", [system(at(0), "one")])
    put(tmp_path / "two", "system_metrics", [system(at(0), "two")])
    places = [str(tmp_path / "two"), str(tmp_path / "one")]
    assert [row["service_name"] for row in ask("system_metrics_summary", places).rows] == ["two"]


def test_answers_are_json(two_days):
    told = json.loads(telling.as_json(ask("service_performance_trend", two_days, service="api")))
    assert told["tables"]["buckets"][0]["bucket"] == "2025-03-06T00:00:00Z"
    assert told["window"] == {"start": "2025-03-05T18:00:01Z", "end": "2025-03-06T18:00:01Z"}
    assert (told["no_data"], told["error"]) == (None, None)


def test_csv_is_one_table(two_days):
    answer = ask("service_performance_trend", two_days, service="api")
    assert telling.as_csv(answer, "trends").splitlines()[0] == "metric,slope_per_bucket,trend,average"
    with pytest.raises(QuestionError, match="has no table nope; it has buckets, trends"):
        telling.as_csv(answer, "nope")


def test_parameters_are_declared_with_type_and_default():
    text = parse("q", "-- params: start TIMESTAMPTZ, name VARCHAR, least DOUBLE = 0.5, on BOOLEAN = false\nSELECT 1")
    known = {one.name: one for one in declared(text)}
    assert bound(known, {"name": "a"}, "q") == {"start": None, "name": "a", "least": 0.5, "on": False}
    assert bound(known, {"name": "a", "least": "2", "on": "TRUE"}, "q")["least"] == 2.0
    assert str(known["least"]) == "least DOUBLE = 0.5"


@pytest.mark.parametrize("value", ["nan", "inf", "x", [], True])
def test_numbers_are_finite(value):
    with pytest.raises(QuestionError):
        Parameter("least", "DOUBLE").value(value)


@pytest.mark.parametrize("said", ["x", "x FLOAT", "x BIGINT = soon", "X BIGINT"])
def test_a_header_that_declares_nonsense_is_refused(said):
    with pytest.raises(QuestionError):
        declared(parse("q", f"-- params: {said}\nSELECT 1"))
