"""The fleet section: server archetypes, their shares, and how their metrics move together (CAP-3 to CAP-10)."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from ghostfleet.spec.shaped import shaped

if TYPE_CHECKING:
    from ghostfleet.shapes import Shape

SHARE_TOLERANCE = 1e-9
METRICS = ("cpu", "memory", "disk", "network")

Percent = Annotated[float, Meta(gt=0, le=100)]
Positive = Annotated[float, Meta(gt=0, le=1000)]
Ratio = Annotated[float, Meta(ge=0, le=1)]
Correlated = Annotated[float, Meta(ge=-1, le=1)]


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A metric's base level and standard deviation, in the metric's unit."""

    mean: Positive
    deviation: Positive


class Spikes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Single steps of extra load (CAP-9)."""

    probability: Ratio
    magnitude: Annotated[float, Meta(ge=1, le=1000)]


class Correlation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Target correlations of the residuals (CAP-6); the matrix must be positive definite."""

    cpu_memory: Correlated
    cpu_disk: Correlated
    cpu_network: Correlated
    memory_disk: Correlated
    memory_network: Correlated
    disk_network: Correlated

    def __post_init__(self) -> None:
        """Refuse a matrix that no set of metrics can have."""
        self.factor()

    def between(self, left: str, right: str) -> float:
        """Target for one pair of metrics; 1 for a metric with itself."""
        if left == right:
            return 1.0
        first, second = sorted((left, right), key=METRICS.index)
        target: float = getattr(self, f"{first}_{second}")
        return target

    def factor(self) -> tuple[tuple[float, ...], ...]:
        """Lower Cholesky factor in the order of `METRICS`; ValueError when there is none."""
        rows: list[list[float]] = []
        for i, left in enumerate(METRICS):
            row: list[float] = []
            for j, right in enumerate(METRICS[: i + 1]):
                rest = self.between(left, right)
                for a, b in zip(row, rows[j] if j < i else row, strict=False):
                    rest -= a * b
                if j < i:
                    row.append(rest / rows[j][j])
                elif rest <= 0:
                    names = ", ".join(METRICS[: i + 1])
                    msg = (
                        f"the correlations of {names} cannot all hold: their matrix is not positive definite; "
                        "bring the largest of them closer to 0"
                    )
                    raise ValueError(msg)
                else:
                    row.append(sqrt(rest))
            rows.append(row)
        return tuple(tuple(row) for row in rows)


class Archetype(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How one type of server behaves (CAP-5)."""

    cpu_percent: Level
    memory_percent: Level
    disk_percent: Level
    network_mbps: Level
    working_hours_factor: Positive
    weekend_factor: Annotated[
        Positive | None,
        Meta(description="load on Saturdays and Sundays; without one, data.seasonality.weekend_factor"),
    ] = None
    spikes: Spikes
    growth_percent_per_month: Annotated[float, Meta(gt=-50, le=50)]
    correlation: Correlation
    shapes: Annotated[
        tuple[dict[str, Any], ...],
        Meta(description="further load shapes, each with its kind and options; their factors multiply the load"),
    ] = ()

    def __post_init__(self) -> None:
        """Refuse levels that leave no room below the end of their range, and shapes that there are not."""
        self.curves()
        for name, highest in (("cpu_percent", 95), ("memory_percent", 95), ("disk_percent", 95), ("network_mbps", 950)):
            mean = getattr(self, name).mean
            if mean > highest:
                msg = f"{name}: a mean of {mean} leaves no room in its range; it must be at most {highest}"
                raise ValueError(msg)

    def curves(self) -> tuple[Shape, ...]:
        """Make the shapes of what `shapes` says; ValueError where it says something else."""
        return shaped(self.shapes)


class Fleet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which servers there are: archetypes and the share of each."""

    shares: Annotated[dict[str, Ratio], Meta(description="share of each archetype; they sum to 1")]
    aliases: Annotated[dict[str, str], Meta(description="other names that shares may use")] = {}
    archetypes: dict[str, Archetype]

    def __post_init__(self) -> None:
        """Refuse unknown types and shares that do not sum to 1."""
        for name in self.aliases:
            if name in self.archetypes:
                msg = f"aliases.{name}: the alias {name} is the name of an archetype already"
                raise ValueError(msg)
        known = ", ".join((*self.archetypes, *self.aliases))
        for key, name in (
            *((f"aliases.{alias}", name) for alias, name in self.aliases.items()),
            *((f"shares.{name}", self.aliases.get(name, name)) for name in self.shares),
        ):
            if name not in self.archetypes:
                msg = f"{key}: unknown server type {name}; known are {known}"
                raise ValueError(msg)
        total = sum(self.shares.values())
        if abs(total - 1) > SHARE_TOLERANCE:
            parts = " + ".join(f"{name} {share}" for name, share in self.shares.items())
            msg = f"shares: the shares must sum to 1, but {parts} = {round(total, 9)}"
            raise ValueError(msg)

    def share_of_types(self) -> dict[str, float]:
        """Share of each archetype in the order of `archetypes`, aliases resolved."""
        shares = dict.fromkeys(self.archetypes, 0.0)
        for name, share in self.shares.items():
            shares[self.aliases.get(name, name)] += share
        return shares
