"""How entities are tied together: one array of ends for each relationship type (EST-13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ghostfleet.core.arrays import I32, I64, Array
    from ghostfleet.spec.estate import Estate
    from ghostfleet.world.estate.entities import Entities

    End = tuple[str, str]  # label, name as the scenario writes it
    Labels = Mapping[str, Entities]


class LinkType(msgspec.Struct, frozen=True):
    """What a relationship type means."""

    name: str
    about: str


class Links(msgspec.Struct, frozen=True):
    """All links of one type, as columns of equal length."""

    type: LinkType
    labels: tuple[str, ...]  # that the codes stand for
    from_labels: I32
    from_rows: I64
    to_labels: I32
    to_rows: I64

    def __len__(self) -> int:
        """Count the links."""
        return len(self.from_rows)

    def pairs(self) -> dict[tuple[str, str], int]:
        """Count the links between each two labels."""
        found: dict[tuple[str, str], int] = {}
        for start, end in zip(self.from_labels.tolist(), self.to_labels.tolist(), strict=True):
            pair = self.labels[start], self.labels[end]
            found[pair] = found.get(pair, 0) + 1
        return found

    def between(self, labels: frozenset[str]) -> Links:
        """Links whose ends both have one of some labels."""
        kept = np.array([label in labels for label in self.labels])
        inside = kept[self.from_labels] & kept[self.to_labels]
        columns: list[Array] = [self.from_labels, self.from_rows, self.to_labels, self.to_rows]
        return Links(self.type, self.labels, *(column[inside] for column in columns))


def _deployed_in(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for label, section in (
        ("EKSCluster", estate.clusters),
        ("RDSInstance", estate.databases),
        ("EC2Instance", estate.machines),
        ("LoadBalancer", estate.balancers),
        ("WebService", estate.web_services),
    ):
        for name, placed in section.items():
            yield (label, name), ("VPC", placed.network)


def _deployed_on(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for name, service in estate.services.items():
        for cluster in (service.cluster, *service.standby_clusters):
            yield ("Service", name), ("EKSCluster", cluster)


def _depends_on(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for name, service in estate.services.items():
        yield from ((("Service", name), ("Service", callee)) for callee in service.depends_on)


def _queries(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for name, service in estate.services.items():
        for store in service.queries:
            yield ("Service", name), ("RDSInstance" if store in estate.databases else "EC2Instance", store)


def _integrates_with(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for name, service in estate.services.items():
        yield from ((("Service", name), ("ExternalService", external)) for external in service.integrates_with)


def _depends_on_external(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for name, application in estate.applications.items():
        yield from ((("Application", name), ("ExternalService", external)) for external in application.externals)


def _uses(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for name, application in estate.applications.items():
        yield from ((("Application", name), ("Service", service)) for service in application.uses)


def _has_frontend(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for name, application in estate.applications.items():
        yield from ((("Application", name), ("WebService", web)) for web in application.frontends)


def _routes_to(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for name, balancer in estate.balancers.items():
        for target in balancer.routes_to:
            yield ("LoadBalancer", name), ("WebService" if target in estate.web_services else "Service", target)


def _calls_api(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for name, web in estate.web_services.items():
        yield from ((("WebService", name), ("Service", callee)) for callee in web.calls)


def _replicates_to(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for name, database in estate.databases.items():
        if database.replicates_to is not None:
            yield ("RDSInstance", name), ("RDSInstance", database.replicates_to)


def _hosts_database_for(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for name, machine in estate.machines.items():
        yield from ((("EC2Instance", name), ("Application", application)) for application in machine.hosts_database_for)


def _migration_target(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for label, section in (("RDSInstance", estate.databases), ("EC2Instance", estate.machines)):
        for name, store in section.items():
            if store.migrates_to is not None:
                yield (label, name), ("RDSInstance", store.migrates_to)


def _members(_estate: Estate, labels: Labels) -> Iterator[tuple[End, End]]:
    nodes = labels["Node"]
    for key, cluster in zip(nodes.keys, nodes.words("cluster_name"), strict=True):
        yield ("Node", key), ("EKSCluster", cluster)


def _runs_on(_estate: Estate, labels: Labels) -> Iterator[tuple[End, End]]:
    pods = labels["Pod"]
    for key, node in zip(pods.keys, pods.words("node_name"), strict=True):
        yield ("Pod", key), ("Node", node)


def _part_of(_estate: Estate, labels: Labels) -> Iterator[tuple[End, End]]:
    pods = labels["Pod"]
    for key, service in zip(pods.keys, pods.words("service_name"), strict=True):
        yield ("Pod", key), ("Service", service)


def _in_network(_estate: Estate, labels: Labels) -> Iterator[tuple[End, End]]:
    for label in ("Subnet", "SecurityGroup"):
        for key, network in zip(labels[label].keys, labels[label].words("vpc"), strict=True):
            yield (label, key), ("VPC", network)


def _in_subnet(_estate: Estate, labels: Labels) -> Iterator[tuple[End, End]]:
    known = dict(zip(labels["Subnet"].words("subnet_id"), labels["Subnet"].keys, strict=True))
    for label, name in (
        ("Node", "subnet_id"),
        ("EC2Instance", "subnet_id"),
        ("LoadBalancer", "subnets"),
        ("EKSCluster", "subnet_ids"),
    ):
        for key, subnets in zip(labels[label].keys, labels[label].items(name), strict=True):
            yield from (((label, key), ("Subnet", known[subnet])) for subnet in subnets)


def _secured_by(estate: Estate, labels: Labels) -> Iterator[tuple[End, End]]:
    known = dict(zip(labels["SecurityGroup"].words("group_id"), labels["SecurityGroup"].keys, strict=True))
    for label in ("EC2Instance", "LoadBalancer", "EKSCluster"):
        for key, groups in zip(labels[label].keys, labels[label].items("security_groups"), strict=True):
            yield from (((label, key), ("SecurityGroup", known[group])) for group in groups)
    for name, database in estate.databases.items():
        yield ("RDSInstance", name), ("SecurityGroup", f"{database.network}-data")


def _allows(estate: Estate, _labels: Labels) -> Iterator[tuple[End, End]]:
    for network in estate.networks:
        for inner, outer in (("apps", "edge"), ("data", "apps")):
            yield ("SecurityGroup", f"{network}-{inner}"), ("SecurityGroup", f"{network}-{outer}")


# Where documents name no type, those of Cartography do (MEMBER_OF_…, PART_OF_SUBNET, RUNS_ON, ALLOWS_TRAFFIC_FROM).
TYPES: dict[LinkType, Callable[[Estate, Labels], Iterator[tuple[End, End]]]] = {
    LinkType("DEPLOYED_IN", "the network that something lies in"): _deployed_in,
    LinkType("DEPLOYED_ON", "the cluster that a service runs on"): _deployed_on,
    LinkType("DEPENDS_ON", "a service that another one calls"): _depends_on,
    LinkType("QUERIES", "the database, or machine with one, that a service asks"): _queries,
    LinkType("INTEGRATES_WITH", "somebody else's service that a service calls"): _integrates_with,
    LinkType("DEPENDS_ON_EXTERNAL", "somebody else's service that an application needs"): _depends_on_external,
    LinkType("USES", "a service that an application consists of"): _uses,
    LinkType("HAS_FRONTEND", "a web service through which people see an application"): _has_frontend,
    LinkType("ROUTES_TO", "what a balancer sends requests to"): _routes_to,
    LinkType("CALLS_API", "a service that a web service calls"): _calls_api,
    LinkType("REPLICATES_TO", "the copy of a database"): _replicates_to,
    LinkType("HOSTS_DATABASE_FOR", "the application whose database a machine holds"): _hosts_database_for,
    LinkType("LEGACY_MIGRATION_TARGET", "the database that is to take over from an old one"): _migration_target,
    LinkType("MEMBER_OF_EKS_CLUSTER", "the cluster of a worker node"): _members,
    LinkType("RUNS_ON", "the worker node of a pod"): _runs_on,
    LinkType("PART_OF", "the service of a pod"): _part_of,
    LinkType("MEMBER_OF_AWS_VPC", "the network of a subnet or a security group"): _in_network,
    LinkType("PART_OF_SUBNET", "a subnet that something stands in"): _in_subnet,
    LinkType("MEMBER_OF_EC2_SECURITY_GROUP", "a security group that guards something"): _secured_by,
    LinkType("ALLOWS_TRAFFIC_FROM", "a security group from which another one lets traffic in"): _allows,
}


def links(estate: Estate, labels: Labels) -> dict[str, Links]:
    """All links by the name of their type, each once."""
    rows = {label: entities.rows() for label, entities in labels.items()}
    codes = {label: code for code, label in enumerate(labels)}
    found = {}
    for kind, ends in TYPES.items():
        # A dict keeps the order and drops what a scenario says twice.
        every = list(dict.fromkeys(ends(estate, labels)))
        found[kind.name] = Links(
            kind,
            tuple(labels),
            np.array([codes[start[0]] for start, _ in every], dtype=np.int32),
            np.array([rows[start[0]][start[1]] for start, _ in every], dtype=np.int64),
            np.array([codes[end[0]] for _, end in every], dtype=np.int32),
            np.array([rows[end[0]][end[1]] for _, end in every], dtype=np.int64),
        )
    return found
