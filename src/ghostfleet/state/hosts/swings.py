"""Slow swings and level steps: what makes one hour, day or week of a host unlike the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import draw, lattice, maths
from ghostfleet.core.lattice import Spectrum
from ghostfleet.core.scratch import Scratch
from ghostfleet.core.window import DAY_S
from ghostfleet.state.hosts.parameters import LOG2_E, Draws, table
from ghostfleet.state.hosts.schedule import each

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ghostfleet.core.arrays import F32, F64, I32, I64, U64
    from ghostfleet.core.window import Window
    from ghostfleet.world.hosts import HostFleet

CELL_S = 300
SLOWEST_CELLS = 1024  # 3.5 days
CHARACTERS = 12
METRICS = ("cpu", "read", "write", "inbound", "outbound", "memory")
SECTION = {"inbound": "network", "outbound": "network"}


@dataclass(frozen=True, slots=True)
class Swings:
    """Factors of levels over time, at the scale of minutes to weeks."""

    spectra: tuple[Spectrum, ...]
    choice: I32
    common: U64  # keys of what the whole host does
    own: dict[str, U64]
    deviation: dict[str, F64]
    loading: dict[str, F64]
    steps: Steps | None
    scratch: Scratch = field(default_factory=Scratch)

    def of(self, rows: Mapping[str, I64], others: Sequence[tuple[U64, Spectrum]] = ()) -> Swinging:
        """Swings of metrics, each of its own rows of the fleet: all of them that no window changes.

        ``others`` are lattices of as many levels that are not swings of a metric, and are wanted at the same nodes.
        """
        everyone = np.unique(np.concatenate(list(rows.values()))) if rows else np.empty(0, dtype=np.int64)
        sets = [(self.common, everyone), *((self.own[metric], some) for metric, some in rows.items())]
        hosts = np.concatenate([some for _, some in sets])
        more = [np.full(keys.shape[1], CHARACTERS + turn, dtype=np.int32) for turn, (keys, _) in enumerate(others)]
        load = np.concatenate([everyone[:0], *(self.loading[metric][some] for metric, some in rows.items())])
        deviation = np.concatenate([everyone[:0], *(self.deviation[metric][some] for metric, some in rows.items())])
        deviation = deviation * LOG2_E
        return Swinging(
            self.spectra + tuple(spectrum for _, spectrum in others),
            np.concatenate([*(keys[:, some] for keys, some in sets), *(keys for keys, _ in others)], axis=1),
            np.concatenate([self.choice[hosts], *more]),
            len(everyone),
            np.searchsorted(everyone, hosts[len(everyone) :]),
            (np.sqrt(1 - load * load) * deviation)[:, None].astype(np.float32),
            (load * deviation)[:, None].astype(np.float32),
            self.scratch,
        )


class Swinging(msgspec.Struct, frozen=True):
    """Swings of some series, after what their hosts do as a whole and before other lattices, as columns."""

    spectra: tuple[Spectrum, ...]
    keys: U64  # first those of whole hosts
    choice: I32
    hosts: int
    host: I64  # of each series, among the whole hosts
    own: F32  # deviation of what the series does by itself, of log2
    shared: F32
    scratch: Scratch

    def factors(self, cells: tuple[int, int]) -> tuple[F32, F32]:
        """Factors at five-minute nodes, shape (series, nodes), and the other lattices.

        All are made in one call: for a short window, calls cost more than values.
        """
        made = lattice.characters(self.keys, *cells, self.spectra, self.choice, self.scratch)
        end = self.hosts + len(self.host)
        nodes = made[self.hosts : end]
        nodes *= self.own
        common = made.take(self.host, axis=0)
        common *= self.shared
        nodes += common
        return maths.exp2_f32(nodes, out=nodes), made[end:]


class Held(msgspec.Struct, frozen=True):
    """Heights that hosts keep for some ticks each, host by host; those of a host last for the whole window together."""

    first: I64  # of each host, and one more
    height: F32
    ticks: I64

    def factors(self, row: I64, weight: F32, level: F32, ticks: int) -> F32:
        """Levels of series that belong to some of the hosts, moved by steps; shape (series, ticks)."""
        series, held = each(np.arange(len(row)), self.first.take(row), self.first.take(row + 1))
        height = self.height.take(held)
        height *= weight.take(series)
        maths.exp2_f32(height, out=height)
        height *= level.take(series)
        return np.repeat(height, self.ticks.take(held)).reshape(len(row), ticks)


@dataclass(frozen=True, slots=True)
class Steps:
    """Levels change once per cell of a host's own length, at a drawn instant, to a drawn height."""

    length_s: F64
    phase_s: F64
    size: F64
    instants: U64  # keys of the instants
    heights: U64
    weights: dict[str, F64]

    def held(self, window: Window, rows: I64) -> Held:
        """Heights as deviations; there are far fewer than ticks."""
        length, phase = self.length_s[rows], self.phase_s[rows]
        # A cell more at either end: what the quotients round to must not matter.
        first = np.floor((window.since_s - phase) / length).astype(np.int64) - 1
        last = np.floor((window.until_s - phase) / length).astype(np.int64) + 3
        row, cell = each(np.arange(len(rows)), first, last)
        host = rows.take(row)
        change = draw.uniform_at(self.instants.take(host, axis=0), cell)
        change += cell
        change *= length.take(row)
        change += phase.take(row)
        change /= window.tick_s
        stop = np.ceil(change, out=change).astype(np.int64) - window.start
        np.clip(stop, 0, len(window), out=stop)
        ends = np.diff(row, append=-1).nonzero()[0]
        stop[ends] = len(window)
        ticks = np.diff(stop, prepend=0)
        ticks[ends[:-1] + 1] = stop[ends[:-1] + 1]
        height = draw.normal_at(self.heights.take(host, axis=0), cell)
        height *= self.size.take(host).astype(np.float32)
        return Held(np.append(0, ends + 1), height, ticks)


def swings(fleet: HostFleet) -> Swings:
    """Swings of all hosts."""
    options = table("wander")
    draws = Draws(fleet.seed, "wander", fleet.ids)
    low, high = options["persistence_range"]
    spectra = tuple(
        Spectrum.power_law(SLOWEST_CELLS, low + (high - low) * (i + 0.5) / CHARACTERS) for i in range(CHARACTERS)
    )
    levels = len(spectra[0].amplitudes)
    scale = 0.0 if "wander" in fleet.without else 1.0
    return Swings(
        spectra=spectra,
        choice=(draws.uniform("character") * CHARACTERS).astype(np.int32),
        common=lattice.level_keys(draws.keys("common"), levels),
        own={metric: lattice.level_keys(draws.keys(f"own {metric}"), levels) for metric in METRICS},
        deviation={
            metric: scale
            * np.minimum(draws.spread(f"deviation {metric}", options[SECTION.get(metric, metric)]), options["most"])
            for metric in METRICS
        },
        loading={
            metric: np.sqrt(draws.between(f"loading {metric}", options["shared_range"]))
            * (0.0 if "shared" in fleet.without else 1.0)
            for metric in METRICS
        },
        steps=None if "steps" in fleet.without else _steps(fleet),
    )


def _steps(fleet: HostFleet) -> Steps:
    options = table("steps")
    draws = Draws(fleet.seed, "steps", fleet.ids)
    length = DAY_S / draws.between("rate", options["rate_range"])
    return Steps(
        length_s=length,
        phase_s=draws.uniform("phase") * length,
        size=np.minimum(draws.spread("size", options["size"]), options["most"]),
        instants=draws.keys("changes"),
        heights=draw.rekey(draws.keys("changes"), 1),
        weights={
            metric: draws.chance(f"takes part {metric}", options["shared"])
            * options["weight"][SECTION.get(metric, metric)]
            for metric in METRICS
        },
    )


def lerped(nodes: F32, window: Window, cell_s: int) -> F32:
    """Values between nodes at a window's ticks; the nodes are those that `span` names."""
    per_cell = cell_s // window.tick_s
    value = nodes[:, :-1].copy()
    rise = nodes[:, 1:] - value
    rise *= np.float32(1 / per_cell)
    out = np.empty((*value.shape, per_cell), dtype=np.float32)
    for tick in range(per_cell):
        out[:, :, tick] = value
        value += rise
    skip = window.start - span(window, cell_s)[0] * per_cell
    return out.reshape(len(nodes), per_cell * value.shape[1])[:, skip : skip + len(window)]


def span(window: Window, cell_s: int) -> tuple[int, int]:
    """Nodes ``[first, last)`` needed to interpolate at a window's ticks."""
    return window.since_s // cell_s, (window.until_s - window.tick_s) // cell_s + 2
