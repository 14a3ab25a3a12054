"""What enters is carried once: balancers share it exactly, and graph and bills count the same of it."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from ghostfleet.core.window import HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.signals import transactions
from ghostfleet.spec import loading, reading
from ghostfleet.state.estate.balancers import Balancers
from ghostfleet.world import markets
from tests.laws import estates

END_S = 1741190400  # 2025-03-05 16:00 UTC
HOUR = Window.between(END_S - HOUR_S, END_S, MINUTE_S)
FEW = 500  # transactions of a sample that would tell too little
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


def test_two_in_front_of_the_same_in_one_half_of_the_world_have_the_same_share():
    """For all nodes behind n balancers of one region, and all ticks: no two shares are further apart than a request."""
    flow, found = made().estates.flow, carried(solved(), Balancers(made().estates.flow))
    alone = entered(solved(), [flow.places["monitoring-dashboard"]])
    assert np.abs(found["monitoring-alb"] - (alone - found["monitoring-alb"])).max() <= 1
    assert found["monitoring-alb"].min() > 0


def shop(state):
    """Cells of the shop's checkouts, and the region that each is."""
    entries, node = state.flow.entries, state.flow.places[markets.SHOP]
    return {entries.places[cell]: cell for cell in np.flatnonzero(entries.nodes == node).tolist()}


def test_clients_get_to_the_balancer_of_their_half_of_the_world():
    """For all cells of the shop: nobody of Europe is carried in the west and nobody of Asia in the east."""
    state = solved()
    cells, entered = shop(state), state.outcomes.entered.sum(axis=1)
    west = state.western.sum(axis=1)
    assert [west[cells[name]] for name in ("europe", "latin-america")] == [0, 0]
    assert west[cells["asia-pacific"]] == entered[cells["asia-pacific"]] > 0
    assert 0.1 < west[cells["north-america"]] / entered[cells["north-america"]] < 0.4


@pytest.mark.parametrize("name", ["estate", "commerce"])
def test_checkouts_say_the_balancer_that_carried_them(name):
    """For all ticks and balancers: documents that name it = requests of the shop that the state gives to it."""
    generator = Generator(estates.scenario(name, *(("estate.now=2025-03-06T00:00:00Z",) if name == "commerce" else ())))
    found = estates.rows(generator, "transactions", HOUR)
    state = generator.estates.solve(HOUR)
    cells = list(shop(state).values())
    west = found["load_balancer"] == "lb-west-01"
    minute = found["@timestamp"] // (MINUTE_S * 1000) - HOUR.start
    np.testing.assert_array_equal(np.bincount(minute[west], minlength=60), state.western[cells].sum(axis=0))
    east = (state.outcomes.entered - state.western)[cells].sum(axis=0)
    np.testing.assert_array_equal(np.bincount(minute[~west], minlength=60), east)
    assert west.any()
    assert not west.all()


def with_balancers(*fronts):
    """The shipped estate with other balancers in front of its checkouts: name and network of each."""
    document = reading.read(estates.text("estate"), "estate.yaml")
    kept = {
        name: one for name, one in document.tree["estate"]["balancers"].items() if markets.SHOP not in one["routes_to"]
    }
    new = {
        name: {
            "type": "application",
            "scheme": "internet-facing",
            "target_groups": 2,
            "network": network,
            "routes_to": [markets.SHOP],
        }
        for name, network in fronts
    }
    document.tree["estate"]["balancers"] = kept | new
    return Generator(loading.load(document).scenario)


EAST, WEST, EUROPE = "prod-main", "prod-secondary", "prod-europe"
FRONTS = {
    "one of another name": (("lb-shop", EAST),),
    "two in the east": (("lb-b", EAST), ("lb-a", EUROPE)),
    "two in the east and one in the west": (("lb-c", EAST), ("lb-west", WEST), ("lb-a", EUROPE)),
    "two in each half": (("e-2", EUROPE), ("w-1", WEST), ("e-1", EAST), ("w-2", WEST)),
    "none": (),
}


@pytest.mark.parametrize("fronts", FRONTS.values(), ids=FRONTS)
def test_checkouts_name_the_balancers_of_their_estate_as_often_as_the_state_does(fronts):
    """For all ticks and balancers of any estate: documents that name it = requests that the state gives to it."""
    generator = with_balancers(*fronts)
    found, state = estates.rows(generator, "transactions", HOUR), generator.estates.solve(HOUR)
    known = carried(state, Balancers(state.flow))
    minute = found["@timestamp"] // (MINUTE_S * 1000) - HOUR.start
    assert set(found["load_balancer"].tolist()) == ({name for name, _ in fronts} or {""})
    for name, _ in fronts:
        mine = found["load_balancer"] == name
        np.testing.assert_array_equal(np.bincount(minute[mine], minlength=60), known[name])
    column = generator.observer("transactions").table["load_balancer"]
    assert set(column.values) == {name for name, _ in fronts}
    assert column.nullable == (not fronts)
    assert_near(found, generator)


def assert_near(found, generator):
    """Documents name balancers that clients of their city get to, as checks expect of the scenario."""
    said = zip(*(found[f"geo_location.{name}"].tolist() for name in ("city", "country", "state")), strict=True)
    expected = transactions.expectations(generator.scenario)["expected_balancers"]
    assert not isinstance(expected, str)
    near = {(one["city"], one["country"], one["state"] or "", one["balancer"]) for one in expected}
    assert {(*place, name) for place, name in zip(said, found["load_balancer"].tolist(), strict=True)} <= near


@pytest.mark.parametrize("told", ["by nothing but the place", "by the other half"])
def test_documents_that_go_by_another_rule_than_the_state_are_seen(told, monkeypatch):
    carrier = Balancers.carrier
    if told == "by the other half":
        monkeypatch.setattr(
            Balancers, "carrier", lambda self, node, west, place, tick: carrier(self, node, ~west, place, tick)
        )
    else:
        monkeypatch.setattr(
            Balancers, "carrier", lambda self, node, west, place, tick: carrier(self, node, west, place, 0 * tick)
        )
    with pytest.raises(AssertionError):
        test_checkouts_name_the_balancers_of_their_estate_as_often_as_the_state_does(
            FRONTS["two in the east and one in the west"]
        )


@pytest.mark.parametrize("fronts", ["two in each half", "one of another name", "none"])
def test_whoever_keeps_some_checkouts_keeps_their_balancers(fronts):
    """For all transactions of a sample: they name whom the whole names, wherever in the world they come from."""
    generator = with_balancers(*FRONTS[fronts])
    whole, some = (estates.rows(generator, name, HOUR) for name in ("transactions", "normal_transactions"))
    named = dict(zip(whole["transaction_id"].tolist(), whole["load_balancer"].tolist(), strict=True))
    assert len(some["transaction_id"]) > FEW
    for number, name in zip(some["transaction_id"].tolist(), some["load_balancer"].tolist(), strict=True):
        assert named[number] == name


def test_parts_of_an_hour_name_the_same_balancers():
    """For all a = c₀ < … < cₙ = b: G[c₀, c₁) + … + G[cₙ₋₁, cₙ) = G[a, b)."""
    generator = with_balancers(*FRONTS["two in each half"])
    start = HOUR.start
    parts = [
        estates.rows(generator, "transactions", Window(start + low, start + high, MINUTE_S))
        for low, high in pairwise(CUTS)
    ]
    whole = estates.rows(generator, "transactions", HOUR)
    estates.assert_equal(estates.joined(parts, generator.observer("transactions").table.names), whole)


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
