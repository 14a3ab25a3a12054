"""Who makes the requests that enter, when within their tick, what they ask for, and what they are answered.

Everything is drawn from a request's id, and what belongs to a person from the person's number, so that whoever tells of
a request tells the same of it: an event, a transaction, a span, a line of a log. As an id draws all this, tables write
another one, which tells nothing of it (`written`).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ghostfleet.core import draw
from ghostfleet.state.estate.balancers import Balancers
from ghostfleet.state.estate.calling import FAILED, OWN, REFUSED, TIMED_OUT
from ghostfleet.state.estate.people import LOTS, LOW_16, LOW_32, People, halves, here, key_of, lot, people
from ghostfleet.state.estate.walk import Answered
from ghostfleet.world import markets, web
from ghostfleet.world.flow.draft import DATABASE, MACHINE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ghostfleet.core.arrays import F64, I64, U8, U64, Array, Bool
    from ghostfleet.state.estate.walk import Requests, Walk, Watcher
    from ghostfleet.world.flow import Flow

RARE = 0.2  # who comes most often comes five times as often as people do on average
TIE_BITS = np.uint64(36)
PERSON, ASKED, MOMENT, MORE = range(1, 5)  # words of a request
STORES = (DATABASE, MACHINE)
BROKEN_OFF = 2 / 3  # of failures by their own fault, the last third breaks off without a word (EVT-5)
UNCONNECTED = 0.58  # of calls of stores that nobody answers: no connection came free in time (EVT-5)


class Visits(msgspec.Struct):
    """Requests that entered at one cell; shapes (requests,)."""

    time_ms: I64  # since the epoch
    user: I64  # number
    route: I64  # of `web.routes`; -1 where nothing is known of the service
    status: I64
    asked: U64  # a word for what else is drawn of a request
    more: U64

    def some(self, places: I64 | Bool) -> Visits:
        """Some of them."""
        return Visits(*(getattr(self, name)[places] for name in self.__struct_fields__))


def written(ids: U64) -> U64:
    """Ids as tables write them: one to one with those of requests, whose bits draw what becomes of them."""
    return draw.mixed(ids)


def swiftness(ids: U64) -> F64:
    """Rank of requests by the time of their own work among all at their node, from 0 for the quickest to 1."""
    return lot(ids, 48)


def _sampled(requests: Requests, share: float) -> Requests:
    """Share of requests, as their ids say."""
    if share >= 1:
        return requests
    return requests.some(np.flatnonzero((requests.id & LOW_32).astype(np.float64) * 2.0**-32 < share))


def stretches(counts: I64, most: int) -> list[tuple[int, int]]:
    """Stretches of ticks that hold about ``most`` requests each; ``counts`` are those of each tick."""
    ends = np.add.accumulate(counts)
    found, first = [], 0
    while first < len(counts):
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + most, side="right")))
        found.append((first, min(last, len(counts))))
        first = last
    return found


def ordered(words: U64) -> I64:
    """Order of words, those that are the same as they come; the quick way to sort is sure of itself where none are."""
    order = np.argsort(words)
    found = words.take(order)
    return np.argsort(words, kind="stable") if (found[1:] == found[:-1]).any() else order


class Entered(msgspec.Struct):
    """Requests that entered at several cells, in the order of time; shapes (requests,)."""

    cell: I64
    id: U64
    ending: U8
    answered: Answered
    visits: Visits
    balancer: Array  # row of who carried it, of `Balancers`; -1 where nobody stands in front

    def traces(self) -> tuple[U64, U64]:
        """Two words of each trace's id as it is written, behind the second of entry: 64 bits, and 32 below them."""
        return written(self.id), written(self.visits.asked) >> np.uint64(32)

    def slice(self, start: int, stop: int) -> Entered:
        """Some of them, one behind the other."""
        found: Entered = _sliced(self, slice(start, stop))
        return found

    def __len__(self) -> int:
        """Count them."""
        return len(self.id)


class Doors:
    """What can be said of requests at each cell of an estate."""

    def __init__(self, walk: Walk) -> None:
        """Take a walk through a solved window."""
        self.walk, self.flow = walk, walk.flow
        self.key = key_of(walk.flow.seed, "request")
        self._spread = markets.has_markets(walk.flow)
        self._split = set(np.flatnonzero(~np.isnan(markets.western(walk.flow))).tolist())
        self.balancers = Balancers(walk.flow)

    def entered(self, cells: Sequence[int], first: int, last: int) -> Entered:
        """Requests that entered at some cells in ticks ``[first, last)`` of the window, followed to their ends."""
        nodes = self.flow.entries.nodes[list(cells)]
        found = [
            self.followed([cell for cell, at in zip(cells, nodes.tolist(), strict=True) if at == node], first, last)
            for node in dict.fromkeys(nodes.tolist())
        ]
        times_ms, ids = (
            np.concatenate(parts) for parts in zip(*((one.visits.time_ms, one.id) for one in found), strict=True)
        )
        joined: Entered = _joined(found, self.in_time(times_ms, ids, first))
        return joined

    def in_time(self, times_ms: I64, ids: U64, first: int) -> I64:
        """Order of time of requests that entered from a tick of the window on; ties go by their ids as written."""
        base_ms = (self.walk.state.window.start + first) * self.walk.state.window.tick_s * 1000
        # A stretch of ticks is shorter than 2^28 ms, which leaves 36 bits of the id for those of one millisecond.
        since_ms = (times_ms - base_ms).astype(np.uint64)
        return ordered((since_ms << TIE_BITS) | (written(ids) >> (np.uint64(64) - TIE_BITS)))

    def followed(
        self,
        cells: Sequence[int],
        first: int,
        last: int,
        watching: Callable[[Requests], Watcher] | None = None,
        *,
        share: float = 1.0,
    ) -> Entered:
        """Requests of all the cells of one node, who go the same ways and so go together; not in the order of time."""
        parts = [_sampled(self.walk.enter(cell, first, last), share) for cell in cells]
        sizes = [len(part) for part in parts]
        halves = [self._go_west(cell, part, first) for cell, part in zip(cells, parts, strict=True)]
        west, turn = (np.concatenate(both) for both in zip(*halves, strict=True))
        requests = _joined(parts)
        requests.root = np.arange(len(requests))
        watcher = None if watching is None else watching(requests)
        node = int(self.flow.entries.nodes[cells[0]])
        carrier = self.balancers.carrier(node, west, turn, requests.tick + self.walk.state.window.start)
        answered = self.walk.follow(node, requests, watcher)
        place = np.repeat(np.array(cells, dtype=np.int64), sizes)
        visits = self.visits(place, requests, answered, west)
        return Entered(place, requests.id, requests.ending, answered, visits, carrier)

    def _go_west(self, cell: int, requests: Requests, first: int) -> tuple[Bool, I64]:
        """Whether requests that entered at a cell from a tick of the window on get to the western balancer of two.

        And the place of each among all of its tick and half that enter at the same node, whichever cells they are of.
        """
        counts = self.walk.totals[cell]
        begins = np.add.accumulate(counts) - counts
        index = requests.root - (begins - begins[first]).take(requests.tick) if len(requests) else requests.root
        ranks = self.walk.ranks("balancer", cell, self.flow.entries.ids)
        west, rank = ranks.pick(requests.tick, index, counts, self.walk.state.western[cell])
        others = np.flatnonzero(self.flow.entries.nodes[:cell] == self.flow.entries.nodes[cell])
        western = np.add.reduce(self.walk.state.western[others], axis=0)
        eastern = np.add.reduce(self.walk.totals[others], axis=0) - western
        return west, rank + np.where(west, western.take(requests.tick), eastern.take(requests.tick))

    def times_ms(self, requests: Requests) -> I64:
        """When requests enter, in ms since the epoch; nobody need know who makes them."""
        window, moment = self.walk.state.window, draw.derived(self.key, requests.id, MOMENT)
        within = (moment >> np.uint64(32)) * np.uint64(window.tick_s * 1000) >> np.uint64(32)
        return (requests.tick + window.start) * (window.tick_s * 1000) + within.astype(np.int64)

    @property
    def people(self) -> People:
        """Everybody."""
        return people(self.flow)

    def visits(self, cells: I64, requests: Requests, answered: Answered, west: Bool) -> Visits:
        """What is known of requests that entered at cells of one node; who gets to which balancer lives on its side."""
        node = int(self.flow.entries.nodes[cells[0]]) if len(cells) else 0
        person = draw.derived(self.key, requests.id, PERSON)
        asked = draw.derived(self.key, requests.id, ASKED)
        lot = (person >> np.uint64(11)).astype(np.float64) * 2.0**-53
        lot *= RARE + (1 - RARE) * lot  # some come often, most now and then
        user = np.empty(len(requests), dtype=np.int64)
        for cell in cells[np.flatnonzero(np.diff(cells, prepend=-1))].tolist():  # those of a cell stand together
            place = self.flow.entries.places[cell]
            mine, pools = cells == cell, [here(place, spread=self._spread)]
            if cell in self._split:
                pools = list(halves(place, self.flow.seed, spread=self._spread))
            for half, pool in enumerate(pools):
                some = np.flatnonzero(mine & (west == half))  # whoever has one pool has nobody in the west
                user[some] = pool.take((lot[some] * len(pool)).astype(np.int64))
        time_ms = self.times_ms(requests)
        route = route_of(self.flow.nodes.names[node], asked)
        status = self._status(node, requests, answered, route, asked)
        return Visits(time_ms, user, route, status, asked, draw.derived(self.key, requests.id, MORE))

    def _status(self, node: int, requests: Requests, answered: Answered, route: I64, asked: U64) -> I64:
        """Status codes: of failures by their cause, of errors of clients by how soon they are told, else by method."""
        name = self.flow.nodes.names[node]
        status = np.full(len(requests), 200, dtype=np.int64)
        bad = requests.ending == FAILED
        if len(route) and route[0] >= 0:
            status = _answers(route, (asked >> np.uint64(16)) & LOW_16)
            share = web.client_errors(name)
            # Errors of clients are found early: they are among the quicker half, the quickest ones first.
            rank = 2 * swiftness(requests.id)
            wrong = (lot(asked, 32) < 2 * share) & (rank < 1) & ~bad
            reads = _reads().take(route)
            for kind, mine in ((web.READING, reads), (web.CHANGING, ~reads)):
                codes, ends = _by_quickness(kind)
                places = np.flatnonzero(wrong & mine)
                status[places] = codes.take(np.searchsorted(ends, rank[places], side="right"))
        places = np.flatnonzero(bad)
        status[places] = failure_status(
            self.flow, node, requests.id[places], requests.id[places], answered.some(places)
        )
        return status


def _joined(parts: Sequence[Any], order: I64 | None = None) -> Any:  # noqa: ANN401  structs of arrays, or of such
    """One struct of arrays out of several, one behind the other or in an order.

    The parts are used up: what has been joined is let go, as there is no room for all of both.
    """
    kind = type(parts[0])
    found = []
    for name in kind.__struct_fields__:
        values = [getattr(one, name) for one in parts]
        if not isinstance(values[0], np.ndarray):
            found.append(_joined(values, order))
            continue
        joined = np.concatenate(values)
        for one in parts:
            setattr(one, name, None)
        del values
        found.append(joined if order is None else joined.take(order))
    return kind(*found)


def taken(whole: Any, order: I64) -> Any:  # noqa: ANN401  see _joined
    """The same in another order."""
    kind = type(whole)
    values = [getattr(whole, name) for name in kind.__struct_fields__]
    return kind(*(one.take(order) if isinstance(one, np.ndarray) else taken(one, order) for one in values))


def _sliced(whole: Any, some: slice) -> Any:  # noqa: ANN401  see _joined
    kind = type(whole)
    values = [getattr(whole, name) for name in kind.__struct_fields__]
    return kind(*(one[some] if isinstance(one, np.ndarray) else _sliced(one, some) for one in values))


def failure_status(flow: Flow, node: int, ids: U64, roots: U64, answered: Answered) -> I64:
    """Status codes of failed requests at a node, by what went wrong and where; ``roots`` are the ids of their traces.

    A fault of its own is a 500, unless the request breaks off late in its work: then nothing is answered, and whoever
    stands in front makes a 502 of it, as of a bad answer from another service. A store that cannot work, or a breaker
    that refuses a call, is a 503; who waits in vain tells 504, or 503 where it was for a connection to a store.
    """
    blame, cause = answered.blame, answered.cause
    own = cause == OWN
    found = np.where((blame == node) & (lot(ids, 48) < BROKEN_OFF), 500, 502)
    in_store = np.isin(flow.nodes.kinds, STORES).take(blame)
    found = np.where((cause == REFUSED) | (in_store & own), 503, found)
    in_vain = in_store & (lot(roots, 32) < UNCONNECTED)
    return np.where(cause == TIMED_OUT, np.where(in_vain, 503, 504), found)


def route_of(service: str, asked: U64, *, is_behind: bool = False) -> I64:
    """Route of each request at a service, or of those of other services; -1 where the catalogue knows nothing of it."""
    numbers, ends = web.routes_behind(service) if is_behind else web.routes_of(service)
    if not len(numbers):
        return np.full(len(asked), -1, dtype=np.int64)
    return numbers.take(_slots(ends).take((asked & LOW_16).astype(np.int64)))


@cache
def _table(ends: tuple[float, ...]) -> Array:
    """Share that each of 65,536 lots falls into, of which lot i is (i + 1/2) / 65,536."""
    begins = np.ceil(np.array([0.0, *ends]) * LOTS - 0.5).astype(np.int64)  # of each share, the first lot
    begins[0] = 0
    return np.repeat(np.arange(len(begins), dtype=np.int16), np.diff(begins, append=LOTS))


def _slots(ends: F64) -> Array:
    """Which share each of 65,536 lots falls into: a look-up is quicker than a search."""
    return _table(tuple(ends.tolist()))


@cache
def _replies() -> tuple[I64, Array]:
    """Number of each route's table, and the status that each of a table's 65,536 lots stands for."""
    known = [web.answers(one) for one in web.routes()]
    said = [(tuple(codes.tolist()), tuple(ends.tolist())) for codes, ends in known]
    kinds = list(dict.fromkeys(said))
    tables = np.stack([np.array(codes, dtype=np.int16).take(_table(ends)) for codes, ends in kinds])
    return np.array([kinds.index(one) for one in said]), tables


def _answers(route: I64, lot: U64) -> I64:
    """Status of answers without an error, by route."""
    of_route, tables = _replies()
    return tables[of_route.take(route), lot.astype(np.int64)].astype(np.int64)


@cache
def _reads() -> Bool:
    """Say of each route whether it changes nothing."""
    return np.array([one.method == "GET" for one in web.routes()])


@cache
def _by_quickness(kind: str) -> tuple[I64, F64]:
    codes, ends = web.statuses(kind)
    shares = np.diff(ends, prepend=0.0)
    quick = web.catalogue()["quick"]
    order = sorted(range(len(codes)), key=lambda place: quick[str(codes[place])])
    return codes[order], web.ends([float(shares[place]) for place in order])
