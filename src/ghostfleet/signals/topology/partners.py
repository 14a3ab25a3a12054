"""How other people's services do when one looks: what their callers saw of them in the last hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.state.estate import mixtures
from ghostfleet.state.estate.answers import wire_ms
from ghostfleet.world.estate.business import HEALTHY_BELOW_SLA, WATCHED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, Bool
    from ghostfleet.state.estate import State

SLOW_MS = 1000.0  # mean response from which on a service is degraded (EST-33)


class Partners:
    """What was seen of some services in the window of a state; shapes (services,), and 0 where nobody asked."""

    def __init__(self, state: State, names: Sequence[str]) -> None:
        """Add up their requests."""
        places = [state.flow.places[name] for name in names]
        outcomes, answers = state.outcomes, state.rates.answers
        answered = (outcomes.served[places] + outcomes.late[places]).astype(np.float64)
        self.requests = np.add.reduce(outcomes.requests[places], axis=1)
        failed = np.add.reduce(outcomes.failed[places] + outcomes.late[places], axis=1)
        self.errors: F64 = np.rint(1e6 * failed / np.maximum(self.requests, 1)) / 1e6
        means, variances = answers.served_mean[places], answers.served_variance[places]
        ways = np.array([_way_ms(state, place) for place in places])
        self.own_ms: F64 = _mean(means, answered)
        self.times_ms: F64 = np.where(self.own_ms > 0, self.own_ms + ways, 0.0)
        sums = mixtures.Sums(answered, answered * means, answered * (variances + means * means))
        (quantile,) = mixtures.quantiles([sums], (0.95,), ticks=answered.shape[1])
        self.p95_ms: F64 = np.where(quantile > 0, quantile + ways, 0.0)

    @property
    def availability(self) -> F64:
        """Per cent of requests that were answered in time."""
        available: F64 = 100 * (1 - self.errors)
        return available

    def is_healthy(self, promised: F64) -> Bool:
        """Whether they keep what their contracts promise in per cent, and soon enough."""
        healthy: Bool = (self.availability > promised - HEALTHY_BELOW_SLA) & (self.times_ms <= SLOW_MS)
        return healthy

    def watched(self) -> dict[str, F64]:
        """What contracts are watched by."""
        values = (self.times_ms, 1 - self.errors, self.errors, self.own_ms)
        return dict(zip(WATCHED, values, strict=True))


def _mean(values: F64, weights: F64) -> F64:
    """Means over ticks, shape (rows,); 0 without a weight."""
    total, weighed = (np.add.accumulate(one, axis=1)[:, -1] for one in (weights, values * weights))
    mean: F64 = weighed / np.where(total > 0, total, 1.0)
    return mean


def _way_ms(state: State, place: int) -> float:
    """Mean time on the way there and back of those who call somebody."""
    edges = np.flatnonzero(state.flow.calls.children == place)
    if not len(edges):
        return 0.0
    ways = np.broadcast_to(wire_ms(state.flow, edges, state.influences), (len(edges), len(state.window)))
    calls = (state.calls.served + state.calls.failed)[edges].astype(np.float64)
    return float(_mean(ways.reshape(1, -1), calls.reshape(1, -1))[0])
