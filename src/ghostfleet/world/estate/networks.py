"""Networks of the cloud, and what each consists of: subnets in its zones and tiers, and groups that guard them."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from ghostfleet.core.table import Kind, column
from ghostfleet.world.estate import identity
from ghostfleet.world.estate.entities import Entities, Label, entities
from ghostfleet.world.estate.properties import ARN, CREATED, ENVIRONMENT, REGION, TYPE, VPC_ID, ZONES

if TYPE_CHECKING:
    from ghostfleet.world.estate.ground import Ground

TIERS = ("private", "public", "data")  # of subnets, in turn
GUARDED = {"edge": "public", "apps": "private", "data": "data"}  # tier of each security group, outermost first
SUBNETS_AT_MOST = 32
SUBNET_BITS = 5  # 2⁵ = 32 subnets of equal size

VPC = Label(
    "VPC",
    "a virtual private network of the cloud",
    (
        VPC_ID,
        ARN,
        column("cidr_block", Kind.TEXT, "addresses of the network"),
        REGION,
        ZONES,
        ENVIRONMENT,
        TYPE,
        CREATED,
    ),
)
SUBNET = Label(
    "Subnet",
    "a part of a network in one zone",
    (
        column("subnet_id", Kind.TEXT, "id that the cloud gave it"),
        ARN,
        column("vpc", Kind.TEXT, "name of the network"),
        VPC_ID,
        column("cidr_block", Kind.TEXT, "addresses of the subnet"),
        column("availability_zone", Kind.TEXT, "zone that it lies in"),
        column("tier", Kind.TEXT, "who may reach it", values=TIERS),
        REGION,
        ENVIRONMENT,
        TYPE,
        CREATED,
    ),
)
SECURITY_GROUP = Label(
    "SecurityGroup",
    "rules that say who may connect to what is in the group",
    (
        column("group_id", Kind.TEXT, "id that the cloud gave it"),
        ARN,
        column("vpc", Kind.TEXT, "name of the network"),
        VPC_ID,
        column("tier", Kind.TEXT, "what the group guards", values=tuple(GUARDED)),
        column("inbound_rules", Kind.TEXTS, "who may connect, and to which ports"),
        REGION,
        ENVIRONMENT,
        TYPE,
        CREATED,
    ),
)
RULES = {
    "edge": ("tcp 443 from anywhere", "tcp 80 from anywhere"),
    "apps": ("tcp 1024-65535 from edge",),
    "data": ("tcp 1433 from apps", "tcp 1521 from apps", "tcp 3306 from apps", "tcp 5432 from apps"),
}


def vpc_id(name: str) -> str:
    """Id of a network."""
    return f"vpc-{identity.digest('vpc', name)}"


def networks(ground: Ground) -> Entities:
    """All networks."""
    keys, specs = list(ground.estate.networks), list(ground.estate.networks.values())
    ids = [vpc_id(key) for key in keys]
    regions = [network.region for network in specs]
    arns = [identity.arn("ec2", region, f"vpc/{own}") for region, own in zip(regions, ids, strict=True)]
    values = {
        "vpc_id": ids,
        "arn": arns,
        "cidr_block": list(blocks(ground).values()),
        "region": regions,
        "availability_zones": [ground.zones_of(key) for key in keys],
        "environment": [network.environment for network in specs],
        "type": ["vpc"] * len(keys),
    }
    return entities(VPC, keys, arns, values)


def blocks(ground: Ground) -> dict[str, str]:
    """Addresses of each network: as written, or the next block of the private range."""
    estate = ground.estate
    return {
        key: network.cidr or f"10.{place % 256}.0.0/16" for place, (key, network) in enumerate(estate.networks.items())
    }


def subnets(ground: Ground) -> Entities:
    """All subnets: one per zone and tier, tier by tier."""
    rows, known = [], blocks(ground)
    for key, network in ground.estate.networks.items():
        zones, whole = ground.zones_of(key), ip_network(known[key])
        parts = list(whole.subnets(prefixlen_diff=SUBNET_BITS))
        for place in range(min(network.subnets, SUBNETS_AT_MOST)):
            zone = zones[place % len(zones)]
            tier = TIERS[place // len(zones) % len(TIERS)]
            again = place // (len(zones) * len(TIERS))
            name = f"{key}-{tier}-{zone}" + (f"-{again + 1}" if again else "")
            rows.append((name, key, network.region, zone, tier, str(parts[place])))
    keys = [row[0] for row in rows]
    ids = [f"subnet-{identity.digest('subnet', key)}" for key in keys]
    arns = [identity.arn("ec2", row[2], f"subnet/{own}") for row, own in zip(rows, ids, strict=True)]
    values = {
        "subnet_id": ids,
        "arn": arns,
        "vpc": [row[1] for row in rows],
        "vpc_id": [vpc_id(row[1]) for row in rows],
        "cidr_block": [row[5] for row in rows],
        "availability_zone": [row[3] for row in rows],
        "tier": [row[4] for row in rows],
        "region": [row[2] for row in rows],
        "environment": [ground.estate.networks[row[1]].environment for row in rows],
        "type": ["subnet"] * len(rows),
    }
    return entities(SUBNET, keys, arns, values)


def security_groups(ground: Ground) -> Entities:
    """Three groups for each network."""
    rows = [(key, network, tier) for key, network in ground.estate.networks.items() for tier in GUARDED]
    keys = [f"{key}-{tier}" for key, _, tier in rows]
    ids = [f"sg-{identity.digest('security group', key)}" for key in keys]
    arns = [identity.arn("ec2", row[1].region, f"security-group/{own}") for row, own in zip(rows, ids, strict=True)]
    values = {
        "group_id": ids,
        "arn": arns,
        "vpc": [key for key, _, _ in rows],
        "vpc_id": [vpc_id(key) for key, _, _ in rows],
        "tier": [tier for _, _, tier in rows],
        "inbound_rules": [RULES[tier] for _, _, tier in rows],
        "region": [network.region for _, network, _ in rows],
        "environment": [network.environment for _, network, _ in rows],
        "type": ["security_group"] * len(rows),
    }
    return entities(SECURITY_GROUP, keys, arns, values)
