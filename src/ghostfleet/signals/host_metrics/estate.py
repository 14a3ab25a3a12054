"""Hosts of an estate: worker nodes with pods on them, and virtual machines with databases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Batch, taken
from ghostfleet.core.window import Window
from ghostfleet.signals import StateObserver
from ghostfleet.signals.host_metrics import TABLE, HostMetrics
from ghostfleet.signals.host_metrics.agents import SCALE, agents
from ghostfleet.spec.hosts import TICK_S
from ghostfleet.state.estate.machines import Machines
from ghostfleet.state.hosts import Hosts
from ghostfleet.world import estate as worlds
from ghostfleet.world import flow as flows
from ghostfleet.world import hosts as world

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ghostfleet.core.arrays import F64
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State
    from ghostfleet.world.hosts import HostFleet

HOST_TICKS = 131_072  # worked out at once: arrays of so many values stay in cache


class EstateHosts:
    """The signal of one scenario; hosts in the order of their names."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up what does not change."""
        built = worlds.build(scenario)
        fleet = world.of_estate(built)
        self._machines = Machines(built, flows.build(scenario), fleet.names)
        self._hosts = HostMetrics(fleet, Hosts(fleet), agents(fleet, carriers=True))
        # The state is solved for all hosts of a window at once, so their rows come time after time.
        self._table = replace(TABLE, order=("time", "host_id"))

    @property
    def fleet(self) -> HostFleet:
        """The hosts."""
        return self._hosts.fleet

    def ready(self) -> StateObserver:
        """The observer."""
        count = self._hosts.entities
        return StateObserver(self._table, count, self.observe, lambda window: count * len(window))

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window, time after time."""
        count = self._hosts.entities
        for piece, hosts in self.seen(state, window):
            batch = hosts.rows(piece, 0, count)
            order = np.arange(len(batch)).reshape(count, len(piece)).T.ravel()
            yield Batch(self._table, {name: taken(batch[name], order) for name in self._table.names})

    def last(self, state: State, names: Sequence[str], row_s: int) -> tuple[F64, F64]:
        """CPU and memory of some hosts in per cent, in the last row of a state's window; NaN where nobody told."""
        stop = state.window.until_s // row_s
        found = np.full((2, len(names)), np.nan)
        for piece, hosts in self.seen(state, Window(stop - 1, stop, row_s)):
            for place, name in enumerate(names):
                row = self.fleet.names.index(name)
                facts = hosts.facts(piece, row, row + 1)
                for metric, values in zip(("cpu", "memory"), found, strict=True):
                    units, missing = hosts.reading(facts, metric, row, row + 1)
                    values[place] = np.nan if missing[0, -1] else units[0, -1] / SCALE
        return found[0], found[1]

    def seen(self, state: State, window: Window) -> Iterator[tuple[Window, HostMetrics]]:
        """Pieces of a window of rows, and the signal of hosts with what runs on them then."""
        count = self._hosts.entities
        if not count:
            return
        loads = self._machines.loads(state)
        running = self._machines.running(state)
        for piece in window.cut(max(1, HOST_TICKS * TICK_S // (window.tick_s * count))):
            ticks = piece.finer(piece.tick_s // TICK_S)
            low, high = ticks.start - state.window.start, ticks.stop - state.window.start
            beside = loads.between(low, high).beside
            here = running[:, low:high]
            yield piece, replace(self._hosts, beside=beside, running=None if here.all() else here)
