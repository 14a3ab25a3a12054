"""What databases do beneath their answers: statements, pages, locks, space; leaves of the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import counts, draw
from ghostfleet.spec.estate.places import Database, Machine
from ghostfleet.spec.estate.price_table import price_table
from ghostfleet.state.estate.noise import Bursts, Wander, characters, log_normal
from ghostfleet.state.estate.usage import bent
from ghostfleet.state.estate.volumes import Volumes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, I64
    from ghostfleet.state.estate import State
    from ghostfleet.world.flow import Flow

IDLE_CPU = 0.03
KNEE = 0.85
HOUSEKEEPING = 0.2  # share of the reference's statements that a database makes by itself
SLOW_MS = 1000.0
READ_BYTES, WRITE_BYTES = 12_288, 9_216
MEMORY_GB = {"large": 8.0, "xlarge": 16.0, "2xlarge": 64.0, "4xlarge": 128.0}  # of types that the price table lacks
GIB = 1_073_741_824
REFERENCE_MISS = 0.03  # of page reads that are not in the buffer
LEAST_MEMORY, MOST_MEMORY = 0.6, 0.85  # share in use where nothing says it; databases keep what they have read
LOADED_MEMORY = 0.06  # of the memory in use, the share that follows the load
CROWDED, CROWDED_MEMORY = 0.9, 1.0  # load from which on statements that wait hold memory, and its share of it
SCARCE, SWAP_BYTES = 0.1, 100_000_000  # free share below which pages are written out, and how much at most (EST-23)
GROWTH_DAYS = (45.0, 0.4)  # median and log-deviation of the days until old data is moved away …
GROWTH = 0.2  # … and what data gains until then, as a share of the disk
FULLEST = 0.98  # share of a disk that data may take


class Stores(msgspec.Struct, frozen=True):
    """Databases and machines of an estate as columns, in the order of their names."""

    places: list[int]  # in the flow
    asked: list[int]  # of whom their work comes: their own, or of a replica that nobody calls those of its original
    read_iops: F64
    write_iops: F64
    read_ms: F64
    write_ms: F64
    storage_gb: F64
    memory_gb: F64
    memory: F64  # share in use at the reference; not a number where nothing says it
    holding: I64  # rows of those whose data they have: their own, or their original's


def size_of(one: Database | Machine) -> str:
    """Size of the machine that a database has."""
    return one.instance_type if isinstance(one, Machine) else one.instance_class


def memory_gb(one: Database | Machine) -> float:
    """Memory of the machine that a database has; classes of databases are named after machines of the same size."""
    kind = size_of(one).removeprefix("db.").replace("r6g.", "r5.")
    known: dict[str, list[float]] = price_table()["instance_size"]
    return float(known[kind][1]) if kind in known else MEMORY_GB.get(kind.rsplit(".", 1)[-1], 16.0)


def of_estate(flow: Flow, names: Sequence[str]) -> Stores:
    """Databases and machines of an estate by name."""
    known: dict[str, Database | Machine] = {**flow.estate.databases, **flow.estate.machines}
    found = [known[name] for name in names]

    def figures(name: str) -> F64:
        return np.array([float(getattr(one, name)) for one in found])

    return Stores(
        places=[flow.places[name] for name in names],
        asked=[flow.originals.get(flow.places[name], flow.places[name]) for name in names],
        read_iops=figures("read_iops"),
        write_iops=figures("write_iops"),
        read_ms=figures("read_ms"),
        write_ms=figures("write_ms"),
        storage_gb=figures("storage_gb"),
        memory_gb=np.array([memory_gb(one) for one in found]),
        memory=np.array([one.memory_percent / 100 if isinstance(one, Machine) else np.nan for one in found]),
        holding=_holding(flow, names),
    )


def _holding(flow: Flow, names: Sequence[str]) -> I64:
    """Rows of the first originals: a replica has its original's data, whoever asks it."""
    originals = {one.replicates_to: name for name, one in flow.estate.databases.items() if one.replicates_to}
    rows = {name: row for row, name in enumerate(names)}

    def first(name: str) -> str:
        seen = [name]
        while (original := originals.get(seen[-1])) in rows and original not in seen:
            seen.append(original)
        return seen[-1]

    return np.array([rows[first(name)] for name in names], dtype=np.int64)


class Statements(msgspec.Struct, frozen=True):
    """What databases did at each tick; shapes (databases, ticks)."""

    cpu: F64  # per cent
    connections: I64
    read_iops: F64
    write_iops: F64
    read_ms: F64
    write_ms: F64
    read_bytes: I64
    write_bytes: I64
    free_storage: I64
    free_share: F64  # of their machines' memory
    free_memory: I64
    swap: I64
    slow: I64
    deadlocks: I64
    waits: I64
    hits: F64  # per cent of pages found in the buffer
    weight: F64  # statements, by which times are averaged


class Work:
    """Works out what databases did, for any window."""

    def __init__(self, flow: Flow, stores: Stores) -> None:
        """Draw each database's characters."""
        self._flow, self._stores = flow, stores
        ids = flow.nodes.ids[stores.places]
        reads = characters(flow, "reads", ids, swing=(0.08, 0.5), rough=(0.04, 0.5))
        writes = characters(flow, "writes", ids, swing=(0.08, 0.5), rough=(0.04, 0.5))
        cpu = characters(flow, "store cpu", ids, swing=(0.05, 0.5), rough=(0.02, 0.5))
        memory = characters(flow, "store memory", ids, swing=(0.006, 0.4), rough=(0.0005, 0.5))
        self._wander = Wander(reads, writes, cpu, memory)
        self._checkpoints = Bursts(
            flow, "checkpoints", ids, per_day=(8.0, 0.6), ticks=(4.0, 0.6), height=(0.5, 0.6), most=2.0
        )
        self._keys = {
            name: flow.stream("store", name).keys(ids) for name in ("slow", "deadlocks", "waits", "space", "buffer")
        }
        u = draw.uniform(self._keys["space"], 0, 4)
        self._filled = 0.3 + 0.32 * u[:, 0]
        days = log_normal(u[:, 1], *GROWTH_DAYS)
        self._volumes = Volumes(flow, stores.asked, flow.stream("store", "volumes").keys(ids), days, HOUSEKEEPING)
        self._memory = np.where(
            np.isnan(stores.memory), LEAST_MEMORY + (MOST_MEMORY - LEAST_MEMORY) * u[:, 2], stores.memory
        )
        self._buffer = 0.93 + 0.055 * u[:, 3]

    def statements(self, state: State) -> Statements:
        """What databases did in a window."""
        flow, stores, window = self._flow, self._stores, state.window
        places = stores.places
        reads, writes, busy, memory = self._wander.factors(window)
        usual = np.where(flow.nodes.rates[stores.asked] > 0, flow.nodes.rates[stores.asked], 1.0)[:, None]
        asked = np.maximum(state.outcomes.requests[stores.asked] / (usual * window.tick_s), 0.0)
        share = HOUSEKEEPING + (1 - HOUSEKEEPING) * asked  # of the reference's statements
        checkpoints = np.ones_like(share)
        self._checkpoints.add(checkpoints, window)
        read_iops = stores.read_iops[:, None] * share * reads
        write_iops = stores.write_iops[:, None] * share * writes * checkpoints
        own = flow.nodes.own_ms[places][:, None]
        slower = state.rates.answers.served_mean[places] / own
        loads = state.rates.loads[places]
        cpu = 100 * bent((IDLE_CPU + (1 - IDLE_CPU) * loads) * busy, KNEE)
        crowded = np.maximum(slower - 1.5, 0.0)
        free = 1 - self._memory_used(loads, memory)
        hits = 100 * (1 - (1 - self._buffer[:, None]) * (1 + 0.5 * np.minimum(loads, 2.0)) / 1.3)
        return Statements(
            cpu=cpu,
            connections=np.maximum(np.rint(state.rates.connections[places]), 5).astype(np.int64),
            read_iops=read_iops,
            write_iops=write_iops,
            read_ms=stores.read_ms[:, None] * slower,
            write_ms=stores.write_ms[:, None] * slower * (0.7 + 0.3 * checkpoints),
            read_bytes=np.rint(read_iops * READ_BYTES * window.tick_s).astype(np.int64),
            write_bytes=np.rint(write_iops * WRITE_BYTES * window.tick_s).astype(np.int64),
            free_storage=self._free_storage(state),
            free_share=free,
            free_memory=np.rint(stores.memory_gb[:, None] * free * GIB).astype(np.int64),
            swap=np.rint(SWAP_BYTES * np.maximum(1 - free / SCARCE, 0.0)).astype(np.int64),
            slow=self._events("slow", (0.02 + 0.6 * crowded) * asked, state),
            deadlocks=self._events("deadlocks", 0.0015 * share * (1 + 20 * crowded), state),
            waits=self._events("waits", 0.03 * share * (1 + 12 * crowded), state),
            hits=np.maximum(hits, 60.0),
            weight=np.maximum(share, 1e-6),
        )

    def _memory_used(self, loads: F64, swing: F64) -> F64:
        """Share of memory in use: a level, of which a part follows the load, and nearly all under overload."""
        usual = self._flow.nodes.loads[self._stores.places][:, None]
        level = self._memory[:, None] * (1 - LOADED_MEMORY + LOADED_MEMORY * np.minimum(loads / usual, 2.0)) * swing
        return bent(level + CROWDED_MEMORY * np.minimum(np.maximum(loads - CROWDED, 0.0), 1.0), KNEE)

    def _events(self, name: str, means: F64, state: State) -> I64:
        u = draw.uniform(self._keys[name], state.window.start, state.window.stop)
        return counts.poisson(np.minimum(means, 1e6), u)

    def _free_storage(self, state: State) -> I64:
        """Space left: it shrinks with what is written until old data is moved away, here and in replicas."""
        size_gb, holding = self._stores.storage_gb[:, None], self._stores.holding
        filled = bent(self._filled[:, None] + GROWTH * self._volumes.written(state.window), KNEE)
        data_gb = np.minimum((size_gb * filled)[holding], FULLEST * size_gb)
        return np.rint((size_gb - data_gb) * GIB).astype(np.int64)
