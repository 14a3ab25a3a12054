"""What is known of requests at nodes after some of their calls: how far they got, how they failed, how long it took.

Who fails is too late, refused somewhere by a breaker, or told of a failure: after times so different that each of these
is a class of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, Bool
    from ghostfleet.state.estate.ways import Ways

LEAD = 0.25  # of its own time, until a request makes its calls; whoever fails in one does no more


class Moments(msgspec.Struct):
    """A class of endings: mean and variance of its total time, shapes (nodes or slots, ticks)."""

    mean: F64
    variance: F64

    def rows(self, some: slice) -> Moments:
        """Some rows only."""
        return Moments(self.mean[some], self.variance[some])

    def add(self, first: int, probability: F64, part: Moments) -> F64:
        """Add a part that comes with a probability to the first rows; what it adds to the mean."""
        mean: F64 = probability * part.mean
        self.variance[:first] += probability * (part.variance + part.mean * part.mean)
        self.variance[:first] -= mean * mean
        self.mean[:first] += mean
        return mean


class Refusals(msgspec.Struct):
    """Lost calls that a breaker refused, here or further below; shapes (slots, ticks)."""

    share: F64
    ms: F64

    def rows(self, some: slice) -> Refusals:
        """Some rows only."""
        return Refusals(self.share[some], self.ms[some])


class Call(msgspec.Struct):
    """How the calls of slots end; shapes (slots, ticks)."""

    clean: F64  # probability that a served call was served at once
    clean_moments: Moments | None  # None where nobody asks
    served_moments: Moments
    slow: F64  # share of lost calls that ran into a time-out
    slow_ms: F64
    refusals: Refusals | None  # None where there are none
    fast_ms: F64  # of the others, and its variance
    fast_variance: F64

    def step(self, some: slice) -> Call:
        """Some slots only."""
        return Call(
            self.clean[some],
            None if self.clean_moments is None else self.clean_moments.rows(some),
            self.served_moments.rows(some),
            self.slow[some],
            self.slow_ms[some],
            None if self.refusals is None else self.refusals.rows(some),
            self.fast_ms[some],
            self.fast_variance[some],
        )


class Total:
    """What nodes of a level are known to do after some of their calls; shapes (nodes, ticks)."""

    def __init__(self, own_ms: F64, own_failures: F64, spreads: F64, telling: F64) -> None:
        spread = spreads * own_ms
        variance = spread * spread
        self.clean = Moments(own_ms.copy(), variance)
        self.served = Moments(own_ms.copy(), variance.copy())
        self.clean_share = np.ones_like(own_ms)
        self.passing = 1 - own_failures  # probability of having got so far
        self.slow, self.slow_ms, self.refused, self.refused_ms = np.zeros((4, *own_ms.shape))
        told_ms = telling * own_ms
        self.fast, self.fast_ms = own_failures.copy(), own_failures * told_ms
        self.fast_square = self.fast_ms * told_ms * (1 + spreads * spreads)
        self.undone_ms, self.undone_variance = (1 - LEAD) * own_ms, (1 - LEAD * LEAD) * variance
        self.chosen_served, self.chosen_clean = np.zeros((2, *own_ms.shape))  # means of calls of the choice so far

    def add(self, call: Call, ways: Ways, follows: Bool | None) -> None:
        """Let the first nodes make their next calls; ``follows`` is None where the level has no choices."""
        first = len(ways.passes)
        failed = self.passing[:first] * (1 - ways.passes)
        self._fail(first, failed, call)
        added = self.served.add(first, ways.made, call.served_moments)
        if follows is not None:
            _exclude(self.served, self.chosen_served, added, follows)
        if call.clean_moments is not None:
            added = self.clean.add(first, ways.clean_made, call.clean_moments)
            if follows is not None:
                _exclude(self.clean, self.chosen_clean, added, follows)
            self.clean_share[:first] *= ways.clean
        self.passing[:first] *= ways.passes

    def _fail(self, first: int, failed: F64, call: Call) -> None:
        slow = failed * call.slow
        fast = failed - slow
        before_ms = self.served.mean[:first] - self.undone_ms[:first]
        if call.refusals is not None:
            refused = failed * call.refusals.share
            fast -= refused
            self.refused[:first] += refused
            self.refused_ms[:first] += refused * (before_ms + call.refusals.ms)
        np.maximum(fast, 0.0, out=fast)
        told_ms = before_ms + call.fast_ms
        self.slow[:first] += slow
        self.slow_ms[:first] += slow * (before_ms + call.slow_ms)
        self.fast[:first] += fast
        self.fast_ms[:first] += fast * told_ms
        variance = self.served.variance[:first] - self.undone_variance[:first] + call.fast_variance
        self.fast_square[:first] += fast * (told_ms * told_ms + variance)


def _exclude(total: Moments, chosen: F64, added: F64, follows: Bool) -> None:
    """Take off the variance what parts that never come together would have added; ``chosen`` is written.

    Of parts A and B of which one comes at most, E[AB] is 0, so Var(A + B) is less by 2 E[A] E[B].
    """
    first = len(added)
    before = np.where(follows, chosen[:first], 0.0)
    total.variance[:first] -= 2 * added * before
    chosen[:first] = before + added
