"""What a run leaves for people: a log with its start in its name, a summary and a small sample."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostfleet.core.errors import SinkError
from ghostfleet.run import manifest, surroundings
from ghostfleet.sinks.formats import suffix_of
from ghostfleet.sinks.text.stream import TextStream
from ghostfleet.sinks.text.syntax import SYNTAXES

if TYPE_CHECKING:
    from datetime import datetime

    from ghostfleet.run.history import Outcome

SAMPLE_ROWS = 200
LOG = logging.getLogger("ghostfleet")


def folder_of(url: str) -> Path | None:
    """Directory that an output is, or None when it is a store, a stream or a single file."""
    url = url.removeprefix("files:")
    if url == "-" or (":" in url and "/" not in url.partition(":")[0]):
        return None
    path = Path(url)
    return None if suffix_of(path.name) and not url.endswith("/") and not path.is_dir() else path


def start_log(command: str, started: datetime, where: str | None, level: str, folder: Path | None) -> Path | None:
    """Open the run log; ``auto`` is ``logs/<command>-<start>.log`` in the output's folder, if it has one."""
    LOG.handlers.clear()
    LOG.propagate = False
    if where is None or (where == "auto" and folder is None):
        LOG.addHandler(logging.NullHandler())
        return None
    stamp = started.strftime("%Y%m%dT%H%M%SZ")
    path = Path(where) if where != "auto" or folder is None else folder / "logs" / f"{command}-{stamp}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        msg = f"cannot write the log {path}: {error.strerror}"
        raise SinkError(msg) from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(level.upper())
    return path


def write_sample(outcome: Outcome, folder: Path) -> list[Path]:
    """First rows of each table as plain CSV, for a quick look."""
    paths = []
    for table in outcome.tables:
        tasks = [task for task in outcome.plan.tasks if task.table == table.name]
        if not tasks:
            continue
        path = folder / f"{table.name}_sample.csv"
        stream = TextStream(table, SYNTAXES["csv"](table), first=True, last=True)
        pieces: list[bytes | bytearray] = []
        wanted = SAMPLE_ROWS
        for batch in outcome.generator.batches(tasks[0]):
            pieces += stream.pieces(batch.slice(0, min(wanted, len(batch))))
            wanted -= min(wanted, len(batch))
            if not wanted:
                break
        pieces += stream.end()
        manifest.save(path, b"".join(pieces).decode(), durable=False)
        paths.append(path)
    return paths


def summary(outcome: Outcome) -> dict[str, Any]:
    """Figures of a run: what was written and how long it took."""
    return {
        "rows": outcome.plan.rows,
        "from": manifest.moment(outcome.plan.window.since_s),
        "until": manifest.moment(outcome.plan.window.until_s),
        "tables": {table.name: {"columns": len(table.columns)} for table in outcome.tables},
        "statistics": {name: statistics.summary() for name, statistics in outcome.statistics.items()},
        "outputs": {
            url: [{"name": one.name, "rows": one.rows, "bytes": one.bytes, "size": one.size} for one in written]
            for url, written in outcome.written.items()
        },
        "workers": outcome.workers,
        "tasks_kept_from_an_interrupted_run": outcome.kept,
        "seconds": round(outcome.seconds, 3),
        "rows_per_second": round(outcome.plan.rows / max(outcome.seconds, 1e-9)),
        "peak_memory_mb": round(surroundings.peak_memory_mb(), 1),
    }


def write_summary(outcome: Outcome, folder: Path) -> Path:
    """Write the figures of a run beside its data."""
    path = folder / "summary.json"
    manifest.save(path, json.dumps(summary(outcome), indent=1) + "\n", durable=False)
    return path
