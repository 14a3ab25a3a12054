"""Long jobs and sessions: something keeps a host busy for minutes to hours, at an uneven pace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.window import DAY_S
from ghostfleet.state.hosts.parameters import Draws, table
from ghostfleet.state.hosts.processes import Processes, numbered, plain, replace
from ghostfleet.state.hosts.relative import heights
from ghostfleet.world.hosts import BATCH, IDLE

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, Bool
    from ghostfleet.world.hosts import HostFleet


def processes(fleet: HostFleet, levels: dict[str, F64], *, shared: bool = True) -> Processes:
    """Long jobs: of all batch hosts and a few others, but idle ones."""
    others = Draws(fleet.seed, "jobs", fleet.ids).chance("others", table("jobs")["share"])
    busy = others & (fleet.roles != IDLE)
    return _long(fleet, levels, "jobs", (fleet.roles == BATCH) | busy, shared=shared)


def sessions(fleet: HostFleet, levels: dict[str, F64], *, shared: bool = True) -> Processes:
    """Sessions: people or clients at work on some hosts that are not idle."""
    some = Draws(fleet.seed, "sessions", fleet.ids).chance("some", table("sessions")["share"])
    return _long(fleet, levels, "sessions", some & (fleet.roles != IDLE), shared=shared)


def _long(fleet: HostFleet, levels: dict[str, F64], ingredient: str, some: Bool, *, shared: bool) -> Processes:
    options = table(ingredient)
    host, draws = numbered(fleet, ingredient, some.astype(np.int64))
    return replace(
        plain(draws, host, heights(draws, host, options, levels, shared=shared)),
        period_s=DAY_S / draws.spread("rate", options["rate"]),
        run_s=draws.spread("run", options["run_s"]),
        run_sd=draws.spread("run_sd", options["run_sd"]),
        size_sd=draws.spread("size", options["size_sd"]),
        steady=np.ones(len(host), dtype=bool),
    )
