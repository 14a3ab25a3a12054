"""Batches of single requests in the documented shapes: API events (EVT-3) and shop transactions (COM-1)."""

from __future__ import annotations

from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory

import numpy as np

from ghostfleet.core.arrays import Array, Bool  # noqa: TC001
from ghostfleet.core.batch import Batch, Digits, Hex, Plain, Quanta, Spelled, Text, Values
from ghostfleet.core.table import Column, Kind, Table, column
from ghostfleet.sinks.parts import Place
from ghostfleet.sinks.text.file import TextBody

BATCH_ROWS = 16_384
START_MS = 1_767_225_600_000

FIXED = {"event_id": True, "session_id": True, "request_id": True, "ip_address": True, "correlation_id": True}


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(column(name, Kind.TEXT, name, spelled=name.rsplit(".", 1)[-1] in FIXED) for name in names)


def _rare(*names: str, kind: Kind = Kind.TEXT, resolution: float | None = None) -> tuple[Column, ...]:
    return tuple(column(one, kind, one, nullable=True, optional=True, resolution=resolution) for one in names)


def _whole(*names: str) -> tuple[Column, ...]:
    return tuple(column(name, Kind.I64, name) for name in names)


EVENTS = Table(
    "api_events",
    "calls of an API",
    (
        *_texts("event_id", "event_type"),
        column("timestamp", Kind.TIME, "when", resolution=0.001),
        *_texts("title", "message", "severity"),
        *_texts(*(f"source.{name}" for name in ("service", "endpoint", "method", "version", "environment"))),
        *_whole(*(f"metrics.{name}" for name in ("response_time_ms", "status_code", "request_size_bytes"))),
        *_whole("metrics.response_size_bytes"),
        column("metrics.cache_hit", Kind.BOOL, "whether a cache answered"),
        column("context.user_id", Kind.TEXT, "who", nullable=True, spelled=True),
        *_texts("context.session_id", "context.request_id", "context.ip_address", "context.user_agent"),
        *_texts(*(f"context.tags.{name}" for name in ("country", "city", "region", "device_type"))),
        *_rare(*(f"error_details.{name}" for name in ("error_code", "error_message", "error_type"))),
        column("error_details.stack_trace", Kind.TEXT, "never known", nullable=True),
        *_texts("payload.correlation_id", "payload.trace_id"),
        *_rare("payload.auth_method", "payload.registration_source", "payload.payment_method"),
        *_rare("payload.amount", kind=Kind.F64, resolution=0.01),
        *_rare("payload.currency"),
        *_rare("payload.items_count", kind=Kind.I64),
        *_rare("payload.total_amount", kind=Kind.F64, resolution=0.01),
    ),
    keys=("event_id",),
    order=("timestamp", "event_id"),
    group="requests",
    form="document",
)
SERVICES = ("auth-service", "payment-service", "user-service", "product-service", "order-service", "search-service")
ENDPOINTS = [
    (SERVICES[n % 6], f"/api/v1/resource{n % 6}/action-{n}", ("GET", "POST", "PUT")[n % 3]) for n in range(180)
]
VERSIONS = ("2.3.1", "1.8.2", "3.1.0", "2.7.4", "1.9.1", "1.6.8")
CODES = (200, 201, 202, 204, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504)
SHARES = (0.826, 0.1, 0.03, 0.018, 0.004, 0.003, 0.002, 0.005, 0.001, 0.002, 0.002, 0.003, 0.001, 0.002, 0.001)
CITIES = (
    ("US", "New York", "NA"), ("US", "San Francisco", "NA"), ("US", "Chicago", "NA"), ("CA", "Toronto", "NA"),
    ("GB", "London", "EU"), ("DE", "Berlin", "EU"), ("FR", "Paris", "EU"), ("SG", "Singapore", "APAC"),
    ("JP", "Tokyo", "APAC"), ("IN", "Mumbai", "APAC"), ("AU", "Sydney", "APAC"), ("BR", "São Paulo", "LATAM"),
)  # fmt: skip
AGENTS = tuple(
    (device, f"Mozilla/5.0 ({device}; build {number}) AppleWebKit/537.36 (KHTML, like Gecko) Agent/{number}.0.0.0")
    for number, device in enumerate(("desktop", "mobile", "api_client", "tablet", "bot") * 2)
)
MESSAGES = tuple(
    f"Request finished with status {code}: the service {'answered' if code < 400 else 'refused'} as expected"  # noqa: PLR2004
    for code in CODES
)


def _severity(code: int) -> str:
    return "info" if code < 300 else "warning" if code < 500 else "error"  # noqa: PLR2004


def _some(draw: np.random.Generator, words: tuple[str, ...], where: Bool) -> Text:
    return Text(np.where(where, draw.integers(0, len(words), len(where)), -1).astype(np.int16), words)


def events(number: int = 0, rows: int = BATCH_ROWS) -> Batch:
    """Rows of `EVENTS`, from the *number*-th on: in order of time, a few milliseconds apart."""
    draw = np.random.default_rng(number)
    place = draw.integers(0, len(ENDPOINTS), rows).astype(np.int16)
    status = np.searchsorted(np.cumsum(SHARES), draw.random(rows)).clip(0, len(CODES) - 1).astype(np.int8)
    city, agent = (draw.integers(0, len(words), rows).astype(np.int8) for words in (CITIES, AGENTS))
    failed = status >= 4  # noqa: PLR2004  the first of the codes that are errors
    error = np.where(failed, status, -1).astype(np.int8)
    trace, other = (draw.integers(0, 1 << 63, rows, dtype=np.uint64) * np.uint64(2) for _ in range(2))
    address = draw.integers(0, 1 << 17, rows)
    trace_id = (Hex(trace), Hex(other))
    zeros = np.zeros(rows, np.int8)
    paid, ordered = place % 20 == 1, place % 20 == 2  # noqa: PLR2004
    made: dict[str, Values] = {
        "event_id": Spelled(("evt_", Digits(np.arange(rows) + number * rows), "_", Hex(trace, 12))),
        "event_type": Text(zeros, ("api_call",)),
        "timestamp": Plain(START_MS + number * rows * 86 + np.sort(draw.integers(0, 86 * rows, rows))),
        "title": Text(place, tuple(f"{method} {path}" for _, path, method in ENDPOINTS)),
        "message": Text(status, MESSAGES),
        "severity": Text(status, tuple(_severity(code) for code in CODES)),
        "source.service": Text(place, tuple(service for service, _, _ in ENDPOINTS)),
        "source.endpoint": Text(place, tuple(path for _, path, _ in ENDPOINTS)),
        "source.method": Text(place, tuple(method for _, _, method in ENDPOINTS)),
        "source.version": Text(place, tuple(VERSIONS[SERVICES.index(service)] for service, _, _ in ENDPOINTS)),
        "source.environment": _some(draw, ("production", "staging", "development"), np.ones(rows, np.bool_)),
        "metrics.response_time_ms": Plain(np.minimum(draw.exponential(276, rows), 11_356).astype(np.int32)),
        "metrics.status_code": Plain(np.array(CODES, np.int16)[status]),
        "metrics.request_size_bytes": Plain(draw.integers(100, 5001, rows)),
        "metrics.response_size_bytes": Plain(draw.integers(200, 50_001, rows)),
        "metrics.cache_hit": Plain(draw.random(rows) < 0.25),  # noqa: PLR2004
        "context.user_id": Spelled(("user_", Digits(draw.integers(1000, 100_000, rows))), draw.random(rows) < 0.1),  # noqa: PLR2004
        "context.session_id": Spelled(("sess_", Hex(other))),
        "context.request_id": Spelled(("req_", *trace_id)),
        "context.ip_address": _address(address),
        "context.user_agent": Text(agent, tuple(text for _, text in AGENTS)),
        "context.tags.country": Text(city, tuple(country for country, _, _ in CITIES)),
        "context.tags.city": Text(city, tuple(name for _, name, _ in CITIES)),
        "context.tags.region": Text(city, tuple(region for _, _, region in CITIES)),
        "context.tags.device_type": Text(agent, tuple(device for device, _ in AGENTS)),
        "error_details.error_code": Text(error, tuple(f"ERR_{code}_{code % 7:03d}" for code in CODES)),
        "error_details.error_message": Text(error, MESSAGES),
        "error_details.error_type": Text(error, tuple(f"Error{code // 100}xx" for code in CODES)),
        "error_details.stack_trace": Text(np.full(rows, -1, np.int8), ()),
        "payload.correlation_id": Spelled(("corr_", Hex(other))),
        "payload.trace_id": Spelled(trace_id),
        "payload.auth_method": _some(draw, ("password", "oauth", "sso", "mfa"), place % 20 == 0),
        "payload.registration_source": _some(draw, ("web", "mobile", "api"), place % 20 == 3),  # noqa: PLR2004
        "payload.payment_method": _some(draw, ("credit_card", "debit_card", "paypal", "stripe"), paid),
        "payload.amount": Quanta(draw.integers(1000, 500_001, rows).astype(np.int32), 100, ~paid),
        "payload.currency": _some(draw, ("USD", "EUR", "GBP", "JPY"), paid),
        "payload.items_count": Plain(draw.integers(1, 11, rows), ~ordered),
        "payload.total_amount": Quanta(draw.integers(2000, 100_001, rows).astype(np.int32), 100, ~ordered),
    }  # fmt: skip
    return Batch(EVENTS, made)


def _address(number: Array) -> Spelled:
    """Addresses of 198.18.0.0/15."""
    parts = (Digits(18 + (number >> 16)), ".", Digits((number >> 8) & 255), ".", Digits(number & 255))
    return Spelled(("198.", *parts))


TRANSACTIONS = Table(
    "transactions",
    "checkouts of a shop",
    (
        column("@timestamp", Kind.TIME, "when", resolution=0.001),
        *(column(name, Kind.TEXT, name, spelled=True) for name in ("transaction_id", "session_id", "user_id")),
        *_texts("event_type", "step", "status"),
        *_whole("response_code", "response_time_ms"),
        *(column(name, Kind.TEXT, name, nullable=True) for name in ("error_message", "error_code")),
        *_texts("payment_gateway"),
        column("amount", Kind.F64, "price", resolution=0.01),
        *_texts("currency", "product_category", "product_id", "user_agent"),
        column("ip_address", Kind.TEXT, "address", spelled=True),
        *_texts(*(f"geo_location.{name}" for name in ("country", "state", "city"))),
        *_texts("server_instance", "load_balancer"),
        *_whole("database_query_time_ms"),
        column("cache_hit", Kind.BOOL, "whether a cache answered"),
        *_whole("retry_count"),
        *_texts("upstream_service"),
        *_whole("upstream_response_time_ms"),
        *_texts("circuit_breaker_state"),
        *_whole("thread_pool_active", "memory_usage_percent", "cpu_usage_percent"),
    ),
    keys=("transaction_id",),
    order=("@timestamp", "transaction_id"),
    group="requests",
    form="document",
    index="ecommerce_performance_demo",
)
PRODUCTS = tuple(
    (("electronics", "clothing", "books", "home")[n // 4], f"product{n:02d}_{n % 4 + 1:03d}") for n in range(16)
)
STATES = tuple(("US", state, f"City of {state}") for state in ("NY", "CA", "IL", "TX", "WA", "FL", "MA", "GA"))
GATEWAYS = ("stripe", "paypal", "square")
ERRORS = ("PAYMENT_TIMEOUT", "DB_CONN_EXHAUSTED", "MEMORY_EXHAUSTED", "CIRCUIT_BREAKER_OPEN", "UPSTREAM_SERVICE_ERROR")


def transactions(number: int = 0, rows: int = BATCH_ROWS) -> Batch:
    """Rows of `TRANSACTIONS`, from the *number*-th on."""
    draw = np.random.default_rng(number)
    times = START_MS + number * rows * 38 + np.sort(draw.integers(0, 38 * rows, rows))
    clock = times // 1000 % 86_400
    clock = clock // 3600 * 10_000 + clock // 60 % 60 * 100 + clock % 60
    user = draw.integers(10_000, 100_000, rows)
    product, agent, place, server, gateway = (
        draw.integers(0, count, rows).astype(np.int8) for count in (16, 10, 8, 3, 3)
    )
    error = np.where(draw.random(rows) < 0.02, draw.integers(0, 5, rows), -1).astype(np.int8)  # noqa: PLR2004
    outcome = (error >= 0).astype(np.int8)
    zeros = np.zeros(rows, np.int8)
    day = Text(zeros, ("20260101",))
    made: dict[str, Values] = {
        "@timestamp": Plain(times),
        "transaction_id": Spelled(("txn_", day, "_", Digits(clock, 6), "_", Digits(np.arange(rows) % 9000 + 1000))),
        "session_id": Spelled(("sess_user_", Digits(user), "_", day)),
        "user_id": Spelled(("user_", Digits(user))),
        "event_type": Text(zeros, ("checkout_attempt",)),
        "step": _some(draw, ("cart_review", "payment_processing", "order_confirmation"), np.ones(rows, np.bool_)),
        "status": Text(outcome, ("success", "error")),
        "response_code": Plain(np.array([500, 503, 503, 503, 502, 200], np.int16)[error]),
        "response_time_ms": Plain(draw.integers(200, 30_000, rows)),
        "error_message": Text(error, tuple(f"Checkout failed: {one.lower()} while the shop waited" for one in ERRORS)),
        "error_code": Text(error, ERRORS),
        "payment_gateway": Text(gateway, GATEWAYS),
        "amount": Quanta(draw.integers(1099, 30_000, rows).astype(np.int32), 100),
        "currency": Text(zeros, ("USD",)),
        "product_category": Text(product, tuple(category for category, _ in PRODUCTS)),
        "product_id": Text(product, tuple(name for _, name in PRODUCTS)),
        "user_agent": Text(agent, tuple(text for _, text in AGENTS)),
        "ip_address": _address(draw.integers(0, 1 << 17, rows)),
        "geo_location.country": Text(place, tuple(country for country, _, _ in STATES)),
        "geo_location.state": Text(place, tuple(state for _, state, _ in STATES)),
        "geo_location.city": Text(place, tuple(city for _, _, city in STATES)),
        "server_instance": Text(server, tuple(f"checkout-service-{n:02d}" for n in (1, 2, 3))),
        "load_balancer": Text(server, ("lb-west-01", "lb-east-01", "lb-west-01")),
        "database_query_time_ms": Plain(draw.integers(50, 201, rows)),
        "cache_hit": Plain(draw.random(rows) < 0.5),  # noqa: PLR2004
        "retry_count": Plain(outcome * draw.integers(1, 4, rows)),
        "upstream_service": Text(gateway, tuple(f"payment-gateway-{one}" for one in GATEWAYS)),
        "upstream_response_time_ms": Plain(draw.integers(100, 501, rows)),
        "circuit_breaker_state": Text(zeros, ("closed",)),
        "thread_pool_active": Plain(draw.integers(10, 41, rows)),
        "memory_usage_percent": Plain(draw.integers(45, 71, rows)),
        "cpu_usage_percent": Plain(draw.integers(20, 61, rows)),
    }  # fmt: skip
    return Batch(TRANSACTIONS, made)


def lone(rows: int) -> None:
    """Make and write events a batch at a time, as a part, and print the peak memory in MB."""
    with TemporaryDirectory() as folder:
        body = TextBody(Path(folder) / "out", Place(EVENTS, 0), "jsonl", "none")
        for number in range(max(1, rows // BATCH_ROWS)):
            body.write(events(number))
        body.finish()
    print(getrusage(RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
