"""Files to load: hostile documents, and requests as an API logs them."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from ghostfleet.core.table import Kind, Table, column
from ghostfleet.run.loader import loading, recognition
from ghostfleet.sinks import open_sink
from tests.sinks.documents import DOCUMENTS
from tests.sinks.rows import TABLE, write

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from ghostfleet.core.batch import Batch
    from ghostfleet.run.loader.loading import Outcome

SOME: dict[str, Any] = {"nullable": True, "optional": True}
EVENTS = Table(
    "api_events",
    "requests of a test",
    (
        column("timestamp", Kind.TIME, "when", resolution=0.001),
        column("event_id", Kind.TEXT, "its id", spelled=True),
        column("service.name", Kind.TEXT, "who answered"),
        column("http.method", Kind.TEXT, "how", values=("GET", "POST")),
        column("http.status", Kind.I64, "outcome", low=100, high=599),
        column("response_ms", Kind.F64, "how long", low=0, resolution=0.1, nullable=True),
        column("tags", Kind.TEXTS, "marks", **SOME),
        column("error.code", Kind.TEXT, "what went wrong", **SOME),
        column("error.retried", Kind.BOOL, "whether it was tried again", **SOME),
        column("region", Kind.TEXT, "where", group="place"),
        column("zone", Kind.TEXT, "where in there", group="place"),
    ),
    keys=("event_id",),
    order=("timestamp", "event_id"),
    group="requests",
    form="document",
)


def event(number: int, **changes: Any) -> dict[str, Any]:
    """One request; None takes a key away."""
    made: dict[str, Any] = {
        "timestamp": f"2026-01-01T00:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}Z",
        "event_id": f"event-{number:06d}",
        "service": {"name": f"service {number % 3} é"},
        "http": {"method": "GET", "status": 200},
        "response_ms": number % 50 / 10,
        "region": "eu",
        "zone": "eu-1",
    } | changes
    return {key: value for key, value in made.items() if value is not None}


def known(monkeypatch: pytest.MonkeyPatch, *tables: Table) -> None:
    """Let `load` know some tables and no others."""
    monkeypatch.setattr(recognition, "known", lambda: {table.name: table for table in tables})


def saved(path: Path, text: str | bytes) -> Path:
    """Save a file, packed if its name says so."""
    data = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)
    return path


def lines(documents: list[dict[str, Any]]) -> str:
    """Documents as JSON lines."""
    return "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in documents)


def written(folder: Path, batch: Batch, form: str) -> Path:
    """Write a batch as `generate` does; the file."""
    write(open_sink(f"{folder}/made", format=form), [batch], plan_id=f"made-{form.replace('.', '-')}")
    (path,) = (folder / "made").glob(f"*.{form.replace('bulk', 'ndjson')}")
    return path


def load(path: Path, *urls: Path | str, table: Table | None = None, form: str | None = None) -> Outcome:
    """Load a file."""
    name = None if table is None else table.name
    return loading.load(loading.Request(path, tuple(map(str, urls)), name, form))


__all__ = ["DOCUMENTS", "EVENTS", "TABLE", "event", "known", "lines", "load", "saved", "written"]
