"""What checks may expect of transactions: words as they are made, and hours and failures of the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.signals.transactions import usual
from ghostfleet.signals.transactions.documents import TIMEOUT, instances
from ghostfleet.signals.transactions.shop import PAYMENT, gateways
from ghostfleet.state.estate.balancers import Balancers
from ghostfleet.state.estate.visits import STORES
from ghostfleet.world import markets, web
from ghostfleet.world.markets import SHOP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.signals import Expected, Extent
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.world.flow import Flow

OF_TIME = ("expected_transaction_hours", "expected_transaction_failures")
SURE = 1 - 1e-9
OFTEN = 0.5  # of checkouts that wait for a store: with fewer, some data sets may not have any that does
LEAST_MS = 10  # that a store takes, so that times in whole milliseconds differ


def vocabulary() -> dict[str, Expected]:
    """Words that belong together, whatever the scenario."""
    failures, shop = web.catalogue()["failures"], web.catalogue()["shop"]
    return {
        "expected_failures": [
            {"code": code, "response_code": one["status"], "message": text, "is_of_gateway": place == TIMEOUT}
            for place, (code, one) in enumerate(failures.items())
            for text in one["texts"]
        ],
        "expected_products": [
            {"category": category, "product": product, "least": least, "most": most}
            for category, products in shop.items()
            for product, (least, most) in products.items()
        ],
        "expected_instances": [{"instance": name} for name in instances()],
    }


def of_flow(flow: Flow) -> dict[str, Expected]:
    """Gateways by the names that tables give them, and whether every success has called one."""
    partners = gateways(flow)
    slots = list(partners.values())
    is_called = _is_called(flow, slots)
    asked = [
        slot
        for slot in (flow.slots.of[flow.places[SHOP]] if SHOP in flow.places else ())
        if _called(flow, slot) == flow.places.get(PAYMENT)
    ]
    waits_ms = [float(flow.edges.timeouts_ms[flow.slots.edges[slot]]) for slot in (*slots, *asked)]
    return {
        "expected_gateways": [{"gateway": flow.shown[node], "is_called": is_called} for node in partners],
        "expected_waits": [{"least_ms": min(waits_ms)}] if slots else "nobody takes payments",
        "expected_balancers": _balancers(flow),
        "expected_stores": [{"is_read": _reads(flow, flow.places.get(SHOP, -1)) >= OFTEN}],
        "expected_transaction_services": alone(flow, [SHOP]) or f"others than clients ask {SHOP}",
    }


def _reads(flow: Flow, node: int) -> float:
    """Probability with which a request at a node waits for a store that takes time, along the likeliest way."""
    if node < 0:
        return 0.0
    if flow.nodes.kinds[node] in STORES:
        return float(flow.nodes.own_ms[node] >= LEAST_MS)
    ways = ((float(flow.waits[slot]), _called(flow, slot)) for slot in flow.slots.of[node])
    return max((share * _reads(flow, child) for share, child in ways if share > 0), default=0.0)


def alone(flow: Flow, names: Sequence[str]) -> list[dict[str, object]]:
    """Those of some services that only clients ask, so that whoever tells of clients tells of all their requests."""
    asked = set(flow.calls.children.tolist())
    return [{"service": name} for name in names if name in flow.places and flow.places[name] not in asked]


def _balancers(flow: Flow) -> list[dict[str, object]]:
    """Whom clients of each city get to: one of those in their half of the world, or no name where nobody stands."""
    known, shop, is_west = Balancers(flow), flow.places.get(SHOP, -1), markets.in_west().tolist()
    fronts = dict.fromkeys(
        (city.name, city.country, city.state, name)
        for place, city in enumerate(web.cities())
        for name in known.near(shop, west=is_west[place]) or ("",)
    )
    return [
        {"city": city, "country": country, "state": state, "balancer": name} for city, country, state, name in fronts
    ]


def _called(flow: Flow, slot: int) -> int:
    return int(flow.edges.children[flow.slots.edges[slot]])


def _is_called(flow: Flow, slots: Sequence[int]) -> bool:
    """Whether a checkout cannot succeed without a payment, and a payment not without one of some gateways."""
    choices = (set(slots) <= set(one) for one in flow.slots.choices)
    total = float(np.add.reduce(flow.slots.shares[list(slots)]))
    return total >= SURE and any(choices) and _is_sure(flow, flow.places.get(SHOP, -1), flow.places.get(PAYMENT, -1))


def _is_sure(flow: Flow, caller: int, called: int) -> bool:
    """Whether whoever is asked always asks another one, and waits for it."""
    if min(caller, called) < 0:
        return False
    return any(_called(flow, slot) == called and float(flow.waits[slot]) >= SURE for slot in flow.slots.of[caller])


def of_time(scenario: Scenario, flow: Flow, cells: Sequence[int], extent: Extent | None) -> dict[str, Expected]:
    """How many transactions there are by the hour, and which share of them fails."""
    if extent is None:
        return dict.fromkeys(OF_TIME, usual.UNSTATED)
    if not cells:
        return dict.fromkeys(OF_TIME, f"nobody asks {SHOP} from outside")
    hours = usual.by_hour(flow, cells, extent)
    slots = usual.failing(scenario, [flow.places[SHOP]], extent)
    return {
        "expected_transaction_hours": hours
        if isinstance(hours, str)
        else [
            {"hour": hour, "requests": many}
            for hour, many in zip(hours.numbers, np.add.reduce(hours.requests, axis=0).tolist(), strict=True)
        ],
        "expected_transaction_failures": slots
        if isinstance(slots, str)
        else [{"since_s": slot.since_s, "until_s": slot.until_s, "failing": float(slot.failing[0])} for slot in slots],
    }
