"""What people reach: load balancers (EST-8) and the web services behind them (EST-9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core.table import Kind, column
from ghostfleet.world.estate import identity
from ghostfleet.world.estate.entities import Entities, Label, entities
from ghostfleet.world.estate.networks import vpc_id
from ghostfleet.world.estate.properties import (
    ARN,
    COST_CENTER,
    CREATED,
    CRITICALITY,
    ENVIRONMENT,
    GROUPS,
    REGION,
    TYPE,
    VPC_ID,
    ZONES,
    cost,
    count,
    percent,
    status,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.core.arrays import F64, I64
    from ghostfleet.world.estate.entities import Draws
    from ghostfleet.world.estate.ground import Ground

STATE = {"active": 0.90, "provisioning": 0.08, "failed": 0.02}
# Most targets that may be unhealthy, as a share of them, and how large a draw must be before any is.
UNHEALTHY = {"active": (0.25, 0.8), "provisioning": (1.0, 0.0), "failed": (1.0, 0.0)}
STATUS = {"running": 0.80, "stopped": 0.10, "updating": 0.08, "failed": 0.02}
LISTENERS = ("443 HTTPS", "80 HTTP")
CERTIFIED = {"true": 0.95, "false": 0.05}

BALANCER = Label(
    "LoadBalancer",
    "a load balancer",
    (
        ARN,
        column("dns_name", Kind.TEXT, "address of it"),
        TYPE,
        column("scheme", Kind.TEXT, "who may reach it", values=("internet-facing", "internal")),
        REGION,
        VPC_ID,
        ZONES,
        column("subnets", Kind.TEXTS, "ids of the subnets that it stands in"),
        GROUPS,
        status("what the cloud says of it", tuple(STATE), name="state"),
        column("ip_address_type", Kind.TEXT, "kind of addresses"),
        column("listeners", Kind.TEXTS, "ports and protocols that it listens to"),
        count("target_groups", "how many groups its targets come in", low=1),
        count("targets_healthy", "targets that run"),
        count("targets_total", "targets that should run"),
        count("request_count", "requests of the last hour"),
        cost("hours, capacity units and data, per month"),
        ENVIRONMENT,
        column("tier", Kind.TEXT, "who it serves", values=("public", "internal")),
        CREATED,
        COST_CENTER,
    ),
    observed=frozenset({"state", "targets_healthy", "targets_total", "request_count"}),
)
WEB_SERVICE = Label(
    "WebService",
    "a front end",
    (
        column("service_id", Kind.TEXT, "id among the web services"),
        column("technology", Kind.TEXT, "what it is written in"),
        column("framework", Kind.TEXT, "what it is built with"),
        count("port", "port that it listens to", low=1),
        REGION,
        VPC_ID,
        ZONES,
        column("deployment_type", Kind.TEXT, "what runs it", values=("ECS", "EKS", "EC2", "Lambda")),
        column("container_image", Kind.TEXT, "image that runs"),
        count("instance_count", "how many instances run", low=1),
        column("cpu_cores", Kind.F64, "processors of an instance", low=0.0, resolution=0.01),
        column("memory_gb", Kind.F64, "memory of an instance", unit="GB", low=0.0, resolution=0.01),
        count("storage_gb", "disk", low=1, unit="GB"),
        count("auto_scaling_min", "fewest instances", low=1),
        count("auto_scaling_max", "most instances", low=1),
        percent("auto_scaling_target_cpu", "CPU at which instances are added"),
        count("health_check_interval_s", "time between health checks", low=1, unit="s"),
        count("health_check_timeout_s", "time after which a health check has failed", low=1, unit="s"),
        count("health_check_healthy", "answers in a row that make it healthy", low=1),
        count("health_check_unhealthy", "failures in a row that make it unhealthy", low=1),
        column("ssl_certificate", Kind.BOOL, "whether it has a certificate of its own"),
        column("domain", Kind.TEXT, "name that people type"),
        status("what runs it says", tuple(STATUS)),
        percent("cpu_utilization", "CPU in use when looked at"),
        percent("memory_utilization", "memory in use when looked at"),
        count("request_count", "requests of the last hour"),
        percent("error_rate", "requests that failed, of the last hour"),
        column("response_time_ms", Kind.F64, "median response, of the last hour", unit="ms", low=0.0, resolution=0.01),
        cost("compute and delivery, per month"),
        ENVIRONMENT,
        column("tier", Kind.TEXT, "what it serves", values=("frontend", "api")),
        CRITICALITY,
        TYPE,
        CREATED,
        COST_CENTER,
    ),
    observed=frozenset(
        {
            *("status", "cpu_utilization", "memory_utilization"),
            *("request_count", "error_rate", "response_time_ms"),
        }
    ),
)


def web_services(ground: Ground) -> Entities:
    """All web services."""
    keys, specs = list(ground.estate.web_services), list(ground.estate.web_services.values())
    draws = ground.draws(WEB_SERVICE, keys)
    instances = np.array([one.instances for one in specs], dtype=np.int64)
    compute, delivery = (draws.uniform(name).tolist() for name in ("compute", "delivery"))
    values = {
        "service_id": [f"ws-{identity.digest('web service', key, 12)}" for key in keys],
        "technology": [one.technology for one in specs],
        "framework": [one.framework or one.technology for one in specs],
        "port": [one.port for one in specs],
        "region": [ground.region_of(one.network) for one in specs],
        "vpc_id": [vpc_id(one.network) for one in specs],
        "availability_zones": [ground.zones_of(one.network) for one in specs],
        "deployment_type": [one.deployment for one in specs],
        "container_image": [f"registry.{identity.DOMAIN}/{identity.slug(key)}:1.0" for key in keys],
        "instance_count": instances,
        "cpu_cores": draws.whole("cpu_cores", 1, 8) / 2,
        "memory_gb": draws.whole("memory_gb", 1, 8),
        "storage_gb": draws.whole("storage_gb", 1, 10) * 10,
        "auto_scaling_min": np.minimum(draws.whole("auto_scaling_min", 1, 3), instances),
        "auto_scaling_max": np.maximum(draws.whole("auto_scaling_max", 5, 15), instances),
        "auto_scaling_target_cpu": draws.whole("auto_scaling_target_cpu", 60, 80),
        "health_check_interval_s": [30] * len(keys),
        "health_check_timeout_s": [5] * len(keys),
        "health_check_healthy": [2] * len(keys),
        "health_check_unhealthy": [3] * len(keys),
        "ssl_certificate": [word == "true" for word in draws.choose("ssl_certificate", CERTIFIED)],
        "domain": [f"{identity.slug(key)}.{identity.DOMAIN}" for key in keys],
        "cost_monthly": [
            ground.prices.web_service(one.technology, *uses)
            for one, *uses in zip(specs, compute, delivery, strict=True)
        ],
        "environment": [ground.environment_of(key, one.network) for key, one in zip(keys, specs, strict=True)],
        "tier": ["api" if one.technology == "Node" else "frontend" for one in specs],
        "criticality": [one.criticality for one in specs],
        "type": ["web_service"] * len(keys),
        "cost_center": [one.cost_center for one in specs],
    }
    return entities(WEB_SERVICE, keys, [f"web-service/{key}" for key in keys], values, usual=_usual(draws))


def _usual(draws: Draws) -> dict[str, Callable[[], Any]]:
    """How front ends do that nobody looks at."""
    return {
        "status": lambda: draws.choose("status", STATUS),
        "cpu_utilization": lambda: draws.between("cpu_utilization", 10.0, 85.0),
        "memory_utilization": lambda: draws.between("memory_utilization", 20.0, 90.0),
        "request_count": lambda: draws.whole("request_count", 1_000, 100_000),
        "error_rate": lambda: draws.between("error_rate", 0.1, 5.0),
        "response_time_ms": lambda: draws.between("response_time_ms", 50.0, 500.0),
    }


def balancers(ground: Ground) -> Entities:
    """All load balancers."""
    keys, specs = list(ground.estate.balancers), list(ground.estate.balancers.values())
    draws = ground.draws(BALANCER, keys)
    regions = [ground.region_of(one.network) for one in specs]
    arns = [
        identity.arn(
            "elasticloadbalancing", region, f"loadbalancer/{one.type[:3]}/{key}/{identity.digest('balancer', key, 16)}"
        )
        for key, one, region in zip(keys, specs, regions, strict=True)
    ]
    subnets = ground.labels["Subnet"].words("subnet_id")
    tiers = ["public" if one.scheme == "internet-facing" else "internal" for one in specs]
    sides = [
        ground.subnets_of(one.network, "public" if tier == "public" else "private")
        for one, tier in zip(specs, tiers, strict=True)
    ]
    values = {
        "arn": arns,
        "dns_name": [
            f"{identity.slug(key)}-{identity.digest('dns', key, 10)}.{region}.elb.{identity.DOMAIN}"
            for key, region in zip(keys, regions, strict=True)
        ],
        "type": [one.type for one in specs],
        "scheme": [one.scheme for one in specs],
        "region": regions,
        "vpc_id": [vpc_id(one.network) for one in specs],
        "availability_zones": [ground.zones_of(one.network) for one in specs],
        "subnets": [[subnets[row] for row in rows] for rows in sides],
        "security_groups": [ground.groups_of(one.network, "edge") for one in specs],
        "ip_address_type": ["ipv4"] * len(keys),
        "listeners": [LISTENERS] * len(keys),
        "target_groups": [one.target_groups for one in specs],
        "cost_monthly": [
            ground.prices.balancer(one.type, use) for one, use in zip(specs, draws.uniform("use").tolist(), strict=True)
        ],
        "environment": [ground.environment_of(key, one.network) for key, one in zip(keys, specs, strict=True)],
        "tier": tiers,
        "cost_center": [one.cost_center for one in specs],
    }
    return entities(BALANCER, keys, arns, values, usual=_usual_balancers(ground, draws))


def _usual_balancers(ground: Ground, draws: Draws) -> dict[str, Callable[[], Any]]:
    """How balancers do that nobody looks at: fewer targets answer than there are, never more."""
    specs = ground.estate.balancers.values()

    def states() -> list[str]:
        return draws.choose("state", STATE)

    def totals() -> I64:
        return np.array([_targets(ground, one.routes_to) for one in specs], dtype=np.int64)

    return {
        "state": states,
        "targets_healthy": lambda: _healthy(totals(), states(), draws.uniform("targets_healthy")),
        "targets_total": totals,
        "request_count": lambda: draws.whole("request_count", 10_000, 500_000),
    }


def _targets(ground: Ground, routes_to: tuple[str, ...]) -> int:
    """Instances that a balancer spreads requests over."""
    webs, services = ground.estate.web_services, ground.estate.services
    return sum(webs[name].instances if name in webs else services[name].planned for name in routes_to)


def _healthy(totals: I64, states: list[str], uniforms: F64) -> I64:
    """Targets that answer: mostly all of them."""
    most, calm = (np.array([UNHEALTHY[state][place] for state in states]) for place in (0, 1))
    share = most * np.maximum(uniforms - calm, 0) / (1 - calm) if len(states) else uniforms
    healthy: I64 = totals - np.floor(share * totals).astype(np.int64)
    return healthy
