"""What of the graph is observed: how services, machines and fronts do when one looks, from the state of the metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Plain, Quanta, Text, joined
from ghostfleet.core.window import HOUR_S, MINUTE_S, Window
from ghostfleet.signals.changes import Changes
from ghostfleet.signals.host_metrics.estate import EstateHosts
from ghostfleet.signals.system_metrics import SystemMetrics
from ghostfleet.signals.topology.partners import Partners
from ghostfleet.signals.topology.pods import Pods
from ghostfleet.state.estate import Estates
from ghostfleet.state.estate.balancers import Balancers
from ghostfleet.state.estate.nodes import ClusterNodes
from ghostfleet.world import estate as worlds
from ghostfleet.world.estate.business import EXTERNAL
from ghostfleet.world.estate.business import watched as watched_by
from ghostfleet.world.estate.clusters import NODE_STATUS
from ghostfleet.world.estate.entities import Draws, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ghostfleet.core.arrays import F64
    from ghostfleet.core.batch import Values
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State
    from ghostfleet.state.estate.rates import Rates
    from ghostfleet.world.estate import Entities

    Look = Callable[[int], dict[str, Values]]

ROW_MIN = 5  # usage and health are those of the last whole row of metrics, counts those of the last hour
ROW_S = ROW_MIN * MINUTE_S
STATES = 2  # that are kept: of the second at which one looks, and of the end of the last row before it
ACTIVE, UPDATING = "ACTIVE", "UPDATING"  # of clusters
IDLE_MEMORY, LEAST_MEMORY, MOST_MEMORY = 0.75, 20.0, 90.0  # share that front ends use without load; per cent (EST-9)
UNHEALTHY, DEGRADED = (5.0, 2000.0), (1.0, 1000.0)  # per cent of errors, ms (EST-33)


class Seen:
    """Looks at an estate; the state of the last hour before a second is solved once for all labels."""

    def __init__(self, scenario: Scenario) -> None:
        """Prepare what no second changes."""
        self._estates = Estates(scenario)
        self._systems, self._hosts = SystemMetrics(scenario), EstateHosts(scenario)
        self._changes = Changes(scenario)
        self._nodes = ClusterNodes(worlds.build(scenario), self._estates.flow)
        self._pods = Pods(self._estates, self._nodes, self._changes)
        self._fronts = Balancers(self._estates.flow)
        self._kept: dict[int, State] = {}

    def look(self, label: str, nodes: Entities) -> Look | None:
        """What changes the columns of a label; None where nothing of it is observed."""
        looks = {
            "Service": self._services,
            "Pod": self._pods.look,
            "EKSCluster": self._clusters,
            "Node": self._cluster_nodes,
            "EC2Instance": self._machines,
            "WebService": self._web_services,
            "LoadBalancer": self._balancers,
            "ExternalService": self._externals,
        }
        if label not in looks or not len(nodes):
            return None
        of_label = looks[label]
        return lambda second: of_label(nodes, second)

    def _state(self, second: int) -> State:
        if second not in self._kept:
            if len(self._kept) >= STATES:
                del self._kept[next(iter(self._kept))]
            self._kept[second] = self._estates.solve(Window.between(second - HOUR_S, second, MINUTE_S))
        return self._kept[second]

    def _rows(self, second: int) -> State:
        """State of the last hour of whole rows."""
        return self._state(second // ROW_S * ROW_S)

    def _services(self, nodes: Entities, second: int) -> dict[str, Values]:
        state = self._state(second)
        of_ticks = self._systems.facts(self._rows(second))
        last = {name: values[:, -1:] for name, values in of_ticks.folded(ROW_MIN).values.items()}
        times = self._systems.times_ms(
            {name: values[:, -ROW_MIN:] for name, values in of_ticks.values.items()}, ROW_MIN
        )
        running = state.rates.running[self._systems.places, -1]
        place = {name: row for row, name in enumerate(self._systems.names)}
        rows = np.array([place[key] for key in nodes.keys])
        errors, times = (one[rows, 0] for one in (self._systems.error_rates(last), times))
        out = {name for name, is_out in state.influences.out().items() if is_out[-1]}
        health = [_health(one, ms) for one, ms in zip(errors.tolist(), times.tolist(), strict=True)]
        return {
            "status": _words(health),
            "version": _words([self._changes.version(key, second, is_out=key in out) for key in nodes.keys]),
            "replicas": Plain(np.maximum(running[rows].astype(np.int64), 1)),
            "cpu_usage": _cents(last["cpu_utilization"][rows, 0]),
            "memory_usage": _cents(last["memory_utilization"][rows, 0]),
            "latency": _cents(times),
        }

    def _clusters(self, nodes: Entities, second: int) -> dict[str, Values]:
        """A cluster whose machines run is there, and is updated for an hour when some come or go."""
        numbers = self._nodes.numbers(self._state(second).influences, nodes.keys)
        changes = (numbers[:, 1:] != numbers[:, :-1]).any(axis=1).tolist()
        running = numbers[:, -1].astype(np.int64)
        words = zip(running.tolist(), nodes.still("status").words("status"), changes, strict=True)
        return {
            "status": _words([(UPDATING if one else ACTIVE) if many else word for many, word, one in words]),
            "nodes_running": Plain(running),
        }

    def _cluster_nodes(self, nodes: Entities, second: int) -> dict[str, Values]:
        lost = self._nodes.lost(self._state(second))
        ready, gone = NODE_STATUS
        return {"status": _words([gone if key in lost else ready for key in nodes.keys])}

    def _machines(self, nodes: Entities, second: int) -> dict[str, Values]:
        """All run: their agents tell of them, whether or not anybody asks their databases."""
        cpu, memory = self._hosts.last(self._rows(second), nodes.keys, ROW_S)
        return {
            "status": _words(["running"] * len(nodes)),
            "cpu_utilization": _cents(cpu),
            "memory_utilization": _cents(memory),
        }

    def _web_services(self, nodes: Entities, second: int) -> dict[str, Values]:
        state = self._state(second)
        places = [self._estates.flow.places[key] for key in nodes.keys]
        requests, failed = self._counts(state, places)
        mean = state.rates.answers.served_mean[places]
        busy, loads = requests > 0, np.minimum(state.rates.loads[places, -1], 1.0)
        usual = nodes.still("status", "memory_utilization")
        memory = usual.numbers("memory_utilization") * (
            IDLE_MEMORY + (1 - IDLE_MEMORY) * loads / self._estates.flow.nodes.loads[places]
        )
        status = ["running" if one else word for one, word in zip(busy.tolist(), usual.words("status"), strict=True)]
        return {
            "status": _words(status),
            "cpu_utilization": _cents(100 * loads),
            "memory_utilization": _cents(np.clip(memory, LEAST_MEMORY, MOST_MEMORY)),
            "request_count": Plain(requests),
            "error_rate": _cents(100 * failed / np.maximum(requests, 1)),
            "response_time_ms": _cents(np.array([float(np.median(row)) for row in mean])),
        }

    def _balancers(self, nodes: Entities, second: int) -> dict[str, Values]:
        state = self._state(second)
        counts = np.add.reduce(self._fronts.carried(state), axis=1)
        carried = dict(zip(self._fronts.names, counts.tolist(), strict=True))
        words = zip(nodes.keys, nodes.still("state").words("state"), strict=True)
        return {
            "state": _words(["active" if carried[key] else word for key, word in words]),
            "request_count": Plain(np.array([carried[key] for key in nodes.keys], dtype=np.int64)),
            **self._targets(state.rates, nodes.keys),
        }

    def _targets(self, rates: Rates, balancers: Sequence[str]) -> dict[str, Values]:
        """Pods and instances behind balancers: those that run, and those that should or still do."""
        running, wanted = (values[:, -1].astype(np.int64) for values in (rates.running, rates.wanted))
        behind = dict(zip(self._fronts.names, self._fronts.targets, strict=True))
        healthy, total = (
            np.array([np.add.reduce(values[list(behind[key])]) for key in balancers])
            for values in (running, np.maximum(running, wanted))
        )
        return {"targets_healthy": Plain(healthy), "targets_total": Plain(total)}

    def _externals(self, nodes: Entities, second: int) -> dict[str, Values]:
        """As their callers see them; whom nobody asks is as its contract's last report says."""
        seen, promised = Partners(self._state(second), nodes.keys), nodes.numbers("sla_target")
        asked, usual = seen.requests > 0, nodes.still()
        status = np.where(seen.is_healthy(promised), "healthy", "degraded")
        draws = Draws(self._estates.scenario.seed, EXTERNAL.name, nodes.keys)
        watched = zip(asked.tolist(), watched_by(draws, seen.watched()), usual.items("monitoring_metrics"), strict=True)
        return {
            "status": texts(np.where(asked, status, usual.words("status")).tolist()),
            "actual_availability": _cents(np.where(asked, seen.availability, usual.numbers("actual_availability"))),
            "monitoring_metrics": texts([joined(new if one else old) for one, new, old in watched]),
            "response_time_p95": _cents(np.where(asked, seen.p95_ms, usual.numbers("response_time_p95"))),
        }

    @staticmethod
    def _counts(state: State, places: list[int]) -> tuple[F64, F64]:
        """Requests of the hour at some nodes, and how many of them failed."""
        outcomes = state.outcomes
        failed = outcomes.failed[places] + outcomes.late[places]
        return np.add.reduce(outcomes.requests[places], axis=1), np.add.reduce(failed, axis=1)


def _health(errors: float, times_ms: float) -> str:
    if errors > UNHEALTHY[0] or times_ms > UNHEALTHY[1]:
        return "unhealthy"
    return "degraded" if errors > DEGRADED[0] or times_ms > DEGRADED[1] else "healthy"


def _words(words: list[str]) -> Text:
    known: Mapping[str, int] = {word: code for code, word in enumerate(dict.fromkeys(words))}
    return Text(np.array([known[word] for word in words], dtype=np.int32), tuple(known))


def _cents(values: F64) -> Quanta:
    return Quanta(np.rint(values * 100).astype(np.int64), 100)
