"""The load of servers over time: the documents' equations with noise that has memory (CAP-7 to CAP-10).

    level  = base × time factors × growth           (disk: without time factors)
    value  = bounded value whose mean is the level  (noise correlated across metrics, 1/f in time)
    spikes multiply CPU, memory and network of single ticks

Everything is closed form in the tick; nothing is carried from one tick to the next.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ghostfleet.core import draw, lattice
from ghostfleet.core.bounded import HIGHEST, Bounded, soft_cap
from ghostfleet.core.lattice import Spectrum
from ghostfleet.core.moments import Moments
from ghostfleet.core.scratch import Scratch
from ghostfleet.core.window import DAY_S, HOUR_S
from ghostfleet.shapes.growth import Growth
from ghostfleet.shapes.holidays import Holidays
from ghostfleet.shapes.quarter_end import QuarterEnd
from ghostfleet.shapes.weekend import Weekend
from ghostfleet.shapes.working_hours import WorkingHours
from ghostfleet.spec.fleet import METRICS

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, I32, I64, U64, Bool
    from ghostfleet.core.window import Window
    from ghostfleet.shapes import Shape
    from ghostfleet.spec.data import Data
    from ghostfleet.spec.fleet import Archetype
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.world.fleet import Fleet

CPU, MEMORY, DISK, NETWORK = range(len(METRICS))
NOISES = (*METRICS, "outbound")
RANGES = (100.0, 100.0, 100.0, 1000.0)  # of each metric, in its unit
OUTBOUND_RANGE_MBPS = 600.0
OUTBOUND_SHARE = 0.6  # of inbound traffic (CAP-2)
OUTBOUND_DEVIATION = 0.08  # of that share, over time
OUTBOUND_CHARACTER = 0.05  # of that share, between servers
KNEE = 0.9  # share of the range above which levels and spikes bend towards its end
SLOWEST_S = 16 * DAY_S  # slower swings would blur the growth of small fleets; what lasts is a server's character
PERSISTENCES = tuple(-0.1 + 0.1 * step for step in range(8))  # characters of noise, restless to sluggish; 0 is 1/f
SPIKE_CELL = 64  # ticks in which a server meets each stratum of its spikes once
MEMORY_SPIKE, NETWORK_SPIKE = 0.7, 0.8  # of a spike's magnitude (CAP-9)


class ServerState(msgspec.Struct, frozen=True):
    """What some servers did in a window; metrics in percent and Mbps, shapes (servers, ticks)."""

    window: Window
    cpu: F32
    memory: F32
    disk: F32
    network_in: F32
    network_out: F32


class Calendar(msgspec.Struct, frozen=True):
    """Curves of a window by type, shape (types, ticks)."""

    window: Window
    growth: F32
    factors: F32  # weekend × quarter end × holiday
    working: dict[int, Bool]  # region -> whether a tick lies in its working hours; filled as servers ask


class Servers(msgspec.Struct, frozen=True, dict=True):
    """Solves the load of a fleet for any window; holds what does not depend on the window."""

    fleet: Fleet
    data: Data

    @classmethod
    def of(cls, scenario: Scenario, fleet: Fleet) -> Servers:
        """Servers of a scenario."""
        return cls(fleet, scenario.servers)

    @cached_property
    def bounded(self) -> Bounded:
        """Bounded distributions of every pair (metric, type), metric by metric."""
        return Bounded.solve((self.fleet.deviation / np.array(RANGES)[:, None]).ravel())

    @cached_property
    def spectra(self) -> tuple[Spectrum, ...]:
        """Noise of each character."""
        return tuple(Spectrum.power_law(SLOWEST_S // self.data.tick_s, step) for step in PERSISTENCES)

    @cached_property
    def characters(self) -> I32:
        """Character of each server's noise, a row of `PERSISTENCES`."""
        uniforms = draw.uniform(self._keys("character"), 0, 1)[:, 0]
        return (uniforms * len(PERSISTENCES)).astype(np.int32)

    @cached_property
    def mixing(self) -> F32:
        """Cholesky factors of the types, shape (types, metrics, metrics)."""
        factors = np.zeros((len(self.fleet.archetypes), len(METRICS), len(METRICS)), dtype=np.float32)
        for kind, archetype in enumerate(self.fleet.archetypes):
            for row, weights in enumerate(archetype.correlation.factor()):
                factors[kind, row, : len(weights)] = weights
        return factors

    def _keys(self, *names: str) -> U64:
        return draw.Stream(self.fleet.seed, "server_load", *names).keys(self.fleet.ids)

    @cached_property
    def noise_keys(self) -> U64:
        """Keys of every noise, shape (levels, `NOISES`, servers, 2)."""
        levels = len(self.spectra[0].amplitudes)
        return np.stack([lattice.level_keys(self._keys("noise", name), levels) for name in NOISES], axis=1)

    @cached_property
    def spike_keys(self) -> U64:
        """Keys of the spikes."""
        return self._keys("spike")

    @cached_property
    def outbound_share(self) -> F32:
        """Outbound traffic of each server as a share of inbound."""
        normals = draw.normal(self._keys("outbound share"), 0, 1)[:, 0]
        share: F32 = np.float32(OUTBOUND_SHARE) * (1 + np.float32(OUTBOUND_CHARACTER) * normals)
        return share

    def solve(self, window: Window, first: int, last: int) -> ServerState:
        """Load of servers ``[first, last)`` in a window of ticks."""
        kinds = self.fleet.type_codes[first:last]
        noise = self.noise(window, kinds, first, last)
        metrics = self._values(self._calendar(window), noise, kinds, first, last)
        self._spike(metrics, window, kinds, first, last)
        inbound = metrics[NETWORK]
        return ServerState(
            window=window,
            cpu=metrics[CPU] * np.float32(RANGES[CPU]),
            memory=metrics[MEMORY] * np.float32(RANGES[MEMORY]),
            disk=metrics[DISK] * np.float32(RANGES[DISK]),
            network_in=inbound * np.float32(RANGES[NETWORK]),
            network_out=self._outbound(noise[-1], inbound, first, last),
        )

    def _values(self, calendar: Calendar, noise: F32, kinds: I32, first: int, last: int) -> list[F32]:
        """Values of each metric as shares of its range, before spikes."""
        growth = calendar.growth[kinds]
        busy = self._factors(calendar, first, last) * growth
        values = []
        for metric, span in enumerate(RANGES):
            base = (self.fleet.base[metric, first:last] / span).astype(np.float32)[:, None]
            level = base * (growth if metric == DISK else busy)
            level = soft_cap(level, KNEE, HIGHEST)
            rows = np.int32(metric * len(self.fleet.types)) + kinds
            values.append(self.bounded.values(rows, level, noise[metric]))
        return values

    def noise(self, window: Window, kinds: I32, first: int, last: int) -> F32:
        """Standard normal noise of each of `NOISES`; those of metrics are correlated as the types say."""
        noise = self.lattices(window, first, last)
        weights = self.mixing[kinds][:, :, :, None]
        share = self._scratch.array("share", noise[0].shape, np.float32)
        for row in reversed(range(len(METRICS))):  # the last row needs all plain noises, the first only its own
            noise[row] *= weights[:, row, row]
            for column in range(row):
                noise[row] += np.multiply(noise[column], weights[:, row, column], out=share)
        return noise

    def lattices(self, window: Window, first: int, last: int) -> F32:
        """Uncorrelated standard normal noise, shape (`NOISES`, servers, ticks): made at once, because calls cost."""
        keys = self.noise_keys[:, :, first:last].reshape(len(self.noise_keys), -1, 2)
        choice = np.tile(self.characters[first:last], len(NOISES))
        noise = lattice.characters(keys, window.start, window.stop, self.spectra, choice, self._scratch)
        return noise.reshape(len(NOISES), last - first, len(window))

    def _calendar(self, window: Window) -> Calendar:
        """Curves of a window; the last window's are kept, because many blocks of servers share it."""
        if self._kept.get("window") != window:
            # Curves stay; the moments that led to them, an array for each view of the clock, do not.
            self._kept.update(window=window, calendar=self._curves(Moments(window)))
        calendar: Calendar = self._kept["calendar"]
        return calendar

    @cached_property
    def _kept(self) -> dict[str, Any]:
        return {}

    @cached_property
    def _scratch(self) -> Scratch:
        return Scratch()

    def _curves(self, at: Moments) -> Calendar:
        season, archetypes = self.data.seasonality, self.fleet.archetypes
        everyone = np.ones((1, len(at)), dtype=np.float32)
        if season.holiday_effect:
            everyone = Holidays(quarter_end_wins=False).curve(at)
        if season.quarterly_peaks:  # and they win over holidays, so that 31 December is a peak (defect 4)
            rush = QuarterEnd(months=season.eoq_months, factors=season.eoq_factors).curve(at)
            everyone = np.where(rush == 1, everyone, rush)
        since = self.data.start_date
        growth = [Growth(percent_per_month=kind.growth_percent_per_month, since=since).curve(at) for kind in archetypes]
        weekly = [self._weekly(kind, at) for kind in archetypes]
        return Calendar(at.window, np.concatenate(growth), np.concatenate(weekly) * everyone, {})

    def _factors(self, calendar: Calendar, first: int, last: int) -> F32:
        """Product of the time factors of each server, shape (servers, ticks)."""
        kinds = self.fleet.type_codes[first:last]
        factors: F32 = calendar.factors[kinds]
        if self.data.tick_s <= HOUR_S:
            factors *= self._working_hours(calendar, kinds, self.fleet.regions.codes[first:last])
        for kind in set(kinds.tolist()) & set(self._shapes):
            self._reshape(factors, calendar.window, np.flatnonzero(kinds == kind) + first, first)
        return factors

    @cached_property
    def _shapes(self) -> dict[int, tuple[Shape, ...]]:
        """Shapes of the types that have some of their own."""
        found = {kind: archetype.curves() for kind, archetype in enumerate(self.fleet.archetypes)}
        return {kind: shapes for kind, shapes in found.items() if shapes}

    def _reshape(self, factors: F32, window: Window, servers: I64, first: int) -> None:
        """Multiply the factors of servers of one type, the first of the block being ``first``, by its own shapes."""
        at, codes = Moments(window), self.fleet.regions.codes[servers]
        for place, shape in enumerate(self._shapes[int(self.fleet.type_codes[servers[0]])]):
            keys = self._keys("shape", str(place))
            for region in np.unique(codes).tolist():
                mine = servers[codes == region]
                factors[mine - first] *= shape.curve(at, keys[mine], self.fleet.region_zones[region])

    def _weekly(self, archetype: Archetype, at: Moments) -> F32:
        season = self.data.seasonality
        if not season.weekly:
            return np.ones((1, len(at)), dtype=np.float32)
        factor = season.weekend_factor if archetype.weekend_factor is None else archetype.weekend_factor
        return Weekend(factor=factor).curve(at)

    def _working_hours(self, calendar: Calendar, kinds: I32, regions: I32) -> F32:
        """Working-hours factor by each server's type and the clock of its region."""
        for region in set(regions.tolist()) - set(calendar.working):
            calendar.working[region] = self._at_work(Moments(calendar.window), self.fleet.region_zones[region])
        factors = np.array([kind.working_hours_factor for kind in self.fleet.archetypes], dtype=np.float32)
        wanted, rows = np.unique(regions, return_inverse=True)
        inside = np.stack([calendar.working[region] for region in wanted.tolist()])
        return np.where(inside[rows], factors[kinds][:, None], np.float32(1))

    def _at_work(self, at: Moments, zone: str) -> Bool:
        start, end = self.data.seasonality.working_hours
        inside: Bool = WorkingHours(factor=2.0, start_hour=start, end_hour=end).curve(at, zone=zone)[0] > 1
        return inside

    def _spike(self, metrics: list[F32], window: Window, kinds: I32, first: int, last: int) -> None:
        """Multiply single ticks of CPU, memory and network, in place."""
        chances = np.array([kind.spikes.probability for kind in self.fleet.archetypes], dtype=np.float32)
        sizes = np.array([kind.spikes.magnitude for kind in self.fleet.archetypes], dtype=np.float32)
        rows, columns = np.nonzero(self._strata(window, first, last) < chances[kinds][:, None])
        size = sizes[kinds[rows]]
        for metric, share in ((CPU, 1.0), (MEMORY, MEMORY_SPIKE), (NETWORK, NETWORK_SPIKE)):
            spiked = metrics[metric][rows, columns] * np.maximum(np.float32(share) * size, np.float32(1))
            metrics[metric][rows, columns] = soft_cap(spiked, KNEE, 1.0)

    def _strata(self, window: Window, first: int, last: int) -> F32:
        """Uniforms spread evenly: every `SPIKE_CELL` ticks, each stratum of (0, 1) is met once, at a drawn tick.

        So a server has its documented share of spikes in every cell, and their number does not blur its growth.
        """
        keys = self.spike_keys[first:last]
        cells = np.arange(window.start // SPIKE_CELL, -(-window.stop // SPIKE_CELL))
        lots = draw.words(keys, int(cells[0]) * SPIKE_CELL, (int(cells[-1]) + 1) * SPIKE_CELL)
        lots = lots.reshape(len(keys), len(cells), SPIKE_CELL)
        strata = np.empty(lots.shape, dtype=np.float32)
        order = lots.argsort(axis=2)
        np.put_along_axis(strata, order, np.arange(SPIKE_CELL, dtype=np.float32)[None, None], axis=2)
        strata += draw.uniform32(draw.rekey(keys, 0), int(cells[0]), int(cells[-1]) + 1)[:, :, None]
        strata *= np.float32(1 / SPIKE_CELL)
        start = window.start - int(cells[0]) * SPIKE_CELL
        return strata.reshape(len(keys), -1)[:, start : start + len(window)]

    def _outbound(self, ratio: F32, inbound: F32, first: int, last: int) -> F32:
        """Turn the noise of the ratio into outbound traffic, in place."""
        ratio *= np.float32(OUTBOUND_DEVIATION)
        ratio += np.float32(1)
        ratio *= self.outbound_share[first:last, None]
        ratio *= inbound
        ratio *= np.float32(RANGES[NETWORK] / OUTBOUND_RANGE_MBPS)
        soft_cap(ratio, KNEE, 1.0)
        ratio *= np.float32(OUTBOUND_RANGE_MBPS)
        return ratio
