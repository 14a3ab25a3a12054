"""Traces of requests through the estate: spans of services for what they answer, and for calls of stores and partners.

Names of attributes are those of OpenTelemetry's semantic conventions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Batch, Hex, Plain, Quanta, Spelled, Text
from ghostfleet.core.table import Kind, Table, absent, column, text
from ghostfleet.signals import StateObserver
from ghostfleet.state.estate.calling import LATE, REFUSED, SERVED, TIMED_OUT
from ghostfleet.state.estate.traces import Steps, steps
from ghostfleet.world import flow as flows
from ghostfleet.world import web
from ghostfleet.world.flow.draft import EXTERNAL, SERVICE, WEB
from ghostfleet.world.flow.entering import Entering, ticks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ghostfleet.core.arrays import I64, Bool
    from ghostfleet.core.batch import Values
    from ghostfleet.core.window import Window
    from ghostfleet.signals import Expected, Extent
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State
    from ghostfleet.world.flow import Flow

NEEDS: tuple[str, ...] = ("estate",)
FOLLOWED, AT_ONCE, IN_A_TASK = 16_384, 8_192, 32_768  # traces, spans, traces
SERVER, CLIENT = "SERVER", "CLIENT"
STATUSES = (500, 502, 503)
CODES = {  # of too many connections: what a store says that cannot work
    "microsoft.sql_server": "17809",
    "mysql": "1040",
    "oracle.db": "ORA-00018",
    "postgresql": "53300",
}
ERRORS = (*map(str, STATUSES), *CODES.values(), "_OTHER", "timeout", "circuit_open")
FIRST_CODE = len(STATUSES)
OTHER, TIMEOUT, REFUSAL = range(FIRST_CODE + len(CODES), len(ERRORS))
READ = {"market_data", "development"}  # types of partners whom services ask; to others they send something


TABLE = Table(
    "spans",
    "requests through the estate, a span each",
    (
        text("trace_id", "trace of the request; its first eight digits are the second of entry", spelled=True),
        text("span_id", "unique id", spelled=True),
        absent("parent_span_id", Kind.TEXT, "span that made the call; absent at the root of a trace", spelled=True),
        text("name", "what was done"),
        text("kind", "at which end of a call it was seen", values=(SERVER, CLIENT)),
        text("service.name", "service that tells of it"),
        column("start_time", Kind.TIME, "when it began, UTC", resolution=0.000_001),
        column("end_time", Kind.TIME, "when it ended, UTC", resolution=0.000_001),
        column("duration_ms", Kind.F64, "how long it took", unit="ms", low=0, resolution=0.001),
        text("status_code", "whether it went wrong", values=("OK", "ERROR")),
        absent("http.request.method", Kind.TEXT, "HTTP method"),
        absent("http.route", Kind.TEXT, "route of the endpoint"),
        absent("http.response.status_code", Kind.I64, "HTTP status; absent where no answer came", low=100, high=599),
        absent("server.address", Kind.TEXT, "whom a client called: a store, or a partner"),
        absent("db.system.name", Kind.TEXT, "product of the store"),
        absent("db.response.status_code", Kind.TEXT, "the store's code of an error", values=tuple(CODES.values())),
        absent("error.type", Kind.TEXT, "what went wrong: a status, a store's code, or a word", values=ERRORS),
    ),
    keys=("span_id",),
    order=("trace_id", "start_time", "span_id"),
    group="requests",
)
VERBS = {SERVICE: "handle", WEB: "serve", EXTERNAL: "call"}
METHODS = ("POST", "GET")  # of requests of partners
SYSTEMS = {"postgres": "postgresql", "mysql": "mysql", "oracle-ee": "oracle.db"}


def notes(scenario: Scenario, row_s: int) -> Mapping[str, object]:
    """State the share of traces that are told of, if that is not all."""
    del row_s
    share = 1.0 if scenario.estate is None else scenario.estate.trace_share
    return {} if share >= 1 else {"trace_share": share}


def expectations(scenario: Scenario, extent: Extent | None = None) -> Mapping[str, Expected]:
    """What checks may expect: routes of services, and services of which traces tell all requests."""
    del extent
    return {
        "expected_span_routes": [
            {"service": one.service, "method": one.method, "path": one.path} for one in web.routes()
        ],
        "expected_span_services": [{"service": name} for name in _told(flows.build(scenario))],
    }


def _told(flow: Flow) -> list[str]:
    """Services that no message reaches which came round in a circle: traces end where those begin."""
    untold = set[int]()
    ahead = flow.echoes.children.tolist()
    while ahead:
        node = ahead.pop()
        if node not in untold:
            untold.add(node)
            ahead += flow.edges.children[flow.edges.parents == node].tolist()
    return [name for node, name in enumerate(flow.nodes.names) if node not in untold]


def observer(scenario: Scenario) -> StateObserver:
    """Make the signal ready for a scenario."""
    return Spans(scenario).ready()


class Spans:
    """The signal of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up what does not change."""
        self._flow = flow = flows.build(scenario)
        self._tick_s = scenario.timeline.tick_s
        self._share = flow.estate.trace_share
        self.cells = list(range(len(flow.entries)))
        self._entering = Entering(flow, self.cells)
        self._texts = Texts(flow)

    def ready(self) -> StateObserver:
        """The observer."""
        per_trace = _spans_per_request(self._flow)
        a_second = self._entering.mean_per_s * self._share
        return StateObserver(
            TABLE,
            max(1, round(a_second * self._tick_s * per_trace)),
            self.observe,
            lambda window: self._entering.expected(window, self._share * per_trace),
            is_detailed=True,
            ticks_at_once=ticks_of(IN_A_TASK, a_second, self._tick_s),
        )

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window, trace after trace."""
        del window
        for some in steps(state, self.cells, FOLLOWED, self._share):
            for start in range(0, len(some), AT_ONCE):
                yield Batch(TABLE, self._columns(some.slice(start, start + AT_ONCE)))

    def _columns(self, some: Steps) -> dict[str, Values]:
        texts, flow = self._texts, self._flow
        kinds = flow.nodes.kinds.take(some.node)
        serving = (kinds == SERVICE) | (kinds == WEB)
        parents = np.append(flow.edges.parents, -1)  # the last for those that nobody called
        caller = np.where(some.edge >= 0, parents.take(some.edge), some.node)
        ended = some.ending != SERVED
        of_partner = texts.in_http.take(some.edge) & ~serving
        in_http = serving | of_partner
        error = self._errors(some, in_http)
        route = np.where(serving, some.route, -1)
        name = np.where(route >= 0, route, len(texts.routes) + some.node)
        name = np.where(of_partner, texts.asks.take(some.node), name)
        unsaid = ~in_http | ((some.ending == LATE) & of_partner)
        values: dict[str, Values] = {
            "trace_id": Spelled((Hex(some.second.astype(np.uint64), 8), Hex(some.trace), Hex(some.rest, 8))),
            "span_id": Spelled((Hex(some.id),)),
            "parent_span_id": Spelled((Hex(some.parent),), some.edge < 0),
            "name": Text(name, texts.names),
            "kind": Text(np.where(serving, 0, 1), (SERVER, CLIENT)),
            "service.name": Text(np.where(serving, some.node, caller), flow.nodes.names),
            "start_time": Plain(some.start_us),
            "end_time": Plain(some.start_us + some.us),
            "duration_ms": Quanta(some.us, 1000),
            "status_code": Text(ended.astype(np.int64), ("OK", "ERROR")),
            "http.request.method": Text(np.where((route >= 0) | of_partner, name, -1), texts.methods),
            "http.route": Text(route, texts.routes),
            "http.response.status_code": Plain(np.where(unsaid, 0, some.status), unsaid),
            "server.address": Text(np.where(serving, -1, some.node), flow.shown),
            "db.system.name": Text(np.where(serving, -1, texts.system.take(some.node)), texts.systems),
            "db.response.status_code": Text(
                np.where((error >= FIRST_CODE) & (error < OTHER), error - FIRST_CODE, -1), tuple(CODES.values())
            ),
            "error.type": Text(error, ERRORS),
        }
        return values

    def _errors(self, some: Steps, in_http: Bool) -> I64:
        """What went wrong with each, -1 where nothing did: whoever answers says so, and nobody but HTTP in statuses."""
        late = some.ending == LATE
        error = np.where(in_http, np.searchsorted(STATUSES, some.status), self._texts.code.take(some.node))
        error = np.where(some.cause == REFUSED, REFUSAL, error)
        error = np.where((some.cause == TIMED_OUT) | late, TIMEOUT, error)
        return np.where(some.ending == SERVED, -1, error)


class Texts:
    """Names of all that a span may be about."""

    def __init__(self, flow: Flow) -> None:
        """Make them once."""
        estate, nodes = flow.estate, flow.nodes
        routes, kinds = web.routes(), nodes.kinds.tolist()
        self.routes = tuple(one.path for one in routes)
        in_http = [
            kinds[child] == EXTERNAL and protocol.startswith("HTTP")
            for child, protocol in zip(flow.edges.children.tolist(), flow.edges.protocols, strict=True)
        ]
        self.in_http = np.array([*in_http, False])  # of calls; the last for those that nobody called
        # What is done: a request of a route, something else of a node, a request of a partner; and its method.
        self.names = (
            *(f"{one.method} {one.path}" for one in routes),
            *(f"{VERBS.get(kind, 'query')} {name}" for name, kind in zip(flow.shown, kinds, strict=True)),
            *METHODS,
        )
        self.methods = (*(one.method for one in routes), *("" for _ in kinds), *METHODS)
        reads = [name in estate.externals and estate.externals[name].type in READ for name in nodes.names]
        self.asks = len(self.names) - np.where(reads, 1, 2)  # names of requests of partners; who they are tells no path
        products = {name: SYSTEMS.get(one.engine, one.engine) for name, one in estate.databases.items()}
        products |= dict.fromkeys(estate.machines, "microsoft.sql_server")
        self.systems = tuple(sorted(set(products.values()))) or ("",)
        self.system = np.array([self.systems.index(products[name]) if name in products else -1 for name in nodes.names])
        codes = [CODES.get(products.get(name, ""), "_OTHER") for name in nodes.names]
        self.code = np.array([ERRORS.index(one) for one in codes], dtype=np.int64)


def _spans_per_request(flow: Flow) -> float:
    """Spans of a trace at the reference, roughly."""
    total = np.ones(len(flow.nodes))
    for node in reversed(range(len(flow.nodes))):
        for slot in flow.slots.of[node]:
            total[node] += flow.slots.shares[slot] * total[flow.edges.children[flow.slots.edges[slot]]]
    rates = flow.entries.rates.tolist()
    told = sum(rate * count for rate, count in zip(rates, total[flow.entries.nodes].tolist(), strict=True))
    return told / max(sum(rates), 1e-9) if rates else 1.0
