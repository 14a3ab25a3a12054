"""What `generate` makes of destinations: named twice, occupied, shared, or left by their reader."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ghostfleet.sinks import open_sink
from ghostfleet.spec import loading
from tests.cli.commands import ghostfleet
from tests.sinks.rows import TABLE

SMALL = ("generate", "capacity", "--servers", "3", "--start-date", "2025-01-01", "--end-date", "2025-03-01")


def left(folder: Path) -> list[str]:
    """Every path below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("first", "second"),
    [("same/", "same/"), ("same", "./same/"), ("files:same", "same"), ("x.csv", "./x.csv"), ("-", "-"),
     ("duckdb:x.duckdb", "x.duckdb")],
)  # fmt: skip
@pytest.mark.parametrize("command", ["generate", "plan"])
def test_a_destination_named_twice_is_called_that(tmp_path: Path, first: str, second: str, command: str) -> None:
    done = ghostfleet(tmp_path, command, *SMALL[1:], "--to", first, "--to", second)
    assert (done.returncode, done.stdout) == (2, "")
    assert "named twice" in done.stderr
    assert second in done.stderr
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("section", "line", "said"),
    [
        ("parameters", "to: {sets: data.num_servers}", "parameters.to: --to is an option of generate already"),
        ("parameters", "seed: {sets: data.num_servers}", "parameters.seed: --seed is an option of generate already"),
        (
            "parameters",
            "no_calendar: {sets: data.end_date}",
            "calendar: --no-calendar is the flag of no_calendar already",
        ),
        ("aliases", "quiet: to", "aliases.quiet: --quiet is an option of generate already"),
        ("aliases", "servers: to", "aliases.servers: --servers is the flag of servers already"),
        ("aliases", '"out put": to', "aliases.out put: its name becomes a flag"),
        ("tables", "nope", "there is no table nope; known are business_value_metrics, changes, "),
    ],
)
def test_a_scenario_whose_names_cannot_be_used_is_refused_at_its_line(
    tmp_path: Path, section: str, line: str, said: str
) -> None:
    text = loading.shipped()["capacity"].replace("aliases: {output: to}", "aliases:\n  output: to", 1)
    text = text.replace("tables: [server_metrics]", "tables:\n  - server_metrics", 1)
    added = f"- {line}" if section == "tables" else line
    (tmp_path / "own.yaml").write_text(text.replace(f"\n{section}:\n", f"\n{section}:\n  {added}\n", 1))
    done = ghostfleet(tmp_path, "generate", "own.yaml", "--to", "out/")
    assert (done.returncode, done.stderr.count("\n"), done.stderr.startswith("Error: own.yaml:")) == (2, 1, True)
    assert said in done.stderr
    assert left(tmp_path) == ["own.yaml"]


@pytest.mark.parametrize(("given", "missing"), [(("--part", "2"), "--of"), (("--of", "2"), "--part")])
def test_a_part_needs_the_number_of_parts_and_the_other_way_round(
    tmp_path: Path, given: tuple[str, ...], missing: str
) -> None:
    done = ghostfleet(tmp_path, *SMALL, "--to", "out/", *given)
    assert done.returncode == 2
    assert f"{given[0]} needs {missing}" in done.stderr
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "directory"),
    [
        ("logs", False),
        ("manifest.json", True),
        ("summary.json", True),
        ("server_metrics_sample.csv", True),
    ],
)
def test_a_place_that_a_record_needs_is_found_occupied_before_anything_is_written(
    tmp_path: Path, name: str, directory: bool
) -> None:
    place = tmp_path / "out" / name
    place.parent.mkdir()
    place.mkdir() if directory else place.write_text("mine")
    done = ghostfleet(tmp_path, *SMALL, "--to", "out/")
    assert done.returncode == 3
    assert f"out/{name}" in done.stderr
    assert left(tmp_path) == ["out", f"out/{name}"]


def test_a_log_that_cannot_stand_where_it_should_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    done = ghostfleet(tmp_path, *SMALL, "--to", "out/", "--set", "logging.file=file/run.log")
    assert done.returncode == 3
    assert "file is no directory" in done.stderr
    assert left(tmp_path) == ["file"]


def test_another_scenario_is_locked_out_of_a_folder_that_is_being_written(tmp_path: Path) -> None:
    sink = open_sink(f"{tmp_path}/out/")
    sink.open([TABLE], plan_id="other", tasks={TABLE.name: [0]})
    done = ghostfleet(tmp_path, *SMALL, "--to", "out/")
    sink.abort()
    assert done.returncode == 3
    assert "another process is writing to out" in done.stderr
    assert ghostfleet(tmp_path, *SMALL, "--to", "out/").returncode == 0


def test_log_lines_are_in_utc(tmp_path: Path) -> None:
    assert ghostfleet(tmp_path, *SMALL, "--to", "out/", environment={"TZ": "Asia/Kolkata"}).returncode == 0
    (log,) = (tmp_path / "out/logs").iterdir()
    started = re.fullmatch(r"generate-(\d{8})T(\d\d)(\d\d)\d\dZ\.log", log.name)
    assert started is not None
    assert re.match(rf"\d{{4}}-\d\d-\d\dT{started[2]}:\d\d:\d\d\.\d{{3}}Z INFO ", log.read_text())


def test_a_run_that_fails_says_so_in_its_log(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, "generate", "capacity", "--to", "out/", largest_file=200_000)
    assert done.returncode == 3
    (log,) = (tmp_path / "out/logs").iterdir()
    last = log.read_text().splitlines()[-1]
    assert "ERROR failed: cannot write" in last


def test_without_its_reader_a_run_stops_at_once(tmp_path: Path) -> None:
    hours = ("generate", "capacity", "--granularity", "hourly", "--servers", "600", "--yes", "--to", "-")  # 21 million
    with subprocess.Popen(
        [sys.executable, "-m", "ghostfleet", *hours],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ, stdin=subprocess.DEVNULL,
    ) as writer:  # fmt: skip
        assert writer.stdout is not None
        assert writer.stderr is not None
        assert writer.stdout.readline().startswith(b"timestamp,")
        writer.stdout.close()
        assert writer.wait(timeout=15) == 141
        assert writer.stderr.read() == b""


def test_a_destination_that_stays_is_finished_though_the_reader_of_another_has_gone(tmp_path: Path) -> None:
    command = ("generate", "capacity", "--to", "-", "--to", "out/", "--quiet")
    with subprocess.Popen(
        [sys.executable, "-m", "ghostfleet", *command],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ, stdin=subprocess.DEVNULL,
    ) as writer:  # fmt: skip
        assert writer.stdout is not None
        writer.stdout.readline()
        writer.stdout.close()
        assert writer.wait(timeout=60) == 0
    assert ghostfleet(tmp_path, "verify", "out/").returncode == 0


@pytest.mark.parametrize("url", ["fleet.duckdb", "fleet"])
def test_a_duckdb_file_is_validated_verified_and_reported_by_its_path(tmp_path: Path, url: str) -> None:
    assert ghostfleet(tmp_path, *SMALL[:4], "--to", f"duckdb:{url}").returncode == 0
    assert ghostfleet(tmp_path, "verify", url).returncode == 0
    done = ghostfleet(tmp_path, "validate", url, "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["score"] == 100
    assert ghostfleet(tmp_path, "report", url, "--format", "html").returncode == 0
    assert list((tmp_path / "report").glob("*.html"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("command", ["schema", "show capacity", "list queries", "plan capacity", "generate capacity"])
def test_a_full_disk_behind_standard_output_is_said_without_a_traceback(tmp_path: Path, command: str) -> None:
    small = [*SMALL[2:], "--to", "out/"] if command.startswith("generate") else []
    line = [sys.executable, "-m", "ghostfleet", *command.split(), *small]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(line, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr
    assert "cannot write to standard output: No space left on device" in done.stderr
