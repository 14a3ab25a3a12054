"""Daily demand: on service hosts and a few others, work follows people's days by the host's own clock."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import civil, lattice, maths, zones
from ghostfleet.core.civil import SATURDAY
from ghostfleet.core.lattice import Spectrum
from ghostfleet.core.window import DAY_S, HOUR_S
from ghostfleet.state.hosts.parameters import LOG2_E, Draws, table
from ghostfleet.state.hosts.swings import CELL_S, lerped
from ghostfleet.world.hosts import SERVICE

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I64, U64
    from ghostfleet.core.moments import Moments
    from ghostfleet.world.hosts import HostFleet

HOURS = 24
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

    def of(self, rows: I64, hosts: int) -> tuple[I64, I64]:
        """Places of those of some hosts that have demand, in ``rows`` and in here; ``hosts`` are in the fleet."""
        there = np.zeros(hosts, dtype=bool)
        there[rows] = True
        mine = there.take(self.host).nonzero()[0]
        return np.searchsorted(rows, self.host[mine]), mine

    def curve(self, fleet: HostFleet, at: Moments, mine: I64, nodes: F32) -> F32:
        """Share of the peak of some of the hosts, shape (those, ticks); ``nodes`` are those of their swings."""
        hosts = self.host[mine]
        codes, zone = np.unique(fleet.zone_codes[hosts], return_inverse=True)
        local = at.seconds + np.stack([zones.offsets(at.seconds, fleet.zones[code]) for code in codes.tolist()])
        day = local // DAY_S
        local -= day * DAY_S
        hour = local // HOUR_S
        local -= hour * HOUR_S
        late = local.astype(np.float32)
        late *= np.float32(1 / HOUR_S)
        # Clocks are worked out once a zone, and the rest once a host.
        knots, rises = _curves()
        place = hour[zone]
        place += self.kind[mine, None] * HOURS
        out = rises.take(place)
        out *= late[zone]
        out += knots.take(place)
        floor = self.floor[mine, None].astype(np.float32)
        out *= 1 - floor
        out += floor
        rests = civil.weekday(day) >= SATURDAY
        if rests.any():
            out *= np.where(rests[zone], self.weekend[mine, None].astype(np.float32), np.float32(1))
        swing = lerped(nodes * (self.swing[mine, None] * LOG2_E).astype(np.float32), at.window, CELL_S)
        out *= maths.exp2_f32(swing, out=swing)
        return out


@cache
def _curves() -> tuple[F32, F32]:
    """Share of the peak at each full hour, kind after kind, and its change until the next."""
    knots = np.array(list(table("demand")["curve"].values()))
    return knots.astype(np.float32).ravel(), (np.roll(knots, -1, axis=1) - knots).astype(np.float32).ravel()


def demand(fleet: HostFleet, levels: dict[str, F64]) -> Demand:
    """Demand of the hosts that have it."""
    options = table("demand")
    everyone = Draws(fleet.seed, "demand", fleet.ids)
    host = ((fleet.roles == SERVICE) | everyone.chance("others", options["others"])).nonzero()[0]
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
