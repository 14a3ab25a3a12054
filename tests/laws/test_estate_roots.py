"""A simple baseline finds roots in telemetry better than chance, and not always; and nothing gives them away."""

from functools import cache

import numpy as np
import pytest

from ghostfleet import incidents
from ghostfleet.core.window import DAY_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from tests.laws import estates

START_S = 1741186800  # Wednesday, 2025-03-05 10:00 in New York
APART_S = 5 * 3600
QUIET_MIN = 60  # before an incident, by which usual values are known
CASES = [
    ("connection_pool_exhaustion", "risk-analytics-postgres"),
    ("connection_pool_exhaustion", "portfolio-data-postgres"),
    ("connection_pool_exhaustion", "legacy-sqlserver-01"),
    ("memory_leak", "order-service"),
    ("memory_leak", "risk-calculator"),
    ("memory_leak", "portfolio-api"),
    ("bad_deploy", "payment-service"),
    ("bad_deploy", "product-service"),
    ("bad_deploy", "trading-api"),
    ("bad_deploy", "search-service"),
    ("bad_deploy", "performance-attribution"),
    ("bad_deploy", "user-service"),
    ("authentication_failure", "auth-service"),
    ("trading_latency_spike", "trading-api"),
    ("trading_latency_spike", "order-execution-engine"),
    ("upstream_degradation", "position-tracker"),
    ("upstream_degradation", "notification-service"),
    ("upstream_degradation", "var-calculator"),
    ("bad_deploy", "basel-compliance-api"),
    ("memory_leak", "client-reporting-api"),
    ("pod_scaling_failure", "trading-gateway"),
    ("traffic_surge", "checkout-service"),
]
THRESHOLD = 3.0


def starts(case):
    return START_S + case * APART_S


@cache
def generator():
    placed = [
        f"{{incident: {{kind: {kind}, on: [{root}]}}, starts: '{np.datetime64(starts(case), 's')}'}}"
        for case, (kind, root) in enumerate(CASES)
    ]
    keys = ("estate.incidents.scheduled={}", f"estate.incidents.placed=[{', '.join(placed)}]")
    return Generator(estates.scenario("estate", *keys))


def z_scores(values, quiet, floor):
    """Largest robust z of each entity after the quiet minutes, of means of three; values (minutes, entities)."""
    values = (values[2:] + values[1:-1] + values[:-2]) / 3
    before, after = values[: quiet - 2], values[quiet - 2 :]
    middle = np.median(before, axis=0)
    spread = 1.4826 * np.median(np.abs(before - middle), axis=0) + 0.1 * np.abs(middle) + floor
    return ((after - middle) / spread).max(axis=0)


@cache
def guess(case):
    """Entity that the baseline blames: anomalous, and calling nobody who is; else the most anomalous of all."""
    made = generator()
    world = made.estates
    occasion = next(
        one for one in world.occasions.between(starts(case), starts(case) + 1) if one.start_s == starts(case)
    )
    span = Window.between(starts(case) - QUIET_MIN * MINUTE_S, occasion.end_s + 120, MINUTE_S)
    scores: dict[str, float] = {}
    for table, key, columns in (
        ("system_metrics", "service_name", {"error_rate": 1.0, "response_time_ms": 5.0}),
        ("database_metrics", "db_identifier", {"read_latency_ms": 1.0}),
    ):
        cells = estates.rows(made, table, span)
        names = cells[key][: len(cells[key]) // len(span)]
        per_one = {one.name: 10**one.decimals for one in made.observer(table).table.columns if one.name in columns}
        for column, floor in columns.items():
            values = np.where(cells[column] == estates.NULL, 0, cells[column]).astype(float).reshape(len(span), -1)
            for name, z in zip(
                names.tolist(), z_scores(values / per_one[column], QUIET_MIN, floor).tolist(), strict=True
            ):
                scores[name] = max(scores.get(name, 0.0), z)
    flow = world.flow
    callees: dict[str, set[str]] = {name: set() for name in flow.nodes.names}
    for parent, child in zip(flow.edges.parents.tolist(), flow.edges.children.tolist(), strict=True):
        callees[flow.nodes.names[parent]].add(flow.nodes.names[child])
    odd = {name for name, score in scores.items() if score > THRESHOLD}
    leaves = {name for name in odd if not callees[name] & odd} or odd or set(scores)
    return max(sorted(leaves), key=lambda name: scores[name]), len(scores)


def test_a_simple_baseline_finds_the_root_better_than_chance_and_not_always():
    guesses = [guess(case) for case in range(len(CASES))]
    chance = 1 / guesses[0][1]
    right = np.mean([name == root for (name, _), (_, root) in zip(guesses, CASES, strict=True)])
    assert 2 * chance <= right < 0.95


def test_with_shuffled_labels_the_baseline_is_at_chance():
    """Over all shifts of the labels the share that is right is at most three standard deviations above chance."""
    guesses = [name for name, _ in map(guess, range(len(CASES)))]
    roots = [root for _, root in CASES]
    shifted = [a == b for k in range(1, len(CASES)) for a, b in zip(guesses, np.roll(roots, k), strict=True)]
    chance = 1 / guess(0)[1]
    assert np.mean(shifted) < chance + 3 * np.sqrt(chance * (1 - chance) / len(shifted))


@pytest.mark.parametrize("table", [*estates.TABLES, "compliance_metrics", "host_metrics"])
def test_telemetry_names_no_incident_and_no_kind(table):
    """Of a day with three incidents, no text of any column holds the id of one, or the name of a kind."""
    made = generator()
    day = START_S // DAY_S * DAY_S
    cells = estates.rows(made, table, Window.between(day, day + DAY_S, 300))
    texts = {str(text) for values in cells.values() if values.dtype.kind == "U" for text in np.unique(values)}
    words = {"incident", *incidents.kinds(), *(one.id for one in made.estates.occasions.between(day, day + DAY_S))}
    assert texts
    found = {word for word in words for text in texts if word in text.lower()}
    assert not found
