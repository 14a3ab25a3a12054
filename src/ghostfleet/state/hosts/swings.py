"""Slow swings and level steps: what makes one hour, day or week of a host unlike the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw, lattice, maths
from ghostfleet.core.lattice import Spectrum
from ghostfleet.core.scratch import Scratch
from ghostfleet.core.window import DAY_S
from ghostfleet.state.hosts.parameters import LOG2_E, Draws, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghostfleet.core.arrays import F32, F64, I32, I64, U64
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

    def factors(self, cells: tuple[int, int], rows: Mapping[str, I64]) -> dict[str, F32]:
        """Factors of metrics at five-minute nodes, each of its own rows of the fleet; shape (rows, nodes).

        All are made in one call, with what the whole host does: for a short window, calls cost more than values.
        """
        everyone = np.unique(np.concatenate(list(rows.values()))) if rows else np.empty(0, dtype=np.int64)
        sets = [(self.common, everyone), *((self.own[metric], some) for metric, some in rows.items())]
        keys = np.concatenate([keys[:, some] for keys, some in sets], axis=1)
        choice = np.concatenate([self.choice[some] for _, some in sets])
        made = lattice.characters(keys, *cells, self.spectra, choice, self.scratch)
        shared, out, first = made[: len(everyone)], {}, len(everyone)
        for metric, some in rows.items():
            nodes = made[first : first + len(some)]
            first += len(some)
            load = self.loading[metric][some, None]
            nodes *= np.sqrt(1 - load * load).astype(np.float32)
            nodes += load.astype(np.float32) * shared[np.searchsorted(everyone, some)]
            nodes *= (self.deviation[metric][some, None] * LOG2_E).astype(np.float32)
            out[metric] = maths.exp2_f32(nodes, out=nodes)
        return out


@dataclass(frozen=True, slots=True)
class Steps:
    """Levels change once per cell of a host's own length, at a drawn instant, to a drawn height."""

    length_s: F64
    phase_s: F64
    size: F64
    keys: U64
    weights: dict[str, F64]

    def heights(self, seconds: I64, rows: I64) -> F32:
        """Height at each instant as a deviation, shape (rows, instants)."""
        place = (seconds[None, :] - self.phase_s[rows, None]) / self.length_s[rows, None]
        cell = np.floor(place).astype(np.int64)
        first, turns = cell[:, :1], int((cell[:, -1] - cell[:, 0]).max(initial=0)) + 2
        cells = first + np.arange(turns)
        keys = np.repeat(self.keys[rows], turns, axis=0)
        changes = draw.uniform_at(keys, cells.ravel()).reshape(cells.shape)
        values = draw.normal_at(draw.rekey(keys, 1), cells.ravel()).reshape(cells.shape)
        values *= self.size[rows, None].astype(np.float32)
        row = np.arange(len(rows))[:, None]
        at = cell - first
        at += place - cell >= changes[row, at]
        heights: F32 = values[row, at]
        return heights


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
        keys=draws.keys("changes"),
        weights={
            metric: draws.chance(f"takes part {metric}", options["shared"])
            * options["weight"][SECTION.get(metric, metric)]
            for metric in METRICS
        },
    )


def lerped(nodes: F32, start: int, seconds: I64, cell_s: int) -> F32:
    """Values between nodes at the given instants; node ``i`` stands at cell ``start + i``."""
    cell = seconds // cell_s
    late = ((seconds - cell * cell_s) / cell_s).astype(np.float32)
    left = nodes.take(cell - start, axis=1)
    rise = nodes.take(cell - start + 1, axis=1)
    rise -= left
    rise *= late
    left += rise
    return left


def span(seconds: I64, cell_s: int) -> tuple[int, int]:
    """Nodes ``[first, last)`` needed to interpolate at the given instants."""
    return int(seconds[0]) // cell_s, int(seconds[-1]) // cell_s + 2
