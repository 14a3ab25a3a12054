"""Single requests of a shop that tests ask, check and break, in all kinds of stores."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ghostfleet import records, signals
from ghostfleet.queries import Report, open_data, validate
from ghostfleet.run import expectations as expecting
from ghostfleet.run.history import Request, write
from ghostfleet.signals import Extent
from ghostfleet.spec import loading, reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ghostfleet.spec.scenario import Scenario

NOW = "2026-03-04T17:00:00-05:00"
TABLES = tuple(signal.TABLE for signal in records.found().values())
FORMATS = ("bulk", "jsonl", "csv", "parquet")
COMMERCE, EVENTS, TRACES = "commerce", "events", "traces"
OF = {COMMERCE: "transactions", EVENTS: "events"}


@dataclass(frozen=True)
class Shop:
    """Places that hold the same requests."""

    home: Path

    @property
    def places(self) -> dict[str, str]:
        """URLs to be asked of transactions, by what is said of them."""
        folders = {form: str(self.home / form) for form in FORMATS}
        return {**folders, "DuckDB file": f"duckdb:{self.store(COMMERCE)}"}

    def store(self, name: str) -> Path:
        """DuckDB file of transactions, of events or of traces."""
        return self.home / f"{name}.duckdb"

    @property
    def transactions(self) -> list[dict[str, Any]]:
        """Transactions, read by nothing that is tested."""
        return _lines(self.home / "jsonl" / "all_data.jsonl")

    @property
    def events(self) -> list[dict[str, Any]]:
        """Events, read by nothing that is tested."""
        return _lines(self.home / "events" / "realistic_events.jsonl")


def scenario(name: str) -> Scenario:
    """Scenario of some requests: a day of transactions, one of events, and a few minutes of traces."""
    flags: dict[str, dict[str, Any]] = {
        COMMERCE: {"now": NOW, "days": 1, "scale": 0.003},
        EVENTS: {"now": NOW, "count": 3_000},
        TRACES: {"now": NOW, "days": 1, "scale": 0.05},
    }
    shipped = COMMERCE if name == TRACES else name
    document = reading.read(loading.shipped()[shipped], f"{shipped}.yaml")
    return loading.load(document, loading.Settings(flags=flags[name])).scenario


def expectations(name: str) -> Mapping[str, Any]:
    """What is expected of the transactions, or of the events, of a scenario."""
    made = scenario(name)
    extent = Extent(1, made.timeline.since_s, made.timeline.until_s, made.timeline.row_s)
    return signals.expectations(signals.signal(OF[name]), made, extent)


def generate(home: Path) -> Shop:
    """Write requests into every kind of store."""
    shop = Shop(home)
    for form in FORMATS:
        stores = (f"duckdb:{shop.store(COMMERCE)}",) if form == "jsonl" else ()
        packed = None if form == "parquet" else False
        write(
            scenario(COMMERCE),
            Request((str(home / form), *stores), only=("transactions",), format=form, compressed=packed),
        )
    events = (str(home / "events"), f"duckdb:{shop.store(EVENTS)}")
    write(scenario(EVENTS), Request(events, format="jsonl", compressed=False))
    until_s = scenario(TRACES).timeline.until_s
    minutes = Request((f"duckdb:{shop.store(TRACES)}",), until_s - 600, until_s, only=("spans", "logs"))
    write(scenario(TRACES), minutes)
    return shop


def judged(url: str, made: Scenario | None = None, names: Sequence[str] | None = None) -> Report:
    """Verdicts on requests as `validate` gives them; ``made`` speaks for what has no manifest."""
    wanted = expecting.of(url, lambda: made or scenario(COMMERCE))
    with open_data(url, wanted.tables) as data:
        for relation, rows in wanted.of_rows(data).items():
            data.add_rows(relation, rows)
        return validate(data, names=names)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
