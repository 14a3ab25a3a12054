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
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F32, F64, I64, U64, Bool
    from ghostfleet.core.window import Window
    from ghostfleet.state.hosts.deposit import Left
    from ghostfleet.world.hosts import HostFleet

METRICS = ("cpu", "read", "write", "inbound", "outbound")
DIP_S = 300
PER_TICK = 3  # sub-samples, each with noise of its own


class Dips(msgspec.Struct, frozen=True):
    """Stretches in which work pauses, series by series."""

    series: I64
    place: I64
    left: F32

    def apply(self, rates: F32, first: int) -> None:
        """Dip the rates of some series, ``first`` and those after it, in place."""
        low, high = np.searchsorted(self.series, (first, first + len(rates)))
        mine = slice(low, high)
        rates[self.series[mine] - first, self.place[mine]] *= self.left[mine]


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

    def of(self, metrics: Sequence[str], rows: I64, parts: int, wanted: Bool) -> Voices:
        """Noise of some hosts, metric by metric; of those that are not ``wanted``, nobody asks when they pause."""
        deviation = self.deviation if parts == PER_TICK else self.of_minutes
        load, sd, chance = (
            np.array([of[metric][rows] for metric in metrics], dtype=np.float64).reshape(-1)
            for of in (self.loading, deviation, self.dip_chance)
        )
        own, dips = (
            np.array([of[metric][rows] for metric in metrics], dtype=np.uint64).reshape(-1, 2)
            for of in (self.own, self.dips)
        )
        dipping = ((chance > 0) & wanted.reshape(-1)).nonzero()[0]
        rough = self.rough[rows]
        return Voices(
            parts=parts,
            rows=len(rows),
            common=self.common[rows],
            own=own,
            sd=(np.sqrt(1 - load * load) * sd * LOG2_E).astype(np.float32),
            shared=(load * sd * LOG2_E).astype(np.float32),
            mean=(0.5 * LOG2_E * sd * sd).astype(np.float32),
            uneven=draw.rekey(own, 7),
            rough=(rough * LOG2_E).astype(np.float32),
            rough_mean=(0.5 * LOG2_E * rough * rough).astype(np.float32),
            dipping=dipping,
            dips=dips[dipping],
            depths=draw.rekey(dips[dipping], 1),
            dip_chance=chance[dipping, None].astype(np.float32),
            dip_depth=self.dip_depth,
            scratch=self.scratch,
        )


@dataclass(frozen=True, slots=True)
class Voices:
    """Noise of series: all of it that no window changes. The series of a metric have one host each, in order."""

    parts: int  # of a tick
    rows: int  # hosts
    common: U64
    own: U64
    sd: F32  # of log2, of what a series does by itself
    shared: F32  # the same of what its host does
    mean: F32  # of log2, that leaves a mean of 1
    uneven: U64
    rough: F32  # per host
    rough_mean: F32
    dipping: I64  # series that pause
    dips: U64
    depths: U64
    dip_chance: F32
    dip_depth: tuple[float, float]
    scratch: Scratch

    def whole(self, window: Window) -> F32:
        """Standard normal noise of each host in each part of a window's ticks."""
        return draw.normal(self.common, window.start * self.parts, window.stop * self.parts, scratch=self.scratch)

    def factors(self, series: I64, window: Window, whole: F32) -> F32:
        """Noise with mean 1 of some series, shape (series, parts of ticks); ``whole`` is that of their hosts."""
        z = draw.normal(
            self.own.take(series, axis=0), window.start * self.parts, window.stop * self.parts, scratch=self.scratch
        )
        z *= self.sd.take(series)[:, None]
        shared = whole.take(series % self.rows, axis=0)
        shared *= self.shared.take(series)[:, None]
        shared -= self.mean.take(series)[:, None]
        z += shared
        return maths.exp2_f32(z, out=z)

    def factors_at(self, series: I64, place: I64, window: Window, whole: F32) -> F32:
        """What `factors` has at some places, for series that are nothing at most others."""
        z = draw.scattered_normal(self.own.take(series, axis=0), place + window.start * self.parts)
        z *= self.sd.take(series)
        shared = whole.reshape(-1).take(series % self.rows * whole.shape[1] + place)
        shared *= self.shared.take(series)
        shared -= self.mean.take(series)
        z += shared
        return maths.exp2_f32(z, out=z)

    def roughen(self, left: Left, window: Window, first: int) -> None:
        """Make long runs uneven from minute to minute, in place; the first of their rows is series ``first``."""
        row, place = np.divmod(left.cells, self.parts * len(window))
        row += first
        there = np.zeros(len(self.own), dtype=bool)
        there[row] = True
        some = there.nonzero()[0]
        drawn = self.scratch.array("rough", (len(some), len(window)), np.float32)
        draw.normal(self.uneven.take(some, axis=0), window.start, window.stop, out=drawn, scratch=self.scratch)
        begin = np.zeros(len(self.own), dtype=np.int64)
        begin[some] = np.arange(len(some)) * len(window)
        place //= self.parts
        place += begin.take(row)
        z = drawn.reshape(-1).take(place)
        row %= self.rows
        z *= self.rough.take(row)
        z -= self.rough_mean.take(row)
        rates = left.rates
        rates *= maths.exp2_f32(z, out=z)

    def pauses(self, window: Window) -> Dips:
        """When work pauses in a window."""
        first, last = window.since_s // DIP_S, -(-window.until_s // DIP_S)
        at, cell = np.nonzero(draw.uniform32(self.dips, first, last) < self.dip_chance)
        low, high = self.dip_depth
        lot = draw.uniform_at(self.depths.take(at, axis=0), first + cell)
        left = (low + (high - low) * lot).astype(np.float32)
        per_cell = DIP_S * self.parts // window.tick_s
        place = (cell * per_cell - window.start * self.parts + first * per_cell)[:, None] + np.arange(per_cell)
        turn, inside = np.nonzero((place >= 0) & (place < self.parts * len(window)))
        return Dips(self.dipping.take(at.take(turn)), place[turn, inside], left.take(turn))


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
