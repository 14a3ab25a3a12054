"""Expected rates, in two sweeps down the call graph and two up it, which are never repeated.

    down   first attempts: r1
    up     pods from r1; utilisation, latency, failures; breakers from what failed without them
    down   attempts: r1 × (1 − q^(R+1)) / (1 − q), refused calls left out: r2
    up     utilisation from r2, latency and failures with breakers

To iterate until nothing changes would find one of two answers to a retry storm, and which one would depend on the past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.state.estate.answers import Alone, Answers, Own, Sweeper
from ghostfleet.state.estate.blocks import blocks
from ghostfleet.state.estate.noise import Bursts, Wander, characters
from ghostfleet.state.estate.ways import choices, passes
from ghostfleet.world.flow.draft import DATABASE, EXTERNAL, MACHINE, SERVICE, WEB

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64, Bool
    from ghostfleet.core.window import Window
    from ghostfleet.state.estate.influences import Influences
    from ghostfleet.state.estate.stranded import Stranded
    from ghostfleet.world.flow import Flow
    from ghostfleet.world.flow.levels import Level

STABLE, START = 6, 2  # ticks over which the autoscaler looks for the most, and until a pod has started
BREAKER = 3  # ticks for which a breaker stays open
REFUSED = 0.95  # share of calls that an open breaker refuses; the rest are its trials …
TRIED = 0.5  # … of which it makes more before it closes
ROUNDS = 8  # messages that close a circle come round so often; a tick each
LOOK_BACK = STABLE + START + BREAKER + ROUNDS + 1  # and a tick, so that the one before a window is right as well
TOLD_SOON = 0.35  # of a node's own time, until it tells of a failure of its own
FULL = 1.2  # demand over capacity from which on requests are turned away; up to there they wait
POOL_FULL = 0.98  # connections wanted over those there are
LOAD_FACTOR = 0.6  # of own time by queueing
FAILS_IDLE = 0.1  # of the failures at the reference's load, where there is no load
BENT = 0.96  # utilisation beyond which waiting grows no longer
IDLE_CONNECTIONS = 0.35  # of the reference's, held by pools whatever is asked
HELD_IDLE = 0.7  # of the time for which a connection is held, its holder does something else than wait
HELD_MOST = 3.0  # times as long, at most: whoever waits longer is queued before a connection is granted
WAIT_MS = 2600.0  # for a connection, where twice as many are wanted as there are …
MOST_WAIT_MS = 7500.0  # … and never more than this (COM-5)
WAIT_FROM = 0.95  # share of the pool from which on callers wait


class Rates(msgspec.Struct, frozen=True):
    """What is expected of each node, slot and tick; shapes (nodes, ticks) unless said."""

    window: Window
    entering: F64  # requests per second, (entries, ticks)
    echoing: F64  # messages per second, (echoes, ticks)
    first: F64  # first attempts per second
    attempts: F64  # attempts per second
    wanted: F64  # pods that should run
    running: F64  # pods that run
    loads: F64  # share of the capacity in use
    connections: F64  # held in the pool
    times: F64  # mean time of a request's own work, ms
    telling: F64  # share of it that passes until a failure of its own is told
    answers: Answers


class Solver:
    """Solves the rates of an estate for any window."""

    def __init__(self, flow: Flow, stranded: Stranded) -> None:
        """Prepare what does not depend on the window."""
        from ghostfleet.state.estate.demand import Demand

        self.flow, self._stranded = flow, stranded
        self._demand = Demand(flow)
        self._sweeper = Sweeper(flow)
        nodes = flow.nodes
        self._copies, self._originals = list(flow.originals), list(flow.originals.values())
        self._usual = self._copied(nodes.rates)  # requests per second at the reference
        loaded = (nodes.kinds != EXTERNAL) & (self._usual > 0)
        self._loaded = _group(flow, loaded)
        self._pooled = _group(flow, loaded & ((nodes.kinds == DATABASE) | (nodes.kinds == MACHINE)))
        self._scaled = _group(flow, (nodes.kinds == SERVICE) & (nodes.rates > 0))
        ids = flow.nodes.ids
        latency = characters(flow, "latency", ids, swing=(0.05, 0.8), rough=(0.06, 0.7))
        self._slow = Bursts(flow, "slow", ids, per_day=(2.5, 1.0), ticks=(2.5, 0.9), height=(0.35, 0.8), most=2.5)
        failing = characters(flow, "failing", ids, swing=(0.18, 0.6), rough=(0.15, 0.5))
        self._faults = Bursts(flow, "faults", ids, per_day=(0.6, 1.0), ticks=(16.0, 0.8), height=(0.6, 0.7), most=5.0)
        self._wander = Wander(self._demand.characters, latency, failing)

    def forget(self) -> None:
        """Let go of what is kept for the next window."""
        self._sweeper.scratch.forget()

    def pods(self, window: Window, influences: Influences) -> tuple[F64, F64]:
        """Pods that should run and that do, shapes (nodes, ticks), which is little of the work.

        The first ticks lack some of their past.
        """
        entering = self._demand.entering(window, influences)
        first = self._down(entering, self._echoing(entering), None)
        return self._pods(first, influences)

    def solve(self, window: Window, influences: Influences) -> Rates:
        """Rates at every tick of a window; ticks up to `LOOK_BACK` after its start lack some of their past."""
        entering, times, failures = self._wander.factors(window)
        entering = self._demand.rates(window, influences, entering)
        echoing = self._echoing(entering)
        first = self._down(entering, echoing, None)
        wanted, running = self._pods(first, influences)
        quiet = self._quiet(window, influences, times, failures)
        alone = self._sweeper.alone(self._own(first, running, quiet, influences), influences)
        refused = self._breakers(alone)
        alone = msgspec.structs.replace(alone, refused=refused)
        attempts = self._down(entering, echoing, alone)
        self._hold(quiet[0], refused, influences)
        own = self._own(attempts, running, quiet, influences)
        return Rates(
            window=window,
            entering=entering,
            echoing=echoing,
            first=first,
            attempts=attempts,
            wanted=wanted,
            running=running,
            loads=own.loads,
            connections=own.connections,
            times=own.times,
            telling=np.broadcast_to(own.telling, own.times.shape),
            answers=self._sweeper.sweep(own, refused, influences),
        )

    def _echoing(self, entering: F64) -> F64:
        """What asynchronous calls that close a circle carry: a tick old each time that they come round."""
        echoes = self.flow.echoes
        echoing = np.zeros((len(echoes), entering.shape[1]))
        for _ in range(ROUNDS if len(echoes) else 0):
            sent = self._down(entering, echoing, None)[echoes.parents] * echoes.calls[:, None]
            echoing = np.concatenate([sent[:, :1], sent[:, :-1]], axis=1)
        return echoing

    def _down(self, entering: F64, echoing: F64, seen: Alone | None) -> F64:
        """Attempts per second at each node: first ones only, or with the retries that failures seen bring."""
        rates = np.empty((len(self.flow.nodes), entering.shape[1]))
        for some in blocks(entering.shape[1], len(self.flow.slots)):
            rates[:, some] = self._down_some(entering[:, some], echoing[:, some], seen, some)
        return rates

    def _down_some(self, entering: F64, echoing: F64, seen: Alone | None, some: slice) -> F64:
        """Go level by level; what a node gets is added up slot by slot, so that the order is always the same."""
        flow = self.flow
        rates, sent = np.zeros((len(flow.nodes), entering.shape[1])), np.empty((len(flow.slots), entering.shape[1]))
        for cell, node in enumerate(flow.entries.nodes.tolist()):
            rates[node] += entering[cell]
        for echo, node in enumerate(flow.echoes.children.tolist() if len(echoing) else ()):
            rates[node] += echoing[echo]
        for level in flow.levels.all:
            nodes, slots = flow.levels.nodes[level.nodes], flow.levels.slots[level.slots]
            for node in nodes.tolist():
                for slot in flow.slots_into[node]:
                    rates[node] += sent[slot]
            if len(slots):
                passing = rates[nodes]
                if seen is None:
                    sent[slots] = _first(passing, flow.slots.shares[slots][:, None], level)
                else:
                    passing *= 1 - seen.own_failures[nodes, some]
                    sent[slots] = self._again(passing, slots, level, seen, some)
        return rates

    def _again(self, passing: F64, slots: I64, level: Level, seen: Alone, some: slice) -> F64:
        """Attempts that slots of a level send, retries included; ``passing`` is used up."""
        flow = self.flow
        refused, tries = seen.refused[flow.slots.edges[slots], some], seen.tries[slots, some]
        lost = refused + (1 - refused) * seen.lost[slots, some]
        left, going = passes(flow.waits[slots][:, None], lost, choices(flow, slots))
        shares = flow.slots.shares[slots][:, None] / left
        sent = np.empty_like(tries)
        for step in level.steps:
            before = passing[: step.stop - step.start]
            np.multiply(before, shares[step], out=sent[step])
            before *= going[step]
        sent *= 1 - refused
        sent *= tries
        return sent

    def _pods(self, first: F64, influences: Influences) -> tuple[F64, F64]:
        """Pods that should run and that do: the most of the last ticks, once they have started."""
        nodes, (some, rows) = self.flow.nodes, self._scaled
        wanted, running = np.empty_like(first), np.empty_like(first)
        wanted[...] = running[...] = nodes.fewest[:, None]
        need = first[some] * (nodes.pods[some] / nodes.rates[some])[:, None]
        influences.scale("node.cost", rows, need)
        influences.scale("node.replicas", rows, need)
        asked = np.clip(np.ceil(need), nodes.fewest[some][:, None], nodes.most[some][:, None])
        most = asked.copy()
        for back in range(1, STABLE):
            np.maximum(most[:, back:], asked[:, :-back], out=most[:, back:])
        started = most.copy()
        started[:, START:] = most[:, :-START]
        for name, unstarted in influences.of("node.unstarted").items():
            if name in rows:
                started[rows[name]] = np.maximum(np.floor(started[rows[name]] * (1 - unstarted)), 1.0)
        wanted[some], running[some] = most, started
        self._stranded.leave(running, influences)
        return wanted, running

    def _quiet(self, window: Window, influences: Influences, times: F64, failures: F64) -> tuple[F64, F64]:
        """Own times in ms and own failures of nodes that nobody loads, from the factors by which they wander."""
        nodes = self.flow.nodes
        rises = np.ones_like(times)
        self._slow.add(rises, window)
        times *= rises
        times *= nodes.own_ms[:, None]
        rises = np.ones_like(failures)
        self._faults.add(rises, window)
        failures *= rises
        failures *= nodes.failures[:, None]
        influences.scale("node.latency", self.flow.places, times)
        influences.shift("node.delay_ms", self.flow.places, times)
        return times, failures

    def _hold(self, times: F64, refused: F64, influences: Influences) -> None:
        """Let callers take longer that wait for somebody; an open breaker lets go of them. ``times`` is written.

        Whoever waits for several is held by the one that holds longest: threads wait side by side.
        """
        edges = self.flow.edges
        held: dict[int, F64] = {}
        for name, factor in influences.of("node.holding").items():
            waits = (edges.children == self.flow.places.get(name, -1)) & (edges.asynchronous == 0)
            for edge in np.flatnonzero(waits).tolist():
                caller, factors = int(edges.parents[edge]), 1 + (factor - 1) * (1 - refused[edge])
                held[caller] = np.maximum(held[caller], factors) if caller in held else factors
        for caller, factors in held.items():
            times[caller] *= factors

    def _own(self, rates: F64, running: F64, quiet: tuple[F64, F64], influences: Influences) -> Own:
        """Utilisation, own times and own failures of nodes under load."""
        nodes, (some, rows), rates = self.flow.nodes, self._loaded, self._copied(rates)
        loads, connections = np.empty_like(rates), np.zeros_like(rates)
        times, failures = quiet[0].copy(), quiet[1].copy()
        # Stores that nobody calls do what they are said to; services without requests do nothing.
        loads[...] = np.where(np.isin(nodes.kinds, (SERVICE, WEB)), 0.0, nodes.loads)[:, None]
        usual = nodes.loads[some][:, None]
        busy = rates[some] * (usual / self._usual[some][:, None])
        influences.scale("node.cost", rows, busy)
        capacity = running[some] / nodes.pods[some][:, None]
        influences.scale("node.capacity", rows, capacity)
        load = busy / capacity
        loads[some] = load
        times[some] *= _waiting(load) / _waiting(usual)
        # Autoscaling keeps load level; what fails follows what is asked.
        asked = rates[some] / self._usual[some][:, None]
        failures[some] *= FAILS_IDLE + (1 - FAILS_IDLE) * np.minimum(asked, 3.0)
        # Usual faults follow load, an incident's do not: what it breaks is broken at night as well.
        influences.shift("node.failure", self.flow.places, failures)
        failures[some] += _turned_away(load, FULL)
        self._queue(rates, times, failures, connections, influences)
        np.minimum(failures, 0.999, out=failures)
        return Own(loads, connections, times, failures, self._telling(times, influences))

    def _telling(self, times: F64, influences: Influences) -> F64:
        """Share of its own time that a node takes to tell of a failure, shape (nodes, ticks), or (nodes, 1)."""
        names, more_ms = self.flow.places, self.flow.nodes.failing_ms
        shares = np.full((len(names), 1), TOLD_SOON)
        if not more_ms.any() and not influences.of("node.failing"):
            return shares
        shares = np.repeat(shares, times.shape[1], axis=1)
        slow = np.flatnonzero(more_ms)
        shares[slow] += more_ms[slow, None] / times[slow]
        influences.scale("node.failing", names, shares)
        return shares

    def _copied(self, rates: F64) -> F64:
        """Rates by node, where replicas that nobody calls do what their originals do: replay it, and answer as many."""
        if not self._copies:
            return rates
        copied = rates.copy()
        copied[self._copies] = rates[self._originals]
        return copied

    def _queue(self, rates: F64, times: F64, failures: F64, connections: F64, influences: Influences) -> None:
        """Let callers of stores wait for connections; the last three arrays are written."""
        nodes, (some, rows) = self.flow.nodes, self._pooled
        slower = HELD_IDLE + (1 - HELD_IDLE) * np.minimum(times[some] / nodes.own_ms[some][:, None], HELD_MOST)
        held = rates[some] / self._usual[some][:, None] * slower
        asked = nodes.busy[some][:, None] * (IDLE_CONNECTIONS + (1 - IDLE_CONNECTIONS) * held)
        room = np.repeat(nodes.pools[some][:, None], rates.shape[1], axis=1)
        influences.scale("pool.size", rows, room)
        lost = np.zeros_like(asked)
        for name, leaked in influences.of("pool.leaked").items():
            if name in rows:
                lost[rows[name]] = room[rows[name]] * np.minimum(leaked, 0.99)
        crowd = asked / np.maximum(room - lost, 1.0)
        for name, taken in influences.of("pool.taken").items():
            if name in rows:
                crowd[rows[name]] += np.maximum(1 - crowd[rows[name]], 0.0) * np.minimum(taken, 1.0)
        influences.shift("pool.queued", rows, crowd)
        times[some] += np.minimum(WAIT_MS * np.maximum(crowd - WAIT_FROM, 0.0), MOST_WAIT_MS)
        failures[some] += _turned_away(crowd, POOL_FULL)
        connections[some] = np.minimum(np.maximum(asked + lost, crowd * (room - lost)), room)

    def _breakers(self, alone: Alone) -> F64:
        """Share of calls that breakers refuse, shape (edges, ticks): those of edges that failed a short while ago."""
        flow = self.flow
        refused = np.zeros((len(flow.edges), alone.tries.shape[1]))
        edges = flow.slots.edges
        opens = flow.edges.opens[edges][:, None]
        failed = (alone.attempt_failures > opens) & (flow.edges.breakers[edges] > 0)[:, None]
        for slot in np.flatnonzero(failed.any(axis=1)).tolist():
            for back in range(1, BREAKER + 1):
                here = refused[edges[slot], back:]
                np.maximum(here, np.where(failed[slot, :-back], REFUSED if back < BREAKER else TRIED, 0.0), out=here)
        for slot in np.flatnonzero(flow.edges.trips[edges] > 0).tolist():
            here = refused[edges[slot]]
            np.maximum(here, flow.edges.trips[edges[slot]] * alone.attempt_failures[slot], out=here)
        return refused


def _group(flow: Flow, chosen: Bool) -> tuple[I64, dict[str, int]]:
    """Some nodes, and the row of each among them by name."""
    places = np.flatnonzero(chosen)
    return places, {flow.nodes.names[place]: row for row, place in enumerate(places.tolist())}


def _first(passing: F64, shares: F64, level: Level) -> F64:
    """First attempts that slots of a level send."""
    sent = np.empty((len(shares), passing.shape[1]))
    for step in level.steps:
        np.multiply(passing[: step.stop - step.start], shares[step], out=sent[step])
    return sent


def _waiting(load: F64) -> F64:
    """Factor of own time by queueing, 1 without load: ρ² / (1 − ρ) grows like a queue's, up to a bent end."""
    bent = np.minimum(load, BENT)
    factor: F64 = 1 + LOAD_FACTOR * (bent * bent) / (1 - bent)
    return factor


def _turned_away(load: F64, full: float) -> F64:
    """Share of requests beyond what can be served."""
    share: F64 = np.maximum(1 - full / np.maximum(load, full), 0.0)
    return share
