"""What a host does all the time: a level per metric, many of them nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import maths
from ghostfleet.spec.hosts import PROFILES, ROLES
from ghostfleet.state.hosts.parameters import Draws, table
from ghostfleet.world.hosts import IDLE, STEADY

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64
    from ghostfleet.world.hosts import HostFleet

LEAST_CPU = 0.02
LEAST_USE, MOST_USE = 0.02, 1000.0  # times the median


def levels(fleet: HostFleet) -> dict[str, F64]:
    """Level of each metric of each host: CPU in per cent, I/O in KB/s; 0 is nothing."""
    options = table("levels")
    draws = Draws(fleet.seed, "levels", fleet.ids)
    shapes = np.array([options["cpu"][profile] for profile in PROFILES])[fleet.profiles]
    cpu = draws.spread("cpu", shapes.T)
    cpu *= np.where(fleet.roles == STEADY, draws.spread("steady", options["cpu_steady"]), 1.0)
    write = draws.spread("write", options["write"])
    write *= np.where(fleet.roles == IDLE, options["write_idle"], 1.0)
    read = np.where(draws.chance("has_read", options["read_share"]), draws.spread("read", options["read"]), 0.0)
    write *= np.where(read > 0, draws.spread("reader", options["write_reader"]), 1.0)
    networked = draws.chance("has_network", np.array([options["network_share"][role] for role in ROLES])[fleet.roles])
    network = np.where(networked, draws.spread("network", options["network"]), 0.0)
    missing = draws.uniform("one_way")
    half = options["direction_missing"] / 2
    return {
        "cpu": np.clip(cpu, LEAST_CPU, options["cpu_most"]),
        "read": read,
        "write": write,
        "inbound": np.where(missing < half, 0.0, network * draws.spread("inbound", options["direction"])),
        "outbound": np.where(missing > 1 - half, 0.0, network * draws.spread("outbound", options["direction"])),
    }


def grown(levels: dict[str, F64], host: I64, metric: str, exponent: float) -> F64:
    """Factor of amounts that grow with how much a host does anyway: on a little used one there is less to flush."""
    median = table("levels")[metric][0]
    factor: F64 = maths.exp2(exponent * maths.log2(np.clip(levels[metric][host] / median, LEAST_USE, MOST_USE)))
    return factor
