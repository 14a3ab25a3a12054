"""What hosts really did, sub-sample by sub-sample, before anyone measured it.

A host has levels that it keeps, swings and steps that move them, noise that has a different value every twenty
seconds, demand that follows people's days, and processes whose runs leave a footprint in several metrics at once.
All of it is closed form in time: any window can be had without the ones before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import maths
from ghostfleet.core.moments import Moments
from ghostfleet.state.hosts import activities, bursts, cron, jobs, micro, nightly, timers
from ghostfleet.state.hosts.demand import Demand, demand
from ghostfleet.state.hosts.deposit import SUBSAMPLE_S, deposit
from ghostfleet.state.hosts.levels import levels
from ghostfleet.state.hosts.memory import Memory, memory
from ghostfleet.state.hosts.noise import Noise, noise
from ghostfleet.state.hosts.polls import Polls, polls
from ghostfleet.state.hosts.processes import MEMORY, Processes, joined, nothing
from ghostfleet.state.hosts.schedule import runs
from ghostfleet.state.hosts.swings import CELL_S, Swings, lerped, span, swings
from ghostfleet.state.hosts.work import Work, work

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.core.arrays import F32, F64, I64
    from ghostfleet.core.window import Window
    from ghostfleet.world.hosts import HostFleet

NETWORK = ("inbound", "outbound")
PER_TICK = 3  # sub-samples
SMALL = 2.0  # per cent of memory touched, below which a host's small runs touch less, too
USED_SWING = 0.3  # of a swing of what is touched


class HostState(msgspec.Struct, frozen=True):
    """What some hosts did in a window; rates have shape (hosts, 3 × ticks), memory (hosts, ticks)."""

    window: Window
    cpu: F32  # per cent of all processors, before any ceiling
    read: F32  # KB/s
    write: F32
    inbound: F32
    outbound: F32
    touched: F32  # per cent of memory touched during the tick


@dataclass(frozen=True)
class Hosts:
    """Solves what a fleet does in any window; holds what does not depend on the window."""

    fleet: HostFleet

    @cached_property
    def levels(self) -> dict[str, F64]:
        """Level of each rate."""
        return levels(self.fleet)

    @cached_property
    def swings(self) -> Swings:
        """Slow swings and steps."""
        return swings(self.fleet)

    @cached_property
    def noise(self) -> Noise:
        """Noise of sub-samples, and dips."""
        return noise(self.fleet)

    @cached_property
    def memory(self) -> Memory:
        """Memory."""
        return memory(self.fleet)

    @cached_property
    def work(self) -> Work:
        """What traffic costs."""
        return work(self.fleet, self.levels)

    @cached_property
    def polls(self) -> Polls:
        """Polls and trickles."""
        return polls(self.fleet, self.levels)

    @cached_property
    def demand(self) -> Demand:
        """Daily demand."""
        return demand(self.fleet, self.levels)

    @cached_property
    def processes(self) -> Processes:
        """Whatever runs again and again."""
        fleet, base, shared = self.fleet, self.levels, "shared" not in self.fleet.without
        makers: dict[str, Callable[[], Processes]] = {
            "timers": lambda: timers.processes(fleet, base),
            "cron": lambda: cron.processes(fleet, base, shared=shared),
            "nightly": lambda: nightly.processes(fleet, base, shared=shared),
            "bursts": lambda: bursts.processes(fleet, base, shared=shared),
            "jobs": lambda: jobs.processes(fleet, base, shared=shared),
            "sessions": lambda: jobs.sessions(fleet, base, shared=shared),
            "micro": lambda: micro.processes(fleet, base),
            "activities": lambda: activities.processes(fleet, base, shared=shared),
        }
        whole = joined([nothing(), *(make() for name, make in makers.items() if name not in fleet.without)])
        small = np.minimum(self.memory.touched / SMALL, 1.0)[whole.host]
        whole.amounts[:, MEMORY] *= np.where(whole.steady, 1.0, small)
        return whole

    def solve(self, window: Window, first: int, last: int) -> HostState:
        """What hosts ``[first, last)`` did in a window of ticks."""
        return _Solving(self, window, np.arange(first, last)).state()

    def used(self, window: Window, rows: I64) -> F32:
        """Per cent of memory in use inside some hosts, shape (rows, ticks)."""
        swing = _Solving(self, window, rows).factor("memory", np.arange(len(rows)))
        return self.memory.used_at(window.seconds(), 1 + (swing - 1) * np.float32(USED_SWING), rows)


@dataclass(frozen=True)
class _Solving:
    """One window of some hosts, part by part."""

    hosts: Hosts
    window: Window
    rows: I64  # numbers of the hosts in the fleet, consecutive

    def state(self) -> HostState:
        rates = {metric: self._rate(metric) for metric in (*NETWORK, "read")}
        traffic = self.hosts.work.traffic(rates, self.hosts.levels, self.rows)
        rates |= {metric: self._rate(metric, traffic, rates["read"]) for metric in ("cpu", "write")}
        return HostState(self.window, **rates, touched=self._touched(rates["cpu"]))

    @cached_property
    def _at(self) -> Moments:
        return Moments(self.window)

    @cached_property
    def _cells(self) -> tuple[int, int]:
        return span(self._at.seconds, CELL_S)

    @cached_property
    def _swing(self) -> F32:
        return self.hosts.swings.shared(self._cells, self.rows)

    @cached_property
    def _steps(self) -> F32 | None:
        steps = self.hosts.swings.steps
        return None if steps is None else steps.heights(self._at.seconds, self.rows)

    @cached_property
    def _noise(self) -> F32:
        return self.hosts.noise.shared(self.window.start * PER_TICK, self.window.stop * PER_TICK, self.rows)

    @cached_property
    def _demand(self) -> tuple[I64, I64, F32]:
        """Places among the rows that have demand, their places in `Demand`, and their share of the peak."""
        mine = self.hosts.demand
        if "demand" in self.hosts.fleet.without:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty((0, 0), dtype=np.float32)
        first, last = int(self.rows[0]), int(self.rows[-1]) + 1
        busy, share = mine.curve(self.hosts.fleet, self._at, first, last)
        return busy, np.searchsorted(mine.host, busy + first), share

    @cached_property
    def _runs(self) -> tuple[dict[str, F32], dict[str, F32]]:
        """What runs leave: short ones as they are, and long ones that will be as uneven as everything."""
        first, last = int(self.rows[0]), int(self.rows[-1]) + 1
        mine = self.hosts.processes.of(first, last)
        bins = PER_TICK * len(self.window)
        left = []
        for steady in (False, True):
            some = mine.take(mine.steady == steady)
            found = runs(some, self.hosts.fleet, self.window.since_s, self.window.until_s)
            left.append(deposit(found, some, some.host - first, last - first, bins))
        return left[0], left[1]

    def factor(self, metric: str, some: I64) -> F32:
        """Factor of a level of some of the rows: swings and steps, shape (those, ticks)."""
        swings = self.hosts.swings
        nodes = swings.factor(metric, self._cells, self._swing[some], self.rows[some])
        out = lerped(nodes, self._cells[0], self._at.seconds, CELL_S)
        if swings.steps is not None and self._steps is not None:
            out += self._steps[some] * swings.steps.weights[metric][self.rows[some], None].astype(np.float32)
        return maths.exp2_f32(out, out=out)

    def _rate(self, metric: str, traffic: F32 | None = None, read: F32 | None = None) -> F32:
        """Rate of a metric: level, demand and long runs under noise, then polls and short runs as they are."""
        pulses, loads = self._runs
        out = self._base(metric, traffic, read)
        busy, places, share = self._demand
        heights = self.hosts.demand.heights
        if len(busy) and metric in heights:
            out[busy] += np.repeat(share * heights[metric][places, None].astype(np.float32), PER_TICK, axis=1)
        if metric in loads:
            self.hosts.noise.roughen(metric, loads[metric], self.window, self.rows)
            out += loads[metric]
        self.hosts.noise.apply(metric, out, self.window, self.rows, self._noise)
        if metric in (*NETWORK, "write") and "polls" not in self.hosts.fleet.without:
            self.hosts.polls.add(metric, out, int(self.rows[0]), self.window.since_s)
        if metric in pulses:
            out += pulses[metric]
        return out

    def _base(self, metric: str, traffic: F32 | None, read: F32 | None) -> F32:
        out = np.zeros((len(self.rows), PER_TICK * len(self.window)), dtype=np.float32)
        level = self.hosts.levels[metric][self.rows]
        if metric == "write" and "polls" not in self.hosts.fleet.without:
            level = np.where(self.hosts.polls.trickles[self.rows], 0.0, level)
        some = np.flatnonzero(level > 0)
        if len(some):
            base = self.factor(metric, some)
            base *= level[some, None].astype(np.float32)
            for part in range(PER_TICK):
                out[some, part::PER_TICK] = base
            if traffic is not None and metric in self.hosts.work.shares:
                out[some] *= self.hosts.work.factor(metric, traffic[some], self.rows[some])
            if read is not None:
                level_read = self.hosts.levels["read"][self.rows]
                mine = np.flatnonzero((level > 0) & (level_read > 0))
                out[mine] *= self.hosts.work.reading(metric, read[mine], level_read[mine], self.rows[mine])
        return out

    def _touched(self, cpu: F32) -> F32:
        everyone = np.arange(len(self.rows))
        touched = self.hosts.memory.touched_at(self._at.seconds, self.factor("memory", everyone), self.rows)
        touched *= self.hosts.work.memory(cpu, self.hosts.levels["cpu"], self.rows)
        busy, places, share = self._demand
        if len(busy):
            touched[busy] *= 1 + share * self.hosts.demand.heights["memory"][places, None].astype(np.float32)
        for left in self._runs:
            if "memory" in left:
                part = left["memory"]
                mean = part[:, 0::PER_TICK] + part[:, 1::PER_TICK]
                mean += part[:, 2::PER_TICK]
                mean *= np.float32(1 / PER_TICK)
                touched += mean
        return touched


__all__ = ["SUBSAMPLE_S", "HostState", "Hosts"]
