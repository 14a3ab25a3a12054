"""What a data set should look like: from its manifest where it has one, else from a scenario and its own rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ghostfleet import records, signals
from ghostfleet.generate import Generator
from ghostfleet.queries import is_readable, names_at, observed
from ghostfleet.run import beside, manifest
from ghostfleet.signals import Extent
from ghostfleet.sinks import home_of
from ghostfleet.spec import loading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ghostfleet.core.table import Table
    from ghostfleet.queries import Data
    from ghostfleet.run.manifest import Manifest
    from ghostfleet.spec.scenario import Scenario

    Rows = list[dict[str, Any]]


class Written(msgspec.Struct, frozen=True):
    """What a manifest says of a table that a run has written."""

    table_name: str
    since_s: int
    until_s: int
    row_s: int
    data_set: int  # number of its scenario among those that manifests tell of: rows of two need not agree
    trace_share: float  # of traces that spans and lines tell of


class Expectations(msgspec.Struct, frozen=True):
    """Tables of a data set, and the scenario that says what to expect of them."""

    tables: tuple[Table, ...]
    scenario: Scenario
    extents: dict[str, Extent]  # of each table whose manifest says it
    parts: tuple[int, int] = (1, 1)  # found, and how many there are
    scenarios: dict[str, Scenario] = {}  # of tables that another scenario made
    windows: tuple[Written, ...] = ()  # what manifests say of each run
    is_store: bool = False  # whose manifest tells of its last run, while others may have left rows there too
    rows: dict[str, int] = {}  # of each table that lies there, as far as manifests say it

    def of_rows(self, data: Data) -> dict[str, Rows | str]:
        """Tables that checks read; where no manifest says it, the rows themselves show their extent."""
        named: dict[str, Rows | str] = {}
        for table in self.tables:
            scenario = self.scenarios.get(table.name, self.scenario)
            rows = signals.expectations(records.signal(table.name), scenario, self._extent(data, table.name))
            named |= {
                name: found if isinstance(found, str) else [dict(row) for row in found] for name, found in rows.items()
            }
        if self.extents:
            named["stated_extents"] = [
                {"table_name": name, "since_s": one.since_s, "until_s": one.until_s, "row_s": one.row_s}
                for name, one in self.extents.items()
            ]
        if self.windows:
            is_whole = self.parts[0] == self.parts[1]
            named["stated_windows"] = [{**msgspec.structs.asdict(one), "is_whole": is_whole} for one in self.windows]
        named["stated_rows"] = self._stated_rows() or "no manifest says how many rows there are"
        return named

    def _stated_rows(self) -> Rows:
        found, parts = self.parts
        is_least = self.is_store or found != parts
        names = {table.name for table in self.tables}
        return [
            {"table_name": name, "rows": rows, "is_least": is_least}
            for name, rows in self.rows.items()
            if name in names
        ]

    def _extent(self, data: Data, table: str) -> Extent | None:
        found, parts = self.parts
        stated = self.extents.get(table)
        if stated is not None and found == parts and not self.is_store:
            return stated
        seen = observed(data, table)
        if seen is None:
            return stated
        if stated is not None and found == parts:
            grown = seen["since_s"] < stated.since_s or seen["until_s"] > stated.until_s
            return stated if not grown and seen["entities"] <= stated.entities else _shown(seen)
        if stated is not None:  # a part of a data set: its span is known, its share of the entities is what it shows
            return Extent(seen["entities"], stated.since_s, stated.until_s, stated.row_s, is_whole=False)
        return _shown(seen)


def of(url: str, fallback: Callable[[], Scenario]) -> Expectations:
    """Expectations of the data set at a URL; without a manifest those of ``fallback``, span and size apart."""
    records = _records(url)
    if not records:
        return _guessed(url, fallback())
    record, earlier = records[0], _earlier(url)
    is_store = any(one.in_store for one in record.written)
    found = len(records), record.determinants.part[1]
    rows = _rows(url, [*records, *earlier])
    if not record.determinants.scenario:
        guessed = _guessed(url, fallback())
        return msgspec.structs.replace(guessed, parts=found, is_store=is_store, rows=rows)
    told = [record, *earlier]
    tables: dict[str, Table] = {}
    extents: dict[str, Extent] = {}
    scenarios: dict[str, Scenario] = {}
    windows: list[Written] = []
    causes: list[dict[str, Any]] = []
    for one in told:
        known = one.determinants
        generator = Generator(loading.restore(known.scenario, "manifest"))
        written = {
            each.table: generator.starts(each.table, known.since_s, known.until_s, known.every_s)
            for each in one.written
        }
        if known.causes not in causes:
            causes.append(known.causes)
        number, share = causes.index(known.causes), float(one.notes.get("trace_share", 1))
        windows += [
            Written(name, window.since_s, window.until_s, window.tick_s, number, share)
            for name, window in written.items()
        ]
        for table in _tables(generator, known.tables):
            if table.name in written and table.name not in tables:
                entities = generator.observer(table.name).entities
                tables[table.name], scenarios[table.name] = table, generator.scenario
                window = written[table.name]
                extents[table.name] = Extent(entities, window.since_s, window.until_s, window.tick_s)
    scenario = next(iter(scenarios.values()))
    return Expectations(tuple(tables.values()), scenario, extents, found, scenarios, tuple(windows), is_store, rows)


def _rows(url: str, records: Sequence[Manifest]) -> dict[str, int]:
    """Rows that manifests tell of, of the tables at a URL that can be read; a file in a folder is one of them."""
    home = home_of(url)
    file = "" if home is None else home.file
    told = {
        one.table
        for record in records
        for one in record.written
        if one.in_store or (is_readable(one.name) and file in ("", one.name))
    }
    return {table: beside.least_rows(records, table) for table in sorted(told)}


def _guessed(url: str, scenario: Scenario) -> Expectations:
    """Expectations of a scenario's tables as far as they are there; of all of them where none is."""
    tables, names = _tables(Generator(scenario)), set(names_at(url))
    return Expectations(tuple(one for one in tables if {one.name, one.file_stem} & names) or tables, scenario, {})


def _earlier(url: str) -> list[Manifest]:
    """Manifests of earlier runs into a place, which may have written other tables."""
    path = manifest.place(url)
    found = [] if path is None else [manifest.read(one) for one in beside.earlier_beside(path)]
    return [record for record in found if record.determinants.scenario]


def _shown(seen: dict[str, Any]) -> Extent:
    """Extent that nothing but the rows shows."""
    return Extent(seen["entities"], seen["since_s"], seen["until_s"], seen["step_s"], is_stated=False)


def _tables(generator: Generator, only: Sequence[str] = ()) -> tuple[Table, ...]:
    return tuple(records.signal(table.name).TABLE for table in generator.tables(only))


def _records(url: str) -> list[Manifest]:
    """Manifest of a folder, a store, a file, or of the folder that a file lies in; or those of its parts."""
    path = manifest.place(url)
    if path is None:
        return []
    if path.exists():
        return [manifest.read(path)]
    parts = [manifest.read(part) for part in beside.parts_beside(path)]
    if parts:
        beside.ensure_same_set(parts)
        return parts
    home = home_of(url)
    if home is None or not home.file:
        return []
    whole = home.folder / "manifest.json"
    candidates = [whole, *beside.parts_beside(whole)]
    found = [manifest.read(candidate) for candidate in candidates if candidate.exists()]
    return [record for record in found if home.file in record.files]
