"""Requests that clients made to the monitored services of the shop, as API-monitoring events (EVT-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.batch import Batch, Digits, Hex, Plain, Quanta, Spelled, Text
from ghostfleet.core.table import Kind, Table, absent, column, text
from ghostfleet.signals import StateObserver
from ghostfleet.signals.changes import Changes, Versions
from ghostfleet.signals.events.texts import AT_HOME, CURRENCIES, ENVIRONMENTS, Texts
from ghostfleet.state.estate.people import FIRST_USER, address, chosen, lot
from ghostfleet.state.estate.visits import Doors, Entered, Visits, stretches, swiftness, written
from ghostfleet.world import flow as flows
from ghostfleet.world import web
from ghostfleet.world.flow.entering import Entering, ticks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ghostfleet.core.arrays import F64, I64, U64, Array, Bool
    from ghostfleet.core.batch import Values
    from ghostfleet.core.window import Window
    from ghostfleet.signals import Expected, Extent
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State

NEEDS: tuple[str, ...] = ("estate",)
FOLLOWED = 16_384  # requests that are followed at once: many calls of NumPy, whatever they are
AT_ONCE = 6_144  # events whose columns are made at once: more take memory, fewer too many calls of NumPy
IN_A_TASK = 1_048_576
NO_CONTENT, FIRST_ERROR = 204, 400
DAY_MS = 86_400_000
SESSION, SIZES, PAYLOAD = 0x5E55, 0x512E, 0x9A71  # streams of draws beside the request's own words
CACHED = 0.42  # of answers with 200 to a GET, the quicker ones, so that a quarter of all come from a cache (EVT-9) …
BLUR = 0.2  # … and up to how far from there, in ranks, quicker ones may not and slower ones may
METHODS = ("password", "oauth", "sso", "mfa")
SOURCES = ("web", "mobile", "api")
PAYMENTS = ("credit_card", "debit_card", "paypal", "stripe")
PER_DOLLAR = {"JPY": 150}  # of currencies without cents; of others a payment has as many as of dollars
TYPES = ("api_call", "user_action", "system_event", "error_event", "custom_event")  # others may be loaded (EVT-4)
SEVERITIES = ("info", "warning", "error", "critical")


TABLE = Table(
    "events",
    "requests of clients to the monitored services, one document each",
    (
        text("event_id", "unique id", spelled=True),
        text("event_type", "kind of event; api_call unless somebody else made it", values=TYPES),
        column("timestamp", Kind.TIME, "when the request was made, UTC", resolution=0.001),
        text("title", "method and path"),
        text("message", "what was answered", search="text"),
        text("severity", "by the status: error from 500 on, warning from 300 on", values=SEVERITIES),
        text("source.service", "service that was asked", values=web.monitored()),
        text("source.endpoint", "path that was asked for"),
        absent("source.route", Kind.TEXT, "template of a path with a number in it"),
        text("source.method", "HTTP method", values=("DELETE", "GET", "PATCH", "POST", "PUT")),
        text("source.version", "version of the service"),
        text("source.environment", "what it is for", values=tuple(name for name, _ in ENVIRONMENTS)),
        column("metrics.response_time_ms", Kind.F64, "until it was answered", unit="ms", low=0, resolution=0.01),
        column("metrics.status_code", Kind.I64, "HTTP status", low=100, high=599, counted=True),
        column("metrics.request_size_bytes", Kind.I64, "size of the request", unit="B", low=100, high=5_000),
        column("metrics.response_size_bytes", Kind.I64, "size of the answer", unit="B", low=0, high=50_000),
        column("metrics.cache_hit", Kind.BOOL, "whether a cache answered"),
        text("context.user_id", "who asked; null of anonymous requests", nullable=True, spelled=True),
        text("context.session_id", "session", spelled=True),
        text("context.request_id", "id of the request, the digits of its trace", spelled=True),
        text("context.ip_address", "address of the client", spelled=True, search="ip"),
        text("context.user_agent", "what the client calls itself", search="text"),
        text("context.tags.country", "country of the client"),
        text("context.tags.city", "city of the client"),
        text("context.tags.region", "region of the world", nullable=True, counted=True),
        text("context.tags.device_type", "kind of device"),
        absent("error_details.error_code", Kind.TEXT, "code of the error"),
        absent("error_details.error_message", Kind.TEXT, "what it says", search="text"),
        absent("error_details.error_type", Kind.TEXT, "kind of error"),
        text("error_details.stack_trace", "always null: no server shows it to clients", nullable=True),
        text("payload.correlation_id", "what ties requests together", spelled=True),
        text("payload.trace_id", "trace of the request", spelled=True),
        absent("payload.auth_method", Kind.TEXT, "of a login: how", values=METHODS),
        absent("payload.registration_source", Kind.TEXT, "of a registration: from where", values=SOURCES),
        absent("payload.payment_method", Kind.TEXT, "of a payment: how", values=PAYMENTS),
        absent(
            "payload.amount",
            Kind.F64,
            "of a payment, in its currency; yen are whole",
            low=10,
            high=750_000,
            resolution=0.01,
        ),
        absent("payload.currency", Kind.TEXT, "of a payment", values=CURRENCIES),
        absent("payload.items_count", Kind.I64, "of an order", low=1, high=10),
        absent("payload.total_amount", Kind.F64, "of an order", unit="USD", low=20, high=1_000, resolution=0.01),
    ),
    keys=("event_id",),
    order=("timestamp", "event_id"),
    stem="realistic_events",
    group="requests",
    form="document",
)


def expectations(scenario: Scenario, extent: Extent | None = None) -> Mapping[str, Expected]:
    """What checks may expect: places, routes, texts and versions, and how many ask and fail by the hour."""
    from ghostfleet.signals.events import facts  # here, because rows are made without, and start-up counts
    from ghostfleet.signals.transactions import usual

    known = Events(scenario)
    return {
        "expected_places": web.places(),
        **facts.vocabulary(known.texts),
        "expected_versions": known.versions(extent),
        **facts.of_flow(known.flow),
        "expected_unrest_of_events": [{"unrest": usual.restless(known.flow, known.cells)}],
        "expected_longest": [{"longest_ms": usual.longest_ms(known.flow)}],
        **facts.of_time(scenario, known.flow, known.cells, extent),
    }


def silence(scenario: Scenario) -> str:
    """Say that no event is seen, where nobody asks a monitored service from outside."""
    return "" if Events(scenario).cells else f"no demand enters at any of {', '.join(web.monitored())}"


def observer(scenario: Scenario) -> StateObserver:
    """Make the signal ready for a scenario."""
    return Events(scenario).ready()


class Events:
    """The signal of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up who is monitored, and make the texts of all that can be answered."""
        self.flow = flow = flows.build(scenario)
        names = flow.nodes.names
        self.cells = [cell for cell, node in enumerate(flow.entries.nodes.tolist()) if names[node] in web.monitored()]
        self._entering = Entering(flow, self.cells)
        self._time = scenario.timeline
        self._changes = Changes(scenario)

    def versions(self, extent: Extent | None) -> Expected:
        """Versions that monitored services have in an extent, also for as long as one is out that is taken back."""
        time = self._time
        span = (time.since_s, time.until_s) if extent is None else (extent.since_s, extent.until_s)
        found = self._changes.between([name for name in web.monitored() if name in self.flow.places], *span)
        return [{"service": name, "version": version} for name, version in found]

    @property
    def texts(self) -> Texts:
        """All that can be said."""
        return Texts.of()

    def ready(self) -> StateObserver:
        """The observer."""
        return StateObserver(
            TABLE,
            max(1, round(self._entering.mean_per_s * self._time.tick_s)),
            self.observe,
            self._entering.expected,
            is_detailed=True,
            ticks_at_once=ticks_of(IN_A_TASK, self._entering.mean_per_s, self._time.tick_s),
        )

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window, in the order of time."""
        del window
        if not self.cells:  # nobody asks a monitored service from outside
            return
        doors = Doors(state.walk)
        counts = np.add.reduce(state.outcomes.entered[self.cells], axis=0)
        versions = self._changes.versions(state, self.texts.answers["source.service"])
        for first, last in stretches(counts, FOLLOWED):
            entered = doors.entered(self.cells, first, last)
            for start in range(0, len(entered), AT_ONCE):
                yield Batch(TABLE, self._columns(doors, entered.slice(start, start + AT_ONCE), versions))
            del entered  # before the next ones are followed

    def _columns(self, doors: Doors, entered: Entered, versions: Versions) -> dict[str, Values]:
        texts, visits, crowd = self.texts, entered.visits, doors.people
        person = visits.user - FIRST_USER
        answer, client = texts.answer(visits), texts.client(crowd.agent.take(person), crowd.city.take(person))
        paths = texts.path(visits)
        traces = trace(entered)
        environment = chosen(_ENVIRONMENT_ENDS, lot(visits.more, 48))
        anonymous = lot(visits.more, 0) < texts.anonymous.take(visits.route)
        values: dict[str, Values] = {
            "event_id": Spelled(("evt_", Digits(visits.time_ms), "_", Hex(written(entered.id) >> np.uint64(16), 12))),
            "event_type": Text(np.zeros(len(entered), dtype=np.int32), ("api_call",)),
            "timestamp": Plain(visits.time_ms),
            "title": Text(paths, texts.titles),
            **{name: Text(answer, words) for name, words in texts.answers.items()},
            "source.endpoint": Text(paths, texts.paths),
            "source.version": versions.of(answer, visits.time_ms),
            "source.route": Text(texts.route(visits.route), texts.templates),
            "source.environment": Text(environment, tuple(name for name, _ in ENVIRONMENTS)),
            "metrics.response_time_ms": Quanta(np.rint(entered.answered.ms * 100).astype(np.int64), 100),
            "metrics.status_code": Plain(visits.status),
            "metrics.cache_hit": Plain(texts.may_be_cached(answer) & _cached(texts, entered)),
            "context.user_id": Spelled(("user_", Digits(visits.user)), anonymous),
            "context.session_id": Spelled(("sess_", Hex(_session(visits)))),
            "context.request_id": Spelled(("req_", *traces)),
            "context.ip_address": address(crowd.address.take(person)),
            **{name: Text(client, words) for name, words in texts.clients.items()},
            **_errors(texts, visits, answer),
            "error_details.stack_trace": Text(np.full(len(entered), -1, dtype=np.int32), ("",)),
            "payload.correlation_id": Spelled(("corr_", Hex(traces[1].words, 12))),
            "payload.trace_id": Spelled(traces),
            **_sizes(visits),
            **_payload(texts, visits, entered.id, crowd.city.take(person)),
        }
        return {name: values[name] for name in TABLE.names}


_ENVIRONMENT_ENDS = web.ends([weight for _, weight in ENVIRONMENTS])


def _cached(texts: Texts, entered: Entered) -> Bool:
    """Whether a cache answers each request, if one may: the quicker ones of those without an error of the client."""
    wrong, rank = texts.wrong.take(entered.visits.route), swiftness(entered.id)
    # Errors of clients are in the quicker half; these are the ranks of the others among themselves.
    rank = (rank - wrong * np.minimum(2 * rank, 1)) / (1 - wrong)
    found: Bool = lot(entered.visits.more, 16) < 0.5 + (CACHED - rank) / (2 * BLUR)
    return found


def trace(entered: Entered) -> tuple[Hex, Hex, Hex]:
    """Digits of the trace of each request: eight of the second of entry, then those of two words of its own."""
    second = (entered.visits.time_ms // 1000).astype(np.uint64)
    word, rest = entered.traces()
    return Hex(second, 8), Hex(word), Hex(rest, 8)


def _session(visits: Visits) -> U64:
    """A person's session of a day."""
    key = np.array([SESSION, SESSION], dtype=np.uint64)
    return draw.derived(key, visits.user.astype(np.uint64), (visits.time_ms // DAY_MS).astype(np.uint64))


def _errors(texts: Texts, visits: Visits, answer: I64) -> dict[str, Values]:
    code = np.full(len(answer), -1, dtype=np.int64)
    places = np.flatnonzero(visits.status >= FIRST_ERROR)
    code[places] = texts.error(answer[places], lot(visits.more[places], 32))
    return {name: Text(code, words) for name, words in texts.errors.items()}


def _sizes(visits: Visits) -> dict[str, Values]:
    """Sizes of requests and answers; an error says little, an answer without content nothing."""
    word = draw.derived(np.array([SIZES, SIZES], dtype=np.uint64), visits.more, visits.asked)
    asked, told = lot(word, 0), lot(word, 16)
    size = 200 + (49_800 * told * told * told).astype(np.int64)
    size = np.where(visits.status >= FIRST_ERROR, 50 + (450 * told).astype(np.int64), size)
    size[visits.status == NO_CONTENT] = 0
    return {
        "metrics.request_size_bytes": Plain(100 + (4_900 * asked * asked).astype(np.int64)),
        "metrics.response_size_bytes": Plain(size),
    }


def _payload(texts: Texts, visits: Visits, ids: U64, city: Array) -> dict[str, Values]:
    """What logins, registrations, payments and orders carry; others lack the keys."""
    word = draw.derived(np.array([PAYLOAD, PAYLOAD], dtype=np.uint64), ids, visits.more)
    route = visits.route
    login, register = texts.is_login.take(route), texts.is_register.take(route)
    payment, order = texts.is_payment.take(route), texts.is_order.take(route)
    first, second, third = lot(word, 0), lot(word, 16), lot(word, 32)

    def some(where: Bool, choices: tuple[str, ...], lot: F64) -> Text:
        return Text(np.where(where, (lot * len(choices)).astype(np.int64), -1), choices)

    home = np.where(third < AT_HOME, texts.currency.take(city), 0)
    cents = np.rint((10 + 4_990 * second * second) * 100).astype(np.int64)
    items = 1 + (first * 10).astype(np.int64)
    each = np.rint((20 + 80 * second * second) * 100).astype(np.int64)
    return {
        "payload.auth_method": some(login, METHODS, first),
        "payload.registration_source": some(register, SOURCES, first),
        "payload.payment_method": some(payment, PAYMENTS, first),
        "payload.amount": Quanta(np.where(payment, _converted(cents, home), 0), 100, ~payment),
        "payload.currency": Text(np.where(payment, home, -1), CURRENCIES),
        "payload.items_count": Plain(np.where(order, items, 0), ~order),
        "payload.total_amount": Quanta(np.where(order, items * each, 0), 100, ~order),
    }


def _converted(cents: I64, currency: I64) -> I64:
    """Hundredths of a currency for cents: whole ones of those that have no cents themselves."""
    rates = np.array([PER_DOLLAR.get(name, 0) for name in CURRENCIES]).take(currency)
    return np.where(rates > 0, cents * rates // 100 * 100, cents)
