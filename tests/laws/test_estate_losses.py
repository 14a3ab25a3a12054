"""Lost machines are whole ones: graph, counts, bills and truth tell of the same, whatever else becomes of a cluster."""

import numpy as np
import pytest

from ghostfleet import truth
from ghostfleet.core.window import MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.state.estate.influences import Influences
from ghostfleet.state.estate.nodes import lost
from tests.laws import estates

END_S = 1741190400  # 2025-03-05 16:00 UTC
CLUSTER, DEV, RISK = "prod-platform-cluster", "dev-microservices-cluster", "prod-risk-cluster"
SPIRAL = f"""{{incident: {{kind: cost_spiral, on: [{CLUSTER}], onset: [0, 0], minutes: [120, 120], recovery: [0, 0]}},
              starts: '2025-03-05T15:30'}}"""
STRUCK = ((DEV, 0.08), (RISK, 0.02), (DEV, 0.99), (CLUSTER, 0.25))
TINY = "prod-shop-cluster"


def loss(cluster, share=0.25):
    options = f"{{kind: node_loss, on: [{cluster}], minutes: [20, 20], lost_share: {share}}}"
    return f"{{incident: {options}, starts: '2025-03-05T16:07'}}"


def made(*incidents, name="estate", more=()):
    placed = f"estate.incidents.placed=[{', '.join(incidents)}]"
    return Generator(estates.scenario(name, "estate.incidents.scheduled={}", placed, *more))


def tiny(nodes, share=0.25):
    return made(loss(TINY, share), name="tiny_estate", more=(f"estate.clusters.{TINY}.nodes={nodes}",))


def until(minute):
    end_s = END_S + minute * MINUTE_S
    return Window.between(end_s - MINUTE_S, end_s, MINUTE_S)


def counted(generator, cluster, minute):
    """Machines of a cluster that run as the graph says, those by plan, and those that are not ready."""
    rows = estates.rows(generator, "EKSCluster", until(minute))
    (at,) = np.flatnonzero(rows["name"] == cluster)
    nodes = estates.rows(generator, "Node", until(minute))
    gone = (nodes["cluster_name"] == cluster) & (nodes["status"] != "Ready")
    return int(rows["nodes_running"][at]), int(rows["total_nodes"][at]), int(gone.sum())


def told(generator):
    """What truth says of machines: the largest change of each cluster's."""
    (occasion,) = generator.estates.occasions.between(END_S + 15 * MINUTE_S, END_S + 16 * MINUTE_S)
    return {one.entity: one.size for one in truth.impacts(generator.estates, occasion) if one.metric == "nodes"}


def test_a_cluster_that_grows_loses_the_machines_of_a_zone_too():
    """For all ticks of a loss: not ready = a quarter of the plan, running = grown − those, and nobody scaled down."""
    generator = made(SPIRAL, loss(CLUSTER))
    grown, planned, none = counted(generator, CLUSTER, 5)
    assert grown > planned
    assert none == 0
    assert counted(generator, CLUSTER, 20) == (grown - planned // 4, planned, planned // 4)
    assert counted(generator, CLUSTER, 50) == (grown, planned, 0)
    changes = estates.rows(generator, "changes", Window.between(END_S, END_S + 50 * MINUTE_S, MINUTE_S))
    assert CLUSTER not in changes["entity"]


@pytest.mark.parametrize(("cluster", "share"), STRUCK)
def test_truth_tells_of_as_many_lost_machines_as_are_not_ready(cluster, share):
    """For all losses: truth's change = −(not ready ÷ planned), and somebody is not ready."""
    generator = made(loss(cluster, share))
    running, total, gone = counted(generator, cluster, 20)
    assert 0 < gone < total
    assert running == total - gone
    assert told(generator) == {cluster: pytest.approx(-gone / total, abs=1e-12)}
    assert gone == max(int(total * share), 1)


@pytest.mark.parametrize("nodes", [1, 2, 3])
def test_a_tiny_cluster_loses_one_unless_that_is_all(nodes):
    generator = tiny(nodes)
    _, _, gone = counted(generator, TINY, 20)
    assert gone == (nodes > 1)
    assert told(generator) == ({TINY: pytest.approx(-1 / nodes, abs=1e-12)} if nodes > 1 else {})


@pytest.mark.parametrize("planned", [1, 2, 3, 12, 28, 100])
def test_a_loss_takes_whole_machines_and_never_the_last(planned):
    """For all shares s: lost = max(⌊s · planned⌋, 1) where s > 0, at most planned − 1; none where s = 0."""
    shares = np.array([0.0, 1e-9, 0.01, 0.25, 1 / 3, 0.5, 0.99, 1.0])
    window = Window(0, len(shares), 60)
    (found,) = lost(Influences(window, {("cluster.lost", "one"): shares}), {"one": planned})
    expected = [min(max(int(planned * one + 1e-9), one > 0), planned - 1) for one in shares.tolist()]
    assert found.tolist() == expected
