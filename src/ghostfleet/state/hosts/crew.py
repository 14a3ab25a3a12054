"""Some hosts that are worked out together: whatever of them no window changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.state.hosts.demand import SWING
from ghostfleet.state.hosts.memory import GATE
from ghostfleet.state.hosts.processes import FOOTPRINT
from ghostfleet.state.hosts.schedule import Timetable, each, timetable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghostfleet.core.arrays import F32, F64, I64, U64, Bool
    from ghostfleet.core.lattice import Spectrum
    from ghostfleet.state.hosts import Hosts
    from ghostfleet.state.hosts.noise import Voices
    from ghostfleet.state.hosts.polls import Polling
    from ghostfleet.state.hosts.swings import Swinging

NETWORK = ("inbound", "outbound")
RATES = (*NETWORK, "read", "cpu", "write")  # in the order in which they are worked out: work follows traffic
MEMORY = "memory"
USED = "used"  # memory inside a guest: a metric of its own, which needs no other


@dataclass(frozen=True, eq=False)
class Crew:
    """Hosts as columns: a series is one metric of one host, and those of a metric stand together."""

    hosts: Hosts
    rows: I64  # numbers of the hosts in the fleet, ascending
    parts: int  # of a tick
    asked: Mapping[str, Bool]  # of which of the hosts a metric is asked for

    @cached_property
    def needed(self) -> dict[str, Bool]:
        """What is asked for, and what that depends on: memory follows CPU, and work traffic and all-day reads."""
        none = np.zeros(len(self.rows), dtype=bool)
        needed = {metric: self.asked.get(metric, none) for metric in (*RATES, MEMORY, USED)}
        needed["cpu"] = needed["cpu"] | needed[MEMORY]
        works = needed["cpu"] | needed["write"]
        needed["read"] = needed["read"] | works & (self.level("read") > 0)
        follows = works & self.hosts.work.follows(self.rows)
        return needed | {metric: needed[metric] | follows for metric in NETWORK}

    @cached_property
    def rates(self) -> tuple[str, ...]:
        """Metrics that are rates; series are numbered in this order."""
        return tuple(metric for metric in RATES if self.needed[metric].any())

    def level(self, metric: str) -> F64:
        """Level of a metric on each host."""
        return self.hosts.levels[metric][self.rows]

    def first(self, metric: str) -> int:
        """Number of a metric's first series."""
        return self.rates.index(metric) * len(self.rows)

    @cached_property
    def _wanted(self) -> Bool:
        """Whether a series is needed, shape (rates, hosts)."""
        return np.array([self.needed[metric] for metric in self.rates]).reshape(len(self.rates), len(self.rows))

    @cached_property
    def bases(self) -> Bases:
        """What the hosts do by themselves."""
        rows, steps = self._levelled, self.hosts.swings.steps
        series, level, weight, spans, end = [], [np.zeros(0)], [np.zeros(0)], {}, 0
        for turn, (metric, some) in enumerate(rows.items()):
            spans[metric] = end, end + len(some)
            end += len(some)
            series.append(some + turn * len(self.rows))
            level.append(self.level(metric)[some] if metric in RATES else np.ones(len(some)))
            weight.append(np.zeros(len(some)) if steps is None else steps.weights[metric][self.rows[some]])
        none = np.zeros(0, dtype=np.int64)
        return Bases(
            spans=spans,
            row=np.concatenate([none, *rows.values()]),
            series=np.concatenate([none, *series]),
            level=np.concatenate(level).astype(np.float32),
            weight=np.concatenate(weight).astype(np.float32),
            swinging=self.hosts.swings.of({metric: self.rows[some] for metric, some in rows.items()}, self._lattices),
        )

    @property
    def _lattices(self) -> list[tuple[U64, Spectrum]]:
        """Lattices of demand, and of gates of memory."""
        memory = self.hosts.memory
        gated = self.rows[memory.gated(self.rows)] if self.needed[MEMORY].any() else self.rows[:0]
        return [(self.hosts.demand.levels[:, self.demand[1]], SWING), (memory.gate[:, gated], GATE)]

    @cached_property
    def _levelled(self) -> dict[str, I64]:
        """Rows that have a level of their own, by metric; memory swings on all of which it is asked."""
        out = {}
        for metric in self.rates:
            has = (self.level(metric) > 0) & self.needed[metric]
            if metric == "write" and "polls" not in self.hosts.fleet.without:
                has &= ~self.hosts.polls.trickles[self.rows]
            out[metric] = has.nonzero()[0]
        swings = self.needed[MEMORY] | self.needed[USED]
        if swings.any():
            out[MEMORY] = swings.nonzero()[0]
        return out

    @cached_property
    def voices(self) -> Voices:
        """Noise of the series of rates."""
        return self.hosts.noise.of(self.rates, self.rows, self.parts, self._wanted)

    @cached_property
    def alive(self) -> Bool:
        """Whether a series is something all the time."""
        out = np.zeros((len(self.rates), len(self.rows)), dtype=bool)
        busy, places = self.demand
        for turn, metric in enumerate(self.rates):
            out[turn, self._levelled[metric]] = True
            if metric in self.hosts.demand.heights:
                out[turn, busy] |= self.hosts.demand.heights[metric][places] > 0
        return (out & self._wanted).reshape(-1)

    @cached_property
    def demand(self) -> tuple[I64, I64]:
        """Places among the rows that have demand, and their places in `Demand`."""
        if "demand" in self.hosts.fleet.without:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        return self.hosts.demand.of(self.rows, len(self.hosts.fleet))

    @cached_property
    def polling(self) -> Polling | None:
        """Polls of the series of rates."""
        if "polls" in self.hosts.fleet.without or not self.rates:
            return None
        return self.hosts.polls.of(self.rates, self.rows, self._wanted)

    @cached_property
    def running(self) -> tuple[Timetable, I64]:
        """Processes that touch what is needed, and the row of each."""
        processes = self.hosts.processes
        first, last = (np.searchsorted(processes.host, self.rows, side=side) for side in ("left", "right"))
        row, process = each(np.arange(len(self.rows)), first, last)
        wanted = np.array([self.needed[metric].take(row) for metric in FOOTPRINT]).T
        amounts = processes.amounts.take(process, axis=0) * wanted
        asked = (amounts > 0).any(axis=1).nonzero()[0]
        mine = replace(processes.take(process[asked]), amounts=amounts[asked])
        return timetable(mine, self.hosts.fleet), row[asked]

    @cached_property
    def followers(self) -> tuple[I64, F64]:
        """Places among the rows whose work follows their traffic, and the level of that."""
        works = self.needed["cpu"] | self.needed["write"]
        places = (works & self.hosts.work.follows(self.rows)).nonzero()[0]
        return places, (self.level("inbound") + self.level("outbound"))[places]

    @cached_property
    def readers(self) -> tuple[I64, F64]:
        """Places among the rows whose work follows what they read all day, and the level of that."""
        level = self.level("read")
        places = (self.needed["read"] & (level > 0)).nonzero()[0]
        return places, level[places]


@dataclass(frozen=True, slots=True)
class Bases:
    """Series that have a level of their own, metric by metric."""

    spans: dict[str, tuple[int, int]]  # by metric
    row: I64
    series: I64
    level: F32
    weight: F32  # of the host's steps
    swinging: Swinging
