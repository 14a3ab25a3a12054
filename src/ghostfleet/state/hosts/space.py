"""Disk space that hosts use: a level of its own, which logs and images raise until somebody cleans up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core.window import DAY_S
from ghostfleet.state.hosts.parameters import Draws, table

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64
    from ghostfleet.core.window import Window
    from ghostfleet.world.hosts import HostFleet


class Space(msgspec.Struct, frozen=True):
    """Disks of some hosts, as columns of shape (hosts, 1)."""

    level: F64  # per cent in use after a clean-up
    rise: F64  # per cent that come until the next one
    cycle_s: F64  # between clean-ups
    offset: F64  # share of a cycle at the epoch

    def used(self, window: Window) -> F64:
        """Per cent of disk space in use at the start of each tick, shape (hosts, ticks)."""
        cycles = window.seconds() / self.cycle_s + self.offset
        used: F64 = self.level + self.rise * (cycles - np.floor(cycles))
        return used


def space(fleet: HostFleet) -> Space:
    """Disks of a fleet."""
    options, draws = table("space"), Draws(fleet.seed, "space", fleet.ids)
    columns = (
        draws.between("level", options["level_range"]),
        np.minimum(draws.spread("rise", options["rise"]), options["rise_most"]),
        draws.between("cycle", options["cycle_days_range"]) * DAY_S,
        draws.uniform("offset"),
    )
    return Space(*(column[:, None] for column in columns))
