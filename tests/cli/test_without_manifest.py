"""Data without a manifest are taken for the scenario that has their tables; where none has, it is said what to type."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from ghostfleet.cli import examine
from tests.cli.commands import ghostfleet

if TYPE_CHECKING:
    from pathlib import Path

TAKEN = "no manifest says what made it; taken for {}, unless you say --scenario NAME"
NAME = "no manifest says what made them, so name it: --scenario NAME (`ghostfleet list scenarios`)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hosts, a graph and part of an estate, without their manifests."""
    home = tmp_path_factory.mktemp("without")
    for name, command in {
        "hosts/": ("hosts", "--hosts", "4", "--days", "1"),
        "graph/": ("small", "--only", "graph"),
        "duckdb:estate.duckdb": ("small", "--only", "system_metrics,graph", "--from", "2025-03-05T10:00"),
    }.items():
        last = ("--until", "2025-03-05T11:00") if "--from" in command else ()
        made = ghostfleet(home, "generate", *command, *last, "--to", name, "--quiet")
        assert made.returncode == 0, made.stderr
    for path in home.rglob("*manifest.json"):
        path.unlink()
    (home / "others").mkdir()
    (home / "others" / "thing.csv").write_text("a\n1\n")
    (home / "empty").mkdir()
    return home


@pytest.mark.parametrize(("place", "name"), [("hosts", "hosts"), ("graph", "estate"), ("estate.duckdb", "estate")])
def test_the_scenario_with_most_of_the_tables_is_taken(folder: Path, place: str, name: str) -> None:
    done = ghostfleet(folder, "validate", place)
    assert (done.returncode, done.stderr) == (0, f"{place}: {TAKEN.format(name)}\n"), done.stdout
    assert "every value has its type" in done.stdout


def test_a_scenario_that_is_named_is_taken_without_a_word(folder: Path) -> None:
    done = ghostfleet(folder, "validate", "hosts", "--scenario", "hosts")
    assert (done.returncode, done.stderr) == (0, "")
    assert ghostfleet(folder, "validate", "hosts", "--quiet").stderr == ""


def test_a_report_and_questions_need_no_manifest(folder: Path) -> None:
    done = ghostfleet(folder, "report", "estate.duckdb", "--to", "report", "--format", "html")
    assert (done.returncode, TAKEN.format("estate") in done.stderr) == (0, True), done.stderr
    asked = ghostfleet(folder, "ask", "system_metrics_summary", "--in", "estate.duckdb")
    assert (asked.returncode, "services (" in asked.stdout) == (0, True), asked.stdout


@pytest.mark.parametrize(
    ("place", "wanted", "said"),
    [
        ("hosts", "capacity", f"hosts holds no file of server_metrics_full, but host_metrics; {NAME}"),
        ("estate.duckdb", "hosts", "estate.duckdb holds no table host_metrics, but ALLOWS_TRAFFIC_FROM, "),
        ("others", None, f"others holds no file of server_metrics_full, but thing; {NAME}"),
        ("empty", None, "empty holds no file of a table; a file is named after its table, such as "),
    ],
)
def test_what_is_missing_and_what_to_type_is_said(folder: Path, place: str, wanted: str | None, said: str) -> None:
    options = () if wanted is None else ("--scenario", wanted)
    for command in ("validate", "report"):
        done = ghostfleet(folder, command, place, *options)
        assert said in done.stdout + done.stderr
        assert done.returncode != 0


def test_what_is_guessed_depends_on_all_that_lies_there(folder: Path, tmp_path: Path) -> None:
    """A table that two scenarios have does not decide when another table tells them apart."""
    shutil.copy(folder / "hosts" / "host_metrics.csv.gz", tmp_path)
    assert examine.fallback(str(tmp_path), None).scenario == "hosts"
    for name in ("system_metrics", "network_metrics"):
        (tmp_path / f"{name}.csv").write_text("time\n")
    assert examine.fallback(str(tmp_path), None).scenario == "estate"


@pytest.mark.parametrize(
    ("names", "scenario"),
    [
        (("all_data.ndjson", "normal_data.ndjson", "incident_data.ndjson", "recovery_data.ndjson"), "commerce"),
        (("realistic_events.jsonl",), "events"),
        (("all_data.ndjson", "realistic_events.jsonl", "spans.jsonl", "system_metrics.csv"), "demo"),
    ],
)
def test_requests_are_those_of_the_scenario_that_makes_them(
    tmp_path: Path, names: tuple[str, ...], scenario: str
) -> None:
    for name in names:
        (tmp_path / name).write_text("{}\n")
    assert examine.fallback(str(tmp_path), None).scenario == scenario
