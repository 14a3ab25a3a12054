"""Minutes that incidents took, by what tickets said of them when a week ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostfleet.core.stretches import inside, length
from ghostfleet.core.window import MINUTE_S
from ghostfleet.records.incident_metrics import ticket
from ghostfleet.truth.losses import is_felt

if TYPE_CHECKING:
    from ghostfleet.records.incident_metrics import Ticket
    from ghostfleet.state.estate import Estates


def known(estates: Estates, since_s: int, until_s: int) -> list[Ticket]:
    """Tickets of incidents of a stretch that somebody had opened before it was over."""
    found = [ticket(estates, one) for one in estates.occasions.between(since_s - 1, until_s)]
    return [one for one in found if one is not None and one.noticed_s < until_s]


def lost(estates: Estates, tickets: list[Ticket], since_s: int, until_s: int) -> float:
    """Minutes of a stretch in which somebody felt an incident, each once however many there were.

    Licences and machines too many stand for weeks and are felt by nobody: with them no week would have a minute left.
    """
    felt = [one.occasion for one in tickets if is_felt(estates, one.occasion)]
    return length(inside(((one.start_s, one.end_s) for one in felt), since_s, until_s)) / MINUTE_S


def taken(tickets: list[Ticket], since_s: int, until_s: int) -> list[float]:
    """Minutes from start to end of each incident that was over in a stretch."""
    over = [one.occasion for one in tickets if since_s <= one.occasion.end_s < until_s]
    return [(one.end_s - one.start_s) / MINUTE_S for one in over]
