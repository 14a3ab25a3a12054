"""The servers of a scenario as columns: type, metadata, character and home zone (CAP-2 to CAP-6)."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.batch import Text
from ghostfleet.core.quantiles import normal_quantile
from ghostfleet.spec.fleet import METRICS
from ghostfleet.world.apportion import apportion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, I32, U64
    from ghostfleet.spec.data import Metadata
    from ghostfleet.spec.fleet import Archetype
    from ghostfleet.spec.scenario import Scenario

CHARACTER_SHARE = 0.3  # of a metric's variance that sets servers of a type apart for good; the rest passes
# Largest standard deviation of that difference relative to the base level, per metric; disks differ less, because
# a disk that starts much fuller than documented would be full long before four years of growth are over.
MOST_CHARACTER = (0.25, 0.25, 0.12, 0.25)
# Steps of the evenly spread sequence in four dimensions: powers of the real root of x⁵ = x + 1
# (M. Roberts, The unreasonable effectiveness of quasirandom sequences, 2018).
EVEN_STEPS = (0.8566748838545029, 0.733891856627126, 0.6287067210378086, 0.53859725722361)


class Fleet(msgspec.Struct, frozen=True):
    """Servers as columns of equal length; server *i* is the same in every larger fleet."""

    seed: int
    names: tuple[str, ...]
    ids: U64  # (servers, 2)
    types: tuple[str, ...]  # archetype names
    type_codes: I32
    archetypes: tuple[Archetype, ...]  # in the order of `types`
    applications: Text
    business_units: Text
    criticalities: Text
    regions: Text
    region_zones: tuple[str, ...]  # zone of each region of the vocabulary
    base: F64  # (metrics, servers) base level in the metric's unit
    deviation: F64  # (metrics, types) standard deviation of what passes, in the metric's unit

    def __len__(self) -> int:
        """Count the servers."""
        return len(self.names)


def build(scenario: Scenario) -> Fleet:
    """Servers of a scenario; `ScenarioError` when it has no section for them."""
    data = scenario.servers
    fleet = scenario.fleet
    assert fleet is not None  # noqa: S101  `servers` has checked it
    count, metadata = data.num_servers, data.metadata
    names = tuple(f"{metadata.server_prefix}{number:0{metadata.server_id_width}d}" for number in range(count))
    ids = draw.entity_ids(names)
    archetypes = tuple(fleet.archetypes.values())
    codes = apportion(list(fleet.share_of_types().values()), count)
    texts = _metadata(metadata, scenario.seed, ids)
    load = _load(texts, metadata)
    spread = np.array([_spread(archetype) for archetype in archetypes]).T
    return Fleet(
        seed=scenario.seed,
        names=names,
        ids=ids,
        types=tuple(fleet.archetypes),
        type_codes=codes,
        archetypes=archetypes,
        applications=texts["application"],
        business_units=texts["business_unit"],
        criticalities=texts["criticality"],
        regions=texts["region"],
        region_zones=tuple(metadata.region_zones[region] for region in metadata.regions),
        base=_base(archetypes, codes, spread, load, _character(archetypes, codes, scenario.seed)),
        deviation=_passing(archetypes, spread),
    )


def levels(archetype: Archetype) -> tuple[tuple[float, float], ...]:
    """(mean, deviation) of each metric in the order of `METRICS`."""
    parts = (archetype.cpu_percent, archetype.memory_percent, archetype.disk_percent, archetype.network_mbps)
    return tuple((part.mean, part.deviation) for part in parts)


def _spread(archetype: Archetype) -> list[float]:
    """Relative standard deviation of base levels among servers of a type, per metric."""
    pairs = zip(levels(archetype), MOST_CHARACTER, strict=True)
    return [min(deviation / mean * sqrt(CHARACTER_SHARE), most) for (mean, deviation), most in pairs]


def _passing(archetypes: Sequence[Archetype], spread: F64) -> F64:
    means, deviations = (np.array([[part[i] for part in levels(kind)] for kind in archetypes]).T for i in (0, 1))
    own = spread * means
    passing: F64 = np.sqrt(deviations * deviations - own * own)
    return passing


def _metadata(metadata: Metadata, seed: int, ids: U64) -> dict[str, Text]:
    """One set per server, constant over time (CAP-4); an application belongs to one business unit."""
    application = _choose(seed, "application", ids, [1.0] * metadata.applications)
    unit = application % len(metadata.business_units)
    return {
        "application": Text(application, tuple(f"app_{number:03d}" for number in range(metadata.applications))),
        "business_unit": Text(unit, metadata.business_units),
        "criticality": Text(
            _choose(seed, "criticality", ids, list(metadata.criticality_probs)), metadata.criticalities
        ),
        "region": Text(_choose(seed, "region", ids, [1.0] * len(metadata.regions)), metadata.regions),
    }


def _choose(seed: int, field: str, ids: U64, weights: list[float]) -> I32:
    uniforms = draw.uniform(draw.Stream(seed, "server", field).keys(ids), 0, 1)[:, 0]
    edges = np.add.accumulate(np.array(weights))
    chosen = np.searchsorted(edges[:-1] / edges[-1], uniforms, side="right")
    return chosen.astype(np.int32)


def _load(texts: dict[str, Text], metadata: Metadata) -> F64:
    """Load of each server relative to the fleet; the mean over the declared shares is 1."""
    units = [metadata.business_unit_load.get(name, 1.0) for name in metadata.business_units]
    ranks = [metadata.criticality_load.get(name, 1.0) for name in metadata.criticalities]
    owners = np.bincount(np.arange(metadata.applications) % len(units), minlength=len(units)) / metadata.applications
    mean_unit = sum(load * share for load, share in zip(units, owners.tolist(), strict=True))
    mean_rank = sum(load * share for load, share in zip(ranks, metadata.criticality_probs, strict=True))
    by_unit = np.array(units)[texts["business_unit"].codes] / mean_unit
    by_rank = np.array(ranks)[texts["criticality"].codes] / mean_rank
    load: F64 = by_unit * by_rank
    return load


def _character(archetypes: Sequence[Archetype], codes: I32, seed: int) -> F64:
    """Standard normal difference of each server from its type, correlated like its metrics; (metrics, servers).

    The *k*-th server of a type takes the *k*-th point of an evenly spread sequence, so that even a dozen servers
    have about the documented mean and correlations.
    """
    normals = np.empty((len(METRICS), len(codes)))
    for kind, archetype in enumerate(archetypes):
        mine = np.flatnonzero(codes == kind)
        stream = draw.Stream(seed, "server", "character", str(kind))
        shifts = draw.uniform(stream.keys(draw.entity_ids(METRICS)), 0, 1)[:, 0]
        even = [
            normal_quantile(_fraction(shift + np.arange(len(mine)) * step))
            for shift, step in zip(shifts, EVEN_STEPS, strict=True)
        ]
        for row, weights in enumerate(archetype.correlation.factor()):
            normals[row, mine] = sum(weight * even[column] for column, weight in enumerate(weights))
    return normals


def _fraction(values: F64) -> F64:
    inside: F64 = np.maximum(values - np.floor(values), 2.0**-53)
    return inside


def _base(archetypes: Sequence[Archetype], codes: I32, spread: F64, load: F64, character: F64) -> F64:
    means = np.array([[part[0] for part in levels(archetype)] for archetype in archetypes]).T
    base: F64 = means[:, codes] * (1 + spread[:, codes] * character)
    # Space follows the data kept, not the traffic, so load does not move the disk.
    for metric in ("cpu", "memory", "network"):
        base[METRICS.index(metric)] *= load
    floor = 0.2 * means[:, codes]
    return np.maximum(base, floor)
