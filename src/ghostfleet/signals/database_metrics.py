"""How each database looks to a cloud's monitoring, one row per database and step (EST-29)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import rows
from ghostfleet.core.batch import Batch
from ghostfleet.core.facts import Facts
from ghostfleet.core.table import Fold, Kind, Table, column
from ghostfleet.signals import StateObserver
from ghostfleet.state.estate.stores import size_of
from ghostfleet.world import flow as flows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.batch import Values
    from ghostfleet.core.table import Column
    from ghostfleet.core.window import Window
    from ghostfleet.spec.estate.places import Database, Machine
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State


def _float(name: str, about: str, unit: str, fold: Fold, high: float | None = None) -> Column:
    return column(name, Kind.F64, about, unit=unit, low=0, high=high, resolution=0.01, fold=fold)


def _time(name: str, about: str) -> Column:
    return column(
        name, Kind.F64, about, unit="ms", low=0, resolution=0.001, fold=Fold.WEIGHTED, by=STATEMENTS, nullable=True
    )


def _count(name: str, about: str, fold: Fold, unit: str = "") -> Column:
    return column(name, Kind.I64, about, unit=unit, low=0, fold=fold)


STATEMENTS = "statements"  # of the reference's, in the tick; the weight of times
NEEDS: tuple[str, ...] = ("estate",)
TABLE = Table(
    "database_metrics",
    "how each database of the estate does",
    (
        column("time", Kind.TIME, "start of the step, UTC"),
        column("db_identifier", Kind.TEXT, "name of the database, as in the graph"),
        column("db_engine", Kind.TEXT, "engine"),
        column("instance_class", Kind.TEXT, "size of its machine"),
        column("region", Kind.TEXT, "region that it stands in"),
        _float("cpu_utilization", "CPU in use", "%", Fold.MEAN, 100),
        _count("database_connections", "connections held at the end", Fold.LAST),
        _float("read_iops", "reads from disks", "1/s", Fold.MEAN),
        _float("write_iops", "writes to disks", "1/s", Fold.MEAN),
        _time("read_latency_ms", "mean time of a read"),
        _time("write_latency_ms", "mean time of a write"),
        _count("read_throughput_bytes", "bytes read", Fold.SUM, "B"),
        _count("write_throughput_bytes", "bytes written", Fold.SUM, "B"),
        _count("free_storage_bytes", "space left at the end", Fold.LAST, "B"),
        _count("free_memory_bytes", "memory left at the end", Fold.LAST, "B"),
        _count("swap_usage_bytes", "memory paged out at the end", Fold.LAST, "B"),
        _count("slow_queries", "statements that took longer than a second", Fold.SUM),
        _count("deadlocks", "deadlocks", Fold.SUM),
        _count("lock_waits", "statements that waited for a lock", Fold.SUM),
        _float("buffer_cache_hit_ratio", "pages found in memory", "%", Fold.MEAN, 100),
    ),
    keys=("time", "db_identifier"),
    order=("time", "db_identifier"),
)
EDITIONS = {
    "Enterprise": "sqlserver-ee",
    "Standard": "sqlserver-se",
    "Express": "sqlserver-ex",
    "Developer": "sqlserver-dev",
}
SCALE = 1_000_000  # statements and times are whole millionths, so that folding twice is folding once


def observer(scenario: Scenario) -> StateObserver:
    """Make the signal ready for a scenario."""
    return DatabaseMetrics(scenario).ready()


class DatabaseMetrics:
    """The signal of one scenario; databases in the order of their names."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up what does not change."""
        flow = flows.build(scenario)
        estate = flow.estate
        known: dict[str, Database | Machine] = {**estate.databases, **estate.machines}
        self.names = tuple(sorted(known))
        found = [known[name] for name in self.names]
        self._engines = [EDITIONS[one.edition] if hasattr(one, "edition") else one.engine for one in found]
        self._classes = [size_of(one) for one in found]
        self._regions = [estate.networks[one.network].region for one in found]

    def ready(self) -> StateObserver:
        """The observer."""
        count = len(self.names)
        return StateObserver(TABLE, count, self.observe, lambda window: count * len(window))

    def facts(self, state: State) -> Facts:
        """Facts of every database and tick."""
        done = state.statements
        weight = np.rint(done.weight * SCALE).astype(np.int64)
        return Facts(
            TABLE,
            state.window,
            {
                "cpu_utilization": done.cpu,
                "database_connections": done.connections,
                "read_iops": done.read_iops,
                "write_iops": done.write_iops,
                "read_latency_ms": np.rint(weight * done.read_ms).astype(np.int64),
                "write_latency_ms": np.rint(weight * done.write_ms).astype(np.int64),
                "read_throughput_bytes": done.read_bytes,
                "write_throughput_bytes": done.write_bytes,
                "free_storage_bytes": done.free_storage,
                "free_memory_bytes": done.free_memory,
                "swap_usage_bytes": done.swap,
                "slow_queries": done.slow,
                "deadlocks": done.deadlocks,
                "lock_waits": done.waits,
                "buffer_cache_hit_ratio": done.hits,
                STATEMENTS: weight,
            },
        )

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window, time after time."""
        facts = self.facts(state).folded(window.tick_s // state.window.tick_s)
        columns: dict[str, Values] = {
            "time": rows.times(window, len(self.names)),
            "db_identifier": rows.names(self.names, window),
            "db_engine": rows.words(self._engines, window),
            "instance_class": rows.words(self._classes, window),
            "region": rows.words(self._regions, window),
        }
        columns |= {one.name: rows.read(facts, one) for one in TABLE.columns if one.name in facts.values}
        yield Batch(TABLE, {name: columns[name] for name in TABLE.names})
