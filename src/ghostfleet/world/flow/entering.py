"""How many requests enter an estate, by its shapes alone and without incidents: what plans and estimates go by."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.moments import Moments
from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S, Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ghostfleet.core.arrays import F64
    from ghostfleet.shapes import Shape
    from ghostfleet.world.flow import Flow

WEEK_H = 7 * 24
STEP_S = 30 * MINUTE_S  # between points of a curve; what lies between them is a straight line
STRETCH_S = 28 * DAY_S  # whose curve is drawn at once, when somebody asks: estates may span decades


class Entering:
    """Requests that enter at some cells."""

    def __init__(self, flow: Flow, cells: Sequence[int]) -> None:
        """Remember which; curves are drawn when somebody asks."""
        self._flow = flow
        self._cells = cells
        self._curves: dict[int, tuple[F64, F64]] = {}

    @cached_property
    def mean_per_s(self) -> float:
        """Requests per second, on average over a week; of a given total, their share of it."""
        since_s, until_s = self._flow.estate.span_s
        hour = since_s // (7 * DAY_S) * WEEK_H
        week = Window(hour, hour + WEEK_H, HOUR_S)
        mean = _sum(_rate(self._flow, self._cells, week)) / WEEK_H
        total = self._flow.estate.total
        if total is None or not mean:
            return mean
        return total / (until_s - since_s) * mean / (_sum(_rate(self._flow, None, week)) / WEEK_H)

    def expected(self, window: Window, times: float = 1.0) -> int:
        """Requests of a window, times a number; of windows side by side as many as in both."""
        return sum(
            round(times * self._reached(stretch, high)) - round(times * self._reached(stretch, low))
            for stretch, low, high in self._cut(window.since_s, window.until_s)
        )

    def between(self, since_s: int, until_s: int) -> float:
        """Requests from one second to another."""
        return sum(
            self._reached(stretch, high) - self._reached(stretch, low)
            for stretch, low, high in self._cut(since_s, until_s)
        )

    def _cut(self, since_s: int, until_s: int) -> Iterator[tuple[tuple[int, int], int, int]]:
        """Stretches with the seconds between which they are asked for; a total is counted over the whole span."""
        if self._flow.estate.total is not None:
            low, high = self._flow.estate.span_s
            yield (low, high), min(max(since_s, low), high), min(max(until_s, low), high)
            return
        for start in range(since_s // STRETCH_S * STRETCH_S, until_s, STRETCH_S):
            stop = start + STRETCH_S
            yield (start, stop), max(start, since_s), min(stop, until_s)

    def _reached(self, stretch: tuple[int, int], second: int) -> float:
        """Requests from the start of a stretch to a second of it."""
        start, stop = stretch
        if start not in self._curves:
            at_s, reached = _curve(self._flow, self._cells, start, stop)
            total = self._flow.estate.total
            if total is not None and reached[-1]:
                reached = reached * (total / _curve(self._flow, None, start, stop)[1][-1])
            self._curves[start] = at_s, reached
        return float(np.interp(second, *self._curves[start]))


def _curve(flow: Flow, cells: Sequence[int] | None, start: int, stop: int) -> tuple[F64, F64]:
    """Seconds of a stretch, and how many requests have entered by then."""
    points = Window(start // STEP_S, -(-stop // STEP_S) + 1, STEP_S)
    rate, at_s = _rate(flow, cells, points), points.seconds().astype(np.float64)
    reached = np.concatenate([[0.0], np.add.accumulate((rate[1:] + rate[:-1]) / 2 * STEP_S)])
    inside = np.concatenate([[float(start)], at_s[(at_s > start) & (at_s < stop)], [float(stop)]])
    found = np.interp(inside, at_s, reached)
    return inside, found - found[0]


def _sum(values: F64) -> float:
    return float(np.add.accumulate(values)[-1])


def _rate(flow: Flow, cells: Sequence[int] | None, window: Window) -> F64:
    """Requests per second that enter at some cells together, or at all, at the start of each tick."""
    entries = flow.entries
    rates: dict[tuple[tuple[Shape, ...], str], float] = {}
    for cell in range(len(entries)) if cells is None else cells:
        key = entries.shapes[cell], entries.clocks[cell]
        rates[key] = rates.get(key, 0.0) + float(entries.rates[cell])
    at, found = Moments(window), np.zeros(len(window))
    for (shapes, clock), rate in rates.items():
        factor = np.full(len(window), rate)
        for shape in shapes:
            factor *= shape.curve(at, None, clock)[0]
        found += factor
    return found


def ticks_of(requests: int, per_s: float, tick_s: int) -> int:
    """Ticks of a task that should hold so many requests: whole days at most, and whole five ticks at least."""
    return max(5, min(DAY_S // tick_s, int(requests / max(per_s * tick_s, 1e-9)) // 5 * 5))
