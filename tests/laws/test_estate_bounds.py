"""However strong an incident is, what is seen of it stays possible."""

import math
import re
from functools import cache

import msgspec
import numpy as np
import pytest

from ghostfleet.core.batch import Quanta
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.table import Kind
from ghostfleet.core.window import Window
from ghostfleet.generate import Generator
from ghostfleet.incidents import kinds
from ghostfleet.state.estate import Estates
from tests.laws import estates

ROOTS = {
    "Service": "auth-service",
    "RDSInstance": "orders-postgres",
    "EC2Instance": "orders-postgres",
    "ExternalService": "stripe",
    "EKSCluster": "prod-platform-cluster",
    "WebService": "auth-service",
}
TABLES = (*estates.TABLES, "host_metrics")
PHASES = {"on", "severity", "strength", "onset", "minutes", "recovery"}
ENDLESS = 1e300  # of an option without an upper limit


@cache
def limits(kind):
    """Options of a kind at their lower and at their upper ends."""
    (schema,) = (one for one in msgspec.json.schema(kinds()[kind])["$defs"].values())
    numbers = {
        name: one for name, one in schema["properties"].items() if name not in PHASES and one.get("type") == "number"
    }
    low = {
        name: one.get("minimum", math.nextafter(one.get("exclusiveMinimum", 0.0), math.inf))
        for name, one in numbers.items()
    }
    high = {
        name: one.get("maximum", math.nextafter(one["exclusiveMaximum"], 0.0) if "exclusiveMaximum" in one else ENDLESS)
        for name, one in numbers.items()
    }
    return {"least": low, "most": high}


@pytest.mark.parametrize("strength", [10.0, 0.001])
@pytest.mark.parametrize("end", ["least", "most"])
@pytest.mark.parametrize("kind", sorted(kinds()))
def test_no_option_at_its_limit_makes_a_value_that_cannot_be(kind, end, strength):
    """For all incidents i and rows r of G(i): r holds numbers within the bounds of their columns."""
    options = limits(kind)[end] | {"strength": strength, "onset": [1, 1], "minutes": [12, 12], "recovery": [1, 1]}
    root = ROOTS[kinds()[kind].WHOM.label]
    incident = {"kind": kind, "on": [root], **options}
    placed = [
        {"incident": incident, "starts": "2025-03-05T15:02"},
        {"incident": incident, "starts": "2025-03-05T15:08"},
    ]
    made = estates.scenario("small_estate", f"estate.incidents.placed={msgspec.json.encode(placed).decode()}")
    assert_all_possible(Generator(made))


@pytest.mark.parametrize(
    "most",
    [
        "services.auth-service.entry.rate_per_s=1e6",
        "services.checkout-service.entry.clients={us-east-1: 1e9, eu-west-1: 1e9}",
        "services.checkout-service.depends_on.auth-service.weight=1e9",
        "levels.auth.response_spread_ms=1e9",
        "levels.auth.failing_ms=1e9",
        "externals.stripe.response_ms=1e9",
        "externals.stripe.usd_per_month=1e9",
        "databases.orders-postgres.usd_per_month=1e9",
        "databases.orders-postgres.pool=1_000_000_000",
    ],
)
def test_no_key_at_its_limit_makes_a_value_that_cannot_be(most):
    """For all keys k and rows r of G(k at its maximum): r holds numbers within the bounds of their columns."""
    assert_all_possible(Generator(estates.scenario("small_estate", f"estate.{most}")), length_s=300)


def assert_all_possible(generator, length_s=3600):
    for table in TABLES:
        found = generator.observer(table).table
        row_s = 3600 if table == "cost_metrics" else 60
        span = Window.between(1741186800, 1741186800 + max(length_s, row_s), row_s)
        for task in generator.plan(span, [found]).tasks:
            for batch in generator.batches(task):
                for column in found.columns:
                    assert_possible(column, batch[column.name])


def assert_possible(column, values):
    if column.kind not in (Kind.F64, Kind.I64):
        return
    numbers = values.floats() if isinstance(values, Quanta) else values.values.astype(np.float64)
    if values.missing is not None:
        assert column.nullable or not values.missing.any()
        numbers = numbers[~values.missing]
    low = 0.0 if column.low is None else column.low
    high = 1e15 if column.high is None else column.high
    outside = numbers[~((numbers >= low) & (numbers <= high))]
    assert not len(outside), (column.name, outside[:3])


def test_more_requests_than_can_be_counted_are_refused_by_the_name_of_who_would_get_them():
    generator = Generator(estates.scenario("small_estate", "estate.levels.auth.requests_per_s=1e6", "estate.load=100"))
    said = "auth-service would get .* requests per second, and 8,333,333 are the most that can be told; lower"
    with pytest.raises(ScenarioError, match=said):
        estates.rows(generator, "system_metrics", estates.window(0, 5))


@pytest.mark.parametrize("rate", ["1e9", "1e8", "1000001"])
@pytest.mark.parametrize("path", ["estate.levels.auth.requests_per_s", "estate.services.auth-service.entry.rate_per_s"])
def test_a_rate_that_nobody_could_count_is_refused_where_it_stands(path, rate):
    with pytest.raises(ScenarioError, match=rf"{re.escape(path)}: expected a number <= 1000000"):
        estates.scenario("small_estate", f"{path}={rate}")


def solved(name, placed, *settings, changed=("", "")):
    text = msgspec.json.encode(placed).decode()
    made = estates.scenario(
        name, "estate.incidents.scheduled={}", f"estate.incidents.placed={text}", *settings, changed=changed
    )
    return Estates(made).solve(estates.window(0, 40))


def hanging(*gateways):
    """Gateways that do not answer, all of them at once."""
    return [
        {
            "incident": {"kind": "payment_timeout", "on": [one], "minutes": [12, 12], "traffic": 1},
            "starts": "2025-03-05T15:02",
        }
        for one in gateways
    ]


def test_who_waits_for_several_is_held_by_one_of_them_and_not_by_all_times_all():
    """For all ticks: own time of a caller of stripe and paypal, both hanging, ≤ the more of what either makes it."""
    own = [
        state.rates.times[state.flow.places["payment-service"]]
        for state in (solved("small_estate", hanging(*some)) for some in (["stripe"], ["paypal"], ["stripe", "paypal"]))
    ]
    assert own[0].max() > 4 * own[0][0]
    # An open breaker lets go, and two gateways open theirs at other times than one: a little more load, no more.
    assert own[2].max() < 1.2 * max(own[0].max(), own[1].max())


def test_who_does_not_wait_is_not_held():
    """For callers that send a message and go on: own time and memory are as without the incident, bit for bit."""
    quick = (
        "integrates_with: {stripe: {per_request: 0.4, timeout_ms: 30000, retries: 1}",
        "integrates_with: {stripe: {per_request: 0.4, asynchronous: true}",
    )
    with_it, without = (
        solved("small_estate", hanging("stripe"), changed=quick),
        solved("small_estate", [], changed=quick),
    )
    place = with_it.flow.places["payment-service"]
    np.testing.assert_array_equal(with_it.rates.times[place], without.rates.times[place])
    for one, other in zip(with_it.used, without.used, strict=True):
        np.testing.assert_array_equal(one, other)
