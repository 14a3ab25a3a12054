"""What services use of their pods: CPU, memory, disk, bytes; leaves of the state that nothing else depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.window import DAY_S, HOUR_S
from ghostfleet.state.estate.deploys import OLDEST_S, Ages
from ghostfleet.state.estate.noise import Wander, characters, log_normal
from ghostfleet.state.estate.volumes import Volumes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, I64
    from ghostfleet.spec.estate.demand import Level
    from ghostfleet.state.estate import State
    from ghostfleet.world.flow import Flow

IDLE_CPU = 0.012  # of the limit, at the least, whatever is asked
KNEE = 0.85  # share of a range above which readings bend towards its end
LOADED_MEMORY = 0.18  # of usual memory that follows the load
GATHERED_POINTS = (8.0, 0.5)  # median and log-deviation of what memory gains from one deploy to a late next one …
CACHES, CACHES_S = 0.35, 2 * HOUR_S  # … of which caches are a part, and take so long to be half full …
LEAK_DAYS = (4.0, 0.4)  # … and leaks the rest, and take days
LOGS_DAYS = (14.0, 0.3)  # between two clean-ups of disks
LOGS_POINTS = (10.0, 0.35)  # what logs gain on disks until then
IDLE_LOGS = 0.1  # of them, the share that is written whatever is asked


class Usage:
    """Uses of services, by node of the flow."""

    def __init__(self, flow: Flow, places: list[int], levels: Sequence[Level]) -> None:
        """Services at ``places`` of the flow, and what they show on the reference Wednesday."""
        self._flow, self._places = flow, places
        self._memory = np.array([level.memory_percent for level in levels])
        self._idle = np.maximum([level.idle_percent / 100 for level in levels], IDLE_CPU)[:, None]
        self._rows = {flow.nodes.names[place]: row for row, place in enumerate(places)}
        ids = flow.nodes.ids[places]
        cpu = characters(flow, "cpu", ids, swing=(0.03, 0.6), rough=(0.02, 0.6))
        self._wander = Wander(cpu, characters(flow, "memory", ids, swing=(0.02, 0.5), rough=(0.004, 0.5)))
        u = draw.uniform(flow.stream("usage").keys(ids), 0, 6)
        self._leak_s = (log_normal(u[:, 0], *LEAK_DAYS) * DAY_S)[:, None]
        self._points = log_normal(u[:, 1], *GATHERED_POINTS)[:, None]
        self._ages = Ages(flow, [flow.nodes.names[place] for place in places])
        between_s = 7 * DAY_S / max(flow.estate.changes.deploys_per_week, 7 * DAY_S / OLDEST_S)
        self._usual = self._gathered(np.full((len(places), 1), between_s / 2))
        self._disk = 22 + 30 * u[:, 3]
        self._logs = log_normal(u[:, 4], *LOGS_POINTS)
        days = log_normal(u[:, 5], *LOGS_DAYS)
        self._volumes = Volumes(flow, places, flow.stream("volumes").keys(ids), days, IDLE_LOGS)

    def used(self, state: State) -> tuple[F64, F64]:
        """CPU and memory in use, in per cent of the limits, shapes (services, ticks)."""
        cpu, memory = self._wander.factors(state.window)
        loads = state.rates.loads[self._places]
        cpu *= self._idle + (1 - self._idle) * loads
        for name, points in state.influences.of("node.cpu").items():
            if name in self._rows:
                cpu[self._rows[name]] += points / 100
        return 100 * bent(cpu, KNEE), self._memory_used(state, loads, memory)

    def _memory_used(self, state: State, loads: F64, swing: F64) -> F64:
        """Add up a level, load, what was gathered since the last deploy, and incidents."""
        usual = self._flow.nodes.loads[self._places][:, None]
        level = self._memory[:, None] * (1 - LOADED_MEMORY + LOADED_MEMORY * np.minimum(loads / usual, 2.0)) * swing
        level += self._points * (self._gathered(self._ages.seconds(state.window)) - self._usual)
        state.influences.shift("node.memory", self._rows, level)
        return 100 * bent(np.maximum(level, 1.0) / 100, KNEE)

    def _gathered(self, ages: F64 | I64) -> F64:
        """Share of what pods of some age hold that they did not hold at first, shape of the ages."""
        out: F64 = CACHES * (ages / (ages + CACHES_S)) + (1 - CACHES) * (ages / (ages + self._leak_s))
        return out

    def disk(self, state: State) -> F64:
        """Per cent of the volume in use, shape (services, ticks): logs grow with what is asked, and are cleaned up."""
        points = self._disk[:, None] + self._logs[:, None] * self._volumes.written(state.window)
        return 100 * bent(points / 100, KNEE)


def bent(values: F64, knee: float) -> F64:
    """Leave values up to the knee alone and bend the rest towards 1, which they never reach."""
    room = 1 - knee
    excess = np.maximum(values - knee, 0.0) / room
    out: F64 = np.minimum(values, knee) + room * (excess / (1 + excess))
    return out


class Traffic:
    """Bytes on the wire: each call of an edge has sizes of its own, so that both ends count the same."""

    def __init__(self, flow: Flow) -> None:
        """Draw the sizes."""
        self._flow = flow
        u = draw.uniform(flow.stream("bytes").keys(flow.calls.ids), 0, 2)
        self.up = _sizes(u[:, 0], 700.0)
        self.down = _sizes(u[:, 1], 4200.0)
        u = draw.uniform(flow.stream("bytes").keys(flow.entries.ids), 0, 2)
        self.entry_up = _sizes(u[:, 0], 900.0)
        self.entry_down = _sizes(u[:, 1], 9000.0)

    def through(self, state: State) -> tuple[I64, I64]:
        """Bytes into and out of each node, shapes (nodes, ticks)."""
        requests = state.calls.served + state.calls.failed
        flow = self._flow
        into, out = np.zeros((2, len(flow.nodes), len(state.window)), dtype=np.int64)
        for edge in range(len(flow.calls)):
            parent, child = int(flow.calls.parents[edge]), int(flow.calls.children[edge])
            up, down = requests[edge] * self.up[edge], requests[edge] * self.down[edge]
            out[parent] += up
            into[child] += up
            into[parent] += down
            out[child] += down
        for cell, node in enumerate(flow.entries.nodes.tolist()):
            into[node] += state.outcomes.entered[cell] * self.entry_up[cell]
            out[node] += state.outcomes.entered[cell] * self.entry_down[cell]
        return into, out


def _sizes(u: F64, median: float) -> I64:
    return np.rint(log_normal(u, median, 0.6)).astype(np.int64) + 64
