"""Graph in layers: what shares a place lies in one band, and in it who calls stands at the left of who is called."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ghostfleet.dashboards.pictures import AXIS, LABEL
from ghostfleet.dashboards.series import legend
from ghostfleet.dashboards.themes import blend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from matplotlib.axes import Axes

    from ghostfleet.dashboards.panels import Panel
    from ghostfleet.dashboards.themes import Theme
    from ghostfleet.queries import Result

FIRST, LAST = "web", ("database", "external")  # kinds with a column of their own; the others stand between
HEADINGS = {"web": "Web services", "database": "Databases", "external": "Other people's services"}
SWEEPS = 12  # over which nodes move towards their neighbours; more change nothing
GAP, BAND = 0.23, 0.95  # of a column's width that stays free; of a row, above the nodes of a band
POINTS, LETTER = 72, 0.58  # per inch; width of a letter over its height


@dataclass
class Graph:
    """Nodes by name, and the place that each gets: columns from the left, rows from above."""

    kinds: dict[str, str] = field(default_factory=dict)
    bands: dict[str, str] = field(default_factory=dict)  # of nodes that lie in one
    links: list[tuple[str, str, str]] = field(default_factory=list)  # from, to, relation
    columns: dict[str, int] = field(default_factory=dict)
    rows: dict[str, float] = field(default_factory=dict)
    edges: dict[str, tuple[float, float]] = field(default_factory=dict)  # upper and lower, of each band
    tall: float = 0.0  # rows


def arranged(panel: Panel, result: Result) -> Graph:
    """Graph of a query's rows with a place for every node; equal rows, equal places."""
    found = Graph()
    for row in result.dicts():
        name = str(row[panel.x])
        found.kinds[name] = str(row[panel.series])
        if row[panel.group] is not None:
            found.bands[name] = str(row[panel.group])
        if row[panel.y] is not None:
            found.links.append((name, str(row[panel.y]), str(row[panel.value])))
    found.links = [link for link in found.links if link[1] in found.kinds]
    _columns(found)
    _rows(found)
    return found


def _columns(found: Graph) -> None:
    """Put every node one column right of the rightmost of its callers in its band; fixed kinds at either side."""
    inner = {name for name, kind in found.kinds.items() if kind != FIRST and kind not in LAST}
    has_first = FIRST in found.kinds.values()
    depth = dict.fromkeys(found.kinds, 0) | dict.fromkeys(inner, int(has_first))
    inside = [(a, b) for a, b, _ in found.links if {a, b} <= inner and found.bands.get(a) == found.bands.get(b)]
    for _ in inner:  # at most as often as the longest path is long; a cycle ends it
        moved = [(a, b) for a, b in inside if depth[b] <= depth[a]]
        if not moved:
            break
        for caller, callee in moved:
            depth[callee] = min(max(depth[callee], depth[caller] + 1), len(inner))
    last = max((depth[name] for name in inner), default=0)
    for place, kind in enumerate(kind for kind in LAST if kind in found.kinds.values()):
        depth |= {name: last + 1 + place for name in found.kinds if found.kinds[name] == kind}
    found.columns = depth


def _rows(found: Graph) -> None:
    """Put nodes near those they are tied to, without two in one place."""
    cells: dict[tuple[str, int], list[str]] = defaultdict(list)
    for name, column in found.columns.items():
        cells[found.bands.get(name, ""), column].append(name)
    upper = 0.0
    for band in dict.fromkeys(found.bands.values()):
        height = max(len(names) for (where, _), names in cells.items() if where == band) + BAND + 0.3
        found.edges[band] = (upper, upper + height)
        upper += height + 0.25
    free = max((len(names) for (band, _), names in cells.items() if not band), default=0)
    found.tall = max(upper, free + 0.0)
    for (band, _), names in cells.items():
        _spread(found, band, names, lambda name: (found.kinds[name], name))
    tied: dict[str, list[str]] = defaultdict(list)
    for one, other, _ in found.links:
        tied[one].append(other)
        tied[other].append(one)
    for _ in range(SWEEPS):
        for (band, _), names in sorted(cells.items(), key=lambda cell: cell[0][1]):
            _spread(found, band, names, lambda name: (_middle(found.rows, tied[name], found.rows[name]), name))


def _middle(rows: Mapping[str, float], names: Iterable[str], otherwise: float) -> float:
    places = [rows[name] for name in names]
    return sum(places) / len(places) if places else otherwise


def _spread(found: Graph, band: str, names: list[str], key: Callable[[str], object]) -> None:
    """Order the nodes of a cell and space them evenly: within their band in its middle, else over the whole height."""
    upper, lower = found.edges.get(band, (0.0, found.tall))
    if band:
        upper += BAND - 0.3
        step = 1.0
        upper += (lower - upper - len(names)) / 2
    else:
        step = min((lower - upper) / len(names), 2.0)
        upper += (lower - upper - step * len(names)) / 2
    for place, name in enumerate(sorted(names, key=key)):  # type: ignore[arg-type]  # tuples of one form
        found.rows[name] = upper + (place + 0.5) * step


def graph(axes: Axes, panel: Panel, result: Result, theme: Theme) -> None:
    """Draw nodes as labels in columns, bands behind them, and links as curves between."""
    found = arranged(panel, result)
    colours = {"call": theme.accent, "query": theme.saturation, "external": theme.cost}
    words = {"call": "calls", "query": "queries a database", "external": "uses a service of others"}
    drawn = [name for name in colours if name in {relation for _, _, relation in found.links}]
    if drawn:
        legend(axes, [(words[name], colours[name]) for name in drawn], theme)
    inches = axes.bbox.width / axes.figure.dpi, axes.bbox.height / axes.figure.dpi
    columns = max(found.columns.values()) + 1
    axes.set(xlim=(0, columns), ylim=(found.tall + 0.1, -0.9), xticks=[], yticks=[])
    longest = max(map(len, found.kinds))
    row = inches[1] / (found.tall + 1) * POINTS
    size = min(AXIS, 0.52 * row, (1 - GAP) * inches[0] / columns * POINTS / (LETTER * longest))
    _bands(axes, found, min(AXIS, 1.25 * size), theme)
    for one, other, relation in found.links:
        _curve(axes, found, one, other, colours.get(relation, theme.cost))
    for name, column in found.columns.items():
        _node(axes, name, (column + 0.5, found.rows[name]), size, theme)
    _headings(axes, found, min(LABEL, 1.4 * size), theme)


def _bands(axes: Axes, found: Graph, size: float, theme: Theme) -> None:
    from matplotlib.patches import Rectangle

    left = min((found.columns[name] for name in found.bands), default=0)
    right = max((found.columns[name] for name in found.bands), default=0) + 1
    for band, (upper, lower) in found.edges.items():
        tint = blend(theme.card, theme.track, 0.32)
        axes.add_patch(
            Rectangle((left + 0.04, upper), right - left - 0.08, lower - upper, facecolor=tint, linewidth=0, zorder=0)
        )
        behind = {"facecolor": tint, "edgecolor": "none", "pad": 2}
        axes.text(left + 0.11, upper + 0.42, band, color=theme.label, fontsize=size, va="center", zorder=2, bbox=behind)


def _curve(axes: Axes, found: Graph, one: str, other: str, colour: str) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    half = (1 - GAP) / 2
    leaves, comes = found.columns[one] + 0.5, found.columns[other] + 0.5
    start = leaves + (half if leaves <= comes else -half)  # to the side on which the other stands
    end = comes + (half if leaves >= comes else -half)
    bend = max(GAP, 0.45 * abs(end - start))
    out, into = (bend if leaves <= comes else -bend), (bend if leaves >= comes else -bend)
    upper, lower = found.rows[one], found.rows[other]
    points = [(start, upper), (start + out, upper), (end + into, lower), (end, lower)]
    axes.add_patch(
        FancyArrowPatch(
            path=Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]),
            arrowstyle="-|>,head_length=3,head_width=1.6",
            edgecolor=colour,
            facecolor=colour,
            linewidth=0.9,
            alpha=0.5,
            zorder=1,
        )
    )


def _node(axes: Axes, name: str, at: tuple[float, float], size: float, theme: Theme) -> None:
    from matplotlib.patches import Rectangle

    wide = 1 - GAP
    axes.add_patch(
        Rectangle(
            (at[0] - wide / 2, at[1] - 0.38),
            wide,
            0.76,
            facecolor=theme.card,
            edgecolor=blend(theme.card, theme.axis, 0.5),
            linewidth=0.8,
            zorder=3,
        )
    )
    axes.text(*at, name, color=theme.value, fontsize=size, ha="center", va="center_baseline", zorder=4)


def _headings(axes: Axes, found: Graph, size: float, theme: Theme) -> None:
    inner = [column for name, column in found.columns.items() if found.kinds[name] not in HEADINGS]
    places = {HEADINGS[kind]: found.columns[name] + 0.5 for name, kind in found.kinds.items() if kind in HEADINGS}
    if inner:
        places["Services, by cluster"] = (min(inner) + max(inner) + 1) / 2
    for heading, column in places.items():
        axes.text(column, -0.55, heading, color=theme.label, fontsize=size, ha="center", va="center")
