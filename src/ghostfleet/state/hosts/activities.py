"""A catalogue of what hosts do: each kind of activity has one joint footprint in CPU, disk, network and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core.window import DAY_S
from ghostfleet.spec.hosts import ROLES
from ghostfleet.state.hosts.levels import grown
from ghostfleet.state.hosts.nightly import weekdays
from ghostfleet.state.hosts.parameters import Draws, exp, table
from ghostfleet.state.hosts.processes import (
    CLOCK,
    CPU,
    DAILY,
    FOOTPRINT,
    INBOUND,
    MEMORY,
    OUTBOUND,
    RANDOM,
    READ,
    WRITE,
    Processes,
    echoing,
    joined,
    plain,
    replace,
    sow,
)

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64
    from ghostfleet.world.hosts import HostFleet

KB_PER_MB = 1000.0
WARM = 0.002  # of a repeated read reaches the disk while its pages are still cached


def processes(fleet: HostFleet, levels: dict[str, F64], *, shared: bool = True) -> Processes:
    """Activities of all hosts."""
    options = table("activities")
    draws = Draws(fleet.seed, "activities", fleet.ids)
    busy = draws.spread("host", (options["host_factor"], options["host_sd"]))
    busy *= np.array([options["role"][role] for role in ROLES])[fleet.roles]
    return joined([_of(fleet, levels, name, kind, busy, shared=shared) for name, kind in options["kinds"].items()])


def _of(
    fleet: HostFleet, levels: dict[str, F64], name: str, kind: dict[str, Any], busy: F64, *, shared: bool
) -> Processes:
    options = table("activities")
    host, draws = sow(fleet, f"activities {name}", kind["mean"] * busy)
    count = len(host)
    when = np.array([CLOCK, DAILY, RANDOM])[draws.choice("when", kind["when"])].astype(np.int8)
    clock = np.array(options["clock_period_s"], dtype=np.float64)[draws.choice("period", options["clock_weights"])]
    period = np.where(when == CLOCK, clock, np.where(when == DAILY, DAY_S, DAY_S / kind["rate"]))
    factor = draws.spread("amount", (1.0, options["amount_sd"]))
    factor *= np.where(when == CLOCK, np.minimum(clock / options["clock_reference_s"], 4.0), 1.0)
    sds = [draws.spread("size", options[f"{schedule}_size_sd"]) for schedule in ("clock", "daily", "random")]
    amounts = _amounts(draws, kind, factor, period, shared=shared)
    amounts[:, [READ, WRITE]] *= grown(levels, host, "write", options["disk_grows"])[:, None]
    found = replace(
        plain(draws, host, amounts),
        schedule=when,
        period_s=period,
        phase_s=draws.uniform("phase") * period,
        weekdays=weekdays(draws, 0.15, 0.08),
        jitter_s=draws.spread("jitter", options["jitter_s"]),
        jitter_sd=np.full(count, 0.6),
        run_s=kind["run_s"] * draws.spread("run", (1.0, 0.7)) * np.sqrt(factor),
        run_sd=draws.spread("run_sd", options["run_sd"]),
        size_sd=np.choose(when, sds),
    )
    return echoing(found, draws)


def _amounts(draws: Draws, kind: dict[str, Any], factor: F64, period: F64, *, shared: bool) -> F64:
    """Amounts per run; without the shared ingredient each metric belongs to an activity of its own."""
    options = table("activities")
    out = np.zeros((len(draws), len(FOOTPRINT)))
    out[:, CPU] = kind["cpu"] * draws.spread("cpu", (1.0, 0.5))
    out[:, READ] = kind.get("read", 0.0) * KB_PER_MB * draws.spread("read", options["read"])
    gap = period / draws.spread("cache", options["cache_s"])
    out[:, READ] *= np.maximum(WARM, 1 - exp(-gap * gap))
    out[:, WRITE] = kind.get("write", 0.0) * KB_PER_MB * draws.spread("write", (1.0, 0.4))
    for name, place, other in (("in", INBOUND, "out"), ("out", OUTBOUND, "in")):
        amount = kind.get(name, 0.0)
        if amount == "ack":
            out[:, place] = kind[other] * KB_PER_MB * draws.spread("ack", options["ack"])
        else:
            out[:, place] = amount * KB_PER_MB * draws.spread(name, (1.0, 0.4))
    out *= factor[:, None]
    pages = draws.chance("memory_gate", options["memory_chance"]) * draws.spread("memory", options["memory"])
    out[:, MEMORY] = pages
    if not shared:
        own = (draws.uniform("own") * len(FOOTPRINT)).astype(np.int64)
        out *= np.arange(len(FOOTPRINT))[None, :] == own[:, None]
    return out
