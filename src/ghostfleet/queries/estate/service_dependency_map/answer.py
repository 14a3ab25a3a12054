"""Which services depend on which, and what hangs on each of them; the one with most impact first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.ties import Ties, graded

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("services", "deployments", "dependencies", "database_calls")
FACTS = ("id", "name", "type", "environment", "status")


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Impact is twice the dependents and the dependencies; criticality follows from the dependents (EST-44)."""
    del parameters
    clusters = Ties(rows["deployments"], "service_id", "cluster_name")
    calls = Ties(rows["dependencies"], "source_id", "target_name")
    called = Ties(rows["dependencies"], "target_id", "source_name")
    asks = Ties(rows["database_calls"], "service_id", "database_name")
    services = []
    for service in rows["services"]:
        dependencies, dependents = calls[service["id"]], called[service["id"]]
        services.append(
            {
                **{fact: service[fact] for fact in FACTS},
                "cluster": next(iter(clusters[service["id"]]), None),
                "dependencies": dependencies,
                "dependents": dependents,
                "databases": asks[service["id"]],
                "impact_score": 2 * len(dependents) + len(dependencies),
                "criticality": graded(len(dependents), 3, 2, 1),
            }
        )
    services.sort(key=lambda one: (-one["impact_score"], one["name"], one["id"]))
    links = sum(len(one["dependencies"]) for one in services)
    grades = Counter(one["criticality"] for one in services)
    summary = {
        "total_services": len(services),
        "total_dependencies": links,
        "critical_services": grades["critical"],
        "density": links / len(services),
    }
    return Told({"services": services}, summary)
