"""What the shipped catalogue says of requests: routes, clients and their places, statuses and texts of errors."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ghostfleet.core.quantiles import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ghostfleet.core.arrays import F64, I64

PREFIX = "/api/v1/"
HOME = "NA"  # region of cities that are of no market
BROWSING = frozenset({"desktop", "mobile", "tablet"})  # devices with a browser
READING, CHANGING = "reading", "changing"  # errors of clients, by what they wanted to do


class Route(msgspec.Struct, frozen=True):
    """One endpoint of a service."""

    service: str
    method: str
    path: str  # with {id} where a number stands

    @property
    def is_template(self) -> bool:
        """Whether a number stands in it."""
        return "{id}" in self.path


class City(msgspec.Struct, frozen=True):
    """Where clients are."""

    name: str
    country: str
    state: str | None
    region: str | None  # of events


class Agent(msgspec.Struct, frozen=True):
    """What clients call themselves."""

    text: str
    device: str


@cache
def catalogue() -> dict[str, Any]:
    """The table as it stands."""
    return tomllib.loads(shipped("web.toml").decode())


@cache
def routes() -> tuple[Route, ...]:
    """All endpoints, service after service."""
    return tuple(
        Route(name, method, PREFIX + path)
        for name, service in _services().items()
        for method, path, _ in service["routes"]
    )


@cache
def _services() -> dict[str, dict[str, Any]]:
    return {**catalogue()["services"], **catalogue()["others"]}


@cache
def monitored() -> tuple[str, ...]:
    """Services whose requests are events (EVT-1)."""
    return tuple(catalogue()["services"])


@cache
def routes_of(service: str) -> tuple[I64, F64]:
    """Numbers of a service's routes and the ends of their shares, shapes (routes,); none where nothing is known."""
    known = _services().get(service)
    if known is None:
        return np.empty(0, dtype=np.int64), np.empty(0)
    return _numbered(service, known["routes"])


@cache
def routes_behind(service: str) -> tuple[I64, F64]:
    """The same of what other services ask it for."""
    return _numbered(service, catalogue()["behind"].get(service, ()))


def _numbered(service: str, known: Sequence[tuple[str, str, float]]) -> tuple[I64, F64]:
    numbers = [routes().index(Route(service, method, PREFIX + path)) for method, path, _ in known]
    return np.array(numbers, dtype=np.int64), ends([weight for *_, weight in known]) if known else np.empty(0)


def client_errors(service: str) -> float:
    """Share of a service's answers that tell a client of its own error."""
    known = catalogue()["services"].get(service)
    return 0.0 if known is None else float(known["client_error_percent"]) / 100


def ends(weights: Sequence[float]) -> F64:
    """Where the share of each of some weights ends, the last at 1."""
    total = np.add.accumulate(np.array(weights, dtype=np.float64))
    total /= total[-1]
    return total


def statuses(kind: str) -> tuple[I64, F64]:
    """Status codes of a method's answers, or of clients' errors, and the ends of their shares."""
    return _codes(catalogue()["statuses"][kind])


def answers(route: Route) -> tuple[I64, F64]:
    """Status codes of a route's answers without an error, and the ends of their shares."""
    of_service = _services()[route.service].get("answers")
    return statuses(route.method) if of_service is None else _codes(of_service)


def _codes(known: Mapping[str, float]) -> tuple[I64, F64]:
    codes = np.array([int(code) for code in known], dtype=np.int64)
    return codes, ends(list(known.values()))


@cache
def agents() -> tuple[Agent, ...]:
    """What clients call themselves."""
    return tuple(Agent(one["text"], one["device"]) for one in catalogue()["agents"])


@cache
def agent_ends(*, browsing: bool = False) -> F64:
    """Ends of the agents' shares: those of their devices, split by their weights; or of browsers among each other."""
    known, devices = catalogue()["agents"], catalogue()["devices"]
    of_device = {name: sum(one["weight"] for one in known if one["device"] == name) for name in devices}
    shares = [devices[one["device"]] * one["weight"] / of_device[one["device"]] for one in known]
    return ends(
        [0 if browsing and one["device"] not in BROWSING else share for one, share in zip(known, shares, strict=True)]
    )


@cache
def cities() -> tuple[City, ...]:
    """Cities of the markets, and behind them those of shoppers of the United States."""
    table = catalogue()
    found = [
        City(name, one["country"], one.get("state"), table["markets"][one["market"]])
        for name, one in table["cities"].items()
    ]
    found += [City(name, "US", code, None) for code, one in table["states"].items() for name in one["cities"]]
    return tuple(found)


@cache
def places() -> tuple[Mapping[str, str | None], ...]:
    """What belongs together of where clients are, each place once."""
    keys = ("city", "country", "state", "region")
    found = dict.fromkeys((one.name, one.country, one.state, one.region or HOME) for one in cities())
    return tuple(dict(zip(keys, one, strict=True)) for one in found)


@cache
def cities_of(place: str) -> tuple[I64, F64]:
    """Numbers of the cities where clients of a market, or of another place, live, and the ends of their shares."""
    table = catalogue()
    here = [number for number, one in enumerate(table["cities"].values()) if one["market"] == place]
    if here:
        weights = [float(one["weight"]) for one in table["cities"].values() if one["market"] == place]
        return np.array(here, dtype=np.int64), ends(weights)
    weights = [one["weight"] / len(one["cities"]) for one in table["states"].values() for _ in one["cities"]]
    first = len(table["cities"])
    return np.arange(first, first + len(weights), dtype=np.int64), ends(weights)


def error_type(status: int) -> str | None:
    """Kind of error that a status tells of; None of an answer without one."""
    return next((name for name, codes in catalogue()["types"].items() if status in codes), None)


def texts_of(status: int) -> tuple[str, ...]:
    """All that answers with a status say."""
    return tuple(said for said, *_ in catalogue()["messages"].get(str(status), ()))


def said(route: Route, status: int) -> tuple[int, ...]:
    """Which texts of a status a route has: those that name it, or else those that fit its method."""
    whom = [frozenset(one) for _, *one in catalogue()["messages"].get(str(status), ())]
    named = [number for number, one in enumerate(whom) if route.path.removeprefix(PREFIX) in one]
    return tuple(named or [number for number, one in enumerate(whom) if not one or one & {"any", route.method}])


def may_be_anonymous(route: Route) -> bool:
    """Whether it asks for no person."""
    return route.path.removeprefix(PREFIX) in catalogue()["anonymous"]["routes"]
