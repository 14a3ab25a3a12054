"""An estimate makes the sample once, whatever the number of destinations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ghostfleet.core.errors import ScenarioError
from ghostfleet.generate import Generator
from ghostfleet.run.estimate import estimate
from ghostfleet.run.history import Request
from tests.run.small import scenario

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ghostfleet.core.batch import Batch
    from ghostfleet.generate import Task


def test_rows_are_made_once_for_all_destinations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    batches = Generator.batches

    def counted(self: Generator, task: Task) -> Iterator[Batch]:
        for batch in batches(self, task):
            made.append(len(batch))
            yield batch

    monkeypatch.setattr(Generator, "batches", counted)
    counts, sizes = [], []
    for urls in ("a/",), ("a/", f"duckdb:{tmp_path}/b.duckdb", "c.parquet", "-"):
        made.clear()
        _, _, cost = estimate(scenario(), Request(urls=urls, compressed=True))
        counts.append(sum(made))
        sizes.append(cost.bytes)
    assert counts[0] == counts[1]
    assert sizes[1] > 2 * sizes[0]
    assert list(tmp_path.iterdir()) == []


def test_what_keeps_nothing_takes_no_bytes() -> None:
    assert estimate(scenario(), Request(urls=("blackhole:",)))[2].bytes == 0


def test_what_a_run_would_refuse_is_refused() -> None:
    with pytest.raises(ScenarioError, match="named twice"):
        estimate(scenario(), Request(urls=("a", "a/")))
