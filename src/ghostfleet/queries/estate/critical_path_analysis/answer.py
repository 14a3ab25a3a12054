"""Where one failure would hurt many: single points of failure, busy databases, full clusters, and the longest path."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ghostfleet.core.errors import DataError
from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.ties import Ties, graded

if TYPE_CHECKING:
    from collections.abc import Mapping

    import rustworkx

TEXTS = ("services", "dependencies", "database_calls", "deployments")
NEVER = 1_000_000  # a grade that no count reaches
FEW_REPLICAS, FEW_CONNECTIONS, FEW_SERVICES = 1, 2, 3


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Grade what EST-44 names; cut points and the longest path are of the graph of services."""
    del parameters
    graph = _graph(rows)
    failures = _failures(rows)
    databases = _shared(rows["database_calls"], "database_name", "service_name", FEW_CONNECTIONS, (NEVER, 4, 3))
    clusters = _shared(rows["deployments"], "cluster_name", "service_name", FEW_SERVICES, (NEVER, 5, 4))
    path = _longest(graph)
    tables = {
        "single_points_of_failure": failures,
        "articulation_points": _cut_points(graph, rows),
        "database_bottlenecks": databases,
        "cluster_concentration": clusters,
        "critical_path": path,
    }
    grades = Counter(one["risk"] for found in (failures, databases, clusters) for one in found)
    summary: dict[str, Any] = {f"{name}_count": len(found) for name, found in tables.items()}
    summary |= {f"{grade}_risks": grades[grade] for grade in ("critical", "high", "medium", "low")}
    return Told(tables, summary)


def _failures(rows: Mapping[str, Rows]) -> Rows:
    """Services of one replica, or none, that others depend on."""
    called = Ties(rows["dependencies"], "target_id", "source_name")
    found = [
        {
            "name": one["name"],
            "replicas": one["replicas"],
            "dependents": called[one["id"]],
            "dependent_count": len(called[one["id"]]),
            "risk": graded(len(called[one["id"]]), 3, 2),
        }
        for one in rows["services"]
        if one["replicas"] is not None and one["replicas"] <= FEW_REPLICAS and called[one["id"]]
    ]
    return sorted(found, key=lambda one: (-one["dependent_count"], one["name"]))


def _shared(links: Rows, name: str, user: str, least: int, grades: tuple[int, int, int]) -> Rows:
    """What at least so many services share, the most shared first."""
    found = [
        {"name": one, "services": users, "service_count": len(users), "risk": graded(len(users), *grades)}
        for one, users in Ties(links, name, user).items()
        if len(users) >= least
    ]
    return sorted(found, key=lambda one: (-one["service_count"], one["name"]))


def _graph(rows: Mapping[str, Rows]) -> rustworkx.PyDiGraph[dict[str, Any], None]:
    """Services and their calls; nodes are rows of services."""
    try:
        import rustworkx
    except ImportError as error:
        raise DataError('paths need rustworkx; install it with pip install "ghostfleet[graph]"') from error
    graph: rustworkx.PyDiGraph[dict[str, Any], None] = rustworkx.PyDiGraph(multigraph=False)
    places = {one["id"]: graph.add_node(one) for one in rows["services"]}
    for link in rows["dependencies"]:
        graph.add_edge(places[link["source_id"]], places[link["target_id"]], None)
    return graph


def _cut_points(graph: rustworkx.PyDiGraph[dict[str, Any], None], rows: Mapping[str, Rows]) -> Rows:
    """Services without which the graph falls apart, and how many services call them, directly or through others."""
    import rustworkx

    called = Ties(rows["dependencies"], "target_id", "source_name")
    found = [
        {
            "name": graph[place]["name"],
            "replicas": graph[place]["replicas"],
            "dependent_count": len(called[graph[place]["id"]]),
            "upstream_count": len(rustworkx.ancestors(graph, place)),
        }
        for place in rustworkx.articulation_points(graph.to_undirected(multigraph=False))
    ]
    return sorted(found, key=lambda one: (-one["upstream_count"], one["name"]))


def _longest(graph: rustworkx.PyDiGraph[dict[str, Any], None]) -> Rows:
    """Longest chain of services that call each other; none where calls go round in circles.

    Latencies stand beside it and are not added up: that of a service has those of its calls in it.
    """
    import rustworkx

    if not rustworkx.is_directed_acyclic_graph(graph) or not graph.num_edges():
        return []
    path = [graph[place] for place in rustworkx.dag_longest_path(graph)]
    return [
        {"step": step, "name": one["name"], "replicas": one["replicas"], "latency_ms": one["latency_ms"]}
        for step, one in enumerate(path, 1)
    ]
