"""What was loaded into a destination, remembered beside it: no manifest can tell of rows that nobody generated."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  msgspec reads it
from typing import TYPE_CHECKING

import msgspec

from ghostfleet import __version__
from ghostfleet.core.errors import DataError
from ghostfleet.run import manifest
from ghostfleet.sinks.hashing import of_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from ghostfleet.sinks import Home

NAME = "load-manifest.json"
LAYOUT = 1


class Load(msgspec.Struct, frozen=True):
    """One load of one file."""

    table: str
    name: str  # of the file that was written, or of the table in a store
    file: str  # that was loaded
    at: str
    inserted: int
    updated: int
    unchanged: int
    duplicates: int
    failed: int  # documents that are no rows of the table
    rows: int  # that stood there afterwards
    stored: str  # digest of the file that was written; empty for a table in a store
    version: str = __version__


class _Document(msgspec.Struct):
    loads: list[Load]
    layout: int = LAYOUT


def path_at(home: Home) -> Path:
    """Where the loads of a destination are remembered."""
    return home.record(NAME)


def read(home: Home) -> list[Load]:
    """Loads of a destination, the earliest first; `DataError` where what is remembered cannot be read."""
    path = path_at(home)
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Document).loads
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        msg = f"{path}: no record of loads: {error}; remove it, and load again what it should tell of"
        raise DataError(msg) from error


def save(home: Home, load: Load) -> None:
    """Remember a load that changed something; of those into one file the last one counts."""
    is_store = not load.stored
    if is_store and not load.inserted and not load.updated:
        return
    kept = [one for one in read(home) if is_store or one.name != load.name]
    text = msgspec.json.format(msgspec.json.encode(_Document([*kept, load])), indent=1).decode()
    manifest.save(path_at(home), text + "\n")


def last(home: Home, told: Collection[str] = ()) -> list[Load]:
    """Last load into each file or table of which no manifest tells."""
    return list({one.name: one for one in read(home) if one.name not in told}.values())


def brought(home: Home | None, table: str) -> int:
    """Rows that loads have added to a table of a store."""
    return 0 if home is None else sum(one.inserted for one in read(home) if one.table == table and not one.stored)


def differences(home: Home, loads: Sequence[Load], standing: Callable[[Load], int]) -> list[str]:
    """What is not as loads left it; ``standing`` counts the rows of a table in a store."""
    found = []
    for load in loads:
        path = home.folder / load.name
        if not load.stored:
            rows = standing(load)
            if rows != load.rows:
                found.append(f"{load.name} holds {rows:,} rows, not the {load.rows:,} after {load.file} was loaded")
        elif not path.is_file():
            found.append(f"{path}, into which {load.file} was loaded, is not there")
        elif of_file(path) != load.stored:
            found.append(f"{path} is not what was written when {load.file} was loaded")
    return found
