"""An asynchronous call that closes a circle is a call like others: graph, metrics and requests agree about it."""

import numpy as np
import pytest

from ghostfleet.core.errors import ScenarioError
from ghostfleet.generate import Generator
from ghostfleet.state.estate import Estates
from ghostfleet.truth.metrics import FLOWING
from tests.laws import estates

CALLS = "queries: {orders-postgres: {}}"
CIRCLE = (
    f"level: pay, {CALLS}",
    f"level: pay, depends_on: {{checkout-service: {{asynchronous: true, per_request: 0.5}}}}, {CALLS}",
)
ECHO = ("payment-service", "checkout-service")


@pytest.fixture(scope="module")
def made():
    return estates.scenario("small_estate", changed=CIRCLE)


def test_each_link_of_the_graph_has_rows_and_each_row_a_link(made):
    generator = Generator(made)
    span = estates.window(-30, 0, 300)
    rows = estates.rows(generator, "network_metrics", span)
    called = set(zip(rows["source_service"].tolist(), rows["target_service"].tolist(), strict=True))
    name: dict[str, str] = {}
    for label in ("Service", "RDSInstance"):
        nodes = estates.rows(generator, label, span)
        name |= dict(zip(nodes["id"].tolist(), nodes["name"].tolist(), strict=True))
    links = [estates.rows(generator, kind, span) for kind in ("DEPENDS_ON", "QUERIES")]
    ends = {
        (name[one], name[other])
        for found in links
        for one, other in zip(found["from_id"].tolist(), found["to_id"].tolist(), strict=True)
    }
    assert called == ends
    assert ECHO in called


def test_what_comes_round_is_counted_where_it_arrives(made):
    """For all nodes n and ticks: requests(n) = entered(n) + Σ attempts of all calls into n."""
    made = Estates(made)
    state = made.solve(estates.window(0, 120))
    flow, done = made.flow, state.outcomes
    assert len(flow.echoes) == 1
    arrived = np.zeros_like(done.requests)
    np.add.at(arrived, flow.entries.nodes, done.entered)
    np.add.at(arrived, flow.calls.children, state.calls.served + state.calls.failed)
    np.testing.assert_array_equal(arrived, done.requests)
    for metric in FLOWING:
        assert metric.read(state).shape == (len(metric.names(flow)), 120), metric.name


def test_as_many_messages_come_round_as_the_scenario_says(made):
    """Of all requests of the caller, those that came round included: these bring others, a tick later."""
    made = Estates(made)
    rates = made.solve(estates.window(0, 120)).rates
    (parent,), (calls,) = made.flow.echoes.parents.tolist(), made.flow.echoes.calls.tolist()
    assert calls == 0.5
    np.testing.assert_allclose(rates.echoing[0, 1:], calls * rates.first[parent, :-1], rtol=0.01)


def test_messages_that_would_become_ever_more_are_refused():
    more = CIRCLE[0], CIRCLE[1].replace("per_request: 0.5", "per_request: 2")
    with pytest.raises(
        ScenarioError, match=r"payment-service\.depends_on\.checkout-service: a message that comes round"
    ):
        Estates(estates.scenario("small_estate", changed=more))
