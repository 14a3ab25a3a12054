"""Metrics of single hosts as a monitoring system reports them, one row per host and five minutes (SHR-7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Batch, Plain, Quanta, Text
from ghostfleet.core.facts import Facts
from ghostfleet.core.table import Fold, Kind, Table, column
from ghostfleet.signals.host_metrics.agents import SCALE, SEEN, Agents, agents
from ghostfleet.signals.host_metrics.pages import LOOK_BACK
from ghostfleet.spec.hosts import TICK_S
from ghostfleet.state.hosts import Hosts, HostState
from ghostfleet.world import hosts as world
from ghostfleet.world.hosts import GUEST, HYPERVISOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ghostfleet.core.arrays import I64, Bool
    from ghostfleet.core.batch import Values
    from ghostfleet.core.table import Column
    from ghostfleet.core.window import Window
    from ghostfleet.signals import Extent, StateObserver
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


NEEDS: tuple[str, ...] = ("machines",)
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


def observer(scenario: Scenario) -> HostMetrics | StateObserver:
    """Make the signal ready for a scenario: for its hosts, or for those of its estate."""
    if scenario.estate is not None:
        from ghostfleet.signals.host_metrics.estate import EstateHosts  # which needs this module

        return EstateHosts(scenario).ready()
    return of_hosts(scenario)


def of_hosts(scenario: Scenario) -> HostMetrics:
    """Signal of a scenario that is about hosts alone."""
    fleet = world.build(scenario)
    return HostMetrics(fleet, Hosts(fleet), agents(fleet))


@dataclass(frozen=True)
class HostMetrics:
    """The signal of one scenario."""

    fleet: HostFleet
    hosts: Hosts
    agents: Agents
    beside: Callable[[HostState, I64], HostState] | None = None  # adds what runs on hosts, by their numbers
    running: Bool | None = None  # whether they run, shape (hosts, ticks of the window); None where all do

    @property
    def table(self) -> Table:
        """The table."""
        return TABLE

    @property
    def entities(self) -> int:
        """How many hosts there are."""
        return len(self.fleet)

    @property
    def breadth(self) -> int:
        """Hosts are worked on by profile, so that few of one make short arrays."""
        return 4

    def facts(self, window: Window, first: int, last: int) -> Facts:
        """Sums of reads and their number in each row; of metrics that an agent does not see, zeros."""
        ticks = window.finer(window.tick_s // TICK_S)
        sums = {name: np.zeros((last - first, len(window)), dtype=np.int64) for name in (*METRICS, SAMPLES)}
        for (profile, _), places, state in self._seen(ticks, first, last):
            told = self._told(profile, ticks, first + places, state)
            if self.running is not None:  # of a host that is lost no reads arrive
                told = {name: values * self.running[first + places] for name, values in told.items()}
            for name, values in Facts(TABLE, ticks, told).folded(window.tick_s // TICK_S).values.items():
                sums[name][places] = values
        return Facts(TABLE, window, sums)

    def _seen(self, ticks: Window, first: int, last: int) -> Iterator[tuple[tuple[int, bool], I64, HostState]]:
        """What the agents of each kind see of their hosts: the kind, its places among the hosts, and what they did."""
        profiles, networked = self.fleet.profiles[first:last], ~self.agents.blind["net_in"][first:last]
        # Those who look equally finely are worked out together.
        for some in ((profiles == HYPERVISOR).nonzero()[0], (profiles != HYPERVISOR).nonzero()[0]):
            if not len(some):
                continue
            rows, profile = first + some, int(profiles[some[0]])
            asked = {metric: sees[rows] for metric, sees in self.agents.sees.items() if sees[rows].any()}
            state = self.hosts.solve(self._longer(profile, ticks), rows, self.agents.parts(profile), asked)
            if self.beside is not None:
                state = self.beside(state, rows)
            for kind in SEEN:
                mine = ((profiles[some] == kind[0]) & (networked[some] == kind[1])).nonzero()[0]
                if len(mine):
                    yield kind, some[mine], state.take(mine, SEEN[kind])

    def _longer(self, profile: int, ticks: Window) -> Window:
        """The window that an agent must have seen to tell of these ticks."""
        skip = LOOK_BACK if profile == HYPERVISOR else 0
        return type(ticks)(ticks.start - skip, ticks.stop, ticks.tick_s)

    def _told(self, profile: int, ticks: Window, rows: I64, state: HostState) -> dict[str, I64]:
        """What the agents of some hosts of one profile tell, tick by tick."""
        longer = self._longer(profile, ticks)
        skip = ticks.start - longer.start
        counts = self.agents.counts(profile, longer, rows)
        sums = self.agents.sums(profile, state.rates, counts, rows)
        told = {name: values[:, skip:] for name, values in sums.items()}
        told[SAMPLES] = counts = counts[:, skip:]
        if profile == HYPERVISOR:
            told["memory"] = self.agents.estimated(state, counts, rows, skip)
        elif profile == GUEST:
            told["memory"] = self.agents.used(state, counts)
        return told

    def rows(self, window: Window, first: int, last: int) -> Batch:
        """Rows of hosts ``[first, last)``, host by host, time ascending."""
        facts = self.facts(window, first, last)
        columns: dict[str, Values] = {
            "host_id": Text(np.repeat(np.arange(first, last, dtype=np.int32), len(window)), self.fleet.names),
            "time": Plain(np.tile(window.seconds(), last - first)),
        }
        for name in METRICS:
            columns[name] = self._reading(facts, name, first, last)
        return Batch(TABLE, columns)

    def _reading(self, facts: Facts, name: str, first: int, last: int) -> Quanta:
        units, missing = self.reading(facts, name, first, last)
        return Quanta(units.ravel(), SCALE, missing.ravel() if missing.any() else None)

    def reading(self, facts: Facts, name: str, first: int, last: int) -> tuple[I64, Bool]:
        """Mean of the reads that arrived, in millionths, and where there is none; shapes (hosts, rows).

        There is none where no read arrived, and where the agent does not report the metric.
        """
        mean, missing = facts.mean(name)
        if name == "memory":
            mean *= (self.agents.memory_units(np.arange(first, last)) * SCALE)[:, None]
        if name in self.agents.blind:
            missing |= self.agents.blind[name][first:last, None]
        return np.rint(mean, out=mean).astype(np.int64), missing


def expectations(scenario: Scenario, extent: Extent | None = None) -> Mapping[str, Sequence[Mapping[str, object]]]:
    """What checks may expect of rows of an extent, or of the whole scenario; nothing more of an estate's hosts."""
    if scenario.estate is not None:
        return {}
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
