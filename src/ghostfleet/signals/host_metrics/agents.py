"""What monitoring agents make of a host: they read it a few times a minute, cut what they read, and miss some reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.scratch import Scratch
from ghostfleet.signals.host_metrics.pages import GRAIN_KB, Guests, estimates
from ghostfleet.state.hosts import METRICS, PER_TICK, USED
from ghostfleet.state.hosts.parameters import Draws, table
from ghostfleet.world.hosts import CLOUD, GUEST, HYPERVISOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghostfleet.core.arrays import F32, F64, I64, U64, Bool
    from ghostfleet.core.window import Window
    from ghostfleet.state.hosts import HostState
    from ghostfleet.world.hosts import HostFleet

RATES = {"cpu": "cpu", "disk_read": "read", "disk_write": "write", "net_in": "inbound", "net_out": "outbound"}
SEEN = {  # by a profile's agent, of what the state knows; a cloud's service tells of some hosts' networks
    (HYPERVISOR, True): METRICS,
    (GUEST, True): (*RATES.values(), USED),
    (CLOUD, True): ("cpu", "inbound", "outbound"),
    (CLOUD, False): ("cpu",),
}
EDGE = np.float32(1e-6)  # of a step: a read on the edge of a step has reached it
WHOLE = 100.0  # per cent
KNEE = 70.0
CARRIER_KNEE = 94.0  # of machines on which pods run: what these take is taken, and readings must not hide it
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
    knee: float  # CPU above which a soft limit is neared
    limits: dict[str, F32]  # of rates, KB/s: no device does more
    estimator: U64
    plain: bool
    blind: dict[str, Bool]  # hosts whose agent does not report a metric
    sees: dict[str, Bool]  # hosts whose agent sees a metric of the state
    scratch: Scratch = field(default_factory=Scratch)

    def parts(self, profile: int) -> int:
        """How finely an agent looks: a hypervisor cuts each read to whole steps, the others tell a minute's mean."""
        return PER_TICK if profile == HYPERVISOR and not self.plain else 1

    def counts(self, profile: int, window: Window, rows: I64) -> I64:
        """Reads of each tick that arrived: three, sometimes two; of a cloud's metric service one."""
        if profile == CLOUD:
            return np.ones((len(rows), len(window)), dtype=np.int64)
        lots = draw.uniform32(self.missing[rows], window.start, window.stop)
        return PER_TICK - (lots < (self.missed[rows, None] / 5).astype(np.float32)).astype(np.int64)

    def sums(self, profile: int, rates: Mapping[str, F32], counts: I64, rows: I64) -> dict[str, I64]:
        """Sum of the reads of each tick in millionths, shape (hosts, ticks), of hosts of one profile."""
        told = {}
        for name, metric in RATES.items():
            if metric in rates:
                reads = rates[metric]
                reads = self._capped(reads, rows) if metric == "cpu" else self._limited(reads, metric, rows)
                units = self.cpu_unit if metric == "cpu" else self.rate_unit
                told[name] = self._rate(profile, reads, units[rows, None], counts)
        return told

    def _capped(self, cpu: F32, rows: I64) -> F32:
        ceiling = self.ceiling[rows].astype(np.float32)
        knee = np.float32(self.knee)
        # A hard ceiling cuts; a soft one is neared: above the knee each further per cent counts less.
        reached = cpu > np.where(ceiling > 0, ceiling, knee)[:, None]
        place = reached.reshape(-1).nonzero()[0]
        if not len(place):
            return cpu
        out, hard = cpu.copy(), ceiling.take(place // cpu.shape[1])
        room = np.float32(WHOLE) - knee
        excess = (out.reshape(-1).take(place) - knee) / room
        out.reshape(-1)[place] = np.where(hard > 0, hard, knee + room * excess / (1 + excess))
        return out

    def _limited(self, reads: F32, metric: str, rows: I64) -> F32:
        """What a device lets through; a demand beyond that is rare, so most are left as they are."""
        limit = self.limits[metric][rows]
        over = (reads.max(axis=1) > limit).nonzero()[0]
        if len(over):
            reads = reads.copy()
            reads[over] = np.minimum(reads[over], limit[over, None])
        return reads

    def _rate(self, profile: int, reads: F32, unit: F64, counts: I64) -> I64:
        if profile == HYPERVISOR and not self.plain:
            # Whole steps add up exactly; what one step is worth comes last.
            steps = self.scratch.array("steps", reads.shape, np.float32)
            np.multiply(reads, (1 / unit).astype(np.float32), out=steps)
            steps += EDGE
            np.floor(steps, out=steps)
            total = steps[:, 2::PER_TICK] * (counts == PER_TICK)
            total += steps[:, 0::PER_TICK]
            total += steps[:, 1::PER_TICK]
            millionths = self.scratch.array("millionths", total.shape, np.float64)
            return _whole(np.multiply(total, unit * SCALE, out=millionths))
        mean = reads.astype(np.float64)
        if profile == CLOUD:
            step = np.maximum(unit, 1e-9)
            if not self.plain:
                mean = np.where(unit > 0, np.rint(np.floor(mean / step) * step * 100) / 100, mean)
            return _whole(mean * SCALE)
        # A guest's agent reports whole bytes.
        grain = np.ones_like(unit, dtype=np.int64) if self.plain else np.maximum(_whole(unit * SCALE), 1)
        return _whole(np.asarray(mean * (SCALE / grain), dtype=np.float64)) * grain * counts

    def estimated(self, state: HostState, counts: I64, rows: I64, skip: int) -> I64:
        """Sum of each tick's memory reads after ``skip``, in `memory_units`, as a hypervisor estimates it."""
        touched = state.touched
        if touched is None:
            msg = "the state was solved without memory"
            raise ValueError(msg)
        return estimates(touched, self.estimator[rows], self.guests.take(rows), state.window, skip, counts)

    def used(self, state: HostState, counts: I64) -> I64:
        """Sum of each tick's memory reads in millionths of a per cent, as a guest's agent knows it."""
        if state.used is None:
            msg = "the state was solved without memory in use"
            raise ValueError(msg)
        return _whole(state.used.astype(np.float64) * SCALE) * counts

    def memory_units(self, rows: I64) -> F64:
        """Per cent of memory that one unit of `memory` stands for."""
        return np.where(self.profile[rows] == HYPERVISOR, 100.0 * GRAIN_KB / self.guests.size_kb[rows], 1 / SCALE)


def _whole(values: F64) -> I64:
    return np.rint(values, out=values).astype(np.int64)


def _limits(fleet: HostFleet, ceilings: Mapping[str, Any]) -> dict[str, F32]:
    """Most that disks and links of hosts do, KB/s, by the metrics of the state."""
    endless = "ceilings" in fleet.without
    disk = ceilings["disk_kb"] + ceilings["disk_kb_per_processor"] * fleet.processors
    link = np.full(len(fleet), ceilings["network_kb"])
    limits = {"read": disk, "write": ceilings["write_share"] * disk, "inbound": link, "outbound": link}
    return {
        name: (np.full_like(limit, np.inf) if endless else limit).astype(np.float32) for name, limit in limits.items()
    }


def agents(fleet: HostFleet, *, carriers: bool = False) -> Agents:
    """Agents of all hosts; of carriers, on which others' work runs, none has a hard limit of CPU."""
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
        else np.where(
            hard & (not carriers), np.array(ceilings["values"])[draws.choice("ceiling", ceilings["weights"])], 0.0
        ),
        knee=CARRIER_KNEE if carriers else KNEE,
        limits=_limits(fleet, ceilings),
        estimator=draws.keys("estimator"),
        plain="agent" in fleet.without,
        blind=blind,
        sees={
            metric: np.any(
                [
                    (fleet.profiles == profile) & (~no_network == networked)
                    for (profile, networked), seen in SEEN.items()
                    if metric in seen
                ],
                axis=0,
            )
            for metric in (*METRICS, USED)
        },
    )
