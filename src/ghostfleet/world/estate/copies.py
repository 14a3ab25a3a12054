"""An estate with as many copies of its business units as its scale asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec.estate.checks import MOST_SERVICES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ghostfleet.spec.estate import Estate

V = TypeVar("V")

COPY = "-u"  # between the name of an original and the number of a copy
DOMAINS = frozenset({"trading", "risk", "portfolio", "shop"})  # of which every unit has its own; the rest serves all


def expanded(estate: Estate) -> Estate:
    """The same estate with the copies written out: the first unit as it was, the names of others ending in ``-u2``.

    A copy has services of its own, and the networks, clusters, databases, machines, web services, balancers and
    applications that these are tied to; other services and other people's are shared. Raises `ScenarioError` when there
    would be more services than the state can carry.
    """
    if estate.scale == 1:
        return estate
    unit = _unit(estate)
    total = len(estate.services) + (estate.scale - 1) * len(unit["services"])
    if total > MOST_SERVICES:
        room = 1 + (MOST_SERVICES - len(estate.services)) // len(unit["services"])
        msg = (
            f"estate.scale: {estate.scale} copies would be {total:,} services; "
            f"an estate has {MOST_SERVICES:,} at most, so at most {room} copies"
        )
        raise ScenarioError(msg)
    grown: dict[str, dict[str, Any]] = {section: dict(getattr(estate, section)) for section in unit}
    for number in range(2, estate.scale + 1):
        for section, names in unit.items():
            for name in names:
                copy = COPIERS[section](getattr(estate, section)[name], _Renaming(unit, f"{COPY}{number}"))
                grown[section][f"{name}{COPY}{number}"] = copy
    return msgspec.structs.replace(estate, scale=1, **grown)


def _unit(estate: Estate) -> dict[str, dict[str, None]]:
    """Names of what each unit has of its own, by section, in the order in which they are written."""
    services = {name: one for name, one in estate.services.items() if one.domain in DOMAINS}
    hosts = {one.cluster for one in services.values()} | {
        name for one in services.values() for name in one.standby_clusters
    }
    asked = {store for one in services.values() for store in one.queries}
    asked |= {one.replicates_to for name, one in estate.databases.items() if name in asked and one.replicates_to}
    webs = {name for name, one in estate.web_services.items() if services.keys() & one.calls.keys()}
    used = {name for name, one in estate.applications.items() if services.keys() & set(one.uses)}
    reached = webs | services.keys()
    wanted: dict[str, set[str]] = {
        "networks": set(),
        "clusters": hosts,
        "databases": asked,
        "machines": asked,
        "balancers": {name for name, one in estate.balancers.items() if reached & set(one.routes_to)},
        "web_services": webs,
        "services": set(services),
        "applications": used,
    }
    for section in ("clusters", "databases", "machines", "balancers", "web_services"):
        wanted["networks"] |= {one.network for name, one in getattr(estate, section).items() if name in wanted[section]}
    return {
        section: {name: None for name in getattr(estate, section) if name in names} for section, names in wanted.items()
    }


class _Renaming(msgspec.Struct, frozen=True):
    """Names of one copy."""

    unit: dict[str, dict[str, None]]
    suffix: str

    def name(self, section: str, name: str) -> str:
        """The copy's own, or the shared one."""
        return name + self.suffix if name in self.unit[section] else name

    def names(self, sections: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
        """Each in the section that has it."""
        return tuple(self._found(sections, name) for name in names)

    def calls(self, sections: tuple[str, ...], calls: Mapping[str, V]) -> dict[str, V]:
        """Calls to the copy's own, or to the shared ones."""
        return {self._found(sections, name): call for name, call in calls.items()}

    def _found(self, sections: tuple[str, ...], name: str) -> str:
        return name + self.suffix if any(name in self.unit[section] for section in sections) else name


def _network(one: Any, _new: _Renaming) -> Any:  # noqa: ANN401  spec's models, told apart by their section
    return msgspec.structs.replace(one, cidr=None)  # the next block that is free


def _cluster(one: Any, new: _Renaming) -> Any:  # noqa: ANN401  see _network
    return msgspec.structs.replace(one, aliases=(), network=new.name("networks", one.network))


def _database(one: Any, new: _Renaming) -> Any:  # noqa: ANN401  see _network
    copied = None if one.replicates_to is None else new.name("databases", one.replicates_to)
    moved = None if one.migrates_to is None else new.name("databases", one.migrates_to)
    network = new.name("networks", one.network)
    return msgspec.structs.replace(one, aliases=(), network=network, replicates_to=copied, migrates_to=moved)


def _machine(one: Any, new: _Renaming) -> Any:  # noqa: ANN401  see _network
    moved = None if one.migrates_to is None else new.name("databases", one.migrates_to)
    hosted = new.names(("applications",), one.hosts_database_for)
    network = new.name("networks", one.network)
    return msgspec.structs.replace(one, aliases=(), network=network, migrates_to=moved, hosts_database_for=hosted)


def _balancer(one: Any, new: _Renaming) -> Any:  # noqa: ANN401  see _network
    routes_to = new.names(("web_services", "services"), one.routes_to)
    return msgspec.structs.replace(one, network=new.name("networks", one.network), routes_to=routes_to)


def _web_service(one: Any, new: _Renaming) -> Any:  # noqa: ANN401  see _network
    calls = new.calls(("services",), one.calls)
    return msgspec.structs.replace(one, network=new.name("networks", one.network), calls=calls)


def _service(one: Any, new: _Renaming) -> Any:  # noqa: ANN401  see _network
    return msgspec.structs.replace(
        one,
        aliases=(),
        cluster=new.name("clusters", one.cluster),
        standby_clusters=new.names(("clusters",), one.standby_clusters),
        depends_on=new.calls(("services",), one.depends_on),
        queries=new.calls(("databases", "machines"), one.queries),
    )


def _application(one: Any, new: _Renaming) -> Any:  # noqa: ANN401  see _network
    return msgspec.structs.replace(
        one, uses=new.names(("services",), one.uses), frontends=new.names(("web_services",), one.frontends)
    )


COPIERS: dict[str, Callable[[Any, _Renaming], Any]] = {
    "networks": _network,
    "clusters": _cluster,
    "databases": _database,
    "machines": _machine,
    "balancers": _balancer,
    "web_services": _web_service,
    "services": _service,
    "applications": _application,
}
