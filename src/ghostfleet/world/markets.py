"""Where the people live who ask, and which balancer they get to: one in their half of the world, where there is one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.world import web

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, Bool
    from ghostfleet.world.flow import Flow

TURN = 20  # users of whom so many in a row live as the markets' shares say
LIVE = {
    "north-america": range(8),
    "europe": range(8, 14),
    "asia-pacific": range(14, 19),
    "latin-america": range(19, 20),
}
# Of regions of clouds, by how their names begin.
MARKETS = {"us": "north-america", "ca": "north-america", "eu": "europe", "ap": "asia-pacific", "sa": "latin-america"}
SHOP = "checkout-service"  # whose clients are the people
ELSEWHERE = ""  # no market: the United States, state by state
WEST_STATES = frozenset({"CA", "WA", "TX"})
WEST_REGIONS = ("us-west", "ap")  # of clouds, by how their names begin
FAR_WEST = "APAC"  # region of cities from which the way leads over the Pacific


def has_markets(flow: Flow) -> bool:
    """Whether people live in the markets: where the shop's checkouts come from some; else all are from one country."""
    entries, names = flow.entries, flow.nodes.names
    shop = [place for place, node in zip(entries.places, entries.nodes.tolist(), strict=True) if names[node] == SHOP]
    return any(place in LIVE for place in shop or entries.places)


def market_of(place: str) -> str:
    """Market of a client region: itself, or the one that a cloud's region lies in; `ELSEWHERE` where it is neither."""
    return place if place in LIVE else MARKETS.get(place.split("-", maxsplit=1)[0], ELSEWHERE)


@cache
def in_west() -> Bool:
    """Whether a client gets to the western balancer of two, by the number of the city."""
    return np.array([city.state in WEST_STATES or city.region == FAR_WEST for city in web.cities()])


def western(flow: Flow) -> F64:
    """Share of those who enter at each cell whom the western balancer of two gets, shape (entries,).

    It is null where a node's balancers stand in one half of the world, as nobody can tell them apart by where they are.
    """
    spread = has_markets(flow)
    both = {node for node, sides in _fronts(flow).items() if len(sides) > 1}
    return np.array(
        [
            _share(place, spread=spread) if node in both else np.nan
            for place, node in zip(flow.entries.places, flow.entries.nodes.tolist(), strict=True)
        ]
    )


def stands_west(flow: Flow, balancer: str) -> bool:
    """Whether a balancer stands in the western half."""
    estate = flow.estate
    return estate.networks[estate.balancers[balancer].network].region.startswith(WEST_REGIONS)


def _fronts(flow: Flow) -> dict[int, set[bool]]:
    """Halves of the world in which the balancers in front of each node stand."""
    found: dict[int, set[bool]] = {}
    for name, one in flow.estate.balancers.items():
        for target in one.routes_to:
            found.setdefault(flow.places[target], set()).add(stands_west(flow, name))
    return found


@cache
def _share(place: str, *, spread: bool) -> float:
    """Share of the clients of a region who live in cities of the west."""
    if not spread:
        return _share_of(ELSEWHERE)
    if market := market_of(place):
        return _share_of(market)
    people = sum(len(turns) for turns in LIVE.values())
    return sum(len(turns) * _share_of(one) for one, turns in LIVE.items()) / people


@cache
def _share_of(market: str) -> float:
    known, ends = web.cities_of(market)
    shares = np.diff(ends, prepend=0.0)
    return min(float(sum(shares[in_west().take(known)].tolist())), 1.0)
