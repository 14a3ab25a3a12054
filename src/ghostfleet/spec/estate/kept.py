"""An estate of which only some services are kept, with whatever they call and run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ghostfleet.spec.estate import incidents

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ghostfleet.spec.estate import Estate

SECTIONS = ("services", "databases", "machines", "externals", "clusters")


def prune(estate: Estate) -> None:
    """Take everything out of an estate, which is being made, that nothing of what it keeps needs.

    Raises ValueError when it keeps what there is not.
    """
    if not estate.keep:
        return
    for place, name in enumerate(estate.keep):
        if name not in estate.services and name not in estate.web_services:
            valid = ", ".join((*estate.services, *estate.web_services))
            msg = f"keep.{place}: there is no service or web service {name!r}; valid are {valid}"
            raise ValueError(msg)
    services = _called(estate)
    stores = {store for name in services for store in estate.services[name].queries}
    stores |= {one.replicates_to for name, one in estate.databases.items() if name in stores and one.replicates_to}
    webs = set(estate.keep) & estate.web_services.keys()
    clusters = {estate.services[name].cluster for name in services}
    balancers = {
        name: msgspec.structs.replace(one, routes_to=routed)
        for name, one in estate.balancers.items()
        if (routed := _among(one.routes_to, services | webs))
    }
    kept: dict[str, dict[str, object]] = {
        "services": {
            name: msgspec.structs.replace(one, standby_clusters=_among(one.standby_clusters, clusters))
            for name, one in estate.services.items()
            if name in services
        },
        "clusters": {name: one for name, one in estate.clusters.items() if name in clusters},
        "databases": {
            name: msgspec.structs.replace(one, migrates_to=one.migrates_to if one.migrates_to in stores else None)
            for name, one in estate.databases.items()
            if name in stores
        },
        "machines": {
            name: msgspec.structs.replace(
                one, migrates_to=one.migrates_to if one.migrates_to in stores else None, hosts_database_for=()
            )
            for name, one in estate.machines.items()
            if name in stores
        },
        "web_services": {name: one for name, one in estate.web_services.items() if name in webs},
        "balancers": dict(balancers),
        "applications": {},
        "externals": {
            name: one
            for name, one in estate.externals.items()
            if any(name in estate.services[service].integrates_with for service in services)
        },
    }
    sections = ("clusters", "databases", "machines", "web_services", "balancers")
    networks = {one.network for section in sections for one in kept[section].values()}  # type: ignore[attr-defined]
    kept["networks"] = {name: one for name, one in estate.networks.items() if name in networks}
    for section, values in kept.items():
        msgspec.structs.force_setattr(estate, section, values)
    scheduled = {
        name: one for name, one in estate.incidents.scheduled.items() if one.per_day and _can_strike(estate, name)
    }
    msgspec.structs.force_setattr(estate, "incidents", msgspec.structs.replace(estate.incidents, scheduled=scheduled))


def _can_strike(estate: Estate, name: str) -> bool:
    """Whether a scheduled incident still finds somebody to strike."""
    kind = incidents.made(estate.incidents.scheduled[name].incident, f"incidents.scheduled.{name}.incident")
    named = all(any(one in getattr(estate, section) for section in SECTIONS) for one in kind.on)
    return named and bool(incidents.candidates(estate, kind))


def _called(estate: Estate) -> set[str]:
    """Services that are kept, and those that they call."""
    found: set[str] = set()
    ahead = [
        callee for name in estate.keep if name in estate.web_services for callee in estate.web_services[name].calls
    ]
    ahead += estate.keep
    while ahead:
        name = ahead.pop()
        if name not in found and name in estate.services:
            found.add(name)
            ahead += estate.services[name].depends_on
    return found


def _among(names: Iterable[str], known: set[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in known)
