"""Draw a dashboard with matplotlib: cards on a grid, one file."""

from __future__ import annotations

import io
import unicodedata
import warnings
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ghostfleet.core.errors import GhostfleetError
from ghostfleet.dashboards.kinds import DRAW, TIMED
from ghostfleet.dashboards.panels import Dashboard, Panel, Place
from ghostfleet.dashboards.pictures import AXIS, LABEL
from ghostfleet.dashboards.series import mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ghostfleet.dashboards.themes import Theme
    from ghostfleet.queries import Data, Result

SIZE_INCHES = (20.0, 12.0)  # CAP-19
DPI = 150
UNDATED = {"png": {"Software": None}, "pdf": {"CreationDate": None, "Producer": None}}  # equal data, equal bytes
FONTS = ("Inter", "Manrope", "DejaVu Sans")  # the first that is installed; the last comes with matplotlib
# … and who has the letters that it lacks: names are written in any script.
WIDE_FONTS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "Source Han Sans", "WenQuanYi Zen Hei", "Arial Unicode MS")
LONGEST = 24  # letters of a name in a note, so that it stays on the narrowest card
GAP, EDGE, HEADER = 0.012, 0.014, 0.055  # shares of the figure: between cards, around them, the title above
PADDING = (0.030, 0.034, 0.016, 0.052)  # inside a card: left, bottom, right, top
WIDER = {"heatmap": {0: 0.052}, "bars_with_mean_line": {2: 0.054}, "pie": {1: 0.026}}  # room for what is written there


class MissingExtraError(GhostfleetError):
    """Pictures are wanted, but matplotlib is not installed."""


def picture(
    dashboard: Dashboard,
    data: Data,
    theme: Theme,
    subtitle: str = "",
    *,
    form: str = "png",
    size_inches: tuple[float, float] | None = None,
) -> bytes:
    """Draw every panel of a dashboard as ``png`` or ``pdf``, in its own size or another; one without data says why."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError('pictures need matplotlib; install it with pip install "ghostfleet[report]"') from error
    with styled():
        figure = Figure(figsize=size_inches or (SIZE_INCHES[0], dashboard.height_inches), dpi=DPI, facecolor=theme.page)
        FigureCanvasAgg(figure)
        _header(figure, dashboard, theme, subtitle)
        for panel in dashboard.panels:
            _card(figure, dashboard, panel, data, theme)
        target = io.BytesIO()
        figure.savefig(target, format=form, facecolor=theme.page, metadata=UNDATED[form])
    return target.getvalue()


def alone(panel: Panel) -> Dashboard:
    """One panel as a dashboard of its own."""
    return Dashboard(panel.query, "", 1, 1, (replace(panel, place=Place(1, 1)),))


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the fonts of the house, and a $ in a name as a $."""
    import matplotlib as mpl

    with mpl.rc_context({"font.family": fonts(), "text.parse_math": False}), warnings.catch_warnings():
        # A letter that no installed font has is a box, which whoever looks at the picture sees.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from", UserWarning)
        yield


def fonts() -> list[str]:
    """Families of the texts in pictures: the first of the house that is installed, then those with more letters."""
    from matplotlib import font_manager

    known = {font.name for font in font_manager.fontManager.ttflist}
    house = next((font for font in FONTS if font in known), FONTS[-1])
    return list(dict.fromkeys([house, *(font for font in WIDE_FONTS if font in known), FONTS[-1]]))


def _header(figure: Figure, dashboard: Dashboard, theme: Theme, subtitle: str) -> None:
    if not dashboard.title:
        return
    middle = 1 - (HEADER / 2 + 0.004) * SIZE_INCHES[1] / figure.get_size_inches()[1]
    figure.text(EDGE + 0.004, middle, dashboard.title, color=theme.value, fontsize=19, weight="bold", va="center")
    figure.text(1 - EDGE - 0.004, middle, subtitle, color=theme.axis, fontsize=LABEL, va="center", ha="right")


def _drawable(result: Result) -> Result:
    """The same with blanks for characters that no font has a picture of, such as tabs."""

    def drawable(cell: object) -> object:
        if not isinstance(cell, str) or cell.isprintable():
            return cell
        return "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in cell)

    return replace(result, rows=[tuple(drawable(cell) for cell in row) for row in result.rows])


def _card(figure: Figure, dashboard: Dashboard, panel: Panel, data: Data, theme: Theme) -> None:
    from matplotlib.patches import FancyBboxPatch

    result = _drawable(data.ask(panel.query))
    across, up = figure.get_size_inches()
    left, bottom, width, height = _box(dashboard, panel, across / up)
    figure.add_artist(
        FancyBboxPatch(
            (left, bottom),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.006",
            facecolor=theme.card,
            edgecolor=theme.line,
            linewidth=1.2,
            transform=figure.transFigure,
            mutation_aspect=across / up,
            zorder=-1,
        )
    )
    wide, tall = SIZE_INCHES[0] / across, SIZE_INCHES[1] / up  # what is written keeps its size on smaller paper
    top = bottom + height - 0.021 * tall
    title = figure.text(
        left + 0.010 * wide, top, panel.title, color=theme.value, fontsize=14, weight="bold", va="center"
    )
    note = figure.text(
        left + width - 0.010 * wide,
        top,
        _note(panel, result),
        color=theme.axis,
        fontsize=LABEL,
        va="center",
        ha="right",
    )
    if note.get_window_extent().x0 < title.get_window_extent().x1 + LABEL:
        note.set_y(top - 0.019 * tall)  # long names of hosts go below
    title.set_in_layout(False)
    pads = {**dict(enumerate(PADDING)), **WIDER.get(panel.kind, {})}
    pads = {side: pad * (tall if side % 2 else wide) for side, pad in pads.items()}
    inside = (left + pads[0], bottom + pads[1], width - pads[0] - pads[2], height - pads[1] - pads[3])
    axes = figure.add_axes(inside, facecolor=theme.card)
    _plain(axes, theme)
    if not result.rows:
        _placeholder(axes, result.reason, theme)
    elif all(value is None for value in result.column(panel.value or panel.y)):
        _placeholder(axes, "every value is missing", theme)
    else:
        DRAW[panel.kind](axes, panel, result, theme)
        if panel.marks:
            mark(axes, _drawable(data.ask(panel.marks)), theme)


def _box(dashboard: Dashboard, panel: Panel, aspect: float) -> tuple[float, float, float, float]:
    """Left, bottom, width and height of a card, as shares of the figure."""
    tall = SIZE_INCHES[1] / (SIZE_INCHES[0] / aspect)  # edges keep their size on longer paper, as cards' texts do
    column = (1 - 2 * EDGE - (dashboard.columns - 1) * GAP) / dashboard.columns
    gap = GAP * aspect  # equal distances on paper
    edge = EDGE * min(tall, 1.0)
    header = HEADER * min(tall, 1.0) if dashboard.title else edge
    row = (1 - edge - header - (dashboard.rows - 1) * gap) / dashboard.rows
    place = panel.place
    left = EDGE + (place.column - 1) * (column + GAP)
    bottom = edge + (dashboard.rows - place.row - place.height + 1) * (row + gap)
    width, height = place.width * column + (place.width - 1) * GAP, place.height * row + (place.height - 1) * gap
    return left, bottom, width, height


def _note(panel: Panel, result: Result) -> str:
    parts = [_cut(str(result.column(name)[0])) for name in panel.note] if result.rows else []
    parts += [panel.unit] if panel.unit else []
    return ", ".join([*parts, "UTC"] if panel.kind in TIMED and result.rows else parts)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _plain(axes: Axes, theme: Theme) -> None:
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(colors=theme.axis, labelsize=AXIS, length=0, pad=6)


def _placeholder(axes: Axes, reason: str, theme: Theme) -> None:
    axes.set(xticks=[], yticks=[])
    axes.text(
        0.5,
        0.5,
        f"No data: {reason}.",
        color=theme.axis,
        fontsize=LABEL,
        ha="center",
        va="center",
        transform=axes.transAxes,
        wrap=True,
    )
