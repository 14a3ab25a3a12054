"""Heat map of two categories: darker or brighter is more, and the number stands in the cell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ghostfleet.dashboards.pictures import AXIS, DARK_CELL, cell, short
from ghostfleet.dashboards.series import LETTER, leave, said
from ghostfleet.dashboards.themes import blend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ghostfleet.dashboards.panels import Panel
    from ghostfleet.dashboards.themes import Theme
    from ghostfleet.queries import Result

LEAST = 0.12  # share of the colour that the least value has
NARROW = 1.35  # letters of that height stand in a cell as wide as high
POINTS = 72  # per inch
FILL = 0.62  # of a row's height that letters take


def cells(axes: Axes, panel: Panel, result: Result, theme: Theme) -> None:
    """Draw a cell for each pair that has a value; colours grow with the value's logarithm."""
    values = {(row[panel.y], row[panel.x]): row[panel.value] for row in result.dicts()}
    down = list(dict.fromkeys(result.column(panel.y)))
    across = list(dict.fromkeys(result.column(panel.x)))
    if len(values) < len(across) * len(down) / 2:  # of a sparse one names are looked up
        across.sort()
    _labels(axes, [said(one) for one in across], [said(one) for one in down])
    wide, tall = (side / axes.figure.dpi for side in (axes.bbox.width / len(across), axes.bbox.height / len(down)))
    known = [math.log(value) for value in values.values() if value]
    least, span = (min(known), max(known) - min(known)) if known else (0.0, 0.0)
    longest = max(len(short(value)) for value in values.values())
    size = min(AXIS, FILL * tall * POINTS, NARROW * wide * POINTS / longest)
    for (row, column), value in values.items():
        share = LEAST + (1 - LEAST) * ((math.log(value) - least) / span if span else 1.0) if value else 0.0
        place = across.index(column), down.index(row)
        axes.add_patch(cell(*place, blend(blend(theme.card, theme.track, 0.7), theme.accent, share)))
        ink = theme.page if share > DARK_CELL else theme.value
        axes.text(place[0] + 0.5, place[1] + 0.5, short(value), ha="center", va="center", color=ink, fontsize=size)
    axes.tick_params(axis="both", labelsize=min(AXIS, FILL * tall * POINTS))
    if len(values) < len(across) * len(down):  # thin lines lead from a cell to its names
        rows, columns = ([place + 0.5 for place in range(len(names))] for names in (down, across))
        axes.hlines(rows, 0, len(across), color=theme.line, linewidth=0.8, zorder=0)
        axes.vlines(columns, 0, len(down), color=theme.line, linewidth=0.8, zorder=0)
    axes.set(xlim=(0, len(across)), ylim=(len(down), 0))


def _labels(axes: Axes, across: list[str], down: list[str]) -> None:
    """Name rows and columns; names that are longer than a column is wide stand upright."""
    size = min(AXIS, FILL * axes.bbox.height / axes.figure.dpi / len(down) * POINTS)
    letter = LETTER * size / AXIS
    leave(axes, left=letter * max(map(len, down)))
    longest = letter * max(map(len, across))
    upright = longest > axes.bbox.width / axes.figure.dpi / len(across)
    if upright:
        leave(axes, bottom=longest)
    axes.set_xticks([place + 0.5 for place in range(len(across))], across, rotation=90 if upright else 0)
    axes.set_yticks([place + 0.5 for place in range(len(down))], down)
