"""Footprints stated as heights over what a host does anyway, turned into amounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.state.hosts.processes import CPU, FOOTPRINT, INBOUND, MEMORY, OUTBOUND, READ, WRITE

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64
    from ghostfleet.state.hosts.parameters import Draws

LEAST = {"cpu": 0.15, "write": 0.4, "read": 0.5, "network": 0.3}  # a base to be a height over, where there is none
COMMON = 0.75  # chance that a metric shares the activity's own gate
BOTH_WAYS = 0.85
OTHER_WAY_SD = 1.0
CPU_PER_READ = 0.0015  # per cent per KB/s
CPU_PER_NETWORK = 0.01


def heights(draws: Draws, host: I64, options: dict[str, Any], levels: dict[str, F64], *, shared: bool) -> F64:
    """Rates while a run lasts, shape (processes, FOOTPRINT); a touch is drawn per metric, most by one common gate."""
    out = np.zeros((len(host), len(FOOTPRINT)))
    gate = draws.uniform("gate")

    def touched(metric: str) -> F64:
        chance = options["touches"].get(metric, 0.0)
        own = draws.uniform(f"{metric}_gate")
        common = draws.chance(f"{metric}_common", COMMON if shared else 0.0)
        drawn: F64 = np.where(common, gate, own) < chance
        return drawn

    for metric, place in (("cpu", CPU), ("write", WRITE), ("read", READ)):
        if metric in options:
            base = np.maximum(levels[metric][host], LEAST[metric])
            out[:, place] = touched(metric) * draws.spread(metric, options[metric]) * base
    # What is read is worked on and written back, in part.
    least = out[:, READ] * draws.spread("back", (0.5, 0.8))
    out[:, WRITE] = np.where(
        (out[:, READ] > 0) & draws.chance("writes_back", 0.95), np.maximum(out[:, WRITE], least), out[:, WRITE]
    )
    out[:, CPU] += CPU_PER_READ * out[:, READ]
    if "network" in options:
        base = np.maximum(np.maximum(levels["inbound"], levels["outbound"])[host], LEAST["network"])
        inbound = touched("network") * draws.spread("network", options["network"]) * base
        tilt = draws.spread("tilt", (1.0, OTHER_WAY_SD))
        way = draws.uniform("way")
        out[:, INBOUND] = np.where(way < (1 - BOTH_WAYS) / 2, 0.0, inbound)
        out[:, OUTBOUND] = np.where(way > 1 - (1 - BOTH_WAYS) / 2, 0.0, inbound * tilt)
    out[:, CPU] += draws.spread("packets", (CPU_PER_NETWORK, 1.0)) * (out[:, INBOUND] + out[:, OUTBOUND])
    if "memory" in options:
        out[:, MEMORY] = touched("memory") * draws.spread("memory", options["memory"])
    return out
