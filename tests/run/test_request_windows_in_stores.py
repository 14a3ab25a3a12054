"""Windows of requests in a store that holds others: cut by the minute, whatever stands there and --every says."""

from pathlib import Path

import duckdb
import pytest

from ghostfleet.cli.root import run

COMMERCE = ("commerce", "--scale", "0.01", "--days", "1", "--now", "2026-11-27T00:00:00Z", "--workers", "1", "--yes")
DAY = "2026-11-26T"


def generated(path: Path, since: str, until: str, *more: str) -> None:
    span = ("--from", f"{DAY}{since}:00Z", "--until", f"{DAY}{until}:00Z")
    assert run(["generate", *COMMERCE, *span, "--to", f"duckdb:{path}", "--quiet", *more]) == 0


def requests(path: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as store:
        return store.execute("FROM transactions ORDER BY transaction_id").fetchall()


@pytest.mark.parametrize("every", ["1h", "5m"])
def test_an_earlier_window_is_cut_by_the_minute_beside_a_later_graph(tmp_path: Path, every: str) -> None:
    """Requests(earlier after later) − Requests(later) = Requests(earlier alone)."""
    tables = ("--only", "transactions,graph", "--every", every)
    generated(tmp_path / "both.duckdb", "15:00", "16:00", *tables)
    later = requests(tmp_path / "both.duckdb")
    generated(tmp_path / "both.duckdb", "10:21", "11:43", *tables)
    generated(tmp_path / "alone.duckdb", "10:21", "11:43", "--only", "transactions")
    assert sorted(requests(tmp_path / "alone.duckdb") + later) == sorted(requests(tmp_path / "both.duckdb"))
    assert run(["verify", f"duckdb:{tmp_path / 'both.duckdb'}"]) == 0


def test_windows_that_overlap_hold_nobody_elses_rows(tmp_path: Path) -> None:
    """Nobody knows how many requests lie in both windows; of metrics as many rows as start there."""
    tables = ("--only", "transactions,system_metrics", "--every", "1h")
    generated(tmp_path / "some.duckdb", "10:20", "11:40", *tables)
    generated(tmp_path / "some.duckdb", "11:10", "12:30", *tables)
    assert run(["verify", f"duckdb:{tmp_path / 'some.duckdb'}"]) == 0


def test_a_graph_needs_no_row_of_metrics(tmp_path: Path) -> None:
    generated(tmp_path / "some.duckdb", "10:20", "10:50", "--only", "transactions,graph", "--every", "1h")
    assert requests(tmp_path / "some.duckdb")
