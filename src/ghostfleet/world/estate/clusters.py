"""Kubernetes clusters and their worker nodes (EST-5, EST-20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostfleet.core.table import Kind, column
from ghostfleet.world.estate import identity
from ghostfleet.world.estate.entities import Entities, Label, entities
from ghostfleet.world.estate.ground import addresses
from ghostfleet.world.estate.networks import vpc_id
from ghostfleet.world.estate.properties import (
    ARN,
    COST_CENTER,
    CREATED,
    ENVIRONMENT,
    GROUPS,
    REGION,
    TYPE,
    VERSION,
    VPC_ID,
    cost,
    count,
    status,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.world.estate.ground import Ground

STATUS = {"ACTIVE": 0.85, "CREATING": 0.10, "UPDATING": 0.05}
NODE_STATUS = {"Ready": 0.985, "NotReady": 0.015}
WIDTH = 3  # digits of a node's number

CLUSTER = Label(
    "EKSCluster",
    "a Kubernetes cluster",
    (
        ARN,
        REGION,
        VPC_ID,
        VERSION,
        status("what the cloud says of it", tuple(STATUS)),
        column("endpoint", Kind.TEXT, "address of its API"),
        CREATED,
        count("node_groups", "how many groups its nodes come in", low=1),
        count("total_nodes", "how many worker nodes it has by plan", low=1),
        count("nodes_running", "how many run, those included that live for hours and are no nodes of the graph"),
        column("instance_types", Kind.TEXTS, "types of its nodes"),
        cost("control plane and nodes, per month"),
        ENVIRONMENT,
        column("subnet_ids", Kind.TEXTS, "ids of the subnets that its nodes lie in"),
        GROUPS,
        TYPE,
        COST_CENTER,
    ),
    observed=frozenset({"status", "nodes_running"}),
)
NODE = Label(
    "Node",
    "a worker node of a cluster",
    (
        ARN,
        column("instance_id", Kind.TEXT, "id of the virtual machine"),
        column("instance_type", Kind.TEXT, "type of the virtual machine"),
        column("cluster_name", Kind.TEXT, "cluster that it belongs to"),
        column("node_group", Kind.TEXT, "group of nodes that it belongs to"),
        REGION,
        column("availability_zone", Kind.TEXT, "zone that it lies in"),
        VPC_ID,
        column("subnet_id", Kind.TEXT, "id of its subnet"),
        column("private_ip", Kind.TEXT, "private address"),
        status("what its cluster says of it", tuple(NODE_STATUS)),
        VERSION,
        column("cpu_cores", Kind.F64, "processors", low=0.0, resolution=0.01),
        column("memory_gb", Kind.F64, "memory", unit="GB", low=0.0, resolution=0.01),
        cost("machine, volume and what runs on every node, per month"),
        ENVIRONMENT,
        TYPE,
        CREATED,
        COST_CENTER,
    ),
    observed=frozenset({"status"}),
)


def nodes(ground: Ground) -> Entities:
    """Worker nodes of all clusters; a node is the same in a larger cluster."""
    rows = [
        (f"{key}-node-{at + 1:0{WIDTH}d}", key, at)
        for key, one in ground.estate.clusters.items()
        for at in range(one.nodes)
    ]
    specs = ground.estate.clusters
    keys = [row[0] for row in rows]
    draws = ground.draws(NODE, keys)
    types = [specs[row[1]].type_of(row[2]) for row in rows]
    subnets = ground.labels["Subnet"]
    homes = _homes(ground, rows)
    regions = [ground.region_of(specs[row[1]].network) for row in rows]
    ids = [f"i-{identity.digest('node', key)}" for key in keys]
    arns = [identity.arn("ec2", region, f"instance/{own}") for region, own in zip(regions, ids, strict=True)]
    words = {name: [*subnets.words(name), ""] for name in ("subnet_id", "availability_zone", "cidr_block")}
    sizes = [ground.prices.size(kind) for kind in types]
    values = {
        "arn": arns,
        "instance_id": ids,
        "instance_type": types,
        "cluster_name": [row[1] for row in rows],
        "node_group": [f"{row[1]}-group-{row[2] % specs[row[1]].groups + 1}" for row in rows],
        "region": regions,
        "availability_zone": [words["availability_zone"][home] for home in homes],
        "vpc_id": [vpc_id(specs[row[1]].network) for row in rows],
        "subnet_id": [words["subnet_id"][home] for home in homes],
        "private_ip": addresses(keys, [words["cidr_block"][home] for home in homes]),
        "version": [specs[row[1]].version for row in rows],
        "cpu_cores": [size[0] for size in sizes],
        "memory_gb": [size[1] for size in sizes],
        "cost_monthly": _node_costs(ground, rows, types),
        "environment": [ground.environment_of(row[1], specs[row[1]].network) for row in rows],
        "type": ["worker_node"] * len(rows),
        "cost_center": [specs[row[1]].cost_center for row in rows],
    }
    return entities(NODE, keys, arns, values, usual={"status": lambda: draws.choose("status", NODE_STATUS)})


def _homes(ground: Ground, rows: list[tuple[str, str, int]]) -> list[int]:
    """Row of each node's subnet: the private ones of its network in turn."""
    known = {key: ground.subnets_of(one.network, "private") or [-1] for key, one in ground.estate.clusters.items()}
    return [known[owner][at % len(known[owner])] for _, owner, at in rows]


def _node_costs(ground: Ground, rows: list[tuple[str, str, int]], types: list[str]) -> list[float]:
    """Price of each node; where a document states the cluster's, an equal share of that."""
    stated = {key: one.usd_per_month for key, one in ground.estate.clusters.items()}
    shares = {
        key: ground.prices.factor * usd / ground.estate.clusters[key].nodes
        for key, usd in stated.items()
        if usd is not None
    }
    return [shares.get(row[1], ground.prices.node(kind)) for row, kind in zip(rows, types, strict=True)]


def clusters(ground: Ground) -> Entities:
    """All clusters; what one costs is what its nodes cost, and its control plane."""
    keys, specs = list(ground.estate.clusters), list(ground.estate.clusters.values())
    regions = [ground.region_of(one.network) for one in specs]
    arns = [identity.arn("eks", region, f"cluster/{key}") for region, key in zip(regions, keys, strict=True)]
    subnets = ground.labels["Subnet"].words("subnet_id")
    values = {
        "arn": arns,
        "region": regions,
        "vpc_id": [vpc_id(one.network) for one in specs],
        "version": [one.version for one in specs],
        "endpoint": [
            f"https://{identity.digest('endpoint', key, 32).upper()}.{region}.eks.{identity.DOMAIN}"
            for key, region in zip(keys, regions, strict=True)
        ],
        "node_groups": [one.groups for one in specs],
        "total_nodes": [one.nodes for one in specs],
        "instance_types": [one.instance_types for one in specs],
        "cost_monthly": _cluster_costs(ground),
        "environment": [ground.environment_of(key, one.network) for key, one in zip(keys, specs, strict=True)],
        "subnet_ids": [[subnets[row] for row in ground.subnets_of(one.network, "private")] for one in specs],
        "security_groups": [ground.groups_of(one.network, "apps") for one in specs],
        "type": ["eks"] * len(keys),
        "cost_center": [one.cost_center for one in specs],
    }
    return entities(CLUSTER, keys, arns, values, usual=_usual(ground, keys))


def _usual(ground: Ground, keys: list[str]) -> dict[str, Callable[[], Any]]:
    """What the cloud says of clusters that nobody looks at, all of whose nodes run."""
    return {
        "status": lambda: ground.draws(CLUSTER, keys).choose("status", STATUS),
        "nodes_running": lambda: [one.nodes for one in ground.estate.clusters.values()],
    }


def _cluster_costs(ground: Ground) -> list[float]:
    owners, costs = ground.labels["Node"].words("cluster_name"), ground.labels["Node"].numbers("cost_monthly").tolist()
    cents = dict.fromkeys(ground.estate.clusters, 0)
    for owner, usd in zip(owners, costs, strict=True):
        cents[owner] += round(100 * usd)
    stated = {key: one.usd_per_month for key, one in ground.estate.clusters.items()}
    return [
        total / 100 + ground.prices.cluster() if (usd := stated[key]) is None else ground.prices.factor * usd
        for key, total in cents.items()
    ]
