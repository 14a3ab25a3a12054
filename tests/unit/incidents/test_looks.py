"""Each kind looks as documented (COM-5 to COM-8, EST-17, EST-50) on a shop and a trading floor."""

import numpy as np
import pytest

from ghostfleet import truth
from ghostfleet.state.estate import Estates
from tests.unit.truth.halves import DAY_S, ROOTS, placed, scenario, struck, window

CHECKOUT = "checkout-service"


class Look:
    """One incident while it stands."""

    def __init__(self, kind, starts="2025-03-05T16:00", **options):
        self.estates, self.occasion = struck(kind, starts, **options)
        risen_s, stood_s = self.occasion.phases_s
        self.state = self.estates.solve(window(risen_s, stood_s))
        self.calm = self.estates.solve(window(risen_s, stood_s), lambda _occasion: False)

    def place(self, name):
        return self.estates.flow.places[name]

    def errors(self, name):
        """Share of requests that fail, over all the time that it stands."""
        node, seen = self.place(name), self.state.outcomes
        return (seen.failed[node] + seen.late[node]).sum() / seen.requests[node].sum()

    def served_ms(self, name, *, calm=False):
        return (self.calm if calm else self.state).rates.answers.served_mean[self.place(name)]

    def of(self, values, name):
        return values[self.place(name)]

    def refused(self, caller, callee):
        edges = self.estates.flow.edges
        (edge,) = np.flatnonzero((edges.parents == self.place(caller)) & (edges.children == self.place(callee)))
        return self.state.rates.answers.refused[edge]


@pytest.mark.parametrize("starts", ["2025-03-05T14:00", "2025-03-05T16:00", "2025-03-05T19:25", "2025-03-06T18:10"])
def test_a_payment_time_out_fails_25_to_40_per_cent_at_checkout(starts):
    look = Look("payment_timeout", starts)
    assert 0.25 <= look.errors(CHECKOUT) <= 0.40
    assert look.served_ms("stripe").mean() > 25_000


def test_a_payment_time_out_hangs_first_and_then_breakers_open():
    look = Look("payment_timeout")
    early = look.estates.solve(window(look.occasion.start_s + 60, look.occasion.start_s + 120))
    place = look.place("payment-service")
    assert early.rates.answers.slow[place].min() > 0.5
    assert early.rates.answers.slow_mean[place].min() > 30_000
    assert (look.refused("payment-service", "stripe")[3:] == 0.95).all()
    assert 800 < np.median(look.served_ms(CHECKOUT)) < 3_000  # COM-6: 1,000 to 3,000 ms


def test_a_payment_time_out_stays_slow_where_nobody_has_a_breaker():
    gateways = {"integrates_with": {"stripe": {"per_request": 0.4, "timeout_ms": 30000, "breaker": False}}}
    known = scenario().estate.services["payment-service"]
    assert known.integrates_with["stripe"].breaker
    base = {"type": "api", "domain": "shop", "cluster": "prod-shop-cluster", "replicas": [3, 10], "level": "pay"}
    sizes = {"cpu_millicores": {"request": 1, "limit": 2}, "memory_mib": {"request": 1, "limit": 2}}
    service = {**base, **sizes, "queries": {"orders-postgres": {}}, **gateways}
    estates = Estates(scenario(placed("payment_timeout"), estate={"services": {"payment-service": service}}))
    (occasion,) = estates.occasions.between(DAY_S, DAY_S + 86400)
    state = estates.solve(window(*occasion.phases_s))
    place = estates.flow.places[CHECKOUT]
    assert 0.2 < state.rates.answers.failures[place].mean() < 0.4
    assert state.rates.answers.slow[place].mean() > 0.6
    assert state.rates.answers.slow_mean[place].mean() > 30_000


@pytest.mark.parametrize("starts", ["2025-03-05T14:00", "2025-03-05T16:00", "2025-03-06T17:15", "2025-03-05T19:25"])
def test_an_exhausted_pool_answers_in_3_to_8_seconds(starts):
    look = Look("connection_pool_exhaustion", starts)
    assert 0.15 <= look.errors(CHECKOUT) <= 0.40
    assert 3_000 <= np.median(look.served_ms(CHECKOUT)) <= 8_000
    pool = look.estates.flow.nodes.pools[look.place("orders-postgres")]
    assert (look.of(look.state.rates.connections, "orders-postgres") == pool).all()
    assert not look.refused(CHECKOUT, "orders-postgres").any()  # COM-5: breaker closed


def test_a_memory_leak_is_gradual_and_drops_with_the_restart():
    look = Look("memory_leak")
    memory = look.state.influences.get("node.memory", "payment-service")
    failures = look.of(look.state.rates.answers.failures, "payment-service")
    slower = look.served_ms("payment-service") / look.served_ms("payment-service", calm=True)
    quarter = len(memory) // 4
    assert (np.diff(memory[:-1]) > 0).all()
    assert slower[quarter] < 1.7 < slower[2 * quarter] < 4 < slower[3 * quarter]
    assert failures[: 3 * quarter].max() < 0.02
    assert failures[-2] > 0.2
    assert 5_000 <= look.served_ms("payment-service")[-2] <= 15_000  # COM-5
    _, stood_s = look.occasion.phases_s
    after = look.estates.solve(window(stood_s + 120, stood_s + 180))
    assert after.influences.get("node.memory", "payment-service") is None or not (
        after.influences.get("node.memory", "payment-service").any()
    )
    assert look.of(after.rates.answers.failures, "payment-service").max() < 0.02


def test_a_breaker_opens_and_fails_at_once():
    look = Look("circuit_breaker")
    assert (look.refused("payment-service", "stripe")[2:] == 0.95).all()
    assert 0.25 <= look.errors(CHECKOUT) <= 0.40
    fast = look.of(look.state.rates.answers.fast_mean, "payment-service")
    assert np.median(fast) < look.served_ms("payment-service", calm=True).min()
    assert not look.of(look.state.rates.answers.slow, "payment-service").any()


def test_a_degraded_dependency_is_slow_and_faulty_with_breakers_closed():
    look = Look("upstream_degradation")
    assert not look.refused(CHECKOUT, "payment-service").any()
    assert 0.1 < look.errors(CHECKOUT) < 0.4
    assert 2_000 <= look.served_ms(CHECKOUT).max() <= 10_000


def test_trading_latency_rises_several_times():
    look = Look("trading_latency_spike")
    assert look.served_ms("trading-api").max() > 3 * look.served_ms("trading-api", calm=True).max()
    loads = [look.of(state.rates.loads, "trading-api")[0] for state in (look.state, look.calm)]
    assert loads[0] > 1.3 * loads[1]


def test_market_data_fall_silent():
    look = Look("market_data_interruption")
    place = look.place("market-data-ingestion")
    asked = [state.outcomes.requests[place].sum() for state in (look.state, look.calm)]
    assert asked[0] < 0.5 * asked[1]
    assert look.errors("trading-api") > 0.1


def test_people_cannot_log_in():
    look = Look("authentication_failure")
    assert look.errors("auth-service") > 0.3
    assert look.errors(CHECKOUT) > 0.25
    assert look.state.influences.get("logins.failed", "auth-service").max() == 90


def test_pods_that_do_not_start_leave_too_few():
    look = Look("pod_scaling_failure")
    rates = look.state.rates
    assert (look.of(rates.running, "risk-calculator") < look.of(rates.wanted, "risk-calculator")).all()
    assert look.of(rates.loads, "risk-calculator").max() > 0.9


def test_costs_spiral_without_demand():
    look = Look("cost_spiral", minutes=(600, 600), onset=(60, 60))
    assert look.of(look.state.rates.running, "search-service").max() == 8  # as many as it may have
    assert look.state.influences.get("bill.waste", "search-service").max() == pytest.approx(0.52)
    assert (
        look.of(look.state.rates.loads, "search-service").max() < look.of(look.calm.rates.loads, "search-service").max()
    )


@pytest.mark.parametrize("kind", ["credential_compromise", "license_overprovisioning"])
def test_what_only_leaves_show_changes_nothing_else(kind):
    estates, occasion = struck(kind)
    found = truth.impacts(estates, occasion)
    assert {impact.entity for impact in found} == {ROOTS[kind]}
    assert {impact.metric for impact in found} <= {"failed_logins", "escalations", "waste"}


def test_a_bad_deploy_fails_at_once_and_until_it_is_taken_back():
    look = Look("bad_deploy")
    failures = look.of(look.state.rates.answers.failures, CHECKOUT)
    assert failures.min() > 0.1
    assert failures.max() < 0.25


def test_lost_nodes_take_the_pods_that_stand_there_until_they_run_elsewhere():
    look = Look("node_loss")
    names = ("trading-api", "risk-calculator", "market-data-ingestion")
    running, calm = (
        np.array([look.of(state.rates.running, name) for name in names]) for state in (look.state, look.calm)
    )
    assert (running <= calm).all()
    assert (running.sum(axis=0) < calm.sum(axis=0))[:5].all()
    assert look.state.influences.get("cluster.lost", "prod-trading-cluster").max() == pytest.approx(0.25)


def test_a_surge_brings_more_requests_all_the_way_down():
    look = Look("traffic_surge")
    for name in ("shop-web", "search-service"):
        requests = [state.outcomes.requests[look.place(name)].sum() for state in (look.state, look.calm)]
        assert requests[0] > 1.4 * requests[1]
