"""How each picture kind is drawn on a matplotlib axis; one function per kind."""

from __future__ import annotations

import math
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ghostfleet.dashboards.themes import blend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ghostfleet.dashboards.panels import Panel
    from ghostfleet.dashboards.themes import Theme
    from ghostfleet.queries import Result

TEXT, LABEL, AXIS = 13, 12, 11  # points; a picture of 20 inches is looked at smaller than a page
HEADROOM = 1.12  # of the highest value, so that labels stay inside
MANY = 6  # bars
TICKS = 10  # of time, where there is room
LETTER, BETWEEN = 0.1, 0.2  # inches: of a text along an axis, and from one to the next
PERCENT_TOP = 104  # no share is more than 100
DARK_CELL = 0.55  # share of the colour from which a cell's text changes its colour


def short(value: float | None) -> str:
    """Three significant figures, as people read them; an en dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    if abs(value) >= 1000:  # noqa: PLR2004  thousands get a separator
        return f"{value:,.0f}"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.3g}"


def line(axes: Axes, panel: Panel, result: Result, theme: Theme) -> None:
    """Draw a line over time, or over words in their order."""
    across, up = result.column(panel.x), result.column(panel.y)
    words = isinstance(across[0], str)
    places: list[Any] = list(range(len(across))) if words else across
    heights = [math.nan if value is None else value for value in up]
    dense = len(heights) > 100  # noqa: PLR2004  a point per row would hide the line
    axes.plot(places, heights, color=theme.accent, linewidth=1.1 if dense else 1.8, marker=None if dense else "o")
    if words:
        _words(axes, across, heights, theme)
    else:
        times(axes, across)
    if panel.from_zero:
        highest = max(height for height in heights if not math.isnan(height))
        top = highest * 1.2 or 1
        axes.set_ylim(0, min(top, PERCENT_TOP) if panel.unit == "%" and highest <= 100 else top)  # noqa: PLR2004  percent
    grid(axes, theme)


def _words(axes: Axes, across: list[str], heights: list[float], theme: Theme) -> None:
    """Name the places of a line, and say their values while there is room."""
    least = math.ceil(len(across) / room(axes, max(across, key=len)))
    step = next(step for step in range(least, len(across) + 1) if step == 1 or len(across) % step == 0)  # hours: 6
    axes.set_xticks(list(range(0, len(across), step)), across[::step])
    axes.margins(x=0.07 if step == 1 else 0.02)
    for place, height in enumerate(heights if step == 1 else ()):
        if math.isnan(height):
            continue
        falls = place > 0 and height < 0.9 * heights[place - 1]  # then the line comes from above
        axes.annotate(
            short(height),
            (place, height),
            (0, -19 if falls else 9),
            textcoords="offset points",
            ha="center",
            color=theme.value,
            fontsize=AXIS,
        )


def times(axes: Axes, across: list[Any]) -> None:
    """Write times as short as their span allows."""
    dates: Any = import_module("matplotlib.dates")  # which has no types
    axes.margins(x=0.01)
    in_a_day = across[-1] - across[0] <= timedelta(days=1)
    locator = dates.AutoDateLocator(
        minticks=3, maxticks=max(3, min(TICKS, room(axes, "00:00" if in_a_day else "2000-01-01")))
    )
    formatter = dates.AutoDateFormatter(locator)
    formatter.scaled |= {1.0: "%d %b", 1 / 24: "%d %b %H:%M", 1 / 1440: "%d %b %H:%M"}
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M") if in_a_day else formatter)


def room(axes: Axes, text: str) -> int:
    """How many texts of a length stand beside each other along the axis."""
    inches = axes.bbox.width / axes.figure.dpi
    return max(1, int(inches / (LETTER * len(text) + BETWEEN)))


def bars(axes: Axes, panel: Panel, result: Result, theme: Theme) -> None:
    """Draw bars from zero, with their values above."""
    for place, height in enumerate(_bars(axes, panel, result, theme)):
        axes.annotate(
            short(height),
            (place, 0 if math.isnan(height) else height),
            (0, 4),
            textcoords="offset points",
            ha="center",
            color=theme.value,
            fontsize=AXIS,
        )


def _bars(axes: Axes, panel: Panel, result: Result, theme: Theme) -> list[float]:
    """Bars and their heights; a missing one has none and is no number."""
    across = result.column(panel.x)
    up = [math.nan if value is None else float(value) for value in result.column(panel.y)]
    axes.bar(range(len(across)), up, width=0.62, color=theme.accent, zorder=2)
    axes.set_xticks(list(range(len(across))), [str(text) for text in across])
    axes.set_ylim(0, max(height for height in up if not math.isnan(height)) * HEADROOM or 1)
    axes.margins(x=0.04 if len(across) >= MANY else 0.12)  # few bars need not fill the card
    grid(axes, theme)
    return up


def bars_with_mean_line(axes: Axes, panel: Panel, result: Result, theme: Theme) -> None:
    """Draw bars, and the mean of the year as a dashed line with its value at the right."""
    _bars(axes, panel, result, theme)
    mean = result.column(panel.mean)[0]
    axes.axhline(mean, color=theme.label, linewidth=1.2, linestyle=(0, (4, 3)), zorder=3)
    axes.annotate(
        f"year {short(mean)}",
        (1, mean),
        (6, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        color=theme.label,
        fontsize=AXIS,
    )


def heatmap(axes: Axes, panel: Panel, result: Result, theme: Theme) -> None:
    """Draw correlations; the colour's centre is zero, the sign is written in the cell."""
    names = list(dict.fromkeys(result.column(panel.y)))
    cells = {(row[panel.y], row[panel.x]): row[panel.value] for row in result.dicts()}
    for down, left in enumerate(names):
        for right, other in enumerate(names):
            value = cells.get((left, other))
            value = math.nan if value is None else value
            share = 0.0 if math.isnan(value) else abs(value)
            end = theme.warn if value < 0 else theme.accent
            low = blend(theme.card, theme.track, 0.7)
            axes.add_patch(cell(right, down, blend(low, end, share * 0.9)))
            ink = theme.page if share > DARK_CELL else theme.value
            said = "–" if math.isnan(value) else f"{value:.2f}".replace("-", "−")
            axes.text(right + 0.5, down + 0.5, said, ha="center", va="center", color=ink, fontsize=LABEL)
    axes.set(xlim=(0, len(names)), ylim=(len(names), 0))
    axes.set_xticks([place + 0.5 for place in range(len(names))], names)
    axes.set_yticks([place + 0.5 for place in range(len(names))], names)
    axes.tick_params(length=0)


def cell(left: float, top: float, colour: str) -> Any:  # noqa: ANN401  a patch; matplotlib is imported when drawing
    """Cell of a heat map, a little smaller than its place."""
    from matplotlib.patches import Rectangle

    return Rectangle((left + 0.02, top + 0.03), 0.96, 0.94, facecolor=colour, linewidth=0)


def pie(axes: Axes, panel: Panel, result: Result, theme: Theme) -> None:
    """Draw parts of a whole in shades of one hue, named beside them with number and share."""
    names, sizes = result.column(panel.x), [float(value or 0) for value in result.column(panel.y)]
    total = sum(sizes) or 1.0
    shades = [blend(theme.accent, theme.track, 0.85 * place / max(1, len(sizes) - 1)) for place in range(len(sizes))]
    labels = [f"{name}\n{size:.0f}  ·  {100 * size / total:.0f} %" for name, size in zip(names, sizes, strict=True)]
    axes.pie(
        sizes,
        labels=labels,
        colors=shades,
        startangle=90,
        counterclock=False,
        radius=1.22,
        labeldistance=1.13,
        textprops={"color": theme.value, "fontsize": LABEL},
        wedgeprops={"linewidth": 2, "edgecolor": theme.card},
    )
    axes.set_aspect("equal")


def tick(value: float, _: object = None) -> str:
    """Value beside an axis; thousands and millions by their letters, so that it stays narrow."""
    for letter, unit in (("M", 1e6), ("k", 1e3)):
        if abs(value) >= (10 if letter == "k" else 1) * unit:
            return f"{value / unit:,.10g}{letter}"
    return f"{value:,.10g}"


def grid(axes: Axes, theme: Theme) -> None:
    """Lay thin lines behind the picture at the values beside it."""
    axes.yaxis.set_major_formatter(tick)
    axes.grid(visible=True, axis="y", color=theme.line, linewidth=1)
    axes.set_axisbelow(True)
