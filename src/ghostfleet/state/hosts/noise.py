"""Noise of twenty-second sub-samples, part of it shared by all that a host does; and dips, when work pauses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw, maths
from ghostfleet.spec.hosts import PROFILES
from ghostfleet.state.hosts.parameters import LOG2_E, Draws, table

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I64, U64
    from ghostfleet.core.window import Window
    from ghostfleet.world.hosts import HostFleet

METRICS = ("cpu", "read", "write", "inbound", "outbound")
DIP_S = 300
PER_TICK = 3


@dataclass(frozen=True, slots=True)
class Noise:
    """Noise of all hosts, as columns per metric."""

    common: U64
    own: dict[str, U64]
    deviation: dict[str, F64]
    loading: dict[str, F64]
    rough: F64
    dips: dict[str, U64]
    dip_chance: dict[str, F64]
    dip_depth: tuple[float, float]

    def shared(self, first: int, last: int, rows: I64) -> F32:
        """Standard normal noise of the whole host at sub-samples ``[first, last)``."""
        return draw.normal(self.common[rows], first, last)

    def apply(self, metric: str, rates: F32, window: Window, rows: I64, common: F32) -> None:
        """Multiply rates by noise with mean 1 and dip them now and then, in place; shape (rows, sub-samples)."""
        deviation = self.deviation[metric][rows]
        alive = np.flatnonzero((deviation > 0) & (rates.max(axis=1) > 0))
        if len(alive):
            mine = rows[alive]
            z = draw.normal(self.own[metric][mine], window.start * PER_TICK, window.stop * PER_TICK)
            load = self.loading[metric][mine, None]
            sd = deviation[alive, None]
            z *= (np.sqrt(1 - load * load) * sd * LOG2_E).astype(np.float32)
            shared = common[alive]
            shared *= (load * sd * LOG2_E).astype(np.float32)
            shared -= (0.5 * LOG2_E * sd * sd).astype(np.float32)
            z += shared
            rates[alive] *= maths.exp2_f32(z, out=z)
        self._dip(metric, rates, window, rows)

    def roughen(self, metric: str, loads: F32, window: Window, rows: I64) -> None:
        """Make long runs uneven from minute to minute, in place; shape (rows, sub-samples)."""
        some = np.flatnonzero((loads.max(axis=1) > 0) & (self.rough[rows] > 0))
        if not len(some):
            return
        mine = rows[some]
        z = draw.normal(draw.rekey(self.own[metric][mine], 7), window.start, window.stop)
        sd = self.rough[mine, None]
        z *= (sd * LOG2_E).astype(np.float32)
        z -= (0.5 * LOG2_E * sd * sd).astype(np.float32)
        loads[some] *= np.repeat(maths.exp2_f32(z, out=z), PER_TICK, axis=1)

    def _dip(self, metric: str, rates: F32, window: Window, rows: I64) -> None:
        chance = self.dip_chance[metric][rows]
        some = np.flatnonzero(chance > 0)
        if not len(some):
            return
        keys = self.dips[metric][rows[some]]
        first, last = window.since_s // DIP_S, -(-window.until_s // DIP_S)
        row, cell = np.nonzero(draw.uniform32(keys, first, last) < chance[some, None].astype(np.float32))
        low, high = self.dip_depth
        lot = draw.uniform_at(draw.rekey(keys[row], 1), first + cell)
        left = (low + (high - low) * lot).astype(np.float32)
        per_cell = DIP_S // (60 // PER_TICK)
        offset = window.start * PER_TICK - first * per_cell
        for step in range(per_cell):
            place = cell * per_cell + step - offset
            inside = (place >= 0) & (place < rates.shape[1])
            rates[some[row[inside]], place[inside]] *= left[inside]


def noise(fleet: HostFleet) -> Noise:
    """Noise of all hosts."""
    options, dips = table("noise"), table("dips")
    draws = Draws(fleet.seed, "noise", fleet.ids)
    cpu = np.array([options["cpu"][profile] for profile in PROFILES])[fleet.profiles].T
    shapes = {
        "cpu": cpu,
        "read": options["read"],
        "write": options["write"],
        "inbound": options["network"],
        "outbound": options["network"],
    }
    scale = 0.0 if "noise" in fleet.without else 1.0
    shared = 0.0 if "shared" in fleet.without else 1.0
    deviation = {}
    for metric, shape in shapes.items():
        value = draws.spread("deviation network" if "bound" in metric else f"deviation {metric}", shape)
        deviation[metric] = scale * np.minimum(value, options["most"])
    return Noise(
        common=draws.keys("common"),
        own={metric: draws.keys(f"own {metric}") for metric in METRICS},
        deviation=deviation,
        loading={metric: shared * draws.between(f"loading {metric}", options["shared_range"]) for metric in METRICS},
        rough=scale * np.minimum(draws.spread("rough", options["rough"]), options["most"]),
        dips={metric: draws.keys(f"dips {metric}") for metric in METRICS},
        dip_chance={
            metric: (0.0 if "dips" in fleet.without else 1.0)
            * draws.chance(f"has dips {metric}", dips["share"])
            * np.minimum(draws.spread(f"dip chance {metric}", dips["chance"]), dips["most"])
            for metric in METRICS
        },
        dip_depth=(dips["depth_range"][0], dips["depth_range"][1]),
    )
