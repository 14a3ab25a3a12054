"""How requests end: the sweep up the call graph from own times and failures to those that callers see.

A request is served at once, served after some call was tried again, or failed: quickly, or slowly after a time-out.
Each class has a probability, and a mean and variance of the total time: totals add those of their parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core.scratch import Scratch
from ghostfleet.state.estate.blocks import blocks
from ghostfleet.state.estate.latency import Limit
from ghostfleet.state.estate.powers import mean_failures, power
from ghostfleet.state.estate.totals import Call, Moments, Refusals, Total
from ghostfleet.state.estate.ways import choices, follows, ways

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, I64, Bool
    from ghostfleet.state.estate.influences import Influences
    from ghostfleet.world.flow import Flow
    from ghostfleet.world.flow.levels import Level

REFUSAL_MS = 1.5  # until a breaker has said no
HIGHEST = 0.999999
DETOUR = 1.0  # times what every request takes, from which on a call of less than half of them is no usual way
COMMON = 0.5
BY_NODE = (
    *("failures", "clean", "clean_mean", "clean_variance", "served_mean", "served_variance"),
    *("slow", "slow_mean", "refusals", "refusal_mean", "fast_mean", "fast_variance"),
)
BY_SLOT = ("attempt_failures", "late", "tries", "lost", "passes")


class Own(msgspec.Struct, frozen=True):
    """What nodes do themselves; shapes (nodes, ticks)."""

    loads: F64
    connections: F64
    times: F64  # mean, ms
    failures: F64  # probability
    telling: F64  # share of its own time until a failure of its own is told; (nodes, ticks), or (nodes, 1)


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
    refusals: F64  # … that a breaker refused, at the node or below it
    refusal_mean: F64
    fast_mean: F64  # of other failed requests
    fast_variance: F64
    attempt_failures: F64  # (slots, ticks): of one attempt
    late: F64  # (slots, ticks): share of failed attempts that were too late
    tries: F64  # (slots, ticks): expected attempts of a call
    lost: F64  # (slots, ticks): probability that a call fails for good
    passes: F64  # (slots, ticks): probability that a request gets past the slot
    refused: F64  # (edges, ticks)


class Alone(msgspec.Struct, frozen=True):
    """Of answers, what the sweep down with retries needs; shapes (nodes, ticks), (slots, ticks) and (edges, ticks)."""

    own_failures: F64
    attempt_failures: F64
    tries: F64
    lost: F64
    refused: F64


class _Part(msgspec.Struct, frozen=True):
    """What a level of the flow needs to know of its nodes and slots; columns of shape (nodes, 1) and (slots, 1)."""

    level: Level
    spreads: F64
    children: I64  # places in the order of levels
    edges: I64
    retries: I64
    limits: Limit
    unanswered: F64 | None  # None where every call is answered
    waits: F64
    certain: Bool  # calls that every request makes
    common: Bool  # … that half of them make at least
    choices: tuple[tuple[int, ...], ...]  # slots of which a request makes one at most, counted from the level's first
    usual_choices: tuple[tuple[int, ...], ...]  # … and half of the requests make one
    follows: Bool  # slots before which stands another one of their choice


class _Sweep:
    """One sweep up over a few ticks: arrays in the order of levels that are filled level by level, callees first."""

    def __init__(self, ready: Sweeper, own: Own, refused: F64, wires: F64, *, asks_clean: bool) -> None:
        nodes, slots, scratch = ready.flow.levels.nodes, ready.flow.levels.slots, ready.scratch
        self.parts, self.wires, self.refused = ready.parts, wires, refused
        self.refuses = bool(refused.any())  # mostly none is refused, and a third of the work is about those that are
        self.asks_clean = asks_clean
        self.times, self.own_failures, self.telling = own.times[nodes], own.failures[nodes], own.telling[nodes]
        ticks = self.times.shape[1]
        (
            self.failures, self.clean, self.clean_mean, self.clean_variance, self.served_mean, self.served_variance,
            self.slow, self.slow_mean, self.refusals, self.refusal_mean, self.fast_mean,
            self.fast_variance,
        ) = scratch.array("nodes", (len(BY_NODE), len(nodes), ticks), np.float64)  # fmt: skip
        if not self.refuses:
            self.refusals[...] = self.refusal_mean[...] = 0.0
        self.attempt_failures, self.late, self.tries, self.lost, self.passes = scratch.array(
            "slots", (len(BY_SLOT), len(slots), ticks), np.float64
        )

    def run(self) -> None:
        """Work out all levels, callees first."""
        for part in reversed(self.parts):
            self._level(part)

    def _level(self, part: _Part) -> None:
        """Work out the nodes of a level from those that they call."""
        nodes, slots = part.level.nodes, part.level.slots
        total = Total(self.times[nodes], self.own_failures[nodes], part.spreads, self.telling[nodes])
        if part.level.steps:
            call = self._call(part)
            if call.clean_moments is not None:
                self._leave_out_detours(part, call, call.clean_moments.mean.copy())
            paths = ways(part.waits, self.lost[slots], call.clean, part.choices)
            self.passes[slots] = paths.passes
            for step in part.level.steps:
                total.add(call.step(step), paths.step(step), part.follows[step] if part.choices else None)
        self._keep(nodes, total)

    def _keep(self, nodes: slice, total: Total) -> None:
        self.failures[nodes] = 1 - total.passing
        self.clean[nodes] = total.clean_share
        self.clean_mean[nodes], self.clean_variance[nodes] = total.clean.mean, total.clean.variance
        self.served_mean[nodes], self.served_variance[nodes] = total.served.mean, total.served.variance
        failed = (total.slow + total.refused if self.refuses else total.slow) + total.fast
        failed = np.where(failed > 0, failed, 1.0)
        self.slow[nodes] = total.slow / failed
        if self.refuses:
            self.refusals[nodes] = total.refused / failed
            self.refusal_mean[nodes] = total.refused_ms / np.where(total.refused > 0, total.refused, 1.0)
        self.slow_mean[nodes] = total.slow_ms / np.where(total.slow > 0, total.slow, 1.0)
        fast = np.where(total.fast > 0, total.fast, 1.0)
        self.fast_mean[nodes] = told = total.fast_ms / fast
        self.fast_variance[nodes] = np.maximum(total.fast_square / fast - told * told, 0.0)

    def _call(self, part: _Part) -> Call:
        """Work out the calls of a level, their retries included."""
        children, slots, limits, retries = part.children, part.level.slots, part.limits, part.retries
        wire_ms = self.wires[slots]
        mean, variance = self.served_mean[children] + wire_ms, self.served_variance[children]
        late, last_mean, last_variance = limits.split(mean, variance)
        if part.unanswered is not None:
            late = late + (1 - late) * part.unanswered
        failing = self.failures[children]
        q = 1 - (1 - failing) * (1 - late)
        np.minimum(q, HIGHEST, out=q)
        tries = retries + 1
        lost = exhausted = all_fail = power(q, tries)
        if self.refuses:
            refused = self.refused[part.edges]
            exhausted = (1 - refused) * all_fail
            lost = refused + exhausted
        self.attempt_failures[slots], self.lost[slots] = q, lost
        late_share = late * (1 - failing)
        at_all = np.where(q > 0, q, 1.0)
        self.late[slots] = late_share / at_all
        self.tries[slots] = (1 - all_fail) / (1 - q)
        # One failed attempt: slow when it was too late for us or for somebody below, denied where a breaker refused.
        slow = (late_share + failing * self.slow[children]) / at_all
        below_ms = np.minimum(self.slow_mean[children] + wire_ms, limits.ms)
        slow_ms = np.where(late > 0, limits.ms, below_ms)
        quick_ms = np.minimum(self.fast_mean[children] + wire_ms, limits.ms)
        if self.refuses:  # in both cases, times the share of attempts that are not slow
            denied = failing * self.refusals[children] / at_all
            denied_ms = np.minimum(self.refusal_mean[children] + wire_ms, limits.ms)
            quick_ms = denied * denied_ms + (1 - slow - denied) * quick_ms
        else:
            quick_ms *= 1 - slow
        attempt_ms = slow * slow_ms + quick_ms
        again = (q - all_fail) / (1 - all_fail)  # of served calls, some attempt failed before
        more_ms = mean_failures(q, retries, all_fail) * attempt_ms
        served = Moments(last_mean + more_ms, last_variance + more_ms * attempt_ms)
        # A lost call is slow if any of its attempts was, and they are many times as long as those that fail at once.
        all_quick = power(1 - slow, tries)
        some_slow = np.where(all_quick < 1, 1 - all_quick, 1.0)
        quick_ms /= np.where(slow < 1, 1 - slow, 1.0)
        told_ms, told = all_quick * quick_ms, all_quick
        slow_ms = tries * (attempt_ms - told_ms) / some_slow
        slow = 1 - all_quick
        refusals = None
        if self.refuses:
            tried = exhausted / np.where(lost > 0, lost, 1.0)
            all_denied = power(denied, tries)
            share = 1 - tried + tried * all_denied
            share_ms = (1 - tried) * REFUSAL_MS + tried * all_denied * tries * denied_ms
            refusals = Refusals(share, share_ms / np.where(share > 0, share, 1.0))
            told_ms, told = told_ms - all_denied * denied_ms, all_quick - all_denied
            slow *= tried
        return Call(
            clean=(1 - again) * self.clean[children],
            clean_moments=self._clean(part, wire_ms) if self.asks_clean else None,
            served_moments=served,
            slow=slow,
            slow_ms=slow_ms,
            refusals=refusals,
            fast_variance=tries * self.fast_variance[children],
            fast_ms=tries * np.maximum(told_ms, 0.0) / np.where(told > 0, told, 1.0),
        )

    def _leave_out_detours(self, part: _Part, call: Call, call_ms: F64) -> None:
        """Let long calls that only some requests make be no part of the usual way.

        Those who make one and those who do not are two humps, which no single log-normal has. Of a choice that half of
        the requests make, the shortest call is usual, and others are as long as what they take more.
        """
        usual_ms = self.times[part.level.nodes].copy()
        for step in part.level.steps:
            usual_ms[: step.stop - step.start] += np.where(part.certain[step], call_ms[step], 0.0)
        for slots in part.usual_choices:
            call_ms[list(slots)] -= np.minimum.reduce(call_ms[list(slots)])
        for step in part.level.steps:
            long = call_ms[step] > DETOUR * usual_ms[: step.stop - step.start]
            call.clean[step][long & ~part.common[step]] = 0.0

    def _clean(self, part: _Part, wire_ms: F64) -> Moments:
        """Moments of calls that are served at once."""
        children = part.children
        _, *clean = part.limits.split(self.clean_mean[children] + wire_ms, self.clean_variance[children])
        return Moments(*clean)


def _parts(flow: Flow) -> list[_Part]:
    """Columns of each level."""
    levels, edges = flow.levels, flow.edges
    found = []
    for level in levels.all:
        slots = levels.slots[level.slots]
        of = flow.slots.edges[slots]
        found.append(
            _Part(
                level=level,
                spreads=flow.nodes.spreads[levels.nodes[level.nodes]][:, None],
                children=levels.place[edges.children[of]],
                edges=of,
                retries=edges.retries[of][:, None],
                limits=Limit(edges.timeouts_ms[of][:, None]),
                unanswered=edges.unanswered[of][:, None] if edges.unanswered[of].any() else None,
                waits=flow.waits[slots][:, None],
                certain=(flow.slots.shares[slots] >= 1)[:, None],
                common=(flow.slots.shares[slots] >= COMMON)[:, None],
                choices=(exclusive := choices(flow, slots)),
                usual_choices=tuple(
                    one for one in exclusive if np.add.reduce(flow.slots.shares[slots[list(one)]]) >= COMMON
                ),
                follows=follows(flow, slots)[:, None],
            )
        )
    return found


class Sweeper:
    """Sweeps up, for any window."""

    def __init__(self, flow: Flow) -> None:
        """Look up what does not depend on the window."""
        self.flow, self.parts, self.scratch = flow, _parts(flow), Scratch()

    def sweep(self, own: Own, refused: F64, influences: Influences) -> Answers:
        """How requests to each node end; ``refused`` is the share of calls that breakers refuse, (edges, ticks)."""
        swept = self._swept(own, refused, influences, BY_NODE, BY_SLOT)
        return Answers(own_failures=own.failures, refused=refused, **swept)

    def alone(self, own: Own, influences: Influences) -> Alone:
        """What would be if no breaker refused anything."""
        refused = np.zeros((len(self.flow.edges), own.times.shape[1]))
        swept = self._swept(own, refused, influences, (), ("attempt_failures", "tries", "lost"))
        return Alone(own_failures=own.failures, refused=refused, **swept)

    def _swept(
        self, own: Own, refused: F64, influences: Influences, by_node: Sequence[str], by_slot: Sequence[str]
    ) -> dict[str, F64]:
        """Work out all nodes, and keep some of what is known of them and of their slots."""
        flow, levels, ticks = self.flow, self.flow.levels, own.times.shape[1]
        wires = wire_ms(flow, flow.slots.edges[levels.slots], influences)
        kept = {name: np.empty((len(levels.nodes), ticks)) for name in by_node}
        kept |= {name: np.empty((len(levels.slots), ticks)) for name in by_slot}
        for some in blocks(ticks, len(flow.slots)):
            told = own.telling if own.telling.shape[1] == 1 else own.telling[:, some]
            mine = Own(own.loads, own.connections, own.times[:, some], own.failures[:, some], told)
            here = wires if wires.shape[1] == 1 else wires[:, some]
            going = _Sweep(self, mine, refused[:, some], here, asks_clean=bool(by_node))
            going.run()
            for names, order in ((by_node, levels.nodes), (by_slot, levels.slots)):
                for name in names:
                    kept[name][order, some] = getattr(going, name)
        return kept


def wire_ms(flow: Flow, edges: I64, influences: Influences) -> F64:
    """Time on the wire of some calls of the flow, shape (calls, ticks), or (calls, 1) where nothing changes it."""
    usual: F64 = flow.calls.wire_ms[edges][:, None]
    changed = influences.of("wire.delay_ms")
    if not changed:
        return usual
    wires = np.repeat(usual, len(influences.window), axis=1)
    for row, child in enumerate(flow.calls.children[edges].tolist()):
        wires[row] = influences.plus("wire.delay_ms", flow.nodes.names[child], wires[row])
    return wires
