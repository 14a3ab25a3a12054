"""What a scenario expects of requests over time: how many enter by the hour, and which share of them fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import civil, zones
from ghostfleet.core.arrays import F64  # of fields
from ghostfleet.core.moments import Moments
from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S, Window
from ghostfleet.state.estate import Estates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ghostfleet.core.arrays import I64
    from ghostfleet.signals import Extent
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.world.flow import Flow

UNSTATED = "no manifest says when the requests were made"
ODD_TICKS = "ticks are no whole part of a quarter of an hour"
MOST_HOURS = 7 * 24  # by which the shape of load is judged; the last ones of what there is
SOLVED_HOURS = 48  # by which shares of failures are judged …
STRETCH_HOURS = 6  # … in stretches of so many, spread over what there is where that is longer
SHORT_S, SHORT_SLOT_S = 6 * HOUR_S, 15 * MINUTE_S  # up to so long, slots are shorter than an hour

LONGEST_MS, MANY_TIMES = 600_000.0, 200


class Hours(msgspec.Struct, frozen=True):
    """Requests that shapes let enter at some cells, hour by hour, with no incident and nothing that wanders."""

    since: int  # hour since the epoch
    requests: F64  # (cells, hours)
    weekend: F64  # share of each hour that is one by the cell's clock, (cells, hours)

    @property
    def numbers(self) -> list[int]:
        """Hours since the epoch."""
        return list(range(self.since, self.since + self.requests.shape[1]))


def by_hour(flow: Flow, cells: Sequence[int], extent: Extent) -> Hours | str:
    """Whole hours of an extent, the last week of them; or why nothing is said of them."""
    since, until = -(-extent.since_s // HOUR_S), extent.until_s // HOUR_S
    since = max(since, until - MOST_HOURS)
    if until <= since:
        return "there is no whole hour"
    step_s = 5 * MINUTE_S
    each = HOUR_S // step_s
    window = Window(since * each, until * each, step_s)
    at, begun_s = Moments(window), window.ticks() * step_s
    requests = np.empty((len(cells), until - since))
    weekend = np.empty_like(requests)
    for place, cell in enumerate(cells):
        clock, factor = flow.entries.clocks[cell], np.ones(len(window))
        for shape in flow.entries.shapes[cell]:
            factor *= shape.curve(at, None, clock)[0]
        requests[place] = float(flow.entries.rates[cell]) * step_s * _hourly(factor)
        days = (begun_s + zones.offsets(begun_s, clock)) // DAY_S
        weekend[place] = _hourly((civil.weekday(days) >= civil.SATURDAY).astype(np.float64)) / each
    return Hours(since, requests, weekend)


def _hourly(values: F64) -> F64:
    sums: F64 = np.add.reduce(values.reshape(-1, HOUR_S // (5 * MINUTE_S)), axis=1)
    return sums


class Slot(msgspec.Struct, frozen=True):
    """A stretch of time, and the probabilities with which requests fail in it."""

    since_s: int
    until_s: int
    failing: F64  # of each node that was asked for


def failing(scenario: Scenario, nodes: Sequence[int], extent: Extent) -> list[Slot] | str:
    """Slots of an extent with the shares of failures that the state has in them, incidents included."""
    tick_s = scenario.timeline.tick_s
    if SHORT_SLOT_S % tick_s:
        return ODD_TICKS
    slot_s = SHORT_SLOT_S if extent.until_s - extent.since_s <= SHORT_S else HOUR_S
    first, last = -(-extent.since_s // slot_s), extent.until_s // slot_s
    if last <= first:
        return f"there is no whole stretch of {slot_s // MINUTE_S} minutes"
    estates, found = Estates(scenario), list[Slot]()
    each = slot_s // tick_s
    for begin, end in _stretches(first, last, HOUR_S // slot_s):
        rates = estates.solve(Window(begin * each, end * each, tick_s)).rates
        came = _by_slot(rates.attempts[list(nodes)], each)
        failed = _by_slot(rates.attempts[list(nodes)] * rates.answers.failures[list(nodes)], each)
        shares = failed / np.maximum(came, 1e-12)
        found += [Slot(slot * slot_s, (slot + 1) * slot_s, shares[:, slot - begin]) for slot in range(begin, end)]
    return found


def _stretches(first: int, last: int, an_hour: int) -> Iterator[tuple[int, int]]:
    """Stretches of slots: all of few, some of many; each is solved at once."""
    length = STRETCH_HOURS * an_hour
    count = SOLVED_HOURS // STRETCH_HOURS
    if last - first <= length * count:
        yield first, last
        return
    for place in range(count):
        begin = first + (last - first - length) * place // (count - 1)
        yield begin, begin + length


def _by_slot(values: F64, each: int) -> F64:
    sums: F64 = np.add.reduce(values.reshape(len(values), -1, each), axis=2)
    return sums


def restless(flow: Flow, cells: Sequence[int]) -> float:
    """Times the usual wander and surges, of the most restless of some cells."""
    some: I64 = np.array(cells, dtype=np.int64)
    return float(flow.entries.unrest[some].max()) if len(some) else 0.0


def longest_ms(flow: Flow) -> float:
    """What no request lasts, whatever goes wrong: ten minutes, or hundreds of times what anybody's own work takes."""
    return max(LONGEST_MS, MANY_TIMES * float(flow.nodes.own_ms.max(initial=0.0)))
