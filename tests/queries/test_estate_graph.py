"""Answers about the graph, counted again in plain Python and on small graphs whose answers are plain to see."""

from __future__ import annotations

from collections import Counter

import pytest

from ghostfleet.queries import ask
from ghostfleet.queries.estate.cost_optimization_candidates.answer import size_of
from ghostfleet.signals.topology import SIGNALS
from tests.queries.estates import at, calls, link, put, service

NODES = [signal.TABLE.name for signal in SIGNALS if signal.TABLE.form == "node"]
LINKS = [signal.TABLE.name for signal in SIGNALS if signal.TABLE.form == "link"]


def asked(estate, name, **given):
    answer = ask(name, estate.places["graph and DuckDB file"], **given)
    assert (answer.error, answer.no_data, dict(answer.lacking)) == (None, "", {})
    return answer


def named(estate, label):
    return {row["id"]: row["name"] for row in estate.rows(label)}


def ends(estate, kind):
    names = {id_: name for label in NODES for id_, name in named(estate, label).items()}
    return {(names[start], names[end]) for start, end in estate.links(kind)}


def test_topology_is_every_node_and_every_link(estate):
    answer = asked(estate, "infrastructure_topology")
    counts = {label: len(estate.rows(label)) for label in NODES}
    assert answer.summary["labels"] == {label: count for label, count in sorted(counts.items()) if count}
    assert {row["id"] for row in answer.tables["nodes"]} == {row["id"] for label in NODES for row in estate.rows(label)}
    found = Counter((row["type"], row["source_id"], row["target_id"]) for row in answer.tables["relationships"])
    assert found == Counter((kind, *pair) for kind in LINKS for pair in estate.links(kind))
    (node,) = [row for row in answer.tables["nodes"] if row["id"] == "service/trading-api"]
    (row,) = [row for row in estate.rows("Service") if row["name"] == "trading-api"]
    assert (node["labels"], node["properties"]["replicas"]) == (["Service"], int(row["replicas"]))


def test_clusters_hold_the_services_that_run_there(estate):
    answer = asked(estate, "eks_clusters_with_services")
    on = ends(estate, "DEPLOYED_ON")
    calls_of = ends(estate, "DEPENDS_ON")
    for row in answer.rows:
        assert [one["name"] for one in row["services"]] == sorted(
            name for name, cluster in on if cluster == row["name"]
        )
        for one in row["services"]:
            assert one["service_dependencies"] == sorted(end for start, end in calls_of if start == one["name"])
    costs = [float(row["cost_monthly"]) for row in estate.rows("EKSCluster")]
    assert [row["cost_monthly"] for row in answer.rows] == sorted(costs, reverse=True)
    assert answer.summary["services"] == len(estate.rows("Service"))


def test_impact_counts_both_directions(estate):
    answer = asked(estate, "service_dependency_map")
    pairs = ends(estate, "DEPENDS_ON")
    into, out = Counter(end for _, end in pairs), Counter(start for start, _ in pairs)
    for row in answer.rows:
        name = row["name"]
        assert row["impact_score"] == 2 * into[name] + out[name]
        least = {"critical": 3, "high": 2, "medium": 1, "low": 0}
        assert row["criticality"] == next(grade for grade, count in least.items() if into[name] >= count)
        assert row["databases"] == sorted(end for start, end in ends(estate, "QUERIES") if start == name)
    scores = [row["impact_score"] for row in answer.rows]
    assert scores == sorted(scores, reverse=True)
    assert answer.summary["density"] == pytest.approx(len(pairs) / len(estate.rows("Service")))
    assert answer.summary["critical_services"] == sum(count >= 3 for count in into.values())


def test_a_service_without_dependents_is_low_and_not_off_by_one(tmp_path):
    calls(tmp_path, ("a", "b"), ("a", "c"), ("d", "c"), ("a", "e"), ("b", "e"), ("c", "e"))
    found = {
        row["name"]: (row["impact_score"], row["criticality"])
        for row in ask("service_dependency_map", str(tmp_path)).rows
    }
    assert found == {"a": (3, "low"), "b": (3, "medium"), "c": (5, "high"), "d": (1, "low"), "e": (6, "critical")}


def test_databases_are_of_both_kinds(estate):
    answer = asked(estate, "database_connections")
    machines = [row for row in estate.rows("EC2Instance") if row["sqlserver_edition"]]
    assert {row["identifier"] for row in answer.rows} == {
        row["name"] for row in (*estate.rows("RDSInstance"), *machines)
    }
    pairs = ends(estate, "QUERIES")
    for row in answer.rows:
        assert row["connections"] == sorted(start for start, end in pairs if end == row["identifier"])
        assert (row["cpu_percent"] is None) == (row["kind"] == "RDSInstance")
    costs = [row["cost_monthly"] for row in answer.rows]
    assert costs == sorted(costs, reverse=True)


def database(name, engine, size, storage, cost, region="us-east-1"):
    usual = {"kind": "RDSInstance", "engine_version": "1", "status": "available", "environment": "production"}
    facts = {"engine": engine, "instance_class": size, "allocated_storage": storage, "cost_monthly": cost}
    return {"id": f"db/{name}", "name": name, "region": region, **usual, **facts}


def machine(name, cpu, memory, cost=1000):
    usual = {"kind": "EC2Instance", "sqlserver_edition": "Standard", "sqlserver_version": "2019", "status": "running"}
    facts = {"cpu_utilization": cpu, "memory_utilization": memory, "cost_monthly": cost, "storage_gb": 100}
    return {
        "id": f"i/{name}",
        "name": name,
        "instance_type": "m5.large",
        "region": "r",
        **usual,
        "environment": "p",
        **facts,
    }


def cluster(name, nodes, cost):
    usual = {"kind": "EKSCluster", "region": "r", "status": "ACTIVE", "version": "1", "environment": "production"}
    facts = {"total_nodes": nodes, "node_groups": 2, "instance_types": "a;b", "cost_monthly": cost}
    return {"id": f"c/{name}", "name": name, **usual, **facts}


def candidates(folder):
    answer = ask("cost_optimization_candidates", str(folder))
    assert answer.error is None
    return {row["name"]: row["potential_savings"] for row in answer.rows}, answer.summary


def test_oracle_is_compared_with_postgres_of_its_storage_and_class(tmp_path):
    oracle = database("oracle", "oracle-ee", "db.r5.2xlarge", 1000, 9000)
    others = [
        database("cheap-but-small", "postgres", "db.t3.large", 1000, 100),
        database("cheap-but-short", "postgres", "db.r6g.4xlarge", 500, 200),
        database("cheap-but-far", "postgres", "db.r6g.4xlarge", 2000, 300, region="eu-west-1"),
        database("cheap-but-mysql", "mysql", "db.r6g.4xlarge", 2000, 400),
        database("alike", "postgres", "db.r6g.2xlarge", 1000, 2000),
        database("alike-but-dear", "postgres", "db.r6g.4xlarge", 3000, 4000),
        database("oracle-that-is-cheap", "oracle-ee", "db.r5.2xlarge", 1000, 5000),
    ]
    put(tmp_path, "RDSInstance", [oracle, *others])
    assert candidates(tmp_path)[0] == {"oracle": 7000}


def test_oracle_without_its_like_saves_six_tenths(tmp_path):
    small = database("small", "postgres", "db.t3.large", 100, 50)
    put(tmp_path, "RDSInstance", [database("oracle", "oracle-ee", "db.r5.2xlarge", 1000, 10000), small])
    assert candidates(tmp_path)[0] == {"oracle": 6000}


def test_idle_clusters_and_machines_are_candidates(tmp_path):
    put(tmp_path, "EKSCluster", [cluster("idle", 21, 1000), cluster("full", 20, 1000)])
    put(tmp_path, "Service", [service(name) for name in ("a", "b", "c", "d")])
    ties = [("a", "idle"), ("b", "idle"), ("c", "full"), ("d", "full")]
    put(
        tmp_path,
        "DEPLOYED_ON",
        [link(("Service", f"service/{a}"), "DEPLOYED_ON", ("EKSCluster", f"c/{b}")) for a, b in ties],
    )
    put(
        tmp_path,
        "EC2Instance",
        [machine("idle-sql", 29.9, 49.9), machine("busy-cpu", 30, 10), machine("busy-memory", 10, 50)],
    )
    found, summary = candidates(tmp_path)
    assert found == {"idle-sql": 400, "idle": 300}
    assert summary == {
        "total_count": 2,
        "total_current_cost": 2000,
        "total_potential_savings": 700,
        "savings_percent": 35,
    }


@pytest.mark.parametrize(
    ("said", "size"),
    [("db.r5.2xlarge", 2), ("t3.xlarge", 1), ("db.t3.large", 0.5), ("t3.medium", 0.25), ("metal", None), (None, None)],
)
def test_sizes_are_multiples_of_an_xlarge(said, size):
    assert size_of(said) == size


def test_applications_have_their_services_and_databases(estate):
    uses, asks, hosts = (ends(estate, kind) for kind in ("USES", "QUERIES", "HOSTS_DATABASE_FOR"))
    replicas = {row["name"]: int(row["replicas"]) for row in estate.rows("Service")}
    for row in estate.rows("Application"):
        answer = asked(estate, "application_architecture", app_name=row["name"])
        mine = {end for start, end in uses if start == row["name"]}
        databases = {end for start, end in asks if start in mine} | {
            start for start, end in hosts if end == row["name"]
        }
        assert {one["name"] for one in answer.tables["services"]} == mine
        assert answer.summary == {
            "service_count": len(mine),
            "database_count": len(databases),
            "total_replicas": sum(replicas[name] for name in mine),
        }


def test_tiers_hold_what_an_application_stands_on(estate):
    fronts, routes, uses = (ends(estate, kind) for kind in ("HAS_FRONTEND", "ROUTES_TO", "USES"))
    answer = asked(estate, "application_infrastructure", app_name="client-portal")
    webs = {end for start, end in fronts if start == "client-portal"}
    services = {end for start, end in uses if start == "client-portal"}
    tiers: dict[str, set[str]] = {}
    for row in answer.rows:
        tiers.setdefault(row["tier"], set()).add(row["name"])
    asks = {end for start, end in ends(estate, "QUERIES") if start in services}
    hosted = {start for start, end in ends(estate, "HOSTS_DATABASE_FOR") if end == "client-portal"}
    assert tiers == {
        "loadbalancer": {start for start, end in routes if end in webs},
        "web": webs,
        "app": services,
        "database": asks | hosted,
        "infrastructure": {end for start, end in ends(estate, "DEPLOYED_ON") if start in services},
    }
    assert hosted
    assert len({row["id"] for row in answer.rows}) == len(answer.rows)


def reached(pairs, start):
    """Services that call one, directly or through others."""
    found = {start}
    while more := {a for a, b in pairs if b in found} - found:
        found |= more
    return found - {start}


def parts(names, pairs):
    """Number of parts that services fall into."""
    home = {name: name for name in names}

    def root(name):
        while home[name] != name:
            name = home[name]
        return name

    for a, b in pairs:
        if a in home and b in home:
            home[root(a)] = root(b)
    return len({root(name) for name in names})


def test_cut_points_are_services_without_which_the_graph_falls_apart(estate):
    answer = asked(estate, "critical_path_analysis")
    pairs, names = ends(estate, "DEPENDS_ON"), set(named(estate, "Service").values())
    tied = {name for pair in pairs for name in pair}
    cut = {name for name in tied if parts(names - {name}, pairs) > parts(names, pairs)}
    found = {row["name"]: row["upstream_count"] for row in answer.tables["articulation_points"]}
    assert set(found) == cut
    assert found == {name: len(reached(pairs, name)) for name in cut}


def test_shared_databases_and_full_clusters_are_graded(estate):
    answer = asked(estate, "critical_path_analysis")
    users = Counter(end for _, end in ends(estate, "QUERIES"))
    grade = {2: "low", 3: "medium"}
    found = {row["name"]: row["risk"] for row in answer.tables["database_bottlenecks"]}
    assert found == {name: grade.get(count, "high") for name, count in users.items() if count >= 2}
    hosts = Counter(end for _, end in ends(estate, "DEPLOYED_ON"))
    grade = {3: "low", 4: "medium"}
    found = {row["name"]: row["risk"] for row in answer.tables["cluster_concentration"]}
    assert found == {name: grade.get(count, "high") for name, count in hosts.items() if count >= 3}


def test_single_points_of_failure_are_services_of_one_replica_that_others_need(tmp_path):
    pairs = (
        [(caller, "three") for caller in "abc"] + [(caller, "two") for caller in "ab"] + [("a", "one"), ("a", "many")]
    )
    calls(tmp_path, *pairs, replicas={"three": 1, "two": 0, "one": 1, "a": 1})
    answer = ask("critical_path_analysis", str(tmp_path))
    found = {row["name"]: row["risk"] for row in answer.tables["single_points_of_failure"]}
    assert found == {"three": "critical", "two": "high", "one": "medium"}
    assert (answer.summary["critical_risks"], answer.summary["high_risks"], answer.summary["medium_risks"]) == (1, 1, 1)


def test_the_critical_path_is_the_longest_chain(tmp_path):
    calls(tmp_path, ("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"), ("x", "d"))
    path = ask("critical_path_analysis", str(tmp_path)).tables["critical_path"]
    assert [row["name"] for row in path] == ["a", "b", "c", "d"]


def test_a_circle_of_calls_has_no_critical_path(tmp_path):
    calls(tmp_path, ("a", "b"), ("b", "c"), ("c", "a"))
    answer = ask("critical_path_analysis", str(tmp_path))
    assert (answer.error, answer.tables["critical_path"]) == (None, [])


def test_latency_is_what_was_measured_and_null_where_nothing_was(tmp_path):
    calls(tmp_path, ("a", "b"), ("b", "c"))
    pairs = [("a", "east"), ("b", "west")]
    put(tmp_path, "EKSCluster", [{**cluster(name, 5, 1), "region": name} for name in ("east", "west")])
    put(
        tmp_path,
        "DEPLOYED_ON",
        [link(("Service", f"service/{a}"), "DEPLOYED_ON", ("EKSCluster", f"c/{b}")) for a, b in pairs],
    )
    rows = [(at(0), 10, 100), (at(1), 40, 300), (at(2), "", 0)]
    ends_ = {"source_service": "a", "target_service": "b"}
    put(
        tmp_path,
        "network_metrics",
        [{"time": t, **ends_, "avg_latency_ms": ms, "request_count": n} for t, ms, n in rows],
    )
    answer = ask("network_latency_heatmap", str(tmp_path))
    assert [(row["latency_ms"], row["cross_region"]) for row in answer.rows] == [(32.5, True), (None, None)]
    assert answer.tables["matrix"][0] == {"service": "a", "targets": {"a": 0.0, "b": 32.5, "c": None}}
    assert answer.summary == {"total_connections": 2, "cross_region": 1, "database": 0, "measured": 1}


def test_without_measurements_a_heatmap_has_connections_and_no_latency(tmp_path):
    calls(tmp_path, ("a", "b"))
    put(tmp_path, "EKSCluster", [cluster("one", 5, 1)])
    put(tmp_path, "DEPLOYED_ON", [link(("Service", "service/a"), "DEPLOYED_ON", ("EKSCluster", "c/one"))])
    answer = ask("network_latency_heatmap", str(tmp_path))
    assert [row["latency_ms"] for row in answer.rows] == [None]
    assert answer.lacking["latency"].startswith("network_metrics is not there")


def test_heatmap_of_the_estate_measures_every_connection(estate):
    answer = asked(estate, "network_latency_heatmap")
    assert (
        answer.summary["measured"]
        == answer.summary["total_connections"]
        == len(ends(estate, "DEPENDS_ON") | ends(estate, "QUERIES"))
    )
