"""Dashboards as data: panels, each a named query, a picture kind, a unit and a place in a grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from ghostfleet.core.errors import DataError
from ghostfleet.queries import query

KINDS = (
    "line", "bars", "bars_with_mean_line", "heatmap", "pie",
    "lines", "area", "stacked_bars", "parts", "cells", "graph",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Cell of the grid, counted from 1, and how many columns and rows it spans."""

    row: int
    column: int
    width: int = 1
    height: int = 1


@dataclass(frozen=True)
class Panel:
    """One picture; what is not title, query, kind, place, unit, marks or a switch names a column of the query.

    ``series`` tells lines, layers and nodes apart, ``level`` is a dashed line above a stack, ``group`` holds nodes
    together. ``marks`` names a query whose rows are intervals: since, until, name.
    """

    title: str
    query: str
    kind: str
    x: str
    y: str
    place: Place
    value: str = ""
    mean: str = ""
    series: str = ""
    level: str = ""
    group: str = ""
    marks: str = ""
    unit: str = ""
    note: tuple[str, ...] = ()
    from_zero: bool = False  # whether a line's axis starts at zero; bars always do
    logarithmic: bool = False  # whether the axis of lines goes by powers of ten


@dataclass(frozen=True)
class Questions:
    """Queries of the statistics: what the data is, how each metric runs, what the entities are made up of."""

    overview: str
    metrics: str
    parts: str


@dataclass(frozen=True)
class Dashboard:
    """Panels on a grid; ``name`` is also the stem of its picture, ``entities`` a column of the overview."""

    name: str
    title: str
    columns: int
    rows: int
    panels: tuple[Panel, ...] = field(default_factory=tuple)
    entities: str = ""
    statistics: Questions = field(default_factory=lambda: Questions("", "", ""))
    height_inches: float = 12.0  # of the picture, which is 20 wide (CAP-19)


def names() -> list[str]:
    """Dashboards there are, in the order of their names."""
    entries = (entry.name for entry in files(__package__).iterdir())
    return sorted(name.removesuffix(".yaml") for name in entries if name.endswith(".yaml"))


@cache
def dashboard(name: str) -> Dashboard:
    """Dashboard of this folder; `DataError` when there is none or it says something that cannot be drawn."""
    import yaml

    if name not in names():
        raise DataError(f"there is no dashboard {name}; known are {', '.join(names())}")
    said = yaml.safe_load((files(__package__) / f"{name}.yaml").read_text("utf-8"))
    panels = tuple(_panel(name, panel) for panel in said["panels"])
    for asked in said["statistics"].values():
        query(asked)
    questions = Questions(**said["statistics"])
    grid = {key: said[key] for key in ("title", "columns", "rows", "entities", "height_inches") if key in said}
    return Dashboard(said["dashboard"], panels=panels, statistics=questions, **grid)


def _panel(where: str, said: dict[str, Any]) -> Panel:
    if said["kind"] not in KINDS:
        raise DataError(f"{where}: panel {said['title']!r} is a {said['kind']}; valid are {', '.join(KINDS)}")
    for asked in (said["query"], said.get("marks", said["query"])):
        query(asked)  # a panel without its query is found when the dashboard is read, not when it is drawn
    rest = {key: value for key, value in said.items() if key not in ("place", "note")}
    return Panel(**rest, place=Place(**said["place"]), note=tuple(said.get("note", ())))
