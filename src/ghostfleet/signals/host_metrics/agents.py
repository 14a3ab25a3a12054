"""What monitoring agents make of a host: they read it a few times a minute, cut what they read, and miss some reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw
from ghostfleet.signals.host_metrics.pages import GRAIN_KB, Guests, estimates
from ghostfleet.state.hosts import PER_TICK
from ghostfleet.state.hosts.parameters import Draws, table
from ghostfleet.world.hosts import CLOUD, GUEST, HYPERVISOR

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I64, U64, Bool
    from ghostfleet.state.hosts import HostState
    from ghostfleet.world.hosts import HostFleet

RATES = ("cpu", "disk_read", "disk_write", "net_in", "net_out")
EDGE = 1e-9  # of a step: a read on the edge of a step has reached it
WHOLE = 100.0  # per cent
SCALE = 1_000_000  # sums of reads are whole millionths of a unit


@dataclass(frozen=True, slots=True)
class Agents:
    """Agents of all hosts, as columns."""

    profile: I64
    cpu_unit: F64  # smallest step of a CPU read in per cent, 0 is none
    rate_unit: F64  # of disk and network in KB/s; a guest's agent knows whole bytes
    missed: F64  # chance that a sub-sample is lost
    missing: U64
    guests: Guests
    ceiling: F64  # hard limit of CPU; 0 is a soft one at 100
    estimator: U64
    plain: bool
    blind: dict[str, Bool]  # hosts whose agent does not report a metric

    def counts(self, state: HostState, rows: I64) -> I64:
        """Reads of each tick that arrived: three, sometimes two; of a cloud's metric service one."""
        lots = draw.uniform32(self.missing[rows], state.window.start, state.window.stop)
        lost = lots < (self.missed[rows, None] / 5).astype(np.float32)
        return np.where(self.profile[rows, None] == CLOUD, 1, PER_TICK - lost.astype(np.int64))

    def sums(self, state: HostState, counts: I64, rows: I64) -> dict[str, I64]:
        """Sum of the reads of each tick in millionths, shape (hosts, ticks)."""
        values = (self._capped(state.cpu, rows), state.read, state.write, state.inbound, state.outbound)
        return {
            name: self._rate(reads, self.cpu_unit if name == "cpu" else self.rate_unit, counts, rows)
            for name, reads in zip(RATES, values, strict=True)
        }

    def _capped(self, cpu: F32, rows: I64) -> F32:
        ceiling = self.ceiling[rows, None].astype(np.float32)
        # A busy host nears its ceiling: above 70 per cent each further per cent counts less.
        knee = np.float32(70.0)
        excess = np.maximum(cpu - knee, 0) / np.float32(30.0)
        soft = np.where(cpu > knee, knee + np.float32(30.0) * excess / (1 + excess), cpu)
        out: F32 = np.where(ceiling > 0, np.minimum(cpu, ceiling), soft)
        return out

    def _rate(self, reads: F32, units: F64, counts: I64, rows: I64) -> I64:
        ticks = reads.reshape(len(rows), -1, PER_TICK)
        unit = units[rows]
        out = np.empty(ticks.shape[:2], dtype=np.int64)
        for profile in (HYPERVISOR, GUEST, CLOUD):
            mine = np.flatnonzero(self.profile[rows] == profile)
            if not len(mine):
                continue
            part = ticks[mine].astype(np.float64)
            if profile == HYPERVISOR and not self.plain:
                # Whole steps add up exactly; what one step is worth comes last.
                steps = np.floor(part * (1 / unit[mine, None, None]) + EDGE)
                total = steps[:, :, 0] + steps[:, :, 1]
                total += steps[:, :, 2] * (counts[mine] == PER_TICK)
                total = np.rint(total * (unit[mine, None] * SCALE)).astype(np.int64)
            elif profile == CLOUD:
                mean = (part[:, :, 0] + part[:, :, 1] + part[:, :, 2]) / PER_TICK
                step = unit[mine, None]
                if not self.plain:
                    mean = np.where(step > 0, np.rint(np.floor(mean / np.maximum(step, 1e-9)) * step * 100) / 100, mean)
                total = np.rint(mean * SCALE).astype(np.int64)
            else:
                mean = (part[:, :, 0] + part[:, :, 1] + part[:, :, 2]) / PER_TICK
                grain = np.where(unit[mine] > 0, np.rint(unit[mine] * SCALE), 1.0)[:, None] if not self.plain else 1.0
                total = (np.rint(mean * (SCALE / grain)) * grain).astype(np.int64) * counts[mine]
            out[mine] = total
        return out

    def memory(self, state: HostState, used: F32, counts: I64, rows: I64, first_tick: int) -> I64:
        """Sum of each tick's memory reads from ``first_tick`` on, in `memory_units`; shape (hosts, ticks).

        ``used`` is what the guests among the hosts have in use, shape (guests, ticks).
        """
        skip = first_tick - state.window.start
        out = np.zeros(counts.shape, dtype=np.int64)
        outside = np.flatnonzero(self.profile[rows] == HYPERVISOR)
        inside = np.flatnonzero(self.profile[rows] == GUEST)
        out[inside] = np.rint(used.astype(np.float64) * SCALE).astype(np.int64) * counts[inside]
        if len(outside):
            mine = rows[outside]
            out[outside] = estimates(
                state.touched[outside],
                self.estimator[mine],
                self.guests.take(mine),
                state.window,
                skip,
                counts[outside],
            )
        return out

    def memory_units(self, rows: I64) -> F64:
        """Per cent of memory that one unit of `memory` stands for."""
        return np.where(self.profile[rows] == HYPERVISOR, 100.0 * GRAIN_KB / self.guests.size_kb[rows], 1 / SCALE)


def agents(fleet: HostFleet) -> Agents:
    """Agents of all hosts."""
    options, ceilings = table("agent"), table("ceilings")
    draws = Draws(fleet.seed, "agent", fleet.ids)
    third = draws.chance("third", 0.45)  # cloud services whose reads are multiples of a third of a per cent
    hypervisor = fleet.profiles == HYPERVISOR
    page = np.array(options["page_percent"])[draws.choice("page", options["page_weights"])]
    page = page * (1 + 0.02 * draws.uniform("page_scatter", -1.0, 1.0))
    hard = draws.chance("hard", ceilings["hard"])
    missed = np.array(options["missed"])[draws.choice("missed", options["missed_weights"])]
    cloud = fleet.profiles == CLOUD
    no_network = cloud & ~draws.chance("cloud_network", options["cloud_network"])
    blind = {"memory": cloud, "disk_read": cloud, "disk_write": cloud, "net_in": no_network, "net_out": no_network}
    return Agents(
        profile=fleet.profiles.astype(np.int64),
        cpu_unit=np.where(hypervisor, 1.0 / fleet.processors, np.where(third & cloud, 1 / 3, 0.0)),
        rate_unit=np.select([hypervisor, fleet.profiles == GUEST], [1.0, 0.001]),
        missed=np.where(fleet.profiles == CLOUD, 0.0, missed) * (0.0 if "agent" in fleet.without else 1.0),
        missing=draws.keys("missing"),
        guests=Guests(
            fleet.processors * 2.0**19 * np.array([1, 2, 4])[draws.choice("gigabytes", [0.4, 0.4, 0.2])],
            page,
            draws.spread("cycle", (10800.0, 1.0)),
            "memory_view" not in fleet.without,
        ),
        ceiling=np.full(len(fleet), WHOLE)
        if "ceilings" in fleet.without
        else np.where(hard, np.array(ceilings["values"])[draws.choice("ceiling", ceilings["weights"])], 0.0),
        estimator=draws.keys("estimator"),
        plain="agent" in fleet.without,
        blind=blind,
    )
