"""A sample is the beginning of its table, taken while rows are made."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from ghostfleet.run import samples
from tests.run.small import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sample_is_the_first_lines_of_the_file(tmp_path: Path, workers: int) -> None:
    outcome = write(tmp_path / "out", workers=workers)
    lines = gzip.decompress((tmp_path / "out/server_metrics_full.csv.gz").read_bytes()).decode().splitlines(True)
    assert len(lines) > 1 + samples.ROWS
    assert outcome.samples == {"server_metrics": "".join(lines[: 1 + samples.ROWS])}


def test_only_a_folder_has_room_for_samples(tmp_path: Path) -> None:
    assert write(tmp_path / "rows.csv.gz").samples == {}
