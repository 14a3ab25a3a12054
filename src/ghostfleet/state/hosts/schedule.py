"""When processes run: every run that touches a window, found without walking there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import civil, counts, draw, maths, zones
from ghostfleet.core.quantiles import normal_body
from ghostfleet.core.window import DAY_S
from ghostfleet.state.hosts.parameters import LOG2_E, exp
from ghostfleet.state.hosts.processes import CLOCK, DAILY, LONGEST_S, RANDOM

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I64, U16, U64, Bool
    from ghostfleet.state.hosts.processes import Processes
    from ghostfleet.world.hosts import HostFleet

PARTS = 16  # of a second: the grain of starts and lengths
CELLS_S = (1800, 21_600, DAY_S)  # in which random runs are counted: the more often one runs, the shorter, for windows
MOST_IN_CELL = 4096
FAR = 1.001  # of the farthest draw: what is drawn is worked out in single precision
LONGEST_JITTER_S = 3600.0
LONG_S = 300  # of a run, from which on it lasts
AFTER_S = 200.0  # for which a run acts on after its end: pages linger, writes wait


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs as columns."""

    process: I64  # row in the processes
    start: I64  # sixteenths of a second after the window's start; may be negative
    length: I64  # sixteenths of a second, 1 at least
    size: F64  # factor of the process's amounts
    lasts: Bool  # long ones and steady ones, which are as uneven as all that goes on for long

    def __len__(self) -> int:
        """Count the runs."""
        return len(self.process)


@dataclass(frozen=True, slots=True)
class Timetable:
    """When processes of some hosts run: all of it that no window changes."""

    processes: Processes
    fleet: HostFleet
    clock: I64  # rows in the processes
    daily: I64
    random: I64
    even: Bool  # processes whose runs start without delay and last equally long
    echoes: Bool
    heavy: Bool  # processes whose sizes have a tail
    delay_sd: F32  # of log2, as of those that follow
    length_sd: F32
    size_sd: F32
    reach_s: F64  # before a window, in which a run can start and still act in it
    cell_s: I64  # in which random runs are counted
    mean: F64  # of their counts
    counted: U64  # keys of the counts
    placed: U64  # keys of the places in a cell

    def runs(self, since_s: int, until_s: int) -> Runs:
        """Runs that overlap ``[since_s, until_s)``, and some that do not."""
        processes = self.processes
        found = [self._clock(since_s, until_s), self._daily(since_s, until_s), self._random(since_s, until_s)]
        process, number, start = (np.concatenate(parts) for parts in zip(*found, strict=True))
        # One word is four draws of sixteen bits: the delay, the length, the size, and its tail.
        lanes = draw.word_at(processes.keys.take(process, axis=0), number).view("<u2").reshape(-1, 4)
        # In seconds since the epoch, so that rounding does not depend on the window.
        stop = self._scattered(process, start, lanes)
        once = ((stop > since_s - AFTER_S) & (start < until_s)).nonzero()[0]
        twice = self.echoes.take(process).nonzero()[0]
        later = processes.echo_s.take(process.take(twice))
        acts = (stop.take(twice) + later > since_s - AFTER_S) & (start.take(twice) + later < until_s)
        twice, later = twice[acts], later[acts]
        place = np.concatenate([once, twice])
        process, start, stop = process.take(place), start.take(place), stop.take(place)
        start[len(once) :] += later
        stop[len(once) :] += later
        size = self._sizes(process, lanes.take(place, axis=0))
        size[len(once) :] *= processes.echo.take(process[len(once) :])
        begins, ends = _parts(start, since_s), _parts(stop, since_s)
        ends -= begins
        lasts = ends >= LONG_S * PARTS
        lasts |= processes.steady.take(process)
        return Runs(process, begins, np.maximum(ends, 1, out=ends), size, lasts)

    def _scattered(self, process: I64, start: F64, lanes: U16) -> F64:
        """Delay starts, in place, and say when each run stops."""
        lengths = self.processes.run_s.take(process)
        some = (~self.even.take(process)).nonzero()[0]
        mine, normal = process.take(some), normal_body()
        delay = self.delay_sd.take(mine)
        delay *= normal.take(lanes[:, 0].take(some))
        delays = self.processes.jitter_s.take(mine)
        delays *= maths.exp2_f32(delay, out=delay)
        start[some] += np.minimum(delays, LONGEST_JITTER_S, out=delays)
        length = self.length_sd.take(mine)
        length *= normal.take(lanes[:, 1].take(some))
        lengths[some] *= maths.exp2_f32(length, out=length)
        np.maximum(lengths, 1 / PARTS, out=lengths)
        np.minimum(lengths, LONGEST_S, out=lengths)
        lengths += start
        return lengths

    def _sizes(self, process: I64, lanes: U16) -> F64:
        factor = self.size_sd.take(process)
        factor *= normal_body().take(lanes[:, 2])
        sizes: F64 = maths.exp2_f32(factor, out=factor).astype(np.float64)
        heavy = self.heavy.take(process).nonzero()[0]
        if len(heavy):
            rarity = -maths.log2((lanes[:, 3].take(heavy) + 0.5) / 65_536)
            rarity *= self.processes.tail.take(process.take(heavy))
            sizes[heavy] *= maths.exp2(rarity, out=rarity)
            sizes[heavy] = np.minimum(sizes.take(heavy), self.processes.size_cap.take(process.take(heavy)))
        return sizes

    def _clock(self, since_s: int, until_s: int) -> tuple[I64, I64, F64]:
        period, phase = self.processes.period_s.take(self.clock), self.processes.phase_s.take(self.clock)
        early = since_s - self.reach_s.take(self.clock)
        first = np.ceil((early - phase) / period).astype(np.int64)
        last = np.ceil((until_s - phase) / period).astype(np.int64)
        at, number = each(np.arange(len(self.clock)), first, last)
        nominal = number * period.take(at)
        nominal += phase.take(at)
        return self.clock.take(at), number, nominal

    def _daily(self, since_s: int, until_s: int) -> tuple[I64, I64, F64]:
        rows, fleet = self.daily, self.fleet
        # Days of the hosts' own calendars: east of Greenwich the next one has begun before the window ends.
        first, last = np.full(len(rows), since_s // DAY_S - 1), np.full(len(rows), until_s // DAY_S + 2)
        process, day = each(rows, first, last)
        on = (self.processes.weekdays.take(process) >> civil.weekday(day)) & 1 == 1
        process, day = process[on], day[on]
        clock = day * DAY_S + self.processes.phase_s.take(process).astype(np.int64)
        zone = fleet.zone_codes.take(self.processes.host.take(process))
        nominal = clock.copy()
        for code in np.unique(zone).tolist():
            here = (zone == code).nonzero()[0]
            name, local = fleet.zones[code], clock.take(here)
            guess = local - zones.offsets(local, name)
            nominal[here] -= zones.offsets(guess, name)
        return process, day, nominal.astype(np.float64)

    def _random(self, since_s: int, until_s: int) -> tuple[I64, I64, F64]:
        rows = self.random
        early = np.floor((since_s - self.reach_s.take(rows)) / self.cell_s).astype(np.int64)
        at, cell = each(np.arange(len(rows)), early, -(-until_s // self.cell_s))
        uniform = draw.uniform_at(self.counted.take(at, axis=0), cell)
        count = np.minimum(counts.poisson(self.mean.take(at), uniform), MOST_IN_CELL)
        place, turn = each(np.arange(len(cell)), np.zeros(len(cell), dtype=np.int64), count)
        at, cell = at.take(place), cell.take(place)
        turn += cell * MOST_IN_CELL
        nominal = draw.uniform_at(self.placed.take(at, axis=0), turn)
        nominal += cell
        nominal *= self.cell_s.take(at)
        return rows.take(at), turn, nominal


def timetable(processes: Processes, fleet: HostFleet) -> Timetable:
    """When processes run; those of a host together."""
    random = (processes.schedule == RANDOM).nonzero()[0]
    period_s = processes.period_s[random]
    cell_s = np.array(CELLS_S).take(np.searchsorted(CELLS_S, period_s), mode="clip")  # no shorter than the period
    keys = processes.keys[random]
    return Timetable(
        processes=processes,
        fleet=fleet,
        clock=(processes.schedule == CLOCK).nonzero()[0],
        daily=(processes.schedule == DAILY).nonzero()[0],
        random=random,
        even=(processes.jitter_s == 0) & (processes.run_sd == 0),
        echoes=processes.echo > 0,
        heavy=(processes.tail > 0) | (processes.size_cap < np.inf),
        delay_sd=(processes.jitter_sd * LOG2_E).astype(np.float32),
        length_sd=(processes.run_sd * LOG2_E).astype(np.float32),
        size_sd=(processes.size_sd * LOG2_E).astype(np.float32),
        reach_s=_reach(processes),
        cell_s=cell_s,
        mean=cell_s / period_s,
        counted=draw.rekey(keys, 1),
        placed=draw.rekey(keys, 2),
    )


def _reach(processes: Processes) -> F64:
    """Seconds before a window in which a run can start and still act in it: draws reach as far as their table."""
    farthest = FAR * float(normal_body()[-1])
    longest = np.minimum(processes.run_s * exp(farthest * processes.run_sd), LONGEST_S)
    delay = np.minimum(processes.jitter_s * exp(farthest * processes.jitter_sd), LONGEST_JITTER_S)
    return longest + delay + AFTER_S + np.where(processes.echo > 0, processes.echo_s, 0.0)


def _parts(seconds: F64, since_s: int) -> I64:
    """Sixteenths of a second after a window's start."""
    seconds *= PARTS
    return np.floor(seconds, out=seconds).astype(np.int64) - since_s * PARTS


def each(rows: I64, first: I64, last: I64) -> tuple[I64, I64]:
    """Rows with each of their numbers ``[first, last)``, row by row."""
    count = np.maximum(last - first, 0)
    row = np.repeat(rows, count)
    before = np.cumsum(count) - count
    return row, np.arange(len(row)) - np.repeat(before - first, count)
