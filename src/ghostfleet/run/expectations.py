"""What a data set should look like: from its manifest where it has one, else from a scenario and its own rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ghostfleet import signals
from ghostfleet.generate import Generator
from ghostfleet.run import manifest
from ghostfleet.spec import loading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ghostfleet.core.table import Table
    from ghostfleet.run.manifest import Manifest
    from ghostfleet.spec.scenario import Scenario

SPAN = ("servers", "since_s", "until_s", "step_s")


class Expectations(msgspec.Struct, frozen=True):
    """Tables of a data set and what checks may expect of them."""

    tables: tuple[Table, ...]
    named: dict[str, list[dict[str, Any]]]
    scenario: Scenario
    sure: bool  # False: nobody says how many entities and steps there should be, only the rows do

    def settled(self, observed: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
        """Expectations with size, span and step of the rows themselves where nothing else says them."""
        if self.sure or not observed:
            return self.named
        seen = {name: observed[0][name] for name in SPAN}
        return {**self.named, "expected_data": [{**row, **seen} for row in self.named["expected_data"]]}


def of(url: str, fallback: Scenario) -> Expectations:
    """Expectations of the data set at a URL; without a manifest those of ``fallback``, span and size apart."""
    record = _record(url)
    scenario, sure = fallback, False
    if record is not None and record.determinants.scenario:
        scenario, sure = loading.restore(record.determinants.scenario, "manifest"), True
    generator = Generator(scenario)
    tables = tuple(generator.tables())
    named: dict[str, list[dict[str, Any]]] = {}
    for table in tables:
        for name, rows in signals.signal(table.name).expectations(scenario).items():
            named[name] = [dict(row) for row in rows]
    if sure and record is not None:
        _cut(named, record, scenario.timeline.row_s)
    return Expectations(tuple(signals.signal(table.name).TABLE for table in tables), named, scenario, sure)


def _cut(named: dict[str, list[dict[str, Any]]], record: Manifest, usual_row_s: int) -> None:
    """Expect the window that was written, not the whole span of the scenario."""
    known = record.determinants
    if known.every_s != usual_row_s:
        # The documents speak of levels of a day or an hour; rows of another length are percentiles of several.
        named.update(expected_archetypes=[], expected_correlations=[])
    for row in named.get("expected_data", []):
        row.update(since_s=known.since_s, until_s=known.until_s, step_s=known.every_s)


def _record(url: str) -> Manifest | None:
    """Manifest of a folder, a store, a file, or of the folder that a file lies in."""
    path = manifest.place(url)
    candidates = [] if path is None else [path]
    if path is not None and path.name == "manifest.json":
        candidates += sorted(path.parent.glob("manifest-00001-of-*.json"))
    if path is not None:
        candidates += sorted(path.parent.glob(path.name.replace(".manifest.json", ".manifest-00001-of-*.json")))
    if path is not None and path.name != "manifest.json" and ":" not in url:
        beside = Path(url).parent / "manifest.json"
        if beside.exists() and any(written.name == Path(url).name for written in manifest.read(beside).written):
            candidates.append(beside)
    for candidate in candidates:
        if candidate.exists():
            return manifest.read(candidate)
    return None
