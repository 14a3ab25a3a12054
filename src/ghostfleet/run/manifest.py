"""The record beside every output: all that determines it, and what was measured of it."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ghostfleet import __version__
from ghostfleet.core.errors import DataError, SinkError
from ghostfleet.core.hashes import sha256
from ghostfleet.core.zones import tzdata_version
from ghostfleet.sinks import Receipt, Written, home_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghostfleet.core.window import Window
    from ghostfleet.sinks import Home

LAYOUT = 1  # of the manifest itself
# Sections that change no value.
NO_CAUSE = {"title", "extends", "parameters", "aliases", "expect", "story", "visualization", "logging"}
SINK_OPTIONS = {"format", "codec", "compressed"}
VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,40}")


def moment(seconds: int) -> str:
    """Seconds since the epoch as people write them."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


class Determinants(msgspec.Struct, frozen=True):
    """All that determines a data set; equal determinants, equal bytes."""

    scenario: dict[str, Any]  # effective; empty in the manifest of a blind run
    since_s: int
    until_s: int
    every_s: int
    tables: tuple[str, ...]
    part: tuple[int, int] = (1, 1)
    ledger: tuple[dict[str, Any], ...] = ()  # incidents added to the scenario
    version: str = __version__
    tzdata: str = msgspec.field(default_factory=tzdata_version)

    def __post_init__(self) -> None:
        """Refuse a scenario that has no place for a seed."""
        if not isinstance(self.scenario.get("execution", {}), dict):
            msg = "its scenario's execution is no mapping"
            raise TypeError(msg)

    @classmethod
    def of(
        cls, scenario: dict[str, Any], window: Window, tables: tuple[str, ...], part: tuple[int, int]
    ) -> Determinants:
        """Determinants of a run."""
        return cls(scenario, window.since_s, window.until_s, window.tick_s, tables, part)

    @property
    def causes(self) -> dict[str, Any]:
        """What of the scenario changes a value."""
        found = {key: value for key, value in self.scenario.items() if key not in NO_CAUSE}
        return {**found, "execution": {"random_seed": found.get("execution", {}).get("random_seed")}}

    @property
    def hash(self) -> str:
        """Digest of all that changes a value: not of how a run is described, logged or spread over workers."""
        tree = msgspec.to_builtins(self)
        text = json.dumps({**tree, "scenario": self.causes}, sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()


class Manifest(msgspec.Struct, frozen=True):
    """What is known of one written data set."""

    name: str  # of the scenario
    determinants: Determinants
    hash: str
    notes: dict[str, Any]  # what a reader must know: what daily rows are, which faults were made on purpose
    sink: dict[str, Any]  # format, codec and compression, to open it again
    written: tuple[Written, ...]
    receipts: dict[str, tuple[Receipt, ...]]
    statistics: dict[str, Any]

    @property
    def files(self) -> set[str]:
        """Names of files, those of tables in several files each."""
        return {name for one in self.written for name in (one.name, *(split.name for split in one.splits))}

    def text(self) -> str:
        """JSON for the file."""
        known = self.determinants
        content = {
            "layout": LAYOUT,
            "scenario_name": self.name,
            "hash": self.hash,
            **_told(known),
            "notes": self.notes,
            "sink": self.sink,
            "tables": [
                {
                    **msgspec.to_builtins(written),
                    "statistics": self.statistics.get(written.table, {}),
                    "parts": [msgspec.to_builtins(receipt) for receipt in self.receipts.get(written.table, ())],
                }
                for written in self.written
            ],
            "determinants": msgspec.to_builtins(known),
        }
        return json.dumps({**content, "seal": _seal(content)}, indent=1, ensure_ascii=False) + "\n"


def _seal(content: Mapping[str, Any]) -> str:
    """Digest of all else that a manifest says, so that a figure that was changed later is found."""
    rest = {key: value for key, value in content.items() if key != "seal"}
    return sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def place(url: str) -> Path | None:
    """Where the manifest of a data set stands; None for outputs that do not stay, `DataError` for what is no URL."""
    try:
        home = home_of(url)
    except SinkError as error:
        raise DataError(str(error)) from error
    return None if home is None else path_at(home)


def path_at(home: Home, part: tuple[int, int] = (1, 1)) -> Path:
    """Path of the manifest of a destination, or of one part of it."""
    return home.record(f"manifest-{part[0]:05d}-of-{part[1]:05d}.json" if part[1] > 1 else "manifest.json")


def ensure_room(path: Path) -> None:
    """Refuse a place where no small file can be saved, before anything is written beside it."""
    if path.is_dir():
        msg = f"cannot write {path}: a directory of that name stands there"
        raise SinkError(msg)
    parent = next(folder for folder in path.absolute().parents if folder.exists())
    if not parent.is_dir():
        msg = f"cannot write {path}: {parent} is no directory"
        raise SinkError(msg)


def save(path: Path, text: str, *, durable: bool = True) -> None:
    """Write a small file whole or not at all; `SinkError` when it cannot be.

    ``durable`` waits for the disk, which what only informs need not.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")  # parts made side by side share some of them
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        msg = f"cannot write {path}: {error.strerror}"
        raise SinkError(msg) from error


def read(path: Path) -> Manifest:
    """Manifest of a written data set; `DataError` naming the file and what is wrong with it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"there is no {path}; name the folder that generate wrote, or a store beside its manifest"
        raise DataError(msg) from error
    except (OSError, UnicodeDecodeError) as error:
        msg = f"cannot read {path}: {error}"
        raise DataError(msg) from error
    except RecursionError as error:
        msg = f"{path}: not a manifest: its brackets are nested too deeply; generate the data set again"
        raise DataError(msg) from error
    except json.JSONDecodeError as error:
        msg = f"{path}:{error.lineno}: not a manifest: {error.msg}; generate the data set again"
        raise DataError(msg) from error
    except ValueError as error:  # such as a number of thousands of digits
        msg = f"{path}: not a manifest: {error}; generate the data set again"
        raise DataError(msg) from error
    try:
        return _restored(content)
    except (ValueError, OverflowError, OSError) as error:
        msg = f"{path}: not a complete manifest: {_in_words(error)}; generate the data set again"
        raise DataError(msg) from error


def _in_words(error: Exception) -> str:
    """What is wrong with a manifest, and where in it."""
    said, _, place = str(error).replace("`", "").partition(" - at ")
    return f"{place.removeprefix('$.')}: {said[:1].lower()}{said[1:]}" if place else said


def _restored(content: Any) -> Manifest:  # noqa: ANN401  any JSON
    document = msgspec.convert(content, _Document)
    if document.layout != LAYOUT:
        msg = f"layout {document.layout} is not the layout {LAYOUT} of this version"
        raise ValueError(msg)
    for table in document.tables:
        if min(table.rows, table.bytes, table.size) < 0 or Path(table.name).name != table.name:
            msg = f"table {table.table} has a negative count or a name that leads out of its folder"
            raise ValueError(msg)
        if any(Path(split.name).name != split.name or min(split.parts, *split.frame) < 0 for split in table.splits):
            msg = f"table {table.table} has a file with a negative count or a name that leads out of its folder"
            raise ValueError(msg)
        if any(min(part.rows, part.bytes, part.size) < 0 for part in table.parts):
            msg = f"table {table.table} has a part with a negative count"
            raise ValueError(msg)
    if not document.tables:
        msg = "it lists no table"
        raise ValueError(msg)
    if set(document.sink) != SINK_OPTIONS:
        msg = f"sink must have the keys {', '.join(sorted(SINK_OPTIONS))}"
        raise ValueError(msg)
    determinants = _determinants(document, content)
    if document.seal != _seal(content):
        msg = "its seal does not fit its contents; it was changed after it was written"
        raise ValueError(msg)
    return Manifest(
        document.scenario_name,
        determinants,
        document.hash,
        document.notes,
        document.sink,
        tuple(Written(*(getattr(table, key) for key in Written.__struct_fields__)) for table in document.tables),
        {table.table: table.parts for table in document.tables},
        {table.table: table.statistics for table in document.tables},
    )


def _determinants(document: _Document, content: dict[str, Any]) -> Determinants:
    """Determinants of a manifest, if all that it says of them elsewhere agrees."""
    determinants = document.determinants
    if determinants.scenario and determinants.hash != document.hash:
        msg = "its hash does not fit its contents; it was changed after it was written"
        raise ValueError(msg)
    _ensure_possible(determinants)
    for key, value in _told(determinants).items():
        if content[key] != value:
            msg = f"{key} is {content[key]!r}, but what determines the data says {value!r}"
            raise ValueError(msg)
    if determinants.scenario and determinants.scenario.get("scenario") != document.scenario_name:
        msg = f"scenario_name is {document.scenario_name!r}, but its scenario has another name"
        raise ValueError(msg)
    return determinants


class _Listed(Written, frozen=True, kw_only=True):
    """A table as the file lists it."""

    statistics: dict[str, Any]
    parts: tuple[Receipt, ...]


class _Document(msgspec.Struct):
    """What a file must hold to be a manifest; all that `Manifest.text` writes."""

    layout: int
    scenario_name: str
    hash: str
    version: str
    tzdata: str
    seed: int | str | None
    window: dict[str, str]
    every_s: int
    part: tuple[int, int]
    notes: dict[str, Any]
    sink: dict[str, Any]
    tables: tuple[_Listed, ...]
    determinants: Determinants
    seal: str


def _told(known: Determinants) -> dict[str, Any]:
    """What a manifest tells people of its determinants, so that they need not look inside."""
    return {
        "version": known.version,
        "tzdata": known.tzdata,
        "seed": known.scenario.get("execution", {}).get("random_seed"),
        "window": {"from": moment(known.since_s), "until": moment(known.until_s)},
        "every_s": known.every_s,
        "part": list(known.part),
    }


def _ensure_possible(known: Determinants) -> None:
    """Refuse determinants that no run can have; a blind manifest has no hash that would tell."""
    number, parts = known.part
    wrong = {
        f"version {known.version!r} is no version": not VERSION.fullmatch(known.version),
        f"every_s {known.every_s} is no length of a row": known.every_s <= 0,
        f"the window ends at {known.until_s}, before it begins at {known.since_s}": known.until_s <= known.since_s,
        f"part {number} of {parts} cannot be": not 1 <= number <= parts,
        "it determines no table": not known.tables,
    }
    for said, holds in wrong.items():
        if holds:
            raise ValueError(said)
