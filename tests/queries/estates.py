"""Estates that tests ask: a generated one of two hours in every store, and tables written down by hand."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ghostfleet import records
from ghostfleet.run.history import Request, write
from ghostfleet.spec import loading, reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SINCE, UNTIL = datetime(2025, 3, 5, 10, tzinfo=UTC), datetime(2025, 3, 5, 12, tzinfo=UTC)
TABLES = tuple(signal.TABLE for signal in records.found().values())
METRICS = ("system_metrics", "database_metrics", "network_metrics", "cost_metrics", "security_events", "changes")
SERIES = ("graph", *METRICS)


@dataclass(frozen=True)
class Estate:
    """Places that hold the same estate."""

    folder: Path  # CSV
    parquet: Path
    duckdb: Path
    ladybug: Path

    @property
    def places(self) -> dict[str, tuple[str, ...]]:
        """URLs to be asked, by what is said of them."""
        return {
            "folder of CSV": (str(self.folder),),
            "folder of Parquet": (str(self.parquet),),
            "DuckDB file": (f"duckdb:{self.duckdb}",),
            "graph and DuckDB file": (f"ladybug:{self.ladybug}", f"duckdb:{self.duckdb}"),
        }

    def rows(self, table: str) -> list[dict[str, str]]:
        """Rows of a table as texts, read by nothing that is tested."""
        with (self.folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def links(self, kind: str) -> set[tuple[str, str]]:
        """Ends of the links of a type."""
        return {(row["from_id"], row["to_id"]) for row in self.rows(kind)}


def generate(home: Path) -> Estate:
    """Write two hours of the default estate into every store."""
    estate = Estate(home / "csv", home / "parquet", home / "estate.duckdb", home / "estate.graph")
    scenario = loading.load(reading.read(loading.shipped()["estate"], "estate.yaml")).scenario
    for urls, form in (
        ((str(estate.folder), f"duckdb:{estate.duckdb}", f"ladybug:{estate.ladybug}"), "csv"),
        ((str(estate.parquet),), "parquet"),
    ):
        write(
            scenario,
            Request(
                urls=urls,
                since_s=int(SINCE.timestamp()),
                until_s=int(UNTIL.timestamp()),
                only=SERIES,
                format=form,
                compressed=False if form == "csv" else None,
                workers=1,
            ),
        )
    return estate


def put(folder: Path, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows down as CSV; null is an empty cell."""
    listed = list(rows)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)


def at(hour: int, minute: int = 0, day: int = 5, month: int = 3) -> str:
    return f"2025-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z"


def system(time: str, service: str, **changes: object) -> dict[str, object]:
    """Row of system_metrics."""
    usual = {
        "cluster_name": "prod-one",
        "region": "us-east-1",
        "environment": "production",
        "cpu_utilization": 40,
        "memory_utilization": 50,
        "request_count": 100,
        "response_time_ms": 200,
        "error_rate": 0.5,
        "throughput_rps": 2,
        "active_connections": 7,
    }
    return {"time": time, "service_name": service, **usual, **changes}


def service(name: str, **changes: object) -> dict[str, object]:
    """Node of the graph."""
    texts = dict.fromkeys(("type", "environment", "status", "version", "region", "cpu_request", "memory_request"), "x")
    usual = {"criticality": "high", "replicas": 2, "latency": 10.0, "cpu_usage": 5.0, "memory_usage": 6.0}
    return {"id": f"service/{name}", "name": name, "kind": "Service", **texts, **usual, **changes}


def link(start: tuple[str, str], kind: str, end: tuple[str, str]) -> dict[str, object]:
    """Link of the graph; ends are labels and ids."""
    ends = dict(zip(("from_label", "from_id", "to_label", "to_id"), (*start, *end), strict=True))
    return {**ends, "kind": kind}


def calls(folder: Path, *pairs: tuple[str, str], replicas: Mapping[str, int] | None = None) -> None:
    """Write services that call each other."""
    names = sorted({name for pair in pairs for name in pair})
    put(folder, "Service", [service(name, replicas=(replicas or {}).get(name, 2)) for name in names])
    put(
        folder,
        "DEPENDS_ON",
        [link(("Service", f"service/{a}"), "DEPENDS_ON", ("Service", f"service/{b}")) for a, b in pairs],
    )
