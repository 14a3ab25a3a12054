"""Managed databases (EST-6) and virtual machines with SQL Server on them (EST-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.table import Kind, column
from ghostfleet.world.estate import identity
from ghostfleet.world.estate.entities import Entities, Label, entities
from ghostfleet.world.estate.ground import addresses, placed
from ghostfleet.world.estate.networks import vpc_id
from ghostfleet.world.estate.properties import (
    ARN,
    COST_CENTER,
    CREATED,
    ENVIRONMENT,
    GROUPS,
    REGION,
    TYPE,
    VPC_ID,
    cost,
    count,
    percent,
    status,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64
    from ghostfleet.spec.estate.places import Database
    from ghostfleet.world.estate.ground import Ground

STATUS = {"available": 0.90, "backing-up": 0.07, "modifying": 0.03}
MACHINE_STATUS = {"running": 0.85, "stopped": 0.10, "pending": 0.05}
STORAGE = {"gp3": 0.5, "gp2": 0.3, "io1": 0.2}
KEPT_DAYS = {"7": 1.0, "14": 1.0, "30": 1.0}  # of backups, in two zones
KEPT_DAYS_ALONE = {"0": 1.0, "7": 1.0}
LICENSE = {"postgres": "postgresql-license", "mysql": "general-public-license", "oracle-ee": "bring-your-own-license"}

DATABASE = Label(
    "RDSInstance",
    "a managed database",
    (
        column("identifier", Kind.TEXT, "name that the cloud knows it by"),
        ARN,
        column("engine", Kind.TEXT, "what it is", values=tuple(LICENSE)),
        column("engine_version", Kind.TEXT, "release of the engine"),
        column("instance_class", Kind.TEXT, "size"),
        status("what the cloud says of it", tuple(STATUS)),
        REGION,
        VPC_ID,
        count("allocated_storage", "disk", low=1, unit="GB"),
        column("storage_type", Kind.TEXT, "kind of disk", values=tuple(STORAGE)),
        column("multi_az", Kind.BOOL, "whether a second zone holds a standby"),
        count("backup_retention", "how long backups are kept", unit="days"),
        cost("compute, storage and licences, per month"),
        ENVIRONMENT,
        column("subnet_group", Kind.TEXT, "group of subnets that it may lie in"),
        column("parameter_group", Kind.TEXT, "group of its settings"),
        column("license_model", Kind.TEXT, "who owns the licence", values=tuple(LICENSE.values())),
        column("iops", Kind.I64, "operations per second that are paid for", low=0.0, nullable=True),
        CREATED,
        TYPE,
        COST_CENTER,
    ),
)
MACHINE = Label(
    "EC2Instance",
    "a virtual machine with SQL Server on it",
    (
        ARN,
        column("instance_id", Kind.TEXT, "id that the cloud gave it"),
        column("instance_type", Kind.TEXT, "type of the virtual machine"),
        REGION,
        VPC_ID,
        column("availability_zone", Kind.TEXT, "zone that it lies in"),
        status("what the cloud says of it", tuple(MACHINE_STATUS)),
        column("private_ip", Kind.TEXT, "private address"),
        column("subnet_id", Kind.TEXT, "id of its subnet"),
        GROUPS,
        column("sqlserver_edition", Kind.TEXT, "edition of SQL Server"),
        column("sqlserver_version", Kind.TEXT, "release of SQL Server"),
        column("license_type", Kind.TEXT, "who owns the licence", values=("dedicated_host", "license_included")),
        cost("machine, disks and licence, per month"),
        percent("cpu_utilization", "CPU in use when looked at"),
        percent("memory_utilization", "memory in use when looked at"),
        count("storage_gb", "disk", low=1, unit="GB"),
        ENVIRONMENT,
        CREATED,
        TYPE,
        COST_CENTER,
    ),
    observed=frozenset({"status", "cpu_utilization", "memory_utilization"}),
)


def databases(ground: Ground) -> Entities:
    """All managed databases."""
    keys, specs = list(ground.estate.databases), list(ground.estate.databases.values())
    draws = ground.draws(DATABASE, keys)
    regions = [ground.region_of(one.network) for one in specs]
    arns = [identity.arn("rds", region, f"db:{key}") for region, key in zip(regions, keys, strict=True)]
    kept = [
        int(twice if one.multi_az else once)
        for one, twice, once in zip(
            specs, draws.choose("backup", KEPT_DAYS), draws.choose("backup", KEPT_DAYS_ALONE), strict=True
        )
    ]
    values = {
        "identifier": keys,
        "arn": arns,
        "engine": [one.engine for one in specs],
        "engine_version": [one.engine_version for one in specs],
        "instance_class": [one.instance_class for one in specs],
        "status": draws.choose("status", STATUS),
        "region": regions,
        "vpc_id": [vpc_id(one.network) for one in specs],
        "allocated_storage": [one.storage_gb for one in specs],
        "storage_type": _storage(specs, draws.choose("storage_type", STORAGE)),
        "multi_az": [one.multi_az for one in specs],
        "backup_retention": kept,
        "cost_monthly": [database_usd(ground, one) for one in specs],
        "environment": [ground.environment_of(key, one.network) for key, one in zip(keys, specs, strict=True)],
        "subnet_group": [f"{one.network}-data" for one in specs],
        "parameter_group": [f"{one.engine}-{one.engine_version}" for one in specs],
        "license_model": [LICENSE[one.engine] for one in specs],
        "iops": [one.iops for one in specs],
        "type": ["rds"] * len(keys),
        "cost_center": [one.cost_center for one in specs],
    }
    return entities(DATABASE, keys, arns, values)


def _storage(specs: Sequence[Database], drawn: list[str]) -> list[str]:
    """Operations that are paid for need the kind of disk that sells them."""
    return ["io1" if one.iops else kind for one, kind in zip(specs, drawn, strict=True)]


def database_usd(ground: Ground, one: Database) -> float:
    """What a database costs per month: as a document states, or by the price table."""
    if one.usd_per_month is not None:
        return ground.prices.factor * one.usd_per_month
    return ground.prices.database(one.engine, one.instance_class, one.storage_gb, multi_az=one.multi_az)


def machines(ground: Ground) -> Entities:
    """All virtual machines."""
    keys, specs = list(ground.estate.machines), list(ground.estate.machines.values())
    draws = ground.draws(MACHINE, keys)
    regions = [ground.region_of(one.network) for one in specs]
    ids = [f"i-{identity.digest('machine', key)}" for key in keys]
    arns = [identity.arn("ec2", region, f"instance/{own}") for region, own in zip(regions, ids, strict=True)]
    homes = [
        placed([key], ground.subnets_of(one.network, "data"), kind="subnet")[0]
        for key, one in zip(keys, specs, strict=True)
    ]
    subnets = ground.labels["Subnet"]
    words = {name: [*subnets.words(name), ""] for name in ("subnet_id", "availability_zone", "cidr_block")}

    def busy(name: str, low: float, high: float) -> F64:
        runs = np.array(draws.choose("status", MACHINE_STATUS)) == "running"
        return np.where(runs, draws.between(name, low, high), 0.0)

    values = {
        "arn": arns,
        "instance_id": ids,
        "instance_type": [one.instance_type for one in specs],
        "region": regions,
        "vpc_id": [vpc_id(one.network) for one in specs],
        "availability_zone": [words["availability_zone"][home] for home in homes],
        "private_ip": addresses(
            keys, [words["cidr_block"][home] for home in homes], beside=ground.labels["Node"].words("private_ip")
        ),
        "subnet_id": [words["subnet_id"][home] for home in homes],
        "security_groups": [ground.groups_of(one.network, "data") for one in specs],
        "sqlserver_edition": [one.edition for one in specs],
        "sqlserver_version": [one.version for one in specs],
        "license_type": [one.license for one in specs],
        "cost_monthly": [
            ground.prices.factor * one.usd_per_month
            if one.usd_per_month is not None
            else ground.prices.machine(one.instance_type, one.storage_gb, one.license_usd)
            for one in specs
        ],
        "storage_gb": [one.storage_gb for one in specs],
        "environment": [ground.environment_of(key, one.network) for key, one in zip(keys, specs, strict=True)],
        "type": ["ec2_sqlserver"] * len(keys),
        "cost_center": [one.cost_center for one in specs],
    }
    return entities(
        MACHINE,
        keys,
        arns,
        values,
        usual={
            "status": lambda: draws.choose("status", MACHINE_STATUS),
            "cpu_utilization": lambda: busy("cpu_utilization", 15.0, 80.0),
            "memory_utilization": lambda: busy("memory_utilization", 25.0, 85.0),
        },
    )
