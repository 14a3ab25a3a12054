"""How each kind of picture is drawn: one function per kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostfleet.dashboards import cells, layers, pictures, series

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from ghostfleet.dashboards.panels import Panel
    from ghostfleet.dashboards.themes import Theme
    from ghostfleet.queries import Result

    Draw = Callable[[Axes, Panel, Result, Theme], None]

DRAW: dict[str, Draw] = {
    "line": pictures.line,
    "bars": pictures.bars,
    "bars_with_mean_line": pictures.bars_with_mean_line,
    "heatmap": pictures.heatmap,
    "pie": pictures.pie,
    "lines": series.lines,
    "area": series.area,
    "stacked_bars": series.stacked_bars,
    "parts": series.parts,
    "cells": cells.cells,
    "graph": layers.graph,
}
TIMED = ("lines", "area")  # kinds whose axis is time, always
