"""`verify` proves a good data set and catches every way of spoiling one."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import duckdb
import pytest

from ghostfleet.core.errors import DataError
from ghostfleet.run import manifest, verification
from tests.cli.commands import ghostfleet
from tests.run.small import many_tasks, scenario, write

if TYPE_CHECKING:
    from pathlib import Path

    from ghostfleet.run.verification import Verification


def verify(url: str, **options: object) -> Verification:
    """Verify in many small tasks, as the data was written."""
    path = manifest.place(url)
    assert path is not None
    with many_tasks():
        return verification.verify(url, manifest.read(path), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["csv", "jsonl", "json", "bulk", "parquet"])
def test_a_good_file_is_proven(tmp_path: Path, form: str) -> None:
    url = f"{tmp_path}/out/"
    write(url, format=form)
    sample, full = verify(url), verify(url, full=True)
    assert sample.problems == full.problems == []
    assert sample.regenerated == 3 < full.regenerated == full.parts


@pytest.mark.parametrize("form", ["csv.gz", "json", "bulk"])
def test_good_files_of_a_split_table_are_proven_and_a_bad_one_is_found(tmp_path: Path, form: str) -> None:
    url = f"{tmp_path}/out/"
    write(url, format=form, split_bytes=1000)
    names = [split.name for split in manifest.read(tmp_path / "out/manifest.json").written[0].splits]
    assert len(names) > 1
    assert verify(url, full=True).problems == []
    first, last = (tmp_path / "out" / name for name in (names[0], names[-1]))
    first.write_bytes(last.read_bytes())
    with pytest.raises(DataError, match=first.name):
        verify(url)


def test_a_good_store_is_proven(tmp_path: Path) -> None:
    url = f"duckdb:{tmp_path}/fleet.duckdb"
    write(url)
    assert verify(url, full=True).problems == []


def test_a_changed_value_is_found(tmp_path: Path) -> None:
    url = f"{tmp_path}/out/"
    write(url)
    path = tmp_path / "out/server_metrics_full.csv.gz"
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    cell = lines[4000].split(b",")[2]
    lines[4000] = lines[4000].replace(
        b"," + cell + b",", b"," + cell[:-1] + bytes([(cell[-1] - 47) % 10 + 48]) + b",", 1
    )
    path.write_bytes(gzip.compress(b"".join(lines)))
    assert "differs" in verify(url).problems[0]


def test_a_data_set_that_its_scenario_no_longer_makes_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"{tmp_path}/out/"
    write(url)
    monkeypatch.setattr("ghostfleet.state.servers.MEMORY_SPIKE", 0.9)
    problems = verify(url, full=True).problems
    assert problems
    assert all("cannot be made again" in problem for problem in problems)


def edited(file: Path, path: tuple[str | int, ...], wrong: object) -> Path:
    """The manifest, which was sound, with another value somewhere inside."""
    manifest.read(file)
    content = json.loads(file.read_text())
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    file.write_text(json.dumps(content))
    return file


@pytest.mark.parametrize("spoil", ["truncate", "garbage", "remove"])
def test_an_unreadable_file_is_an_error_that_names_it(tmp_path: Path, spoil: str) -> None:
    url = f"{tmp_path}/out/"
    write(url)
    path = tmp_path / "out/server_metrics_full.csv.gz"
    if spoil == "truncate":
        path.write_bytes(path.read_bytes()[:-2000])
    elif spoil == "garbage":
        path.write_bytes(b"not gzip at all" * 50)
    else:
        path.unlink()
    with pytest.raises(DataError, match=r"server_metrics_full\.csv\.gz"):
        verify(url)


@pytest.mark.parametrize(
    "content", ["", "{", "[" * 2000, '{"a":' * 2000, "[]", '{"layout": 1}', '{"layout": 99}', "\x00\x01", "null"]
)
def test_a_corrupt_manifest_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    done = ghostfleet(tmp_path, "verify", ".")
    assert done.returncode == 4
    assert "manifest.json" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("path", "wrong"),
    [(("tables", 0, "rows"), "many"), (("tables", 0, "parts", 0, "rows"), "7"), (("sink", "extra"), 1)],
)
def test_a_manifest_with_a_wrong_type_is_refused(tmp_path: Path, path: tuple[str | int, ...], wrong: object) -> None:
    write(f"{tmp_path}/out/")
    edited(tmp_path / "out/manifest.json", path, wrong)
    with pytest.raises(DataError, match=r"manifest\.json"):
        verify(f"{tmp_path}/out/")


@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize(
    ("path", "wrong", "said"),
    [
        (("version",), "banana", "version is 'banana'"),
        (("tzdata",), "1", "tzdata is '1'"),
        (("window", "from"), "yesterday", "window is"),
        (("window",), [1, 2], "window: expected object, got array"),
        (("tables",), None, "tables: expected array, got null"),
        (("tables", 0, "rows"), "many", r"tables\[0\]\.rows: expected int, got str"),
        (("determinants",), 5, "determinants: expected object, got int"),
        (("determinants", "scenario", "execution"), None, "determinants: its scenario's execution is no mapping"),
        (("part",), [2, 3], r"part is \[2, 3\]"),
        (("every_s",), -5, "every_s is -5"),
        (("seed",), "none", "seed is 'none'"),
        (("notes",), 7, "notes"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    tmp_path: Path, path: tuple[str | int, ...], wrong: object, said: str, *, blind: bool
) -> None:
    write(f"{tmp_path}/out/", blind=blind)
    file = edited(tmp_path / "out/manifest.json", path, wrong)
    with pytest.raises(DataError, match=rf"manifest\.json: .*{said}"):
        manifest.read(file)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "banana"}, "'banana' is no version"),
        ({"every_s": 0}, "0 is no length of a row"),
        ({"until_s": 0}, "before it begins"),
        ({"since_s": 10**18, "until_s": 10**18 + 1}, "not a complete manifest"),
        ({"part": [3, 2]}, "part 3 of 2 cannot be"),
        ({"tables": []}, "determines no table"),
    ],
)
def test_a_blind_manifest_whose_determinants_cannot_be_is_refused(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    write(f"{tmp_path}/out/", blind=True)
    file = tmp_path / "out/manifest.json"
    content = json.loads(file.read_text())
    content["determinants"] |= change
    file.write_text(json.dumps(content))
    with pytest.raises(DataError, match=said):
        manifest.read(file)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("tables", 0, "rows"), 9999),
        (("tables", 0, "digest"), "0" * 64),
        (("tables", 0, "stored"), "0" * 32),
        (("tables", 0, "size"), 1),
        (("tables", 0, "parts", 0, "size"), 1),
        (("tables", 0, "statistics"), {}),
        (("sink", "codec"), "small"),
        (("notes",), {}),
    ],
)
def test_whatever_was_changed_in_a_manifest_is_noticed(
    tmp_path: Path, path: tuple[str | int, ...], wrong: object
) -> None:
    write(f"{tmp_path}/out/")
    file = edited(tmp_path / "out/manifest.json", path, wrong)
    with pytest.raises(DataError, match=r"manifest\.json: not a complete manifest: its seal does not fit"):
        manifest.read(file)


def test_verify_without_a_folder_says_what_is_missing(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, "verify")
    assert done.returncode == 2
    assert "Missing argument 'DIR'" in done.stderr


def test_a_part_may_be_verified_alone_but_a_set_must_be_whole(tmp_path: Path) -> None:
    for part in ("1", "2", "3"):
        ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--part", part, "--of", "3", "--to", "out/")
    assert ghostfleet(tmp_path, "verify", "out/").returncode == 0
    for path in (tmp_path / "out").glob("*-00002-of-00003*"):
        path.unlink()
    done = ghostfleet(tmp_path, "verify", "out/")
    assert (done.returncode, done.stderr.strip()) == (1, "out/ lacks part 2 of 3")
    for path in (tmp_path / "out").glob("*-00003-of-00003*"):
        path.unlink()
    done = ghostfleet(tmp_path, "verify", "out/")
    assert (done.returncode, "lacks part 2 of 3" in done.stderr) == (0, True)


SMALL = ("--servers", "4", "--end-date", "2022-02-01")


def test_a_blind_data_set_is_verified_with_the_flags_that_made_it(tmp_path: Path) -> None:
    assert ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--blind", "--to", "out/").returncode == 0
    named = ("verify", "out/", "--scenario", "capacity")
    assert ghostfleet(tmp_path, *named, *SMALL).returncode == 0
    assert ghostfleet(tmp_path, "verify", *SMALL, "--scenario=capacity", "out/").returncode == 0
    assert ghostfleet(tmp_path, *named, *SMALL, "--seed", "1").returncode == 4
    assert ghostfleet(tmp_path, *named).returncode == 4


def test_a_given_scenario_that_did_not_make_the_data_is_refused(
    tmp_path: Path,
) -> None:
    url = f"{tmp_path}/out/"
    write(url)
    assert verify(url, scenario=scenario()).problems == []
    with pytest.raises(DataError, match="not the one"):
        verify(url, scenario=scenario(data__num_servers=12))


@pytest.mark.parametrize("url", ["out/", "out/x.json.gz", "out/x.parquet", "x.duckdb"])
def test_data_without_a_manifest_are_verified_against_a_scenario(tmp_path: Path, url: str) -> None:
    assert ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--to", url).returncode == 0
    for path in tmp_path.rglob("*manifest.json"):
        path.unlink()
    assert ghostfleet(tmp_path, "verify", url).returncode == 4
    done = ghostfleet(tmp_path, "verify", url, "--scenario", "capacity", *SMALL)
    assert (done.returncode, done.stderr) == (0, "")
    assert "128 rows" in done.stdout
    assert ghostfleet(tmp_path, "verify", url, "--scenario", "capacity", *SMALL, "--seed", "43").returncode in {1, 4}


def test_settings_without_a_scenario_are_refused(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, "verify", "out/", "--set", "data.num_servers=4")
    assert done.returncode == 2
    assert "--scenario" in done.stderr


def test_progress_counts_the_rows_that_are_made_again(tmp_path: Path) -> None:
    url = f"{tmp_path}/out/"
    write(url)
    path = manifest.place(url)
    assert path is not None
    record = manifest.read(path)
    for full in (False, True):
        seen: list[int] = []
        verify(url, full=full, watch=seen.append)
        assert sum(seen) == verification.rows_to_make(record, full=full)


def test_a_manifest_that_was_edited_is_refused(tmp_path: Path) -> None:
    write(f"{tmp_path}/out/")
    path = tmp_path / "out/manifest.json"
    content = json.loads(path.read_text())
    content["determinants"]["scenario"]["data"]["num_servers"] = 12
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="hash does not fit"):
        verify(f"{tmp_path}/out/")


def test_a_blind_manifest_tells_no_scenario_and_needs_it_to_verify(tmp_path: Path) -> None:
    url = f"{tmp_path}/out/"
    write(url, blind=True, since_s=1_735_689_600 + 86_400 * 3)
    assert "archetypes" not in (tmp_path / "out/manifest.json").read_text()
    with pytest.raises(DataError, match="--scenario"):
        verify(url)
    assert verify(url, scenario=scenario()).problems == []
    with pytest.raises(DataError, match="not the one"):
        verify(url, scenario=scenario(data__num_servers=12))


def test_the_manifest_states_what_daily_rows_are_and_which_faults_were_made(tmp_path: Path) -> None:
    made = scenario(data__granularity="daily", data__daily_rows="p95", data__quality__missing_ratio=0.01)
    write(f"{tmp_path}/out/", scenario=made)
    notes = json.loads((tmp_path / "out/manifest.json").read_text())["notes"]
    assert "95th percentile" in notes["rows"]
    assert notes["faults_made_on_purpose"]["missing_ratio"] == 0.01


def test_statistics_of_the_manifest_are_those_of_the_rows(tmp_path: Path) -> None:
    write(f"{tmp_path}/out/")
    table = json.loads((tmp_path / "out/manifest.json").read_text())["tables"][0]
    path = tmp_path / "out/server_metrics_full.csv.gz"
    query = "SELECT count(*), avg(cpu_p95), stddev_pop(cpu_p95), min(cpu_p95), max(cpu_p95) FROM read_csv(?)"
    found = duckdb.connect().execute(query, [str(path)]).fetchall()[0]
    stated = [table["statistics"]["cpu_p95"][key] for key in ("count", "mean", "sd", "min", "max")]
    assert found == pytest.approx(stated, abs=1e-4)


def test_what_changes_no_value_changes_no_hash(tmp_path: Path) -> None:
    made = [scenario(execution__workers=count, logging__level=level) for count, level in ((1, "info"), (3, "debug"))]
    for place, one in enumerate(made):
        write(f"{tmp_path}/{place}/", scenario=one)
    hashes = {json.loads((tmp_path / str(place) / "manifest.json").read_text())["hash"] for place in (0, 1)}
    assert len(hashes) == 1
