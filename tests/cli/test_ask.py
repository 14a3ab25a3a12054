"""What a user of `ghostfleet ask` meets."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from ghostfleet.queries import questions
from tests.cli.commands import ghostfleet
from tests.queries.estates import at, calls, put, system

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    put(tmp_path / "out", "system_metrics", [system(at(hour), "api", cpu_utilization=10 * hour) for hour in range(5)])
    calls(tmp_path / "out", ("web", "api"))
    return tmp_path


def test_questions_are_listed_with_their_parameters(data: Path) -> None:
    done = ghostfleet(data, "ask", "--list")
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(questions())
    assert "(service VARCHAR, cluster VARCHAR = null, start TIMESTAMPTZ = null" in done.stdout
    assert set(questions()) <= {line.split()[0] for line in ghostfleet(data, "list", "queries").stdout.splitlines()}


def test_one_question_is_told_in_detail(data: Path) -> None:
    said = ghostfleet(data, "ask", "--list", "service_performance_trend").stdout
    assert "window: the last 24 hours of system_metrics" in said
    assert "--param service VARCHAR" in said


def test_a_table_has_what_was_asked_and_a_summary(data: Path) -> None:
    done = ghostfleet(data, "ask", "system_metrics_summary", "--in", "out/")
    assert done.returncode == 0, done.stderr
    assert "from 2025-03-04T04:00:01Z until 2025-03-05T04:00:01Z" in done.stdout
    assert "services (1)" in done.stdout
    assert "avg_cpu          20" in done.stdout


def test_a_graph_is_made_of_tables(data: Path) -> None:
    done = ghostfleet(data, "ask", "service_dependency_map", "--in", "out/", "--format", "json")
    told = json.loads(done.stdout)
    assert [row["name"] for row in told["tables"]["services"]] == ["api", "web"]


def test_csv_is_the_table_that_is_named(data: Path) -> None:
    given = ("--in", "out/", "--param", "service=api", "--format", "csv", "--table", "trends")
    done = ghostfleet(data, "ask", "service_performance_trend", *given)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert rows[0]["metric"] == "cpu"
    assert rows[0]["trend"] == "increasing"


def test_no_data_is_an_answer(data: Path) -> None:
    done = ghostfleet(data, "ask", "incident_analysis", "--in", "out/")
    assert done.returncode == 0
    assert "no data: incident_metrics is not there; looked for in out/" in done.stdout
    done = ghostfleet(data, "ask", "incident_analysis", "--in", "out/", "--format", "csv")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no data: incident_metrics" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nope", "--in", "out/"), 2, "there is no question nope; known are application_architecture"),
        ((), 2, "name a query; known are"),
        (("cost_analysis",), 2, "--in: say where the data lies; cost_analysis asks tables"),
        (("service_dependency_map",), 2, "asks a graph (ladybug:FILE"),
        (("cost_analysis", "--in", "out/", "--param", "x=1"), 2, "has no parameter x; valid are start TIMESTAMPTZ"),
        (("cost_analysis", "--in", "out/", "--param", "start"), 2, "--param start: write NAME=VALUE"),
        (("cost_analysis", "--in", "out/", "--param", "start=soon"), 2, "start must be a time such as 2025-03-05"),
        (("service_performance_trend", "--in", "out/"), 2, "service_performance_trend needs service VARCHAR"),
        (("system_metrics_summary", "--in", "out/", "--table", "nope"), 2, "has no table nope; it has services"),
        (("cost_analysis", "--in", "nowhere/"), 4, "nowhere is not there; valid is a folder, a file, duckdb:FILE"),
        (("cost_analysis", "--in", "duckdb:out/Service.csv"), 4, "is not a DuckDB file"),
        (("service_dependency_map", "--in", "ladybug:out/Service.csv"), 4, "cannot be asked"),
    ],
)
def test_mistakes_say_what_would_be_valid(data: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = ghostfleet(data, "ask", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_json_too_where_json_was_asked_for(data: Path) -> None:
    done = ghostfleet(data, "ask", "cost_analysis", "--in", "nowhere/", "--format", "json")
    told = json.loads(done.stdout)
    assert done.returncode == 4
    assert told["error"].startswith("nowhere is not there")
    assert (told["tables"], told["total_count"], told["attempts"]) == ({}, 0, 1)
