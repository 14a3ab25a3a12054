"""Machines of clusters are lost and added in one place, and graph, hosts and bills see the same of it."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from ghostfleet.core import draw
from ghostfleet.core.window import HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.spec.estate.price_table import price_table
from ghostfleet.state.estate import stranded
from ghostfleet.state.estate.machines import Machines
from ghostfleet.state.estate.nodes import ClusterNodes
from ghostfleet.world import estate as worlds
from tests.laws import estates

END_S = 1741190400  # 2025-03-05 16:00 UTC
CLUSTER = "prod-platform-cluster"
LOSS = f"{{incident: {{kind: node_loss, on: [{CLUSTER}], minutes: [20, 20]}}, starts: '2025-03-05T16:07'}}"
SPIRAL = f"""{{incident: {{kind: cost_spiral, on: [{CLUSTER}], onset: [0, 0], minutes: [120, 120]}},
              starts: '2025-03-05T16:00'}}"""
BOTH = f"{SPIRAL}, {LOSS}"
METRICS = ("cpu", "memory", "disk_read", "disk_write", "net_in", "net_out")
BEFORE, DURING, AFTER = 0, 20, 50  # minutes after 16:00


@cache
def made(incident=LOSS):
    return Generator(estates.scenario("estate", *settings(incident)))


def settings(incident):
    return "estate.incidents.scheduled={}", f"estate.incidents.placed=[{incident}]"


def until(minute, length=5, row_s=300):
    end_s = END_S + minute * MINUTE_S
    return Window.between(end_s - length * MINUTE_S, end_s, row_s)


def column(rows, key, value, some=slice(None)):
    return dict(zip(rows[key][some].tolist(), rows[value][some].tolist(), strict=True))


def ready(generator, span):
    """Machines that are ready, by cluster, and those that are not."""
    rows = estates.rows(generator, "Node", span)
    is_ready = rows["status"] == "Ready"
    names, counts = np.unique(rows["cluster_name"][is_ready], return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True)), set(rows["name"][~is_ready].tolist())


@pytest.mark.parametrize("minute", [BEFORE, DURING, AFTER])
def test_as_many_machines_are_ready_as_run(minute):
    """For all clusters c that have lost some or none: ready(c) = running(c), and total − running are not ready."""
    clusters = estates.rows(made(), "EKSCluster", until(minute))
    running, total = (column(clusters, "name", name) for name in ("nodes_running", "total_nodes"))
    found, lost = ready(made(), until(minute))
    assert found == running
    assert sum(total.values()) - sum(running.values()) == len(lost)
    assert {name for name in total if total[name] != running[name]} == ({CLUSTER} if minute == DURING else set())
    assert total[CLUSTER] - running[CLUSTER] == (total[CLUSTER] // 4 if minute == DURING else 0)


@pytest.mark.parametrize("seed", range(5))
def test_lost_machines_are_of_one_zone(seed):
    """For all clusters c: a quarter of its machines, which is what a loss takes, lies in one zone."""
    scenario = estates.scenario("estate", f"execution.random_seed={seed}", *settings(LOSS))
    nodes, world = Generator(scenario).estates, worlds.build(scenario)
    ranks, zones = ClusterNodes(world, nodes.flow)._rank, column_of(world["Node"], "availability_zone")
    owners = column_of(world["Node"], "cluster_name")
    for cluster, one in world.estate.clusters.items():
        gone = [name for name in ranks if owners[name] == cluster and ranks[name] >= one.nodes - one.nodes // 4]
        assert len(gone) == one.nodes // 4 > 0
        assert len({zones[name] for name in gone}) == 1


def column_of(entities, name):
    return dict(zip(entities.keys, entities.words(name), strict=True))


@pytest.mark.parametrize("minute", [*range(6, 20), 27, 28, 29, 30, 34])
def test_metrics_count_the_pods_that_the_graph_shows_minute_by_minute(minute):
    """For all services of a struck cluster and all minutes: pods that run in the graph = `pod_count`, none crash."""
    span = until(minute, 1, 60)
    pods, metrics = (estates.rows(made(), name, span) for name in ("Pod", "system_metrics"))
    count, crashing = (column(metrics, "service_name", name) for name in ("pod_count", "failed_pods"))
    runs = pods["status"] == "Running"
    names, numbers = np.unique(pods["service_name"][runs], return_counts=True)
    assert dict(zip(names.tolist(), numbers.tolist(), strict=True)) == count
    assert set(crashing.values()) == {0}
    _, lost = ready(made(), span)
    assert not set(pods["node_name"][runs].tolist()) & lost


@cache
def calm():
    return Generator(estates.scenario("estate", "estate.incidents.scheduled={}"))


def with_and_without(generator, minute):
    """Whether pods run with the loss, whether without it, and whether their machines are lost."""
    span = until(minute, 1, 60)
    rows, usual = (estates.rows(one, "Pod", span) for one in (generator, calm()))
    assert rows["name"].tolist() == usual["name"].tolist()
    _, lost = ready(generator, span)
    runs, ran = (one["status"] == "Running" for one in (rows, usual))
    return runs, ran, np.isin(rows["node_name"], sorted(lost))


@pytest.mark.parametrize("minute", [8, 9, 11, 14, 19, 27, 29])
def test_only_pods_on_lost_machines_stop(minute):
    """For all pods: who runs without the loss and not with it stands on a lost machine."""
    runs, ran, on_lost = with_and_without(made(), minute)
    assert not (ran & ~runs & ~on_lost).any()
    assert (ran & ~runs).sum() == (ran & on_lost).sum() > 5


def test_pods_of_lost_machines_run_elsewhere_after_some_minutes():
    """Nobody has moved at first; later pods run that do not without the loss, and none of them on a lost machine."""
    moved = []
    for minute in (11, 19):
        runs, ran, on_lost = with_and_without(made(), minute)
        assert not (runs & on_lost).any()
        moved.append((runs & ~ran).sum())
    assert moved[0] == 0
    assert moved[1] > 5


def test_a_share_of_every_service_is_seen_to_stop_pods_elsewhere(monkeypatch):
    """A loss that takes the same share of all services contradicts the graph, which knows where pods stand."""
    monkeypatch.setattr(stranded, "without", lambda _up, started: np.floor(started * 0.6))
    runs, ran, on_lost = with_and_without(Generator(estates.scenario("estate", *settings(LOSS))), 11)
    assert (ran & ~runs & ~on_lost).sum() > 3


@pytest.mark.parametrize("minute", [BEFORE, DURING, AFTER])
def test_nobody_reads_what_a_lost_machine_does(minute):
    """For all hosts that are not ready and all metrics: null; and most readings of the others are there."""
    _, lost = ready(made(), until(minute))
    rows = estates.rows(made(), "host_metrics", until(minute, 1, 60))
    gone = np.isin(rows["host_id"], sorted(lost))
    assert gone.sum() == len(lost)
    for name in METRICS:
        assert (rows[name][gone] == estates.NULL).all()
        assert np.mean(rows[name][~gone] == estates.NULL) < 0.2


def test_pods_on_lost_machines_are_the_last_to_run():
    """For all services: a pod on a lost machine runs only where all pods on others do."""
    _, lost = ready(made(), until(DURING))
    rows = estates.rows(made(), "Pod", until(DURING))
    on_lost, runs = np.isin(rows["node_name"], sorted(lost)), rows["status"] == "Running"
    for service in np.unique(rows["service_name"][on_lost]):
        mine = rows["service_name"] == service
        assert runs[mine & ~on_lost].all() or not runs[mine & on_lost].any()
    assert on_lost.any()
    assert runs[on_lost].mean() < 0.5 < runs[~on_lost].mean()


def test_hosts_carry_the_pods_that_the_graph_shows_running_there():
    """For all machines: CPU carried in the last tick = Σ over pods that run on it of what one of their service uses."""
    world, flow = worlds.build(made().scenario), made().estates.flow
    end = (END_S + DURING * MINUTE_S) // MINUTE_S
    state = made().estates.solve(Window(end - 30, end, MINUTE_S))
    names = tuple(sorted(world["Node"].names))
    machines = Machines(world, flow, names)
    cores = dict(zip(world["Node"].names, world["Node"].numbers("cpu_cores").tolist(), strict=True))
    carried = machines.loads(state).cpu[:, -1] / 100 * np.array([cores[name] for name in names])
    one = dict(zip(machines._services, state.used[0][:, -1] / 100 * machines._limits[:, 0], strict=True))
    expected = dict.fromkeys(names, 0.0)
    rows = estates.rows(made(), "Pod", until(DURING))
    columns = (rows[name].tolist() for name in ("node_name", "service_name", "status"))
    for node, service, status in zip(*columns, strict=True):
        expected[node] += one[service] if status == "Running" else 0.0
    np.testing.assert_allclose(carried, list(expected.values()), rtol=1e-9, atol=1e-12)
    assert (~machines.running(state)[:, -1]).any()


@pytest.mark.parametrize("incident", [LOSS, SPIRAL, BOTH])
def test_a_cluster_costs_what_the_graph_says_runs(incident):
    """For all hours: usage = mean over ticks of the machines that run, and cost = price of one × usage."""
    generator = made(incident)
    hour = Window.between(END_S, END_S + HOUR_S, 300)
    costs = estates.rows(generator, "cost_metrics", hour)
    mine = costs["resource_name"] == CLUSTER
    ends = range(1, 61)
    seen = [estates.rows(generator, "EKSCluster", until(minute, 1, 60)) for minute in ends if minute % 5 == 0]
    state = generator.estates.solve(Window(END_S // 60, END_S // 60 + 60, 60))
    world = worlds.build(generator.scenario)
    (numbers,) = ClusterNodes(world, generator.estates.flow).numbers(state.influences, (CLUSTER,))
    assert [column(one, "name", "nodes_running")[CLUSTER] for one in seen] == numbers[4::5].tolist()
    (usage,), (usd,) = costs["usage_quantity"][mine], costs["hourly_cost"][mine]
    assert abs(usage / 100 - numbers.mean()) <= 0.005
    monthly, planned = (column(seen[0], "name", name)[CLUSTER] for name in ("cost_monthly", "total_nodes"))
    assert abs(usd / 1e4 * 730.5 - monthly / 100 * numbers.mean() / planned) < 0.1
    assert (numbers.max() > planned) == (incident != LOSS)


def test_machines_that_live_for_hours_are_counted_and_not_listed():
    clusters = estates.rows(made(SPIRAL), "EKSCluster", until(60))
    assert column(clusters, "name", "nodes_running")[CLUSTER] > column(clusters, "name", "total_nodes")[CLUSTER]
    found, lost = ready(made(SPIRAL), until(60))
    assert (found[CLUSTER], lost) == (column(clusters, "name", "total_nodes")[CLUSTER], set())


def chunked():
    cuts = [0, 5, 7, 8, 12, 20, 27, 29, 31, 40]
    spans = [Window.between(END_S + 60 * low, END_S + 60 * high, 60) for low, high in pairwise(cuts)]
    parts = [estates.rows(made(), "host_metrics", span) for span in spans]
    return parts, estates.rows(made(), "host_metrics", Window.between(END_S, END_S + 2400, 60))


def test_hosts_are_lost_alike_however_a_window_is_cut():
    """For all a = c₀ < … < cₙ = b: G[c₀, c₁) + … + G[cₙ₋₁, cₙ) = G[a, b)."""
    parts, whole = chunked()
    estates.assert_equal(estates.joined(parts, made().observer("host_metrics").table.names), whole)


def ranks(count):
    scenario = estates.scenario("estate", f"estate.clusters.{CLUSTER}.nodes={count}")
    world = worlds.build(scenario)
    return ClusterNodes(world, Generator(scenario).estates.flow)._rank


def test_a_machine_more_changes_no_order_among_the_others():
    """For all clusters and machines a, b of both: a is lost before b with one machine more as without."""
    planned = len([name for name in ranks(41) if name.startswith(CLUSTER)]) - 1
    fewer, more = ranks(planned), ranks(planned + 1)
    assert set(fewer) < set(more)
    mine = [name for name in fewer if name.startswith(CLUSTER)]
    assert sorted(mine, key=fewer.__getitem__) == sorted(mine, key=more.__getitem__)
    assert all(more[name] == fewer[name] for name in fewer if name not in mine)


def test_lots_that_follow_the_order_of_machines_are_seen(monkeypatch):
    monkeypatch.setattr(draw, "word_at", lambda keys, _index: -np.arange(len(keys)))
    fewer, more = ranks(40), ranks(41)
    assert any(more[name] != fewer[name] for name in fewer if not name.startswith(f"{CLUSTER}-node-04"))


@pytest.mark.parametrize("seed", [42, 7, 99])
def test_what_pods_use_is_what_their_hosts_read_and_have(seed):
    """For all clusters and rows: Σ use of pods < Σ readings of their nodes; hardly a node has less than its pods take.

    Use is what `system_metrics` tells of a service, per cent of the limit of a pod, times its pods. On the evening and
    night on which most runs, batches included.
    """
    generator = Generator(estates.scenario("estate", "estate.incidents.enabled=false", f"execution.random_seed={seed}"))
    span = Window.between(END_S + 2 * HOUR_S, END_S + 12 * HOUR_S, 1800)
    hosts, services = (estates.rows(generator, name, span) for name in ("host_metrics", "system_metrics"))
    world = worlds.build(generator.scenario)
    cores, owner = (dict(zip(world["Node"].names, column, strict=True)) for column in (
        world["Node"].numbers("cpu_cores").tolist(), world["Node"].words("cluster_name")))  # fmt: skip
    limit = {name: one.cpu_millicores.limit / 1000 for name, one in world.estate.services.items()}
    pods = world["Pod"]
    places = list(zip(pods.words("service_name"), pods.numbers("slot").tolist(), pods.words("node_name"), strict=True))
    checked = over = 0
    for time in np.unique(services["time"]).tolist():
        now = services["time"] == time
        each, running = column(services, "service_name", "cpu_utilization", now), column(
            services, "service_name", "pod_count", now)  # fmt: skip
        taken = dict.fromkeys(cores, 0.0)
        clusters: dict[str, float] = {}
        read: dict[str, float] = {}
        for service, slot, node in places:
            if slot <= running[service]:
                taken[node] += each[service] / 10_000 * limit[service]
        here = hosts["time"] == time
        for node, cpu in column(hosts, "host_id", "cpu", here).items():
            if node in cores:
                read[owner[node]] = read.get(owner[node], 0.0) + cpu / 100_000_000 * cores[node]
        for node, one in taken.items():
            clusters[owner[node]] = clusters.get(owner[node], 0.0) + one
        assert all(taken_there < read[name] for name, taken_there in clusters.items()), (time, clusters, read)
        over += sum(one > cores[node] for node, one in taken.items())
        checked += len(taken)
    assert over < 0.005 * checked


def test_machines_of_databases_are_the_same_in_all_tables():
    """The graph shows what agents told last: all memory that a database says is not free, and a little more CPU."""
    generator = Generator(estates.scenario("estate"))
    seen = estates.rows(generator, "EC2Instance", until(BEFORE))
    hosts, stores = (estates.rows(generator, name, until(BEFORE)) for name in ("host_metrics", "database_metrics"))
    assert len(seen["name"]) == 4
    sizes = column(seen, "name", "instance_type")
    for metric, told in (("cpu_utilization", "cpu"), ("memory_utilization", "memory")):
        readings = column(hosts, "host_id", told)
        for name, cents in column(seen, "name", metric).items():
            assert cents == round(readings[name] / 10_000)
    cpu, free = (column(stores, "db_identifier", name) for name in ("cpu_utilization", "free_memory_bytes"))
    for name, kind in sizes.items():
        busy, used = (column(hosts, "host_id", metric)[name] / 1_000_000 for metric in ("cpu", "memory"))
        assert cpu[name] / 100 < busy < cpu[name] / 100 + 20
        size_gb = price_table()["instance_size"][kind][1]
        assert used == pytest.approx(100 * (1 - free[name] / (size_gb * 2**30)), abs=0.5)
