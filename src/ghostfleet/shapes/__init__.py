"""How load moves over time: one module per shape, each a set of options and a curve.

A shape is found by lying in this folder, or by an entry point of the group ``ghostfleet.shapes`` that names its class.
Nothing else has to know of it: `union` is what scenarios and their JSON Schema are checked against.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, Any, Union

import msgspec
import numpy as np
from msgspec import Meta

from ghostfleet.core import draw
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.plugins import loaded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.arrays import F32, U64, Array, Bool
    from ghostfleet.core.moments import Moments

GROUP = "ghostfleet.shapes"

Factor = Annotated[float, Meta(ge=0, le=1000)]
Hour = Annotated[float, Meta(ge=0, le=24)]
Ratio = Annotated[float, Meta(ge=0, le=1)]
Seconds = Annotated[int, Meta(ge=1, le=86_400)]


class Shape(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """Options of a load shape; every kind derives from this."""

    def curve(self, at: Moments, keys: U64 | None = None, zone: str = "UTC") -> F32:
        """Multiplier of load at each tick, by the local clock of a zone.

        The result has shape (1, ticks) when it is the same for all entities, else (entities, ticks), one row
        per row of ``keys``. Two random shapes of one entity want keys of two streams. Without keys the random
        part of a shape is its mean. A tick's value does not depend on the window: f(a..c)[a..b] = f(a..b).
        """
        raise NotImplementedError


def same_for_all(values: Array) -> F32:
    """Shape a curve over ticks so that it broadcasts over entities: (ticks,) to (1, ticks)."""
    return values.astype(np.float32).reshape(1, -1)


def refuse_night_by_day(start_hour: float, end_hour: float) -> None:
    """Refuse a night that does not cross midnight, with the ValueError that models raise."""
    if end_hour >= start_hour:
        raise ValueError(f"a night passes midnight: its end {end_hour} must be an earlier hour than its start")


def at_night(hour: F32, start_hour: float, end_hour: float) -> Bool:
    """Whether each hour lies in a night that crosses midnight."""
    night: Bool = (hour < end_hour) | (hour >= start_hour)
    return night


def draws(at: Moments, keys: U64 | None, cell_s: int) -> F32:
    """One uniform in (0, 1) per entity and cell of time, at each tick; shape (entities, ticks), the caller's to change.

    Cells are counted from the epoch. A tick longer than a cell has one draw of its own. Without keys the
    result is the mean, 1/2, with shape (1, ticks).
    """
    if keys is None:
        return np.full((1, len(at)), 0.5, dtype=np.float32)
    cells = at.seconds // max(cell_s, at.window.tick_s)
    if not len(cells):
        return np.empty((len(keys), 0), dtype=np.float32)
    first, last = int(cells[0]), int(cells[-1])
    values = draw.uniform32(keys, first, last + 1)
    return values if last - first + 1 == len(cells) else values.take(cells - first, axis=1)


@cache
def kinds() -> dict[str, type[Shape]]:
    """Every shape's class by the name that scenarios call it; `ScenarioError` when two share a name."""
    found: dict[str, type[Shape]] = {}
    for kind in (*_shipped(), *_plugged_in()):
        name = str(kind.__struct_config__.tag)
        other = found.setdefault(name, kind)
        if other is not kind:
            raise ScenarioError(f"two shapes are called {name!r}: one in {other.__module__}, one in {kind.__module__}")
    return found


def kind_named(name: str) -> type[Shape] | None:
    """Class of a name, or None; only for a name that is not built in are plug-ins listed, which takes a while."""
    return _built_in().get(name) or kinds().get(name)


@cache
def _built_in() -> dict[str, type[Shape]]:
    return {str(kind.__struct_config__.tag): kind for kind in _shipped()}


def _shipped() -> Iterator[type[Shape]]:
    for module in sorted(info.name for info in iter_modules(__path__)):
        members = vars(import_module(f"{__name__}.{module}"))
        for value in members.values():
            if isinstance(value, type) and issubclass(value, Shape) and value.__module__ == members["__name__"]:
                yield value


def _plugged_in() -> Iterator[type[Shape]]:
    from importlib.metadata import entry_points  # late: it costs more than all shipped shapes together

    for entry in entry_points(group=GROUP):
        kind = loaded(entry)
        if not (isinstance(kind, type) and issubclass(kind, Shape)):
            raise ScenarioError(f"the entry point {entry.name!r} of {GROUP} names {entry.value}, which is no Shape")
        yield kind


def union() -> Any:  # noqa: ANN401  a type made at run time; to a checker its members are `Shape`
    """Make the type of any shape, told apart by ``kind``, for models and the JSON Schema."""
    return Union[tuple(kinds().values())]  # noqa: UP007  the members are known at run time only
