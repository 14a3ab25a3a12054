"""Memory: what a hypervisor would see touched, and what a guest would report as used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw, lattice, maths
from ghostfleet.core.lattice import RATIO, Spectrum
from ghostfleet.state.hosts.parameters import LOG2_E, Draws, table
from ghostfleet.state.hosts.swings import CELL_S, SLOWEST_CELLS, lerped

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I64, U64
    from ghostfleet.core.window import Window
    from ghostfleet.world.hosts import HostFleet

QUIET, GATED, TINY, HIGH, LOOP = range(5)
PLATEAU, COLLECTOR, SLOW, LEAK = range(4)
# From ten minutes to most of a day; a level more, of nothing, so that it is worked out with the swings.
GATE = Spectrum((*Spectrum.power_law(SLOWEST_CELLS // RATIO, 0.2).amplitudes, 0.0))
LEAST_TOUCHED = 0.02


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of all hosts, as columns."""

    kind: I64
    touched: F64  # per cent of memory touched by what always runs
    gate: U64  # lattice of the gate
    gate_height: F64
    gate_threshold: F64
    loop_period_s: F64
    loop_share: F64
    loop_phase_s: F64
    used_kind: I64
    level: F64  # share of memory in use inside the guest
    period_s: F64
    phase_s: F64
    height: F64
    teeth: U64
    noise: F64  # of the level, minute by minute

    def gated(self, rows: I64) -> I64:
        """Places of those of some hosts that have a gate."""
        gated: I64 = (self.kind[rows] == GATED).nonzero()[0]
        return gated

    def touched_at(self, window: Window, factor: F32, rows: I64, gates: F32) -> F32:
        """Per cent of memory touched by what always runs, shape (rows, ticks).

        ``factor`` is the slow swing, ``gates`` are nodes of the lattices of those that have a gate.
        """
        out = self.touched[rows, None].astype(np.float32) * factor
        gated = self.gated(rows)
        if len(gated):
            mine = rows[gated]
            is_open = lerped(gates, window, CELL_S) > self.gate_threshold[mine, None]
            out[gated] += is_open * self.gate_height[mine, None].astype(np.float32)
        looping = (self.kind[rows] == LOOP).nonzero()[0]
        if len(looping):
            mine = rows[looping]
            turn = (window.seconds() - self.loop_phase_s[mine, None]) / self.loop_period_s[mine, None]
            busy = turn - np.floor(turn) < self.loop_share[mine, None]
            out[looping] *= np.where(busy, np.float32(1.6), np.float32(0.4))
        return out

    def used_at(self, window: Window, factor: F32, rows: I64) -> F32:
        """Per cent of memory in use, shape (rows, instants): teeth that rise and drop under a level that drifts."""
        turn = (window.seconds() - self.phase_s[rows, None]) / self.period_s[rows, None]
        begun = np.floor(turn)
        cell, late = begun.astype(np.int64), turn - begun
        first, turns = cell[:, :1], int((cell[:, -1] - cell[:, 0]).max(initial=0)) + 1
        cells = first + np.arange(turns)
        lots = draw.normal_at(np.repeat(self.teeth[rows], turns, axis=0), cells.ravel()).reshape(cells.shape)
        depth = maths.exp2(lots * np.float64(0.6 * LOG2_E)) * self.height[rows, None]
        cell -= first - np.arange(0, depth.size, turns)[:, None]
        tooth = depth.take(cell)
        # A plateau refills soon after a drop; the others rise over the whole period, the collector steeply at first.
        kind = self.used_kind[rows]
        plateau, collector = (kind == PLATEAU).nonzero()[0], (kind == COLLECTOR).nonzero()[0]
        late[plateau] = np.minimum(late[plateau] * 4.0, 1.0)
        late[collector] *= 2.0 - late[collector]
        top = self.level[rows] + np.where(kind == PLATEAU, 0.0, self.height[rows])
        jitter = draw.normal(draw.rekey(self.teeth[rows], 1), window.start, window.stop)
        top = top[:, None] * (1 + self.noise[rows, None] * jitter)
        share = top * factor - (1 - late) * np.minimum(tooth, 0.7 * top)
        most = table("memory_used")["most"]
        percent: F32 = (100.0 * np.clip(share, 0.01, most)).astype(np.float32)
        return percent


def memory(fleet: HostFleet) -> Memory:
    """Memory of all hosts."""
    options, used = table("memory"), table("memory_used")
    draws = Draws(fleet.seed, "memory", fleet.ids)
    kind = draws.choice("kind", options["weights"]).astype(np.int64)
    shapes = np.array([options["touched"][name] for name in options["kinds"]])[kind]
    used_kind = draws.choice("used_kind", used["weights"]).astype(np.int64)
    plateau = used_kind == PLATEAU
    periods = np.array([used["period_s"][name] for name in used["kinds"]])[used_kind]
    heights = np.array([used["height"][name] for name in used["kinds"]])[used_kind]
    period = draws.spread("period", periods.T)
    loop_period = draws.spread("loop_period", options["loop_period_s"])
    return Memory(
        kind=kind,
        touched=np.clip(draws.spread("touched", shapes.T), LEAST_TOUCHED, options["most"]),
        gate=lattice.level_keys(draws.keys("gate"), len(GATE.amplitudes)),
        gate_height=draws.spread("gate_height", options["gate_height"]),
        gate_threshold=draws.between("gate_threshold", options["gate_threshold_range"]),
        loop_period_s=loop_period,
        loop_share=draws.between("loop_share", options["loop_share_range"]),
        loop_phase_s=draws.uniform("loop_phase") * loop_period,
        used_kind=used_kind,
        level=np.where(
            plateau, draws.between("plateau", used["plateau_range"]), draws.between("level", used["level_range"])
        ),
        period_s=period,
        phase_s=draws.uniform("phase") * period,
        height=np.minimum(draws.spread("height", heights.T), 0.5),
        teeth=draws.keys("teeth"),
        noise=draws.spread("noise", used["noise"]),
    )
