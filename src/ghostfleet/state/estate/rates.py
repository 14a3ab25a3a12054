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

from ghostfleet.state.estate import answers
from ghostfleet.state.estate.answers import Answers
from ghostfleet.state.estate.noise import Bursts, Wander
from ghostfleet.world.flow.draft import DATABASE, EXTERNAL, MACHINE, SERVICE

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64
    from ghostfleet.core.window import Window
    from ghostfleet.state.estate.influences import Influences
    from ghostfleet.world.flow import Flow

STABLE, START = 6, 2  # ticks over which the autoscaler looks for the most, and until a pod has started
BREAKER, OPEN_ABOVE = 3, 0.5  # ticks for which a breaker stays open, and the share of failures that opens it
REFUSED = 0.95  # share of calls that an open breaker refuses; the rest are its trials
LOOK_BACK = STABLE + START + BREAKER + 2  # and a tick, so that the one before a window is right as well
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
    answers: Answers


class Solver:
    """Solves the rates of an estate for any window."""

    def __init__(self, flow: Flow) -> None:
        """Prepare what does not depend on the window."""
        from ghostfleet.state.estate.demand import Demand

        self.flow = flow
        self._demand = Demand(flow)
        ids = flow.nodes.ids
        self._latency = Wander(flow, "latency", ids, swing=(0.07, 0.6), rough=(0.06, 0.6))
        self._slow = Bursts(flow, "slow", ids, per_day=(2.5, 1.0), ticks=(2.5, 0.9), height=(0.35, 0.8), most=2.5)
        self._failing = Wander(flow, "failing", ids, swing=(0.5, 0.4), rough=(0.06, 0.5))
        self._faults = Bursts(flow, "faults", ids, per_day=(0.8, 1.0), ticks=(16.0, 0.8), height=(0.8, 0.7), most=5.0)

    def solve(self, window: Window, influences: Influences) -> Rates:
        """Rates at every tick of a window; ticks up to `LOOK_BACK` after its start lack some of their past."""
        flow = self.flow
        entering = self._demand.rates(window, influences)
        echoing = self._echoing(entering)
        first = self._down(entering, echoing, None)
        wanted, running = self._pods(first, influences)
        quiet = self._quiet(window, influences)
        alone = answers.sweep(flow, self._own(first, running, quiet, influences), None, influences)
        refused = self._breakers(alone)
        alone = msgspec.structs.replace(alone, refused=refused)
        attempts = self._down(entering, echoing, alone)
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
            answers=answers.sweep(flow, own, refused, influences),
        )

    def _echoing(self, entering: F64) -> F64:
        """What asynchronous calls that close a circle carry: a tick old, and without what came round before."""
        echoes = self.flow.echoes
        if not len(echoes):
            return np.zeros((0, entering.shape[1]))
        plain = self._down(entering, np.zeros((0, entering.shape[1])), None)
        sent = plain[echoes.parents] * echoes.calls[:, None]
        return np.concatenate([sent[:, :1], sent[:, :-1]], axis=1)

    def _down(self, entering: F64, echoing: F64, seen: Answers | None) -> F64:
        """Attempts per second at each node: first ones only, or with the retries that failures seen bring."""
        flow = self.flow
        rates = np.zeros((len(flow.nodes), entering.shape[1]))
        for cell, node in enumerate(flow.entries.nodes.tolist()):
            rates[node] += entering[cell]
        if len(echoing):
            for echo, node in enumerate(flow.echoes.children.tolist()):
                rates[node] += echoing[echo]
        for node, slots in enumerate(flow.slots.of):
            passing = rates[node] if seen is None else rates[node] * (1 - seen.own_failures[node])
            for slot in slots:
                edge = int(flow.slots.edges[slot])
                share, child = flow.slots.shares[slot], int(flow.edges.children[edge])
                made = passing * share
                if seen is None:
                    rates[child] += made
                    continue
                refused = seen.refused[edge]
                rates[child] += made * (1 - refused) * seen.tries[slot]
                if not flow.edges.asynchronous[edge]:
                    passing = passing * (1 - share * (refused + (1 - refused) * seen.lost[slot]))
        return rates

    def _pods(self, first: F64, influences: Influences) -> tuple[F64, F64]:
        """Pods that should run and that do: the most of the last ticks, once they have started."""
        nodes = self.flow.nodes
        wanted = np.empty_like(first)
        running = np.empty_like(first)
        for node, name in enumerate(nodes.names):
            if nodes.kinds[node] != SERVICE or nodes.rates[node] <= 0:
                wanted[node] = running[node] = nodes.fewest[node]
                continue
            need = first[node] * (nodes.pods[node] / nodes.rates[node])
            need = influences.times("node.replicas", name, influences.times("node.cost", name, need))
            asked = np.clip(np.ceil(need), nodes.fewest[node], nodes.most[node])
            most = asked.copy()
            for back in range(1, STABLE):
                most[back:] = np.maximum(most[back:], asked[:-back])
            wanted[node] = most
            started = most.copy()
            started[START:] = most[:-START]
            unstarted = influences.get("node.unstarted", name)
            running[node] = started if unstarted is None else np.maximum(np.floor(started * (1 - unstarted)), 1.0)
        return wanted, running

    def _quiet(self, window: Window, influences: Influences) -> tuple[F64, F64]:
        """Own times in ms and own failures of nodes that nobody loads."""
        nodes = self.flow.nodes
        times = self._latency.factors(window)
        rises = np.ones_like(times)
        self._slow.add(rises, window)
        times *= rises
        times *= nodes.own_ms[:, None]
        failures = self._failing.factors(window)
        rises = np.ones_like(failures)
        self._faults.add(rises, window)
        failures *= rises
        failures *= nodes.failures[:, None]
        for node, name in enumerate(nodes.names):
            times[node] = influences.plus("node.delay_ms", name, influences.times("node.latency", name, times[node]))
        return times, failures

    def _own(self, rates: F64, running: F64, quiet: tuple[F64, F64], influences: Influences) -> answers.Own:
        """Utilisation, own times and own failures of nodes under load."""
        nodes = self.flow.nodes
        loads = np.empty_like(rates)
        connections = np.zeros_like(rates)
        times, failures = quiet[0].copy(), quiet[1].copy()
        for node, name in enumerate(nodes.names):
            if nodes.kinds[node] == EXTERNAL or nodes.rates[node] <= 0:
                loads[node] = nodes.loads[node]
                failures[node] = influences.plus("node.failure", name, failures[node])
                continue
            busy = rates[node] * (nodes.loads[node] / nodes.rates[node])
            busy = influences.times("node.cost", name, busy)
            capacity = running[node] / nodes.pods[node]
            load = busy / influences.times("node.capacity", name, capacity)
            loads[node] = load
            waits = _waiting(load) / _waiting(np.array([nodes.loads[node]]))
            times[node] *= waits
            # Autoscaling keeps load level; what fails follows what is asked.
            asked = rates[node] / nodes.rates[node]
            failures[node] *= FAILS_IDLE + (1 - FAILS_IDLE) * np.minimum(asked, 3.0)
            # Usual faults follow load, an incident's do not: what it breaks is broken at night as well.
            failures[node] = influences.plus("node.failure", name, failures[node]) + _turned_away(load, FULL)
            if nodes.kinds[node] in {DATABASE, MACHINE}:
                slower = HELD_IDLE + (1 - HELD_IDLE) * np.minimum(times[node] / nodes.own_ms[node], HELD_MOST)
                held = rates[node] / nodes.rates[node] * slower
                asked = nodes.busy[node] * (IDLE_CONNECTIONS + (1 - IDLE_CONNECTIONS) * held)
                room = influences.times("pool.size", name, np.full(len(asked), nodes.pools[node]))
                leaked = influences.get("pool.leaked", name)
                lost = np.zeros_like(asked) if leaked is None else room * np.minimum(leaked, 0.99)
                crowd = influences.plus("pool.queued", name, asked / np.maximum(room - lost, 1.0))
                times[node] += np.minimum(WAIT_MS * np.maximum(crowd - WAIT_FROM, 0.0), MOST_WAIT_MS)
                failures[node] += _turned_away(crowd, POOL_FULL)
                connections[node] = np.minimum(np.maximum(asked + lost, crowd * (room - lost)), room)
        np.minimum(failures, 0.999, out=failures)
        return answers.Own(loads, connections, times, failures)

    def _breakers(self, alone: Answers) -> F64:
        """Share of calls that breakers refuse, shape (edges, ticks): those of edges that failed a short while ago."""
        flow = self.flow
        refused = np.zeros((len(flow.edges), alone.failures.shape[1]))
        for slots in flow.slots.of:
            for slot in slots:
                edge = int(flow.slots.edges[slot])
                if not flow.edges.breakers[edge]:
                    continue
                failed = alone.attempt_failures[slot] > OPEN_ABOVE
                if failed.any():
                    for back in range(1, BREAKER + 1):
                        refused[edge, back:][failed[:-back]] = REFUSED
        return refused


def _waiting(load: F64) -> F64:
    """Factor of own time by queueing, 1 without load: ρ² / (1 − ρ) grows like a queue's, up to a bent end."""
    bent = np.minimum(load, BENT)
    factor: F64 = 1 + LOAD_FACTOR * (bent * bent) / (1 - bent)
    return factor


def _turned_away(load: F64, full: float) -> F64:
    """Share of requests beyond what can be served."""
    share: F64 = np.maximum(1 - full / np.maximum(load, full), 0.0)
    return share
