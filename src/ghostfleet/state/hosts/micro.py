"""Micro activities: the small change of a host's day; each touches several metrics at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.state.hosts.levels import grown
from ghostfleet.state.hosts.parameters import Draws, table
from ghostfleet.state.hosts.processes import (
    CPU,
    FOOTPRINT,
    INBOUND,
    MEMORY,
    OUTBOUND,
    READ,
    WRITE,
    Processes,
    numbered,
    plain,
    replace,
)

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64
    from ghostfleet.world.hosts import HostFleet


def processes(fleet: HostFleet, levels: dict[str, F64]) -> Processes:
    """Micro activities of all hosts."""
    options = table("micro")
    hosts = Draws(fleet.seed, "micro", fleet.ids)
    host, draws = numbered(fleet, "micro", 1 + hosts.poisson("more", options["mean"]))
    touches = options["touches"]
    amounts = np.zeros((len(host), len(FOOTPRINT)))
    for metric, place in (("cpu", CPU), ("write", WRITE), ("read", READ), ("memory", MEMORY), ("network", INBOUND)):
        on = draws.chance(f"{metric}_gate", touches[metric])
        amounts[:, place] = on * draws.spread(metric, options[metric])
    amounts[:, WRITE] *= grown(levels, host, "write", options["write_grows"])
    amounts[:, WRITE] = np.where(
        amounts[:, READ] > 0, np.maximum(amounts[:, WRITE], 0.3 * amounts[:, READ]), amounts[:, WRITE]
    )
    busy = amounts[:, INBOUND] > 0
    amounts[:, CPU] = np.where(busy, np.maximum(amounts[:, CPU], 0.15 * amounts[:, INBOUND]), amounts[:, CPU])
    amounts[:, OUTBOUND] = amounts[:, INBOUND] * draws.spread("tilt", (1.0, 0.7))
    rate = np.minimum(draws.spread("rate", options["rate_20s"]), options["most_rate_20s"])
    return replace(
        plain(draws, host, amounts),
        period_s=20.0 / rate,
        run_s=draws.spread("run", options["run_s"]),
        size_sd=draws.spread("size", options["size_sd"]),
    )
