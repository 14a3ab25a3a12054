"""What checks may expect of events: routes, answers and texts as they are made, hours and failures of the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.signals.events.texts import AT_HOME, ENVIRONMENTS, MESSAGE, SPENT, TITLE, carried, statuses_of
from ghostfleet.signals.transactions import usual
from ghostfleet.signals.transactions.facts import alone
from ghostfleet.world import markets, web

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ghostfleet.core.arrays import F64
    from ghostfleet.signals import Expected, Extent
    from ghostfleet.signals.events.texts import Texts
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.world.flow import Flow

OF_TIME = ("expected_event_hours", "expected_event_failures")


def vocabulary(texts: Texts) -> dict[str, Expected]:
    """Routes with what they may answer, errors with what they say, and how title and message are put together."""
    codes = texts.errors["error_details.error_code"]
    known = set(web.monitored())
    routes = [(number, route) for number, route in enumerate(web.routes()) if route.service in known]
    said = {error for number, route in routes for error in _errors(texts, number, statuses_of(route))}
    return {
        "expected_routes": [
            {
                "service": route.service,
                "method": route.method,
                "path": route.path,
                "pattern": route.path.replace("{id}", "[0-9]+"),
                "has_number": route.is_template,
                "payload": carried(route),
                "statuses": " ".join(map(str, sorted(statuses_of(route)))),
                "errors": " ".join(sorted({codes[one] for one in _errors(texts, number, statuses_of(route))})),
            }
            for number, route in routes
        ],
        "expected_errors": [
            {
                "status": int(codes[one].split("_")[1]),
                "code": codes[one],
                "message": texts.errors["error_details.error_message"][one],
                "type": texts.errors["error_details.error_type"][one],
            }
            for one in sorted(said)
        ],
        "expected_texts": [{"title": TITLE, "message": MESSAGE}],
        "expected_currencies": [
            {"country": country, "currency": currency, "share": AT_HOME} for country, currency in SPENT.items()
        ],
        "expected_event_shares": [
            {"column_name": name, "value": value, "share": share / sum(shares.values())}
            for name, shares in (
                ("source_environment", dict(ENVIRONMENTS)),
                ("context_tags_device_type", web.catalogue()["devices"]),
            )
            for value, share in shares.items()
        ],
    }


def of_flow(flow: Flow) -> dict[str, Expected]:
    """Services that nobody but clients asks, and how long each waits in vain at least."""
    known = [name for name in web.monitored() if name in flow.places]
    waits = [(name, _least_wait_ms(flow, flow.places[name])) for name in known]
    return {
        "expected_event_services": alone(flow, known) or "others than clients ask all monitored services",
        "expected_event_waits": [{"service": name, "least_ms": wait} for name, wait in waits if wait is not None],
    }


def _least_wait_ms(flow: Flow, node: int) -> float | None:
    """Shortest limit of a call that is made and waited for at a node or below it; None where there is none."""
    below, ahead, waits = set[int](), [node], list[float]()
    while ahead:
        caller = ahead.pop()
        if caller in below:
            continue
        below.add(caller)
        edges = np.flatnonzero((flow.edges.parents == caller) & (flow.edges.asynchronous == 0))
        waits += flow.edges.timeouts_ms[edges].tolist()
        ahead += flow.edges.children[edges].tolist()
    return min(waits, default=None)


def _errors(texts: Texts, route: int, statuses: frozenset[int]) -> Iterator[int]:
    for status in statuses:
        if web.error_type(status) is not None:
            yield from texts.errors_of(route, status)


def of_time(scenario: Scenario, flow: Flow, cells: Sequence[int], extent: Extent | None) -> dict[str, Expected]:
    """How many requests of each region enter by the hour, and which share of them a service fails."""
    if extent is None:
        return dict.fromkeys(OF_TIME, usual.UNSTATED)
    if not cells:
        return dict.fromkeys(OF_TIME, "nobody asks a monitored service from outside")
    return {
        "expected_event_hours": _hours(flow, cells, extent),
        "expected_event_failures": _failures(scenario, flow, cells, extent),
    }


def _hours(flow: Flow, cells: Sequence[int], extent: Extent) -> Expected:
    found = usual.by_hour(flow, cells, extent)
    if isinstance(found, str):
        return found
    spread = markets.has_markets(flow)
    regions = [_region(flow.entries.places[cell], spread=spread) for cell in cells]
    if None in regions:
        return "clients of some regions live anywhere"
    rows = []
    for region in sorted({one for one in regions if one is not None}):
        mine = [place for place, one in enumerate(regions) if one == region]
        requests: F64 = np.add.reduce(found.requests[mine], axis=0)
        on_weekends: F64 = np.add.reduce(found.requests[mine] * found.weekend[mine], axis=0)
        rows += [
            {"region": region, "hour": hour, "requests": many, "on_weekends": some}
            for hour, many, some in zip(found.numbers, requests.tolist(), on_weekends.tolist(), strict=True)
        ]
    return rows


def _region(place: str, *, spread: bool) -> str | None:
    """Region that events give to clients from a place; None where they may be from any."""
    market = markets.market_of(place)
    if not spread:
        return web.HOME
    return None if market == markets.ELSEWHERE else str(web.catalogue()["markets"][market])


def _failures(scenario: Scenario, flow: Flow, cells: Sequence[int], extent: Extent) -> Expected:
    nodes = sorted(set(flow.entries.nodes[list(cells)].tolist()))
    found = usual.failing(scenario, nodes, extent)
    if isinstance(found, str):
        return found
    names = [flow.nodes.names[node] for node in nodes]
    return [
        {
            "service": name,
            "since_s": slot.since_s,
            "until_s": slot.until_s,
            "failing": share,
            "wrong": web.client_errors(name),
        }
        for slot in found
        for name, share in zip(names, slot.failing.tolist(), strict=True)
    ]
