"""What really happened, in whole requests: entries draw their totals, and everything below only splits them.

Every attempt is served, too late for its caller, or failed, and both ends of a call agree on which. A request that is
too late has done its work, so it makes its calls like one that is served. A split of n is a binomial quantile with a
uniform of its own, so that a change somewhere else changes nothing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import counts, draw

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64, U64
    from ghostfleet.core.window import Window
    from ghostfleet.state.estate.rates import Rates
    from ghostfleet.world.flow import Flow

ROLES = ("total", "failed", "own", "lost", "made", "again", "more", "most", "refused", "late")
MOST = 1e9


class Outcomes(msgspec.Struct, frozen=True):
    """Counts per tick: of nodes (nodes, ticks) and of calls (slots, ticks)."""

    entered: I64  # (entries, ticks)
    entry_failed: I64  # of those, (entries, ticks)
    echoed: I64  # messages that closed a circle, (echoes, ticks)
    served: I64  # by a node
    late: I64  # answered by a node, too late for the caller
    failed: I64  # at a node
    own_failed: I64  # of those, by the node's own doing
    call_served: I64  # attempts of a slot that were served
    call_failed: I64  # attempts of a slot that failed, late ones included
    call_late: I64  # of those, too late
    call_refused: I64  # calls that a breaker refused, and so no attempts

    @property
    def requests(self) -> I64:
        """Requests at each node, (nodes, ticks)."""
        return self.served + self.late + self.failed


class Splitter:
    """Draws outcomes for any window."""

    def __init__(self, flow: Flow) -> None:
        """Make the keys of all splits."""
        self.flow = flow
        self._entry = {role: flow.stream("split", role).keys(flow.entries.ids) for role in ROLES[:2]}
        self._node = flow.stream("split", "own").keys(flow.nodes.ids)
        self._slot = {role: flow.stream("split", role).keys(flow.slots.ids) for role in ROLES[3:]}
        self._echo = flow.stream("split", "echo").keys(flow.echoes.ids)
        self._echo_failed = flow.stream("split", "echo failed").keys(flow.echoes.ids)

    def split(self, rates: Rates) -> Outcomes:
        """Counts at every tick of the window of some rates."""
        return _Split(self, rates).run()

    def entry(self, role: str) -> U64:
        """Keys of the entries' draws."""
        return self._entry[role]

    def slot(self, role: str, slot: int) -> U64:
        """Key of a slot's draws, (1, 2)."""
        return self._slot[role][slot : slot + 1]

    def node(self, node: int) -> U64:
        """Key of a node's draws, (1, 2)."""
        return self._node[node : node + 1]

    def echo(self, echo: int) -> tuple[U64, U64]:
        """Keys of an echo's total and of those that fail, (1, 2) each."""
        return self._echo[echo : echo + 1], self._echo_failed[echo : echo + 1]


class _Split:
    """One window on its way down the call graph."""

    def __init__(self, splitter: Splitter, rates: Rates) -> None:
        self.keys, self.flow, self.rates, self.seen = splitter, splitter.flow, rates, rates.answers
        self.window: Window = rates.window
        nodes, ticks = rates.first.shape
        self.served, self.late, self.failed, self.own = np.zeros((4, nodes, ticks), dtype=np.int64)
        slots = len(self.flow.slots)
        self.call_served, self.call_failed, self.call_late, self.call_refused = np.zeros(
            (4, slots, ticks), dtype=np.int64
        )

    def run(self) -> Outcomes:
        """Go from the entries to whoever calls nobody."""
        entered, entry_failed = self._enter()
        echoed = self._echo()
        for node, slots in enumerate(self.flow.slots.of):
            self._node(node, slots)
        return Outcomes(
            entered=entered,
            entry_failed=entry_failed,
            echoed=echoed,
            served=self.served,
            late=self.late,
            failed=self.failed,
            own_failed=self.own,
            call_served=self.call_served,
            call_failed=self.call_failed,
            call_late=self.call_late,
            call_refused=self.call_refused,
        )

    def _enter(self) -> tuple[I64, I64]:
        """Draw the totals of the entry cells, and split them into served and failed."""
        window, flow = self.window, self.flow
        means = np.minimum(self.rates.entering * window.tick_s, MOST)
        entered = counts.poisson(means, draw.uniform(self.keys.entry("total"), window.start, window.stop))
        failed = np.zeros_like(entered)
        for cell, node in enumerate(flow.entries.nodes.tolist()):
            key = self.keys.entry("failed")[cell : cell + 1]
            failed[cell] = self._share(entered[cell], self.seen.failures[node], key)
            self.served[node] += entered[cell] - failed[cell]
            self.failed[node] += failed[cell]
        return entered, failed

    def _echo(self) -> I64:
        window, flow = self.window, self.flow
        echoed = np.zeros((len(flow.echoes), len(window)), dtype=np.int64)
        for echo, node in enumerate(flow.echoes.children.tolist()):
            total, bad = self.keys.echo(echo)
            means = np.minimum(self.rates.echoing[echo] * window.tick_s, MOST)
            echoed[echo] = counts.poisson(means, draw.uniform(total, window.start, window.stop)[0])
            failed = self._share(echoed[echo], self.seen.failures[node], bad)
            self.served[node] += echoed[echo] - failed
            self.failed[node] += failed
        return echoed

    def _node(self, node: int, slots: tuple[int, ...]) -> None:
        """Split what failed at a node by cause, and send the calls of all its requests."""
        seen = self.seen
        waiting = [slot for slot in slots if not self.flow.edges.asynchronous[int(self.flow.slots.edges[slot])]]
        # Probabilities of the causes, in the order in which a request meets them.
        left = seen.failures[node]
        own = seen.own_failures[node]
        self.own[node] = self._share(self.failed[node], _ratio(own, left), self.keys.node(node))
        open_failures = self.failed[node] - self.own[node]
        passing = 1 - own
        past = self.served[node] + self.late[node]  # requests that get past every slot
        lost_at: dict[int, I64] = {}
        for slot in waiting:
            here = passing * (1 - seen.passes[slot])
            left = left - own
            is_last = slot == waiting[-1]
            lost = (
                open_failures
                if is_last
                else self._share(open_failures, _ratio(here, left), self.keys.slot("lost", slot))
            )
            lost_at[slot] = lost
            open_failures = open_failures - lost
            own = here
            passing = passing * seen.passes[slot]
        if not waiting:
            self.own[node] += open_failures  # nothing else can have been the cause
        later = np.zeros_like(past)
        for slot in reversed(slots):
            if slot in lost_at:
                self._call(slot, past + later, lost_at[slot])
                later = later + lost_at[slot]
            else:
                self._message(slot, past)

    def _call(self, slot: int, past: I64, lost: I64) -> None:
        """Attempts of a slot: those of requests that get past it, and those of requests that fail in it."""
        seen, flow = self.seen, self.flow
        edge = int(flow.slots.edges[slot])
        share = flow.slots.shares[slot]
        made = (
            past
            if share >= 1
            else self._share(past, share * (1 - seen.lost[slot]) / seen.passes[slot], self.keys.slot("made", slot))
        )
        q, retries = seen.attempt_failures[slot], int(flow.edges.retries[edge])
        again = self._again(slot, made, q, retries)
        refused = np.zeros_like(lost)
        if seen.refused[edge].any():
            refused = self._share(lost, _ratio(seen.refused[edge], seen.lost[slot]), self.keys.slot("refused", slot))
        self.call_refused[slot] = refused
        self._arrive(slot, made, again + (lost - refused) * (retries + 1))

    def _message(self, slot: int, past: I64) -> None:
        """Attempts of an asynchronous call: who sends it does not wait, and does not learn whether it was lost."""
        seen, flow = self.seen, self.flow
        edge = int(flow.slots.edges[slot])
        share = flow.slots.shares[slot]
        sent = past if share >= 1 else self._share(past, np.full(len(past), share), self.keys.slot("made", slot))
        lost = self._share(sent, seen.lost[slot], self.keys.slot("lost", slot))
        q, retries = seen.attempt_failures[slot], int(flow.edges.retries[edge])
        refused = np.zeros_like(lost)
        if seen.refused[edge].any():
            refused = self._share(lost, _ratio(seen.refused[edge], seen.lost[slot]), self.keys.slot("refused", slot))
        self.call_refused[slot] = refused
        again = self._again(slot, sent - lost, q, retries)
        self._arrive(slot, sent - lost, again + (lost - refused) * (retries + 1))

    def _again(self, slot: int, made: I64, q: F64, retries: int) -> I64:
        """Failed attempts before those that were served: how many calls needed one more, and of those one more."""
        total = np.zeros_like(made)
        trying, power = made, np.ones_like(q)
        powers = [power]
        for _ in range(retries + 1):
            powers.append(powers[-1] * q)
        for number, role in zip(range(retries), ("again", "more", "most"), strict=False):
            # P(at least n + 1 failures | at least n, and served in the end)
            share = (powers[1] - powers[retries + 1 - number]) / (1 - powers[retries + 1 - number])
            trying = self._share(trying, share, self.keys.slot(role, slot))
            total = total + trying
        return total

    def _arrive(self, slot: int, served: I64, failed: I64) -> None:
        child = int(self.flow.edges.children[int(self.flow.slots.edges[slot])])
        late = self._share(failed, self.seen.late[slot], self.keys.slot("late", slot))
        self.call_served[slot], self.call_failed[slot], self.call_late[slot] = served, failed, late
        self.served[child] += served
        self.late[child] += late
        self.failed[child] += failed - late

    def _share(self, total: I64, probability: F64, key: U64) -> I64:
        """Binomial quantile of each tick; nothing is drawn where there is nothing to split."""
        out = np.zeros_like(total)
        places = np.flatnonzero((total > 0) & (probability > 0))
        if len(places):
            if len(places) * 3 > len(total):
                u = draw.uniform(key, self.window.start, self.window.stop)[0][places]
            else:
                index = places + self.window.start
                u = _scattered(key, index)
            out[places] = counts.binomial(total[places], np.minimum(probability[places], 1.0), u)
        return out


def _scattered(key: U64, index: I64) -> F64:
    """What `draw.uniform` has at some places: half a word each."""
    words = draw.word_at(np.repeat(key, len(index), axis=0), index >> 1)
    half = (words >> (np.uint64(32) * (index & 1).astype(np.uint64))) & np.uint64(0xFFFFFFFF)
    return (half.astype(np.float64) + 0.5) * 2.0**-32


def _ratio(part: F64, whole: F64) -> F64:
    """Share of a part; 0 where there is no whole, at most 1."""
    share: F64 = np.minimum(part / np.where(whole > 0, whole, 1.0), 1.0)
    return share
