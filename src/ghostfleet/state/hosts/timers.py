"""Housekeeping timers: small work by the clock, as even as clockwork is.

What a timer writes grows with its period, as it flushes what has gathered since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import maths
from ghostfleet.state.hosts.levels import grown
from ghostfleet.state.hosts.parameters import Draws, table
from ghostfleet.state.hosts.processes import (
    CLOCK,
    CPU,
    FOOTPRINT,
    INBOUND,
    MEMORY,
    OUTBOUND,
    WRITE,
    Processes,
    numbered,
    plain,
    replace,
)

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64
    from ghostfleet.world.hosts import HostFleet

HOUR = 3600.0


def processes(fleet: HostFleet, levels: dict[str, F64]) -> Processes:
    """Timers of all hosts."""
    options = table("timers")
    hosts = Draws(fleet.seed, "timers", fleet.ids)
    number = hosts.chance("first", options["chance"]) + hosts.poisson("more", options["more"])
    host, draws = numbered(fleet, "timers", number)
    period = np.array(options["period_s"], dtype=np.float64)[draws.choice("period", options["weights"])]
    gathered = maths.exp2(options["amount_exponent"] * maths.log2(period / HOUR))
    turn = period + draws.chance("sleeps", options["sleeps"]) * draws.spread("sleep", options["sleep_s"])
    touches = options["touches"]
    both = draws.chance("network", touches["network"])
    one = draws.uniform("one_way")
    inbound = gathered * draws.spread("inbound", options["inbound"])
    amounts = np.zeros((len(host), len(FOOTPRINT)))
    amounts[:, CPU] = (draws.chance("touches_cpu", touches["cpu"]) | both) * draws.spread("cpu", options["cpu"])
    amounts[:, CPU] *= maths.exp2(0.7 * maths.log2(np.maximum(levels["cpu"][host], 0.5)))
    amounts[:, WRITE] = draws.chance("touches_write", touches["write"]) * draws.spread("write", options["amount_kb"])
    amounts[:, WRITE] *= gathered * grown(levels, host, "write", options["write_grows"])
    amounts[:, INBOUND] = np.where(both | (one < touches["one_way"] / 2), inbound, 0.0)
    amounts[:, OUTBOUND] = np.where(both | (one > 1 - touches["one_way"] / 2), inbound, 0.0)
    amounts[:, OUTBOUND] *= draws.spread("outbound", options["outbound"])
    amounts[:, MEMORY] = draws.chance("touches_memory", options["memory_chance"]) * draws.spread(
        "memory", options["memory"]
    )
    return replace(
        plain(draws, host, amounts),
        schedule=np.full(len(host), CLOCK, dtype=np.int8),
        period_s=turn,
        phase_s=draws.uniform("phase") * turn,
        jitter_s=draws.spread("jitter", options["jitter_s"]),
        jitter_sd=np.full(len(host), options["jitter_sd"]),
        run_s=draws.spread("run", options["run_s"]),
        run_sd=np.full(len(host), options["run_sd"]),
        size_sd=draws.spread("size", options["size_sd"]),
    )
