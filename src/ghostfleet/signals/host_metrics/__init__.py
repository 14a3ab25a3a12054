"""Metrics of single hosts as a monitoring system reports them, one row per host and five minutes (SHR-7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Batch, Plain, Quanta, Text
from ghostfleet.core.facts import Facts
from ghostfleet.core.table import Fold, Kind, Table, column
from ghostfleet.signals.host_metrics.agents import SCALE, Agents, agents
from ghostfleet.signals.host_metrics.pages import LOOK_BACK
from ghostfleet.spec.hosts import TICK_S
from ghostfleet.state.hosts import Hosts
from ghostfleet.world import hosts as world
from ghostfleet.world.hosts import GUEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ghostfleet.core.batch import Values
    from ghostfleet.core.table import Column
    from ghostfleet.core.window import Window
    from ghostfleet.signals import Extent
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.world.hosts import HostFleet

SAMPLES = "samples"  # reads that arrived


def _metric(name: str, about: str, unit: str, high: float | None = None) -> Column:
    return column(
        name,
        Kind.F64,
        about,
        unit=unit,
        low=0.0,
        high=high,
        resolution=1e-6,
        fold=Fold.WEIGHTED,
        by=SAMPLES,
        nullable=True,
    )


TABLE = Table(
    "host_metrics",
    "what monitoring agents report of single hosts",
    (
        column("host_id", Kind.TEXT, "unique id of the host; rows are in the order of its number"),
        column("time", Kind.TIME, "start of the row, UTC"),
        _metric("cpu", "CPU in use, of all processors", "%", 100),
        _metric("memory", "memory active (hypervisor) or in use (guest); a cloud's service does not see it", "%", 100),
        _metric("disk_read", "bytes read from disks", "KB/s"),
        _metric("disk_write", "bytes written to disks", "KB/s"),
        _metric("net_in", "bytes received", "KB/s"),
        _metric("net_out", "bytes sent", "KB/s"),
    ),
    keys=("host_id", "time"),
    order=("host_id", "time"),
)
METRICS = ("cpu", "memory", "disk_read", "disk_write", "net_in", "net_out")


def observer(scenario: Scenario) -> HostMetrics:
    """Make the signal ready for a scenario."""
    fleet = world.build(scenario)
    return HostMetrics(fleet, Hosts(fleet), agents(fleet))


@dataclass(frozen=True)
class HostMetrics:
    """The signal of one scenario."""

    fleet: HostFleet
    hosts: Hosts
    agents: Agents

    @property
    def table(self) -> Table:
        """The table."""
        return TABLE

    @property
    def entities(self) -> int:
        """How many hosts there are."""
        return len(self.fleet)

    def facts(self, ticks: Window, first: int, last: int) -> Facts:
        """Sums of reads and their number at each tick."""
        rows = np.arange(first, last)
        longer = type(ticks)(ticks.start - LOOK_BACK, ticks.stop, ticks.tick_s)
        state = self.hosts.solve(longer, first, last)
        guests = rows[self.fleet.profiles[first:last] == GUEST]
        used = self.hosts.used(ticks, guests) if len(guests) else np.empty((0, len(ticks)), dtype=np.float32)
        counts = self.agents.counts(state, rows)
        sums = {name: values[:, LOOK_BACK:] for name, values in self.agents.sums(state, counts, rows).items()}
        counts = counts[:, LOOK_BACK:]
        sums["memory"] = self.agents.memory(state, used, counts, rows, ticks.start)
        return Facts(TABLE, ticks, {**{name: sums[name] for name in METRICS}, SAMPLES: counts})

    def rows(self, window: Window, first: int, last: int) -> Batch:
        """Rows of hosts ``[first, last)``, host by host, time ascending."""
        factor = window.tick_s // TICK_S
        facts = self.facts(window.finer(factor), first, last).folded(factor)
        columns: dict[str, Values] = {
            "host_id": Text(np.repeat(np.arange(first, last, dtype=np.int32), len(window)), self.fleet.names),
            "time": Plain(np.tile(window.seconds(), last - first)),
        }
        for name in METRICS:
            columns[name] = self._reading(facts, name, first, last)
        return Batch(TABLE, columns)

    def _reading(self, facts: Facts, name: str, first: int, last: int) -> Quanta:
        """Mean of the reads that arrived; null where none did, and where the agent does not report the metric."""
        mean, missing = facts.mean(name)
        if name == "memory":
            mean *= (self.agents.memory_units(np.arange(first, last)) * SCALE)[:, None]
        if name in self.agents.blind:
            missing |= self.agents.blind[name][first:last, None]
        units = np.rint(mean).astype(np.int64).ravel()
        return Quanta(units, SCALE, missing.ravel() if missing.any() else None)


def notes(scenario: Scenario, row_s: int) -> Mapping[str, object]:  # noqa: ARG001  the protocol's
    """Nothing that the scenario does not say."""
    return {}


def expectations(scenario: Scenario, extent: Extent | None = None) -> Mapping[str, Sequence[Mapping[str, object]]]:
    """What checks may expect of rows of an extent, or of the whole scenario."""
    if extent is None:
        time = scenario.timeline
        hosts = len(world.build(scenario))
        known = {"hosts": hosts, "since_s": time.since_s, "until_s": time.until_s, "step_s": time.row_s}
        return {"expected_hosts": [known]}
    until_s = extent.until_s
    return {
        "expected_hosts": [
            {"hosts": extent.entities, "since_s": extent.since_s, "until_s": until_s, "step_s": extent.row_s}
        ]
    }
