"""The part of an estate that carries demand: nodes in the order of calls, edges between them, entries from outside.

Nodes are web services, services, databases, machines and others' services. Callers stand before those they call, so
that a sweep down is a walk from the first node to the last, and a sweep up the way back.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.same import kept
from ghostfleet.spec.estate import Estate
from ghostfleet.world.estate.copies import expanded
from ghostfleet.world.flow.calibration import calibrate, usual
from ghostfleet.world.flow.draft import DATABASE, EXTERNAL, MACHINE, SERVICE, WEB, Draft, DraftEdge, draft
from ghostfleet.world.flow.levels import Levels, in_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, I64, U64
    from ghostfleet.shapes import Shape
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.world.flow.calibration import Usual

KINDS = {
    WEB: "WebService",
    SERVICE: "Service",
    DATABASE: "RDSInstance",
    MACHINE: "EC2Instance",
    EXTERNAL: "ExternalService",
}


class Nodes(msgspec.Struct, frozen=True):
    """Whoever answers requests, as columns in the order of calls."""

    names: tuple[str, ...]
    kinds: I64  # keys of `KINDS`
    ids: U64  # (nodes, 2)
    regions: tuple[str, ...]
    rates: F64  # requests per second on the reference Wednesday …
    entering: F64  # … and those of them that come from outside
    own_ms: F64  # mean time of its own work
    spreads: F64  # standard deviation of that, as a share of it
    failures: F64  # probability of a failure of its own …
    failing_ms: F64  # … and what it takes until it tells of it, on top of a part of its own time
    loads: F64  # share of its capacity in use, at the reference
    pods: F64  # that run at the reference
    fewest: F64  # pods at least …
    most: F64  # … and at most; equal where nothing scales
    pools: F64  # connections at most; 0 without a pool
    busy: F64  # connections in use at the reference

    def __len__(self) -> int:
        """Count the nodes."""
        return len(self.names)


class Edges(msgspec.Struct, frozen=True):
    """Who calls whom, as columns; sorted by caller, and in the order of its calls within one."""

    parents: I64
    children: I64
    calls: F64  # per request of the caller
    retries: I64
    timeouts_ms: F64
    breakers: F64  # 1 where calls are refused while most fail
    opens: F64  # share of attempts that fail, above which they are
    trips: F64  # calls that single pods refuse before, as a share of attempts that fail
    unanswered: F64  # probability that no answer comes
    asynchronous: F64  # 1 where the caller neither waits nor fails
    wire_ms: F64  # there and back
    protocols: tuple[str, ...]
    ids: U64  # (edges, 2)

    def __len__(self) -> int:
        """Count the edges."""
        return len(self.parents)


class Slots(msgspec.Struct, frozen=True):
    """An edge with more than one call a request, cut into places that hold one call at most."""

    edges: I64
    shares: F64  # probability that a request makes the call
    ids: U64  # (slots, 2)
    of: tuple[tuple[int, ...], ...]  # slots of each node, in the order in which a request makes them
    choices: tuple[tuple[int, ...], ...]  # slots of which a request makes one at most, one behind the other

    def __len__(self) -> int:
        """Count the slots."""
        return len(self.edges)


class Entries(msgspec.Struct, frozen=True):
    """Where demand enters: a cell is one client region of one node."""

    nodes: I64
    clocks: tuple[str, ...]
    places: tuple[str, ...]  # names of the client regions
    rates: F64  # per second where the shapes are 1
    shapes: tuple[tuple[Shape, ...], ...]
    unrest: F64  # times the usual wander and surges
    ids: U64  # (entries, 2)

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.nodes)


class Flow(msgspec.Struct, frozen=True, dict=True):
    """Everything that the state solves."""

    seed: int
    estate: Estate  # with the copies of business units written out
    nodes: Nodes
    edges: Edges
    slots: Slots
    entries: Entries
    # Asynchronous calls that close a circle: their messages arrive a tick later and are answered by nobody.
    echoes: Edges

    def stream(self, *names: str) -> draw.Stream:
        """Name draws of the state."""
        return draw.Stream(self.seed, "estate", *names)

    @cached_property
    def places(self) -> dict[str, int]:
        """Node by name."""
        return {name: place for place, name in enumerate(self.nodes.names)}

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """Names of the nodes as telemetry has them: neutral ones of other people's services, where those are wanted."""
        others = self.estate.externals
        named = zip(self.nodes.names, self.nodes.kinds.tolist(), strict=True)
        return tuple(self.estate.shown(name) if kind == EXTERNAL and name in others else name for name, kind in named)

    @cached_property
    def originals(self) -> dict[int, int]:
        """Databases that nobody calls and that repeat what another one does: its place by theirs."""
        stores = self.estate.databases
        found = {self.places[one.replicates_to]: self.places[name] for name, one in stores.items() if one.replicates_to}
        return {
            copy: place
            for copy in found
            if not self.nodes.rates[copy] and (place := self._first_called(copy, found)) is not None
        }

    def _first_called(self, copy: int, found: dict[int, int]) -> int | None:
        place: int | None = copy
        for _ in found:  # as often as there are copies: who copies in a circle finds nobody
            place = None if place is None else found.get(place)
            if place is not None and self.nodes.rates[place]:
                return place
        return None

    @cached_property
    def calls(self) -> Edges:
        """All that is called: edges, and behind them those that close a circle."""
        if not len(self.echoes):
            return self.edges
        both = {name: (getattr(self.edges, name), getattr(self.echoes, name)) for name in Edges.__struct_fields__}
        found: dict[str, Any] = {
            name: one + two if isinstance(one, tuple) else np.concatenate([one, two])
            for name, (one, two) in both.items()
        }
        return Edges(**found)

    @cached_property
    def levels(self) -> Levels:
        """Nodes that can be worked on at once."""
        return in_levels(self.slots.of, self.edges.children[self.slots.edges].tolist())

    @cached_property
    def waits(self) -> F64:
        """Probability that a request makes the call of a slot and waits for it: no message is waited for."""
        waits: F64 = np.where(self.edges.asynchronous[self.slots.edges] > 0, 0.0, self.slots.shares)
        return waits

    @cached_property
    def slots_into(self) -> tuple[tuple[int, ...], ...]:
        """Slots that lead to each node."""
        found: list[list[int]] = [[] for _ in self.nodes.names]
        for slot, edge in enumerate(self.slots.edges.tolist()):
            found[int(self.edges.children[edge])].append(slot)
        return tuple(tuple(slots) for slots in found)


@kept
def build(scenario: Scenario) -> Flow:
    """Flow of a scenario; `ScenarioError` when it has no estate."""
    if scenario.estate is None:
        msg = f"the scenario {scenario.scenario} has no estate: it needs the section estate"
        raise ScenarioError(msg)
    first = scenario.estate
    if first.scale == 1:
        return _of(first, scenario.seed)
    plan = draft(first, scenario.seed)
    calibrate(plan)
    return _of(expanded(first), scenario.seed, usual(plan))


def _of(estate: Estate, seed: int, first: Usual | None = None) -> Flow:
    """Flow of an estate, of which ``first`` says what holds of all copies."""
    plan = draft(estate, seed)
    calibrate(plan, first)
    made = Flow(
        seed, estate, _nodes(plan), _edges(plan, plan.edges), _slots(plan), _entries(plan), _edges(plan, plan.echoes)
    )
    return made if estate.load == 1 else loaded(made, estate.load)


def loaded(flow: Flow, factor: float) -> Flow:
    """The same flow with all demand, and what carries it, times a factor."""
    nodes, entries = flow.nodes, flow.entries
    return msgspec.structs.replace(
        flow,
        nodes=msgspec.structs.replace(nodes, rates=nodes.rates * factor, entering=nodes.entering * factor),
        entries=msgspec.structs.replace(entries, rates=entries.rates * factor),
    )


def _nodes(plan: Draft) -> Nodes:
    nodes = plan.nodes

    def column(name: str) -> F64:
        return np.array([getattr(node, name) for node in nodes], dtype=np.float64)

    return Nodes(
        names=tuple(node.name for node in nodes),
        kinds=np.array([node.kind for node in nodes], dtype=np.int64),
        ids=draw.entity_ids(f"{KINDS[node.kind]} {node.name}" for node in nodes),
        regions=tuple(node.region for node in nodes),
        rates=column("rate"),
        entering=column("entering"),
        own_ms=column("own_ms"),
        spreads=column("spread"),
        failures=column("own_failure"),
        failing_ms=column("failing_ms"),
        loads=column("load"),
        pods=column("pods"),
        fewest=column("fewest"),
        most=column("most"),
        pools=column("pool"),
        busy=column("connections"),
    )


def _edges(plan: Draft, edges: Sequence[DraftEdge]) -> Edges:
    def column(name: str) -> F64:
        return np.array([getattr(edge, name) for edge in edges], dtype=np.float64)

    return Edges(
        parents=np.array([edge.parent for edge in edges], dtype=np.int64),
        children=np.array([edge.child for edge in edges], dtype=np.int64),
        calls=column("calls"),
        retries=np.array([edge.call.retries for edge in edges], dtype=np.int64),
        timeouts_ms=column("timeout_ms"),
        breakers=np.array([edge.call.breaker for edge in edges], dtype=np.float64),
        opens=np.array([edge.call.opens_above for edge in edges], dtype=np.float64),
        trips=np.array([edge.call.trips for edge in edges], dtype=np.float64),
        unanswered=np.array([edge.call.unanswered_percent / 100 for edge in edges], dtype=np.float64),
        asynchronous=np.array([edge.call.asynchronous for edge in edges], dtype=np.float64),
        wire_ms=column("wire_ms"),
        protocols=tuple(edge.protocol for edge in edges),
        ids=draw.entity_ids(_said(plan, edges)),
    )


def _said(plan: Draft, edges: Sequence[DraftEdge]) -> list[str]:
    return [f"{plan.nodes[edge.parent].name} → {plan.nodes[edge.child].name}" for edge in edges]


def _slots(plan: Draft) -> Slots:
    owners: list[int] = []
    shares: list[float] = []
    names: list[str] = []
    of: list[list[int]] = [[] for _ in plan.nodes]
    said = _said(plan, plan.edges)
    for place, edge in enumerate(plan.edges):
        count = max(1, int(np.ceil(edge.calls)))
        for number in range(count):
            of[edge.parent].append(len(owners))
            owners.append(place)
            shares.append(edge.calls / count)
            names.append(f"{said[place]} #{number}")
    return Slots(
        edges=np.array(owners, dtype=np.int64),
        shares=np.array(shares, dtype=np.float64),
        ids=draw.entity_ids(names),
        of=tuple(tuple(slots) for slots in of),
        choices=_choices(plan, owners),
    )


def _choices(plan: Draft, owners: list[int]) -> tuple[tuple[int, ...], ...]:
    """Slots by the choice of their caller; each has one slot an edge, for it is called once at most."""
    found: dict[tuple[int, str], list[int]] = {}
    for slot, place in enumerate(owners):
        edge = plan.edges[place]
        if edge.call.choice is not None:
            found.setdefault((edge.parent, edge.call.choice), []).append(slot)
    return tuple(tuple(slots) for slots in found.values() if len(slots) > 1)


def _entries(plan: Draft) -> Entries:
    cells = plan.entries
    return Entries(
        nodes=np.array([cell.node for cell in cells], dtype=np.int64),
        clocks=tuple(cell.clock for cell in cells),
        places=tuple(cell.place for cell in cells),
        rates=np.array([cell.rate for cell in cells], dtype=np.float64),
        shapes=tuple(cell.shapes for cell in cells),
        unrest=np.array([cell.unrest for cell in cells], dtype=np.float64),
        ids=draw.entity_ids(f"{plan.nodes[cell.node].name} from {cell.place}" for cell in cells),
    )
