"""What demand runs on: regions, networks, clusters, databases, machines, balancers, applications, others' services."""

from __future__ import annotations

import math
from ipaddress import ip_network
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

MOST_PREFIX = 20
USUAL_GROUPS = 3  # of the nodes of a cluster

Name = Annotated[str, Meta(min_length=1, max_length=300)]
MOST = 10**9  # of whatever has no limit of its own; sums of many of them are still exact
Positive = Annotated[float, Meta(gt=0, le=MOST)]
Spread = Annotated[float, Meta(ge=0, le=MOST)]
Weight = Annotated[float, Meta(ge=0, le=MOST)]
Criticality = Literal["critical", "high", "medium", "low"]
Environment = Literal["production", "staging", "development"]
CRITICALITIES: tuple[str, ...] = get_args(Criticality)
ENVIRONMENTS: tuple[str, ...] = get_args(Environment)
Pool = Annotated[
    Annotated[int, Meta(ge=1, le=MOST)] | None,
    Meta(description="most connections, no fewer than connections; without it, 2.2 times the usual"),
]
Aliases = Annotated[tuple[Name, ...], Meta(description="other names under which documents know it")]
Cost = Annotated[
    Annotated[float, Meta(ge=0, le=MOST)] | None,
    Meta(description="US dollars per month, where a document states them and not the price table"),
]

FailingMs = Annotated[
    float,
    Meta(ge=0, le=MOST, description="ms until it tells of a failure of its own, on top of a third of its own time"),
]
Errors = Annotated[
    Annotated[float, Meta(ge=0, lt=50)] | None,
    Meta(description="per cent of calls that fail by its own doing; without it, hardly any, or what its SLA leaves"),
]


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A cloud region, or a place that clients come from."""

    clock: Annotated[str, Meta(description="IANA time zone of the people there")] = "UTC"
    zones: Annotated[tuple[Name, ...], Meta(description="availability zones; none where only clients are")] = ()

    def __post_init__(self) -> None:
        """Refuse a zone that is named twice: subnets are told apart by theirs."""
        for place, zone in enumerate(self.zones):
            if zone in self.zones[:place]:
                msg = f"zones.{place}: {zone} stands here twice; name each zone once"
                raise ValueError(msg)


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A VPC (EST-4)."""

    region: Name
    environment: Environment
    cidr: str | None = None
    subnets: Annotated[int, Meta(ge=0, le=32, description="one per zone and tier, in turn")] = 6

    def __post_init__(self) -> None:
        """Refuse addresses that are none, or too few for 32 subnets."""
        if self.cidr is None:
            return
        try:
            prefix = ip_network(self.cidr).prefixlen
        except ValueError as error:
            msg = f"cidr: {error}"
            raise ValueError(msg) from error
        if prefix > MOST_PREFIX:
            msg = f"cidr: {self.cidr} is too small for 32 subnets; write /{MOST_PREFIX} or a shorter prefix"
            raise ValueError(msg)


class Cluster(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A Kubernetes cluster and its worker nodes (EST-5, EST-20)."""

    network: Name
    nodes: Annotated[int, Meta(ge=1, le=2_000)]
    node_groups: Annotated[
        Annotated[int, Meta(ge=1, le=20)] | None, Meta(description="without it three, or one a node")
    ] = None
    instance_types: Annotated[
        tuple[Name, ...], Meta(min_length=1, description="of the price table; the first is taken more often")
    ] = ("m5.xlarge", "m5.2xlarge")
    version: str = "1.29"
    usd_per_month: Cost = None
    cost_center: str = "CC-1000"
    aliases: Aliases = ()

    def __post_init__(self) -> None:
        """Refuse more groups than there are nodes for."""
        if self.node_groups is not None and self.nodes < self.node_groups:
            valid = f"valid is {self.nodes} or less, or more nodes"
            msg = f"node_groups: {self.node_groups} is more than nodes, {self.nodes}, and no group is empty; {valid}"
            raise ValueError(msg)

    @property
    def groups(self) -> int:
        """How many groups its nodes come in."""
        return min(USUAL_GROUPS, self.nodes) if self.node_groups is None else self.node_groups

    def type_of(self, node: int) -> str:
        """Type of a node: groups have one each, in turn; where there are more types than groups, nodes take turns."""
        kinds = self.instance_types
        return kinds[node % max(self.groups, len(kinds)) % len(kinds)]


class Database(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A managed database, with its level on the reference Wednesday (EST-6, EST-19)."""

    engine: Literal["postgres", "mysql", "oracle-ee"]
    engine_version: str
    instance_class: Annotated[Name, Meta(description="of the price table, unless usd_per_month says what it costs")]
    network: Name
    storage_gb: Annotated[int, Meta(ge=1, le=65_536)]
    multi_az: bool = False
    iops: Annotated[int, Meta(ge=0, le=MOST)] | None = None
    cpu_percent: Annotated[float, Meta(gt=0, lt=100)]
    cpu_spread: Annotated[float, Meta(ge=0, le=50)] = 15.0
    connections: Annotated[float, Meta(gt=0, le=10_000)]
    connections_spread: Spread = 20.0
    pool: Pool = None
    read_iops: Positive
    write_iops: Positive
    read_ms: Positive
    write_ms: Positive
    error_percent: Errors = None
    failing_ms: FailingMs = 0.0
    replicates_to: Name | None = None
    migrates_to: Name | None = None
    usd_per_month: Cost = None
    cost_center: str = "CC-2000"
    aliases: Aliases = ()

    def __post_init__(self) -> None:
        """Refuse a pool that cannot hold what is said to be held."""
        _ensure_room(self)


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A virtual machine with SQL Server on it (EST-7)."""

    edition: Literal["Enterprise", "Standard", "Express", "Developer"]
    version: str
    license: Literal["dedicated_host", "license_included"]
    instance_type: Annotated[Name, Meta(description="of the price table, unless usd_per_month says what it costs")]
    network: Name
    storage_gb: Annotated[int, Meta(ge=1, le=65_536)]
    license_usd: Annotated[float, Meta(ge=0, le=MOST, description="per month")] = 0.0
    cpu_percent: Annotated[float, Meta(gt=0, lt=100)] = 35.0
    memory_percent: Annotated[float, Meta(gt=0, lt=100)] = 55.0
    connections: Annotated[float, Meta(gt=0, le=10_000)] = 40.0
    pool: Pool = None
    read_iops: Positive = 400.0
    write_iops: Positive = 150.0
    read_ms: Positive = 3.0
    write_ms: Positive = 6.0
    error_percent: Errors = None
    failing_ms: FailingMs = 0.0
    hosts_database_for: tuple[Name, ...] = ()
    migrates_to: Name | None = None
    usd_per_month: Cost = None
    cost_center: str = "CC-2000"
    aliases: Aliases = ()

    def __post_init__(self) -> None:
        """Refuse a pool that cannot hold what is said to be held."""
        _ensure_room(self)


def _ensure_room(store: Database | Machine) -> None:
    if store.pool is not None and store.pool < store.connections:
        msg = (
            f"pool: {store.pool} cannot hold the {store.connections:g} connections of the reference; "
            f"write {math.ceil(store.connections)} or more, or fewer connections"
        )
        raise ValueError(msg)


class Balancer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A load balancer (EST-8)."""

    type: Literal["application", "network", "classic"]
    scheme: Literal["internet-facing", "internal"]
    network: Name
    target_groups: Annotated[int, Meta(ge=1, le=20)] = 2
    routes_to: Annotated[tuple[Name, ...], Meta(description="web services, or services that clients call straight")]
    cost_center: str = "CC-3000"


class Application(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a business calls by one name: services, front ends, and what it buys from others (EST-11)."""

    type: str
    environment: Environment = "production"
    criticality: Criticality = "high"
    compliance: tuple[str, ...] = ()
    team: str = "platform-engineering"
    cost_center: str = "CC-1000"
    version: str = "1.0.0"
    users: Annotated[int, Meta(ge=0, le=MOST)] = 500
    uses: tuple[Name, ...] = ()
    frontends: tuple[Name, ...] = ()
    externals: tuple[Name, ...] = ()


class External(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody else's service (EST-12)."""

    type: str
    provider: str = ""
    alias: Annotated[str, Meta(description="neutral name, where real ones are not wanted")] = ""
    usd_per_month: Annotated[float, Meta(ge=0, le=MOST)]
    sla_percent: Annotated[float, Meta(gt=0, le=100)] = 99.9
    response_ms: Annotated[Positive, Meta(description="median")] = 60.0
    error_percent: Errors = None
    failing_ms: FailingMs = 0.0
    criticality: Criticality = "medium"
    compliance: tuple[str, ...] = ()
    sovereignty: Literal["US", "EU", "Global"] = "Global"
