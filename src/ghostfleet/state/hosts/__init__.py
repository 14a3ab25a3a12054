"""What hosts really did, minute by minute or in thirds of minutes, before anyone measured it.

A host has levels that it keeps, swings and steps that move them, noise that has a different value every twenty
seconds, demand that follows people's days, and processes whose runs leave a footprint in several metrics at once.
All of it is closed form in time: any window can be had without the ones before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.scratch import Scratch
from ghostfleet.state.hosts import activities, bursts, cron, jobs, micro, nightly, timers
from ghostfleet.state.hosts.crew import NETWORK, RATES, USED, Crew
from ghostfleet.state.hosts.demand import Demand, demand
from ghostfleet.state.hosts.levels import levels
from ghostfleet.state.hosts.memory import Memory, memory
from ghostfleet.state.hosts.noise import PER_TICK, Noise, noise
from ghostfleet.state.hosts.polls import Polls, polls
from ghostfleet.state.hosts.processes import MEMORY, Processes, joined, nothing
from ghostfleet.state.hosts.solving import METRICS, HostState, Solving
from ghostfleet.state.hosts.swings import Swings, swings
from ghostfleet.state.hosts.work import Work, work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ghostfleet.core.arrays import F64, I64, Bool
    from ghostfleet.core.window import Window
    from ghostfleet.world.hosts import HostFleet

CREWS = 4  # that are remembered
SMALL = 2.0  # per cent of memory touched, below which a host's small runs touch less, too


@dataclass(frozen=True)
class Hosts:
    """Solves what a fleet does in any window; holds what does not depend on the window."""

    fleet: HostFleet
    scratch: Scratch = field(default_factory=Scratch)
    crews: dict[tuple[object, ...], Crew] = field(default_factory=dict)

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

    def solve(
        self, window: Window, rows: I64, parts: int = PER_TICK, asked: Mapping[str, Bool] | None = None
    ) -> HostState:
        """What some hosts did in a window of ticks: in each third of a minute, or in minutes as wholes.

        ``rows`` are numbers of hosts, ascending; ``parts`` is 3 or 1. ``asked`` tells for a metric which of the hosts
        it is worked out of; otherwise all metrics are, but for memory in use. What else stands in the answer is
        meaningless. What one host did depends neither on the others nor on what else is asked for.
        """
        if asked is None:
            asked = dict.fromkeys(METRICS, np.ones(len(rows), dtype=bool))
        return Solving(self._crew(rows, parts, asked), window).state()

    def _crew(self, rows: I64, parts: int, asked: Mapping[str, Bool]) -> Crew:
        """Hosts that are worked out together; often they are those of the last window."""
        key = rows.tobytes(), parts, *((metric, some.tobytes()) for metric, some in asked.items())
        crew = self.crews.pop(key, None) or Crew(self, rows, parts, asked)
        self.crews[key] = crew
        if len(self.crews) > CREWS:
            del self.crews[next(iter(self.crews))]
        return crew


__all__ = ["METRICS", "NETWORK", "PER_TICK", "RATES", "USED", "HostState", "Hosts"]
