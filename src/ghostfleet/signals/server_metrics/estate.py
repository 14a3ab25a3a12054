"""Days of an estate's hosts: 95th percentiles of what `host_metrics` tells of them every five minutes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import rows
from ghostfleet.core.batch import Batch
from ghostfleet.core.window import DAY_S, Window
from ghostfleet.signals import StateObserver
from ghostfleet.signals.host_metrics.agents import SCALE
from ghostfleet.signals.host_metrics.estate import EstateHosts
from ghostfleet.signals.server_metrics import TABLE, dates
from ghostfleet.spec.data import Seasonality
from ghostfleet.spec.hosts import ROW_S
from ghostfleet.state.hosts.space import space
from ghostfleet.world import estate as worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.arrays import F64
    from ghostfleet.core.batch import Values
    from ghostfleet.signals import Expected
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State
    from ghostfleet.world.estate import World

P95 = 95  # per cent
MBPS = 8 * 1024 / 1e6  # of a KB/s
READ = {
    "cpu_p95": ("cpu", 1.0),
    "mem_p95": ("memory", 1.0),
    "net_in_p95": ("net_in", MBPS),
    "net_out_p95": ("net_out", MBPS),
}
UNITS = {  # of the domains of the shipped estates; any other is a unit of its own
    "trading": "Trading",
    "risk": "Trading",
    "portfolio": "Trading",
    "shop": "Retail",
    "compliance": "Compliance",
    "platform": "IT",
    "staging": "IT",
    "development": "IT",
}
RANKS = {"critical": "High", "high": "High", "medium": "Medium", "low": "Low"}
REGIONS = {"us-east": "US-East", "us-west": "US-West", "eu": "EU", "ap": "Asia"}  # by how a region's name begins
OF_FLEETS = ("expected_data", "expected_archetypes", "expected_correlations", "expected_hours", "expected_holidays")
NOBODY = ("-", "IT", "Low")


class Server(msgspec.Struct, frozen=True):
    """What is said of a host on every day."""

    app_name: str
    business_unit: str
    criticality: str
    region: str
    server_type: str


class EstateServers:
    """The signal of one scenario; hosts in the order of their names."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up what does not change."""
        world = worlds.build(scenario)
        self._hosts, self._until_s = EstateHosts(scenario), scenario.timeline.until_s
        self._names = self._hosts.fleet.names
        self._space = space(self._hosts.fleet)
        found = _servers(world)
        self._servers = [found[name] for name in self._names]
        own = {name: tuple(sorted({getattr(one, name) for one in self._servers})) for name in Server.__struct_fields__}
        columns = tuple(
            replace(one, values=own[one.name]) if one.values and one.name in own else one for one in TABLE.columns
        )
        self._table = replace(TABLE, columns=columns, order=("timestamp", "server_id"))
        self._words = own

    def expectations(self) -> dict[str, Expected]:
        """Words that the columns about hosts may have, and why nothing else is expected of them."""
        count = len(self._names)
        words = [{"column_name": name, "valid": word} for name, words in self._words.items() for word in words]
        why = f"the servers are the {count} hosts of an estate, and documents speak of a fleet"
        return {
            "expected_values": words,
            "expected_hosts_of_estate": [{"hosts": count}],
            **dict.fromkeys(OF_FLEETS, why),
        }

    def ready(self) -> StateObserver:
        """The observer; a row is a day, which does not fold."""
        count = len(self._names)
        return StateObserver(self._table, count, self.observe, lambda window: count * len(window), DAY_S)

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window of days, day after day."""
        for day in window.cut(1):
            if len(self._names):
                yield self._day(state, day)

    def _day(self, state: State, day: Window) -> Batch:
        count = len(self._names)
        seen = Window.between(day.since_s, min(day.until_s, self._until_s), ROW_S)
        readings: dict[str, list[F64]] = {name: [] for name in READ}
        for piece, hosts in self._hosts.seen(state, seen):
            facts = hosts.facts(piece, 0, count)
            for name, (metric, unit) in READ.items():
                millionths, missing = hosts.reading(facts, metric, 0, count)
                readings[name].append(np.where(missing, np.nan, millionths * (unit / SCALE)))
        joined = {name: np.concatenate(parts, axis=1) for name, parts in readings.items()}
        joined["disk_p95"] = np.where(np.isnan(joined["cpu_p95"]), np.nan, self._space.used(seen))
        columns: dict[str, Values] = {
            "timestamp": rows.times(day, count),
            "server_id": rows.names(self._names, day),
        }
        for name, values in joined.items():
            p95 = _p95(values)
            columns[name] = rows.decimals(np.minimum(p95, TABLE[name].high or 0), TABLE[name], np.isnan(p95))
        for name in Server.__struct_fields__:
            columns[name] = rows.words([getattr(one, name) for one in self._servers], day)
        columns |= dates(day, count, Seasonality().eoq_months)
        return Batch(self._table, {name: columns[name] for name in self._table.names})


def _p95(values: F64) -> F64:
    """95th percentile of each host's readings, linear between the nearest two; NaN where there are none.

    ``values`` has shape (hosts, readings), missing ones NaN; the result has shape (hosts, 1).
    """
    ordered = np.sort(values, axis=1)  # NaN comes last
    last = np.count_nonzero(~np.isnan(values), axis=1, keepdims=True) - 1
    place = np.maximum(last, 0) * P95 / 100
    below = place.astype(np.int64)
    low, high = (np.take_along_axis(ordered, np.minimum(at, np.maximum(last, 0)), axis=1) for at in (below, below + 1))
    p95: F64 = low + (high - low) * (place - below)
    return p95


def _servers(world: World) -> dict[str, Server]:
    """What is said of each host, by its name."""
    estate, found = world.estate, {}
    on_node, on_cluster = _pods(world)
    nodes = world["Node"]
    for name, cluster, region in zip(nodes.names, nodes.words("cluster_name"), nodes.words("region"), strict=True):
        services = on_node.get(name) or on_cluster.get(cluster) or Counter()
        found[name] = Server(*_owner(world, services), _region(region), "application")
    machines = world["EC2Instance"]
    for name, region in zip(machines.names, machines.words("region"), strict=True):
        services = Counter(one for one, spec in estate.services.items() if any(name == call for call in spec.queries))
        found[name] = Server(*_owner(world, services), _region(region), "database")
    return found


def _pods(world: World) -> tuple[dict[str, Counter[str]], dict[str, Counter[str]]]:
    """How many pods of each service stand on each node, and in each cluster."""
    pods = world["Pod"]
    nodes: dict[str, Counter[str]] = {}
    clusters: dict[str, Counter[str]] = {}
    for service, node, cluster in zip(
        pods.words("service_name"), pods.words("node_name"), pods.words("cluster_name"), strict=True
    ):
        if service in world.estate.services:
            nodes.setdefault(node, Counter())[service] += 1
            clusters.setdefault(cluster, Counter())[service] += 1
    return nodes, clusters


def _owner(world: World, services: Counter[str]) -> tuple[str, str, str]:
    """Application, business unit and criticality of the service that a host serves most."""
    if not services:
        return NOBODY
    name = min(services, key=lambda one: (-services[one], one))
    spec = world.estate.services[name]
    applications = (key for key, one in world.estate.applications.items() if name in one.uses)
    return next(applications, name), UNITS.get(spec.domain, spec.domain.capitalize()), RANKS[spec.criticality]


def _region(name: str) -> str:
    return next((region for start, region in REGIONS.items() if name.startswith(start)), name)
