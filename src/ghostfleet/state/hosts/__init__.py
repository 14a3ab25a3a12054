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

from ghostfleet.core import draw, maths
from ghostfleet.core.moments import Moments
from ghostfleet.state.hosts import activities, bursts, cron, jobs, micro, nightly, timers
from ghostfleet.state.hosts.demand import Demand, demand
from ghostfleet.state.hosts.deposit import SUBSAMPLE_S, deposit
from ghostfleet.state.hosts.levels import cached, levels
from ghostfleet.state.hosts.memory import Memory, memory
from ghostfleet.state.hosts.noise import Noise, noise
from ghostfleet.state.hosts.polls import Polls, polls
from ghostfleet.state.hosts.processes import MEMORY, READ, Processes, joined
from ghostfleet.state.hosts.schedule import runs
from ghostfleet.state.hosts.swings import CELL_S, Swings, lerped, span, swings
from ghostfleet.state.hosts.work import Work, work

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.core.arrays import F32, F64, I64
    from ghostfleet.core.window import Window
    from ghostfleet.world.hosts import HostFleet

RATES = ("cpu", "read", "write", "inbound", "outbound")
PER_TICK = 3  # sub-samples


class HostState(msgspec.Struct, frozen=True):
    """What some hosts did in a window; rates have shape (hosts, 3 × ticks), memory (hosts, ticks)."""

    window: Window
    first: int
    cpu: F32  # per cent of all processors, before any ceiling
    read: F32  # KB/s
    write: F32
    inbound: F32
    outbound: F32
    touched: F32  # per cent of memory touched during the tick
    used: F32  # per cent of memory in use inside the guest


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
        return work(self.fleet)

    @cached_property
    def polls(self) -> Polls:
        """Polls."""
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
            "micro": lambda: micro.processes(fleet),
            "activities": lambda: activities.processes(fleet, shared=shared),
        }
        whole = joined([make() for name, make in makers.items() if name not in fleet.without])
        small = np.minimum(self.memory.touched / 2.0, 1.0)[whole.host]
        whole.amounts[:, MEMORY] *= np.where(whole.steady, 1.0, small)
        whole.amounts[:, READ] *= ~cached(fleet)[whole.host]
        return whole

    def solve(self, window: Window, first: int, last: int) -> HostState:
        """What hosts ``[first, last)`` did in a window of ticks."""
        at = Moments(window)
        seconds = at.seconds
        rows = np.arange(first, last)
        bins = PER_TICK * len(window)
        pulses, loads = self._runs(window, first, last, bins)
        busy, share = self.demand.curve(self.fleet, at, first, last)
        if "demand" in self.fleet.without:
            busy = busy[:0]
            share = share[:0]
        cells = span(seconds, CELL_S)
        shared = self.swings.shared(cells, rows)
        steps = None if self.swings.steps is None else self.swings.steps.heights(seconds, rows)

        def factor(metric: str, some: I64) -> F32:
            nodes = self.swings.factor(metric, cells, shared[some - first], some)
            out = lerped(nodes, cells[0], seconds, CELL_S)
            if steps is not None and self.swings.steps is not None:
                out += steps[some - first] * self.swings.steps.weights[metric][some, None].astype(np.float32)
            return maths.exp2_f32(out)

        common = self.noise.shared(window.start * PER_TICK, window.stop * PER_TICK, rows)
        rates: dict[str, F32] = {}
        for metric in ("inbound", "outbound"):
            rates[metric] = self._rate(metric, window, rows, factor, busy, share, common, loads, pulses, None)
        traffic = self.work.traffic(rates, self.levels, rows)
        for metric in ("cpu", "read", "write"):
            rates[metric] = self._rate(metric, window, rows, factor, busy, share, common, loads, pulses, traffic)
        touched = self.memory.touched_at(seconds, factor("memory", rows), rows)
        touched *= self.work.memory(rates["cpu"], self.levels["cpu"], rows)
        if len(busy):
            most = self.demand.heights["memory"][np.isin(self.demand.host, rows[busy])]
            touched[busy] *= 1 + most[:, None].astype(np.float32) * share
        for events in (pulses, loads):
            if "memory" in events:
                touched += events["memory"].reshape(len(rows), -1, PER_TICK).mean(axis=2, dtype=np.float32)
        used = self.memory.used_at(seconds, np.float32(1) + (factor("memory", rows) - 1) * np.float32(0.3), rows)
        return HostState(window, first, **rates, touched=touched, used=used)

    def _rate(
        self,
        metric: str,
        window: Window,
        rows: I64,
        factor: Callable[[str, I64], F32],
        busy: I64,
        share: F32,
        common: F32,
        loads: dict[str, F32],
        pulses: dict[str, F32],
        traffic: F32 | None,
    ) -> F32:
        bins = PER_TICK * len(window)
        first = int(rows[0])
        out = np.zeros((len(rows), bins), dtype=np.float32)
        level = self.levels[metric][rows]
        if metric == "write" and "polls" not in self.fleet.without:
            level = np.where(self.polls.trickles[rows], 0.0, level)
        some = np.flatnonzero(level > 0)
        if len(some):
            base = factor(metric, rows[some])
            base *= level[some, None].astype(np.float32)
            out[some] = np.repeat(base, PER_TICK, axis=1)
            if traffic is not None and metric in self.work.shares:
                out[some] *= self.work.factor(metric, traffic[some], rows[some])
        if len(busy) and metric in self.demand.heights:
            most = self.demand.heights[metric][np.isin(self.demand.host, rows[busy])]
            out[busy] += np.repeat(share * most[:, None].astype(np.float32), PER_TICK, axis=1)
        if metric in loads:
            self.noise.roughen(metric, loads[metric], window, rows)
            out += loads[metric]
        self.noise.apply(metric, out, window, rows, common)
        if metric in ("inbound", "outbound", "write") and "polls" not in self.fleet.without:
            self.polls.add(metric, out, first, window.since_s)
        if metric in pulses:
            out += pulses[metric]
        return out

    def _runs(self, window: Window, first: int, last: int, bins: int) -> tuple[dict[str, F32], dict[str, F32]]:
        mine = self.processes.of(first, last)
        out = []
        for steady in (False, True):
            some = mine.take(mine.steady == steady)
            found = runs(some, self.fleet, window.since_s, window.until_s)
            out.append(deposit(found, some, some.host - first, last - first, bins))
        return out[0], out[1]


__all__ = ["SUBSAMPLE_S", "HostState", "Hosts"]
