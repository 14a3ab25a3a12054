"""From levels to what causes them: calls per request, entry rates, own times and own failures.

Levels hold on the reference Wednesday at 10:00 of a node's own region; what enters there is worked out from shapes of
its cells, which follow the clocks of their clients.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np

from ghostfleet.core import zones
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.moments import Moments
from ghostfleet.core.window import MINUTE_S, Window
from ghostfleet.world.estate.copies import COPY

if TYPE_CHECKING:
    from collections.abc import Container

    from ghostfleet.core.arrays import F64
    from ghostfleet.spec.estate import Estate
    from ghostfleet.world.flow.draft import Draft, DraftEdge, DraftEntry, DraftNode

F = TypeVar("F", float, "F64")

REFERENCE_HOUR = 10
OWN_SHARE = 0.1  # of a level, at least, is the node's own doing, however much its calls explain
ENTRY_SHARE = 0.5  # of the demand of a node with callers, where its entry does not say
TIMEOUT_FACTOR, LEAST_TIMEOUT_MS = 10.0, 2000.0
STATEMENT_TIMEOUT_MS = 15_000.0  # drivers wait long, and for a connection, too
OFTEN = 0.25  # messages a request that close a circle, where nobody says how many
MOST_ROUND = 0.75  # messages that one brings with it when it comes round
UNAWAITED_MS = 3_600_000.0  # of a message that comes round: nobody gives up on it
MOST_CALLS = 16.0
MOST_FAILING, NEVER = 0.9, 1e-9
HALVINGS = 60  # as many as make a double's last bits


class Usual(msgspec.Struct, frozen=True):
    """What was worked out of a first unit, and holds of its copies."""

    calls: dict[tuple[str, str], float]  # per request, by caller and callee
    entering: dict[str, float]  # requests per second at the reference


def usual(first: Draft) -> Usual:
    """What a calibrated draft says of calls and entries."""
    names = [node.name for node in first.nodes]
    return Usual(
        {(names[edge.parent], names[edge.child]): edge.calls for edge in first.edges},
        {node.name: node.entering for node in first.nodes},
    )


def calibrate(plan: Draft, first: Usual | None = None) -> None:
    """Fill in rates from the first caller down, times and failures from the last callee up.

    ``first`` are those of the first unit, where there are copies: a copy asks those whom all share as often as it does.
    """
    for edge in plan.echoes:
        edge.calls, edge.timeout_ms = edge.call.per_request or OFTEN, UNAWAITED_MS
    into: list[list[DraftEdge]] = [[] for _ in plan.nodes]
    out: list[list[DraftEdge]] = [[] for _ in plan.nodes]
    for edge in plan.edges:
        into[edge.child].append(edge)
        out[edge.parent].append(edge)
    for place in range(len(plan.nodes)):
        _rate(plan, place, into[place], first)
    _ensure_few_come_round(plan, out)
    for place in reversed(range(len(plan.nodes))):
        _own(plan, plan.nodes[place], out[place])
    for place in range(len(plan.nodes)):
        if plan.nodes[place].own_errors is not None:
            _explain(plan, place, out)


def power(value: F, exponent: int) -> F:
    """A whole power by multiplication, which is the same everywhere."""
    out = value
    for _ in range(exponent - 1):
        out = out * value
    return out


def _rate(plan: Draft, place: int, edges: list[DraftEdge], first: Usual | None) -> None:
    """Calls per request of the edges into a node, and what enters at it; then its rate at each reference instant."""
    node = plan.nodes[place]
    now = node.region
    for edge in edges:
        edge.calls = edge.call.per_request or 0.0
    rest = max(node.asked_rate - _brought(plan, edges, now), 0.0)
    open_edges = [edge for edge in edges if not edge.call.per_request and plan.nodes[edge.parent].rates[now] > 0]
    entering = 0.0
    if node.entry is not None:
        share = node.entry.share
        if share is None:
            share = ENTRY_SHARE if open_edges else 1.0
        entering = rest * share
    said = None if node.entry is None else node.entry.rate_per_s
    cells = [cell for cell in plan.entries if cell.node == place]
    seen = _seen(plan, cells, now)
    if said is not None:
        entering = said * seen
    if first is not None:
        entering = first.entering[original(node.name, first.entering)]
    node.entering = entering
    for cell in cells:
        cell.rate = entering * cell.share / seen if seen > 0 else 0.0
    weights = sum(edge.call.weight for edge in open_edges)
    for edge in open_edges:
        if first is not None:
            caller, callee = (original(plan.nodes[at].name, first.entering) for at in (edge.parent, edge.child))
            edge.calls = first.calls[caller, callee]
            continue
        # Clients may bring more than the level asks for, where they say how much: then callers bring nothing.
        wanted = max(rest - entering, 0.0) * edge.call.weight / weights
        edge.calls = min(wanted / plan.nodes[edge.parent].rates[now], MOST_CALLS)
    scale = entering / seen if seen > 0 else 0.0
    node.rates = {at: scale * _seen(plan, cells, at) + _brought(plan, edges, at) for at in _instants(plan)}
    node.rate = node.rates[now]


def _ensure_few_come_round(plan: Draft, out: list[list[DraftEdge]]) -> None:
    """Refuse circles in which messages would become ever more: what one brings with it when it comes round."""
    brings = np.zeros((len(plan.echoes), len(plan.echoes)))
    for number, echo in enumerate(plan.echoes):
        asked = np.zeros(len(plan.nodes))
        asked[echo.child] = 1.0
        for place in range(echo.child, len(plan.nodes)):
            for edge in out[place]:
                asked[edge.child] += asked[place] * edge.calls
        brings[:, number] = [asked[other.parent] * other.calls for other in plan.echoes]
    # Of a matrix without a negative entry the largest sum of a column is no less than what it grows by.
    sums = np.add.reduce(brings, axis=0)
    most = float(sums.max(initial=0.0))
    if most > MOST_ROUND:
        echo = plan.echoes[int(sums.argmax())]
        caller, callee = (plan.nodes[at].name for at in (echo.parent, echo.child))
        msg = (
            f"estate.services.{caller}.depends_on.{callee}: a message that comes round brings {most:.2g} more with it; "
            f"valid is a per_request in this circle with which it brings {MOST_ROUND} at most"
        )
        raise ScenarioError(msg)


def original(name: str, first: Container[str]) -> str:
    """Whose copy somebody is, if not of the first unit."""
    return name if name in first else name.rpartition(COPY)[0]


def _brought(plan: Draft, edges: list[DraftEdge], at: str) -> float:
    """What callers bring at the reference instant of a region."""
    total = 0.0
    for edge in edges:
        total += edge.calls * plan.nodes[edge.parent].rates[at]
    return total


def _seen(plan: Draft, cells: list[DraftEntry], at: str) -> float:
    """Mean factor of some cells' shapes at the reference instant of a region."""
    moment = Moments(Window(*_reference(plan.estate, at)))
    total = 0.0
    for cell in cells:
        factor = 1.0
        for shape in cell.shapes:
            factor *= float(shape.curve(moment, None, cell.clock)[0, 0])
        total += cell.share * factor
    return total


def _instants(plan: Draft) -> list[str]:
    """Regions whose Wednesday, 10:00, is somebody's reference; that of other people's services is no region's."""
    return list(dict.fromkeys(node.region for node in plan.nodes))


def _reference(estate: Estate, region: str) -> tuple[int, int, int]:
    """Window of the reference minute by the clock of a region."""
    zone = estate.regions[region].clock if region else next((one.clock for one in estate.regions.values()), "UTC")
    naive = datetime.combine(estate.reference_date, time(REFERENCE_HOUR), UTC)
    local_s = int(naive.timestamp())
    offset = int(zones.offsets(np.array([local_s]), zone)[0])
    tick = (local_s - offset) // MINUTE_S
    return tick, tick + 1, MINUTE_S


def _own(plan: Draft, node: DraftNode, edges: list[DraftEdge]) -> None:
    """Split a node's level into its calls' part and its own."""
    called_ms = 0.0
    for edge in edges:
        child = plan.nodes[edge.child]
        answer_ms = child.total_ms + edge.wire_ms
        least_ms = STATEMENT_TIMEOUT_MS if edge.protocol == "Database" else LEAST_TIMEOUT_MS
        usual_ms = UNAWAITED_MS if edge.call.asynchronous else max(least_ms, TIMEOUT_FACTOR * answer_ms)
        edge.timeout_ms = edge.call.timeout_ms or usual_ms
        if not edge.call.asynchronous:
            called_ms += edge.calls * answer_ms
    passing = _passing(plan, edges)
    node.own_ms = max(node.response_ms - called_ms, OWN_SHARE * node.response_ms)
    node.total_ms = node.own_ms + called_ms
    node.own_failure = max(1 - (1 - node.failure) / passing, OWN_SHARE * node.failure)
    node.total_failure = 1 - (1 - node.own_failure) * passing


def _passing(plan: Draft, edges: list[DraftEdge]) -> float:
    """Probability that a request gets past all calls that it waits for."""
    passing = 1.0
    for edge in edges:
        if not edge.call.asynchronous:
            passing *= 1 - min(edge.calls, 1.0) * _lost(edge, plan.nodes[edge.child].total_failure)
    return passing


def _lost(edge: DraftEdge, failing: float) -> float:
    """Probability that a call is lost whose callee fails with some probability."""
    if not edge.call.unanswered_percent and not edge.call.trips:
        return power(failing, edge.call.retries + 1)
    failing = 1 - (1 - failing) * (1 - edge.call.unanswered_percent / 100)
    refused = edge.call.trips * failing
    return refused + (1 - refused) * power(failing, edge.call.retries + 1)


def _explain(plan: Draft, place: int, out: list[list[DraftEdge]]) -> None:
    """Let those whom a node waits for fail as much more or less often as makes its level, halving what is unknown."""
    node = plan.nodes[place]
    node.own_failure = node.failure * (node.own_errors or 0.0)
    below = _waited_for(place, out)
    usual = {one: plan.nodes[one].own_failure for one in below}
    least, most = 0.0, MOST_FAILING / max((*usual.values(), NEVER))
    for _ in range(HALVINGS):
        times = (least + most) / 2
        for one in reversed(below):
            plan.nodes[one].own_failure = usual[one] * times
            _add_up(plan, one, out[one])
        _add_up(plan, place, out[place])
        least, most = (times, most) if node.total_failure < node.failure else (least, times)


def _waited_for(place: int, out: list[list[DraftEdge]]) -> list[int]:
    """Whom a node waits for, and those they wait for; callers stand before those they call."""
    found = {place}
    for parent in range(place, len(out)):
        if parent in found:
            found |= {edge.child for edge in out[parent] if not edge.call.asynchronous}
    return sorted(found - {place})


def _add_up(plan: Draft, place: int, edges: list[DraftEdge]) -> None:
    """Let a node's requests fail by its own doing or that of those it waits for."""
    node = plan.nodes[place]
    node.total_failure = 1 - (1 - node.own_failure) * _passing(plan, edges)
