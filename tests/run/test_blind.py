"""A blind run leaves no file in which anybody could read what went wrong."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING

import duckdb
import pytest

from ghostfleet import incidents
from tests.cli.commands import ghostfleet

if TYPE_CHECKING:
    from pathlib import Path

NOW = ("--now", "2026-03-04T10:00:00-05:00")  # so that a placed incident of the shop is moved to the day before
ADDED = {"incident": {"kind": "node_loss", "on": ["prod-risk-cluster"]}, "starts": "2025-03-05T14:30", "id": "by-hand"}
RUNS = {
    "commerce": ("--days", "1", *NOW, "--scale", "0.002"),
    "demo": (*NOW, "--from", "2026-03-03T19:15Z", "--until", "2026-03-03T19:45Z", "--load", "0.005"),
    "estate": ("--from", "2025-03-05T14:00", "--until", "2025-03-05T15:00", "--incidents", "../added.jsonl"),
}
WORD = re.compile(r"[a-z0-9_-]+")  # codes of documented failures are in capitals


def texts(path: Path) -> str:
    """All that a file says: of a store its rows, its comments and the texts of its views."""
    if path.suffix == ".duckdb":
        with duckdb.connect(path, read_only=True) as store:
            tables = store.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall()
            said = [tables, store.execute("SELECT column_name, comment FROM duckdb_columns()").fetchall()]
            said += [store.execute("SELECT view_name, sql FROM duckdb_views() WHERE NOT internal").fetchall()]
            return repr(said + [store.execute(f'FROM "{name}"').fetchall() for name, _ in tables])
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", "replace")


@pytest.mark.parametrize("scenario", RUNS)
def test_no_file_of_a_blind_run_names_an_incident(tmp_path: Path, scenario: str) -> None:
    (tmp_path / "added.jsonl").write_text(json.dumps(ADDED) + "\n")
    (tmp_path / "blind").mkdir()
    options = [one.replace("../", "") for one in RUNS[scenario]]
    done = ghostfleet(tmp_path, "truth", scenario, *options, "--only", "incidents", "--to", "-", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows
    to = ["--to", "out/", "--to", "stores/a.duckdb"]
    to += [] if scenario == "commerce" else ["--to", "ladybug:stores/b.graph"]
    done = ghostfleet(tmp_path / "blind", "generate", scenario, *RUNS[scenario], "--blind", "--quiet", *to)
    assert done.returncode == 0, done.stderr
    told = {row["incident_id"] for row in rows} | set(incidents.kinds()) | {"by-hand", "moved_to_the_day_before"}
    files = [path for path in (tmp_path / "blind").rglob("*") if path.is_file()]
    found = {str(path.relative_to(tmp_path)): told & set(WORD.findall(texts(path))) for path in files}
    assert {name: words for name, words in found.items() if words} == {}
    assert {"out/manifest.json", "out/summary.json", "stores/a.duckdb"} <= {
        name.removeprefix("blind/") for name in found
    }
    (log,) = (tmp_path / "blind/out/logs").iterdir()
    assert "seed 42" not in log.read_text()
