"""What a run leaves for people: a log with its start in its name, a summary and a small sample."""

from __future__ import annotations

import json
import logging
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostfleet.core import compiled
from ghostfleet.core.errors import GhostfleetError, SinkError
from ghostfleet.run import manifest, surroundings
from ghostfleet.sinks import home_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from ghostfleet.core.table import Table
    from ghostfleet.run.history import Outcome
    from ghostfleet.run.statistics import Statistics

LOG = logging.getLogger("ghostfleet")


def folders_of(urls: Sequence[str]) -> list[Path]:
    """Directories among some destinations: they have room for records, a store, a stream or a single file has not."""
    homes = (home_of(url) for url in urls)
    return [home.folder for home in homes if home is not None and not home.file]


def ensure_room(tables: Sequence[Table], folders: Sequence[Path], log: Path | None, part: tuple[int, int]) -> None:
    """Refuse destinations whose records could not be written, before any data are."""
    samples = (_named(f"{table.name}_sample.csv", part) for table in tables if not table.is_topology)
    names = [_named("summary.json", part), *samples]
    for path in [*(folder / name for folder in folders for name in names), *([log] if log is not None else [])]:
        manifest.ensure_room(path)


def _of_requests(table: str, statistics: Statistics) -> dict[str, Any]:
    """Figures of single requests (COM-12, EVT-12): how many there are and fail, how often and how long."""
    found = statistics.requests()
    if table != "transactions":
        return found
    status = found.get("status", {})
    total, errors = sum(status.values()), status.get("error", 0)
    return {
        "total": total,
        "successful": total - errors,
        "errors": errors,
        "error_rate": round(errors / total, 6) if total else None,
        "error_codes": found.get("error_code", {}),
        **found,
    }


def _named(name: str, part: tuple[int, int]) -> str:
    """Name of a record; that of one part of a data set says which, so that parts in one folder keep theirs."""
    stem, dot, kind = name.rpartition(".")
    return name if part[1] == 1 else f"{stem}-{part[0]:05d}-of-{part[1]:05d}{dot}{kind}"


def log_path(
    command: str, started: datetime, where: str | None, folder: Path | None, part: tuple[int, int] = (1, 1)
) -> Path | None:
    """Path of a run log; ``auto`` is ``logs/<command>-<start>.log`` in the output's folder, if it has one.

    Runs that start in the same second get names of their own.
    """
    if where is None or (where == "auto" and folder is None):
        return None
    if where != "auto" or folder is None:
        return Path(where)
    stamp = started.strftime("%Y%m%dT%H%M%SZ")
    names = (f"{command}-{stamp}{f'-{run}' if run > 1 else ''}.log" for run in count(1))
    paths = (folder / "logs" / _named(name, part) for name in names)
    return next(path for path in paths if not path.exists())


def start_log(path: Path | None, level: str) -> None:
    """Open the run log; its times are UTC, like all others."""
    for earlier in [*LOG.handlers]:
        LOG.removeHandler(earlier)
        earlier.close()
    LOG.propagate = False
    if path is None:
        LOG.addHandler(logging.NullHandler())
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        LOG.addHandler(logging.NullHandler())
        msg = f"cannot write the log {path}: {error.strerror}"
        raise SinkError(msg) from error
    lines = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    lines.converter = time.gmtime
    handler.setFormatter(lines)
    LOG.addHandler(handler)
    logging.raiseExceptions = False  # when the disk is full, the data's own error is what counts
    LOG.setLevel(level.upper())


@contextmanager
def failure_logged() -> Iterator[None]:
    """Leave a line that says why in the log of a run that fails."""
    try:
        yield
    except BaseException as error:
        if LOG.handlers:  # a run that failed before anything was touched has no log
            LOG.error("failed: %s", error if isinstance(error, GhostfleetError) else repr(error))  # noqa: TRY400  no trace
        raise


def write_samples(outcome: Outcome, folder: Path) -> None:
    """Write the first rows of each table into a folder."""
    for table, text in outcome.samples.items():
        manifest.save(folder / _named(f"{table}_sample.csv", outcome.part), text, durable=False)


def summary(outcome: Outcome) -> dict[str, Any]:
    """Figures of a run: what was written and how long it took."""
    return {
        "rows": outcome.rows,
        "part": list(outcome.part),
        "from": manifest.moment(outcome.plan.span.since_s),
        "until": manifest.moment(outcome.plan.span.until_s),
        "tables": {table.name: {"columns": len(table.columns)} for table in outcome.tables},
        "statistics": {name: statistics.summary() for name, statistics in outcome.statistics.items()},
        **{name: found for name, one in outcome.statistics.items() if (found := _of_requests(name, one))},
        "outputs": {
            url: [{"name": one.name, "rows": one.rows, "bytes": one.bytes, "size": one.size} for one in written]
            for url, written in outcome.written.items()
        },
        "mappings": outcome.mappings,
        "left_out": outcome.left_out,
        "workers": outcome.workers,
        "loops": "numpy" if compiled.loops() is None else "compiled",
        "tasks_kept_from_an_interrupted_run": outcome.kept,
        "seconds": round(outcome.seconds, 3),
        "rows_per_second": round(outcome.rows / max(outcome.seconds, 1e-9)),
        "peak_memory_mb": round(surroundings.peak_memory_mb(), 1),
    }


def write_summary(outcome: Outcome, folder: Path) -> Path:
    """Write the figures of a run beside its data."""
    path = folder / _named("summary.json", outcome.part)
    manifest.save(path, json.dumps(summary(outcome), indent=1) + "\n", durable=False)
    return path
