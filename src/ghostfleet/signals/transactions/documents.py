"""Values of checkouts: what each document says, from how the checkout was answered and by whom."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.batch import Digits, Plain, Quanta, Spelled, Text
from ghostfleet.core.civil import civil
from ghostfleet.core.window import DAY_S
from ghostfleet.signals.transactions.shop import ORDER, PAYMENT
from ghostfleet.state.estate.calling import FAILED, REFUSED, TIMED_OUT
from ghostfleet.state.estate.people import FIRST_USER, address, chosen, lot
from ghostfleet.state.estate.spent import STORES
from ghostfleet.world import web
from ghostfleet.world.markets import SHOP

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64, Array
    from ghostfleet.core.batch import Values
    from ghostfleet.signals.transactions.shop import Shop
    from ghostfleet.state.estate.spent import Taken
    from ghostfleet.state.estate.visits import Doors, Entered, Visits
    from ghostfleet.world.flow import Flow

STEPS = ("cart_review", "payment_processing", "order_confirmation")
DONE = len(STEPS) - 1
STATES = ("closed", "open", "half_open")
CLOSED, OPEN, HALF_OPEN = range(3)
TIMEOUT, POOL, MEMORY, BREAKER, UPSTREAM = range(5)  # in the order of the catalogue of failures
INSTANCES = 3
DAY_MS = DAY_S * 1000
SHIFTS = (0, 16, 32, 48)
HALF = 0.5  # of attempts: carts from the cache, either text of a failure
DOCUMENT = 0xD0C5  # stream of draws beside the request's own words


class Lots:
    """Uniforms of checkouts, shapes (requests,): what is chosen for itself has 16 bits for itself."""

    def __init__(self, visits: Visits) -> None:
        """Take a request's own words, of which a checkout needs one more than others."""
        asked, more = visits.asked, visits.more
        word = draw.derived(np.array([DOCUMENT, DOCUMENT], dtype=np.uint64), more, asked)
        self.memory, self.instance, self.cache, self.item = (lot(asked, shift) for shift in SHIFTS)
        self.gateway, self.text, self.threads_used, self.price = (lot(more, shift) for shift in SHIFTS)
        self.carted, self.tries, self.memory_used, self.cpu_used = (lot(word, shift) for shift in SHIFTS)


def columns(shop: Shop, doors: Doors, made: Entered, spent: Taken, number: I64) -> dict[str, Values]:
    """Values of checkouts by the names of their columns."""
    asked = spent.asked
    texts, visits, flow = _texts(), made.visits, shop.flow
    lots = Lots(visits)
    window = shop.state.window
    tick = visits.time_ms // (window.tick_s * 1000) - window.start
    bad = made.ending == FAILED
    crowd = doors.people
    person = visits.user - FIRST_USER
    blame, cause = made.answered.blame, made.answered.cause
    gateway = shop.code.take(np.where(asked >= 0, asked, np.where(cause == REFUSED, blame, -1)))
    gateway = np.where(gateway >= 0, gateway, chosen(shop.ends, lots.gateway))
    failed = np.flatnonzero(bad)  # few: what only they have is made of them alone
    failure = _failures(shop, tick[failed], blame[failed], cause[failed], lots.memory[failed])
    total = np.rint(made.answered.ms).astype(np.int64)
    others = np.minimum(spent.partners_ms.astype(np.int64), total)
    stores = np.minimum(spent.stores_ms.astype(np.int64), total - others)
    refused = bad & (cause == REFUSED)  # by whoever's breaker on the way; then the last attempt called no gateway
    is_called = (asked >= 0) & ~refused
    is_refusing = shop.refusing.ravel().take(gateway * shop.refusing.shape[1] + tick)
    state = np.where(refused, OPEN, np.where(is_refusing & is_called, HALF_OPEN, CLOSED))
    date, clock = digits_of(visits.time_ms)
    said = Text(_of_some(failed, failure * 2 + (lots.text[failed] < HALF), len(made), -1), texts["error_message"])
    item = (lots.item * len(texts["product_id"])).astype(np.int64)
    client = crowd.browser.take(person).astype(np.int64) * len(web.cities()) + crowd.city.take(person)
    return {
        "@timestamp": Plain(visits.time_ms),
        "transaction_id": Spelled(("txn_", Digits(date, 8), "_", Digits(clock, 6), "_", Digits(number))),
        "session_id": Spelled(("sess_user_", Digits(visits.user), "_", Digits(date, 8))),
        "user_id": Spelled(("user_", Digits(visits.user))),
        "event_type": Text(np.zeros(len(made), dtype=np.int32), ("checkout_attempt",)),
        "step": Text(_of_some(failed, _steps(flow, blame[failed]), len(made), DONE), STEPS),
        "status": Text(bad.view(np.uint8), ("success", "error")),
        "response_code": Plain(_of_some(failed, _codes().take(failure), len(made), 200)),
        "response_time_ms": Plain(total),
        "error_message": said,
        "error_code": Text(said.codes, texts["error_code"]),
        "payment_gateway": Text(gateway, shop.gateways or ("none",)),
        "amount": Quanta(_cents(item, lots.price * lots.carted), 100),
        "currency": Text(np.zeros(len(made), dtype=np.int32), ("USD",)),
        "product_category": Text(item, texts["product_category"]),
        "product_id": Text(item, texts["product_id"]),
        "user_agent": Text(client, texts["user_agent"]),
        "ip_address": address(crowd.address.take(person)),
        "geo_location.country": Text(client, texts["country"]),
        "geo_location.state": Text(_state_codes().take(crowd.city.take(person)), _states()),
        "geo_location.city": Text(client, texts["city"]),
        "server_instance": Text((lots.instance * INSTANCES).astype(np.int64), texts["server_instance"]),
        "load_balancer": Text(made.balancer.astype(np.int64), doors.balancers.names),
        "database_query_time_ms": Plain(stores),
        "cache_hit": Plain(lots.cache < HALF),
        "retry_count": Plain(_of_some(failed, 1 + (lots.tries[failed] * 3).astype(np.int64), len(made), 0)),
        "upstream_service": Text(gateway, tuple(f"payment-gateway-{name}" for name in shop.gateways or ("none",))),
        "upstream_response_time_ms": Plain(np.where(is_called, others, 0), ~is_called),
        "circuit_breaker_state": Text(state, STATES),
        "thread_pool_active": Plain(_percent(shop.threads.take(tick) + 6 * (lots.threads_used - 0.5))),
        "memory_usage_percent": Plain(_percent(shop.memory.take(tick) + 4 * (lots.memory_used - 0.5))),
        "cpu_usage_percent": Plain(_percent(shop.cpu.take(tick) + 6 * (lots.cpu_used - 0.5))),
    }


def _of_some(places: I64, values: I64, count: int, others: int) -> I64:
    """Values at some places of as many as ``count``, and the same one at all others."""
    found = np.full(count, others, dtype=np.int64)
    found[places] = values
    return found


def digits_of(time_ms: I64) -> tuple[I64, I64]:
    """Dates and times of day as numbers of the digits that they are written with; times come in order."""
    second, day = time_ms // 1000, time_ms // DAY_MS
    first = int(day[0]) if len(day) else 0
    when = civil(np.arange(first, int(day[-1]) + 1 if len(day) else first))  # few days
    date = when.year * 10_000 + when.month * 100 + when.day_of_month
    second -= day * DAY_S
    minute = second // 60
    # Each minute adds 100 instead of 60, each hour 10,000 instead of 60 times 100.
    return date.take(day - first), second + 40 * minute + 4_000 * (minute // 60)


def _cents(item: I64, lots: F64) -> I64:
    """What carts with a product come to: between its least and its most."""
    least, range_of = _prices()
    return least.take(item) + np.rint(range_of.take(item) * lots).astype(np.int64)


@cache
def _prices() -> tuple[I64, I64]:
    """Least amount of a cart with each product, and what may come on top, in cents."""
    known = [one for items in web.catalogue()["shop"].values() for one in items.values()]
    least, most = np.rint(np.array(known) * 100).astype(np.int64).T
    return least, most - least


def _percent(values: F64) -> I64:
    return np.clip(np.rint(values), 0, 100).astype(np.int64)


def _failures(shop: Shop, tick: I64, blame: I64, cause: Array, lots: F64) -> I64:
    """Code of each failure by what failed and how: a database, a gateway, a breaker, a service.

    The fuller the memory of a service is, the likelier was it for lack of memory; a lot says of which it was.
    """
    kinds = np.append(shop.flow.nodes.kinds, -1).take(blame)
    in_store = np.isin(kinds, list(STORES))
    is_short = lots < shop.short[blame, tick]
    found = np.where(in_store, POOL, np.where(is_short, MEMORY, UPSTREAM))
    found = np.where((cause == TIMED_OUT) & (shop.code.take(blame) >= 0), TIMEOUT, found)  # of a gateway alone
    return np.where(cause == REFUSED, BREAKER, found)


def _steps(flow: Flow, blame: I64) -> I64:
    """Step that each failed attempt got to: whoever fails before paying was still looking at the cart."""
    pays = np.zeros(len(flow.nodes) + 1, dtype=np.int64)
    pays[list(paying(flow))] = 1
    return pays.take(blame)


def _below(flow: Flow, node: int) -> set[int]:
    if node < 0:
        return set()
    found = {node}
    for slot in flow.slots.of[node]:
        found |= _below(flow, int(flow.edges.children[flow.slots.edges[slot]]))
    return found


def instances() -> tuple[str, ...]:
    """Whoever answers checkouts."""
    return tuple(f"{SHOP}-{number + 1:02}" for number in range(INSTANCES))


def paying(flow: Flow) -> frozenset[int]:
    """Nodes whose failures end an attempt while it is paying: of payments, of orders, and of whom they call."""
    return frozenset(node for name in (PAYMENT, ORDER) for node in _below(flow, flow.places.get(name, -1)))


@cache
def _codes() -> I64:
    return np.array([one["status"] for one in web.catalogue()["failures"].values()], dtype=np.int64)


@cache
def _states() -> tuple[str, ...]:
    return tuple(sorted({city.state for city in web.cities() if city.state}))


@cache
def _state_codes() -> I64:
    return np.array([_states().index(city.state) if city.state else -1 for city in web.cities()], dtype=np.int64)


@cache
def _texts() -> dict[str, tuple[str, ...]]:
    failures, shop = web.catalogue()["failures"], web.catalogue()["shop"]
    both = [(agent, city) for agent in web.agents() for city in web.cities()]
    return {
        "error_message": tuple(text for one in failures.values() for text in one["texts"]),
        "error_code": tuple(name for name in failures for _ in range(2)),
        "product_category": tuple(name for name, items in shop.items() for _ in items),
        "product_id": tuple(item for items in shop.values() for item in items),
        "user_agent": tuple(agent.text for agent, _ in both),
        "country": tuple(city.country for _, city in both),
        "city": tuple(city.name for _, city in both),
        "server_instance": instances(),
    }
