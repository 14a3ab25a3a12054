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

    def curve(self, fleet: HostFleet, at: Moments, rows: I64) -> tuple[I64, I64, F32]:
        """Places of those of some hosts that have demand, in ``rows`` and in here, and their share of the peak.

        The shares have shape (those, ticks).
        """
        mine = np.flatnonzero(np.isin(self.host, rows, assume_unique=True))
        hosts = self.host[mine]
        if not len(hosts):
            return hosts, mine, np.empty((0, len(at)), dtype=np.float32)
        curves = np.array([[*curve, curve[0]] for curve in table("demand")["curve"].values()])
        out = np.empty((len(mine), len(at)), dtype=np.float32)
        zones = fleet.zone_codes[hosts]
        for code in np.unique(zones).tolist():
            local = at.local(fleet.zones[code])
            hour = local.second_of_day / 3600.0
            whole = hour.astype(np.int64)
            here = np.flatnonzero(zones == code)
            place = mine[here]
            knots = curves[self.kind[place]]
            share, rise = knots.take(whole, axis=1), np.diff(knots).take(whole, axis=1)
            share += (hour - whole) * rise
            floor = self.floor[place, None]
            share = floor + (1 - floor) * share
            out[here] = np.where(local.weekday < SATURDAY, share, share * self.weekend[place, None])
        out *= self._swings(at, mine)
        return np.searchsorted(rows, hosts), mine, out

    def _swings(self, at: Moments, mine: I64) -> F32:
        cells = at.seconds / CELL_S
        start = int(cells[0]) if len(cells) else 0
        stop = int(cells[-1]) + 2 if len(cells) else 1
        choice = np.zeros(len(mine), dtype=np.int32)
        nodes = lattice.characters(self.levels[:, mine], start, stop, (SWING,), choice)
        nodes *= (self.swing[mine, None] * LOG2_E).astype(np.float32)
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
