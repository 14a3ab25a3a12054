"""Incidents that a window's rows show and its truth does not list, because they began before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostfleet.spec import moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.window import Window
    from ghostfleet.state.estate import Estates
    from ghostfleet.world.occasions import Occasion

MOST_NAMED = 5


def under_way(estates: Estates, window: Window) -> list[Occasion]:
    """Incidents that had begun before a window, and were going on or just over as it began; the first ones first."""
    found = estates.occasions.between(window.since_s - 1, window.since_s)
    return sorted(found, key=lambda one: (one.start_s, one.id))


def told(estates: Estates, window: Window) -> str | None:
    """Line that names them, and the window whose truth lists them; None where there are none."""
    found = under_way(estates, window)
    if not found:
        return None
    since_s = estates.scenario.timeline.since_s
    inside = [one for one in found if one.start_s >= since_s]
    first_s = inside[0].start_s // window.tick_s * window.tick_s if inside else 0
    said = [f"under way when the window starts, and so not in its truth: {_named(found)}"]
    said += [f"--from {moments.text(max(first_s, since_s))} lists {_those(inside, found)}"] if inside else []
    earlier = len(found) - len(inside)
    said += [f"{earlier} began before the scenario's span, which no --from lists"] if earlier else []
    return "; ".join(said)


def _named(found: Sequence[Occasion]) -> str:
    names = [f"{one.id} ({one.name} on {one.root})" for one in found[:MOST_NAMED]]
    more = len(found) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _those(inside: Sequence[Occasion], found: Sequence[Occasion]) -> str:
    if len(inside) < len(found):
        return f"{len(inside)} of them"
    return "it" if len(found) == 1 else "them"
