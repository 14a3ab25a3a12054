"""What `load` says, asks, refuses and leaves behind."""

from __future__ import annotations

import gzip
import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import ghostfleet

if TYPE_CHECKING:
    from pathlib import Path

SMALL = ("--servers", "3", "--start-date", "2025-01-01", "--end-date", "2025-02-01", "--quiet")
ROWS = 96
NAME = "server_metrics_full"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of a small fleet as files and in a store, with their manifests."""
    folder = tmp_path_factory.mktemp("made")
    for form in ("jsonl", "json", "bulk"):
        done = ghostfleet(folder, "generate", "capacity", *SMALL, "--to", form, "--format", form)
        assert done.returncode == 0, done.stderr
    done = ghostfleet(folder, "generate", "capacity", *SMALL, "--to", "fleet.duckdb")
    assert done.returncode == 0, done.stderr
    return folder


def figures(tmp_path: Path, *arguments: object) -> dict[str, object]:
    """Statistics of a load that worked."""
    done = ghostfleet(tmp_path, "load", *map(str, arguments), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["table"], found["failed"]) == ("server_metrics", 0)
    assert set(found) == {"file", "table", "total", "failed", "destinations", "seconds", "lines_per_s"}
    return found["destinations"]


@pytest.mark.parametrize("form", ["jsonl", "json", "bulk"])
def test_what_generate_wrote_loads_into_a_store_that_has_it_and_changes_nothing(
    tmp_path: Path, made: Path, form: str
) -> None:
    (path,) = (made / form).glob(f"{NAME}.*")
    fresh = {"inserted": ROWS, "updated": 0, "unchanged": 0, "duplicates": 0}
    assert figures(tmp_path, path, "--to", "new.duckdb") == {"new.duckdb": fresh}
    again = {"inserted": 0, "updated": 0, "unchanged": ROWS, "duplicates": 0}
    for name in ("fleet.duckdb", "fleet.duckdb.manifest.json"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    assert figures(tmp_path, path, "--to", "fleet.duckdb") == {"fleet.duckdb": again}
    assert ghostfleet(tmp_path, "verify", "fleet.duckdb").returncode == 0
    assert ghostfleet(tmp_path, "verify", "new.duckdb").stdout.startswith("new.duckdb: 1 table, loaded and not gen")


@pytest.mark.parametrize("form", ["jsonl", "json", "bulk"])
@pytest.mark.parametrize(("limit", "loaded"), [(1, 1), (50, 50), (ROWS, ROWS), (10 * ROWS, ROWS)])
def test_a_limit_loads_the_first_lines_and_no_other(
    tmp_path: Path, made: Path, form: str, limit: int, loaded: int
) -> None:
    (path,) = (made / form).glob(f"{NAME}.*")
    tally = figures(tmp_path, path, "--to", "out/", "--format", "jsonl", "--limit", limit)["out/"]
    assert tally == {"inserted": loaded, "updated": 0, "unchanged": 0, "duplicates": 0}
    (whole,) = (made / "jsonl").glob(f"{NAME}.*")
    texts = (tmp_path / f"out/{NAME}.jsonl").read_text(), gzip.decompress(whole.read_bytes()).decode()
    first, every = ([json.loads(line) for line in text.splitlines()] for text in texts)
    assert first == every[:loaded]


def test_lines_behind_a_limit_are_not_looked_at(tmp_path: Path, made: Path) -> None:
    text = gzip.decompress((made / "jsonl" / f"{NAME}.jsonl.gz").read_bytes()).decode()
    (tmp_path / "x.jsonl").write_text(f"{text}broken\n", encoding="utf-8")
    assert ghostfleet(tmp_path, "load", "x.jsonl", "--to", "a.duckdb").returncode == 1
    assert ghostfleet(tmp_path, "load", "x.jsonl", "--to", "b.duckdb", "--limit", str(ROWS)).returncode == 0
    refused = ghostfleet(tmp_path, "load", "x.jsonl", "--to", "c.duckdb", "--limit", "0")
    assert refused.returncode == 2
    assert "--limit" in refused.stderr


def test_a_changed_row_of_a_generated_store_is_told_by_verify(tmp_path: Path, made: Path) -> None:
    for name in ("fleet.duckdb", "fleet.duckdb.manifest.json"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    text = gzip.decompress((made / "jsonl" / f"{NAME}.jsonl.gz").read_bytes()).decode().splitlines()
    row = json.loads(text[5])
    added = {**row, "server_id": "server_999"}
    lines = (json.dumps({**row, "cpu_p95": 1.23}), json.dumps(added))
    (tmp_path / "x.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = ghostfleet(tmp_path, "load", "x.jsonl", "--to", "fleet.duckdb")
    assert done.stdout.splitlines()[2].split() == ["fleet.duckdb", "1", "1", "0", "0"]
    done = ghostfleet(tmp_path, "verify", "fleet.duckdb")
    assert done.returncode == 1
    assert "part 0 of server_metrics" in done.stderr
    assert "x.jsonl was loaded into server_metrics at 2" in done.stderr
    assert "1 rows inserted, 1 updated, which are not as the scenario makes them" in done.stderr
    assert "rows more than its manifests tell of" not in done.stderr


def test_bad_lines_are_named_and_the_rest_is_loaded(tmp_path: Path, made: Path) -> None:
    text = gzip.decompress((made / "jsonl" / f"{NAME}.jsonl.gz").read_bytes()).decode().splitlines()
    text[3] = text[3].replace('"cpu_p95"', '"cpu"')
    text[10] = text[10][:-5]
    (tmp_path / "x.jsonl").write_text("\n".join(text), encoding="utf-8")
    done = ghostfleet(tmp_path, "load", "x.jsonl", "--to", "x.duckdb")
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first.startswith("x.jsonl, line 4: it has the unknown key cpu; keys of server_metrics are timestamp, ")
    assert second.startswith("x.jsonl, line 11: it is no JSON: ")
    assert done.stdout.startswith(f"x.jsonl: {ROWS} lines of server_metrics, 2 of them not loaded\n")
    assert ghostfleet(tmp_path, "load", "x.jsonl", "--to", "blackhole:", "--quiet").stdout == ""


@pytest.mark.parametrize(
    ("name", "content", "options", "code", "said"),
    [
        ("gone", None, (), 4, "there is no file gone"),
        (".", None, (), 4, ". is a folder; load takes one file"),
        ("x", b"", (), 4, "x is empty, so there is nothing to load"),
        ("x", b"PAR1", (), 4, "x is a Parquet file; valid are a JSON array"),
        ("x", b"\x00\x01", (), 4, "x is no text: byte 0 is NUL"),
        ("x", gzip.compress(b"{}" * 9999, mtime=0)[:40], (), 4, "x is cut off"),
        ("x", b'{"colour":1}', (), 4, "no table has the columns colour"),
        ("x", b"time,host\n", (), 4, "no document is a JSON object (the first one: it is no JSON"),
        ("x", b'{"time":"\xff"}', ("--table", "changes"), 4, "x, line 1: it is not UTF-8: invalid start byte"),
        ("x", b"{}", ("--table", "nope"), 2, "there is no table nope; known are"),
        (
            "x",
            b"{}",
            ("--table", "changes", "--to", "ladybug:g"),
            2,
            "takes tables of the groups graph, and changes is",
        ),
        ("x", b"{}", ("--table", "changes", "--to", "nope:g"), 3, "names the sink nope, which does not exist"),
        ("x", b"{}", ("--table", "changes", "--to", "out.json", "--format", "csv"), 3, "ends in .json, but format csv"),
    ],
)
def test_what_cannot_be_loaded_is_an_error_in_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, options: tuple[str, ...], code: int, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = ghostfleet(tmp_path, "load", name, "--to", "x.duckdb", *options)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x.duckdb").exists()


def test_a_destination_must_be_named(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, "load", "x")
    assert done.returncode == 2
    assert "say where the rows shall go: --to duckdb:FILE" in done.stderr


def test_files_are_replaced_only_when_told_and_never_those_of_a_data_set(tmp_path: Path, made: Path) -> None:
    path = made / "jsonl" / f"{NAME}.jsonl.gz"
    assert ghostfleet(tmp_path, "load", str(path), "--to", "out/", "--format", "parquet").returncode == 0
    assert ghostfleet(tmp_path, "verify", "out").returncode == 0
    done = ghostfleet(tmp_path, "load", str(path), "--to", "out/", "--format", "parquet")
    assert done.returncode == 3
    assert f"Already there: out/{NAME}.parquet. Say --yes to replace what is there" in done.stderr
    assert ghostfleet(tmp_path, "load", str(path), "--to", "out/", "--format", "parquet", "--yes").returncode == 0
    (tmp_path / "out" / f"{NAME}.parquet").write_bytes(b"")
    done = ghostfleet(tmp_path, "verify", "out")
    assert done.returncode == 1
    assert f"out/{NAME}.parquet is not what was written when" in done.stderr
    for target in (made / "json", made / "json" / f"{NAME}.json.gz"):
        done = ghostfleet(tmp_path, "load", str(path), "--to", str(target), "--yes")
        assert done.returncode == 3
        assert "manifest.json tells of a generated data set with the table server_metrics there" in done.stderr


def test_a_terminal_is_asked(tmp_path: Path, made: Path) -> None:
    path = made / "jsonl" / f"{NAME}.jsonl.gz"
    (tmp_path / "x.csv").write_text("mine", encoding="utf-8")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "ghostfleet", "load", str(path), "--to", "x.csv"]
    child = subprocess.Popen(command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, b"n\n")
    assert child.wait(60) == 130
    os.close(ours)
    assert (tmp_path / "x.csv").read_text(encoding="utf-8") == "mine"


def test_rows_stream_to_standard_output(tmp_path: Path, made: Path) -> None:
    path = made / "bulk" / f"{NAME}.ndjson.gz"
    done = ghostfleet(tmp_path, "load", str(path), "--to", "-", "--format", "jsonl")
    assert done.stdout.encode() == gzip.decompress((made / "jsonl" / f"{NAME}.jsonl.gz").read_bytes())
    assert f"{ROWS} lines of server_metrics" in done.stderr


def test_an_interrupted_load_leaves_the_store_as_it_was(tmp_path: Path, made: Path) -> None:
    """A file that is a pipe keeps the load waiting until it is interrupted."""
    text = gzip.decompress((made / "jsonl" / f"{NAME}.jsonl.gz").read_bytes())
    os.mkfifo(tmp_path / "pipe")
    command = [sys.executable, "-m", "ghostfleet", "load", "pipe", "--to", "x.duckdb", "--table", "server_metrics"]
    child = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with (tmp_path / "pipe").open("wb") as pipe:
        pipe.write(text * 300)
        pipe.flush()
        deadline = time.monotonic() + 60
        while not (tmp_path / ".ghostfleet").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)  # by now it has read all there is, and waits
        # One that comes in the middle of a call of the store may be lost there, so whoever waits asks again.
        for _ in range(6):
            child.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=20)
                break
        out, said = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, "")
    assert said == "Interrupted; no destination holds a part of the file. The same command loads it.\n"
    assert [one.name for one in tmp_path.iterdir()] == ["pipe"]


def test_events_of_every_documented_type_load(tmp_path):
    """EVT-4: we make calls of an API, and others tell of more."""
    types = ("api_call", "user_action", "system_event", "error_event", "custom_event")
    ghostfleet(tmp_path, "generate", "events", "--count", "25", "--format", "jsonl", "--to", "made/")
    text = (tmp_path / "made" / "realistic_events.jsonl").read_text().splitlines()
    assert all('"event_type":"api_call"' in line for line in text)
    lines = [line.replace("api_call", types[number % len(types)]) for number, line in enumerate(text)]
    (tmp_path / "x.jsonl").write_text("\n".join(lines))
    done = ghostfleet(tmp_path, "load", "x.jsonl", "--to", "x.duckdb")
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "x.jsonl").write_text(lines[0].replace("api_call", "api_calls"))
    refused = ghostfleet(tmp_path, "load", "x.jsonl", "--table", "events", "--to", "blackhole:")
    assert refused.returncode != 0
    assert "valid is one of api_call, user_action, system_event, error_event, custom_event" in refused.stderr
