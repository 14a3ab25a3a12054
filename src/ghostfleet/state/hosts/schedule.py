"""When processes run: every run that touches a window, found without walking there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import civil, counts, draw, maths, zones
from ghostfleet.core.quantiles import normal_body
from ghostfleet.core.window import DAY_S
from ghostfleet.state.hosts.parameters import exp
from ghostfleet.state.hosts.processes import CLOCK, DAILY, LONGEST_S, RANDOM

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64
    from ghostfleet.state.hosts.processes import Processes
    from ghostfleet.world.hosts import HostFleet

PARTS = 16  # of a second: the grain of starts and lengths
CELL_S = DAY_S  # in which random runs are counted
SHORT_CELL_S = DAY_S // 12  # in which those of a process that runs every few minutes are, or windows would be dear
OFTEN_S = SHORT_CELL_S / 2  # between such runs, at most
MOST_IN_CELL = 4096
LONGEST_JITTER_S = 3600.0
AFTER_S = 200.0  # for which a run acts on after its end: pages linger, writes wait


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs as columns, those of a process together and in order."""

    process: I64  # row in the processes
    start: I64  # sixteenths of a second after the window's start; may be negative
    length: I64  # sixteenths of a second, 1 at least
    size: F64  # factor of the process's amounts


def runs(processes: Processes, fleet: HostFleet, since_s: int, until_s: int) -> Runs:
    """Runs that overlap ``[since_s, until_s)``, and some that do not."""
    found = [
        _clock(processes, np.flatnonzero(processes.schedule == CLOCK), since_s, until_s),
        _daily(processes, np.flatnonzero(processes.schedule == DAILY), fleet, since_s, until_s),
        _random(processes, np.flatnonzero(processes.schedule == RANDOM), since_s, until_s),
    ]
    process, number, nominal = (np.concatenate(parts) for parts in zip(*found, strict=True))
    # One word is four draws of sixteen bits: the delay, the length, the size, and its tail.
    lanes = draw.word_at(processes.keys[process], number).view("<u2").reshape(-1, 4)
    table = normal_body()
    delay, length, size = (table.take(lanes[:, lane]).astype(np.float64) for lane in range(3))
    delays = processes.jitter_s[process] * exp(processes.jitter_sd[process] * delay)
    lengths = processes.run_s[process] * exp(processes.run_sd[process] * length)
    # In seconds since the epoch, so that rounding does not depend on the window.
    start = nominal + np.minimum(delays, LONGEST_JITTER_S)
    stop = start + np.clip(lengths, 1 / PARTS, LONGEST_S)
    twice = np.flatnonzero(processes.echo[process] > 0)
    again = processes.echo_s[process[twice]]
    start, stop = np.concatenate([start, start[twice] + again]), np.concatenate([stop, stop[twice] + again])
    once = np.arange(len(process))
    place = np.concatenate([once, twice])
    echo = np.where(np.arange(len(place)) < len(once), 1.0, processes.echo[process[place]])
    process, size, lanes = process[place], size[place], lanes[place]
    inside = (stop > since_s - AFTER_S) & (start < until_s)
    process, size, lanes, echo = process[inside], size[inside], lanes[inside], echo[inside]
    begins = np.floor(start[inside] * PARTS).astype(np.int64) - since_s * PARTS
    ends = np.floor(stop[inside] * PARTS).astype(np.int64) - since_s * PARTS
    return Runs(process, begins, np.maximum(ends - begins, 1), echo * _sizes(processes, process, size, lanes[:, 3]))


def _sizes(processes: Processes, process: I64, normal: F64, lane: I64) -> F64:
    factor = exp(processes.size_sd[process] * normal)
    heavy = np.flatnonzero(processes.tail[process] > 0)
    if len(heavy):
        rarity = -maths.log2((lane[heavy] + 0.5) / 65_536)
        factor[heavy] *= maths.exp2(rarity * processes.tail[process[heavy]])
    return np.minimum(factor, processes.size_cap[process])


def each(rows: I64, first: I64, last: I64) -> tuple[I64, I64]:
    """Rows with each of their numbers ``[first, last)``, row by row."""
    count = np.maximum(last - first, 0)
    row = np.repeat(rows, count)
    before = np.cumsum(count) - count
    return row, np.arange(len(row)) - np.repeat(before - first, count)


def _clock(processes: Processes, rows: I64, since_s: int, until_s: int) -> tuple[I64, I64, F64]:
    period, phase = processes.period_s[rows], processes.phase_s[rows]
    early = since_s - _reach(processes, rows)
    first = np.ceil((early - phase) / period).astype(np.int64)
    last = np.ceil((until_s - phase) / period).astype(np.int64)
    process, number = each(rows, first, last)
    return process, number, processes.phase_s[process] + number * processes.period_s[process]


def _reach(processes: Processes, rows: I64) -> F64:
    """Seconds before a window in which a run can start and still act in it."""
    longest = np.minimum(processes.run_s[rows] * exp(4.2 * processes.run_sd[rows]), LONGEST_S)
    delay = np.minimum(processes.jitter_s[rows] * exp(4.2 * processes.jitter_sd[rows]), LONGEST_JITTER_S)
    return longest + delay + AFTER_S + np.where(processes.echo[rows] > 0, processes.echo_s[rows], 0.0)


def _daily(processes: Processes, rows: I64, fleet: HostFleet, since_s: int, until_s: int) -> tuple[I64, I64, F64]:
    days = (until_s - since_s) // DAY_S + 3
    first = np.full(len(rows), since_s // DAY_S - 1)
    process, day = each(rows, first, first + days)
    on = (processes.weekdays[process] >> civil.weekday(day)) & 1 == 1
    process, day = process[on], day[on]
    clock = day * DAY_S + processes.phase_s[process].astype(np.int64)
    zone = fleet.zone_codes[processes.host[process]]
    nominal = clock.copy()
    for code in np.unique(zone).tolist():
        here = zone == code
        name = fleet.zones[code]
        guess = clock[here] - zones.offsets(clock[here], name)
        nominal[here] = clock[here] - zones.offsets(guess, name)
    return process, day, nominal.astype(np.float64)


def _random(processes: Processes, rows: I64, since_s: int, until_s: int) -> tuple[I64, I64, F64]:
    length_s = np.where(processes.period_s[rows] <= OFTEN_S, SHORT_CELL_S, CELL_S)
    early = np.floor((since_s - _reach(processes, rows)) / length_s).astype(np.int64)
    at, cell = each(np.arange(len(rows)), early, -(-until_s // length_s))
    cell_row, cell_s = rows[at], length_s[at]
    uniform = draw.uniform_at(draw.rekey(processes.keys[rows], 1)[at], cell)
    count = np.minimum(counts.poisson(cell_s / processes.period_s[cell_row], uniform), MOST_IN_CELL)
    place, turn = each(np.arange(len(cell)), np.zeros(len(cell), dtype=np.int64), count)
    number = cell[place] * MOST_IN_CELL + turn
    process = cell_row[place]
    share = draw.uniform_at(draw.rekey(processes.keys[process], 2), number)
    return process, number, (cell[place] + share) * cell_s[place]
