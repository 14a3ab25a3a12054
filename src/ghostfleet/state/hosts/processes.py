"""Processes: whatever a host does again and again, with the footprint that each run leaves in its metrics."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw
from ghostfleet.state.hosts.parameters import Draws, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from ghostfleet.core.arrays import F64, I64, U64, Array, Bool
    from ghostfleet.world.hosts import HostFleet

CLOCK, DAILY, RANDOM = range(3)
FOOTPRINT = ("cpu", "read", "write", "inbound", "outbound", "memory")
CPU, READ, WRITE, INBOUND, OUTBOUND, MEMORY = range(len(FOOTPRINT))
MOST = 12  # processes of one ingredient on one host
LONGEST_S = 6 * 3600.0  # no run lasts longer: what began earlier does not act in a window
EVERY_DAY = 0b1111111


@dataclass(frozen=True, slots=True)
class Processes:
    """Processes as columns, those of a host together; all arrays have one entry (or row) per process."""

    host: I64  # number of the host in the fleet
    keys: U64  # (processes, 2), of the draws of its runs
    schedule: Array  # CLOCK, DAILY or RANDOM
    period_s: F64  # between runs by the clock; mean between random ones
    phase_s: F64  # of the first run after the epoch; of the local day for daily runs
    weekdays: I64  # daily runs: bit 0 is Monday
    jitter_s: F64  # median delay of a start
    jitter_sd: F64
    run_s: F64  # median length
    run_sd: F64
    size_sd: F64  # log deviation of a run's amounts, the same factor for all of them
    tail: F64  # 1 / Pareto exponent of that factor; 0 is no heavy tail
    size_cap: F64  # most a run's factor may be
    echo: F64  # size of a second run soon after, over the first; 0 is none
    echo_s: F64  # and how much later it comes
    steady: Bool  # the amounts are rates while it runs, not totals
    amounts: F64  # (processes, FOOTPRINT) %·s of CPU, KB, and per cent of memory touched while it runs

    def __len__(self) -> int:
        """Count the processes."""
        return len(self.host)

    def take(self, chosen: npt.NDArray[np.bool_] | I64 | slice) -> Processes:
        """Some of the processes."""
        return Processes(*(getattr(self, field.name)[chosen] for field in fields(self)))


def joined(parts: Sequence[Processes]) -> Processes:
    """All processes, sorted by host; within a host in the order of the parts."""
    columns = [np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Processes)]
    whole = Processes(*columns)
    return whole.take(np.argsort(whole.host, kind="stable"))


def sow(fleet: HostFleet, ingredient: str, mean: npt.ArrayLike) -> tuple[I64, Draws]:
    """Give hosts a Poisson number of processes, and each process an id of its own.

    The means broadcast over the fleet. Returns the host of each process and their draws.
    """
    hosts = Draws(fleet.seed, ingredient, fleet.ids)
    number = np.minimum(hosts.poisson("processes", mean), MOST)
    return numbered(fleet, ingredient, number)


def numbered(fleet: HostFleet, ingredient: str, number: I64) -> tuple[I64, Draws]:
    """Give each host so many processes; returns the host of each and their draws."""
    base = draw.Stream(fleet.seed, "hosts", ingredient, "process").keys(fleet.ids)
    rows = [np.flatnonzero(number > turn) for turn in range(int(number.max(initial=0)))]
    if not rows:
        return np.empty(0, dtype=np.int64), Draws(fleet.seed, ingredient, base[:0])
    ids = np.concatenate([draw.rekey(base[row], turn) for turn, row in enumerate(rows)])
    return np.concatenate(rows), Draws(fleet.seed, ingredient, ids)


def nothing() -> Processes:
    """No process at all."""
    none = np.empty((0, 2), dtype=np.uint64)
    return plain(Draws(0, "nothing", none), np.empty(0, dtype=np.int64), np.empty((0, len(FOOTPRINT))))


def echoing(processes: Processes, draws: Draws) -> Processes:
    """Let some processes run a second time soon after."""
    options = table("echo")
    ratio = np.minimum(draws.spread("echo", options["ratio"]), options["most"])
    delay = np.array(options["delay_s"], dtype=np.float64)[draws.choice("echo_s", options["weights"])]
    return replace(processes, echo=draws.chance("echoes", options["share"]) * ratio, echo_s=delay)


def plain(draws: Draws, host: I64, amounts: F64) -> Processes:
    """Random processes without scatter, to be refined with `dataclasses.replace`."""
    count = len(host)
    zero, one = np.zeros(count), np.ones(count)
    return Processes(
        host=host,
        keys=draws.keys("runs"),
        schedule=np.full(count, RANDOM, dtype=np.int8),
        period_s=np.full(count, 86_400.0),
        phase_s=zero,
        weekdays=np.full(count, EVERY_DAY, dtype=np.int64),
        jitter_s=zero,
        jitter_sd=zero,
        run_s=one,
        run_sd=zero,
        size_sd=zero,
        tail=zero,
        size_cap=np.full(count, np.inf),
        echo=zero,
        echo_s=zero,
        steady=np.zeros(count, dtype=bool),
        amounts=amounts,
    )


__all__ = ["CLOCK", "DAILY", "RANDOM", "Processes", "joined", "numbered", "plain", "replace", "sow"]
