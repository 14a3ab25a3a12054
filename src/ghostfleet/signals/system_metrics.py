"""How each service looks to a monitoring agent, one row per service and step (EST-29)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw, rows
from ghostfleet.core.batch import Batch
from ghostfleet.core.facts import Facts
from ghostfleet.core.table import Fold, Kind, Table, column
from ghostfleet.signals import StateObserver
from ghostfleet.state.estate import mixtures
from ghostfleet.state.estate.mixtures import Sums
from ghostfleet.world import flow as flows
from ghostfleet.world.flow.draft import SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ghostfleet.core.arrays import F64
    from ghostfleet.core.batch import Values
    from ghostfleet.core.table import Column
    from ghostfleet.core.window import Window
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State


def _percent(name: str, about: str, fold: Fold | None = Fold.MEAN) -> Column:
    return column(name, Kind.F64, about, unit="%", low=0, high=100, resolution=0.01, fold=fold)


def _count(name: str, about: str, fold: Fold, unit: str = "") -> Column:
    return column(name, Kind.I64, about, unit=unit, low=0, fold=fold)


NEEDS: tuple[str, ...] = ("estate",)
TABLE = Table(
    "system_metrics",
    "how each service of the estate does",
    (
        column("time", Kind.TIME, "start of the step, UTC"),
        column("service_name", Kind.TEXT, "name of the service, as in the graph"),
        column("cluster_name", Kind.TEXT, "cluster that it runs on"),
        column("region", Kind.TEXT, "region of the cluster"),
        column("environment", Kind.TEXT, "what it is for", values=("production", "staging", "development")),
        _percent("cpu_utilization", "CPU of its pods in use, of their limit"),
        _percent("memory_utilization", "memory of its pods in use, of their limit"),
        _percent("disk_utilization", "volumes of its pods in use"),
        _count("network_in_bytes", "bytes received", Fold.SUM, "B"),
        _count("network_out_bytes", "bytes sent", Fold.SUM, "B"),
        _count("request_count", "requests that arrived", Fold.SUM),
        column(
            "response_time_ms", Kind.F64, "median time of served requests, to 0.01 or 0.1 by agent; null without any",
            unit="ms", low=0, resolution=0.01, nullable=True,
        ),
        column(
            "error_rate", Kind.F64, "requests that failed or timed out, to 0.00001 or 0.01 by agent; null without any",
            unit="%", low=0, high=100, resolution=0.00001, nullable=True,
        ),
        column("throughput_rps", Kind.F64, "requests served per second", unit="1/s", low=0, resolution=0.001),
        _count("active_connections", "requests in work and connections kept open at the end", Fold.LAST),
        _count("pod_count", "pods that run at the end", Fold.LAST),
        _count("replica_count", "pods that the autoscaler wants at the end", Fold.LAST),
        _count("pending_pods", "pods that wait for a place or an image", Fold.LAST),
        _count("failed_pods", "pods that crash as soon as they start", Fold.LAST),
    ),
    keys=("time", "service_name", "cluster_name"),
    order=("time", "service_name"),
)  # fmt: skip
SUMS = ("served", "failed", "clean", "clean_ms", "clean_square", "again", "again_ms", "again_square")
COARSE = {"response_time_ms": 10, "error_rate": 1000}  # resolutions that half of the agents round to: 0.1 ms, 0.01 %
COARSE_SHARE = 0.5
KEPT_PER_POD = 2.0  # connections that stay open
CRASHING = 0.3  # of pods that do not start, the share that crashes; the others wait


def observer(scenario: Scenario) -> StateObserver:
    """Make the signal ready for a scenario."""
    return SystemMetrics(scenario).ready()


class SystemMetrics:
    """The signal of one scenario; services in the order of their names."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up what does not change."""
        flow = flows.build(scenario)
        estate = flow.estate
        self.names = tuple(sorted(name for name in flow.nodes.names if flow.nodes.kinds[flow.places[name]] == SERVICE))
        services = [estate.services[name] for name in self.names]
        networks = [estate.networks[estate.clusters[service.cluster].network] for service in services]
        self._clusters = [service.cluster for service in services]
        self._regions = [network.region for network in networks]
        self._environments = [network.environment for network in networks]
        self.places = [flow.places[name] for name in self.names]
        ids = flow.nodes.ids[self.places]
        self._per_one = {
            name: _readings_per_one(TABLE[name], draw.uniform(flow.stream("agent", name).keys(ids), 0, 1), coarse)
            for name, coarse in COARSE.items()
        }

    def ready(self) -> StateObserver:
        """The observer."""
        count = len(self.names)
        return StateObserver(TABLE, count, self.observe, lambda window: count * len(window))

    def facts(self, state: State) -> Facts:
        """Facts of every service and tick."""
        places, outcomes, rates = self.places, state.outcomes, state.rates
        into, out = state.through
        served = outcomes.served[places]
        answers = rates.answers
        clean = served * answers.clean[places]
        again = served - clean
        whole_ms, clean_ms = answers.served_mean[places], answers.clean_mean[places]
        whole_square = answers.served_variance[places] + whole_ms * whole_ms
        clean_square = answers.clean_variance[places] + clean_ms * clean_ms
        in_work = rates.attempts[places] * whole_ms / 1000
        wanted, running = rates.wanted[places], rates.running[places]
        missing = np.maximum(wanted - running, 0.0)
        crashing = np.zeros_like(missing)
        for row, name in enumerate(self.names):
            unstarted = state.influences.get("node.unstarted", name)
            if unstarted is not None:  # somewhere in the window; what an incident does not strike only starts
                crashing[row] = np.where(unstarted > 0, np.floor(missing[row] * CRASHING), 0.0)
        cpu, memory = state.used
        values = {
            "cpu_utilization": cpu,
            "memory_utilization": memory,
            "disk_utilization": state.leaves.usage.disk(state),
            "network_in_bytes": into[places],
            "network_out_bytes": out[places],
            "request_count": outcomes.requests[places],
            "active_connections": np.rint(in_work + KEPT_PER_POD * running).astype(np.int64),
            "pod_count": running.astype(np.int64),
            "replica_count": wanted.astype(np.int64),
            "pending_pods": (missing - crashing).astype(np.int64),
            "failed_pods": crashing.astype(np.int64),
            "served": served,
            "failed": outcomes.failed[places] + outcomes.late[places],
            "clean": clean,
            "clean_ms": clean * clean_ms,
            "clean_square": clean * clean_square,
            "again": again,
            "again_ms": np.maximum(served * whole_ms - clean * clean_ms, again * clean_ms),
            "again_square": np.maximum(served * whole_square - clean * clean_square, again * clean_square),
        }
        return Facts(TABLE, state.window, values, dict.fromkeys(SUMS, Fold.SUM))

    def times_ms(self, facts: Mapping[str, F64], ticks: int) -> F64:
        """Median times of rows of some ticks of facts as agents round them."""
        return self._rounded("response_time_ms", median(facts, ticks))

    def error_rates(self, facts: Mapping[str, F64]) -> F64:
        """Per cent that failed, of folded facts, as agents round them; 0 without requests."""
        return self._rounded("error_rate", 100 * facts["failed"] / np.maximum(facts["request_count"], 1))

    def _rounded(self, name: str, values: F64) -> F64:
        per_one = self._per_one[name]
        return np.rint(values * per_one) / per_one

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window, time after time."""
        of_ticks, ticks = self.facts(state), window.tick_s // state.window.tick_s
        folded = of_ticks.folded(ticks)
        facts = folded.values
        requests, served = facts["request_count"], facts["served"]
        none = requests == 0
        columns: dict[str, Values] = {
            "time": rows.times(window, len(self.names)),
            "service_name": rows.names(self.names, window),
            "cluster_name": rows.words(self._clusters, window),
            "region": rows.words(self._regions, window),
            "environment": rows.words(self._environments, window),
        }
        columns |= {one.name: rows.read(folded, one) for one in TABLE.columns if one.name in facts}
        times_ms = self.times_ms(of_ticks.values, ticks)
        columns["response_time_ms"] = rows.decimals(times_ms, TABLE["response_time_ms"], served == 0)
        columns["error_rate"] = rows.decimals(self.error_rates(facts), TABLE["error_rate"], none)
        columns["throughput_rps"] = rows.decimals(served / window.tick_s, TABLE["throughput_rps"])
        yield Batch(TABLE, {name: columns[name] for name in TABLE.names})


def _readings_per_one(column: Column, u: F64, coarse: int) -> F64:
    """How many steps of each agent's make one unit, shape (services, 1): those of the column, or coarser ones."""
    finest = 10**column.decimals
    per_one: F64 = np.where(u < COARSE_SHARE, finest // coarse, finest).astype(np.float64)
    return per_one


def median(facts: Mapping[str, F64], ticks: int = 1) -> F64:
    """Median of requests served in rows of some ticks: of those served at once, and after a call was tried again."""
    sums = [Sums(*(facts[f"{name}{part}"] for part in ("", "_ms", "_square"))) for name in ("clean", "again")]
    services, of_all = sums[0].weight.shape
    return mixtures.quantiles(sums, (0.5,), ticks=ticks, slower=1)[0].reshape(services, of_all // ticks)
