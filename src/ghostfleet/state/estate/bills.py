"""What an estate costs hour by hour: prices of what stands there, times what runs and what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.window import HOUR_S
from ghostfleet.world.estate.prices import HOURS_PER_MONTH

if TYPE_CHECKING:
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
WASTE = {"EKSCluster": (0.15, 0.35), "RDSInstance": (0.05, 0.25)}  # shares of the cost (EST-25)
OTHER_WASTE = (0.10, 0.30)
SAVED = (0.6, 0.9)  # of waste, what could be had back
STOPPED = 0.3  # of a stopped machine's bill, its disks and licences
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
    is_running: bool = True


class Accounts:
    """Works out bills for any window of whole hours."""

    def __init__(self, world: World, flow: Flow) -> None:
        """List the resources, in the order of their labels and names."""
        self._flow = flow
        found = [one for label in PRICED for one in _resources(world, flow, label)]
        self.resources = sorted(found, key=lambda one: (one.label, one.name))
        ids = draw.entity_ids(f"{one.label} {one.key}" for one in self.resources)
        u = draw.uniform(flow.stream("bills").keys(ids), 0, 2)
        spans = np.array([WASTE.get(one.label, OTHER_WASTE) for one in self.resources]).reshape(-1, 2)
        self._waste = spans[:, 0] + (spans[:, 1] - spans[:, 0]) * u[:, 0]
        self._saved = SAVED[0] + (SAVED[1] - SAVED[0]) * u[:, 1]

    def bills(self, state: State) -> Bills:
        """Bills of the hours of a state's window."""
        per_hour = HOUR_S // state.window.tick_s
        hours = len(state.window) // per_hour
        shape = len(self.resources), hours
        hourly, usage, waste = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        requests = state.outcomes.requests
        for row, one in enumerate(self.resources):
            units = state.influences.times("cluster.nodes", one.key, np.ones(len(state.window)))
            running = _hourly(np.rint(units * one.units), per_hour) / per_hour
            places = list(one.nodes)
            count = _hourly(_total(requests, places), per_hour)
            usual = _total(self._flow.nodes.rates, places) * HOUR_S
            asked = count / usual if usual > 0 else np.zeros(hours)
            fixed = FIXED.get(one.label, 1.0)
            share = fixed + (1 - fixed) * np.minimum(asked, 3.0)
            price = one.monthly_usd / HOURS_PER_MONTH * (1.0 if one.is_running else STOPPED)
            hourly[row] = price * share * (running / one.units)
            usage[row] = running if one.label in {"EKSCluster", "RDSInstance", "EC2Instance"} else count
            idle = 1 + IDLE_FACTOR * (USUAL_LOAD - self._load(state, one, per_hour))
            wasted = _hourly(state.influences.plus("bill.waste", one.key, np.zeros(len(state.window))), per_hour)
            # Machines beyond those that the estate needs are waste altogether.
            beyond = np.maximum(1 - one.units / np.maximum(running, 1e-9), 0.0)
            waste[row] = np.minimum(self._waste[row] * np.maximum(idle, 0.2) + wasted / per_hour + beyond, MOST_WASTE)
        return Bills(hourly, usage, waste, np.broadcast_to(self._saved[:, None], shape))

    def _load(self, state: State, one: Resource, per_hour: int) -> F64:
        places = list(one.nodes)
        if not places or one.label == "ExternalService":
            return np.full(len(state.window) // per_hour, USUAL_LOAD)
        loads = np.minimum(state.rates.loads[places], 1.0)
        return _hourly(_total(loads, list(range(len(places)))), per_hour) / (per_hour * len(places))


def _hourly(values: F64 | I64, per_hour: int) -> F64:
    """Sums of hours, tick by tick so that the order of additions is known."""
    ticks = values.reshape(-1, per_hour)
    total = ticks[:, 0].astype(np.float64)
    for tick in range(1, per_hour):
        total = total + ticks[:, tick]
    return total


def _total(values: F64 | I64, places: list[int]) -> F64:
    total = np.zeros(values.shape[1:], dtype=np.float64)
    for place in places:
        total = total + values[place]
    return total


def _resources(world: World, flow: Flow, label: str) -> list[Resource]:
    found = world[label]
    prices = found.numbers("cost_monthly").tolist()
    has = found.columns
    regions = found.words("region") if "region" in has else ["global"] * len(found)
    environments = found.words("environment") if "environment" in has else ["production"] * len(found)
    centers = found.words("cost_center") if "cost_center" in has else ["CC-9000"] * len(found)
    statuses = found.words("status") if "status" in has else [""] * len(found)
    nodes = found.numbers("total_nodes").tolist() if label == "EKSCluster" else [1.0] * len(found)
    return [
        Resource(
            label, key, found.ids[row], found.names[row], regions[row], environments[row], centers[row],
            prices[row], nodes[row], _served(world, flow, label, key),
            is_running=label != "EC2Instance" or statuses[row] != "stopped" or bool(flow.slots_into[flow.places[key]]),
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
