"""Mappings of search indexes beside bulk files, so that an index can be made before they are loaded (COM-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostfleet.core.errors import ScenarioError
from ghostfleet.run import manifest
from ghostfleet.sinks import home_of
from ghostfleet.sinks.mapping import mappings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ghostfleet.core.table import Table
    from ghostfleet.run.history import Outcome, Request

BULK = ".ndjson"


def ensure_room(tables: Sequence[Table], folders: Sequence[Path], request: Request) -> None:
    """Refuse folders whose mappings could not be written, where bulk files are asked for."""
    if (request.format or "").startswith("bulk"):
        for folder in folders:
            for name in mappings(tables):
                manifest.ensure_room(folder / name)


def write(tables: Sequence[Table], folders: Sequence[Path]) -> list[Path]:
    """Write the mappings of some tables into folders; `ScenarioError` where there is none to write, or no folder."""
    texts = mappings(tables)
    if not texts:
        msg = f"no search index holds {', '.join(table.name for table in tables)}: they are tables of a graph"
        raise ScenarioError(msg)
    if not folders:
        msg = "a mapping lies in a folder, and none was named; write --to DIR"
        raise ScenarioError(msg)
    paths = [folder / name for folder in folders for name in texts]
    for path in paths:
        manifest.save(path, texts[path.name])
    return paths


def write_beside(outcome: Outcome) -> None:
    """Write the mappings of what a run left as bulk files, into each folder that has some, and note them down."""
    for url, written in outcome.written.items():
        home = home_of(url)
        bulk = {one.table for one in written if BULK in one.name}
        tables = [table for table in outcome.tables if table.name in bulk]
        if home is not None and not home.file and mappings(tables):
            outcome.mappings[url] = [path.name for path in write(tables, [home.folder])]
