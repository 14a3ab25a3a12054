"""Nodes, edges and entries as an estate's section names them, sorted so that callers come first."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from ghostfleet.core import draw
from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec.estate.demand import Call, Entry, Level, Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ghostfleet.shapes import Shape
    from ghostfleet.spec.estate import Estate
    from ghostfleet.spec.estate.places import Database, External, Machine

WEB, SERVICE, DATABASE, MACHINE, EXTERNAL = range(5)
SPREAD = 0.45  # of a node's own time, where its level says nothing
POOL_ROOM = 2.2  # connections at most, over those of the reference
SERVER_FAILURE = 2e-5  # of one statement of a healthy database
WIRE_MS: dict[str, tuple[float, float]] = {  # there and back inside a region
    "Database": (0.3, 1.2),
    "gRPC": (0.3, 1.5),
    "HTTP/2": (0.5, 2.5),
    "HTTPS": (0.8, 4.0),
    "WebSocket": (0.5, 2.5),
}
REGION_MS = (58.0, 92.0)  # on top between two regions


class DraftNode(msgspec.Struct):
    """A node on its way to a column."""

    name: str
    kind: int
    region: str
    asked_rate: float  # 0: whatever its callers bring
    response_ms: float
    spread: float
    failure: float
    load: float
    pods: float = 1.0
    fewest: float = 1.0
    most: float = 1.0
    pool: float = 0.0
    connections: float = 0.0
    entry: Entry | None = None
    protocol: str = "HTTPS"
    failing_ms: float = 0.0
    own_errors: float | None = None
    rate: float = 0.0
    entering: float = 0.0
    rates: dict[str, float] = {}  # at the reference instant of each region; `rate` is that at its own
    own_ms: float = 0.0
    own_failure: float = 0.0
    total_ms: float = 0.0
    total_failure: float = 0.0


class DraftEdge(msgspec.Struct):
    """A call on its way to a column."""

    parent: int
    child: int
    call: Call
    protocol: str
    wire_ms: float
    calls: float = 0.0
    timeout_ms: float = 0.0


class DraftEntry(msgspec.Struct):
    """A cell on its way to a column."""

    node: int
    place: str
    clock: str
    share: float  # of what enters at the node
    shapes: tuple[Shape, ...]
    unrest: float
    rate: float = 0.0


class Draft(msgspec.Struct):
    """What calibration fills in."""

    estate: Estate
    nodes: list[DraftNode]
    edges: list[DraftEdge]
    echoes: list[DraftEdge]  # those that close a circle
    entries: list[DraftEntry]


def draft(estate: Estate, seed: int) -> Draft:
    """Nodes in the order of calls, with their edges and entries."""
    named = {node.name: node for node in _nodes(estate)}
    calls = {name: dict(_calls(estate, name, named)) for name in named}
    names, closing = _sorted(calls)
    order = {name: place for place, name in enumerate(names)}
    nodes = [named[name] for name in names]
    plan = Draft(estate, nodes, [], [], [cell for at, node in enumerate(nodes) for cell in _cells(estate, at, node)])
    for name in names:
        for child, call in _in_turn(calls[name]):
            edges = plan.echoes if (name, child) in closing else plan.edges
            edges.append(_edge(order[name], order[child], call, nodes, seed))
    return plan


def _nodes(estate: Estate) -> Iterator[DraftNode]:
    region = {name: network.region for name, network in estate.networks.items()}
    for name, web in estate.web_services.items():
        yield DraftNode(
            name, WEB, region[web.network], web.requests_per_s, web.response_ms, SPREAD, web.error_percent / 100, 0.35,
            pods=web.instances, fewest=web.instances, most=web.instances, entry=web.entry,
        )  # fmt: skip
    for name, service in estate.services.items():
        level = level_of(estate, service)
        fewest, most = service.replicas
        yield DraftNode(
            name, SERVICE, region[estate.clusters[service.cluster].network], level.requests_per_s, level.response_ms,
            min(1.5, level.response_spread_ms / level.response_ms) if level.response_spread_ms else SPREAD,
            level.error_percent / 100, level.load, pods=(fewest + most) // 2, fewest=fewest, most=most,
            entry=service.entry, protocol=service.protocol, failing_ms=level.failing_ms, own_errors=level.own_errors,
        )  # fmt: skip
    for name, base in estate.databases.items():
        statement_ms = (base.read_ms * base.read_iops + base.write_ms * base.write_iops) / (
            base.read_iops + base.write_iops
        )
        yield DraftNode(
            name, DATABASE, region[base.network], 0.0, statement_ms, SPREAD, _errors(base, SERVER_FAILURE),
            base.cpu_percent / 100, pool=base.pool or base.connections * POOL_ROOM, connections=base.connections,
            protocol="Database", failing_ms=base.failing_ms,
        )  # fmt: skip
    for name, machine in estate.machines.items():
        statement_ms = (machine.read_ms * machine.read_iops + machine.write_ms * machine.write_iops) / (
            machine.read_iops + machine.write_iops
        )
        yield DraftNode(
            name, MACHINE, region[machine.network], 0.0, statement_ms, SPREAD, _errors(machine, SERVER_FAILURE),
            machine.cpu_percent / 100, pool=machine.pool or machine.connections * POOL_ROOM,
            connections=machine.connections, protocol="Database", failing_ms=machine.failing_ms,
        )  # fmt: skip
    for name, external in estate.externals.items():
        yield DraftNode(
            name, EXTERNAL, "", 0.0, external.response_ms, 0.6, _errors(external, 1 - external.sla_percent / 100), 0.3,
            protocol="HTTPS", failing_ms=external.failing_ms,
        )  # fmt: skip


def _errors(one: Database | Machine | External, usual: float) -> float:
    """Probability that a call fails by its callee's own doing."""
    return usual if one.error_percent is None else one.error_percent / 100


def level_of(estate: Estate, service: Service) -> Level:
    """Level of a service, by name or its own."""
    return estate.levels[service.level] if isinstance(service.level, str) else service.level


def _calls(estate: Estate, name: str, named: Mapping[str, DraftNode]) -> Iterator[tuple[str, Call]]:
    node = named[name]
    if node.kind == WEB:
        yield from estate.web_services[name].calls.items()
    elif node.kind == SERVICE:
        service = estate.services[name]
        yield from service.depends_on.items()
        for child, call in {**service.queries, **service.integrates_with}.items():
            yield child, call if call.per_request else msgspec.structs.replace(call, per_request=_usual(named[child]))


def _in_turn(calls: Mapping[str, Call]) -> list[tuple[str, Call]]:
    """Calls in the order in which they are declared, those of a choice at the place of its first, and messages last.

    Who sends a message says that something is done: an order is stored before anybody is told of it.
    """
    turns: dict[str, list[tuple[str, Call]]] = {}
    for child, call in sorted(calls.items(), key=lambda one: one[1].asynchronous):
        turns.setdefault(f"call {child}" if call.choice is None else f"choice {call.choice}", []).append((child, call))
    return [one for turn in turns.values() for one in turn]


def _usual(node: DraftNode) -> float:
    """Calls of a request where nobody says how many: a statement or so, and others' services now and then."""
    return 0.1 if node.kind == EXTERNAL else 1.0


def _sorted(calls: Mapping[str, Mapping[str, Call]]) -> tuple[list[str], set[tuple[str, str]]]:
    """Names, callers before those they call, else in the order of their names; and the calls that close a circle.

    `ScenarioError` for a circle without an asynchronous call.
    """
    waiting = {name: set(below) for name, below in calls.items()}
    echoes: set[tuple[str, str]] = set()
    while True:
        order = _order(waiting)
        if len(order) == len(waiting):
            return order, echoes
        circle = _circle({name: waiting[name] for name in waiting if name not in order})
        steps = list(pairwise(circle))
        closing = [step for step in steps if calls[step[0]][step[1]].asynchronous]
        if not closing:
            text = " → ".join(circle)
            msg = f"services call each other in a circle: {text}; one of these calls must be declared asynchronous"
            raise ScenarioError(msg)
        caller, callee = max(closing)
        waiting[caller].remove(callee)
        echoes.add((caller, callee))


def _order(waiting: Mapping[str, set[str]]) -> list[str]:
    """Names from which no caller is missing, callers first."""
    callers = dict.fromkeys(sorted(waiting), 0)
    for below in waiting.values():
        for child in below:
            callers[child] += 1
    ready = [name for name, count in callers.items() if not count]
    order: list[str] = []
    while ready:
        name = ready.pop(0)
        order.append(name)
        for child in sorted(waiting[name]):
            callers[child] -= 1
            if not callers[child]:
                ready.append(child)
    return order


def _circle(waiting: Mapping[str, set[str]]) -> list[str]:
    """Some circle among names that all wait, or call one that does."""
    path = [min(name for name in waiting if waiting[name] & waiting.keys())]
    while waiting[path[-1]] & waiting.keys():
        child = min(waiting[path[-1]] & waiting.keys())
        if child in path:
            return [*path[path.index(child) :], child]
        path.append(child)
    return _circle({name: below for name, below in waiting.items() if name != path[-1]})


def _edge(parent: int, child: int, call: Call, nodes: list[DraftNode], seed: int) -> DraftEdge:
    caller, callee = nodes[parent], nodes[child]
    protocol = call.protocol or callee.protocol
    name = draw.entity_ids([f"{caller.name} → {callee.name}"])
    near, far = draw.uniform(draw.Stream(seed, "wire").keys(name), 0, 2)[0].tolist()
    low, high = WIRE_MS[protocol]
    wire_ms = low + (high - low) * near
    if callee.region and caller.region != callee.region:
        wire_ms += REGION_MS[0] + (REGION_MS[1] - REGION_MS[0]) * far
    return DraftEdge(parent, child, call, protocol, wire_ms)


def _cells(estate: Estate, place: int, node: DraftNode) -> Iterator[DraftEntry]:
    if node.entry is None:
        return
    clients = node.entry.clients or {node.region: 1.0}
    total = sum(clients.values())
    shapes = node.entry.curves()
    for region, weight in clients.items():
        clock = estate.clock or estate.regions[region].clock
        yield DraftEntry(place, region, clock, weight / total, shapes, node.entry.unrest)
