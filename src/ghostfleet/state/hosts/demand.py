"""Daily demand: on service hosts and a few others, work follows people's days by the host's own clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import lattice, maths
from ghostfleet.core.civil import SATURDAY
from ghostfleet.core.lattice import Spectrum
from ghostfleet.state.hosts.parameters import LOG2_E, Draws, table
from ghostfleet.world.hosts import SERVICE

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I64, U64
    from ghostfleet.core.moments import Moments
    from ghostfleet.world.hosts import HostFleet

CELL_S = 300
SWING = Spectrum.power_law(1024, 0.8)  # of demand: up to 3.5 days, slow swings the larger


@dataclass(frozen=True, slots=True)
class Demand:
    """Hosts with demand, as columns."""

    host: I64
    kind: I64
    weekend: F64
    floor: F64
    swing: F64
    levels: U64  # keys of the swing's lattice
    heights: dict[str, F64]  # at the peak: rates to add, per cent touched for memory

    def curve(self, fleet: HostFleet, at: Moments, first: int, last: int) -> tuple[I64, F32]:
        """Rows of hosts ``[first, last)`` that have demand, and its share of the peak; shape (those, ticks)."""
        low, high = np.searchsorted(self.host, (first, last)).tolist()
        hosts = self.host[low:high]
        if not len(hosts):
            return hosts, np.empty((0, len(at)), dtype=np.float32)
        curves = np.array([[*curve, curve[0]] for curve in table("demand")["curve"].values()])
        out = np.empty((high - low, len(at)), dtype=np.float32)
        for row, host in enumerate(hosts.tolist()):
            local = at.local(fleet.zones[fleet.zone_codes[host]])
            hour = local.second_of_day / 3600.0
            whole = hour.astype(np.int64)
            knots = curves[self.kind[low + row]]
            share = knots[whole] + (hour - whole) * (knots[whole + 1] - knots[whole])
            share = self.floor[low + row] + (1 - self.floor[low + row]) * share
            out[row] = np.where(local.weekday < SATURDAY, share, share * self.weekend[low + row])
        out *= self._swings(at, low, high)
        return hosts - first, out

    def _swings(self, at: Moments, low: int, high: int) -> F32:
        cells = at.seconds / CELL_S
        start = int(cells[0]) if len(cells) else 0
        stop = int(cells[-1]) + 2 if len(cells) else 1
        choice = np.zeros(high - low, dtype=np.int32)
        nodes = lattice.characters(self.levels[:, low:high], start, stop, (SWING,), choice)
        nodes *= (self.swing[low:high, None] * LOG2_E).astype(np.float32)
        place = cells.astype(np.int64)
        late = (cells - place).astype(np.float32)
        left = nodes[:, place - start]
        return maths.exp2_f32(left + late * (nodes[:, place + 1 - start] - left))


def demand(fleet: HostFleet, levels: dict[str, F64]) -> Demand:
    """Demand of the hosts that have it."""
    options = table("demand")
    everyone = Draws(fleet.seed, "demand", fleet.ids)
    host = np.flatnonzero((fleet.roles == SERVICE) | everyone.chance("others", options["others"]))
    draws = Draws(fleet.seed, "demand", fleet.ids[host])
    touches = options["touches"]

    def height(metric: str, place: str, least: float) -> F64:
        rate: F64 = (
            draws.chance(f"{metric}_gate", touches[metric])
            * draws.spread(metric, options[metric])
            * np.maximum(levels[place][host], least)
        )
        return rate

    return Demand(
        host=host,
        kind=draws.choice("kind", options["weights"]).astype(np.int64),
        weekend=draws.between("weekend", options["weekend_range"]),
        floor=draws.between("floor", options["floor_range"]),
        swing=draws.between("wander", options["wander_range"]),
        levels=lattice.level_keys(draws.keys("swing"), len(SWING.amplitudes)),
        heights={
            "cpu": height("cpu", "cpu", 0.5),
            "write": height("write", "write", 0.5),
            "inbound": height("network", "inbound", options["least_network"]),
            "outbound": height("network", "outbound", options["least_network"]),
            "memory": draws.chance("memory_gate", touches["memory"]) * draws.spread("memory", options["memory"]),
        },
    )
