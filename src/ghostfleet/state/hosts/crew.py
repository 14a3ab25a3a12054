"""Some hosts that are worked out together: whatever of them no window changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.state.hosts.demand import SWING
from ghostfleet.state.hosts.memory import GATE
from ghostfleet.state.hosts.processes import FOOTPRINT
from ghostfleet.state.hosts.schedule import Timetable, each, timetable

if TYPE_CHECKING:
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
    asked: frozenset[str]

    @cached_property
    def needed(self) -> frozenset[str]:
        """What is asked for, and what that depends on: memory follows CPU, and work what is read all day."""
        needed = self.asked | {"cpu"} if MEMORY in self.asked else self.asked
        works = "cpu" in needed or "write" in needed
        return needed | {"read"} if works and (self.level("read") > 0).any() else needed

    @cached_property
    def rates(self) -> tuple[str, ...]:
        """Metrics that are rates; series are numbered in this order."""
        return tuple(metric for metric in RATES if metric in self.needed)

    def level(self, metric: str) -> F64:
        """Level of a metric on each host."""
        return self.hosts.levels[metric][self.rows]

    def first(self, metric: str) -> int:
        """Number of a metric's first series."""
        return self.rates.index(metric) * len(self.rows)

    @cached_property
    def bases(self) -> Bases:
        """What the hosts do by themselves."""
        rows = self._levelled
        level = [self.level(metric)[rows[metric]] if metric in RATES else np.ones(len(self.rows)) for metric in rows]
        steps = self.hosts.swings.steps
        weight = [np.zeros(0)]
        if steps is not None:
            weight += [steps.weights[metric][self.rows[some]] for metric, some in rows.items()]
        ends = np.add.accumulate([0, *(len(some) for some in rows.values())]).tolist()
        return Bases(
            spans=dict(zip(rows, zip(ends[:-1], ends[1:], strict=True), strict=True)),
            row=np.concatenate([np.zeros(0, dtype=np.int64), *rows.values()]),
            series=np.concatenate(
                [np.zeros(0, dtype=np.int64), *(some + turn * len(self.rows) for turn, some in enumerate(rows.values()))]
            ),
            level=np.concatenate([np.zeros(0), *level]).astype(np.float32),
            weight=np.concatenate(weight).astype(np.float32),
            swinging=self.hosts.swings.of({metric: self.rows[some] for metric, some in rows.items()}, self._lattices),
        )

    @property
    def _lattices(self) -> list[tuple[U64, Spectrum]]:
        """Lattices of demand, and of gates of memory."""
        memory = self.hosts.memory
        gated = self.rows[memory.gated(self.rows)] if MEMORY in self.asked else self.rows[:0]
        return [(self.hosts.demand.levels[:, self.demand[1]], SWING), (memory.gate[:, gated], GATE)]

    @cached_property
    def _levelled(self) -> dict[str, I64]:
        """Rows that have a level of their own, by metric; memory swings on all."""
        out = {}
        for metric in self.rates:
            has = self.level(metric) > 0
            if metric == "write" and "polls" not in self.hosts.fleet.without:
                has &= ~self.hosts.polls.trickles[self.rows]
            out[metric] = has.nonzero()[0]
        if self.asked & {MEMORY, USED}:
            out[MEMORY] = np.arange(len(self.rows))
        return out

    @cached_property
    def voices(self) -> Voices:
        """Noise of the series of rates."""
        return self.hosts.noise.of(self.rates, self.rows, self.parts)

    @cached_property
    def alive(self) -> Bool:
        """Whether a series is something all the time."""
        out = np.zeros((len(self.rates), len(self.rows)), dtype=bool)
        busy, places = self.demand
        for turn, metric in enumerate(self.rates):
            out[turn, self._levelled[metric]] = True
            if metric in self.hosts.demand.heights:
                out[turn, busy] |= self.hosts.demand.heights[metric][places] > 0
        return out.reshape(-1)

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
        return self.hosts.polls.of(self.rates, self.rows)

    @cached_property
    def running(self) -> tuple[Timetable, I64]:
        """Processes that touch what is needed, and the row of each."""
        processes = self.hosts.processes
        first, last = (np.searchsorted(processes.host, self.rows, side=side) for side in ("left", "right"))
        row, process = each(np.arange(len(self.rows)), first, last)
        amounts = processes.amounts.take(process, axis=0)[:, [name in self.needed for name in FOOTPRINT]]
        asked = (amounts > 0).any(axis=1).nonzero()[0]
        return timetable(processes.take(process[asked]), self.hosts.fleet), row[asked]

    @cached_property
    def followers(self) -> tuple[I64, F64]:
        """Places among the rows whose work follows their traffic, and the level of that."""
        places = self.hosts.work.followers(self.rows)
        return places, (self.level("inbound") + self.level("outbound"))[places]

    @cached_property
    def senders(self) -> Crew:
        """Those hosts again, of which nobody asks for the traffic."""
        return Crew(self.hosts, self.rows[self.followers[0]], self.parts, frozenset(NETWORK))


@dataclass(frozen=True, slots=True)
class Bases:
    """Series that have a level of their own, metric by metric."""

    spans: dict[str, tuple[int, int]]  # by metric
    row: I64
    series: I64
    level: F32
    weight: F32  # of the host's steps
    swinging: Swinging
