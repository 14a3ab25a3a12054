"""How calls between services, and to databases, look from the caller's side: one row per edge and step (EST-29)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import counts, draw, rows
from ghostfleet.core.batch import Batch
from ghostfleet.core.facts import Facts
from ghostfleet.core.table import Fold, Kind, Table, column
from ghostfleet.signals import StateObserver
from ghostfleet.state.estate import mixtures
from ghostfleet.state.estate.answers import wire_ms
from ghostfleet.state.estate.blocks import blocks
from ghostfleet.state.estate.latency import Limit
from ghostfleet.state.estate.mixtures import Sums
from ghostfleet.state.estate.usage import Traffic
from ghostfleet.world import flow as flows
from ghostfleet.world.flow.draft import DATABASE, MACHINE, SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ghostfleet.core.arrays import F64, Array
    from ghostfleet.core.batch import Values
    from ghostfleet.core.table import Column
    from ghostfleet.core.window import Window
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State


def _milliseconds(name: str, about: str) -> Column:
    return column(name, Kind.F64, f"{about}; null without requests", unit="ms", low=0, resolution=0.001, nullable=True)


def _count(name: str, about: str, fold: Fold, unit: str = "") -> Column:
    return column(name, Kind.I64, about, unit=unit, low=0, fold=fold)


NEEDS: tuple[str, ...] = ("estate",)
TABLE = Table(
    "network_metrics",
    "calls of services to services and to databases, as the caller sees them",
    (
        column("time", Kind.TIME, "start of the step, UTC"),
        column("source_service", Kind.TEXT, "service that calls"),
        column("target_service", Kind.TEXT, "service or database that is called"),
        column("source_cluster", Kind.TEXT, "cluster of the caller"),
        column("target_cluster", Kind.TEXT, "cluster of the callee; null where it is a database", nullable=True),
        column(
            "connection_type", Kind.TEXT, "protocol", values=("Database", "HTTP/2", "HTTPS", "WebSocket", "gRPC")
        ),
        column("region", Kind.TEXT, "region of the caller"),
        _milliseconds("avg_latency_ms", "mean time of an attempt"),
        _milliseconds("p50_latency_ms", "median time of an attempt"),
        _milliseconds("p95_latency_ms", "95th percentile of the time of an attempt"),
        _milliseconds("p99_latency_ms", "99th percentile of the time of an attempt"),
        _count("request_count", "attempts, those of tried-again calls included", Fold.SUM),
        _count("byte_count", "bytes there and back", Fold.SUM, "B"),
        _count("error_count", "attempts that failed", Fold.SUM),
        _count("timeout_count", "of those, attempts that took too long", Fold.SUM),
        _count("active_connections", "connections in use at the end", Fold.LAST),
        column(
            "connection_pool_utilization", Kind.F64, "share of the caller's pool in use", low=0, high=1,
            resolution=0.001, fold=Fold.MEAN,
        ),
        _count("tcp_retransmissions", "segments sent again", Fold.SUM),
        column(
            "packet_loss_rate", Kind.F64, "segments lost", unit="%", low=0, high=100, resolution=0.001, fold=Fold.MEAN
        ),
    ),
    keys=("time", "source_service", "target_service"),
    order=("time", "source_service", "target_service"),
)  # fmt: skip
CLASSES = ("clean", "again", "late", "slow", "refused", "fast")
SUMS = tuple(f"{name}{part}" for name in CLASSES for part in ("", "_ms", "_square"))
PERCENTILES = {"p50_latency_ms": 0.5, "p95_latency_ms": 0.95, "p99_latency_ms": 0.99}
POOL_ROOM = 2.5  # of a pool, over the connections that the reference needs
LEAST_POOL = 8.0
SEGMENT_BYTES = 1448
LOSS = (2e-6, 1.1)  # median and log-deviation of the share of segments lost on an edge
TIMED_OUT_SPREAD = 0.01  # of the limit: a caller gives up when its clock says so
REFUSED_SPREAD = 0.5  # of the mean of attempts that a breaker refused further below


def observer(scenario: Scenario) -> StateObserver:
    """Make the signal ready for a scenario."""
    return NetworkMetrics(scenario).ready()


class NetworkMetrics:
    """The signal of one scenario; edges by the names of their ends."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up what does not change."""
        flow = flows.build(scenario)
        estate = flow.estate
        names, kinds = flow.nodes.names, flow.nodes.kinds.tolist()
        ends = list(zip(flow.calls.parents.tolist(), flow.calls.children.tolist(), strict=True))
        seen = [
            edge
            for edge, (parent, child) in enumerate(ends)
            if kinds[parent] == SERVICE and kinds[child] in {SERVICE, DATABASE, MACHINE}
        ]
        self.edges = sorted(seen, key=lambda edge: (names[ends[edge][0]], names[ends[edge][1]]))
        self._sources = [names[ends[edge][0]] for edge in self.edges]
        self._targets = [names[ends[edge][1]] for edge in self.edges]
        self._clusters = [estate.services[name].cluster for name in self._sources]
        self._target_clusters = [
            estate.services[name].cluster if name in estate.services else None for name in self._targets
        ]
        self._protocols = [flow.calls.protocols[edge] for edge in self.edges]
        self._regions = [flow.nodes.regions[ends[edge][0]] for edge in self.edges]
        self._flow, self._edges = flow, np.array(self.edges, dtype=np.int64)
        traffic = Traffic(flow)
        self._sizes = (traffic.up + traffic.down)[self.edges][:, None]
        ids = flow.calls.ids[self.edges]
        self._loss = 100 * np.minimum(_log_normal(draw.uniform(flow.stream("loss").keys(ids), 0, 1)[:, 0]), 0.002)
        self._lost = flow.stream("segments").keys(ids)
        usual = flow.nodes.rates[flow.calls.parents] * flow.calls.calls
        held_ms = np.array([flow.nodes.own_ms[child] for _, child in ends]) * 2 + flow.calls.wire_ms
        self._limits = flow.calls.timeouts_ms[self.edges]
        self._pools = np.maximum(usual * held_ms / 1000 * POOL_ROOM, LEAST_POOL)[self.edges]

    def ready(self) -> StateObserver:
        """The observer."""
        count = len(self.edges)
        return StateObserver(TABLE, count, self.observe, lambda window: count * len(window))

    def facts(self, state: State) -> Facts:
        """Facts of every edge and tick."""
        shape = len(self.edges), len(state.window)
        values: dict[str, Array] = {name: np.empty(shape) for name in SUMS}
        for name in ("request_count", "error_count", "timeout_count"):
            values[name] = np.empty(shape, dtype=np.int64)
        wires = wire_ms(self._flow, self._edges, state.influences)
        for some in blocks(len(self.edges), len(state.window), shortest=1):
            for name, found in self._some(state, some, wires[some]).items():
                values[name][some] = found
        requests = values["request_count"]
        values["byte_count"] = requests * self._sizes
        spent = _added(values, "_ms") / 1000 / state.window.tick_s
        values["active_connections"] = np.ceil(spent).astype(np.int64)
        values["connection_pool_utilization"] = np.minimum(spent / self._pools[:, None], 1.0)
        segments = values["byte_count"] / SEGMENT_BYTES
        hard = 1 + 30 * (values["timeout_count"] / np.maximum(requests, 1))
        rate = np.minimum(self._loss[:, None] * hard, 100.0)
        u = draw.uniform(self._lost, state.window.start, state.window.stop)
        values["tcp_retransmissions"] = counts.poisson(np.minimum(segments * rate / 100, 1e8), u)
        values["packet_loss_rate"] = rate
        return Facts(TABLE, state.window, values, dict.fromkeys(SUMS, Fold.SUM))

    def _some(self, state: State, some: slice, wire_ms: F64) -> dict[str, Array]:
        """Counts of some edges, and how long their attempts took by how they ended."""
        calls, answers, limit = state.calls, state.rates.answers, Limit(self._limits[some, None])
        edges = self._edges[some]
        at = self._flow.calls.children[edges]
        served, failed, late = calls.served[edges], calls.failed[edges], calls.late[edges]
        values: dict[str, Array] = {"request_count": served + failed, "error_count": failed, "timeout_count": late}
        clean = served * answers.clean[at]
        again = served - clean
        _, whole, whole_variance = limit.split(answers.served_mean[at] + wire_ms, answers.served_variance[at])
        _, first, first_variance = limit.split(answers.clean_mean[at] + wire_ms, answers.clean_variance[at])
        others = failed - late
        slow, refused = others * answers.slow[at], others * answers.refusals[at]
        told = np.maximum(others - slow - refused, 0.0)
        told_ms = np.minimum(answers.fast_mean[at] + wire_ms, limit.ms)
        first_square = first_variance + first * first
        total, square = served * whole, served * (whole_variance + whole * whole)
        ended = {
            "clean": (clean, clean * first, clean * first_square),
            "late": _spread(late, limit.ms, TIMED_OUT_SPREAD),
            "slow": _spread(slow, np.minimum(answers.slow_mean[at] + wire_ms, limit.ms), TIMED_OUT_SPREAD),
            "refused": _spread(refused, np.minimum(answers.refusal_mean[at] + wire_ms, limit.ms), REFUSED_SPREAD),
            "fast": (told, told * told_ms, told * (told_ms * told_ms + answers.fast_variance[at])),
        }
        ended["again"] = (
            again,
            np.maximum(total - ended["clean"][1], again * first),
            np.maximum(square - ended["clean"][2], again * first_square),
        )
        for name, sums in ended.items():
            values |= dict(zip((name, f"{name}_ms", f"{name}_square"), sums, strict=True))
        return values

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window, time after time."""
        of_ticks, ticks = self.facts(state), window.tick_s // state.window.tick_s
        folded = of_ticks.folded(ticks)
        facts = folded.values
        none = facts["request_count"] == 0
        columns: dict[str, Values] = {
            "time": rows.times(window, len(self.edges)),
            "source_service": rows.words(self._sources, window),
            "target_service": rows.words(self._targets, window),
            "source_cluster": rows.words(self._clusters, window),
            "target_cluster": rows.words(self._target_clusters, window),
            "connection_type": rows.words(self._protocols, window),
            "region": rows.words(self._regions, window),
        }
        columns |= {one.name: rows.read(folded, one) for one in TABLE.columns if one.name in facts}
        mean = _added(facts, "_ms") / np.where(none, 1, facts["request_count"])
        columns["avg_latency_ms"] = rows.decimals(mean, TABLE["avg_latency_ms"], none)
        # Each is solved by itself, so two that are nearly the same may stand in the wrong order by a rounding.
        for name, values in zip(PERCENTILES, np.maximum.accumulate(percentiles(of_ticks.values, ticks)), strict=True):
            at_most = np.minimum(values.reshape(none.shape), self._limits[:, None])
            columns[name] = rows.decimals(at_most, TABLE[name], none)
        yield Batch(TABLE, {name: columns[name] for name in TABLE.names})


def _spread(weight: Array, mean: F64, share: float) -> tuple[Array, F64, F64]:
    """Sums of a class whose times have a mean and a deviation that is a share of it."""
    return weight, weight * mean, weight * (mean * mean * (1 + share * share))


def _added(values: Mapping[str, F64], part: str) -> F64:
    total: F64 = values[f"{CLASSES[0]}{part}"]
    for name in CLASSES[1:]:
        total = total + values[f"{name}{part}"]
    return total


def percentiles(facts: Mapping[str, F64], ticks: int = 1) -> list[F64]:
    """Percentiles of `PERCENTILES` of attempts in rows of some ticks of facts, each of shape (edges × rows,)."""
    sums = [Sums(*(facts[f"{name}{part}"] for part in ("", "_ms", "_square"))) for name in CLASSES]
    asked = tuple(PERCENTILES.values())
    return mixtures.quantiles(sums, asked, ticks=ticks, slower=CLASSES.index("again"))


def _log_normal(u: F64) -> F64:
    from ghostfleet.state.estate.noise import log_normal

    return log_normal(u, *LOSS)
