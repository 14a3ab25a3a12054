"""What an estate costs hour by hour: prices of what stands there, times what runs and what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.window import HOUR_S
from ghostfleet.state.estate.balancers import Balancers
from ghostfleet.state.estate.nodes import ClusterNodes
from ghostfleet.world.estate.prices import HOURS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ghostfleet.core.arrays import F64, I64
    from ghostfleet.state.estate import State
    from ghostfleet.world.estate import World
    from ghostfleet.world.flow import Flow

PRICED = ("EKSCluster", "RDSInstance", "EC2Instance", "LoadBalancer", "WebService", "ExternalService")
FIXED = {"LoadBalancer": 0.75, "WebService": 0.85}  # share of a bill that does not follow requests; else all of it
UNITS = {
    "EKSCluster": "node-hours",
    "RDSInstance": "instance-hours",
    "EC2Instance": "instance-hours",
    "LoadBalancer": "requests",
    "WebService": "requests",
    "ExternalService": "calls",
}
KEPT = frozenset({"EKSCluster", "RDSInstance", "EC2Instance"})  # billed by what runs, not by what it is asked
WASTE = {"EKSCluster": (0.15, 0.35), "RDSInstance": (0.05, 0.25)}  # shares of the cost (EST-25)
OTHER_WASTE = (0.10, 0.30)
SAVED = (0.6, 0.9)  # of waste, what could be had back
USUAL_LOAD, IDLE_FACTOR = 0.45, 0.8  # a resource below its usual load wastes more, one above it less
MOST_WASTE = 0.75


class Bills(msgspec.Struct, frozen=True):
    """Hours of resources; shapes (resources, hours)."""

    hourly_usd: F64
    usage: F64
    waste: F64  # share of the cost
    potential: F64  # share of the waste


class Resource(msgspec.Struct, frozen=True):
    """What one pays for."""

    label: str
    key: str  # as the scenario writes it
    id: str
    name: str
    region: str
    environment: str
    cost_center: str
    monthly_usd: float
    units: float  # nodes of a cluster, 1 of anything else
    nodes: tuple[int, ...]  # places in the flow whose requests it serves


class Accounts:
    """Works out bills for any window of whole hours."""

    def __init__(self, world: World, flow: Flow) -> None:
        """List the resources, in the order of their labels and names."""
        self._nodes, self._balancers = ClusterNodes(world, flow), Balancers(flow)
        found = [one for label in PRICED for one in _resources(world, flow, label)]
        self.resources = sorted(found, key=lambda one: (one.label, one.name))
        ids = draw.entity_ids(f"{one.label} {one.key}" for one in self.resources)
        u = draw.uniform(flow.stream("bills").keys(ids), 0, 2)
        spans = np.array([WASTE.get(one.label, OTHER_WASTE) for one in self.resources]).reshape(-1, 2)
        self._waste = spans[:, 0] + (spans[:, 1] - spans[:, 0]) * u[:, 0]
        self._saved = SAVED[0] + (SAVED[1] - SAVED[0]) * u[:, 1]
        self._rows: dict[str, list[int]] = {}
        for row, one in enumerate(self.resources):
            self._rows.setdefault(one.key, []).append(row)
        self._units = _column(one.units for one in self.resources)
        self._fixed = _column(FIXED.get(one.label, 1.0) for one in self.resources)
        self._prices = _column(one.monthly_usd / HOURS_PER_MONTH for one in self.resources)
        rows = {one.key: row for row, one in enumerate(self.resources) if one.label == "LoadBalancer"}
        self._carriers = [rows[name] for name in self._balancers.names]
        self._usual = self._stacked(flow.nodes.rates[:, None]) * HOUR_S
        self._usual[self._carriers, 0] = self._balancers.usual * HOUR_S
        self._are_kept = np.array([one.label in KEPT for one in self.resources])[:, None]

    def bills(self, state: State) -> Bills:
        """Bills of the hours of a state's window."""
        per_hour = HOUR_S // state.window.tick_s
        running = _hourly(self._running(state), per_hour) / per_hour
        count, usual = _hourly(self._asked(state), per_hour), self._usual
        asked = np.where(usual > 0, count / np.where(usual > 0, usual, 1.0), 0.0)
        share = self._fixed + (1 - self._fixed) * np.minimum(asked, 3.0)
        # Machines beyond those that the estate needs are waste altogether, and all that an incident wastes there.
        beyond = np.maximum(1 - self._units / np.maximum(running, 1e-9), 0.0)
        idle = np.maximum(1 + IDLE_FACTOR * (USUAL_LOAD - self._loads(state, per_hour)), 0.2)
        wasted = _hourly(self._wasted(state), per_hour) / per_hour
        return Bills(
            hourly_usd=self._prices * share * (running / self._units),
            usage=np.where(self._are_kept, running, count),
            waste=np.minimum(self._waste[:, None] * idle + np.where(beyond > 0, beyond, wasted), MOST_WASTE),
            potential=np.broadcast_to(self._saved[:, None], running.shape),
        )

    def _running(self, state: State) -> F64:
        """Units of each resource that run, shape (resources, ticks)."""
        units = np.repeat(self._units, len(state.window), axis=1)
        for row, one in enumerate(self.resources):
            if one.label == "EKSCluster":
                units[row] = self._nodes.numbers(state.influences, (one.key,))[0]
        return units

    def _wasted(self, state: State) -> F64:
        """Shares of bills that incidents waste, shape (resources, ticks)."""
        wasted = np.zeros((len(self.resources), len(state.window)))
        state.influences.shift("bill.waste", self._rows, wasted)
        return wasted

    def _asked(self, state: State) -> F64:
        """Requests that each resource serves, shape (resources, ticks); of balancers those that they carry."""
        asked = self._stacked(state.outcomes.requests)
        asked[self._carriers] = self._balancers.carried(state)
        return asked

    def _stacked(self, values: F64 | I64) -> F64:
        """Sums over the nodes that each resource serves, shape (resources, ticks)."""
        out = np.zeros((len(self.resources), values.shape[1]))
        for row, one in enumerate(self.resources):
            for place in one.nodes:
                out[row] += values[place]
        return out

    def _loads(self, state: State, per_hour: int) -> F64:
        """Mean loads of what resources serve, shape (resources, hours)."""
        loads = _hourly(self._stacked(np.minimum(state.rates.loads, 1.0)), per_hour)
        has = np.array([bool(one.nodes) and one.label != "ExternalService" for one in self.resources])[:, None]
        nodes = np.array([max(len(one.nodes), 1) for one in self.resources])[:, None]
        return np.where(has, loads / (per_hour * nodes), USUAL_LOAD)


def _hourly(values: F64 | I64, per_hour: int) -> F64:
    """Sums of hours, shape (rows, hours), tick by tick so that the order of additions is known."""
    ticks = values.reshape(len(values), values.shape[1] // per_hour, per_hour)
    total = ticks[:, :, 0].astype(np.float64)
    for tick in range(1, per_hour):
        total += ticks[:, :, tick]
    return total


def _column(values: Iterable[float]) -> F64:
    return np.array(list(values), dtype=np.float64)[:, None]


def _resources(world: World, flow: Flow, label: str) -> list[Resource]:
    found = world[label]
    prices = found.numbers("cost_monthly").tolist()
    has = found.columns
    regions = found.words("region") if "region" in has else ["global"] * len(found)
    environments = found.words("environment") if "environment" in has else ["production"] * len(found)
    centers = found.words("cost_center") if "cost_center" in has else ["CC-9000"] * len(found)
    nodes = found.numbers("total_nodes").tolist() if label == "EKSCluster" else [1.0] * len(found)
    return [
        Resource(
            label, key, found.ids[row], found.names[row], regions[row], environments[row], centers[row],
            prices[row], nodes[row], _served(world, flow, label, key),
        )
        for row, key in enumerate(found.keys)
    ]  # fmt: skip


def _served(world: World, flow: Flow, label: str, key: str) -> tuple[int, ...]:
    """Places in the flow whose requests a resource serves."""
    if label == "EKSCluster":
        names = [name for name, service in world.estate.services.items() if service.cluster == key]
    elif label == "LoadBalancer":
        names = list(world.estate.balancers[key].routes_to)
    else:
        names = [key]
    return tuple(flow.places[name] for name in names if name in flow.places)
