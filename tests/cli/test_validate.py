"""What a user of `ghostfleet validate` and `report` meets; expectations come from manifests and from rows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ghostfleet import signals
from ghostfleet.queries import text
from tests.cli.commands import ghostfleet

SMALL = ("--servers", "12", "--years", "1")
TWO_HOURS = ("--from", "2022-03-01", "--until", "2022-03-01T02:00:00")


def judged(folder: Path, *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    done = ghostfleet(folder, "validate", *arguments, "--format", "json")
    assert done.stderr == "" or "no manifest says what made it" in done.stderr
    return done.returncode, {result["name"]: result for result in json.loads(done.stdout)["results"]}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_without_rows_is_a_failed_check_and_no_error_of_an_engine(tmp_path: Path, form: str) -> None:
    ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--to", "out/", "--format", form, "--no-compress")
    path = tmp_path / f"out/server_metrics_full.{form}"
    if form == "csv":
        path.write_text(path.read_text().partition("\n")[0] + "\n")
    else:
        import duckdb

        duckdb.execute(f"COPY (FROM '{path}' LIMIT 0) TO '{tmp_path / 'e'}' (FORMAT parquet)")
        (tmp_path / "e").replace(path)
    for where in ("out/", f"out/server_metrics_full.{form}"):
        code, results = judged(tmp_path, where)
        assert code == 1
        assert results["row_count"]["message"].startswith("no rows, expected 4380")
        broken = [name for name, result in results.items() if result["status"] in ("failed", "error")]
        assert broken == ["row_count", "rows_as_stated"]
    done = ghostfleet(tmp_path, "report", "out/")
    assert done.returncode == 4
    assert "holds no rows to report on" in done.stderr
    (tmp_path / "out/manifest.json").unlink()
    code, results = judged(tmp_path, "out/")
    assert (code, results["row_count"]["status"]) == (1, "failed")
    assert "Error" not in json.dumps(results)


@pytest.mark.parametrize("every", ["2d", "7d"])
def test_rows_of_days_are_sound_with_and_without_a_manifest(tmp_path: Path, every: str) -> None:
    ghostfleet(tmp_path, "generate", "capacity", "--every", every, "--to", "out/")
    code, results = judged(tmp_path, "out/")
    assert code == 0, results
    assert {result["status"] for result in results.values()} == {"passed", "no_data"}
    (tmp_path / "out/manifest.json").unlink()
    assert judged(tmp_path, "out/")[0] == 0


def test_a_file_finds_the_manifest_of_its_folder_whatever_its_path_is_called(tmp_path: Path) -> None:
    ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--granularity", "hourly", *TWO_HOURS, "--to", "9:at/out/")
    for url in ("9:at/out/server_metrics_full.csv.gz", "files:9:at/out/server_metrics_full.csv.gz", "files:9:at/out"):
        assert judged(tmp_path, url)[0] == 0, url
    (tmp_path / "9:at/out/manifest.json").unlink()  # without it, two hours are a cut day
    assert judged(tmp_path, "files:9:at/out/server_metrics_full.csv.gz")[0] == 1


def test_a_part_is_sound_alone_and_parts_are_sound_together(tmp_path: Path) -> None:
    ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--part", "2", "--of", "2", "--to", "out/")
    code, results = judged(tmp_path, "out/")
    assert (code, results["row_count"]["message"]) == (0, "2190 rows, 2190 expected")
    ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--part", "1", "--of", "2", "--to", "out/")
    code, results = judged(tmp_path, "out/")
    assert (code, results["row_count"]["message"]) == (0, "4380 rows, 4380 expected")
    next(tmp_path.glob("out/*-00001-of-00002.csv.gz")).unlink()
    assert judged(tmp_path, "out/")[1]["row_count"]["message"].startswith("2190 rows, expected 4380")


def test_a_window_of_two_hours_is_sound_by_its_manifest_and_a_cut_day_without(tmp_path: Path) -> None:
    ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--granularity", "hourly", *TWO_HOURS, "--to", "out/")
    assert judged(tmp_path, "out/")[0] == 0
    (tmp_path / "out/manifest.json").unlink()
    code, results = judged(tmp_path, "out/")
    assert (code, results["days_are_whole"]["status"]) == (1, "failed")


def test_expectations_and_examination_know_the_names_of_no_signal() -> None:
    """What to expect of a table, and how its rows show their extent, stands with its signal and its query."""
    source = Path(text.__file__).parent.parent
    for path in (source / "run/expectations.py", source / "cli/examine.py", source / "cli/commands/report.py"):
        assert not re.search(r"(expected|observed)_[a-z]|\bserver", path.read_text("utf-8")), path
    for name, signal in signals.found().items():
        table = signal.TABLE  # of a graph is expected what it declares, and when requests are made only manifests say
        if hasattr(signal, "expectations") and table.form == "rows" and table.group != "requests":
            assert text.observed(name) is not None, name


def test_a_file_without_a_manifest_is_judged_by_the_scenario_whose_table_it_is_named_after(tmp_path: Path) -> None:
    ghostfleet(tmp_path, "generate", "hosts", "--hosts", "3", "--days", "1", "--to", "out/")
    (tmp_path / "alone").mkdir()
    (tmp_path / "out/host_metrics.csv.gz").rename(tmp_path / "alone/host_metrics.csv.gz")
    assert ghostfleet(tmp_path, "validate", "alone/host_metrics.csv.gz").returncode == 0
    done = ghostfleet(tmp_path, "report", "alone/host_metrics.csv.gz")
    assert (done.returncode, "hosts_overview.png" in done.stdout) == (0, True)


@pytest.mark.parametrize("day", ["1678-01-01", "2261-12-30"])
def test_what_the_calendar_of_hosts_admits_can_be_read_back(tmp_path: Path, day: str) -> None:
    made = ghostfleet(tmp_path, "generate", "hosts", "--start-date", day, "--days", "1", "--hosts", "4", "--to", "q/")
    assert made.returncode == 0, made.stderr
    code, results = judged(tmp_path, "q/")
    assert (code, [name for name, one in results.items() if one["status"] == "failed"]) == (0, [])


@pytest.mark.parametrize("day", ["1677-12-31", "2261-12-31", "9999-12-31", "0001-01-01"])
def test_days_that_could_not_be_read_back_are_not_made(tmp_path: Path, day: str) -> None:
    done = ghostfleet(tmp_path, "generate", "hosts", "--start-date", day, "--days", "1", "--to", "q/")
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "valid are days from 1678-01-01 to 2261-12-31" in done.stderr


def test_a_report_of_times_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    columns = "host_id,time,cpu,memory,disk_read,disk_write,net_in,net_out"
    (tmp_path / "host_metrics.csv").write_text(f"{columns}\nhost-00000,hello,1,2,3,4,5,6\n")
    done = ghostfleet(tmp_path, "report", "host_metrics.csv")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "no time that could be read" in (tmp_path / "report/hosts_overview.html").read_text()


def test_a_graph_without_nodes_of_a_label_is_sound_where_its_estate_has_none(tmp_path: Path) -> None:
    """A shop has no applications, and its manifest says so; whoever loses the databases is still told."""
    ghostfleet(tmp_path, "generate", "commerce", "--days", "1", "--only", "graph", "--format", "csv", "--to", "out/")
    code, results = judged(tmp_path, "out/")
    assert (code, {one["status"] for one in results.values()}) == (0, {"passed"})
    path = tmp_path / "out/RDSInstance.csv"
    path.write_text(path.read_text().partition("\n")[0] + "\n")
    assert judged(tmp_path, "out/")[1]["required_labels"]["status"] == "warning"


@pytest.mark.parametrize("every", ["7m", "45m"])
def test_rows_that_divide_no_hour_are_found_where_they_are(tmp_path: Path, every: str) -> None:
    asked = ("--every", every, "--last", "3h", "--only", "system_metrics", "--to", "out/")
    assert ghostfleet(tmp_path, "generate", "estate", *asked).returncode == 0
    code, results = judged(tmp_path, "out/")
    assert (code, results["no_empty_buckets"]["status"]) == (0, "passed")
