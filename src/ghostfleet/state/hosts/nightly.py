"""Nightly jobs: once a day in the host's own night, long and heavy on the disk; some rest on weekends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.window import DAY_S
from ghostfleet.state.hosts.parameters import table
from ghostfleet.state.hosts.processes import DAILY, EVERY_DAY, Processes, echoing, plain, replace, sow
from ghostfleet.state.hosts.relative import heights

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64
    from ghostfleet.state.hosts.parameters import Draws
    from ghostfleet.world.hosts import HostFleet

WORKDAYS = 0b0011111


def processes(fleet: HostFleet, levels: dict[str, F64], *, shared: bool = True) -> Processes:
    """Nightly jobs of all hosts."""
    options = table("nightly")
    host, draws = sow(fleet, "nightly", options["mean"])
    found = replace(
        plain(draws, host, heights(draws, host, options, levels, shared=shared)),
        schedule=np.full(len(host), DAILY, dtype=np.int8),
        phase_s=draws.between("hour", options["hour_range"]) * 3600 % DAY_S,
        weekdays=weekdays(draws, options["workdays"], options["weekly"]),
        jitter_s=draws.spread("jitter", options["jitter_s"]),
        jitter_sd=np.full(len(host), options["jitter_sd"]),
        run_s=draws.spread("run", options["run_s"]),
        run_sd=draws.spread("run_sd", options["run_sd"]),
        size_sd=draws.spread("size", options["size_sd"]),
        steady=np.ones(len(host), dtype=bool),
    )
    return echoing(found, draws)


def weekdays(draws: Draws, workdays: float, weekly: float) -> I64:
    """Days on which a daily process runs, as bits: every day, workdays, or one day of the week."""
    kind = draws.uniform("weekdays")
    day = (draws.uniform("weekday") * 7).astype(np.int64)
    one: I64 = np.left_shift(1, day)
    chosen: I64 = np.where(kind < weekly, one, np.where(kind < weekly + workdays, WORKDAYS, EVERY_DAY))
    return chosen
