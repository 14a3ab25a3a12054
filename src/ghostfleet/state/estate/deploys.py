"""When services were last deployed: a deploy replaces all pods, and what they had gathered is gone with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.window import DAY_S
from ghostfleet.state.estate.events import Rhythm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import I64
    from ghostfleet.core.window import Window
    from ghostfleet.world.flow import Flow

OLDEST_S = 28 * DAY_S  # in which hardly a service is not deployed; who is not has gathered all that it will


def deploys(flow: Flow, services: Sequence[str]) -> Rhythm:
    """Deploys of some services, which are rows of its events."""
    weekly = flow.estate.changes
    ids = draw.entity_ids(f"Service {name}" for name in services)
    return Rhythm(flow, "deploy", ids, np.full(len(ids), weekly.deploys_per_week / 5), weekly.clock)


class Ages:
    """How long the pods of some services have run, in whole ticks."""

    def __init__(self, flow: Flow, services: Sequence[str]) -> None:
        """Services by name."""
        self._deploys, self._count = deploys(flow, services), len(services)

    def seconds(self, window: Window) -> I64:
        """Seconds since the last deploy at each tick, `OLDEST_S` at most; shape (services, ticks)."""
        seconds = window.seconds()
        events = self._deploys.between(window.since_s - OLDEST_S, window.until_s)
        starts = events.seconds // window.tick_s * window.tick_s
        ages = np.empty((self._count, len(window)), dtype=np.int64)
        for row in range(self._count):
            known = np.concatenate([[window.since_s - OLDEST_S], starts[events.entities == row]])
            ages[row] = seconds - known[np.searchsorted(known, seconds, side="right") - 1]
        return np.minimum(ages, OLDEST_S)
