"""What a business calls by one name (EST-11), and what it buys from others (EST-12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core.batch import Plain
from ghostfleet.core.table import Kind, column
from ghostfleet.world.estate import identity
from ghostfleet.world.estate.entities import Entities, Label, entities
from ghostfleet.world.estate.properties import (
    COST_CENTER,
    CREATED,
    CRITICALITY,
    ENVIRONMENT,
    TEAM,
    TYPE,
    VERSION,
    cost,
    count,
    percent,
    status,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ghostfleet.core.arrays import F64
    from ghostfleet.spec.estate.places import External
    from ghostfleet.world.estate.entities import Draws
    from ghostfleet.world.estate.ground import Ground

STATUS = {"active": 0.85, "maintenance": 0.10, "deprecated": 0.05}
GRADES = {"A+": 1.0, "A": 1.0, "A-": 1.0, "B+": 1.0, "B": 1.0}
BELOW_SLA, ABOVE_SLA, MOST_AVAILABLE = 0.2, 0.1, 99.99  # percentage points
HEALTHY_BELOW_SLA = 0.1
CHECKED_EVERY_S = 60
# What a contract is watched by, in the order in which they are taken: mean response, and of that its own work.
WATCHED = ("latency_ms", "success_rate", "error_rate", "processing_time_ms")
FEWEST_WATCHED = 3
MEAN, OWN = (0.5, 0.65), (0.6, 0.95)  # of the 95th percentile and of the mean response, where nobody asks

APPLICATION = Label(
    "Application",
    "what a business calls by one name: services, front ends and what it buys from others",
    (
        TYPE,
        ENVIRONMENT,
        status("where it stands in its life", tuple(STATUS)),
        VERSION,
        column("business_criticality", Kind.TEXT, "how much depends on it", values=CRITICALITY.values),
        column("compliance_requirements", Kind.TEXTS, "frameworks that it must comply with"),
        TEAM,
        COST_CENTER,
        count("users", "people who use it"),
        count("transactions_per_day", "business transactions"),
        CREATED,
    ),
)
EXTERNAL = Label(
    "ExternalService",
    "somebody else's service",
    (
        TYPE,
        column("provider", Kind.TEXT, "who sells it"),
        column("endpoint", Kind.TEXT, "address of its API"),
        status("how it does against its contract", ("healthy", "degraded")),
        percent("sla_target", "availability that its contract promises"),
        percent("actual_availability", "requests that were answered in time, of the last hour"),
        cost("what its contract costs, per month"),
        CRITICALITY,
        column("compliance", Kind.TEXTS, "frameworks that it complies with"),
        column("monitoring_metrics", Kind.TEXTS, "what it is watched by, each with its value of the last hour"),
        column("last_health_check", Kind.TIME, "when it was last asked how it does, UTC"),
        column("response_time_p95", Kind.F64, "95th percentile, of the last hour", unit="ms", low=0.0, resolution=0.01),
        column("dependency_risk_score", Kind.F64, "how much would be hurt without it", low=0, high=1, resolution=0.01),
        column("data_sovereignty", Kind.TEXT, "where its data lies", values=("US", "EU", "Global")),
        column("security_grade", Kind.TEXT, "mark of the last review", values=tuple(GRADES)),
        CREATED,
    ),
    observed=frozenset({"status", "actual_availability", "monitoring_metrics", "response_time_p95"}),
)


def applications(ground: Ground) -> Entities:
    """All applications."""
    keys, specs = list(ground.estate.applications), list(ground.estate.applications.values())
    draws = ground.draws(APPLICATION, keys)
    values = {
        "type": [one.type for one in specs],
        "environment": [one.environment for one in specs],
        "status": draws.choose("status", STATUS),
        "version": [one.version for one in specs],
        "business_criticality": [one.criticality for one in specs],
        "compliance_requirements": [one.compliance for one in specs],
        "team_owner": [one.team for one in specs],
        "cost_center": [one.cost_center for one in specs],
        "users": [one.users for one in specs],
        "transactions_per_day": draws.whole("transactions_per_day", 10_000, 1_000_000),
    }
    return entities(APPLICATION, keys, [f"application/{key}" for key in keys], values)


def externals(ground: Ground) -> Entities:
    """All external services; draws go by their own names, so that neutral ones change nothing else."""
    keys, specs = list(ground.estate.externals), list(ground.estate.externals.values())
    names = tuple(map(ground.estate.shown, keys))
    draws = ground.draws(EXTERNAL, keys)
    promised = np.array([one.sla_percent for one in specs])
    since = draws.whole("last_health_check", 0, CHECKED_EVERY_S - 1)
    values = {
        "type": [one.type for one in specs],
        "provider": [_provider(name, key, one) for name, key, one in zip(names, keys, specs, strict=True)],
        # Never the address of a real company.
        "endpoint": [
            f"https://{identity.slug(one.alias or key)}.{identity.DOMAIN}" for key, one in zip(keys, specs, strict=True)
        ],
        "sla_target": promised,
        "cost_monthly": [ground.prices.external(one.usd_per_month) for one in specs],
        "criticality": [one.criticality for one in specs],
        "compliance": [one.compliance for one in specs],
        "dependency_risk_score": draws.between("dependency_risk_score", 0.1, 0.8),
        "data_sovereignty": [one.sovereignty for one in specs],
        "security_grade": draws.choose("security_grade", GRADES),
    }
    looks = {"last_health_check": lambda second: Plain(second - (second - since) % CHECKED_EVERY_S)}
    ids = [f"external/{name}" for name in names]
    return entities(EXTERNAL, keys, ids, values, names=names, moving=looks, usual=_usual(draws, promised))


def _provider(name: str, key: str, one: External) -> str:
    """Seller; where names are neutral, no real one."""
    return name if name != key else one.provider or key


def _usual(draws: Draws, promised: F64) -> dict[str, Callable[[], Any]]:
    """How services do that nobody asks; what they are watched by follows from availability and slow responses."""

    def available() -> F64:
        found = draws.between("availability", promised - BELOW_SLA, promised + ABOVE_SLA)
        return np.clip(found, 0.0, MOST_AVAILABLE)

    def slow_ms() -> F64:
        return draws.between("response_time_p95", 20.0, 300.0)

    def measured() -> dict[str, F64]:
        mean_ms = slow_ms() * draws.between("watched latency_ms", *MEAN)
        own_ms = mean_ms * draws.between("watched processing_time_ms", *OWN)
        share = available() / 100
        return dict(zip(WATCHED, (mean_ms, share, 1 - share, own_ms), strict=True))

    return {
        "status": lambda: np.where(available() > promised - HEALTHY_BELOW_SLA, "healthy", "degraded").tolist(),
        "actual_availability": available,
        "monitoring_metrics": lambda: watched(draws, measured()),
        "response_time_p95": slow_ms,
    }


def watched(draws: Draws, values: Mapping[str, F64]) -> list[list[str]]:
    """Three or four measurements of each external service."""
    spelled = [
        [f"{name}={one:.6f}" if name.endswith("_rate") else f"{name}={one:.4g}" for one in values[name].tolist()]
        for name in WATCHED
    ]
    many = draws.whole("watched", FEWEST_WATCHED, len(WATCHED)).tolist()
    return [list(row[:number]) for row, number in zip(zip(*spelled, strict=True), many, strict=True)]
