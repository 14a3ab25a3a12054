"""Interrupted, split and parallel runs end with the bytes of one uninterrupted run."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import duckdb
import pytest

from ghostfleet.core.errors import ScenarioError, SinkError
from ghostfleet.generate import Generator
from ghostfleet.state.servers import Servers
from tests.run.small import many_tasks, scenario, write

if TYPE_CHECKING:
    from pathlib import Path

    from ghostfleet.run.history import Outcome

SCRIPT = """
import sys
from tests.run.small import write
write(sys.argv[1], format=sys.argv[2] or None, workers=int(sys.argv[3]))
"""
NAME = "server_metrics_full.csv.gz"


def text(path: Path) -> bytes:
    """Uncompressed bytes."""
    return gzip.decompress(path.read_bytes())


@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_workers_changes_no_byte(tmp_path: Path, workers: int) -> None:
    """For all n: G with n workers = G with one."""
    one, many = write(f"{tmp_path}/one/", workers=1), write(f"{tmp_path}/many/", workers=workers)
    assert (one.workers, many.workers) == (1, workers)
    assert len(one.plan.tasks) > 7
    assert text(tmp_path / "one" / NAME) == text(tmp_path / "many" / NAME)
    assert (tmp_path / "one/manifest.json").read_bytes() == (tmp_path / "many/manifest.json").read_bytes()


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(("target", "form"), [("out/", ""), ("out/", "parquet"), ("duckdb:out.duckdb", "")])
def test_a_run_killed_at_any_moment_is_taken_up_where_it_stopped(
    tmp_path: Path, target: str, form: str, workers: str
) -> None:
    """For all moments t: kill −9 at t, then the same run again = the uninterrupted run."""
    scheme, place = target.rpartition(":")[0::2]
    url = f"{scheme}:{tmp_path}/{place}" if scheme else f"{tmp_path}/{place}"
    write(f"{tmp_path}/whole/", workers=1)
    kept = 0
    for wait_parts in (1, 3, 5):
        _kill_after(tmp_path, url, form, wait_parts, workers)
        outcome = _taken_up(url, form)
        kept += outcome.kept
        assert _rows(tmp_path, place, form) == _rows(tmp_path, "whole/", "")
        assert not list(tmp_path.rglob("*.receipt"))
        for path in tmp_path.glob("out*"):
            subprocess.run(["rm", "-rf", str(path)], check=True)
    assert kept > 0, "no killed run left a part to keep, so nothing was resumed"


def _taken_up(url: str, form: str) -> Outcome:
    """Run again; workers of the killed run may hold the lock for an instant longer."""
    for _ in range(100):
        try:
            return write(url, format=form or None, workers=1)
        except SinkError as error:
            assert "locked" in str(error)  # noqa: PT017  any other error is a failure
            time.sleep(0.1)
    return write(url, format=form or None, workers=1)


def _kill_after(folder: Path, url: str, form: str, parts: int, workers: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, url, form, workers])
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if len([path for path in folder.rglob("*.receipt") if "whole" not in path.parts]) >= parts:
            os.kill(process.pid, signal.SIGKILL)
            break
        time.sleep(0.001)
    process.wait()


def _rows(folder: Path, place: str, form: str) -> list[tuple[object, ...]]:
    query = "SELECT epoch(timestamp)::BIGINT, * EXCLUDE (timestamp) FROM {} ORDER BY server_id, timestamp"
    if place.endswith(".duckdb"):
        with duckdb.connect(str(folder / place), read_only=True) as connection:
            return connection.execute(query.format("server_metrics")).fetchall()
    suffix = form or "csv.gz"
    return duckdb.connect().execute(query.format(f"'{folder}/{place}server_metrics_full.{suffix}'")).fetchall()


def test_parts_made_apart_concatenate_to_the_whole(tmp_path: Path) -> None:
    """For all n: G = part 1 of n, …, part n of n, in order."""
    write(f"{tmp_path}/whole/")
    for number in (3, 1, 2):
        write(f"{tmp_path}/apart/", part=(number, 3))
    pieces = [text(tmp_path / f"apart/server_metrics_full-{n:05d}-of-00003.csv.gz") for n in (1, 2, 3)]
    header = pieces[0].splitlines(keepends=True)[0]
    assert all(piece.startswith(header) for piece in pieces)
    assert header + b"".join(piece.removeprefix(header) for piece in pieces) == text(tmp_path / "whole" / NAME)


def test_a_data_set_of_one_task_can_be_made_in_parts_too(tmp_path: Path) -> None:
    made = scenario(data__granularity="daily")
    lines = []
    for number in (1, 2, 3, 4):
        write(f"{tmp_path}/apart/", scenario=made, part=(number, 4))
        lines += text(tmp_path / f"apart/server_metrics_full-{number:05d}-of-00004.csv.gz").splitlines()[1:]
    write(f"{tmp_path}/whole/", scenario=made)
    assert lines == text(tmp_path / "whole" / NAME).splitlines()[1:]
    with pytest.raises(ScenarioError, match="11 parts at most"):
        write(f"{tmp_path}/apart/", scenario=made, part=(1, 12))


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    """write ∘ write = write."""
    write(f"{tmp_path}/out/")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file()}
    write(f"{tmp_path}/out/")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file()} == before


def test_the_law_of_workers_bites_a_mutant_that_counts_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draw that depends on how many came before differs between one worker and two."""
    calls = [0]
    solve = Servers.solve

    def mutant(self: Servers, window: object, first: int, last: int) -> object:
        state = solve(self, window, first, last)  # type: ignore[arg-type]
        calls[0] += 1
        state.cpu[:] *= 1 + calls[0] / 100
        return state

    monkeypatch.setattr(Servers, "solve", mutant)
    write(f"{tmp_path}/one/", workers=1)
    write(f"{tmp_path}/two/", workers=2)
    assert text(tmp_path / "one" / NAME) != text(tmp_path / "two" / NAME)


def test_small_plans_are_cut_into_many_tasks() -> None:
    with many_tasks():
        generator = Generator(scenario())
        plan = generator.plan(generator.window(), generator.tables())
    assert len(plan.tasks) >= 7
    assert plan.rows == 11 * 41 * 24
