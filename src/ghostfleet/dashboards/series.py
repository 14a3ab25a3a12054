"""Pictures of several series in one card: lines, stacks over time, bars and parts of bars."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from importlib import import_module
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from ghostfleet.dashboards.pictures import AXIS, HEADROOM, PERCENT_TOP, TICKS, grid, room, short, tick
from ghostfleet.dashboards.themes import blend

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes

    from ghostfleet.dashboards.panels import Panel
    from ghostfleet.dashboards.themes import Theme
    from ghostfleet.queries import Result

MOST = 5  # lines that have a colour; people tell no more apart
LETTER, KEY, LEGEND_ROW, MARGIN = (
    0.081,
    0.36,
    0.21,
    0.42,
)  # inches: a text, a colour beside it, a row, what is left of it
TOTALS = 14  # bars above which their totals are read off the axis
WHOLE_PERCENT = 100
DECADE = 10
NAME = 56  # letters of an interval's name that are shown
ROOM_FOR_MARKS = 1.3  # of the highest value


def lines(axes: Axes, panel: Panel, result: Result, theme: Theme) -> None:
    """Draw a line for each series, from zero; the first have colours, the others are grey."""
    series = _series(panel, result)
    named = dict(list(series.items())[:MOST])
    for name, points in reversed(series.items()):
        colour = hues(named, theme).get(name, pale(theme))
        across, up = [time for time, _ in points], [math.nan if value is None else value for _, value in points]
        axes.plot(across, up, color=colour, linewidth=1.3 if name in named else 0.9, zorder=3 if name in named else 2)
    entries = list(hues(named, theme).items())
    if others := len(series) - len(named):
        entries.append((f"{others} others", pale(theme)))
    legend(axes, entries, theme)
    times(axes, sorted(set(result.column(panel.x))))
    grid(axes, theme)
    highest = max(value for value in result.column(panel.y) if value is not None)
    if panel.logarithmic and highest > 0:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(tick)
        axes.minorticks_off()
        lowest = min(value for value in result.column(panel.y) if value is not None and value > 0)
        if highest < DECADE * lowest:  # else no number stands on the axis, and noise fills it
            axes.set_ylim(DECADE ** math.floor(math.log10(lowest)), DECADE ** (math.floor(math.log10(highest)) + 1))
        return
    top = highest * (ROOM_FOR_MARKS if panel.marks else HEADROOM) or 1
    is_share = panel.unit.startswith("%") and highest <= WHOLE_PERCENT
    axes.set_ylim(0, min(top, PERCENT_TOP) if is_share else top)


def mark(axes: Axes, intervals: Result, theme: Theme) -> None:
    """Lay bands over a time axis, with their names at the top, each below the one before."""
    date2num = import_module("matplotlib.dates").date2num
    left, right = axes.get_xlim()
    for place, row in enumerate(intervals.dicts()):
        since, until = (float(date2num(row[key] or row["since"])) for key in ("since", "until"))
        axes.axvspan(
            max(since, left), min(max(until, since), right), color=theme.crit, alpha=0.13, linewidth=0, zorder=1
        )
        starts_late = since > left + 0.6 * (right - left)
        axes.annotate(
            shorten(str(row["name"]), NAME, placeholder="…"),
            (max(since, left), 1),
            (-5 if starts_late else 5, -6 - 15 * place),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if starts_late else "left",
            va="top",
            color=theme.crit,
            fontsize=AXIS,
        )


def area(axes: Axes, panel: Panel, result: Result, theme: Theme) -> None:
    """Draw layers that add up over time, and a level as a dashed line."""
    across = sorted(set(result.column(panel.x)))
    points = {name: dict(several) for name, several in _series(panel, result).items()}
    layers = {name: [at.get(time) or 0.0 for time in across] for name, at in points.items()}
    colours = hues(layers, theme)
    axes.stackplot(across, *layers.values(), colors=list(colours.values()), linewidth=0.6, edgecolor=theme.card)
    level = {row[panel.x]: row[panel.level] for row in result.dicts()} if panel.level else {}
    if level:
        axes.plot(across, [level[time] for time in across], color=theme.value, linewidth=1.4, linestyle=(0, (4, 3)))
    axes.set_ylim(0, max(map(sum, zip(*layers.values(), strict=True))) * HEADROOM or 1)
    legend(axes, list(colours.items()), theme)
    times(axes, across)
    grid(axes, theme)


def stacked_bars(axes: Axes, panel: Panel, result: Result, theme: Theme) -> None:
    """Draw a bar for each place along the axis, made of the series, with its total above."""
    across = sorted(set(result.column(panel.x)))
    series = {name: dict(points) for name, points in _series(panel, result).items()}
    colours = hues(series, theme)
    feet = [0.0] * len(across)
    for name, points in series.items():
        heights = [float(points.get(place) or 0) for place in across]
        axes.bar(range(len(across)), heights, bottom=feet, width=0.62, color=colours[name], zorder=2)
        feet = [foot + height for foot, height in zip(feet, heights, strict=True)]
    for place, total in enumerate(feet if len(across) <= TOTALS else ()):
        above: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "color": theme.value, "fontsize": AXIS}
        axes.annotate(short(total), (place, total), (0, 4), **above)
    legend(axes, list(colours.items()), theme)
    words = [said(place) for place in across]
    step = math.ceil(len(words) / room(axes, max(words, key=len)))
    axes.set_xticks(list(range(0, len(words), step)), words[::step])
    axes.set_ylim(0, max(feet) * HEADROOM or 1)
    axes.set_xlim(-0.7 - 0.12 * max(0, 6 - len(across)), len(across) - 0.3 + 0.12 * max(0, 6 - len(across)))
    grid(axes, theme)


def parts(axes: Axes, panel: Panel, result: Result, theme: Theme) -> None:
    """Draw bars that lie, made of the series, and say their totals and the share of the last series."""
    series = {name: dict(points) for name, points in _series(panel, result).items()}
    colours, names = hues(series, theme), list(dict.fromkeys(result.column(panel.x)))
    leave(axes, left=LETTER * max(map(len, names)))
    feet = [0.0] * len(names)
    for name, points in series.items():
        lengths = [float(points.get(place) or 0) for place in names]
        axes.barh(range(len(names)), lengths, left=feet, height=0.62, color=colours[name], zorder=2)
        feet = [foot + length for foot, length in zip(feet, lengths, strict=True)]
    last, shares = list(series.items())[-1]
    for place, total in enumerate(feet):
        share = 100 * float(shares.get(names[place]) or 0) / (total or 1)
        words = f"{total:,.0f}  ·  {share:.0f} % {last}"
        axes.annotate(
            words, (total, place), (6, 0), textcoords="offset points", va="center", color=theme.value, fontsize=AXIS
        )
    legend(axes, list(colours.items()), theme)
    axes.set(xticks=[], xlim=(0, max(feet) * 1.6 or 1), ylim=(len(names) - 0.5, -0.5))
    axes.set_yticks(list(range(len(names))), names)


def hues(names: Iterable[str], theme: Theme) -> dict[str, str]:
    """Colours of series: of a state those of states, of the others in the order of the series."""
    states = {"critical": theme.crit, "high": theme.warn, "medium": theme.cost, "low": pale(theme), "waste": theme.warn}
    free = [theme.accent, theme.saturation, theme.latency, theme.errors, theme.cost]
    free += [blend(theme.card, colour, 0.5) for colour in free]
    plain = [name for name in names if name not in states]
    return {name: states[name] if name in states else free[plain.index(name) % len(free)] for name in names}


def pale(theme: Theme) -> str:
    """Colour of what is there, but not pointed at."""
    return blend(theme.track, theme.axis, 0.4)


def times(axes: Axes, across: Sequence[Any]) -> None:
    """Write times as short as can be: days by their date, and hours between them."""
    dates: Any = import_module("matplotlib.dates")  # which has no types
    axes.margins(x=0.015)
    locator = dates.AutoDateLocator(minticks=3, maxticks=max(6, min(TICKS, room(axes, "31 Mar"))))
    axes.xaxis.set_major_locator(locator)
    in_a_day = across[-1] - across[0] <= timedelta(days=1)
    hours = ["%H:%M"] * 2
    formats = ["%Y", "%b", "%d %b", *hours, "%H:%M:%S"]
    at_zero = ["", "%Y", "%b", "%H:%M" if in_a_day else "%d %b", *hours]
    axes.xaxis.set_major_formatter(
        dates.ConciseDateFormatter(locator, formats=formats, zero_formats=at_zero, show_offset=False)
    )


def legend(axes: Axes, entries: Sequence[tuple[str, str]], theme: Theme) -> None:
    """Name the colours above the picture, in as few rows as there is room for."""
    from matplotlib.patches import Patch

    wide = axes.bbox.width / axes.figure.dpi + MARGIN
    columns = next(number for number in range(len(entries), 0, -1) if number == 1 or _width(entries, number) <= wide)
    leave(axes, top=LEGEND_ROW * math.ceil(len(entries) / columns) + 0.12)
    axes.legend(
        handles=[Patch(color=colour, label=name) for name, colour in entries],
        loc="lower left",
        bbox_to_anchor=(-MARGIN / (wide - MARGIN), 1.0 + 0.06 * axes.figure.dpi / axes.bbox.height),
        ncols=columns,
        frameon=False,
        fontsize=AXIS,
        labelcolor=theme.label,
        handlelength=0.7,
        handleheight=0.8,
        handletextpad=0.45,
        columnspacing=1.0,
        labelspacing=0.35,
        borderpad=0.1,
        borderaxespad=0.2,
    )


def _width(entries: Sequence[tuple[str, str]], columns: int) -> float:
    """Inches that names take in so many columns, which are filled from above."""
    lengths = [LETTER * len(name) + KEY for name, _ in entries]
    tall = [len(lengths) // columns + (place < len(lengths) % columns) for place in range(columns)]
    return sum(max(lengths[sum(tall[:place]) : sum(tall[: place + 1])]) for place in range(columns))


def leave(axes: Axes, *, left: float = 0.0, top: float = 0.0, bottom: float = 0.0) -> None:
    """Take inches from the sides of a picture, for what is written there."""
    wide, tall = axes.figure.bbox.width / axes.figure.dpi, axes.figure.bbox.height / axes.figure.dpi
    box = axes.get_position()
    axes.set_position(
        (box.x0 + left / wide, box.y0 + bottom / tall, box.width - left / wide, box.height - (top + bottom) / tall)
    )


def said(place: Any) -> str:  # noqa: ANN401  a time or a word
    """Place along an axis as a text; a time by its day."""
    return f"{place.day} {place:%b}" if isinstance(place, datetime) else str(place)


def _series(panel: Panel, result: Result) -> dict[str, list[tuple[Any, Any]]]:
    """Points of each series, in the order of the query."""
    found: dict[str, list[tuple[Any, Any]]] = {}
    for row in result.dicts():
        found.setdefault(str(row[panel.series]), []).append((row[panel.x], row[panel.y]))
    return found
