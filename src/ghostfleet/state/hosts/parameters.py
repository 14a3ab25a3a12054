"""Parameters of hosts and of their processes: each is a draw addressed by its name, from a distribution in a table."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core import counts, draw, maths
from ghostfleet.core.quantiles import normal_quantile, shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from ghostfleet.core.arrays import F64, I32, I64, U64, Bool

LOG2_E = 1.4426950408889634


@cache
def table(ingredient: str) -> dict[str, Any]:
    """Parameters of one ingredient, as ``data/hosts.toml`` states them."""
    section: dict[str, Any] = _tables()[ingredient]
    return section


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(shipped("hosts.toml").decode())


def exp(x: npt.ArrayLike) -> F64:
    """e^x, portable."""
    return maths.exp2(np.asarray(x, dtype=np.float64) * LOG2_E)


class Draws:
    """Draws of one ingredient for some entities; equal names give equal draws, whatever else is drawn."""

    def __init__(self, seed: int, ingredient: str, ids: U64) -> None:
        """Name the ingredient; ``ids`` has shape (entities, 2)."""
        self.stream = draw.Stream(seed, "hosts", ingredient)
        self.ids = ids

    def __len__(self) -> int:
        """Count the entities."""
        return len(self.ids)

    def keys(self, name: str) -> U64:
        """Keys of a named stream of the ingredient, shape (entities, 2)."""
        return self.stream.substream(name).keys(self.ids)

    def uniform(self, name: str, low: npt.ArrayLike = 0.0, high: npt.ArrayLike = 1.0) -> F64:
        """One uniform in (low, high) per entity; the bounds broadcast."""
        values = draw.uniform(self.keys(name), 0, 1)[:, 0]
        out: F64 = np.asarray(low) + values * (np.asarray(high) - np.asarray(low))
        return out

    def between(self, name: str, bounds: Sequence[float]) -> F64:
        """One uniform between two bounds, as tables state them."""
        return self.uniform(name, bounds[0], bounds[1])

    def normal(self, name: str) -> F64:
        """One standard normal per entity."""
        return normal_quantile(self.uniform(name))

    def spread(self, name: str, shape: npt.ArrayLike) -> F64:
        """One lognormal per entity; ``shape`` is (median, log deviation), with shape (2,) or (2, entities)."""
        median, deviation = np.asarray(shape, dtype=np.float64)
        values: F64 = median * exp(deviation * self.normal(name))
        return values

    def chance(self, name: str, probability: npt.ArrayLike) -> Bool:
        """Whether something is so, per entity; the probability broadcasts."""
        return self.uniform(name) < np.asarray(probability)

    def choice(self, name: str, weights: Sequence[float]) -> I32:
        """Choose one of the weighted alternatives per entity."""
        edges = np.add.accumulate(np.asarray(weights, dtype=np.float64))
        return np.searchsorted(edges[:-1] / edges[-1], self.uniform(name), side="right").astype(np.int32)

    def poisson(self, name: str, mean: npt.ArrayLike) -> I64:
        """Draw a count per entity; the mean broadcasts."""
        return counts.poisson(np.broadcast_to(np.asarray(mean, dtype=np.float64), (len(self),)), self.uniform(name))
