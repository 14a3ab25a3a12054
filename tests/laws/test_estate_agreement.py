"""Everything agrees, because everything observes one state: graph and metrics, pods and hosts, bills and machines."""

from functools import cache

import numpy as np

from ghostfleet.core.window import HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.state.estate.machines import Machines
from ghostfleet.world import estate as worlds
from tests.laws import cells, estates

END_S = 1741190400  # 2025-03-05 16:00 UTC
SPAN = Window.between(END_S - 2 * HOUR_S, END_S, 300)


@cache
def generator():
    return Generator(estates.scenario("estate"))


def rows(table):
    return estates.rows(generator(), table, SPAN)


def totals(table, name):
    """Requests by time and name."""
    found: dict[tuple[int, str], int] = {}
    keys = zip(table["time"].tolist(), table[name].tolist(), strict=True)
    for key, count in zip(keys, table["request_count"].tolist(), strict=True):
        found[key] = found.get(key, 0) + count
    return found


def test_the_graph_shows_services_as_their_last_row_does():
    graph, metrics = rows("Service"), rows("system_metrics")
    last = metrics["time"] == metrics["time"].max()
    assert graph["name"].tolist() == metrics["service_name"][last].tolist()
    for node, column in (("cpu_usage", "cpu_utilization"), ("memory_usage", "memory_utilization")):
        np.testing.assert_array_equal(graph[node], metrics[column][last])
    np.testing.assert_array_equal(graph["latency"], metrics["response_time_ms"][last])
    np.testing.assert_array_equal(graph["replicas"], metrics["pod_count"][last])
    errors = metrics["error_rate"][last]
    healthy = (errors <= 100_000) & (metrics["response_time_ms"][last] <= 100_000)
    np.testing.assert_array_equal(graph["status"] == "healthy", healthy)


def test_as_many_pods_run_in_the_graph_as_metrics_count():
    pods, services = rows("Pod"), rows("Service")
    running = pods["service_name"][pods["status"] == "Running"].tolist()
    assert [running.count(name) for name in services["name"].tolist()] == services["replicas"].tolist()


def test_a_version_is_that_of_the_last_deploy():
    days = Window.between(END_S - 48 * HOUR_S, END_S, 300)
    changes, services = estates.rows(generator(), "changes", days), rows("Service")
    version = dict(zip(services["name"].tolist(), services["version"].tolist(), strict=True))
    deploys = changes["change_type"] == "deploy"
    newest = dict(zip(changes["entity"][deploys].tolist(), changes["new_value"][deploys].tolist(), strict=True))
    assert newest
    assert {name: version[name] for name in newest} == newest


def test_a_deploy_replaces_what_the_last_one_brought():
    """In time order, across tasks that cut days."""
    made = generator()
    parts = Window.between(END_S - 1200 * HOUR_S, END_S, 3600).cut(7)
    changes = cells.joined([estates.rows(made, "changes", part) for part in parts])
    running: dict[str, str] = {}
    seen = 0
    for row in np.argsort(changes["time"], kind="stable").tolist():
        if changes["change_type"][row] == "deploy":
            entity, old, new = (changes[name][row] for name in ("entity", "old_value", "new_value"))
            assert running.setdefault(entity, old) == old
            running[entity] = new
            seen += 1
    assert seen > 2 * len(running)


def test_no_service_gets_fewer_requests_than_others_sent_it():
    calls, metrics = rows("network_metrics"), rows("system_metrics")
    got = totals(metrics, "service_name")
    sent = totals(calls, "target_service")
    both = [key for key in sent if key in got]
    assert len(both) > 200
    assert all(sent[key] <= got[key] for key in both)


def test_what_pods_use_is_what_their_hosts_carry():
    """The sum over hosts of what pods use there is the sum over services of pods × use, at every tick."""
    made = generator()
    state = made.estates.solve(Window(END_S // MINUTE_S - 30, END_S // MINUTE_S, MINUTE_S))
    world = worlds.build(made.scenario)
    names = tuple(sorted(world["Node"].names))
    machines = Machines(world, made.estates.flow, names)
    loads = machines.loads(state)
    cores = dict(zip(world["Node"].names, world["Node"].numbers("cpu_cores").tolist(), strict=True))
    carried = (loads.cpu / 100 * np.array([cores[name] for name in names])[:, None]).sum(axis=0)
    usage, places = state.used[0] / 100, machines._places
    used = (usage * machines._limits[:, :1] * state.rates.running[places]).sum(axis=0)
    np.testing.assert_allclose(carried, used, rtol=1e-9)


def test_a_cluster_costs_what_its_nodes_cost_as_long_as_they_run():
    costs, clusters = rows("cost_metrics"), rows("EKSCluster")
    monthly = dict(zip(clusters["id"].tolist(), clusters["cost_monthly"].tolist(), strict=True))
    nodes = dict(zip(clusters["id"].tolist(), clusters["total_nodes"].tolist(), strict=True))
    mine = costs["resource_type"] == "EKSCluster"
    assert mine.sum() == 2 * len(monthly)
    columns = (costs[name][mine].tolist() for name in ("resource_id", "hourly_cost", "usage_quantity"))
    for resource, hourly, used in zip(*columns, strict=True):
        usual = monthly[resource] / 100 * used / (100 * nodes[resource])
        assert abs(hourly / 1e4 * 730.5 - usual) < 0.1


def test_graph_and_metrics_name_the_same_services_and_databases():
    assert set(rows("Service")["name"]) == set(rows("system_metrics")["service_name"])
    stores = set(rows("RDSInstance")["name"]) | set(rows("EC2Instance")["name"])
    assert stores == set(rows("database_metrics")["db_identifier"])
    known = set(rows("Service")["name"]) | stores
    assert set(rows("network_metrics")["target_service"]) <= known


def test_error_rates_are_those_of_whole_requests_as_precisely_as_each_agent_reports():
    """For every row |error rate − 100 failed ÷ requests| ≤ half a step of its agent, and agents of both sorts exist."""
    metrics = rows("system_metrics")
    seconds = round(float(np.diff(np.unique(metrics["time"])).min()))
    served = np.rint(metrics["throughput_rps"] / 1000 * seconds)
    requests, reported = metrics["request_count"], metrics["error_rate"]  # of 0.00001 per cent
    some = (requests > 0) & (reported != estates.NULL)
    off = np.abs(reported - 1e7 * (1 - served / np.maximum(requests, 1)))
    steps = []
    for name in np.unique(metrics["service_name"]):
        of_one = some & (metrics["service_name"] == name)
        steps.append(1000 if (reported[of_one] % 1000 == 0).all() else 1)
        assert (off[of_one] <= steps[-1] / 2 + 1e-6).all(), name
    assert set(steps) == {1, 1000}
