"""The shipped table of prices, and the types of machines that it lists."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

from ghostfleet.core.quantiles import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.spec.estate import Estate


@cache
def price_table() -> dict[str, Any]:
    """Prices and sizes by section."""
    return tomllib.loads(shipped("prices.toml").decode())


def ensure_priced(estate: Estate) -> None:
    """Raise ValueError at the first type that nobody knows the price of."""
    for path, kind, section, instead in _types(estate):
        if kind not in (known := price_table()[section]):
            msg = f"{path}: the price table has no {kind!r}; valid are {', '.join(known)}{instead}"
            raise ValueError(msg)


def _types(estate: Estate) -> Iterator[tuple[str, str, str, str]]:
    """Place and name of each type that is looked up, its section of the table, and what may be said instead."""
    for name, cluster in estate.clusters.items():
        for place, kind in enumerate(cluster.instance_types):
            yield f"clusters.{name}.instance_types.{place}", kind, "instance_usd", ""
    stated = "; or say usd_per_month"
    for name, machine in estate.machines.items():
        if machine.usd_per_month is None:
            yield f"machines.{name}.instance_type", machine.instance_type, "instance_usd", stated
    for name, database in estate.databases.items():
        if database.usd_per_month is None:
            section = f"database_{family(database.engine)}_usd"
            yield f"databases.{name}.instance_class", database.instance_class, section, stated


def family(engine: str) -> str:
    """Which databases an engine is priced like."""
    return "oracle" if engine.startswith("oracle") else "open"
