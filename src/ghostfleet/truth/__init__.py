"""What each incident did: the state with it minus the state without it, and nothing that anybody guessed.

An incident belongs to the window that it starts in, so that abutting windows hold each incident once. Where incidents
overlap, each is left out in turn: its impact is what would have been spared without it alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostfleet.truth.difference import Impact, impacts
from ghostfleet.truth.tables import IMPACT, INCIDENTS, TABLES, impact_batch, incidents_batch

if TYPE_CHECKING:
    from ghostfleet.core.window import Window
    from ghostfleet.state.estate import Estates
    from ghostfleet.world.occasions import Occasion

__all__ = ["IMPACT", "INCIDENTS", "TABLES", "Impact", "impact_batch", "impacts", "incidents_batch", "starting"]


def starting(estates: Estates, window: Window) -> list[Occasion]:
    """Incidents that start in a window, in the order of their starts."""
    found = estates.occasions.between(window.since_s, window.until_s)
    return sorted(
        (one for one in found if window.since_s <= one.start_s < window.until_s), key=lambda one: (one.start_s, one.id)
    )
