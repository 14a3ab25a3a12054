"""Bursts: somebody or something does something, once; sizes are heavy-tailed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.window import DAY_S
from ghostfleet.state.hosts.parameters import Draws, table
from ghostfleet.state.hosts.processes import CPU, Processes, echoing, numbered, plain, replace
from ghostfleet.state.hosts.relative import heights

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64
    from ghostfleet.world.hosts import HostFleet


def processes(fleet: HostFleet, levels: dict[str, F64], *, shared: bool = True) -> Processes:
    """Bursts of all hosts."""
    options = table("bursts")
    hosts = Draws(fleet.seed, "bursts", fleet.ids)
    host, draws = numbered(fleet, "bursts", 1 + hosts.poisson("more", options["mean"]))
    amounts = heights(draws, host, options, levels, shared=shared)
    most = np.where(amounts[:, CPU] > 0, options["most_cpu"], options["most"])
    found = replace(
        plain(draws, host, amounts),
        period_s=DAY_S / np.minimum(draws.spread("rate", options["rate"]), options["most_rate"]),
        run_s=draws.spread("run", options["run_s"]),
        run_sd=draws.spread("run_sd", options["run_sd"]),
        size_sd=draws.between("size", options["size_sd_range"]),
        tail=1 / draws.between("exponent", options["exponent_range"]),
        size_cap=most,
        steady=np.ones(len(host), dtype=bool),
    )
    return echoing(found, draws)
