"""Truth lies with the data that it is of, and takes the place of what was said of the same window before."""

from __future__ import annotations

import json
from contextlib import redirect_stderr
from io import StringIO
from typing import TYPE_CHECKING

import duckdb
import pytest

from ghostfleet.cli import root
from tests.unit.truth.halves import TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Q = {"incident": {"kind": "node_loss", "on": ["prod-shop-cluster"]}, "starts": "2025-03-05T16:00", "id": "q"}
LATER = {**Q, "starts": "2025-03-05T19:00", "id": "later"}
OVER = {"resolves": "q", "at": "2025-03-05T16:00"}
HOURS = {"before": ("2025-03-05T15:00", "2025-03-05T16:00"), "its": ("2025-03-05T16:00", "2025-03-05T17:00")}
NEXT = ("2025-03-05T17:00", "2025-03-05T20:00")
STORE = "duckdb:z.duckdb"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(TEXT)
    return tmp_path


def run(
    folder: Path,
    command: str,
    span: tuple[str, str],
    *entries: Mapping[str, object],
    only: str,
    to: str = STORE,
    more: tuple[str, ...] = (),
) -> tuple[int, str]:
    """Write tables of a span, as they are with a ledger."""
    (folder / "added.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    options = ("--from", span[0], "--until", span[1], "--incidents", "added.jsonl", "--only", only, "--to", to)
    with redirect_stderr(StringIO()) as said:
        code = root.run([command, "own.yaml", *options, "--quiet", *more])
    return code, said.getvalue()


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".jsonl"}


def truth(
    folder: Path, span: tuple[str, str], *entries: Mapping[str, object], only: str = "all", to: str = STORE
) -> None:
    done = run(folder, "truth", span, *entries, only=only, to=to)
    assert done == (0, "")


def rows(folder: Path, name: str = "z.duckdb") -> list[list[tuple[object, ...]]]:
    with duckdb.connect(folder / name, read_only=True) as store:
        return [store.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in ("incidents", "impact")]


@pytest.mark.parametrize("to", [STORE, "out/"])
@pytest.mark.parametrize(
    ("entries", "more", "said"),
    [
        ((), (), "the ledger had 1 entries and has 0 now; a ledger only grows"),
        ((Q, {**OVER, "at": "2025-03-05T16:30"}), (), "is before what was released already"),
        ((Q,), ("--seed", "7"), "its seed is 42, not 7"),
        ((Q,), ("--set", "estate.scale=2"), "its scenario says other things"),
        ((Q,), ("--set", "scenario=another"), "its scenario is two-halves, not another"),
    ],
)
def test_truth_of_another_data_set_is_refused(
    folder: Path, to: str, entries: tuple[Mapping[str, object], ...], more: tuple[str, ...], said: str
) -> None:
    assert run(folder, "generate", HOURS["its"], Q, only="system_metrics,incident_metrics", to=to)[0] == 0
    before = files(folder)
    code, error = run(folder, "truth", HOURS["its"], *entries, only="all", to=to, more=more)
    assert (code, said in error) == (3, True), error
    assert files(folder) == before


def test_truth_of_the_same_and_of_a_longer_ledger_lies_with_the_data(folder: Path) -> None:
    assert run(folder, "generate", HOURS["its"], Q, only="system_metrics")[0] == 0
    for entries in ((Q,), (Q, LATER)):
        truth(folder, HOURS["its"], *entries)
    truth(folder, NEXT, Q, LATER)
    assert [row[0] for row in rows(folder)[0]] == ["later", "q"]
    assert root.run(["verify", STORE]) == 0


def test_truth_of_blind_data_is_compared_by_their_hash(folder: Path) -> None:
    blind = ("--blind",)
    assert run(folder, "generate", HOURS["its"], Q, only="system_metrics", more=blind)[0] == 0
    assert run(folder, "truth", HOURS["its"], only="incidents")[0] == 3
    truth(folder, HOURS["its"], Q)


def test_truth_takes_the_place_of_what_was_said_of_its_window(folder: Path) -> None:
    truth(folder, HOURS["its"], Q)
    many = rows(folder)
    truth(folder, HOURS["its"], Q, OVER)
    truth(folder, HOURS["its"], Q, OVER, to="duckdb:fresh.duckdb")
    assert rows(folder) == rows(folder, "fresh.duckdb")
    assert len(rows(folder)[1]) < len(many[1])
    truth(folder, HOURS["its"])
    assert rows(folder) == [[], []]


def test_truth_of_a_neighbouring_window_stays(folder: Path) -> None:
    truth(folder, HOURS["its"], Q, LATER)
    stood = rows(folder)
    for span in (HOURS["before"], NEXT):
        truth(folder, span, Q, LATER)
    whole = rows(folder)
    assert [row[0] for row in whole[0]] == ["later", "q"]
    assert [set(before) < set(after) for before, after in zip(stood, whole, strict=True)] == [True, True]
    truth(folder, (HOURS["before"][0], NEXT[1]), Q, LATER, to="duckdb:fresh.duckdb")
    assert rows(folder, "fresh.duckdb") == whole
    truth(folder, HOURS["its"])
    assert {row[0] for table in rows(folder) for row in table} == {"later"}


@pytest.mark.parametrize("only", ["incidents", "impact"])
def test_one_table_of_truth_leaves_the_other(folder: Path, only: str) -> None:
    truth(folder, HOURS["its"], Q)
    stood = rows(folder)
    truth(folder, HOURS["its"], Q, only=only)
    assert rows(folder) == stood
    truth(folder, HOURS["its"], only=only)
    assert rows(folder)[1] == []  # nothing was done by an incident that is none


def test_the_same_truth_again_changes_nothing(folder: Path) -> None:
    truth(folder, HOURS["its"], Q)
    stood = rows(folder)
    truth(folder, HOURS["its"], Q)
    assert rows(folder) == stood
