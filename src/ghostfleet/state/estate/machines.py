"""What pods and databases take of the machines that they run on: the sums over a machine's pods, tick by tick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.state.estate.blocks import blocks
from ghostfleet.state.estate.nodes import ClusterNodes
from ghostfleet.state.estate.stores import READ_BYTES, WRITE_BYTES
from ghostfleet.state.estate.stranded import homeless
from ghostfleet.state.estate.usage import bent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, I64, Bool
    from ghostfleet.state.estate import State
    from ghostfleet.state.hosts import HostState
    from ghostfleet.world.estate import World
    from ghostfleet.world.flow import Flow

KB = 1024.0
MIB_PER_GB = 1024.0
KNEE = 0.9
ASIDE = 0.15  # of what machines do by themselves, where a database has one to itself
LOG_KB_PER_REQUEST = 0.15  # what a pod writes for a request


class Loads(msgspec.Struct, frozen=True):
    """What runs on machines, beside what machines do by themselves; shapes (machines, ticks)."""

    cpu: F64  # per cent of all processors
    memory: F64  # per cent
    has_database: Bool  # (machines,): then that is all the memory in use, and little else runs there
    rates: dict[str, F64]  # KB/s by the names of the state of hosts

    def between(self, low: int, high: int) -> Loads:
        """Ticks ``[low, high)`` of the window."""
        rates = {name: values[:, low:high] for name, values in self.rates.items()}
        return Loads(self.cpu[:, low:high], self.memory[:, low:high], self.has_database, rates)

    def beside(self, state: HostState, rows: I64) -> HostState:
        """State of some machines with what runs on them added."""
        added, alone = {"cpu": self.cpu, **self.rates}, self.has_database[rows, None]
        rates = {
            name: values + added[name][rows].astype(np.float32) if name in added else values
            for name, values in state.rates.items()
        }
        if "cpu" in rates and alone.any():
            rates["cpu"] -= np.where(alone, (1 - ASIDE) * state.rates["cpu"], 0).astype(np.float32)
        used = state.used
        if used is not None:
            beside = self.memory[rows]
            both = 100 * bent((used + beside) / 100, KNEE)
            used = np.where(alone, beside, both).astype(np.float32)
        return msgspec.structs.replace(state, rates=rates, used=used)


class Pod(msgspec.Struct, frozen=True):
    """One place for a replica."""

    service: int  # place among the services
    slot: int  # runs while more pods than this do
    machine: int


class Fled(msgspec.Struct, frozen=True):
    """One pod that is in the refuge of its cluster for a while."""

    pod: int  # place among the pods
    machine: int
    ticks: Bool  # when


class Round(msgspec.Struct, frozen=True):
    """One pod of each machine that has so many."""

    pods: I64  # places among the pods
    services: I64  # places among the services
    slots: I64  # shape (pods, 1)
    machines: I64


def _rounds(pods: Sequence[Pod]) -> list[Round]:
    """First pods of all machines, then their second ones, and so on."""
    of: dict[int, list[tuple[int, Pod]]] = {}
    for place, pod in enumerate(pods):
        of.setdefault(pod.machine, []).append((place, pod))
    found = []
    for number in range(max(map(len, of.values()), default=0)):
        some = [mine[number] for mine in of.values() if len(mine) > number]
        columns = np.array([(place, pod.service, pod.slot, pod.machine) for place, pod in some]).T
        places, services, slots, machines = columns
        found.append(Round(places, services, slots[:, None], machines))
    return found


class Machines:
    """Works out the loads of machines, for any window."""

    def __init__(self, world: World, flow: Flow, names: tuple[str, ...]) -> None:
        """Look up which pods and databases run where; ``names`` are the machines in their order."""
        self._flow, self._count = flow, len(names)
        place = {name: number for number, name in enumerate(names)}
        self._services = sorted(name for name in world.estate.services if name in flow.places)
        at = {name: number for number, name in enumerate(self._services)}
        pods = world["Pod"]
        found = [
            Pod(at[service], int(slot) - 1, place[node])
            for service, slot, node in zip(
                pods.words("service_name"), pods.numbers("slot").tolist(), pods.words("node_name"), strict=True
            )
            if service in at and node in place
        ]
        specs = [world.estate.services[name] for name in self._services]
        self._limits = np.array([[one.cpu_millicores.limit / 1000, one.memory_mib.limit / MIB_PER_GB] for one in specs])
        cores, memory = np.full(self._count, 4.0), np.full(self._count, 16.0)
        nodes = world["Node"]
        for name, has, holds in zip(
            nodes.names, nodes.numbers("cpu_cores").tolist(), nodes.numbers("memory_gb").tolist(), strict=True
        ):
            if name in place:
                cores[place[name]], memory[place[name]] = has, holds
        self._cores, self._memory = cores, memory
        self._places = [flow.places[name] for name in self._services]
        self._hosts = {name: host for name in sorted(flow.estate.machines) if (host := place.get(name)) is not None}
        self._pods, self._rounds = found, _rounds(found)
        self._nodes = ClusterNodes(world, flow)
        self._names = names
        owners = [one.cluster for one in specs]
        self._refuges = [place.get(self._nodes.refuges.get(owner, "")) for owner in owners]
        self._has_database = np.isin(np.array(names, dtype=object), list(self._hosts))

    def running(self, state: State) -> Bool:
        """Whether machines run, shape (machines, ticks)."""
        return self._nodes.running(state.influences, self._names)

    def _moved(self, state: State) -> tuple[dict[int, I64], list[Fled]]:
        """Pods that run before another one does, where some of its service are on lost machines: those are the last.

        And the first ones of services of which no place is left, which are somewhere else.
        """
        runs = self.running(state)
        lost = set(np.flatnonzero(~runs.all(axis=1)).tolist())
        of: dict[int, list[int]] = {}
        for place in sorted(range(len(self._pods)), key=lambda place: self._pods[place].slot):
            of.setdefault(self._pods[place].service, []).append(place)
        ranks: dict[int, I64] = {}
        fled = []
        for service, places in of.items():
            if lost.isdisjoint(self._pods[place].machine for place in places):
                continue
            on_lost = ~runs[[self._pods[place].machine for place in places]]
            before = np.add.accumulate(on_lost, axis=0, dtype=np.int64) - on_lost
            alive = len(places) - np.add.reduce(on_lost, axis=0)
            rank = np.where(on_lost, alive + before, np.arange(len(places))[:, None] - before)
            ranks |= dict(zip(places, rank, strict=True))
            if (ticks := homeless(~on_lost)).any() and (machine := self._refuges[service]) is not None:
                fled.append(Fled(places[0], machine, ticks))
        return ranks, fled

    def loads(self, state: State) -> Loads:
        """Loads of all machines in a state's window."""
        shape = self._count, len(state.window)
        cpu, memory, inbound, outbound, written = out = np.zeros((5, *shape))
        used_cpu, used_memory = state.used
        into, sent = state.through
        running = state.rates.running[self._places]
        per_pod = 1 / (KB * state.window.tick_s * np.maximum(running, 1.0))
        parts = (
            used_cpu / 100,
            used_memory / 100,
            into[self._places] * per_pod,
            sent[self._places] * per_pod,
            state.outcomes.requests[self._places] * (LOG_KB_PER_REQUEST * KB) * per_pod,
        )
        ranks, fled = self._moved(state)
        for some in blocks(len(state.window), len(self._services)):
            here = {place: rank[some] for place, rank in ranks.items()}
            away = [msgspec.structs.replace(one, ticks=one.ticks[some]) for one in fled]
            self._add(out[:, :, some], running[:, some], [part[:, some] for part in parts], here, away)
        cpu *= (100 / self._cores)[:, None]
        memory *= (100 / self._memory)[:, None]
        rates = {"inbound": inbound, "outbound": outbound, "read": np.zeros(shape), "write": written}
        self._databases(state, cpu, memory, rates, into, sent)
        return Loads(cpu, memory, self._has_database, rates)

    def _add(self, out: F64, running: F64, parts: list[F64], ranks: dict[int, I64], fled: list[Fled]) -> None:
        """Add what pods take to their machines, each machine's first pods first: always in one order."""
        limits = (*self._limits.T, None, None, None)
        away = {one.pod: one.ticks for one in fled}
        for pods in self._rounds:
            slots = pods.slots
            if ranked := [row for row, place in enumerate(pods.pods.tolist()) if place in ranks]:
                slots = np.repeat(slots, running.shape[1], axis=1)
                slots[ranked] = [ranks[int(pods.pods[row])] for row in ranked]
            runs = running[pods.services] > slots
            for row in ranked:
                if (place := int(pods.pods[row])) in away:
                    runs[row] &= ~away[place]
            for total, part, limit in zip(out, parts, limits, strict=True):
                taken = runs * part[pods.services]
                if limit is not None:
                    taken *= limit[pods.services, None]
                total[pods.machines] += taken
        for one in fled:
            service = self._pods[one.pod].service
            for total, part, limit in zip(out, parts, limits, strict=True):
                taken = one.ticks * part[service]
                total[one.machine] += taken if limit is None else taken * limit[service]

    def _databases(self, state: State, cpu: F64, memory: F64, rates: dict[str, F64], into: I64, out: I64) -> None:
        """Add what databases on virtual machines do; they take what memory there is, but for what they tell is free."""
        done, rows = state.statements, {name: row for row, name in enumerate(state.leaves.stores)}
        seconds = KB * state.window.tick_s
        for name, host in self._hosts.items():
            node, row = self._flow.places[name], rows[name]
            cpu[host] += done.cpu[row]
            memory[host] = 100 * (1 - done.free_share[row])
            rates["read"][host] += done.read_iops[row] * (READ_BYTES / KB)
            rates["write"][host] += done.write_iops[row] * (WRITE_BYTES / KB)
            rates["inbound"][host] += into[node] / seconds
            rates["outbound"][host] += out[node] / seconds
