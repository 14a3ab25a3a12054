"""One window of some hosts: levels that swing, what follows them, noise, and what runs leave."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core.moments import Moments
from ghostfleet.state.hosts.crew import MEMORY, NETWORK, RATES, USED
from ghostfleet.state.hosts.deposit import Grid, Left, deposit, touches
from ghostfleet.state.hosts.swings import CELL_S, lerped, span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ghostfleet.core.arrays import F32, I64
    from ghostfleet.core.window import Window
    from ghostfleet.state.hosts.crew import Crew
    from ghostfleet.state.hosts.noise import Dips
    from ghostfleet.state.hosts.schedule import Runs
    from ghostfleet.state.hosts.swings import Held

METRICS = (*RATES, MEMORY)
AT_ONCE = 131_072  # values that one call makes at least as fast as several do
USED_SWING = 0.3  # of a swing of what is touched


class HostState(msgspec.Struct, frozen=True):
    """What some hosts did in a window; rates have shape (hosts, parts × ticks), memory (hosts, ticks)."""

    window: Window
    parts: int  # of a tick
    rates: dict[str, F32]  # CPU in per cent of all processors, before any ceiling; the others in KB/s
    touched: F32 | None  # per cent of memory touched during the tick
    used: F32 | None  # per cent of memory in use

    def take(self, places: I64, metrics: Collection[str]) -> HostState:
        """Some of the hosts, and some of the metrics."""
        rates = {metric: values[places] for metric, values in self.rates.items() if metric in metrics}
        touched = None if self.touched is None or MEMORY not in metrics else self.touched[places]
        used = None if self.used is None or USED not in metrics else self.used[places]
        return HostState(self.window, self.parts, rates, touched, used)


@dataclass(frozen=True, eq=False)
class Solving:
    """One window of a crew, metric by metric, or some at once where the window is short."""

    crew: Crew
    window: Window

    def state(self) -> HostState:
        """Solve what is asked for."""
        rates: dict[str, F32] = {}
        for metrics in self._groups((*NETWORK, "read")):
            rates |= self._rates(metrics)
        traffic = self._traffic(rates)
        for metrics in self._groups(("cpu", "write")):
            rates |= self._rates(metrics, traffic, rates.get("read"))
        asked = self.crew.asked
        return HostState(
            self.window,
            self.crew.parts,
            {metric: values for metric, values in rates.items() if metric in asked},
            self._touched(rates["cpu"]) if self.crew.needed[MEMORY].any() else None,
            self._used() if self.crew.needed[USED].any() else None,
        )

    def _groups(self, metrics: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Metrics to work out at once: calls cost more than few values, and many values leave the cache."""
        some = tuple(metric for metric in metrics if metric in self.crew.rates)
        if len(some) * len(self.crew.rows) * self._bins <= AT_ONCE:
            yield some
        else:
            yield from ((metric,) for metric in some)

    @property
    def _bins(self) -> int:
        return self.crew.parts * len(self.window)

    def _rates(self, metrics: tuple[str, ...], traffic: F32 | None = None, read: F32 | None = None) -> dict[str, F32]:
        """Rates of metrics: level, demand and long runs under noise, then polls and short runs as they are."""
        if not metrics:
            return {}
        crew, first = self.crew, self.crew.first(metrics[0])
        out = np.zeros((len(metrics), len(crew.rows), self._bins), dtype=np.float32)
        series = out.reshape(-1, self._bins)
        self._lay_bases(metrics, series)
        for metric, rates in zip(metrics, out, strict=True):
            self._follow(metric, rates, traffic, read)
        self._add_demand(metrics, out)
        pulses, loads = self._left(metrics)
        if len(loads.cells):
            crew.voices.roughen(loads, self.window, first)
            loads.add_to(series)
        self._add_noise(series, first, loads)
        self._pauses.apply(series, first)
        if crew.polling is not None:
            bin_s = self.window.tick_s // crew.parts
            crew.polling.add(series, first, self.window.since_s, bin_s, crew.hosts.scratch)
        pulses.add_to(series)
        return dict(zip(metrics, out, strict=True))

    # What hosts do by themselves.

    @cached_property
    def _nodes(self) -> tuple[F32, F32]:
        """Swings, and the lattices of demand and of gates, at five-minute nodes."""
        return self.crew.bases.swinging.factors(span(self.window, CELL_S))

    @cached_property
    def _held(self) -> Held | None:
        steps = self.crew.hosts.swings.steps
        return None if steps is None else steps.held(self.window, self.crew.rows)

    def _levels(self, metrics: Sequence[str]) -> tuple[slice, F32]:
        """Levels that swing and step, of the series that have one; shape (those, ticks)."""
        bases = self.crew.bases
        mine = slice(bases.spans[metrics[0]][0], bases.spans[metrics[-1]][1])
        out = lerped(self._nodes[0][mine], self.window, CELL_S)
        if self._held is None:
            out *= bases.level[mine, None]
        else:
            out *= self._held.factors(bases.row[mine], bases.weight[mine], bases.level[mine], len(self.window))
        return mine, out

    def _lay_bases(self, metrics: Sequence[str], out: F32) -> None:
        mine, levels = self._levels(metrics)
        places = self.crew.bases.series[mine] - self.crew.first(metrics[0])
        ticks = out.reshape(len(out), len(self.window), -1)
        for part in range(self.crew.parts):
            ticks[places, :, part] = levels

    def _traffic(self, rates: dict[str, F32]) -> F32 | None:
        """Traffic over its level, of the hosts whose work follows it."""
        places, level = self.crew.followers
        if not len(places):
            return None
        inbound, outbound = (rates[metric].take(places, axis=0) for metric in NETWORK)
        return self.crew.hosts.work.traffic(inbound, outbound, level)

    def _follow(self, metric: str, rates: F32, traffic: F32 | None, read: F32 | None) -> None:
        """Let the base of a metric follow traffic and reads."""
        work, rows = self.crew.hosts.work, self.crew.rows
        if traffic is not None and metric in work.shares:
            places = self.crew.followers[0]
            rates[places] *= work.factor(metric, traffic, rows[places])
        if read is not None:
            mine, level = self.crew.readers
            rates[mine] *= work.reading(metric, read.take(mine, axis=0), level, rows[mine])

    @cached_property
    def _share(self) -> F32:
        """Demand over its peak, of the hosts that have it."""
        hosts = self.crew.hosts
        places = self.crew.demand[1]
        return hosts.demand.curve(hosts.fleet, Moments(self.window), places, self._nodes[1][: len(places)])

    def _add_demand(self, metrics: Sequence[str], out: F32) -> None:
        busy, places = self.crew.demand
        heights = self.crew.hosts.demand.heights
        if not len(busy):
            return
        for metric, rates in zip(metrics, out, strict=True):
            if metric in heights:
                peak = self._share * heights[metric][places, None].astype(np.float32)
                rates.reshape(len(rates), len(self.window), -1)[busy] += peak[:, :, None]

    # What comes over it.

    @cached_property
    def _whole(self) -> F32:
        return self.crew.voices.whole(self.window)

    @cached_property
    def _pauses(self) -> Dips:
        return self.crew.voices.pauses(self.window)

    def _add_noise(self, rates: F32, first: int, loads: Left) -> None:
        voices, alive = self.crew.voices, self.crew.alive[first : first + len(rates)]
        some = alive.nonzero()[0]
        if len(some) == len(rates):
            rates *= voices.factors(some + first, self.window, self._whole)
        elif len(some):
            rates[some] *= voices.factors(some + first, self.window, self._whole)
        # The others are nothing, but for long runs here and there; a cell that stands there twice is multiplied once.
        row, place = np.divmod(loads.cells, rates.shape[1])
        bare = (~alive.take(row)).nonzero()[0]
        if len(bare):
            factors = voices.factors_at(row.take(bare) + first, place.take(bare), self.window, self._whole)
            rates.reshape(-1)[loads.cells.take(bare)] *= factors

    @cached_property
    def _runs(self) -> Runs:
        return self.crew.running[0].runs(self.window.since_s, self.window.until_s)

    def _left(self, metrics: Sequence[str]) -> tuple[Left, Left]:
        table, row = self.crew.running
        grid = Grid(len(self.crew.rows), self._bins, self.window.tick_s // self.crew.parts)
        return deposit(self._runs, table.processes, row, metrics, grid, self.crew.hosts.scratch)

    # Memory.

    def _touched(self, cpu: F32) -> F32:
        hosts, rows = self.crew.hosts, self.crew.rows
        gates = self._nodes[1][len(self.crew.demand[1]) :]
        touched = hosts.memory.touched_at(self.window, self._levels((MEMORY,))[1], rows, gates)
        touched *= hosts.work.memory(self._minutes(cpu), hosts.levels["cpu"], rows)
        busy, places = self.crew.demand
        if len(busy):
            touched[busy] *= 1 + self._share * hosts.demand.heights[MEMORY][places, None].astype(np.float32)
        table, row = self.crew.running
        grid = Grid(len(rows), len(self.window), self.window.tick_s)
        touched += touches(self._runs, table.processes, row, grid)
        return touched

    def _used(self) -> F32:
        crew, some = self.crew, self.crew.needed[USED].nonzero()[0]
        swing = 1 + (self._levels((MEMORY,))[1] - 1) * np.float32(USED_SWING)
        out = np.zeros((len(crew.rows), len(self.window)), dtype=np.float32)
        out[some] = crew.hosts.memory.used_at(self.window, swing, crew.rows[some])
        return out

    def _minutes(self, rates: F32) -> F32:
        """Means of ticks."""
        parts = self.crew.parts
        out = rates[:, 0::parts].copy()
        for part in range(1, parts):
            out += rates[:, part::parts]
        out *= np.float32(1 / parts)
        return out
