"""Who there is to make requests: where people live, what they ask with, and from which addresses.

What belongs to a person is drawn from the person's number, so that whoever tells of somebody tells the same.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.batch import Digits, Spelled
from ghostfleet.world import markets, web

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I32, I64, U64, Array
    from ghostfleet.world.flow import Flow

FIRST_USER, USERS = 10_000, 90_000
BLOCK = 8_192  # people whose columns are made at once
ADDRESSES = 1 << 17  # 198.18.0.0/15
LOTS = 1 << 16
LANE = 1 / LOTS
LOW_16, LOW_32 = np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)


class People(msgspec.Struct, frozen=True):
    """Everybody there is, by number from `FIRST_USER` on; shapes (users,)."""

    city: Array  # small integers: there are many people
    agent: Array
    browser: Array  # the agent, or another one of who has no browser there
    address: I32  # of 198.18.0.0/15


def people(flow: Flow) -> People:
    """Everybody of an estate: where somebody lives depends on nothing that is asked for."""
    return _everybody(flow.seed, spread=markets.has_markets(flow))


@cache
def here(place: str, *, spread: bool) -> Array:
    """Numbers of the people who ask from a place: those of a market, or of the one that a region lies in."""
    numbers = np.arange(USERS, dtype=np.int32)
    market = markets.market_of(place)
    found = numbers[np.isin(numbers % markets.TURN, np.array(markets.LIVE[market]))] if spread and market else numbers
    return found + np.int32(FIRST_USER)


@cache
def halves(place: str, seed: int, *, spread: bool) -> tuple[Array, Array]:
    """Those of them who get to the eastern balancer, and to the western one."""
    pool = here(place, spread=spread)
    is_west = markets.in_west().take(_everybody(seed, spread=spread).city.take(pool - FIRST_USER))
    return pool[~is_west], pool[is_west]


@cache
def _everybody(seed: int, *, spread: bool) -> People:
    blocks = [_some(seed, first, min(first + BLOCK, USERS), spread=spread) for first in range(0, USERS, BLOCK)]
    return People(*map(np.concatenate, zip(*blocks, strict=True)))


def _some(seed: int, first: int, last: int, *, spread: bool) -> tuple[Array, Array, Array, Array]:
    """Columns of `People` of some of them: all at once would take ten times the memory that they keep."""
    numbers = np.arange(first, last)
    words, more = (draw.derived(key_of(seed, "person"), numbers.astype(np.uint64), word) for word in (0, 1))
    lots = (words & LOW_32).astype(np.float64) * 2.0**-32
    city = np.empty(len(numbers), dtype=np.int64)
    if spread:
        for market, turns in markets.LIVE.items():
            mine = np.isin(numbers % markets.TURN, np.array(turns))
            known, ends = web.cities_of(market)
            city[mine] = known.take(np.searchsorted(ends, lots[mine], side="right"))
    else:
        known, ends = web.cities_of(markets.ELSEWHERE)
        city = known.take(np.searchsorted(ends, lots, side="right"))
    agent = np.searchsorted(web.agent_ends(), lot(words, 48), side="right")
    browser = np.searchsorted(web.agent_ends(browsing=True), lot(more, 0), side="right")
    browser = np.where(np.array([one.device in web.BROWSING for one in web.agents()]).take(agent), agent, browser)
    size = ADDRESSES // len(web.cities())
    address = city * size + ((words >> np.uint64(32)) % np.uint64(size)).astype(np.int64)
    return city.astype(np.int16), agent.astype(np.int16), browser.astype(np.int16), address.astype(np.int32)


def address(offset: Array) -> Spelled:
    """Spell addresses of 198.18.0.0/15."""
    offset = offset.astype(np.int64)
    second, third, fourth = 18 + (offset >> 16), (offset >> 8) & 255, offset & 255
    return Spelled(("198.", Digits(second), ".", Digits(third), ".", Digits(fourth)))


def lot(words: U64, shift: int) -> F64:
    """Uniform in [0, 1) of 16 bits of words."""
    return ((words >> np.uint64(shift)) & LOW_16).astype(np.float64) * LANE


def chosen(ends: F64, lots: F64) -> I64:
    """Which of a few shares each lot falls into, of which the ends are given; comparing takes less than searching."""
    found = np.zeros(len(lots), dtype=np.int64)
    for end in ends.tolist():
        found += lots >= end
    return found


def key_of(seed: int, name: str) -> U64:
    """Key of what is drawn of whom a name stands for, shape (2,)."""
    key: U64 = draw.Stream(seed, "visit", name).keys(draw.entity_ids([name]))[0]
    return key
