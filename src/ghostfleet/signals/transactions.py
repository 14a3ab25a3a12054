"""Checkouts of the shop, one document each (COM-1)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core.batch import Batch, Digits, Plain, Quanta, Spelled, Text
from ghostfleet.core.civil import civil
from ghostfleet.core.table import Kind, Table, column, text
from ghostfleet.signals import StateObserver
from ghostfleet.state.estate.calling import FAILED, REFUSED, TIMED_OUT
from ghostfleet.state.estate.spent import STORES, Spent, Taken
from ghostfleet.state.estate.visits import FIRST_USER, SHOP, TIE_BITS, Doors, Entered, address, lot, stretches, taken
from ghostfleet.state.estate.walk import Answered
from ghostfleet.world import flow as flows
from ghostfleet.world import web
from ghostfleet.world.flow.draft import EXTERNAL
from ghostfleet.world.flow.entering import expected, mean_per_s, ticks_of
from ghostfleet.world.occasions import moved_incidents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ghostfleet.core.arrays import F64, I64, U64, Array, Bool
    from ghostfleet.core.batch import Values
    from ghostfleet.core.table import Column
    from ghostfleet.core.window import Window
    from ghostfleet.signals import Expected, Extent
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State

NEEDS: tuple[str, ...] = ("estate",)
PAYMENT, ORDER = "payment-service", "order-service"
INSTANCES = 3
FOLLOWED, AT_ONCE, IN_A_TASK = 16_384, 8_192, 1_048_576
LOOKED_AT = 131_072  # transactions of which only some are followed
STEPS = ("cart_review", "payment_processing", "order_confirmation")
FAILURES = tuple(web.catalogue()["failures"])
TIMEOUT, POOL, MEMORY, BREAKER, UPSTREAM = range(5)
CLOSED, OPEN, HALF_OPEN = range(3)
ROOMY, FULL = 50.0, 88.0  # per cent of memory: up to the one no failure is for lack of it, from the other on all are
OPEN_FROM = 0.25  # share of calls that are refused, from which on a breaker is open; below it is that of a pod
# Numbers of a transaction within its second; the stride has no factor of 9,000.
FIRST_NUMBER, NUMBERS, STRIDE = 1_000, 9_000, 7_919
THREADS_USED = 25.0  # per cent of its threads that are busy at the reference
DAY_MS = 86_400_000
HALF = 0.5  # of attempts: carts from the cache, either text of a failure
WEST = frozenset({"CA", "WA", "TX"})


def _count(name: str, about: str, **rest: Any) -> Column:  # noqa: ANN401  passes Column's own fields on
    return column(name, Kind.I64, about, low=0, **rest)


TABLE = Table(
    "transactions",
    "attempts of shoppers to check out, one document each",
    (
        column("@timestamp", Kind.TIME, "when the attempt was made, UTC", resolution=0.001),
        text("transaction_id", "unique id", spelled=True),
        text("session_id", "a user's session of a day", spelled=True),
        text("user_id", "who buys", spelled=True),
        text("event_type", "kind of event", values=("checkout_attempt",)),
        text("step", "how far it got", values=STEPS),
        text("status", "how it ended", values=("success", "error")),
        _count("response_code", "HTTP status", high=599, counted=True),
        _count("response_time_ms", "until it was answered", unit="ms"),
        text("error_message", "what went wrong", nullable=True, search="text"),
        text("error_code", "what kind of failure", nullable=True, values=FAILURES),
        text("payment_gateway", "gateway that the user chose"),
        column("amount", Kind.F64, "of the cart", unit="USD", low=10.99, high=299.99, resolution=0.01),
        text("currency", "of the amount", values=("USD",)),
        text("product_category", "kind of product", values=tuple(web.catalogue()["shop"])),
        text("product_id", "product"),
        text("user_agent", "what the client calls itself", search="text"),
        text("ip_address", "address of the client", spelled=True, search="ip"),
        text("geo_location.country", "country of the user"),
        text("geo_location.state", "state of the user; null outside of the United States", nullable=True),
        text("geo_location.city", "city of the user"),
        text("server_instance", "instance that answered"),
        text("load_balancer", "balancer in front of it", values=("lb-west-01", "lb-east-01")),
        _count("database_query_time_ms", "of the response, spent with databases", unit="ms"),
        column("cache_hit", Kind.BOOL, "whether the cart came from a cache"),
        _count("retry_count", "how often the client says that it tried before; 0 where it succeeds", high=3),
        text("upstream_service", "gateway as the payment service knows it"),
        _count(
            "upstream_response_time_ms", "of the response, spent with the gateway; null if not called", unit="ms",
            nullable=True,
        ),
        text("circuit_breaker_state", "of breakers on the way to the gateway", values=("closed", "open", "half_open")),
        _count("thread_pool_active", "threads that are busy", unit="%", high=100),
        _count("memory_usage_percent", "memory of the service in use", unit="%", high=100),
        _count("cpu_usage_percent", "CPU of the service in use", unit="%", high=100),
    ),
    keys=("transaction_id",),
    order=("@timestamp", "transaction_id"),
    stem="all_data",
    group="requests",
    form="document",
    index="ecommerce_performance_demo",
)  # fmt: skip


def notes(scenario: Scenario, row_s: int) -> Mapping[str, object]:
    """Say which named incidents were moved to the day before, because they would have ended after now."""
    del row_s
    if scenario.estate is None:
        return {}
    moved = moved_incidents(scenario.estate)
    return {"moved_to_the_day_before": ", ".join(moved)} if moved else {}


def expectations(scenario: Scenario, extent: Extent | None = None) -> Mapping[str, Expected]:
    """What checks may expect: the places where shoppers are, and how long a payment waits for a gateway at least."""
    del extent
    waits_ms = flows.build(scenario).patience_ms(PAYMENT, EXTERNAL)
    return {"expected_places": web.places(), "expected_waits": [{"least_ms": one} for one in waits_ms[:1]]}


def observer(scenario: Scenario) -> StateObserver:
    """Make the signal ready for a scenario."""
    return Transactions(scenario).ready()


class Transactions:
    """The signal of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up the shop, if the estate has one."""
        self._flow = flow = flows.build(scenario)
        place = flow.places.get(SHOP, -1)
        self.cells = np.flatnonzero(flow.entries.nodes == place).tolist()
        self.a_second = mean_per_s(flow, self.cells)
        self.ticks_at_once = ticks_of(IN_A_TASK, self.a_second, scenario.timeline.tick_s)
        self.a_tick = max(1, round(self.a_second * scenario.timeline.tick_s))

    def ready(self) -> StateObserver:
        """The observer."""
        return StateObserver(
            TABLE,
            self.a_tick,
            self.observe,
            lambda window: expected(self._flow, self.a_second, window),
            is_detailed=True,
            ticks_at_once=self.ticks_at_once,
        )

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window, in the order of time."""
        del window
        yield from self.rows(state, TABLE)

    def rows(
        self, state: State, table: Table, *, share: float = 1.0, keep: Callable[[I64], Bool] | None = None
    ) -> Iterator[Batch]:
        """Rows of a table that has the columns of this one, of a share of all transactions, which their ids choose.

        ``keep`` says of times in ms since the epoch which are kept.
        """
        if not self.cells:
            return
        doors = Doors(state.walk)
        gateways = frozenset(_gateways(self._flow))
        counts = np.add.reduce(state.outcomes.entered[self.cells], axis=0)
        for first, last in stretches(counts, FOLLOWED if share >= 1 else LOOKED_AT):
            watchers: list[Spent] = []

            def watching(requests: Any, into: list[Spent] = watchers) -> Spent:  # noqa: ANN401  requests of a walk
                into.append(Spent(state.walk, len(requests), gateways))
                return into[-1]

            entered = doors.followed(self.cells, first, last, watching, share=share)
            order = doors.in_time(entered, first)
            time_ms = entered.visits.time_ms.take(order)
            is_whole = share >= 1
            number = _numbers(time_ms // 1000) if is_whole else self._numbers_of(doors, entered.id[order], first, last)
            if keep is not None:
                kept = np.flatnonzero(keep(time_ms))
                order, number = order.take(kept), number.take(kept)
            if not len(order):
                continue
            spent = watchers[0].taken(order)
            made: Entered = taken(entered, order)
            shop = _Shop(state, self._flow)
            for start in range(0, len(made), AT_ONCE):
                some = slice(start, start + AT_ONCE)
                columns = _columns(shop, doors, made.slice(start, start + AT_ONCE), spent.taken(some), number[some])
                yield Batch(table, columns)

    def _numbers_of(self, doors: Doors, ids: U64, first: int, last: int) -> I64:
        """Numbers that some transactions have among all, of whom nobody needs to know more than when they came."""
        known: list[tuple[U64, I64]] = []
        for cell in self.cells:
            requests = doors.walk.enter(cell, first, last)
            count = len(requests)
            nothing = Answered(np.zeros(count), np.full(count, -1), np.zeros(count, dtype=np.uint8))
            known.append((requests.id, doors.visits(np.full(count, cell), requests, nothing).time_ms))
        every, time_ms = (np.concatenate(part) for part in zip(*known, strict=True))
        order = np.lexsort((every >> (np.uint64(64) - TIE_BITS), time_ms))
        number = np.empty(len(every), dtype=np.int64)
        number[order] = _numbers(time_ms[order] // 1000)
        by_id = np.argsort(every)
        return number.take(by_id.take(np.searchsorted(every[by_id], ids)))


def _numbers(second: I64) -> I64:
    """Number of each transaction in its second, from 1000 on; seconds are in order."""
    begins = np.flatnonzero(np.concatenate([[True], second[1:] != second[:-1]]))
    sizes = np.diff(np.append(begins, len(second)))
    rank = np.arange(len(second)) - np.repeat(begins, sizes)
    among = np.repeat(sizes, sizes)
    # Evenly spread from a place of the second's own on, so that they rise with time and none comes twice.
    spread = (rank * NUMBERS + second * STRIDE % NUMBERS) // among
    return np.where(among > NUMBERS, FIRST_NUMBER + NUMBERS + rank, FIRST_NUMBER + spread)


class _Shop:
    """What the state says of the shop at each tick."""

    def __init__(self, state: State, flow: flows.Flow) -> None:
        self.flow, self.state = flow, state
        place = flow.places[SHOP]
        names = state.leaves.services
        cpu, memory = state.used
        row = names.index(SHOP)
        self.cpu, self.memory = cpu[row], memory[row]
        self.short = np.zeros((len(flow.nodes), len(state.window)))  # share of failures of its own for lack of memory
        for number, name in enumerate(names):
            scarce = np.clip((memory[number] - ROOMY) / (FULL - ROOMY), 0.0, 1.0)
            self.short[flow.places[name]] = scarce * scarce * scarce
        busy = state.rates.attempts[place] * state.rates.answers.served_mean[place]
        nodes = flow.nodes
        usual = nodes.rates[place] * (nodes.own_ms[place] + _called_ms(flow, place))
        self.threads = np.minimum(THREADS_USED * busy / max(usual, 1e-9), 100.0)
        gateways = _gateways(flow)
        self.gateways = tuple(flow.shown[node] for node in gateways)
        self.code = np.full(len(flow.nodes) + 1, -1, dtype=np.int64)
        self.code[list(gateways)] = np.arange(len(gateways))
        slots = list(gateways.values())
        self.ends = web.ends(flow.slots.shares[slots].tolist()) if slots else np.ones(1)
        refused = state.rates.answers.refused
        self.refusing = (
            refused[flow.slots.edges[slots]] >= OPEN_FROM if slots else np.zeros((1, refused.shape[1]), bool)
        )


def _gateways(flow: flows.Flow) -> dict[int, int]:
    """Partners that take the payments, as nodes, with the slots in which they are called."""
    payment = flow.places.get(PAYMENT, -1)
    slots = flow.slots.of[payment] if payment >= 0 else ()
    children = {int(flow.edges.children[flow.slots.edges[slot]]): slot for slot in slots}
    return {node: slot for node, slot in children.items() if flow.nodes.kinds[node] == EXTERNAL}


def _called_ms(flow: flows.Flow, place: int) -> float:
    """Time of the calls of a request at the reference."""
    total = 0.0
    for slot in flow.slots.of[place]:
        child = int(flow.edges.children[flow.slots.edges[slot]])
        if not flow.edges.asynchronous[flow.slots.edges[slot]]:
            total += float(flow.slots.shares[slot]) * (float(flow.nodes.own_ms[child]) + _called_ms(flow, child))
    return total


def _columns(shop: _Shop, doors: Doors, made: Entered, spent: Taken, number: I64) -> dict[str, Values]:
    asked = spent.asked
    texts, visits, flow = _texts(), made.visits, shop.flow
    window = shop.state.window
    tick = visits.time_ms // (window.tick_s * 1000) - window.start
    bad = made.ending == FAILED
    crowd = doors.people
    person = visits.user - FIRST_USER
    blame, cause = made.answered.blame, made.answered.cause
    gateway = shop.code.take(np.where(asked >= 0, asked, np.where(cause == REFUSED, blame, -1)))
    drawn = np.searchsorted(shop.ends, lot(visits.more, 0), side="right")
    gateway = np.where(gateway >= 0, gateway, drawn)
    failure = _failures(shop, tick, np.where(bad, blame, -1), cause, lot(visits.asked, 0))
    said = np.where(bad, failure * 2 + (lot(visits.more, 16) < HALF), -1)
    total = np.rint(made.answered.ms).astype(np.int64)
    others = np.minimum(spent.partners_ms.astype(np.int64), total)
    stores = np.minimum(spent.stores_ms.astype(np.int64), total - others)
    ending = bad.astype(np.int64)
    refused = bad & (cause == REFUSED)  # by whoever's breaker on the way; then the last attempt called no gateway
    is_called = (asked >= 0) & ~refused
    state = np.where(refused, OPEN, np.where(shop.refusing[gateway, tick] & is_called, HALF_OPEN, CLOSED))
    day = visits.time_ms // DAY_MS
    when = civil(day)
    date = when.year * 10_000 + when.month * 100 + when.day_of_month
    second = visits.time_ms // 1000 % 86_400
    clock = second // 3600 * 10_000 + second // 60 % 60 * 100 + second % 60
    item = (lot(visits.asked, 48) * len(texts["product_id"])).astype(np.int64)
    client = crowd.agent.take(person).astype(np.int64) * len(web.cities()) + crowd.city.take(person)
    jitter = lot(visits.more, 32)
    values: dict[str, Values] = {
        "@timestamp": Plain(visits.time_ms),
        "transaction_id": Spelled(("txn_", Digits(date, 8), "_", Digits(clock, 6), "_", Digits(number))),
        "session_id": Spelled(("sess_user_", Digits(visits.user), "_", Digits(date, 8))),
        "user_id": Spelled(("user_", Digits(visits.user))),
        "event_type": Text(np.zeros(len(made), dtype=np.int32), ("checkout_attempt",)),
        "step": Text(_steps(flow, bad, blame), STEPS),
        "status": Text(ending, ("success", "error")),
        "response_code": Plain(np.where(bad, _codes().take(failure), 200)),
        "response_time_ms": Plain(total),
        "error_message": Text(said, texts["error_message"]),
        "error_code": Text(said, texts["error_code"]),
        "payment_gateway": Text(gateway, shop.gateways or ("none",)),
        "amount": Quanta(1_099 + (28_900 * lot(visits.more, 48) * lot(visits.asked, 32)).astype(np.int64), 100),
        "currency": Text(np.zeros(len(made), dtype=np.int32), ("USD",)),
        "product_category": Text(item, texts["product_category"]),
        "product_id": Text(item, texts["product_id"]),
        "user_agent": Text(client, texts["user_agent"]),
        "ip_address": address(crowd.address.take(person)),
        "geo_location.country": Text(client, texts["country"]),
        "geo_location.state": Text(_state_codes().take(crowd.city.take(person)), _states()),
        "geo_location.city": Text(client, texts["city"]),
        "server_instance": Text((lot(visits.asked, 16) * INSTANCES).astype(np.int64), texts["server_instance"]),
        "load_balancer": Text(client, texts["load_balancer"]),
        "database_query_time_ms": Plain(stores),
        "cache_hit": Plain(lot(visits.asked, 32) < HALF),
        "retry_count": Plain(np.where(bad, 1 + (lot(visits.more, 16) * 3).astype(np.int64), 0)),
        "upstream_service": Text(gateway, tuple(f"payment-gateway-{name}" for name in shop.gateways or ("none",))),
        "upstream_response_time_ms": Plain(np.where(is_called, others, 0), ~is_called),
        "circuit_breaker_state": Text(state, ("closed", "open", "half_open")),
        "thread_pool_active": Plain(_percent(shop.threads.take(tick) + 8 * (jitter - 0.5))),
        "memory_usage_percent": Plain(_percent(shop.memory.take(tick) + 4 * (jitter - 0.5))),
        "cpu_usage_percent": Plain(_percent(shop.cpu.take(tick) + 10 * (lot(visits.more, 0) - 0.5))),
    }
    return {name: values[name] for name in TABLE.names}


def _percent(values: F64) -> I64:
    return np.clip(np.rint(values), 0, 100).astype(np.int64)


def _failures(shop: _Shop, tick: I64, blame: I64, cause: Array, lots: F64) -> I64:
    """Code of each failure by what failed and how: a database, a gateway, a breaker, a service.

    The fuller the memory of a service is, the likelier was it for lack of memory; a lot says of which it was.
    """
    kinds = np.append(shop.flow.nodes.kinds, -1).take(blame)
    in_store = np.isin(kinds, list(STORES))
    is_short = lots < shop.short[blame, tick]
    found = np.where(in_store, POOL, np.where(is_short, MEMORY, UPSTREAM))
    found = np.where((cause == TIMED_OUT) & (shop.code.take(blame) >= 0), TIMEOUT, found)  # of a gateway alone
    return np.where(cause == REFUSED, BREAKER, found)


def _steps(flow: flows.Flow, bad: Bool, blame: I64) -> I64:
    """Step that each attempt got to: whoever fails before paying was still looking at the cart."""
    paying = np.zeros(len(flow.nodes) + 1, dtype=np.int64)
    for name in (PAYMENT, ORDER):
        for node in _below(flow, flow.places.get(name, -1)):
            paying[node] = 1
    return np.where(bad, paying.take(blame), 2)


def _below(flow: flows.Flow, node: int) -> set[int]:
    if node < 0:
        return set()
    found = {node}
    for slot in flow.slots.of[node]:
        found |= _below(flow, int(flow.edges.children[flow.slots.edges[slot]]))
    return found


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
        "load_balancer": tuple(
            "lb-west-01" if city.state in WEST or city.region == "APAC" else "lb-east-01" for _, city in both
        ),
        "server_instance": tuple(f"{SHOP}-{number + 1:02}" for number in range(INSTANCES)),
    }
