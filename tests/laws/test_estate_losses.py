"""Lost machines are whole ones: graph, counts, bills and truth tell of the same, whatever else becomes of a cluster."""

from functools import cache

import numpy as np
import pytest

from ghostfleet import truth
from ghostfleet.core.window import MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.state.estate.influences import Influences
from ghostfleet.state.estate.machines import Machines
from ghostfleet.state.estate.nodes import lost
from ghostfleet.world import estate as worlds
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


WORST = {
    "estate": lambda: made(loss(CLUSTER, 0.99), loss(DEV, 0.99), loss(RISK, 0.9), loss("prod-trading-cluster", 0.4)),
    "trading": lambda: made(loss("prod-trading-cluster", 0.99), loss("staging-apps-cluster", 0.5)),
    "two": lambda: tiny(2, 0.6),
    "three": lambda: tiny(3, 0.9),
    "four": lambda: tiny(4, 0.5),
}


@cache
def worst(name):
    return WORST[name]()


def placed(generator, minute):
    """Pods that run, and the machines that are not ready."""
    pods, nodes = (estates.rows(generator, label, until(minute)) for label in ("Pod", "Node"))
    runs = pods["status"] == "Running"
    return {name: pods[name][runs] for name in pods}, set(nodes["name"][nodes["status"] != "Ready"].tolist())


@pytest.mark.parametrize("minute", [8, 9, 12, 13, 15, 20, 28, 29, 30, 34])
@pytest.mark.parametrize("name", sorted(WORST))
def test_no_pod_runs_on_a_machine_that_is_not_ready(name, minute):
    """For all pods that run: their machine is ready and of their cluster, and they are as many as `pod_count` tells."""
    generator = worst(name)
    pods, lost_ones = placed(generator, minute)
    assert not set(pods["node_name"].tolist()) & lost_ones
    nodes = estates.rows(generator, "Node", until(minute))
    owner = dict(zip(nodes["name"].tolist(), nodes["cluster_name"].tolist(), strict=True))
    assert [owner[node] for node in pods["node_name"].tolist()] == pods["cluster_name"].tolist()
    told_of = estates.rows(generator, "system_metrics", until(minute))
    count = dict(zip(told_of["service_name"].tolist(), told_of["pod_count"].tolist(), strict=True))
    names, numbers = np.unique(pods["service_name"], return_counts=True)
    assert dict(zip(names.tolist(), numbers.tolist(), strict=True)) == count


@pytest.mark.parametrize("name", sorted(WORST))
def test_pods_in_a_refuge_date_from_when_they_came(name):
    """For all pods that run on another machine than without the loss: created since that went."""
    pods, _ = placed(worst(name), 20)
    homes = worlds.build(worst(name).scenario)["Pod"]
    home = dict(zip(homes.names, homes.words("node_name"), strict=True))
    away = np.array([home[pod] != node for pod, node in zip(pods["name"], pods["node_name"], strict=True)])
    assert away.any()
    assert (pods["created_at"][away] >= END_S + 7 * MINUTE_S).all()
    assert (pods["created_at"][away] < END_S + 20 * MINUTE_S).all()


@pytest.mark.parametrize("name", sorted(WORST))
def test_machines_carry_the_pods_that_are_in_a_refuge(name):
    """For all machines: CPU carried in the last tick = Σ over pods that run on it of what one of their service uses."""
    generator = worst(name)
    world, flow = worlds.build(generator.scenario), generator.estates.flow
    end = (END_S + 20 * MINUTE_S) // MINUTE_S
    state = generator.estates.solve(Window(end - 30, end, MINUTE_S))
    nodes = world["Node"]
    machines = Machines(world, flow, nodes.names)
    carried = machines.loads(state).cpu[:, -1] / 100 * nodes.numbers("cpu_cores")
    each = dict(zip(machines._services, state.used[0][:, -1] / 100 * machines._limits[:, 0], strict=True))
    expected = dict.fromkeys(nodes.names, 0.0)
    pods, lost_ones = placed(generator, 20)
    for node, service in zip(pods["node_name"].tolist(), pods["service_name"].tolist(), strict=True):
        expected[node] += each[service]
    np.testing.assert_allclose(carried, list(expected.values()), rtol=1e-9, atol=1e-12)
    assert lost_ones
    assert not any(expected[node] for node in lost_ones)
