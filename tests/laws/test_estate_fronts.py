"""What enters is carried once: balancers share it exactly, and graph and bills count the same of it."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from ghostfleet.core.window import HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.state.estate.balancers import Balancers
from tests.laws import estates

END_S = 1741190400  # 2025-03-05 16:00 UTC
HOUR = Window.between(END_S - HOUR_S, END_S, MINUTE_S)
CUTS = (0, 1, 7, 20, 27, 31, 44, 60)


@cache
def made():
    return Generator(estates.scenario("estate"))


@cache
def solved(low=0, high=60):
    start = HOUR.start
    return made().estates.solve(Window(start + low, start + high, MINUTE_S))


def carried(state, balancers):
    return dict(zip(balancers.names, balancers.carried(state), strict=True))


def entered(state, nodes):
    """Requests that enter at some nodes, by tick."""
    cells = np.isin(state.flow.entries.nodes, sorted(nodes))
    return state.outcomes.entered[cells].sum(axis=0)


def is_shared(found, balancers):
    """Whether what balancers carry is what enters behind them."""
    nodes = {node for targets in balancers.targets for node in targets}
    return np.array_equal(found.sum(axis=0), entered(solved(), nodes))


def test_balancers_carry_what_enters_behind_them_and_nothing_twice():
    """For all ticks: Σ over balancers of what they carry = Σ over nodes that they route to of what enters there."""
    balancers = Balancers(made().estates.flow)
    assert is_shared(balancers.carried(solved()), balancers)


@pytest.mark.parametrize("counted", ["what services ask", "twice", "without what is left"])
def test_requests_that_are_counted_otherwise_are_seen(counted):
    balancers, outcomes = Balancers(made().estates.flow), solved().outcomes
    flow = made().estates.flow
    if counted == "what services ask":
        found = [outcomes.requests[list(targets)].sum(axis=0) for targets in balancers.targets]
    elif counted == "twice":
        found = [entered(solved(), targets) for targets in balancers.targets]
    else:
        fronts = {node: sum(node in targets for targets in balancers.targets) for node in range(len(flow.nodes))}
        found = [sum(entered(solved(), [node]) // fronts[node] for node in targets) for targets in balancers.targets]
    assert not is_shared(np.array(found), balancers)


def test_two_in_front_of_the_same_have_the_same_share():
    """For all nodes behind n balancers, and all ticks: no two shares are further apart than one request."""
    found = carried(solved(), Balancers(made().estates.flow))
    west, east = found["lb-west-01"], found["lb-east-01"]
    services = len(made().estates.flow.estate.balancers["lb-west-01"].routes_to)
    assert np.abs(west - east).max() <= services
    assert abs(int(west.sum()) - int(east.sum())) <= services
    assert west.min() > 0


def test_what_is_carried_is_cut_like_everything():
    """For all a = c₀ < … < cₙ = b: C[c₀, c₁) + … + C[cₙ₋₁, cₙ) = C[a, b)."""
    balancers = Balancers(made().estates.flow)
    parts = [balancers.carried(solved(low, high)) for low, high in pairwise(CUTS)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), balancers.carried(solved()))


def test_the_order_in_which_balancers_are_written_tells_nothing():
    text = estates.text("estate")
    start, end = text.index("    lb-west-01:"), text.index("    lb-east-01:")
    turned = text.replace(text[start:end], "").replace("    trading-alb:", text[start:end] + "    trading-alb:", 1)
    other = Generator(estates.scenario("estate", changed=(text, turned)))
    state = other.estates.solve(HOUR)
    found, before = carried(state, Balancers(other.estates.flow)), carried(solved(), Balancers(made().estates.flow))
    assert list(found) != list(before)
    for name, one in before.items():
        np.testing.assert_array_equal(found[name], one)


def test_graph_and_bills_count_the_same_requests():
    """For all balancers: the graph's requests of the last hour = the usage that is billed = Σ of its minutes."""
    graph = estates.rows(made(), "LoadBalancer", HOUR)
    bills = estates.rows(made(), "cost_metrics", Window.between(HOUR.since_s, END_S, 300))
    mine = bills["resource_type"] == "LoadBalancer"
    seen = dict(zip(graph["name"].tolist(), graph["request_count"].tolist(), strict=True))
    billed = dict(
        zip(bills["resource_name"][mine].tolist(), (bills["usage_quantity"][mine] // 100).tolist(), strict=True)
    )
    minutes = carried(solved(), Balancers(made().estates.flow))
    assert seen == billed == {name: int(one.sum()) for name, one in minutes.items()}


@pytest.mark.parametrize("minute", [0, 25])
def test_a_front_behind_one_balancer_gets_what_that_carries(minute):
    """For all web services behind one balancer that has no other: the same requests in the last hour."""
    until = END_S - minute * MINUTE_S
    span = Window.between(until - 300, until, 300)
    fronts, webs = (estates.rows(made(), label, span) for label in ("LoadBalancer", "WebService"))
    found = dict(zip(fronts["name"].tolist(), fronts["request_count"].tolist(), strict=True))
    asked = dict(zip(webs["name"].tolist(), webs["request_count"].tolist(), strict=True))
    assert found["legacy-elb"] == asked["legacy-web-interface"] > 0
    assert sum(found[name] for name in found if not name.startswith("lb-")) == sum(asked.values())


def test_a_balancer_costs_as_usual_where_it_carries_what_is_usual():
    flow = made().estates.flow
    balancers = Balancers(flow)
    nodes = {node for targets in balancers.targets for node in targets}
    usual = sum(flow.nodes.entering[node] for node in nodes)
    assert balancers.usual.sum() == pytest.approx(usual)
    assert (flow.nodes.entering <= flow.nodes.rates * (1 + 1e-9)).all()
