"""A store is continued with a longer ledger, and keeps what was released into it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.cli.commands import ghostfleet
from tests.unit.truth.halves import TEXT

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from pathlib import Path

BROKEN = {"incident": {"kind": "node_loss", "on": ["prod-shop-cluster"]}, "starts": "2025-03-05T16:00", "id": "mine"}
EARLY, AT_ONCE = ({"resolves": "mine", "at": f"2025-03-05T16:{minute}"} for minute in ("29", "30"))
SPANS = {"first": ("2025-03-05T15:30", "2025-03-05T16:30"), "second": ("2025-03-05T16:30", "2025-03-05T17:30")}
WHOLE = ("2025-03-05T15:30", "2025-03-05T17:30")


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A store that holds an hour, in which an incident of the ledger began."""
    (tmp_path / "own.yaml").write_text(TEXT)
    assert generate(tmp_path, SPANS["first"], BROKEN).returncode == 0
    return tmp_path


def generate(
    folder: Path, span: tuple[str, str], *entries: Mapping[str, object], to: str = "a.duckdb"
) -> subprocess.CompletedProcess[str]:
    """Write system metrics of a span, as they are with a ledger."""
    (folder / "added.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    options = ("--from", span[0], "--until", span[1], "--incidents", "added.jsonl", "--only", "system_metrics")
    return ghostfleet(folder, "generate", "own.yaml", *options, "--to", to, "--quiet")


def rows(path: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(path, read_only=True) as store:
        return store.execute("FROM system_metrics ORDER BY ALL").fetchall()


def test_a_run_that_knows_more_continues_a_store(begun: Path) -> None:
    """G(ledger, [a,b)) and G(ledger + later, [b,c)) together are G(ledger + later, [a,c)), and each is still proven."""
    done = generate(begun, SPANS["second"], BROKEN, AT_ONCE)
    assert (done.returncode, done.stderr) == (0, "")
    assert generate(begun, WHOLE, BROKEN, AT_ONCE, to="b.duckdb").returncode == 0
    assert rows(begun / "a.duckdb") == rows(begun / "b.duckdb")
    verified = ghostfleet(begun, "verify", "a.duckdb", "--full")
    assert (verified.returncode, verified.stdout.count("identical")) == (0, 2)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ((BROKEN, EARLY), "entry 2 of the ledger: at: 2025-03-05T16:29 is before what was released already; valid is "),
        ((), "the ledger had 1 entries and has 0 now; a ledger only grows"),
        (({**BROKEN, "starts": "2025-03-05T17:00"},), "entry 1 of the ledger is another one than when it was released"),
    ],
)
def test_a_ledger_that_would_change_what_was_released_is_refused(
    begun: Path, entries: tuple[Mapping[str, object], ...], said: str
) -> None:
    before = (begun / "a.duckdb").read_bytes()
    done = generate(begun, SPANS["second"], *entries)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert done.stderr.startswith("Error: a.duckdb.manifest.json says what its store holds: ")
    assert said in done.stderr
    assert (begun / "a.duckdb").read_bytes() == before


def test_a_folder_is_written_as_a_whole_so_nothing_there_was_released(begun: Path) -> None:
    for entries in ((BROKEN,), (BROKEN, EARLY)):
        assert generate(begun, SPANS["first"], *entries, to="out/").returncode == 0
