"""A statement of DuckDB that is interrupted says so, whatever else it ran into, and the file is as it was."""

import os
import signal
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
from ghostfleet.core.interrupts import heard
from ghostfleet.sinks.duckdb import connected, is_interruption

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
