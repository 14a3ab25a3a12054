"""A statement of DuckDB that is interrupted says so, whatever else it ran into, and the file is as it was."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

import click
import duckdb
import pytest

from ghostfleet.cli import root
from ghostfleet.core.errors import SinkError
from ghostfleet.core.interrupts import heard, is_interruption
from ghostfleet.queries.graph import open_graph
from ghostfleet.sinks.duckdb import connected
from ghostfleet.sinks.graph.store import connected as stored

LONG = "SELECT sum(sqrt(a.range * b.range)) FROM range(100000) AS a, range(10000000) AS b"


@contextmanager
def interrupted(after_s: float = 0.5):
    """Send this process what Ctrl-C sends."""
    timer = Timer(after_s, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        timer.join()


def test_a_statement_that_is_interrupted_is_no_failure_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "some.duckdb"
    with connected(file) as store:
        store.execute("CREATE TABLE kept AS SELECT 1 AS one")
    with interrupted(), pytest.raises(KeyboardInterrupt):
        changed(file)
    with connected(file, read_only=True) as store:
        assert store.execute("FROM kept").fetchall() == [(1,)]


def changed(file: Path) -> None:
    with connected(file) as store:
        store.begin()
        store.execute("DELETE FROM kept")
        store.execute(LONG)


def test_nor_is_what_tidying_up_runs_into_then(tmp_path: Path) -> None:
    """What reads rows for a statement is interrupted: that aborts the transaction, in which nothing else works."""
    with pytest.raises(KeyboardInterrupt):
        loaded(tmp_path / "some.duckdb")


def loaded(file: Path) -> None:
    import pyarrow as pa

    def batches() -> Iterator[Any]:
        yield pa.record_batch({"n": [1]})
        raise KeyboardInterrupt

    with connected(file) as store:
        store.begin()
        store.register("staged", pa.RecordBatchReader.from_batches(pa.schema({"n": pa.int64()}), batches()))
        try:
            store.execute("CREATE TABLE loaded AS FROM staged")
        finally:
            store.execute("SELECT 1")


def test_a_query_that_is_interrupted_ends_the_command_as_an_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def asks() -> None:
        store = duckdb.connect()
        with heard(store.interrupt):
            store.execute(LONG)

    monkeypatch.setattr(root, "root", asks)
    with interrupted():
        assert root.run([]) == 130
    assert capsys.readouterr().err.strip() == "Interrupted."  # after an empty line, below the ^C of a terminal


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="Catalog Error"), connected(tmp_path / "some.duckdb") as store:
        store.execute("FROM nowhere")
    with pytest.raises(RuntimeError, match="of our own"), connected(tmp_path / "some.duckdb"):
        raise RuntimeError("of our own")
    assert not is_interruption(RuntimeError("of our own"))


ENDLESS = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN sum(a * b)"


def test_a_question_to_a_graph_that_is_interrupted_is_no_failure_of_the_graph(tmp_path: Path) -> None:
    file = tmp_path / "some.graph"
    with stored(file):
        pass
    with interrupted(), pytest.raises(KeyboardInterrupt):
        asked(file)
    with open_graph(file) as graph:
        assert graph.ask("RETURN 1 AS one").rows == [(1,)]


def asked(file: Path) -> None:
    with open_graph(file) as graph:
        graph.ask(ENDLESS)


def test_nor_is_a_statement_that_changes_one(tmp_path: Path) -> None:
    file = tmp_path / "some.graph"
    with interrupted(), pytest.raises(KeyboardInterrupt):
        told(file)
    with open_graph(file) as graph:
        assert graph.ask("RETURN 1 AS one").rows == [(1,)]


def told(file: Path) -> None:
    with stored(file) as graph:
        graph.change(ENDLESS)


def test_what_reads_rows_for_a_graph_and_is_interrupted_is_an_interruption() -> None:
    """Ladybug makes an error of its own of an interruption in what it calls."""
    with pytest.raises(KeyboardInterrupt), heard(lambda: None):
        raise RuntimeError("KeyboardInterrupt: <EMPTY MESSAGE>")
    with pytest.raises(RuntimeError, match="of our own"), heard(lambda: None):
        raise RuntimeError("of our own")


@pytest.mark.parametrize("wait_s", [0.03, 0.06, 0.1, 0.2])
def test_a_command_that_is_interrupted_while_it_starts_leaves_without_a_traceback(wait_s: float) -> None:
    """Whatever it was just importing; before our first line the interpreter is not ours."""
    begin = "import sys; from ghostfleet.cli import main; print('begun', flush=True); sys.argv = SHOW; main()"
    begin = begin.replace("SHOW", "['ghostfleet', 'show', 'estate']")  # which takes longer than any of these waits
    running = subprocess.Popen([sys.executable, "-c", begin], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "begun\n"
    time.sleep(wait_s)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert "Traceback" not in said
    assert running.returncode in (0, 130)  # 0 where it was quicker
