"""With which probability requests of nodes of a level make their calls, where some calls exclude each other.

A request goes from slot to slot. At each it makes the call or not, and if it does the call may be lost, which ends the
request. Calls of a choice exclude each other, so that who has made one makes none of the others: what was lost in the
first of them makes the second one likelier among those that are left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F64, I64, Bool
    from ghostfleet.world.flow import Flow

    Groups = Sequence[Sequence[int]]


class Ways(msgspec.Struct):
    """What slots of a level mean to the requests that reach them; shapes (slots, ticks)."""

    passes: F64  # probability of getting past the slot, of those who got as far as it
    made: F64  # probability of a served call, of those who got past it, and past all of its choice
    clean_made: F64  # … of those whose calls were all served at once
    clean: F64  # probability that nothing unusual happened in the slot, of those with nothing unusual before

    def step(self, some: slice) -> Ways:
        """Some slots only."""
        return Ways(self.passes[some], self.made[some], self.clean_made[some], self.clean[some])


def passes(waits: F64, lost: F64, groups: Groups) -> tuple[F64, F64]:
    """Share of requests that are left before each slot, of those that began its choice; and of those how many pass.

    ``waits`` has the shape (slots, 1), ``lost`` and the results (slots, ticks).
    """
    gone = waits * lost
    left = np.ones_like(gone)
    past = 1 - gone
    for slots in groups:
        before = left[slots[0]]
        for slot in slots:
            left[slot] = before
            after = before - gone[slot]
            past[slot] = after / before
            before = after
    return left, past


def ways(waits: F64, lost: F64, clean: F64, groups: Groups) -> Ways:
    """Probabilities of slots whose calls are lost, and served at once, with some probability; shapes (slots, ticks)."""
    left, past = passes(waits, lost, groups)
    made = waits * (1 - lost) / (left * past)
    clean_made = made * clean
    share = 1 - made + clean_made
    clean_made /= np.where(share > 0, share, 1.0)  # where every call is unusual, nobody is asked about usual ones
    for slots in groups:
        served = left[slots[-1]] * past[slots[-1]]  # of those that began the choice
        room = np.ones_like(served)  # nothing unusual in the slots so far
        for slot in slots:
            made[slot] = waits[slot] * (1 - lost[slot]) / served
            rest = room - made[slot] * (1 - clean[slot])
            share[slot] = rest / np.where(room > 0, room, 1.0)
            room = rest
        for slot in slots:
            clean_made[slot] = made[slot] * clean[slot] / np.where(room > 0, room, 1.0)
    return Ways(past, made, clean_made, share)


def choices(flow: Flow, slots: I64) -> tuple[tuple[int, ...], ...]:
    """Choices among some slots, as places among them."""
    place = {slot: at for at, slot in enumerate(slots.tolist())}
    return tuple(tuple(place[slot] for slot in one) for one in flow.slots.choices if one[0] in place)


def follows(flow: Flow, slots: I64) -> Bool:
    """Which of some slots come after another one of their choice, shape (slots,)."""
    later = {slot for one in flow.slots.choices for slot in one[1:]}
    return np.array([slot in later for slot in slots.tolist()], dtype=np.bool_)
