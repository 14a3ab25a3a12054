"""Cron jobs: work by the clock whose size varies from run to run; some wait a fixed time instead and drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.spec.hosts import ROLES
from ghostfleet.state.hosts.parameters import table
from ghostfleet.state.hosts.processes import CLOCK, Processes, plain, replace, sow
from ghostfleet.state.hosts.relative import heights

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64
    from ghostfleet.world.hosts import HostFleet


def processes(fleet: HostFleet, levels: dict[str, F64], *, shared: bool = True) -> Processes:
    """Cron jobs of all hosts."""
    options = table("cron")
    mean = np.array([options["mean"][role] for role in ROLES])[fleet.roles]
    host, draws = sow(fleet, "cron", mean)
    period = np.array(options["period_s"], dtype=np.float64)[draws.choice("period", options["weights"])]
    drifts = draws.chance("drifts", options["drifts"])
    period = np.where(drifts, period * (1 + options["drift"] * draws.uniform("drift", -1.0, 1.0)), period)
    return replace(
        plain(draws, host, heights(draws, host, options, levels, shared=shared)),
        schedule=np.full(len(host), CLOCK, dtype=np.int8),
        period_s=period,
        phase_s=draws.uniform("phase") * period,
        jitter_s=draws.spread("jitter", options["jitter_s"]),
        jitter_sd=np.full(len(host), options["jitter_sd"]),
        run_s=draws.spread("run", options["run_s"]),
        run_sd=draws.spread("run_sd", options["run_sd"]),
        size_sd=draws.spread("size", options["size_sd"]),
        steady=np.ones(len(host), dtype=bool),
    )
