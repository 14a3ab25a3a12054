"""How requests end: the sweep up the call graph from own times and failures to those that callers see.

A request is served at once, served after some call was tried again, or failed: quickly, or slowly after a time-out.
Each class has a probability, and a mean and variance of the total time: totals add those of their parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.state.estate.latency import above, below

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64
    from ghostfleet.state.estate.influences import Influences
    from ghostfleet.world.flow import Flow

FAST_SHARE = 0.35  # of a node's own time until a failure of its own is told
REFUSAL_MS = 1.5  # until a breaker has said no
HIGHEST = 0.999999


class Own(msgspec.Struct, frozen=True):
    """What nodes do themselves; shapes (nodes, ticks)."""

    loads: F64
    connections: F64
    times: F64  # mean, ms
    failures: F64  # probability


class Moments(msgspec.Struct):
    """A class of endings at one node: mean and variance of its total time, shapes (ticks,)."""

    mean: F64
    variance: F64

    @property
    def square(self) -> F64:
        """Second moment."""
        return self.variance + self.mean * self.mean


class Answers(msgspec.Struct, frozen=True):
    """How requests to each node end, and calls of each slot; shapes (nodes, ticks) and (slots, ticks)."""

    failures: F64  # probability that a request fails
    own_failures: F64  # … by the node's own doing
    clean: F64  # probability that a served request was served at once
    clean_mean: F64
    clean_variance: F64
    served_mean: F64  # of all served requests
    served_variance: F64
    slow: F64  # share of failed requests that ran into a time-out
    slow_mean: F64
    fast_mean: F64
    attempt_failures: F64  # (slots, ticks): of one attempt
    late: F64  # (slots, ticks): share of failed attempts that were too late
    tries: F64  # (slots, ticks): expected attempts of a call
    lost: F64  # (slots, ticks): probability that a call fails for good
    passes: F64  # (slots, ticks): probability that a request gets past the slot
    refused: F64  # (edges, ticks)


class _Sweep:
    """One sweep up: arrays that are filled node by node, callees first."""

    def __init__(self, flow: Flow, own: Own, refused: F64 | None, influences: Influences) -> None:
        self.flow, self.own, self.influences = flow, own, influences
        nodes, ticks = own.times.shape
        slots = len(flow.slots)
        self.refused = np.zeros((len(flow.edges), ticks)) if refused is None else refused
        self.by_node = np.zeros((9, nodes, ticks))
        (
            self.failures, self.clean, self.clean_mean, self.clean_variance, self.served_mean, self.served_variance,
            self.slow, self.slow_mean, self.fast_mean,
        ) = self.by_node  # fmt: skip
        self.by_slot = np.zeros((5, slots, ticks))
        self.attempt_failures, self.late, self.tries, self.lost, self.passes = self.by_slot

    def node(self, node: int) -> None:
        """Work out one node from those it calls."""
        own_ms = self.own.times[node]
        spread = self.flow.nodes.spreads[node] * own_ms
        variance = spread * spread
        clean, served = Moments(own_ms, variance), Moments(own_ms, variance)
        own_failure = self.own.failures[node]
        passing = 1 - own_failure  # probability of having got so far
        clean_share = np.ones_like(own_ms)
        slow, slow_ms = np.zeros_like(own_ms), np.zeros_like(own_ms)
        fast, fast_ms = own_failure, own_failure * (FAST_SHARE * own_ms)
        for slot in self.flow.slots.of[node]:
            call = self._call(slot)
            edge = int(self.flow.slots.edges[slot])
            if self.flow.edges.asynchronous[edge]:
                self.passes[slot] = 1.0
                continue
            share = self.flow.slots.shares[slot]
            gone = share * self.lost[slot]
            self.passes[slot] = 1 - gone
            failed = passing * gone
            slow = slow + failed * call.slow
            slow_ms = slow_ms + failed * call.slow * (served.mean + call.slow_ms)
            fast = fast + failed * (1 - call.slow)
            fast_ms = fast_ms + failed * (1 - call.slow) * (served.mean + call.fast_ms)
            made = share * (1 - self.lost[slot]) / self.passes[slot]
            clean_made = made * call.clean
            slot_clean = 1 - made + clean_made
            clean = _with(clean, clean_made / slot_clean, call.clean_moments)
            served = _with(served, made, call.served_moments)
            clean_share = clean_share * slot_clean
            passing = passing * self.passes[slot]
        self.failures[node] = 1 - passing
        self.clean[node] = clean_share
        self.clean_mean[node], self.clean_variance[node] = clean.mean, clean.variance
        self.served_mean[node], self.served_variance[node] = served.mean, served.variance
        total = slow + fast
        at_all = np.where(total > 0, total, 1.0)
        self.slow[node] = slow / at_all
        self.slow_mean[node] = slow_ms / np.where(slow > 0, slow, 1.0)
        self.fast_mean[node] = fast_ms / np.where(fast > 0, fast, 1.0)

    def _call(self, slot: int) -> _Call:
        """Work out one call, its retries included."""
        flow, edge = self.flow, int(self.flow.slots.edges[slot])
        child, retries = int(flow.edges.children[edge]), int(flow.edges.retries[edge])
        wire_ms = self.influences.plus(
            "wire.delay_ms", flow.nodes.names[child], np.full(self.failures.shape[1], flow.edges.wire_ms[edge])
        )
        limit = float(flow.edges.timeouts_ms[edge])
        mean = self.served_mean[child] + wire_ms
        late = above(limit, mean, self.served_variance[child])
        failing = self.failures[child]
        q = 1 - (1 - failing) * (1 - late)
        np.minimum(q, HIGHEST, out=q)
        powers = [np.ones_like(q), q]
        for _ in range(retries):
            powers.append(powers[-1] * q)
        refused = self.refused[edge]
        lost = refused + (1 - refused) * powers[retries + 1]
        self.attempt_failures[slot] = q
        late_share = late * (1 - failing)
        at_all = np.where(q > 0, q, 1.0)
        self.late[slot] = late_share / at_all
        self.tries[slot] = (1 - powers[retries + 1]) / (1 - q)
        self.lost[slot] = lost
        # One failed attempt: slow when it was too late for us, or too late for somebody below.
        slow = (late_share + failing * self.slow[child]) / at_all
        below_ms = np.minimum(self.slow_mean[child] + wire_ms, limit)
        slow_ms = np.where(late > 0, limit, below_ms)
        fast_ms = np.minimum(self.fast_mean[child] + wire_ms, limit)
        attempt_ms = slow * slow_ms + (1 - slow) * fast_ms
        again = (q - powers[retries + 1]) / (1 - powers[retries + 1])  # of served calls, some attempt failed before
        more = _mean_failures(powers, retries)  # failed attempts before a served one, of all served calls
        last = Moments(*below(limit, mean, self.served_variance[child]))
        served = Moments(last.mean + more * attempt_ms, last.variance + more * attempt_ms * attempt_ms)
        clean = Moments(*below(limit, self.clean_mean[child] + wire_ms, self.clean_variance[child]))
        exhausted = (1 - refused) * powers[retries + 1]
        gone = np.where(lost > 0, lost, 1.0)
        tried = exhausted / gone
        return _Call(
            clean=(1 - again) * self.clean[child],
            clean_moments=clean,
            served_moments=served,
            slow=tried * slow,
            slow_ms=slow_ms + retries * attempt_ms,
            fast_ms=(1 - tried) * REFUSAL_MS + tried * (fast_ms + retries * attempt_ms),
        )


class _Call(msgspec.Struct):
    """How a call of one slot ends; shapes (ticks,)."""

    clean: F64  # probability that a served call was served at once
    clean_moments: Moments
    served_moments: Moments
    slow: F64  # share of lost calls that ran into a time-out
    slow_ms: F64
    fast_ms: F64


def _with(total: Moments, probability: F64, part: Moments) -> Moments:
    """Add a part that comes with a probability."""
    mean = probability * part.mean
    return Moments(total.mean + mean, total.variance + probability * part.square - mean * mean)


def _mean_failures(powers: list[F64], retries: int) -> F64:
    """Mean number of failed attempts of calls that were served in the end: Σ k q^k (1 − q) / (1 − q^(R+1))."""
    total = np.zeros_like(powers[1])
    for failures in range(1, retries + 1):
        total = total + failures * powers[failures]
    mean: F64 = total * (1 - powers[1]) / (1 - powers[retries + 1])
    return mean


def sweep(flow: Flow, own: Own, refused: F64 | None, influences: Influences) -> Answers:
    """How requests to each node end; ``refused`` is the share of calls that breakers refuse, shape (edges, ticks)."""
    going = _Sweep(flow, own, refused, influences)
    for node in reversed(range(len(flow.nodes))):
        going.node(node)
    return Answers(
        failures=going.failures,
        own_failures=own.failures,
        clean=going.clean,
        clean_mean=going.clean_mean,
        clean_variance=going.clean_variance,
        served_mean=going.served_mean,
        served_variance=going.served_variance,
        slow=going.slow,
        slow_mean=going.slow_mean,
        fast_mean=going.fast_mean,
        attempt_failures=going.attempt_failures,
        late=going.late,
        tries=going.tries,
        lost=going.lost,
        passes=going.passes,
        refused=going.refused,
    )
