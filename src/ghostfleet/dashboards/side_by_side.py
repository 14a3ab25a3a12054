"""Draw windows of two sides beside each other: a row of cards for each metric, real left, synthetic right."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ghostfleet.dashboards.pictures import AXIS, LABEL
from ghostfleet.dashboards.render import DPI, UNDATED, MissingExtraError, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from ghostfleet.core.arrays import F64
    from ghostfleet.dashboards.themes import Theme

WIDTH, ROW, HEADER, GAP = 16.0, 2.7, 0.9, 0.18  # inches
FILL = 0.78  # share of a window's lane that the window takes


@dataclass(frozen=True)
class Pair:
    """Windows of one metric: the title says which, the note what was found."""

    title: str
    note: str
    real: F64
    synthetic: F64


def side_by_side(title: str, subtitle: str, pairs: Sequence[Pair], theme: Theme) -> bytes:
    """Draw all pairs as one PNG; every window fills its own lane, because shapes are compared and not levels."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            'pictures need matplotlib; install it with pip install "ghostfleet[realism]"'
        ) from error
    with styled():
        figure = Figure(figsize=(WIDTH, HEADER + ROW * len(pairs) + GAP), dpi=DPI, facecolor=theme.page)
        FigureCanvasAgg(figure)
        tall = figure.get_size_inches()[1]
        middle = 1 - HEADER / 2 / tall
        figure.text(GAP * 1.5 / WIDTH, middle, title, color=theme.value, fontsize=19, weight="bold", va="center")
        figure.text(1 - GAP * 1.5 / WIDTH, middle, subtitle, color=theme.axis, fontsize=LABEL, va="center", ha="right")
        for row, pair in enumerate(pairs):
            for column, (side, values) in enumerate((("real", pair.real), ("synthetic", pair.synthetic))):
                ink = theme.label if side == "real" else theme.accent
                note = pair.note if side == "synthetic" else ""
                _card(figure, (row, column), f"{pair.title}, {side}", note, values, ink, theme)
        target = io.BytesIO()
        figure.savefig(target, format="png", facecolor=theme.page, metadata=UNDATED["png"])
    return target.getvalue()


def _card(figure: Figure, place: tuple[int, int], title: str, note: str, values: F64, ink: str, theme: Theme) -> None:
    from matplotlib.patches import FancyBboxPatch

    tall = figure.get_size_inches()[1]
    wide = (WIDTH - 3 * GAP) / 2
    left, bottom = GAP + place[1] * (wide + GAP), tall - HEADER - (place[0] + 1) * ROW + GAP
    height = ROW - GAP
    figure.add_artist(
        FancyBboxPatch(
            (left / WIDTH, bottom / tall),
            wide / WIDTH,
            height / tall,
            boxstyle="round,pad=0,rounding_size=0.006",
            facecolor=theme.card,
            edgecolor=theme.line,
            linewidth=1.2,
            transform=figure.transFigure,
            mutation_aspect=WIDTH / tall,
            zorder=-1,
        )
    )
    top = (bottom + height - 0.26) / tall
    figure.text((left + 0.2) / WIDTH, top, title, color=theme.value, fontsize=14, weight="bold", va="center")
    figure.text((left + wide - 0.2) / WIDTH, top, note, color=theme.axis, fontsize=LABEL, va="center", ha="right")
    inside = ((left + 0.2) / WIDTH, (bottom + 0.14) / tall, (wide - 0.4) / WIDTH, (height - 0.62) / tall)
    axes = figure.add_axes(inside, facecolor=theme.card)
    axes.set(xticks=[], yticks=[], ylim=(0, max(len(values), 1)))
    for spine in axes.spines.values():
        spine.set_visible(False)
    for lane, window in enumerate(values[::-1]):
        low, high = window.min(), window.max()
        axes.axhline(lane + (1 - FILL) / 2, color=theme.line, linewidth=1, zorder=1)
        shape = (window - low) / ((high - low) or 1.0)
        axes.plot(lane + (1 - FILL) / 2 + FILL * shape, color=ink, linewidth=1.0, zorder=2)
    if len(values):
        axes.margins(x=0.005)
    else:
        axes.text(0.5, 0.5, "no window that moves", color=theme.axis, fontsize=AXIS, ha="center", va="center")
