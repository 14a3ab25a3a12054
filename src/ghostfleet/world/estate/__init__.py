"""The estate of a scenario: entities by label, links by type, and the registry that every other part asks (SHR-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.same import kept
from ghostfleet.spec.estate import Estate
from ghostfleet.world.estate import business, clusters, databases, dates, fronts, networks, services
from ghostfleet.world.estate.copies import expanded
from ghostfleet.world.estate.entities import Entities, Label, texts
from ghostfleet.world.estate.ground import Ground
from ghostfleet.world.estate.links import TYPES, Links, LinkType, links

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.spec.scenario import Scenario

# In an order in which each label finds those that it is built from.
LABELS: dict[str, tuple[Label, Callable[[Ground], Entities]]] = {
    label.name: (label, build)
    for label, build in (
        (networks.VPC, networks.networks),
        (networks.SUBNET, networks.subnets),
        (networks.SECURITY_GROUP, networks.security_groups),
        (clusters.NODE, clusters.nodes),
        (clusters.CLUSTER, clusters.clusters),
        (databases.DATABASE, databases.databases),
        (databases.MACHINE, databases.machines),
        (fronts.BALANCER, fronts.balancers),
        (fronts.WEB_SERVICE, fronts.web_services),
        (services.SERVICE, services.services),
        (services.POD, services.pods),
        (business.APPLICATION, business.applications),
        (business.EXTERNAL, business.externals),
    )
}
# Whose name another label's entity never has; those of subnets, groups, nodes and pods derive from them.
NAMED = (
    *("VPC", "EKSCluster", "RDSInstance", "EC2Instance", "LoadBalancer"),
    *("WebService", "Service", "Application", "ExternalService"),
)


class Entity(msgspec.Struct, frozen=True):
    """Where an entity stands: its label, and its row among the label's entities."""

    label: str
    row: int


class World(msgspec.Struct, frozen=True):
    """Everything there is in one scenario; a pure function of scenario and seed."""

    seed: int
    estate: Estate  # with the copies of business units written out
    labels: dict[str, Entities]
    links: dict[str, Links]
    registry: dict[str, Entity]  # by name, by name as shown, and by alias

    def __getitem__(self, label: str) -> Entities:
        """Entities of a label."""
        return self.labels[label]

    def find(self, name: str) -> Entity:
        """Entity of a name or an alias; `ScenarioError` when nothing is called so."""
        if name not in self.registry:
            from difflib import get_close_matches  # only a mistake pays for it

            close = get_close_matches(name, self.registry, 1)
            msg = f"the estate has no {name!r}" + (f"; did you mean {close[0]}?" if close else "")
            raise ScenarioError(msg)
        return self.registry[name]

    def id(self, name: str) -> str:
        """Id of the entity of a name or an alias."""
        entity = self.find(name)
        return self.labels[entity.label].ids[entity.row]

    @property
    def shown(self) -> World:
        """The world as its graph shows it: without the labels that the scenario leaves out, and their links."""
        without = frozenset(self.estate.graph_without)
        kept = frozenset(self.labels) - without
        nothing = {label: self.labels[label].none() for label in self.estate.graph_without}
        return msgspec.structs.replace(
            self,
            labels={**self.labels, **nothing},
            links={name: one.between(kept) for name, one in self.links.items()},
        )


@kept
def build(scenario: Scenario) -> World:
    """World of a scenario; `ScenarioError` when it has no section for it."""
    if scenario.estate is None:
        msg = f"the scenario {scenario.scenario} has no estate: it needs the section estate"
        raise ScenarioError(msg)
    estate = expanded(scenario.estate)
    ground = Ground(scenario.seed, estate, {})
    for label, (_, build_label) in LABELS.items():
        ground.labels[label] = build_label(ground)
    dates.settle(ground)
    return World(scenario.seed, estate, ground.labels, links(estate, ground.labels), _registry(ground))


def _registry(ground: Ground) -> dict[str, Entity]:
    registry: dict[str, Entity] = {}
    for label in (*NAMED, *(label for label in LABELS if label not in NAMED)):
        entities = ground.labels[label]
        for row, names in enumerate(zip(entities.keys, entities.names, strict=True)):
            for name in names:
                registry.setdefault(name, Entity(label, row))
    for section, label in (
        ("clusters", "EKSCluster"),
        ("databases", "RDSInstance"),
        ("machines", "EC2Instance"),
        ("services", "Service"),
    ):
        for row, one in enumerate(getattr(ground.estate, section).values()):
            for alias in one.aliases:
                registry[alias] = Entity(label, row)
    return registry


__all__ = ["LABELS", "TYPES", "Entities", "Entity", "Label", "LinkType", "Links", "World", "build", "texts"]
