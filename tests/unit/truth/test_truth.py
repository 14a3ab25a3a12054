"""The tables of truth, and how far an incident reaches."""

import numpy as np
import pytest

from ghostfleet import truth
from ghostfleet.core.batch import Plain, Quanta, Text
from ghostfleet.truth import difference, metrics, reach
from tests.unit.truth.halves import DAY_S, struck, window


def texts(batch, name):
    column = batch[name]
    assert isinstance(column, Text)
    return [column.vocabulary[code] for code in column.codes]


def whole(batch, name):
    column = batch[name]
    assert isinstance(column, Plain)
    assert column.missing is None
    return column.values.tolist()


def test_hops_count_links_in_the_order_of_stages():
    estates, occasion = struck("payment_timeout")
    hops = reach.hops(occasion, estates.flow, estates.residents)
    known = {"stripe": 0, "payment-service": 1, "paypal": 2}
    assert {name: hops[name] for name in known} == known
    assert "trading-api" not in hops


def test_whoever_an_effect_strikes_is_one_link_away():
    """People try again at checkout, which calls payment-service, which calls stripe; unless nobody tries again."""
    for traffic, known in ((1.4, {"checkout-service": 1, "auth-service": 2}), (1.0, {"checkout-service": 2})):
        estates, occasion = struck("payment_timeout", traffic=traffic)
        hops = reach.hops(occasion, estates.flow, estates.residents)
        assert {name: hops[name] for name in known} == known


def test_what_a_farther_one_shows_first_counts_from_when_one_nearer_shows_it():
    seen = {
        ("far", "pods"): difference._Seen(3, 9, 1.0), ("far", "load"): difference._Seen(8, 9, 0.1),
        ("near", "load"): difference._Seen(5, 6, 0.1), ("root", "load"): difference._Seen(2, 9, 0.5),
        ("root → near", "calls"): difference._Seen(1, 9, 0.5), ("elsewhere", "load"): difference._Seen(0, 9, 0.1),
    }  # fmt: skip
    assert difference._fronts(seen, {"root": 0, "near": 1, "between": 2, "far": 3}, 1) == [2, 5, 5, 5]


def test_a_cluster_reaches_its_services_first():
    estates, occasion = struck("node_loss")
    hops = reach.hops(occasion, estates.flow, estates.residents)
    assert hops == {
        "prod-trading-cluster": 0, "trading-api": 1, "risk-calculator": 1, "market-data-ingestion": 1,
        "trading-oracle": 2, "risk-sqlserver-01": 2,
    }  # fmt: skip


def test_a_call_is_as_far_as_its_farther_end():
    assert reach.hop_of("a → b", {"a": 2, "b": 1}) == 2
    assert reach.hop_of("a → b", {"a": 2}) is None
    assert reach.hop_of("a", {"a": 0}) == 0


def test_incidents_have_their_phases_in_order():
    estates, _ = struck("memory_leak")
    batch = truth.incidents_batch(truth.starting(estates, window(DAY_S, DAY_S + 86400)))
    assert texts(batch, "root_entity") == ["payment-service"]
    assert texts(batch, "root_label") == ["Service"]
    assert texts(batch, "severity") == ["medium"]
    times = [whole(batch, name)[0] for name in ("start", "onset_until", "plateau_until", "end")]
    assert times == sorted(times)
    assert times[0] == DAY_S + 16 * 3600


def test_impacts_stand_in_the_order_of_the_table():
    estates, occasion = struck("bad_deploy")
    found = truth.impacts(estates, occasion)
    batch = truth.impact_batch(reversed(found))
    assert texts(batch, "entity") == [impact.entity for impact in found]
    assert whole(batch, "hop") == [impact.hop for impact in found]
    sizes = batch["size"]
    assert isinstance(sizes, Quanta)
    assert np.allclose(sizes.floats(), [impact.size for impact in found], atol=1e-4)


def test_tables_may_be_empty():
    assert len(truth.incidents_batch([])) == len(truth.impact_batch([])) == 0


def test_impact_is_looked_for_until_nothing_remembers_it():
    estates, occasion = struck("bad_deploy")
    seen = difference.window(occasion)
    assert seen.since_s <= occasion.start_s
    assert seen.until_s >= occasion.end_s
    assert all(seen.since_s <= i.onset_s < i.end_s <= seen.until_s for i in truth.impacts(estates, occasion))


@pytest.mark.parametrize("kind", ["payment_timeout", "connection_pool_exhaustion", "circuit_breaker", "bad_deploy"])
def test_what_is_expected_is_what_is_counted_on_average(kind):
    """Over all the ticks of an incident: |counted - expected| < 5 standard deviations of a Poisson number, or 1 %."""
    estates, occasion = struck(kind)
    state = estates.solve(difference.window(occasion))
    known = {metric.name: metric for metric in metrics.FLOWING}
    counted = state.outcomes.requests.sum(axis=1)
    expected = known["requests"].read(state).sum(axis=1)
    assert (np.abs(counted - expected) < np.maximum(5 * np.sqrt(expected), 0.01 * expected)).all()
    calls = np.zeros(len(estates.flow.edges))
    for slot, edge in enumerate(estates.flow.slots.edges):
        calls[edge] += (state.outcomes.call_served[slot] + state.outcomes.call_failed[slot]).sum()
    expected = known["calls"].read(state).sum(axis=1)
    assert (np.abs(calls - expected) < np.maximum(5 * np.sqrt(expected), 0.01 * expected)).all()
