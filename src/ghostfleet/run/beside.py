"""Manifests that stand side by side at one destination: parts of a data set, and windows of one in a store.

A file holds what one run wrote; a table in a store keeps the rows of earlier runs, too. What an earlier manifest tells
of and a later run did not write again stays told: that manifest is kept under the beginning of its hash. A later run
may know of more incidents, as long as its ledger adds none before the end of what stands there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from ghostfleet.core.errors import DataError, SinkError
from ghostfleet.run import manifest
from ghostfleet.spec import ledger
from ghostfleet.spec.estate.incidents import LedgerEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from ghostfleet.run.manifest import Determinants, Manifest
    from ghostfleet.sinks import Home

KEPT = re.compile(r"manifest-[0-9a-f]{12}\.json$")


def parts_beside(path: Path) -> list[Path]:
    """Manifests of parts at the destination whose own manifest has the given path."""
    return sorted(path.parent.glob(path.name.replace("manifest.json", "manifest-?????-of-?????.json")))


def earlier_beside(path: Path) -> list[Path]:
    """Manifests of earlier runs into the store whose last one has the given path."""
    found = path.parent.glob(path.name.replace("manifest.json", "manifest-????????????.json"))
    return sorted(one for one in found if KEPT.search(one.name))


def ensure_one_set(home: Home, known: Determinants) -> None:
    """Refuse a destination where the rows of a run would stand among those of another data set.

    Those are parts of another one, parts beside a whole, and in a store what an earlier run wrote into the same
    table. `SinkError` says what stands there; files that are written again as a whole are the run's own.
    """
    whole = manifest.path_at(home)
    parts = [path for path in parts_beside(whole) if path != manifest.path_at(home, known.part)]
    if known.part[1] == 1:
        if parts:
            msg = f"{parts[0]} says that parts of a data set stand there; remove them, or name another destination"
            raise SinkError(msg)
        for path in (whole, *earlier_beside(whole)):
            _ensure_window_of(path, known)
        return
    if whole.exists():
        msg = f"{whole} says that a whole data set stands there; remove it, or name another destination for the parts"
        raise SinkError(msg)
    for path in parts:
        try:
            why = _another(manifest.read(path), known)
        except DataError as error:
            raise SinkError(str(error)) from error
        if why:
            msg = f"{path} says that a part of another data set stands there: {why}; name another destination"
            raise SinkError(msg)


def later(home: Home, known: Determinants, timeless: Collection[str]) -> dict[str, int]:
    """Tables among ``timeless`` that a store holds as of the end of a later window than a run's, and that end.

    Their rows say how things stand, so that of several windows the latest is told, in whatever order they are loaded.
    """
    whole = manifest.path_at(home)
    found: dict[str, int] = {}
    stands = home.file and (home.folder / home.file).exists()
    for path in (whole, *earlier_beside(whole)) if stands and known.part[1] == 1 else ():
        record = _readable(path)
        until_s = 0 if record is None else record.determinants.until_s
        for one in () if record is None or until_s <= known.until_s else record.written:
            if one.in_store and one.table in timeless:
                found[one.table] = max(until_s, found.get(one.table, until_s))
    return found


def ensure_truth_of(home: Home, name: str, known: Determinants) -> None:
    """Refuse a destination whose data come from another estate, seed or ledger than a truth that would lie with them.

    Truth is of all tables of an estate. A blind manifest is compared by its hash, if its scenario has the same name.
    """
    whole = manifest.path_at(home)
    for path in (whole, *earlier_beside(whole), *parts_beside(whole)):
        record = _readable(path)
        if record is None or not (record.determinants.scenario.get("estate") or record.name == name):
            continue
        its = record.determinants
        why = f"its scenario is {record.name}, not {name}" if record.name != name else ""
        if not why:
            scenario = _grown(path, its, known) if its.scenario else known.scenario
            why = _another(record, msgspec.structs.replace(known, **_extent(its), scenario=scenario))
        if why:
            msg = (
                f"{path} says that other data stand there: {why}; write the truth of those, or name another destination"
            )
            raise SinkError(msg)


def _extent(known: Determinants) -> dict[str, Any]:
    """What a data set is of its scenario."""
    return {name: getattr(known, name) for name in ("since_s", "until_s", "every_s", "tables", "part")}


def _ensure_window_of(path: Path, known: Determinants) -> None:
    record = _readable(path)
    if record is None or not _is_of_store(record) or not set(record.determinants.tables) & set(known.tables):
        return
    its = record.determinants
    again = msgspec.structs.replace(known, since_s=its.since_s, until_s=its.until_s, tables=its.tables)
    if _covers(known, its):  # every row is written again, by whatever release
        again = msgspec.structs.replace(again, version=its.version, tzdata=its.tzdata)
    if its.scenario:  # a blind one does not tell its ledger
        again = msgspec.structs.replace(again, scenario=_grown(path, its, known))
    if why := _another(record, again):
        msg = f"{path} says that another data set stands there: {why}; remove it and its store, or name another one"
        raise SinkError(msg)


def _grown(path: Path, its: Determinants, known: Determinants) -> dict[str, Any]:
    """Scenario of a run with the ledger of an earlier one; `SinkError` when it would change what that one released."""
    before, now = its.scenario.get("estate") or {}, known.scenario.get("estate") or {}
    released, entries = (msgspec.convert(one.get("ledger", ()), tuple[LedgerEntry, ...]) for one in (before, now))
    if entries == released:
        return known.scenario
    try:
        # Requests end where the run does, and metrics with the row that it ends in.
        ledger.ensure_extends(entries, released, -(-its.until_s // its.every_s) * its.every_s)
    except ValueError as error:
        msg = f"{path} says what its store holds: {error}; or name another destination"
        raise SinkError(msg) from error
    return {**known.scenario, "estate": {**now, "ledger": before.get("ledger", ())}}


def _readable(path: Path) -> Manifest | None:
    """Manifest at a path; None where there is none, or one that cannot be read and will be written again."""
    try:
        return manifest.read(path)
    except DataError:
        return None


def _is_of_store(record: Manifest) -> bool:
    return any(one.in_store for one in record.written)


def save(home: Home, record: Manifest, timeless: Collection[str] = ()) -> Path:
    """Save the manifest of a run, and keep what earlier ones at the destination tell of that it did not write again.

    ``timeless`` names tables whose keys hold no time: of another window they are written again, too.
    """
    path = manifest.path_at(home, record.determinants.part)
    whole = record.determinants.part[1] == 1
    for before in (path, *earlier_beside(path)) if whole else ():
        stood = _readable(before)
        if stood is None:
            continue
        left = _left(stood, record, timeless)
        if left is not None:
            manifest.save(_kept(path, stood), left.text())
        elif before != path:
            before.unlink(missing_ok=True)
    manifest.save(path, record.text())
    return path


def _left(before: Manifest, record: Manifest, timeless: Collection[str]) -> Manifest | None:
    """What an earlier manifest still tells of once a run has written what it has; None for nothing."""
    again = {one.table for one in record.written}
    if _is_of_store(before):
        if _covers(record.determinants, before.determinants):
            return None
        again &= set(timeless)
    written = tuple(one for one in before.written if one.table not in again)
    receipts = {one.table: before.receipts[one.table] for one in written}
    return msgspec.structs.replace(before, written=written, receipts=receipts) if written else None


def _kept(path: Path, record: Manifest) -> Path:
    return path.with_name(path.name.replace("manifest.json", f"manifest-{record.hash[:12]}.json"))


def _covers(known: Determinants, other: Determinants) -> bool:
    """Whether all rows of a run are among those of another one."""
    return known.since_s <= other.since_s and known.until_s >= other.until_s and set(known.tables) >= set(other.tables)


def _another(record: Manifest, known: Determinants) -> str:
    """Why a record is of another data set, empty if it is of the same; their parts may differ."""
    its = record.determinants
    if its.part[1] != known.part[1]:
        return f"it is one of {its.part[1]} parts, not of {known.part[1]}"
    if its.scenario.get("execution") and known.scenario.get("execution"):
        seeds = [one.scenario["execution"].get("random_seed") for one in (its, known)]
        if seeds[0] != seeds[1]:
            return f"its seed is {seeds[0]}, not {seeds[1]}"
    for key in ("since_s", "until_s", "every_s", "tables", "version", "tzdata"):
        if getattr(its, key) != getattr(known, key):
            return f"its {key} is {getattr(its, key)}, not {getattr(known, key)}"
    if known.scenario and msgspec.structs.replace(known, part=its.part).hash != record.hash:
        return "its scenario says other things"
    return ""


def ensure_same_set(records: Sequence[Manifest]) -> None:
    """Refuse parts that are not of one data set; `DataError` says which, and in what they differ."""
    parts = [record for record in records if record.determinants.part[1] > 1]
    parts.sort(key=lambda record: not record.determinants.scenario)  # a blind one can be compared, but not compare
    for record in parts[1:]:
        if why := _another(record, parts[0].determinants):
            number, of = record.determinants.part
            msg = f"part {number} of {of} is of another data set than the others: {why}"
            raise DataError(msg)


def missing_parts(records: Sequence[Manifest]) -> list[tuple[int, int]]:
    """Parts that the manifests of one destination say there are, and that have none: numbers, of how many."""
    sets: dict[int, set[int]] = {}
    for record in records:
        number, parts = record.determinants.part
        sets.setdefault(parts, set()).add(number)
    return [(number, parts) for parts, there in sets.items() for number in range(1, parts + 1) if number not in there]


def told_rows(records: Sequence[Manifest], table: str) -> int:
    """Rows of a table that some manifests of one data set tell of at most.

    Rows of windows that overlap count once where there are as many in any time, as of metrics; nobody knows how many
    others lie in both.
    """
    from fractions import Fraction

    spans = _spans(records, table)
    if _are_parts(records):
        return sum(rows for *_, rows in spans)
    if len({Fraction(rows, until_s - since_s) for since_s, until_s, rows in spans}) > 1:
        return sum(rows for *_, rows in spans)
    told, reached = Fraction(0), None
    for since_s, until_s, rows in spans:
        fresh_s = until_s - (since_s if reached is None else max(since_s, min(reached, until_s)))
        told += rows * Fraction(fresh_s, until_s - since_s)
        reached = until_s if reached is None else max(reached, until_s)
    return round(told)


def least_rows(records: Sequence[Manifest], table: str) -> int:
    """Rows of a table that some manifests of one data set tell of for certain; of windows that overlap, some do not."""
    spans = _spans(records, table)
    if _are_parts(records):
        return sum(rows for *_, rows in spans)
    most: list[tuple[int, int]] = []  # end of a window, and rows of windows apart of which it is the last
    for since_s, until_s, rows in spans:
        most.append((until_s, rows + max((before for end_s, before in most if end_s <= since_s), default=0)))
    return max((rows for _, rows in most), default=0)


def _spans(records: Sequence[Manifest], table: str) -> list[tuple[int, int, int]]:
    """Windows and rows that manifests tell of, the earliest first; those of whole rows, unless none starts there."""
    return sorted(
        (*_whole_rows(record.determinants), one.rows)
        for record in records
        for one in record.written
        if one.table == table
    )


def _whole_rows(its: Determinants) -> tuple[int, int]:
    since_s, until_s = (-(-second // its.every_s) * its.every_s for second in (its.since_s, its.until_s))
    return (since_s, until_s) if since_s < until_s else (its.since_s, its.until_s)


def _are_parts(records: Sequence[Manifest]) -> bool:
    return any(record.determinants.part[1] > 1 for record in records)
