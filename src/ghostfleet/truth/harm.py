"""How many of those who asked for what an incident struck it hurt: by difference, what failed, came late or not at all.

Only what people and feeds ask of production is worth money. The rates per minute that kinds name are those of whole
incidents as documents tell of them (EST-17), in which far from all requests fail: so part of them makes the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.state.estate.influences import sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.core.arrays import F64
    from ghostfleet.incidents import Incident
    from ghostfleet.spec.estate import Estate
    from ghostfleet.state.estate import Estates, State
    from ghostfleet.world.occasions import Occasion

WHOLE = 0.3  # share of requests hurt from which on an incident costs all that its kind does
WORTHLESS = 3.0  # times as long as without the incident: an answer that came so late is worth nothing
FALLS = 0.25  # of the way to the least that documents say, with demand
NOBODY = 1e-9  # requests per second


class Harm:
    """Measures what one incident did to those who ask production for what it struck."""

    def __init__(self, estates: Estates, occasion: Occasion) -> None:
        """Find out where they ask."""
        flow = estates.flow
        root = flow.places.get(occasion.root)
        struck = [root] if root is not None else [flow.places[one] for one in estates.residents.get(occasion.root, ())]
        above = {node for place in struck for node in sources(flow, place)}
        earning = {node for node in above if is_production(flow.estate, flow.nodes.names[node])}
        cells = [cell for cell, node in enumerate(flow.entries.nodes.tolist()) if node in earning]
        self._root = root
        self._cells = np.array(cells, dtype=np.int64)
        self._nodes = flow.entries.nodes[self._cells]
        self._dear = dearness(occasion.kind)
        self._usual = float(np.add.reduce(flow.nodes.entering[sorted(earning)]))

    def weight(self, hit: State, spared: State) -> F64:
        """Share of the cost of a whole incident, over that at the reference's demand, shape (ticks,)."""
        asked = spared.rates.entering[self._cells]
        come = np.minimum(hit.rates.entering[self._cells] / np.maximum(asked, NOBODY), 1.0)
        before, after = spared.rates.answers, hit.rates.answers
        failed = np.maximum(after.failures - before.failures, 0.0)[self._nodes]
        times = (after.served_mean / np.maximum(before.served_mean, NOBODY))[self._nodes]
        late = np.clip((times - 1) / (WORTHLESS - 1), 0.0, 1.0)
        hurt = np.add.reduce(asked * (1 - come * (1 - failed) * (1 - late)), axis=0)
        could, usual = np.add.reduce(asked, axis=0), self._usual
        demand = could / max(usual, NOBODY)
        if self._root is not None:  # not everybody who enters comes there
            could = np.minimum(could, spared.rates.first[self._root])
            demand = spared.rates.first[self._root] / max(float(hit.flow.nodes.rates[self._root]), NOBODY)
        weight: F64 = self._dear(demand) * np.minimum(hurt / np.maximum(WHOLE * could, NOBODY), 1.0)
        return weight


def dearness(kind: Incident) -> Callable[[F64], F64]:
    """Times the usual cost that an incident has at times the usual demand: as many, unless documents bound its cost.

    Then it is 1 at the usual demand and rises with it, up to the most that the longest one may cost. It falls a quarter
    of the way to the least that the shortest one may cost: the rest is for those who ask and are not hurt, who are more
    when fewer ask.
    """
    if kind.USD is None:
        return lambda demand: demand
    (shortest, longest), (least_usd, most_usd) = type(kind)().minutes, kind.USD
    low = 1 - FALLS * (1 - min(least_usd / (kind.USD_PER_MINUTE * max(shortest, 1.0)), 1.0))
    high = max(most_usd / (kind.USD_PER_MINUTE * max(longest, 1.0)), 1.0)
    half = (high - 1) / max(1 - low, NOBODY)
    return lambda demand: low + (high - low) * demand / np.maximum(demand + half, NOBODY)


def is_production(estate: Estate, name: str) -> bool:
    """Whether something stands in production; what others run does."""
    around = estate.services[name].cluster if name in estate.services else name
    for section in (estate.clusters, estate.databases, estate.machines, estate.web_services):
        if around in section:
            return estate.networks[section[around].network].environment == "production"
    return True
