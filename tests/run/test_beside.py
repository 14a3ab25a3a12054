"""What may stand side by side at one destination, and that `verify` proves all of it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import duckdb
import msgspec
import pytest

from ghostfleet.core.errors import SinkError
from ghostfleet.run import manifest
from tests.cli.commands import ghostfleet
from tests.run.small import write

if TYPE_CHECKING:
    from pathlib import Path

SMALL = ("--servers", "4", "--end-date", "2022-02-01")


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2, 1)])
def test_every_part_in_one_store_is_proven_whatever_was_written_after_it(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    for part in order:
        done = ghostfleet(
            tmp_path, "generate", "capacity", *SMALL, "--part", f"{part}", "--of", "3", "--to", "f.duckdb"
        )
        assert done.returncode == 0, done.stderr
    done = ghostfleet(tmp_path, "verify", "f.duckdb", "--full")
    assert (done.returncode, done.stdout.count("identical")) == (0, 3)
    with duckdb.connect(tmp_path / "f.duckdb") as store:
        store.execute("UPDATE server_metrics SET cpu_p95 = cpu_p95 + 1 WHERE server_id = 'server_001'")
    done = ghostfleet(tmp_path, "verify", "f.duckdb")
    assert done.returncode == 1
    assert done.stderr.count("is not what was written: part 1 of server_metrics") == 1


@pytest.mark.parametrize("target", ["out/", "out/f.duckdb"])
@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (("--part", "1", "--of", "2"), (), "parts of a data set stand there"),
        ((), ("--part", "1", "--of", "2"), "a whole data set stands there"),
        (("--part", "1", "--of", "2"), ("--part", "1", "--of", "3"), "one of 2 parts, not of 3"),
        (("--part", "1", "--of", "2"), ("--part", "2", "--of", "2", "--seed", "7"), "its seed is 42, not 7"),
        (("--part", "1", "--of", "2"), ("--part", "2", "--of", "2", "--until", "2022-01-20"), "its until_s is"),
        (("--part", "1", "--of", "2"), ("--part", "2", "--of", "2", "--no-calendar"), "scenario says other things"),
        (("--part", "1", "--of", "2", "--blind"), ("--part", "2", "--of", "2", "--no-calendar"), "other things"),
    ],
)
def test_one_destination_holds_one_data_set(
    tmp_path: Path, target: str, first: tuple[str, ...], second: tuple[str, ...], said: str
) -> None:
    assert ghostfleet(tmp_path, "generate", "capacity", *SMALL, *first, "--to", target).returncode == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    done = ghostfleet(tmp_path, "generate", "capacity", *SMALL, *second, "--to", target)
    assert (done.returncode, said in done.stderr) == (3, True), done.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_parts_of_two_data_sets_in_one_folder_are_no_data_set(tmp_path: Path) -> None:
    for part, seed in (("1", "1"), ("2", "2")):
        folder = f"seed{seed}/"
        ghostfleet(
            tmp_path, "generate", "capacity", *SMALL, "--part", part, "--of", "2", "--seed", seed, "--to", folder
        )
    for path in (tmp_path / "seed2").glob("*-of-00002*"):
        path.rename(tmp_path / "seed1" / path.name)
    for command in ("verify", "validate", "report"):
        done = ghostfleet(tmp_path, command, "seed1/")
        assert done.returncode == 4
        assert "part 2 of 2 is of another data set than the others: its seed is 2, not 1" in done.stderr


def test_a_second_window_in_one_store_is_part_of_what_is_there(tmp_path: Path) -> None:
    for since, until in (("2022-01-01", "2022-07-01"), ("2022-07-01", "2023-01-01")):
        span = ("--years", "1", "--from", since, "--until", until)
        ghostfleet(tmp_path, "generate", "capacity", "--servers", "20", *span, "--to", "f.duckdb")
    done = ghostfleet(tmp_path, "validate", "f.duckdb", "--format", "json")
    found = {one["name"]: one for one in json.loads(done.stdout)["results"]}
    assert done.returncode == 0, [one for one in found.values() if one["status"] == "failed"]
    assert found["row_count"]["message"] == "7300 rows, 7300 expected"
    with duckdb.connect(tmp_path / "f.duckdb") as store:
        store.execute("DELETE FROM server_metrics WHERE timestamp = '2022-03-03'")
    assert ghostfleet(tmp_path, "validate", "f.duckdb").returncode == 1


WINDOWS = [("2022-01-01", "2022-01-10"), ("2022-01-20", "2022-02-01"), ("2022-01-05", "2022-01-22")]


def test_every_window_in_a_store_is_proven(tmp_path: Path) -> None:
    for since, until in WINDOWS:
        done = ghostfleet(
            tmp_path, "generate", "capacity", *SMALL, "--from", since, "--until", until, "--to", "f.duckdb"
        )
        assert done.returncode == 0, done.stderr
    done = ghostfleet(tmp_path, "verify", "f.duckdb")
    assert (done.returncode, done.stderr, done.stdout.count("identical")) == (0, "", 3)
    with duckdb.connect(tmp_path / "f.duckdb") as store:
        store.execute("UPDATE server_metrics SET cpu_p95 = cpu_p95 + 1 WHERE timestamp = '2022-01-03'")
    done = ghostfleet(tmp_path, "verify", "f.duckdb")
    assert (done.returncode, "is not what was written" in done.stderr) == (1, True)
    assert ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--to", "f.duckdb").returncode == 0
    done = ghostfleet(tmp_path, "verify", "f.duckdb")
    assert (done.returncode, done.stderr, done.stdout.count("identical")) == (0, "", 1)
    assert len(list(tmp_path.glob("*manifest*"))) == 1


def test_rows_that_no_manifest_tells_of_are_found(tmp_path: Path) -> None:
    for since, until in WINDOWS:
        ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--from", since, "--until", until, "--to", "f.duckdb")
    with duckdb.connect(tmp_path / "f.duckdb") as store:
        copied = "SELECT * REPLACE ('server_999' AS server_id) FROM server_metrics LIMIT 5"
        store.execute(f"INSERT INTO server_metrics {copied}")
    done = ghostfleet(tmp_path, "verify", "f.duckdb")
    assert (done.returncode, "server_metrics holds 5 rows more than its manifests tell of" in done.stderr) == (1, True)


def test_two_scenarios_in_one_store_are_both_proven(tmp_path: Path) -> None:
    ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--to", "f.duckdb")
    ghostfleet(tmp_path, "generate", "hosts", "--days", "1", "--hosts", "3", "--to", "f.duckdb")
    done = ghostfleet(tmp_path, "verify", "f.duckdb")
    assert (done.returncode, done.stderr, done.stdout.count("identical")) == (0, "", 2)
    assert ghostfleet(tmp_path, "validate", "f.duckdb").returncode == 0
    for dashboard, picture in (("capacity", "synthetic_data_overview.png"), ("hosts", "hosts_overview.png")):
        done = ghostfleet(tmp_path, "report", "f.duckdb", "--dashboard", dashboard, "--to", "report/")
        assert (done.returncode, picture in done.stdout) == (0, True), done.stderr
    done = ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--seed", "7", "--to", "f.duckdb")
    assert (done.returncode, "its seed is 42, not 7" in done.stderr) == (3, True)
    for table, broken in (("server_metrics", "cpu_p95 = -500"), ("host_metrics", "cpu = -1")):
        with duckdb.connect(tmp_path / "f.duckdb") as store:
            store.execute(f"UPDATE {table} SET {broken}")  # noqa: S608  a test's own
        done = ghostfleet(tmp_path, "validate", "f.duckdb")
        assert (done.returncode, f"{broken}, valid is 0 to 100" in done.stdout) == (1, True)
        with duckdb.connect(tmp_path / "f.duckdb") as store:
            store.execute(f"UPDATE {table} SET {broken.split()[0]} = 50")  # noqa: S608  a test's own


@pytest.mark.parametrize(
    ("other", "said"),
    [(("--seed", "7"), "its seed is 42, not 7"), (("--granularity", "hourly"), "its every_s is 86400, not 3600")],
)
def test_a_store_does_not_mix_two_data_sets(tmp_path: Path, other: tuple[str, ...], said: str) -> None:
    first = ("generate", "capacity", *SMALL, "--until", "2022-01-10", "--to", "f.duckdb")
    assert ghostfleet(tmp_path, *first).returncode == 0
    done = ghostfleet(tmp_path, "generate", "capacity", *SMALL, *other, "--to", "f.duckdb")
    assert (done.returncode, said in done.stderr) == (3, True)


def test_shares_as_a_parameter_are_those_that_the_manifest_tells(tmp_path: Path) -> None:
    done = ghostfleet(
        tmp_path, "generate", "hosts", "--hosts", "6", "--days", "1", "--profiles", "cloud=1", "--to", "out/"
    )
    assert done.returncode == 0
    done = ghostfleet(tmp_path, "verify", "out/")
    assert (done.returncode, done.stderr) == (0, "")
    shown = ghostfleet(tmp_path, "show", "hosts", "--roles", "idle=0.25,batch=0.75").stdout
    (tmp_path / "shown.yaml").write_text(shown)
    assert '"batch": 0.75' in ghostfleet(tmp_path, "show", "shown.yaml", "--json").stdout


@pytest.mark.parametrize("again", [False, True])
def test_two_scenarios_in_one_folder_are_both_proven_and_judged(tmp_path: Path, again: bool) -> None:
    runs = [("capacity", *SMALL), ("hosts", "--days", "1", "--hosts", "3")]
    for run in [*runs, runs[0]] if again else runs:
        assert ghostfleet(tmp_path, "generate", *run, "--to", "out/").returncode == 0
    done = ghostfleet(tmp_path, "verify", "out/")
    assert (done.returncode, done.stderr, done.stdout.count("identical")) == (0, "", 2)
    assert ghostfleet(tmp_path, "validate", "out/").returncode == 0
    path = tmp_path / "out/server_metrics_full.csv.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b",server_003,", b",server_001,")))
    assert [ghostfleet(tmp_path, command, "out/").returncode for command in ("verify", "validate")] == [1, 1]


def test_another_release_may_write_all_rows_again_but_not_some(tmp_path: Path) -> None:
    url = f"duckdb:{tmp_path}/fleet.duckdb"
    path = write(url).manifests[url]
    record = manifest.read(path)
    earlier = msgspec.structs.replace(record.determinants, version="0.0.1")
    older = msgspec.structs.replace(record, determinants=earlier, hash=earlier.hash).text()
    manifest.save(path, older)
    with pytest.raises(SinkError, match=r"its version is 0\.0\.1"):
        write(url, until_s=record.determinants.until_s - 86_400)
    assert path.read_text() == older
    write(url)
    assert manifest.read(path) == record
