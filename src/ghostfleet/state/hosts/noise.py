"""Noise of twenty-second sub-samples, part of it shared by all that a host does; and dips, when work pauses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw, maths
from ghostfleet.core.scratch import Scratch
from ghostfleet.spec.hosts import PROFILES
from ghostfleet.state.hosts.parameters import LOG2_E, Draws, table

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I64, U64
    from ghostfleet.core.window import Window
    from ghostfleet.world.hosts import HostFleet

METRICS = ("cpu", "read", "write", "inbound", "outbound")
DIP_S = 300
PER_TICK = 3  # sub-samples, each with noise of its own


@dataclass(frozen=True, slots=True)
class Noise:
    """Noise of all hosts, as columns per metric."""

    common: U64
    own: dict[str, U64]
    deviation: dict[str, F64]
    of_minutes: dict[str, F64]  # of the mean of three sub-samples
    loading: dict[str, F64]
    rough: F64
    dips: dict[str, U64]
    dip_chance: dict[str, F64]
    dip_depth: tuple[float, float]
    scratch: Scratch = field(default_factory=Scratch)

    def shared(self, window: Window, rows: I64, parts: int) -> F32:
        """Standard normal noise of the whole host in each part of a window's ticks."""
        return draw.normal(self.common[rows], window.start * parts, window.stop * parts, scratch=self.scratch)

    def apply(self, metric: str, rates: F32, window: Window, rows: I64, common: F32) -> None:
        """Multiply rates by noise with mean 1 and dip them now and then, in place; shape (rows, parts of ticks)."""
        parts = rates.shape[1] // len(window)
        deviation = (self.deviation if parts == PER_TICK else self.of_minutes)[metric][rows]
        alive = np.flatnonzero((deviation > 0) & (rates.max(axis=1) > 0))
        if len(alive):
            mine = rows[alive]
            z = draw.normal(self.own[metric][mine], window.start * parts, window.stop * parts, scratch=self.scratch)
            load = self.loading[metric][mine, None]
            sd = deviation[alive, None]
            z *= (np.sqrt(1 - load * load) * sd * LOG2_E).astype(np.float32)
            shared = common[alive]
            shared *= (load * sd * LOG2_E).astype(np.float32)
            shared -= (0.5 * LOG2_E * sd * sd).astype(np.float32)
            z += shared
            maths.exp2_f32(z, out=z)
            if len(alive) == len(rates):
                rates *= z
            else:
                rates[alive] *= z
        self._dip(metric, rates, window, rows)

    def roughen(self, metric: str, loads: F32, window: Window, rows: I64) -> None:
        """Make long runs uneven from minute to minute, in place; shape (rows, parts of ticks)."""
        flat = loads.reshape(-1)
        busy = np.flatnonzero(flat > 0)  # a few in a hundred
        if not len(busy):
            return
        row, place = np.divmod(busy, loads.shape[1])
        tick = place // (loads.shape[1] // len(window))
        sd = self.rough[rows]
        z = draw.normal_at(draw.rekey(self.own[metric][rows], 7)[row], window.start + tick)
        z *= (sd * LOG2_E).astype(np.float32)[row]
        z -= (0.5 * LOG2_E * sd * sd).astype(np.float32)[row]
        flat[busy] *= maths.exp2_f32(z, out=z)

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
        parts = rates.shape[1] // len(window)
        per_cell = DIP_S * parts // window.tick_s
        offset = window.start * parts - first * per_cell
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
        of_minutes={metric: _of_means(value) for metric, value in deviation.items()},
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


def _of_means(deviation: F64) -> F64:
    """Log deviation of the mean of three log-normal values: that of the log-normal whose variance is a third."""
    third = (maths.exp2(LOG2_E * deviation * deviation) - 1) / PER_TICK
    return np.sqrt(maths.log2(1 + third) / LOG2_E)
