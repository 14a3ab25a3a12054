"""What impact is measured in, and how much of a change counts as one.

Changes are of what is expected, not of what chance made of it: requests and calls are the means of those that were
counted. So the smallest change has a cause, and whoever is called little shows as early as whoever is called a lot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.spec.estate.names import ARROW
from ghostfleet.state.estate.nodes import grown, lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ghostfleet.core.arrays import F64
    from ghostfleet.incidents import Parameter
    from ghostfleet.spec.estate import Estate
    from ghostfleet.state.estate import State
    from ghostfleet.state.estate.influences import Influences
    from ghostfleet.world.flow import Flow


class Metric(msgspec.Struct, frozen=True):
    """A metric and the smallest change of it that counts.

    With a floor, a change is relative: a share of what would have been, of the floor at least. Without, it is a plain
    difference.
    """

    name: str
    about: str
    least: float
    floor: float = 0.0

    def change(self, with_it: F64, without: F64) -> F64:
        """Change by an incident, of any shape."""
        difference: F64 = with_it - without
        return difference / np.maximum(without, self.floor) if self.floor else difference


class Flowing(Metric, frozen=True):
    """A metric of nodes or calls of the flow."""

    read: Callable[[State], F64] = lambda state: state.rates.loads
    of_calls: bool = False

    def names(self, flow: Flow) -> tuple[str, ...]:
        """Entities, a call as ``caller → callee``."""
        names = flow.nodes.names
        if not self.of_calls:
            return names
        ends = zip(flow.calls.parents.tolist(), flow.calls.children.tolist(), strict=True)
        return tuple(f"{names[parent]}{ARROW}{names[child]}" for parent, child in ends)


class Leaf(Metric, frozen=True):
    """A parameter on which nothing else depends, so that what incidents change of it is all that there is to know."""

    parameters: tuple[Parameter, ...] = ("bill.waste",)

    def read(self, influences: Influences, entity: str, _estate: Estate) -> F64:
        """Value of an entity at each tick, shape (ticks,)."""
        found = influences.get(self.parameters[0], entity)
        return np.zeros(len(influences.window)) if found is None else found


class Machines(Leaf, frozen=True):
    """Machines that run: whole ones as the state counts them, or truth would tell of parts of one."""

    def read(self, influences: Influences, entity: str, estate: Estate) -> F64:
        """Share of the machines that a cluster has by plan at each tick, shape (ticks,)."""
        planned = {entity: estate.clusters[entity].nodes if entity in estate.clusters else 1}
        (running,) = grown(influences, planned) - lost(influences, planned)
        share: F64 = running / planned[entity]
        return share


def _entering(state: State) -> F64:
    out = np.zeros((len(state.flow.nodes), len(state.window)))
    for cell, node in enumerate(state.flow.entries.nodes.tolist()):
        out[node] += state.rates.entering[cell]
    return out


def _pending(state: State) -> F64:
    pending: F64 = np.maximum(state.rates.wanted - state.rates.running, 0.0)
    return pending


def _calls(state: State) -> F64:
    """Attempts per tick that are expected on each call, in the order in which outcomes are split."""
    flow, seen = state.flow, state.rates.answers
    slots, edges = flow.slots, flow.edges
    arriving = _entering(state)
    for echo, node in enumerate(flow.echoes.children.tolist()):
        arriving[node] += state.rates.echoing[echo]
    out = np.zeros((len(edges), len(state.window)))
    for node in range(len(flow.nodes)):
        passing = arriving[node] * (1 - seen.own_failures[node])
        answered = arriving[node] * (1 - seen.failures[node])
        for slot in slots.of[node]:
            edge = int(slots.edges[slot])
            made = (answered if edges.asynchronous[edge] else passing) * slots.shares[slot]
            attempts = made * (1 - seen.refused[edge]) * seen.tries[slot]
            out[edge] += attempts
            arriving[int(edges.children[edge])] += attempts
            passing = passing * seen.passes[slot]
    return _with_echoes(out, state.rates.echoing) * state.window.tick_s


def _requests(state: State) -> F64:
    out = _entering(state)
    for echo, node in enumerate(state.flow.echoes.children.tolist()):
        out[node] += state.rates.echoing[echo]
    out *= state.window.tick_s
    calls = _calls(state)
    for edge, child in enumerate(state.flow.edges.children.tolist()):
        out[child] += calls[edge]
    return out


def _call_failures(state: State) -> F64:
    slots = state.flow.slots
    out = np.zeros((len(state.flow.edges), len(state.window)))
    for slot, edge in enumerate(slots.edges.tolist()):  # all calls of an edge fail alike
        out[edge] = state.rates.answers.attempt_failures[slot]
    return _with_echoes(out, state.rates.answers.failures[state.flow.echoes.children])


def _refused(state: State) -> F64:
    return _with_echoes(state.rates.answers.refused, np.zeros_like(state.rates.echoing))


def _with_echoes(edges: F64, echoes: F64) -> F64:
    """Values of all calls: of edges, and of messages that close a circle behind them."""
    return np.concatenate([edges, echoes]) if len(echoes) else edges


FLOWING = (
    Flowing("demand", "requests per second from outside", 0.02, floor=0.01, read=_entering),
    Flowing("requests", "requests per tick", 0.1, floor=1.0, read=_requests),
    Flowing("failures", "share of requests that fail", 0.02, read=lambda state: state.rates.answers.failures),
    Flowing("latency", "mean time of served requests", 0.2, floor=1.0, read=lambda s: s.rates.answers.served_mean),
    Flowing("load", "share of the capacity in use", 0.05, read=lambda state: state.rates.loads),
    Flowing("pods", "pods that run", 1.0, read=lambda state: state.rates.running),
    Flowing("pods_pending", "pods that should run and do not", 1.0, read=_pending),
    Flowing("connections", "connections held", 0.1, floor=50.0, read=lambda state: state.rates.connections),
    Flowing("calls", "attempts per tick", 0.1, floor=1.0, read=_calls, of_calls=True),
    Flowing("call_failures", "share of attempts that fail", 0.02, read=_call_failures, of_calls=True),
    Flowing("calls_refused", "share that breakers refuse", 0.05, read=_refused, of_calls=True),
)
LEAVES = (
    Leaf("version", "whether a version is out that is taken back", 0.01, parameters=("service.deployed",)),
    Leaf("memory", "points of memory in use", 2.0, parameters=("node.memory",)),
    Leaf("cpu", "points of CPU in use besides work", 2.0, parameters=("node.cpu",)),
    Machines("nodes", "share of a cluster's machines", 0.01, parameters=("cluster.nodes", "cluster.lost")),
    Leaf("waste", "share of its cost that nobody needs", 0.01, parameters=("bill.waste",)),
    Leaf("failed_logins", "failed log-ins per minute", 1.0, parameters=("logins.failed",)),
    Leaf("escalations", "escalations of privilege per hour", 0.1, parameters=("logins.escalated",)),
)
# A cluster's lost machines take pods with them, so that more depends on them.
LEAF_PARAMETERS = frozenset(one for leaf in LEAVES for one in leaf.parameters) - {"cluster.lost"}


def leaf_entities(leaf: Leaf, changes: Iterable[Influences]) -> list[str]:
    """Entities of which anybody changes a parameter of a leaf."""
    return sorted({entity for one in changes for parameter, entity in one.arrays if parameter in leaf.parameters})
