"""What really happened, in whole requests: entries draw their totals, and everything below only splits them.

Every attempt is served, too late for its caller, or failed, and both ends of a call agree on which. A request that is
too late has done its work, so it makes its calls like one that is served. A split of n is a binomial quantile with a
uniform of its own, so that a change somewhere else changes nothing here.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import compiled, counts, draw, maths
from ghostfleet.core.compiled import address
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.scratch import Scratch
from ghostfleet.state.estate.blocks import blocks
from ghostfleet.state.estate.powers import power
from ghostfleet.state.estate.ways import choices

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64, U64, Bool
    from ghostfleet.state.estate.counted import Counted
    from ghostfleet.state.estate.rates import Rates
    from ghostfleet.world.flow import Flow
    from ghostfleet.world.flow.levels import Level

ROLES = ("lost", "made", "again", "more", "most", "refused", "late")
BY_NODE = ("served", "late", "failed", "own_failed")
BY_SLOT = ("call_served", "call_failed", "call_late", "call_refused")
DETAILS = ("call_lost", "call_again", "call_more", "call_most")
MOST = 1e9
NONE = 1 - 1e-9  # far more below 1 than probabilities are rounded


class Outcomes(msgspec.Struct, frozen=True, dict=True):
    """Counts per tick: of nodes (nodes, ticks) and of calls (slots, ticks)."""

    entered: I64  # (entries, ticks)
    entry_failed: I64  # of those, (entries, ticks)
    echoed: I64  # messages that closed a circle, (echoes, ticks)
    echo_failed: I64  # of those, (echoes, ticks)
    served: I64  # by a node
    late: I64  # answered by a node, too late for the caller
    failed: I64  # at a node
    own_failed: I64  # of those, by the node's own doing
    call_served: I64  # attempts of a slot that were served
    call_failed: I64  # attempts of a slot that failed, late ones included
    call_late: I64  # of those, too late
    call_refused: I64  # calls that a breaker refused, and so no attempts
    # Single requests need these; tables of sums do not, and leave them out.
    call_lost: I64 | None = None  # calls of a slot that failed for good, refused ones included
    call_again: I64 | None = None  # served calls before which an attempt failed …
    call_more: I64 | None = None  # … two at least …
    call_most: I64 | None = None  # … three

    @property
    def is_detailed(self) -> bool:
        """Whether it has what single requests need."""
        return self.call_lost is not None

    @cached_property
    def requests(self) -> I64:
        """Requests at each node, (nodes, ticks); every table asks."""
        return self.served + self.late + self.failed


class _Part(msgspec.Struct, frozen=True):
    """What a level of the flow needs to know of its nodes and slots; columns of shape (nodes, 1) and (slots, 1)."""

    level: Level
    nodes: I64  # of the flow
    slots: I64
    edges: I64
    children: tuple[int, ...]  # places in the order of levels
    shares: F64
    tries: I64  # attempts of a call at most
    are_messages: Bool
    are_last: Bool  # slots behind which a request waits for nothing
    are_waiting: Bool  # nodes that wait for somebody
    are_chosen: Bool  # slots of a choice …
    are_followed: Bool  # … after which another one of it comes
    are_certain: Bool  # … of which every request makes one; shape (slots,)
    choices: tuple[tuple[int, ...], ...]


class Splitter:
    """Draws outcomes for any window."""

    def __init__(self, flow: Flow, counted: Counted | None = None) -> None:
        """Make the keys of all splits; ``counted`` says how many requests enter, where that is not drawn."""
        self.flow, self.scratch, self.counted = flow, Scratch(), counted
        self.parts = [_part(flow, level) for level in flow.levels.all]
        self.entry = self._pair(flow.entries.ids, "total", "failed")
        self.echo = self._pair(flow.echoes.ids, "echo", "echo failed")
        # Those of nodes and slots are in the order of levels.
        self.node = flow.stream("split", "own").keys(flow.nodes.ids)[flow.levels.nodes]
        slots = flow.slots.ids[flow.levels.slots]
        self.slot = {role: flow.stream("split", role).keys(slots) for role in ROLES}

    def _pair(self, ids: U64, total: str, failed: str) -> tuple[U64, U64]:
        return self.flow.stream("split", total).keys(ids), self.flow.stream("split", failed).keys(ids)

    def forget(self) -> None:
        """Let go of what is kept for the next window."""
        self.scratch.forget()

    def split(self, rates: Rates, *, detailed: bool = False) -> Outcomes:
        """Counts at every tick of the window of some rates; with those that only single requests need, if asked."""
        of_slots = (*BY_SLOT, *DETAILS) if detailed else BY_SLOT
        flow, levels, window = self.flow, self.flow.levels, rates.window
        self._require_countable(rates)
        given = None if self.counted is None else self.counted.entered(window)
        entered, entry_failed = self._enter(rates.entering, self.entry, flow.entries.nodes, rates, given)
        echoed, echo_failed = self._enter(rates.echoing, self.echo, flow.echoes.children, rates)
        by_node = np.zeros((len(BY_NODE), len(flow.nodes), len(window)), dtype=np.int64)
        by_slot = np.empty((len(of_slots), len(flow.slots), len(window)), dtype=np.int64)
        _place(by_node, flow.entries.nodes, entered, entry_failed)
        _place(by_node, flow.echoes.children, echoed, echo_failed)
        for some in blocks(len(window), len(flow.slots)):
            going = _Split(self, rates, some, by_node[:, levels.nodes, some], len(of_slots))
            going.run()
            by_node[:, levels.nodes, some] = going.by_node
            by_slot[:, levels.slots, some] = going.by_slot
        names = dict(zip(BY_NODE, by_node, strict=True)) | dict(zip(of_slots, by_slot, strict=True))
        return Outcomes(entered=entered, entry_failed=entry_failed, echoed=echoed, echo_failed=echo_failed, **names)

    def _require_countable(self, rates: Rates) -> None:
        """Refuse more requests than counts are made for, and name who would get them."""
        if not rates.attempts.size:
            return
        most = counts.LARGEST / 2 / rates.window.tick_s  # chance adds little to what is expected
        node = int(rates.attempts.max(axis=1).argmax())
        if (found := float(rates.attempts[node].max())) > most:
            name = self.flow.nodes.names[node]
            msg = (
                f"{name} would get {found:,.0f} requests per second, and {most:,.0f} are the most that can be told; "
                "lower estate.load, requests_per_s, rate_per_s or per_request on the way there, or what incidents add"
            )
            raise ScenarioError(msg)

    @staticmethod
    def _enter(
        means: F64, keys: tuple[U64, U64], nodes: I64, rates: Rates, given: I64 | None = None
    ) -> tuple[I64, I64]:
        """Draw the totals of what enters at nodes, unless they are given, and split off what fails."""
        window, (totals, bad) = rates.window, keys
        if given is None:
            u = draw.uniform(totals, window.start, window.stop)
            given = counts.poisson(np.minimum(means * window.tick_s, MOST), u)
        entered = given
        return entered, _share(entered, rates.answers.failures[nodes], bad, window.start)


def _place(by_node: I64, nodes: I64, total: I64, bad: I64) -> None:
    served, _late, failed, _own = by_node
    for cell, node in enumerate(nodes.tolist()):
        served[node] += total[cell] - bad[cell]
        failed[node] += bad[cell]


class _Split:
    """A few ticks on their way down the call graph; arrays in the order of levels."""

    def __init__(self, splitter: Splitter, rates: Rates, some: slice, by_node: I64, of_slots: int) -> None:
        self.keys, self.flow, self.seen, self.some = splitter, splitter.flow, rates.answers, some
        self.start = rates.window.start + some.start
        self.by_node = by_node
        self.served, self.late, self.failed, self.own = by_node
        shape = of_slots, len(splitter.flow.slots), by_node.shape[2]
        self.by_slot = splitter.scratch.array("slots", shape, np.int64)
        self.call_served, self.call_failed, self.call_late, self.call_refused = self.by_slot[: len(BY_SLOT)]
        self.details = self.by_slot[len(BY_SLOT) :]  # none, or `DETAILS`

    def run(self) -> None:
        """Go from the entries to whoever calls nobody."""
        for part in self.keys.parts:
            lost = self._causes(part)
            if part.level.steps:
                self._calls(part, self._reached(part, lost), lost)

    def _causes(self, part: _Part) -> I64:
        """Split what failed at nodes by cause: own, or the slot whose call failed; of the slots."""
        seen, nodes, some = self.seen, part.level.nodes, self.some
        # Probabilities of the causes, in the order in which a request meets them.
        left, own = seen.failures[part.nodes, some], seen.own_failures[part.nodes, some]
        failed = self.failed[nodes]
        drawn = self._share(np.where(part.are_waiting, failed, 0), _ratio(own, left), self.keys.node[nodes])
        self.own[nodes] = np.where(part.are_waiting, drawn, failed)  # nothing else can have been the cause
        unsaid = failed - self.own[nodes]
        lost = np.zeros((len(part.slots), failed.shape[1]), dtype=np.int64)
        if not unsaid.any():
            return lost
        passing, passes = 1 - own, seen.passes[part.slots, some]
        keys = self.keys.slot["lost"][part.level.slots]
        for step in part.level.steps:
            first = slice(step.stop - step.start)
            here = passing[first] * (1 - passes[step])
            left[first] -= own[first]
            last, total = part.are_last[step], unsaid[first]
            drawn = self._share(np.where(last, 0, total), _ratio(here, left[first]), keys[step])
            lost[step] = np.where(last, total, drawn)
            total -= lost[step]
            own[first] = here
            passing[first] *= passes[step]
        return lost

    def _reached(self, part: _Part, lost: I64) -> I64:
        """Requests that get as far as each slot and past it: all that are answered, and those that fail later on.

        Messages are sent for what is answered only.
        """
        nodes = part.level.nodes
        past = self.served[nodes] + self.late[nodes]
        later, reached = np.zeros_like(past), np.empty_like(lost)
        chosen = np.zeros_like(past)  # lost in later slots of the same choice: who makes those calls makes no other
        for step in reversed(part.level.steps):
            first = slice(step.stop - step.start)
            ends = ~part.are_followed[step]
            later[first] += np.where(ends, chosen[first], 0)
            reached[step] = past[first] + np.where(part.are_messages[step], 0, later[first])
            chosen[first] = np.where(ends, 0, chosen[first]) + lost[step]
        return reached

    def _calls(self, part: _Part, past: I64, lost: I64) -> None:
        """Attempts of slots: those of requests that get past them, and those of requests that fail in them.

        Who sends a message does not wait, and does not learn whether it was lost.
        """
        seen, slots, keys = self.seen, part.level.slots, self.keys.slot
        gone = seen.lost[part.slots, self.some]
        made = self._made(part, past, gone)
        if part.are_messages.any():
            unheard = self._share(np.where(part.are_messages, made, 0), gone, keys["lost"][slots])
            made, lost = made - unheard, lost + unheard
        refusing = seen.refused[part.edges, self.some]
        refused = np.zeros_like(lost)
        if refusing.any():
            refused = self._share(lost, _ratio(refusing, gone), keys["refused"][slots])
        self.call_refused[slots] = refused
        if len(self.details):
            self.details[0, slots], self.details[1:, slots] = lost, 0
        self._arrive(part, made, self._again(part, made) + (lost - refused) * part.tries)

    def _made(self, part: _Part, past: I64, gone: F64) -> I64:
        """Calls of those that get past."""
        served = part.shares * (1 - gone) / self.seen.passes[part.slots, self.some]
        share = np.where(part.are_messages, part.shares, served)
        always = part.shares >= 1
        keys = self.keys.slot["made"][part.level.slots]
        drawn = self._share(np.where(always | part.are_chosen, 0, past), share, keys)
        for slots in part.choices:
            self._choose(part, slots, past[slots[0]], gone, (drawn, keys))
        return np.where(always, past, drawn)

    def _choose(self, part: _Part, slots: tuple[int, ...], total: I64, gone: F64, into: tuple[I64, U64]) -> None:
        """Split requests among the calls of a choice, one after another, of those that are left."""
        drawn, keys = into
        likely = part.shares[list(slots)] * (1 - gone[list(slots)])
        left = np.full(total.shape, max(1 - sum(part.shares[list(slots), 0].tolist()), 0.0))
        for one in likely:
            left = left + one
        for number, slot in enumerate(slots):
            row = slice(slot, slot + 1)
            if slot == slots[-1] and part.are_certain[slot]:
                drawn[row] = total
            else:
                drawn[row] = self._share(total[None], _ratio(likely[number], left)[None], keys[row])
            total = total - drawn[slot]
            left = left - likely[number]

    def _again(self, part: _Part, made: I64) -> I64:
        """Failed attempts before those that were served: how many calls needed one more, and of those one more."""
        total, trying = np.zeros_like(made), made
        failing = self.seen.attempt_failures[part.slots, self.some]
        most = int(part.tries.max()) - 1
        for number, role in zip(range(most), ("again", "more", "most"), strict=False):
            # P(at least n + 1 failures | at least n, and served in the end); 0 where no attempt is left
            rest = power(failing, np.maximum(part.tries - number, 1))
            share = (failing - rest) / (1 - rest)
            trying = self._share(trying, share, self.keys.slot[role][part.level.slots])
            total = total + trying
            if len(self.details):
                self.details[1 + number, part.level.slots] = trying
        return total

    def _arrive(self, part: _Part, served: I64, failed: I64) -> None:
        slots = part.level.slots
        late = self._share(failed, self.seen.late[part.slots, self.some], self.keys.slot["late"][slots])
        self.call_served[slots], self.call_failed[slots], self.call_late[slots] = served, failed, late
        answered = failed - late
        for row, child in enumerate(part.children):
            self.served[child] += served[row]
            self.late[child] += late[row]
            self.failed[child] += answered[row]

    def _share(self, total: I64, probability: F64, keys: U64) -> I64:
        return _share(total, probability, keys, self.start)


def _part(flow: Flow, level: Level) -> _Part:
    """Columns of a level."""
    levels, edges = flow.levels, flow.edges
    nodes, slots = levels.nodes[level.nodes], levels.slots[level.slots]
    of = flow.slots.edges[slots]
    messages = flow.edges.asynchronous[of] > 0
    certain = [one for one in flow.slots.choices if sum(flow.slots.shares[list(one)].tolist()) > NONE]
    # The last slot of a node that is no message.
    last = {max(waiting) for node in nodes.tolist() if (waiting := _waiting(flow, node))}
    return _Part(
        level=level,
        nodes=nodes,
        slots=slots,
        edges=of,
        children=tuple(levels.place[edges.children[of]].tolist()),
        shares=flow.slots.shares[slots][:, None],
        tries=edges.retries[of][:, None] + 1,
        are_messages=messages[:, None],
        are_last=np.array([slot in last for slot in slots.tolist()], dtype=np.bool_)[:, None],
        are_waiting=np.array([bool(_waiting(flow, node)) for node in nodes.tolist()], dtype=np.bool_)[:, None],
        are_chosen=_marked(slots, [slot for one in flow.slots.choices for slot in one])[:, None],
        are_followed=_marked(slots, [slot for one in flow.slots.choices for slot in one[:-1]])[:, None],
        are_certain=_marked(slots, [slot for one in certain for slot in one]),
        choices=choices(flow, slots),
    )


def _marked(slots: I64, some: list[int]) -> Bool:
    return np.isin(slots, np.array(some, dtype=np.int64))


def _waiting(flow: Flow, node: int) -> list[int]:
    return [slot for slot in flow.slots.of[node] if not flow.edges.asynchronous[flow.slots.edges[slot]]]


def _share(total: I64, probability: F64, keys: U64, start: int) -> I64:
    """Binomial quantiles, shape (rows, ticks), of rows with keys; nothing is drawn where there is nothing to split."""
    loops = compiled.loops()
    if loops is not None and total.shape == probability.shape == (len(keys), *total.shape[1:]):
        given = [
            np.ascontiguousarray(total, dtype=np.int64),
            np.ascontiguousarray(probability),
            np.ascontiguousarray(keys),
        ]
        found = np.empty(total.shape, dtype=np.int64)
        series = maths.series()
        into = address(series), address(counts.SERIES), address(found)
        if not loops.share(*map(address, given), *total.shape, start, *into):
            return found
    out = np.zeros_like(total)
    places = np.flatnonzero((total > 0) & (probability > 0))
    if not len(places):
        return out
    sizes, shares = total.take(places), probability.take(places)
    u = _uniform(keys, start, total.shape[1], places)
    # No outcome of n has a probability of at least 1 − np: below it the quantile is 0.
    some = np.flatnonzero(u + sizes * shares > NONE)
    out.reshape(-1)[places[some]] = counts.binomial(sizes[some], np.minimum(shares[some], 1.0), u[some])
    return out


def _uniform(keys: U64, start: int, ticks: int, places: I64) -> F64:
    """What `draw.uniform` has at some flat places of (rows, ticks): half a word each."""
    if len(places) * 3 > len(keys) * ticks:
        return draw.uniform(keys, start, start + ticks).take(places)
    row, tick = np.divmod(places, ticks)
    index = tick + start
    words = draw.word_at(keys[row], index >> 1)
    half = (words >> (np.uint64(32) * (index & 1).astype(np.uint64))) & np.uint64(0xFFFFFFFF)
    return (half.astype(np.float64) + 0.5) * 2.0**-32


def _ratio(part: F64, whole: F64) -> F64:
    """Share of a part; 0 where there is no whole, at most 1."""
    share: F64 = np.minimum(part / np.where(whole > 0, whole, 1.0), 1.0)
    return share
