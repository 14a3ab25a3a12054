"""What a single section of an estate cannot see: names of what there is not, placement, circles, and prices."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ghostfleet.spec.complaints import OneOfSeveralError
from ghostfleet.spec.estate import names
from ghostfleet.spec.estate.price_table import ensure_priced
from ghostfleet.spec.estate.room import ensure_room

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ghostfleet.spec.estate import Estate
    from ghostfleet.spec.estate.demand import Call, Entry

MOST_SERVICES = 2_000
NAMED_BESIDES = ("regions", "levels")  # sections whose names may be those of other things
MOST_NAMED = 12  # valid names that a complaint lists


class Reference(NamedTuple):
    """A place that names something, and what it may name."""

    path: str
    name: str
    known: Mapping[str, object]
    what: str


def ensure_sound(estate: Estate) -> None:
    """Raise ValueError, with the path below the section, for the first thing that cannot be."""
    _ensure_names(estate)
    for path, name, known, what in references(estate):
        if name not in known:
            msg = f"{path}: there is no {what} {name!r}; {_valid(known)}"
            raise ValueError(msg)
    _ensure_placement(estate)
    _ensure_no_cycle(estate)
    _ensure_no_circle_of_copies(estate)
    ensure_priced(estate)
    ensure_room(estate)
    if len(estate.services) > MOST_SERVICES:
        msg = f"services: {len(estate.services):,} are more than the {MOST_SERVICES:,} that an estate may have"
        raise ValueError(msg)


def _valid(known: Mapping[str, object]) -> str:
    if not known:
        return "there are none"
    more = "" if len(known) <= MOST_NAMED else f" and {len(known) - MOST_NAMED} more"
    return f"valid are {', '.join(list(known)[:MOST_NAMED])}{more}"


def references(estate: Estate) -> Iterator[Reference]:
    """Every place that names something else."""
    yield from _of_places(estate)
    yield from _of_services(estate)
    for name, application in estate.applications.items():
        here = f"applications.{name}"
        yield from _listed(f"{here}.uses", application.uses, estate.services, "service")
        yield from _listed(f"{here}.frontends", application.frontends, estate.web_services, "web service")
        yield from _listed(f"{here}.externals", application.externals, estate.externals, "external service")


def _listed(path: str, names: Sequence[str], known: Mapping[str, object], what: str) -> Iterator[Reference]:
    for place, name in enumerate(names):
        if name in names[:place]:
            msg = f"{path}.{place}: {name!r} stands here twice; name each {what} once"
            raise ValueError(msg)
        yield Reference(f"{path}.{place}", name, known, what)


def _of_places(estate: Estate) -> Iterator[Reference]:
    for name, network in estate.networks.items():
        yield Reference(f"networks.{name}.region", network.region, estate.regions, "region")
    for section in ("clusters", "databases", "machines", "balancers", "web_services"):
        for name, placed in getattr(estate, section).items():
            yield Reference(f"{section}.{name}.network", placed.network, estate.networks, "network")
    for section, key in (("databases", "replicates_to"), ("databases", "migrates_to"), ("machines", "migrates_to")):
        for name, stored in getattr(estate, section).items():
            if (target := getattr(stored, key)) is not None:
                yield Reference(f"{section}.{name}.{key}", target, estate.databases, "database")
    for name, machine in estate.machines.items():
        path = f"machines.{name}.hosts_database_for"
        yield from _listed(path, machine.hosts_database_for, estate.applications, "application")
    reached = {**estate.web_services, **estate.services}
    for name, balancer in estate.balancers.items():
        yield from _listed(f"balancers.{name}.routes_to", balancer.routes_to, reached, "web service or service")


def _of_services(estate: Estate) -> Iterator[Reference]:
    stores = {**estate.databases, **estate.machines}
    for name, service in estate.services.items():
        here = f"services.{name}"
        yield Reference(f"{here}.cluster", service.cluster, estate.clusters, "cluster")
        yield from _listed(f"{here}.standby_clusters", service.standby_clusters, estate.clusters, "cluster")
        if isinstance(service.level, str):
            yield Reference(f"{here}.level", service.level, estate.levels, "level")
        yield from _called(f"{here}.depends_on", service.depends_on, estate.services, "service")
        yield from _called(f"{here}.queries", service.queries, stores, "database or machine")
        yield from _called(f"{here}.integrates_with", service.integrates_with, estate.externals, "external service")
        if service.entry is not None:
            yield from _clients(here, service.entry, estate)
    for name, web in estate.web_services.items():
        yield from _called(f"web_services.{name}.calls", web.calls, estate.services, "service")
        yield from _clients(f"web_services.{name}", web.entry, estate)


def _called(path: str, calls: Mapping[str, Call], known: Mapping[str, object], what: str) -> Iterator[Reference]:
    yield from (Reference(f"{path}.{name}", name, known, what) for name in calls)


def _clients(path: str, entry: Entry, estate: Estate) -> Iterator[Reference]:
    yield from (Reference(f"{path}.entry.clients.{name}", name, estate.regions, "region") for name in entry.clients)


def _ensure_names(estate: Estate) -> None:
    """Refuse no name, and one that two things have: incidents, metrics and truth tell things apart by name alone."""
    for section in (*names.SECTIONS, *NAMED_BESIDES):
        blank = next((name for name in getattr(estate, section) if not name.strip()), None)
        if blank is not None:
            msg = f"{section}.{blank}: a name cannot be empty; write a word that tells it from others"
            raise ValueError(msg)
    taken: dict[str, str] = {}
    for section in names.SECTIONS:
        for name, thing in getattr(estate, section).items():
            for path, called in (
                (f"{section}.{name}", name),
                *((f"{section}.{name}.aliases.{at}", one) for at, one in enumerate(getattr(thing, "aliases", ()))),
            ):
                if names.ARROW in called:
                    msg = f"{path}: a name cannot contain {names.ARROW!r}, which stands between the ends of a call"
                    raise ValueError(msg)
                if (other := taken.setdefault(called, path)) != path:
                    msg = f"{path}: the name {called!r} is taken by {other}"
                    raise ValueError(msg)


def _ensure_placement(estate: Estate) -> None:
    """Refuse placement that a name contradicts: a production cluster in a network for development (defect 32)."""
    for name, network in estate.networks.items():
        _agree(f"networks.{name}.environment", name, network.environment)
        if not estate.regions[network.region].zones:
            msg = f"networks.{name}.region: {network.region} has no zones, so nothing can be placed there"
            raise ValueError(msg)
    for section in ("clusters", "databases", "machines", "balancers", "web_services"):
        for name, placed in getattr(estate, section).items():
            _agree(f"{section}.{name}.network", name, estate.networks[placed.network].environment)
    for name, service in estate.services.items():
        if service.cluster in service.standby_clusters:
            path = f"services.{name}.standby_clusters.{service.standby_clusters.index(service.cluster)}"
            msg = f"{path}: it runs on {service.cluster} already; name another cluster, or leave it out"
            raise ValueError(msg)
        around = estate.networks[estate.clusters[service.cluster].network].environment
        _agree(f"services.{name}.cluster", name, names.environment(service.cluster, around))
    for name, application in estate.applications.items():
        _agree(f"applications.{name}.environment", name, application.environment)


def _agree(path: str, name: str, placed: str) -> None:
    said = names.environment(name, placed)
    if said != placed:
        msg = f"{path}: its name says {said}, but this is {placed}; place it in {said}, or call it something else"
        raise ValueError(msg)


def _ensure_no_cycle(estate: Estate) -> None:
    """Refuse services that wait for each other: rates are carried down and failures up the graph of calls once."""
    waits = {
        name: [callee for callee, call in service.depends_on.items() if not call.asynchronous]
        for name, service in estate.services.items()
    }
    cycle = _cycle(waits)
    if cycle:
        edges = [("services", caller, "depends_on", callee) for caller, callee in pairwise(cycle)]
        msg = f"these calls close a cycle: {' → '.join(cycle)}; give one of them asynchronous: true"
        raise OneOfSeveralError(edges, msg)


def _ensure_no_circle_of_copies(estate: Estate) -> None:
    """Refuse databases that are copied or moved to themselves, over others or straight."""
    for key, said in (("replicates_to", "copies"), ("migrates_to", "moves")):
        targets = {name: getattr(one, key) for name, one in estate.databases.items()}
        circle = _cycle({name: [] if target is None else [target] for name, target in targets.items()})
        if circle:
            copies = [("databases", name, key) for name in circle[:-1]]
            msg = f"these {said} close a circle: {' → '.join(circle)}; name another database, or leave it out"
            raise OneOfSeveralError(copies, msg)


def _cycle(waits: Mapping[str, list[str]]) -> list[str]:
    """Names along a cycle, the first one again at the end; none when there is no cycle."""
    done: set[str] = set()
    for start in waits:
        trail = [start]
        ahead = [iter(waits[start])]
        while ahead and start not in done:
            callee = next(ahead[-1], None)
            if callee is None:
                done.add(trail.pop())
                ahead.pop()
            elif callee in trail:
                return [*trail[trail.index(callee) :], callee]
            elif callee not in done:
                trail.append(callee)
                ahead.append(iter(waits[callee]))
    return []
