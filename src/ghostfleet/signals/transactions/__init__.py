"""Checkouts of the shop, one document each (COM-1)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core.batch import Batch
from ghostfleet.core.table import Kind, Table, absent, column, text
from ghostfleet.signals import StateObserver
from ghostfleet.signals.transactions.documents import STATES, STEPS, columns
from ghostfleet.signals.transactions.shop import Shop, gateways
from ghostfleet.state.estate.balancers import Balancers
from ghostfleet.state.estate.spent import Spent
from ghostfleet.state.estate.visits import TIE_BITS, Doors, Entered, stretches, taken, written
from ghostfleet.world import flow as flows
from ghostfleet.world import web
from ghostfleet.world.flow.entering import Entering, ticks_of
from ghostfleet.world.markets import SHOP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ghostfleet.core.arrays import I64, U64, Bool
    from ghostfleet.core.table import Column
    from ghostfleet.core.window import Window
    from ghostfleet.signals import Expected, Extent
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State
    from ghostfleet.world.flow import Flow

NEEDS: tuple[str, ...] = ("estate",)
FOLLOWED, AT_ONCE, IN_A_TASK = 16_384, 8_192, 1_048_576
LOOKED_AT = 131_072  # transactions of which only some are followed
FAILURES = tuple(web.catalogue()["failures"])
# Numbers of a transaction within its second; the stride has no factor of 9,000.
FIRST_NUMBER, NUMBERS, STRIDE = 1_000, 9_000, 7_919


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
        absent("load_balancer", Kind.TEXT, "balancer in front of it, one of the estate's; absent where it has none"),
        _count("database_query_time_ms", "of the response, spent with databases", unit="ms"),
        column("cache_hit", Kind.BOOL, "whether the cart came from a cache"),
        _count("retry_count", "how often the client says that it tried before; 0 where it succeeds", high=3),
        text("upstream_service", "gateway as the payment service knows it"),
        _count(
            "upstream_response_time_ms", "of the response, spent with the gateway; null if not called", unit="ms",
            nullable=True,
        ),
        text("circuit_breaker_state", "of breakers on the way to the gateway", values=STATES),
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


def expectations(scenario: Scenario, extent: Extent | None = None) -> Mapping[str, Expected]:
    """What checks may expect: words and places, what gateways do at least, and how many try and fail by the hour."""
    from ghostfleet.signals.transactions import facts, usual  # here, because rows are made without, and start-up counts

    known = Transactions(scenario)
    flow = known.flow
    return {
        "expected_places": web.places(),
        "expected_unrest_of_transactions": [{"unrest": usual.restless(flow, known.cells)}],
        "expected_longest": [{"longest_ms": usual.longest_ms(flow)}],
        **facts.vocabulary(),
        **facts.of_flow(flow),
        **facts.of_time(scenario, flow, known.cells, extent),
    }


def silence(scenario: Scenario) -> str:
    """Say that nobody checks out, where there is no shop or nobody comes to it."""
    return "" if Transactions(scenario).cells else f"no demand enters at a {SHOP}, so nobody checks out"


def of_estate(flow: Flow, table: Table = TABLE) -> Table:
    """A table with the columns of this one, as an estate writes it: it names the balancers in front of its shop."""
    names = Balancers(flow).before(flow.places.get(SHOP, -1))
    if not names:
        return table
    front = replace(table["load_balancer"], values=names, nullable=False, optional=False)
    return replace(table, columns=tuple(front if one.name == front.name else one for one in table.columns))


def observer(scenario: Scenario) -> StateObserver:
    """Make the signal ready for a scenario."""
    return Transactions(scenario).ready()


class Transactions:
    """The signal of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up the shop, if the estate has one."""
        self.flow = flow = flows.build(scenario)
        place = flow.places.get(SHOP, -1)
        self.cells = np.flatnonzero(flow.entries.nodes == place).tolist()
        self.table = of_estate(flow)
        self.entering = Entering(flow, self.cells)
        a_second = self.entering.mean_per_s
        self.ticks_at_once = ticks_of(IN_A_TASK, a_second, scenario.timeline.tick_s)
        self.a_tick = max(1, round(a_second * scenario.timeline.tick_s))

    def ready(self) -> StateObserver:
        """The observer."""
        return StateObserver(
            self.table,
            self.a_tick,
            self.observe,
            self.entering.expected,
            is_detailed=True,
            ticks_at_once=self.ticks_at_once,
        )

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window, in the order of time."""
        del window
        yield from self.rows(state, self.table)

    def rows(
        self, state: State, table: Table, *, share: float = 1.0, keep: Callable[[I64], Bool] | None = None
    ) -> Iterator[Batch]:
        """Rows of a table that has the columns of this one, of a share of all transactions, which their ids choose.

        ``keep`` says of times in ms since the epoch which are kept.
        """
        if not self.cells:
            return
        doors = Doors(state.walk)
        partners = frozenset(gateways(self.flow))
        counts = np.add.reduce(state.outcomes.entered[self.cells], axis=0)
        for first, last in stretches(counts, FOLLOWED if share >= 1 else LOOKED_AT):
            watchers: list[Spent] = []

            def watching(requests: Any, into: list[Spent] = watchers) -> Spent:  # noqa: ANN401  requests of a walk
                into.append(Spent(state.walk, len(requests), partners))
                return into[-1]

            entered = doors.followed(self.cells, first, last, watching, share=share)
            order = doors.in_time(entered.visits.time_ms, entered.id, first)
            time_ms = entered.visits.time_ms.take(order)
            is_whole = share >= 1
            number = _numbers(time_ms // 1000) if is_whole else self._numbers_of(doors, entered.id[order], first, last)
            if keep is not None:
                kept = np.flatnonzero(keep(time_ms))
                order, number = order.take(kept), number.take(kept)
            if not len(order):
                continue
            spent = watchers.pop().taken(order)
            made: Entered = taken(entered, order)
            del entered
            shop = Shop(state, self.flow)
            for start in range(0, len(made), AT_ONCE):
                some = slice(start, start + AT_ONCE)
                values = columns(shop, doors, made.slice(start, start + AT_ONCE), spent.taken(some), number[some])
                yield Batch(table, {name: values[name] for name in table.names})
            del made, spent, values  # before the next ones are followed

    def _numbers_of(self, doors: Doors, ids: U64, first: int, last: int) -> I64:
        """Numbers that some transactions have among all, of whom nobody needs to know more than when they came."""
        known: list[tuple[U64, I64]] = []
        for cell in self.cells:
            requests = doors.walk.enter(cell, first, last)
            known.append((requests.id, doors.times_ms(requests)))
        every, time_ms = (np.concatenate(part) for part in zip(*known, strict=True))
        order = np.lexsort((written(every) >> (np.uint64(64) - TIE_BITS), time_ms))
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
