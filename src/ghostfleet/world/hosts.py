"""The hosts of a scenario as columns: what each is for, who watches it, and how large it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec.hosts import PROFILES, ROLES, Hosts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import I32, I64, U64
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.world.estate import World

HYPERVISOR, GUEST, CLOUD = range(len(PROFILES))
IDLE, CRON, STEADY, SERVICE, BATCH = range(len(ROLES))
SIZES = (1, 2, 4, 8, 16)  # processors
ESTATE_ROLES = (0.4, 0.35, 0.25)  # idle, cron, steady: demand and long jobs come from what runs on a host
SIZE_WEIGHTS = (0.30, 0.28, 0.26, 0.12, 0.04)


class HostFleet(msgspec.Struct, frozen=True):
    """Hosts as columns of equal length; host *i* is the same in every larger fleet."""

    seed: int
    names: tuple[str, ...]
    ids: U64  # (hosts, 2)
    roles: I32  # codes into `ROLES`
    profiles: I32  # codes into `PROFILES`
    processors: I64
    zones: tuple[str, ...]
    zone_codes: I32
    without: frozenset[str]

    def __len__(self) -> int:
        """Count the hosts."""
        return len(self.names)


def build(scenario: Scenario) -> HostFleet:
    """Hosts of a scenario; `ScenarioError` when it has no section for them."""
    hosts: Hosts | None = scenario.hosts
    if hosts is None:
        msg = f"the scenario {scenario.scenario} has no hosts: it needs the section hosts"
        raise ScenarioError(msg)
    names = tuple(f"{hosts.name_prefix}{number:0{hosts.name_width}d}" for number in range(hosts.count))
    ids = draw.entity_ids(names)
    seed = scenario.seed
    without = frozenset(hosts.without)
    roles = _choose(seed, "role", ids, hosts.roles.shares())
    return HostFleet(
        seed=seed,
        names=names,
        ids=ids,
        roles=np.full_like(roles, STEADY) if "roles" in without else roles,
        profiles=_choose(seed, "profile", ids, hosts.profiles.shares()),
        processors=np.array(SIZES)[_choose(seed, "processors", ids, SIZE_WEIGHTS)],
        zones=hosts.zones,
        zone_codes=_choose(seed, "zone", ids, [1.0] * len(hosts.zones)),
        without=without,
    )


def of_estate(world: World) -> HostFleet:
    """Worker nodes and virtual machines of an estate, by name; what runs on them is not part of them."""
    found: list[tuple[str, float, str]] = []
    for label in ("Node", "EC2Instance"):
        entities = world[label]
        has_cores = "cpu_cores" in entities.columns
        cores = entities.numbers("cpu_cores").tolist() if has_cores else [4.0] * len(entities)
        clocks = [world.estate.regions[region].clock for region in entities.words("region")]
        found += zip(entities.names, cores, clocks, strict=True)
    found.sort()
    names = tuple(name for name, _, _ in found)
    ids, seed = draw.entity_ids(names), world.seed
    zones = tuple(dict.fromkeys(clock for _, _, clock in found)) or ("UTC",)
    return HostFleet(
        seed=seed,
        names=names,
        ids=ids,
        roles=np.array([IDLE, CRON, STEADY])[_choose(seed, "role", ids, ESTATE_ROLES)].astype(np.int32),
        profiles=np.full(len(names), GUEST, dtype=np.int32),
        processors=np.array([max(1, round(cores)) for _, cores, _ in found], dtype=np.int64),
        zones=zones,
        zone_codes=np.array([zones.index(clock) for _, _, clock in found], dtype=np.int32),
        without=frozenset(),
    )


def _choose(seed: int, field: str, ids: U64, weights: Sequence[float]) -> I32:
    uniforms = draw.uniform(draw.Stream(seed, "host", field).keys(ids), 0, 1)[:, 0]
    edges = np.add.accumulate(np.array(weights))
    chosen = np.searchsorted(edges[:-1] / edges[-1], uniforms, side="right")
    return chosen.astype(np.int32)
