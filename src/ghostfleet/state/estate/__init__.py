"""What really happened in an estate: rates, answers and whole requests of every node, call and tick."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import msgspec
import numpy as np

from ghostfleet.core.window import Window
from ghostfleet.state.estate.balancers import western
from ghostfleet.state.estate.counted import Counted
from ghostfleet.state.estate.influences import Influences, influences
from ghostfleet.state.estate.leaves import Leaves
from ghostfleet.state.estate.outcomes import Outcomes, Splitter
from ghostfleet.state.estate.rates import LOOK_BACK, START, Rates, Solver
from ghostfleet.state.estate.stranded import Stranded
from ghostfleet.state.estate.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.core.arrays import F64, I64, Array
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate.stores import Statements
    from ghostfleet.world.flow import Flow
    from ghostfleet.world.occasions import Occasion

TICKS_AT_ONCE = 2_880  # two days: long enough that the look-back is nothing, short enough for memory


class Calls(msgspec.Struct, frozen=True):
    """Attempts of all that is called by how they ended, shapes (calls of the flow, ticks)."""

    served: I64
    failed: I64  # late ones included
    late: I64


class State(msgspec.Struct, frozen=True, dict=True):
    """One window of an estate; arrays have a row per node, slot or entry, and a column per tick."""

    window: Window
    flow: Flow
    influences: Influences
    rates: Rates
    outcomes: Outcomes
    wanted_before: F64  # pods of each node that should run in the tick before the window, (nodes,)
    before: Influences  # in that tick
    leaves: Leaves

    # Several tables observe the same, so it is worked out once and kept with the state.

    @cached_property
    def calls(self) -> Calls:
        """Attempts of each edge, whose slots stand one behind the other; then messages that closed a circle."""
        edges, done = self.flow.slots.edges, self.outcomes
        first = np.searchsorted(edges, np.arange(len(self.flow.edges)))
        parts = [done.call_served, done.call_failed, done.call_late]
        sums = [np.add.reduceat(part, first, axis=0) if len(first) else part for part in parts]
        if len(self.flow.echoes):
            came_round = done.echoed - done.echo_failed, done.echo_failed, np.zeros_like(done.echoed)
            sums = [np.concatenate(both) for both in zip(sums, came_round, strict=True)]
        return Calls(*sums)

    @cached_property
    def through(self) -> tuple[I64, I64]:
        """Bytes into and out of each node, shapes (nodes, ticks)."""
        return self.leaves.traffic.through(self)

    @cached_property
    def used(self) -> tuple[F64, F64]:
        """CPU and memory in use of all services by name, in per cent of the limits, shapes (services, ticks)."""
        return self.leaves.usage.used(self)

    @cached_property
    def western(self) -> I64:
        """Requests of each cell that get to a balancer in the west of the world, shape (entries, ticks)."""
        return western(self)

    @cached_property
    def walk(self) -> Walk:
        """Single requests on their way; of a state that was solved in detail."""
        return Walk(self)

    def forget_walk(self) -> None:
        """Let go of the walk: its parts know each other, so without this its memory and the state's are free late."""
        walk: Walk | None = self.__dict__.pop("walk", None)
        if walk is not None:
            walk.forget()

    @cached_property
    def statements(self) -> Statements:
        """What all stores did, by name."""
        return self.leaves.work.statements(self)


class Estates:
    """Solves an estate for any window; with or without its incidents."""

    def __init__(self, scenario: Scenario) -> None:
        """Prepare what does not depend on the window."""
        from ghostfleet.world import estate as worlds
        from ghostfleet.world import flow as flows
        from ghostfleet.world.occasions import Occasions

        self.scenario = scenario
        self.flow = flows.build(scenario)
        estate = self.flow.estate
        self.occasions = Occasions(estate, self.flow, scenario.estate)
        residents: dict[str, list[str]] = {}
        for name, service in estate.services.items():
            residents.setdefault(service.cluster, []).append(name)
        self.residents = residents  # services of each cluster
        counted = None
        if estate.total is not None:
            counted = self._counted(estate.total)
            self.flow = flows.loaded(self.flow, estate.total / counted.expected)
        self._solver = Solver(self.flow, Stranded(self.flow, partial(worlds.build, scenario)))
        self._splitter = Splitter(self.flow, counted)
        self._leaves = Leaves(self.flow)

    def _counted(self, total: int) -> Counted:
        """Whole numbers of requests that make a total over the span, in step with the rates of demand."""
        from ghostfleet.state.estate.demand import Demand

        since_s, until_s = self.flow.estate.span_s
        tick_s = self.scenario.timeline.tick_s
        demand = Demand(self.flow)

        def rates(window: Window) -> F64:
            return demand.entering(window, self.influences(window))

        return Counted(total, Window.between(since_s, until_s, tick_s), rates)

    def solve(
        self, window: Window, keep: Callable[[Occasion], bool] = lambda _occasion: True, *, detailed: bool = False
    ) -> State:
        """State of a window; ``keep`` says which incidents happen, ``detailed`` that single requests are asked for."""
        longer = Window(window.start - LOOK_BACK, window.stop, window.tick_s)
        changes = self.influences(longer, keep)
        solved = self._solver.solve(longer, changes)
        before = solved.wanted[:, LOOK_BACK - 1].copy()
        rates = _cut(solved, LOOK_BACK)
        inside, last = (
            Influences(part, {key: values[part.start - longer.start : part.stop - longer.start]
                              for key, values in changes.arrays.items()})
            for part in (window, Window(window.start - 1, window.start, window.tick_s))
        )  # fmt: skip
        outcomes = self._splitter.split(rates, detailed=detailed)
        if detailed:  # requests are followed next, and take the room
            self._solver.forget()
            self._splitter.forget()
        return State(window, self.flow, inside, rates, outcomes, before, last, self._leaves)

    def pods(self, window: Window) -> tuple[F64, F64]:
        """Pods of each node that have had the time to start and that run, shapes (nodes, ticks); as in its state."""
        longer = Window(window.start - LOOK_BACK, window.stop, window.tick_s)
        wanted, running = self._solver.pods(longer, self.influences(longer))
        return wanted[:, LOOK_BACK - START : -START], running[:, LOOK_BACK:]

    def influences(self, window: Window, keep: Callable[[Occasion], bool] = lambda _occasion: True) -> Influences:
        """What incidents change in a window; enough where only leaves of the state are asked for."""
        acting = [one for one in self.occasions.between(window.since_s, window.until_s) if keep(one)]
        return influences(window, acting, self.flow, self.residents)


_SHARED: WeakValueDictionary[int, Estates] = WeakValueDictionary()


def shared(scenario: Scenario) -> Estates:
    """Estates of a scenario, the same for all who ask while any of them keeps it: what one has solved, others know."""
    known = _SHARED.get(id(scenario))  # it keeps the scenario, so that no other has its number meanwhile
    if known is None:
        known = _SHARED[id(scenario)] = Estates(scenario)
    return known


def _cut(rates: Rates, skip: int) -> Rates:
    """Without the first ticks, which lack some of their past."""
    window = Window(rates.window.start + skip, rates.window.stop, rates.window.tick_s)

    def cut(struct: msgspec.Struct) -> dict[str, Array]:
        return {
            name: getattr(struct, name)[:, skip:]
            for name in struct.__struct_fields__
            if name not in {"window", "answers"}
        }

    answers = msgspec.structs.replace(rates.answers, **cut(rates.answers))
    return msgspec.structs.replace(rates, window=window, answers=answers, **cut(rates))
