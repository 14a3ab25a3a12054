"""What hosts really did, minute by minute or in thirds of minutes, before anyone measured it.

A host has levels that it keeps, swings and steps that move them, noise that has a different value every twenty
seconds, demand that follows people's days, and processes whose runs leave a footprint in several metrics at once.
All of it is closed form in time: any window can be had without the ones before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import maths
from ghostfleet.core.moments import Moments
from ghostfleet.core.scratch import Scratch
from ghostfleet.state.hosts import activities, bursts, cron, jobs, micro, nightly, timers
from ghostfleet.state.hosts.demand import Demand, demand
from ghostfleet.state.hosts.deposit import Grid, Left, deposit
from ghostfleet.state.hosts.levels import levels
from ghostfleet.state.hosts.memory import Memory, memory
from ghostfleet.state.hosts.noise import PER_TICK, Dips, Noise, noise
from ghostfleet.state.hosts.polls import Polls, polls
from ghostfleet.state.hosts.processes import FOOTPRINT, MEMORY, Processes, joined, nothing
from ghostfleet.state.hosts.schedule import each, timetable
from ghostfleet.state.hosts.swings import CELL_S, Held, Swings, lerped, span, swings
from ghostfleet.state.hosts.work import Work, work

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ghostfleet.core.arrays import F32, F64, I64
    from ghostfleet.core.window import Window
    from ghostfleet.world.hosts import HostFleet

NETWORK = ("inbound", "outbound")
RATES = ("cpu", "read", "write", *NETWORK)
METRICS = (*RATES, "memory")
AT_ONCE = 131_072  # values that one call makes at least as fast as several do
SMALL = 2.0  # per cent of memory touched, below which a host's small runs touch less, too
USED = "used"  # memory inside a guest: a metric of its own, which needs no other
USED_SWING = 0.3  # of a swing of what is touched


class HostState(msgspec.Struct, frozen=True):
    """What some hosts did in a window; rates have shape (hosts, parts × ticks), memory (hosts, ticks)."""

    window: Window
    parts: int  # of a tick
    rates: dict[str, F32]  # CPU in per cent of all processors, before any ceiling; the others in KB/s
    touched: F32 | None  # per cent of memory touched during the tick

    def take(self, places: I64, metrics: Collection[str]) -> HostState:
        """Some of the hosts, and some of the metrics."""
        rates = {metric: values[places] for metric, values in self.rates.items() if metric in metrics}
        return HostState(self.window, self.parts, rates, None if self.touched is None else self.touched[places])


@dataclass(frozen=True)
class Hosts:
    """Solves what a fleet does in any window; holds what does not depend on the window."""

    fleet: HostFleet
    scratch: Scratch = field(default_factory=Scratch)

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

    def solve(self, window: Window, rows: I64, parts: int = PER_TICK, metrics: Collection[str] = METRICS) -> HostState:
        """What some hosts did in a window of ticks: in each third of a minute, or in minutes as wholes.

        ``rows`` are numbers of hosts, ascending; ``parts`` is 3 or 1. Of ``metrics`` only those asked for are worked
        out, and what they depend on. What one host did depends neither on the others nor on what else is asked for.
        """
        return _Solving(self, window, rows, parts, frozenset(metrics)).state()

    def used(self, window: Window, rows: I64) -> F32:
        """Per cent of memory in use inside some hosts, shape (rows, ticks)."""
        swing = _Solving(self, window, rows, 1, frozenset({USED})).factor("memory", np.arange(len(rows)))
        return self.memory.used_at(window, 1 + (swing - 1) * np.float32(USED_SWING), rows)


@dataclass(frozen=True, eq=False)
class _Solving:
    """One window of some hosts, metric by metric."""

    hosts: Hosts
    window: Window
    rows: I64  # numbers of the hosts in the fleet, ascending
    parts: int  # of a tick
    asked: frozenset[str]

    def state(self) -> HostState:
        rates = {metric: self._rate(metric) for metric in (*NETWORK, "read") if metric in self._needed}
        traffic = self._traffic(rates)
        for metric in ("cpu", "write"):
            if metric in self._needed:
                rates[metric] = self._rate(metric, traffic, rates.get("read"))
        touched = self._touched(rates["cpu"]) if "memory" in self.asked else None
        asked = {metric: rates[metric] for metric in METRICS if metric in self.asked and metric in rates}
        return HostState(self.window, self.parts, asked, touched)

    @cached_property
    def _needed(self) -> frozenset[str]:
        """What is asked for, and what that depends on: memory follows CPU, and work what is read all day."""
        needed = self.asked | {"cpu"} if "memory" in self.asked else self.asked
        works = "cpu" in needed or "write" in needed
        return needed | {"read"} if works and (self.hosts.levels["read"][self.rows] > 0).any() else needed

    def _traffic(self, rates: dict[str, F32]) -> dict[int, F32]:
        """Traffic over its level, of the rows whose work follows it."""
        if not self._needed & {"cpu", "write"}:
            return {}
        work, level = self.hosts.work, self.hosts.levels["inbound"] + self.hosts.levels["outbound"]
        places = work.followers(self.rows)
        if not len(places):
            return {}
        if self.asked.issuperset(NETWORK):
            sent = {metric: rates[metric][places] for metric in NETWORK}
        else:  # nobody asks for the traffic of the others
            sent = _Solving(self.hosts, self.window, self.rows[places], self.parts, frozenset(NETWORK)).state().rates
        traffic = work.traffic(sent["inbound"], sent["outbound"], level[self.rows[places]])
        return dict(zip(places.tolist(), traffic, strict=True))

    @cached_property
    def _at(self) -> Moments:
        return Moments(self.window)

    @cached_property
    def _levels(self) -> dict[str, tuple[I64, F64]]:
        """Rows that have a level of their own, by metric, and their levels."""
        out = {}
        for metric in sorted(self._needed - {"memory", USED}):
            level = self.hosts.levels[metric][self.rows]
            if metric == "write" and "polls" not in self.hosts.fleet.without:
                level = np.where(self.hosts.polls.trickles[self.rows], 0.0, level)
            some = np.flatnonzero(level > 0)
            out[metric] = some, level[some]
        return out

    @cached_property
    def _swings(self) -> dict[str, F32]:
        """Factors of swings at nodes, by metric: of memory for all rows, of the others for those that have a level."""
        rows = {metric: self.rows[some] for metric, (some, _) in self._levels.items()}
        if self.asked & {"memory", USED}:
            rows["memory"] = self.rows
        return self.hosts.swings.factors(span(self.window, CELL_S), rows)

    @cached_property
    def _steps(self) -> Held | None:
        steps = self.hosts.swings.steps
        return None if steps is None else steps.held(self.window, self.rows)

    @cached_property
    def _noise(self) -> F32:
        return self.hosts.noise.shared(self.window, self.rows, self.parts)

    @cached_property
    def _rated(self) -> tuple[str, ...]:
        return tuple(metric for metric in RATES if metric in self._needed)

    @cached_property
    def _factors(self) -> dict[str, F32] | None:
        """Noise of all metrics, where there is so little of it that a call for each would take longer."""
        if len(self._rated) * self._noise.size > AT_ONCE:
            return None
        return self.hosts.noise.factors(self._rated, self.window, self.rows, self._noise)

    @cached_property
    def _dips(self) -> dict[str, Dips]:
        return self.hosts.noise.dipped(self._rated, self.window, self.rows, self.parts)

    @cached_property
    def _demand(self) -> tuple[I64, I64, F32]:
        """Places among the rows that have demand, their places in `Demand`, and their share of the peak."""
        if "demand" in self.hosts.fleet.without:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty((0, 0), dtype=np.float32)
        return self.hosts.demand.curve(self.hosts.fleet, self._at, self.rows)

    @cached_property
    def _runs(self) -> tuple[dict[str, Left], dict[str, Left]]:
        """What runs leave: short ones as they are, and long ones that will be as uneven as everything."""
        owner = self.hosts.processes.host
        first, last = np.searchsorted(owner, self.rows), np.searchsorted(owner, self.rows, side="right")
        row, process = each(np.arange(len(self.rows)), first, last)
        amounts = self.hosts.processes.amounts[process]
        asked = (amounts[:, [name in self._needed for name in FOOTPRINT]] > 0).any(axis=1)
        row, mine = row[asked], self.hosts.processes.take(process[asked])
        found = timetable(mine, self.hosts.fleet).runs(self.window.since_s, self.window.until_s)
        ticks, tick_s = len(self.window), self.window.tick_s
        grids = Grid(len(self.rows), ticks * self.parts, tick_s // self.parts), Grid(len(self.rows), ticks, tick_s)
        pulses, loads = deposit(found, mine, row, grids, self._needed, self.hosts.scratch)
        rough = {name: loads[name] for name in RATES if name in loads}
        self.hosts.noise.roughen(rough, self.window, self.rows, self.parts)
        return pulses, loads

    def factor(self, metric: str, some: I64, level: F64 | None = None) -> F32:
        """Swings and steps of the rows that have a level, and that level; shape (those, ticks)."""
        out = lerped(self._swings[metric], self.window, CELL_S)
        steps, held = self.hosts.swings.steps, self._steps
        if steps is not None and held is not None:
            mine = held.of(some, len(self.rows))
            height = mine.height * steps.weights[metric][self.rows].astype(np.float32).take(mine.row)
            maths.exp2_f32(height, out=height)
            if level is not None:
                base = np.zeros(len(self.rows), dtype=np.float32)
                base[some] = level
                height *= base.take(mine.row)
            out *= np.repeat(height, mine.ticks).reshape(out.shape)
        elif level is not None:
            out *= level[:, None].astype(np.float32)
        return out

    def _rate(self, metric: str, traffic: dict[int, F32] | None = None, read: F32 | None = None) -> F32:
        """Rate of a metric: level, demand and long runs under noise, then polls and short runs as they are."""
        pulses, loads = self._runs
        out = self._base(metric, traffic, read)
        busy, places, share = self._demand
        heights = self.hosts.demand.heights
        if len(busy) and metric in heights:
            peak = share * heights[metric][places, None].astype(np.float32)
            out.reshape(len(out), len(self.window), -1)[busy] += peak[:, :, None]
        if metric in loads:
            loads[metric].add_to(out)
        if self._factors is None:
            self.hosts.noise.apply(metric, out, self.window, self.rows, self._noise)
        else:
            out *= self._factors[metric]
        if metric in self._dips:
            self._dips[metric].apply(out)
        if metric in (*NETWORK, "write") and "polls" not in self.hosts.fleet.without:
            self.hosts.polls.add(metric, out, self.rows, self.window.since_s, self.window.tick_s // self.parts)
        if metric in pulses:
            pulses[metric].add_to(out)
        return out

    def _base(self, metric: str, traffic: dict[int, F32] | None, read: F32 | None) -> F32:
        """What a host does by itself all day: a level that swings, and follows traffic and reads."""
        out = np.zeros((len(self.rows), self.parts * len(self.window)), dtype=np.float32)
        some, level = self._levels[metric]
        if not len(some):
            return out
        base = self.factor(metric, some, level)
        ticks = out.reshape(len(out), len(self.window), -1)
        for part in range(self.parts):
            ticks[some, :, part] = base
        work = self.hosts.work
        if traffic is not None and metric in work.shares:
            for row, ratio in traffic.items():
                out[row] *= work.factor(metric, ratio, int(self.rows[row]))
        if read is not None:
            level_read = self.hosts.levels["read"][self.rows]
            mine = some[level_read[some] > 0]
            if len(mine):
                out[mine] *= work.reading(metric, read[mine], level_read[mine], self.rows[mine])
        return out

    def _touched(self, cpu: F32) -> F32:
        everyone = np.arange(len(self.rows))
        touched = self.hosts.memory.touched_at(self.window, self.factor("memory", everyone), self.rows)
        touched *= self.hosts.work.memory(self._minutes(cpu), self.hosts.levels["cpu"], self.rows)
        busy, places, share = self._demand
        if len(busy):
            touched[busy] *= 1 + share * self.hosts.demand.heights["memory"][places, None].astype(np.float32)
        for left in self._runs:
            if "memory" in left:
                left["memory"].add_to(touched)
        return touched

    def _minutes(self, rates: F32) -> F32:
        """Means of ticks."""
        out = rates[:, 0 :: self.parts].copy()
        for part in range(1, self.parts):
            out += rates[:, part :: self.parts]
        out *= np.float32(1 / self.parts)
        return out


__all__ = ["METRICS", "PER_TICK", "HostState", "Hosts"]
