"""Who brings how much: what clients are said to bring, and what callers bring besides."""

import numpy as np
import pytest

from ghostfleet.spec.estate.demand import MOST_PER_S
from ghostfleet.world import flow
from tests.laws import estates

CALLED = "auth-service"  # by checkout-service, and clients come to it straight


def made(*assignments):
    return flow.build(estates.scenario("small_estate", *assignments))


def into(found, name):
    """Calls per request of whoever calls a node."""
    return found.edges.calls[found.edges.children == found.places[name]]


@pytest.mark.parametrize("rate", [0.001, 100.0, 200.0, 5_000.0, MOST_PER_S])
def test_clients_bring_what_is_said_and_callers_what_is_left_of_the_level(rate):
    found = made(f"estate.services.{CALLED}.entry.rate_per_s={rate}")
    (cell,) = np.flatnonzero(found.entries.nodes == found.places[CALLED])
    assert found.entries.rates[cell] == pytest.approx(rate)
    assert (into(found, CALLED) >= 0).all()
    assert (into(found, CALLED) > 0).all() == (rate < 150)
    assert (found.nodes.rates >= 0).all()


def test_clients_come_in_the_shares_of_their_weights():
    entry = "estate.services.checkout-service.entry"
    alone, beside = made(f"{entry}.clients={{us-east-1: 2}}"), made(f"{entry}.clients={{us-east-1: 9, eu-west-1: 0}}")
    at = beside.entries.nodes == beside.places["checkout-service"]
    assert dict(zip(np.array(beside.entries.places)[at], beside.entries.rates[at], strict=True))["eu-west-1"] == 0
    assert (
        beside.entries.rates[at].max() == alone.entries.rates[alone.entries.nodes == alone.places["checkout-service"]]
    )


def test_clients_without_weights_come_from_the_region_of_whom_they_call():
    found = made("estate.services.checkout-service.entry.clients={}")
    (cell,) = np.flatnonzero(found.entries.nodes == found.places["checkout-service"])
    assert found.entries.places[cell] == "us-east-1"
