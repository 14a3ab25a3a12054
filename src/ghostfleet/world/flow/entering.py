"""How many requests enter an estate, on average over a week: what plans and estimates go by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.moments import Moments
from ghostfleet.core.window import DAY_S, HOUR_S, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.world.flow import Flow

WEEK_H = 7 * 24


def mean_per_s(flow: Flow, cells: Sequence[int]) -> float:
    """Requests per second that enter at some cells, without incidents; of a given total, their share of it."""
    every = _mean(flow, range(len(flow.entries)))
    some = sum(every[cell] for cell in cells)
    total = flow.estate.total
    if total is None or not sum(every):
        return some
    since_s, until_s = flow.estate.span_s
    return total / (until_s - since_s) * some / sum(every)


def expected(flow: Flow, per_s: float, window: Window) -> int:
    """How many of so many requests per second enter in a window; of windows side by side as many as in both."""
    since_s = flow.estate.span_s[0]
    return round(per_s * (window.until_s - since_s)) - round(per_s * (window.since_s - since_s))


def _mean(flow: Flow, cells: Sequence[int]) -> list[float]:
    entries = flow.entries
    hour = flow.estate.span_s[0] // (7 * DAY_S) * WEEK_H
    at, known = Moments(Window(hour, hour + WEEK_H, HOUR_S)), {}
    for cell in cells:
        key = entries.shapes[cell], entries.clocks[cell]
        if key not in known:
            factor = np.ones(WEEK_H)
            for shape in entries.shapes[cell]:
                factor *= shape.curve(at, None, entries.clocks[cell])[0]
            known[key] = float(np.add.accumulate(factor)[-1]) / WEEK_H
    return [float(entries.rates[cell]) * known[entries.shapes[cell], entries.clocks[cell]] for cell in cells]


def ticks_of(requests: int, per_s: float, tick_s: int) -> int:
    """Ticks of a task that should hold so many requests: whole days at most, and whole five ticks at least."""
    return max(5, min(DAY_S // tick_s, int(requests / max(per_s * tick_s, 1e-9)) // 5 * 5))
