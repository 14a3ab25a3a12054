"""Transactions that somebody kept who knew what had happened: all of incidents and recoveries, some of the others.

Columns are those of `transactions`, and a transaction is the same in each. Each time is of one of the three: of an
incident that strikes the checkout from its onset until it no longer stands, else of a recovery from one, else neither.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from ghostfleet.core.stretches import apart, inside, without
from ghostfleet.core.window import Window
from ghostfleet.signals import StateObserver, transactions
from ghostfleet.state.estate import Estates
from ghostfleet.truth.metrics import LEAF_PARAMETERS
from ghostfleet.world.markets import SHOP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.arrays import I64, Bool
    from ghostfleet.core.batch import Batch
    from ghostfleet.core.stretches import Stretches as Spans
    from ghostfleet.core.table import Table
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State
    from ghostfleet.world.flow import Flow
    from ghostfleet.world.occasions import Occasion

    Phase = Literal["normal", "incident", "recovery"]

SHARE = 0.01  # of transactions at other times
SOLVED_AT_ONCE = 360  # ticks


@dataclass(frozen=True, slots=True)
class Sample:
    """The record of one phase."""

    phase: Phase
    TABLE: Table
    NEEDS: tuple[str, ...] = ("estate",)

    def observer(self, scenario: Scenario) -> StateObserver:
        """Make the record ready for a scenario."""
        kept = _Kept(scenario)
        table = kept.table(self.TABLE)
        return kept.others(table) if self.phase == "normal" else kept.struck(table, self.phase)

    @staticmethod
    def silence(scenario: Scenario) -> str:
        """Say that there are no transactions to take a sample of."""
        return transactions.silence(scenario)


def _sample(phase: Phase, about: str) -> Sample:
    said = f"{about}; columns are those of transactions"
    whole = transactions.TABLE
    return Sample(
        phase, replace(whole, name=f"{phase}_transactions", stem=f"{phase}_data", about=said, group="records")
    )


SIGNALS = (
    _sample("normal", "one in a hundred transactions at times without an incident"),
    _sample("incident", "transactions while an incident strikes the checkout"),
    _sample("recovery", "transactions while the checkout recovers from an incident"),
)


class _Kept:
    """Which transactions of one scenario are of which phase."""

    def __init__(self, scenario: Scenario) -> None:
        self._estates = Estates(scenario)
        self._shop = transactions.Transactions(scenario)
        self._tick_s = scenario.timeline.tick_s
        self._below = _whom_it_waits_for(self._estates.flow)

    def table(self, table: Table) -> Table:
        """A record as the estate writes it."""
        return transactions.of_estate(self._estates.flow, table)

    def others(self, table: Table) -> StateObserver:
        """What observes a share of the transactions outside of incidents."""

        def expected(window: Window) -> int:
            return round(
                SHARE * (self._entering([(window.since_s, window.until_s)]) - self._entering(self._spans(window)))
            )

        def observe(state: State, window: Window) -> Iterator[Batch]:
            spans = self._spans(window)
            return self._shop.rows(state, table, share=SHARE, keep=lambda time_ms: ~_within(time_ms, spans=spans))

        return StateObserver(
            table, self._shop.a_tick, observe, expected, is_detailed=True, ticks_at_once=self._shop.ticks_at_once
        )

    def struck(self, table: Table, phase: Phase) -> StateObserver:
        """What observes all transactions of a phase; it solves the few ticks that it needs by itself."""
        spans = partial(self._spans, phase=phase)
        return StateObserver(
            table,
            self._shop.a_tick,
            lambda _state, window: self._all_of(table, window, spans(window)),
            lambda window: round(self._entering(spans(window))),
            is_solved=False,
            is_of_requests=True,
            ticks_at_once=self._shop.ticks_at_once,
            solves=lambda window: sum(len(piece) for piece in self._pieces(spans(window))),
        )

    def _entering(self, spans: Spans) -> float:
        """Transactions of some spans, as the hour has them when nothing is wrong."""
        return sum(self._shop.entering.between(since, until) for since, until in spans)

    def _all_of(self, table: Table, window: Window, spans: Spans) -> Iterator[Batch]:
        del window
        for piece in self._pieces(spans):
            state = self._estates.solve(piece, detailed=True)
            yield from self._shop.rows(state, table, keep=partial(_within, spans=spans))

    def _pieces(self, spans: Spans) -> Iterator[Window]:
        """Ticks that hold some of the spans, each once."""
        for since, until in apart((since // self._tick_s, -(-until // self._tick_s)) for since, until in spans):
            yield from Window(since, until, self._tick_s).cut(SOLVED_AT_ONCE)

    def _spans(self, window: Window, phase: Phase = "normal") -> Spans:
        """When a window is of a phase; for the normal one, when it is not."""
        struck, after = [], []
        for one in self._estates.occasions.between(window.since_s, window.until_s):
            if self._strikes(one):
                stood_s = one.phases_s[1]
                struck.append((one.start_s, stood_s))
                after.append((stood_s, one.end_s))
        wanted = {"normal": struck + after, "incident": struck, "recovery": without(after, apart(struck))}[phase]
        return inside(wanted, window.since_s, window.until_s)

    def _strikes(self, occasion: Occasion) -> bool:
        """Whether the checkout, or somebody whose answers it waits for, is struck by what requests notice."""
        if all(effect.parameter in LEAF_PARAMETERS for effect in occasion.kind.effects()):
            return False
        roots = {occasion.root, *self._estates.residents.get(occasion.root, ())}
        return not roots.isdisjoint(self._below)


def _whom_it_waits_for(flow: Flow) -> frozenset[str]:
    """The checkout and all whose answers it waits for, directly or not."""
    start = flow.places.get(SHOP)
    found, waiting = set[int](), [] if start is None else [start]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            edges = [int(flow.slots.edges[slot]) for slot in flow.slots.of[node]]
            waiting += [int(flow.edges.children[edge]) for edge in edges if not flow.edges.asynchronous[edge]]
    return frozenset(flow.nodes.names[node] for node in found)


def _within(time_ms: I64, *, spans: Spans) -> Bool:
    """Which times lie in some spans."""
    ends = np.array(spans, dtype=np.int64).ravel() * 1000
    are_within: Bool = np.searchsorted(ends, time_ms, side="right") % 2 == 1
    return are_within
