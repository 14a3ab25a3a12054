"""Copies of business units change nothing of what the first one asks and does."""

import numpy as np
import pytest

from ghostfleet.world import flow as flows
from ghostfleet.world.flow.draft import SERVICE, WEB
from tests.laws import estates

SCALE = 5


@pytest.fixture(scope="module")
def both():
    """Flows of an estate alone, and of five units of it."""
    return [flows.build(estates.scenario("estate", f"estate.scale={scale}")) for scale in (1, SCALE)]


def calls(flow):
    names, edges = flow.nodes.names, flow.edges
    ends = zip(edges.parents.tolist(), edges.children.tolist(), strict=True)
    per_request = np.zeros(len(edges))
    np.add.at(per_request, flow.slots.edges, flow.slots.shares)
    return {(names[parent], names[child]): per_request[edge] for edge, (parent, child) in enumerate(ends)}


def test_the_first_unit_asks_those_whom_all_share_as_often_as_without_copies(both):
    one, many = map(calls, both)
    assert len(many) > len(one) > 50
    assert {ends: many[ends] for ends in one} == one


def test_copies_ask_as_often_as_their_originals(both):
    many = calls(both[1])
    copied = {(caller, callee): times for (caller, callee), times in many.items() if caller.endswith("-u3")}
    assert len(copied) > 20
    for (caller, callee), times in copied.items():
        assert times == many[caller.removesuffix("-u3"), callee.removesuffix("-u3")], caller


def test_the_first_unit_has_the_same_demand_and_times(both):
    one, many = both
    shared = ("auth-service", "notification-service")
    for node, name in enumerate(one.nodes.names):
        place = many.places[name]
        assert many.nodes.own_ms[place] == one.nodes.own_ms[node], name
        if name in shared:
            assert many.nodes.rates[place] > one.nodes.rates[node]
        elif f"{name}-u2" in many.places and one.nodes.kinds[node] in {SERVICE, WEB}:
            assert many.nodes.rates[place] == one.nodes.rates[node], name
