"""Noise of twenty-second sub-samples, part of it shared by all that a host does; and dips, when work pauses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import draw, maths
from ghostfleet.core.scratch import Scratch
from ghostfleet.spec.hosts import PROFILES
from ghostfleet.state.hosts.parameters import LOG2_E, Draws, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ghostfleet.core.arrays import F32, F64, I64, U64
    from ghostfleet.core.window import Window
    from ghostfleet.state.hosts.deposit import Left
    from ghostfleet.world.hosts import HostFleet

METRICS = ("cpu", "read", "write", "inbound", "outbound")
DIP_S = 300
PER_TICK = 3  # sub-samples, each with noise of its own


class Dips(msgspec.Struct, frozen=True):
    """Cells of rates, and what is left of each."""

    row: I64
    place: I64
    left: F32

    def apply(self, rates: F32) -> None:
        """Dip rates, in place."""
        rates[self.row, self.place] *= self.left


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
        """Multiply rates by noise with mean 1, in place; shape (rows, parts of ticks)."""
        parts = rates.shape[1] // len(window)
        alive = np.flatnonzero((self._deviation(metric, parts)[rows] > 0) & (rates.max(axis=1) > 0))
        if len(alive):
            factor = self.factors((metric,), window, rows[alive], common[alive])[metric]
            if len(alive) == len(rates):
                rates *= factor
            else:
                rates[alive] *= factor

    def factors(self, metrics: Sequence[str], window: Window, rows: I64, common: F32) -> dict[str, F32]:
        """Noise with mean 1 of some metrics at once, each of shape (rows, parts of ticks); ``common`` is `shared`."""
        parts = common.shape[1] // len(window)
        keys = np.concatenate([self.own[metric][rows] for metric in metrics])
        load = np.concatenate([self.loading[metric][rows] for metric in metrics])[:, None]
        sd = np.concatenate([self._deviation(metric, parts)[rows] for metric in metrics])[:, None]
        z = draw.normal(keys, window.start * parts, window.stop * parts, scratch=self.scratch)
        z *= (np.sqrt(1 - load * load) * sd * LOG2_E).astype(np.float32)
        shared = np.tile(common, (len(metrics), 1)) if len(metrics) > 1 else common.copy()
        shared *= (load * sd * LOG2_E).astype(np.float32)
        shared -= (0.5 * LOG2_E * sd * sd).astype(np.float32)
        z += shared
        maths.exp2_f32(z, out=z)
        return dict(zip(metrics, z.reshape(len(metrics), len(rows), -1), strict=True))

    def _deviation(self, metric: str, parts: int) -> F64:
        return (self.deviation if parts == PER_TICK else self.of_minutes)[metric]

    def roughen(self, loads: Mapping[str, Left], window: Window, rows: I64, parts: int) -> None:
        """Make long runs uneven from minute to minute, in place; what is left on some of ``rows``, by metric."""
        for metric, left in loads.items():
            row, place = np.divmod(left.cells, parts * len(window))
            there = np.zeros(len(rows), dtype=bool)
            there[row] = True
            some = np.flatnonzero(there)
            keys = draw.rekey(self.own[metric][rows[some]], 7)
            shape = len(some), len(window)
            drawn = self.scratch.array("rough", shape, np.float32)
            draw.normal(keys, window.start, window.stop, out=drawn, scratch=self.scratch)
            first = np.zeros(len(rows), dtype=np.int64)
            first[some] = np.arange(len(some)) * len(window)
            place //= parts
            place += first.take(row)
            z = drawn.reshape(-1).take(place)
            sd = self.rough[rows]
            z *= (sd * LOG2_E).astype(np.float32).take(row)
            z -= (0.5 * LOG2_E * sd * sd).astype(np.float32).take(row)
            rates = left.rates
            rates *= maths.exp2_f32(z, out=z)

    def dipped(self, metrics: Sequence[str], window: Window, rows: I64, parts: int) -> dict[str, Dips]:
        """When work pauses in a window, by metric; those without a pause are missing."""
        chances = np.concatenate([self.dip_chance[metric][rows] for metric in metrics])
        some = np.flatnonzero(chances > 0)
        keys = np.concatenate([self.dips[metric][rows] for metric in metrics])[some]
        first, last = window.since_s // DIP_S, -(-window.until_s // DIP_S)
        at, cell = np.nonzero(draw.uniform32(keys, first, last) < chances[some, None].astype(np.float32))
        low, high = self.dip_depth
        lot = draw.uniform_at(draw.rekey(keys[at], 1), first + cell)
        left = (low + (high - low) * lot).astype(np.float32)
        per_cell = DIP_S * parts // window.tick_s
        place = (cell * per_cell - window.start * parts + first * per_cell)[:, None] + np.arange(per_cell)
        turn, inside = np.nonzero((place >= 0) & (place < parts * len(window)))
        whose, row = np.divmod(some[at[turn]], len(rows))
        ends = np.searchsorted(whose, np.arange(len(metrics) + 1))
        found = {}
        for metric, begin, end in zip(metrics, ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            if end > begin:
                mine = slice(begin, end)
                found[metric] = Dips(row[mine], place[turn[mine], inside[mine]], left[turn[mine]])
        return found


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
    own = {metric: draws.keys(f"own {metric}") for metric in METRICS}
    loading = {metric: shared * draws.between(f"loading {metric}", options["shared_range"]) for metric in METRICS}
    if shared:  # on most hosts, what goes out answers what comes in: one noise for both
        talks = draws.chance("converses", options["converses"])
        own["outbound"] = np.where(talks[:, None], own["inbound"], own["outbound"])
        loading["outbound"] = np.where(talks, loading["inbound"], loading["outbound"])
    return Noise(
        common=draws.keys("common"),
        own=own,
        deviation=deviation,
        of_minutes={metric: _of_means(value) for metric, value in deviation.items()},
        loading=loading,
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
