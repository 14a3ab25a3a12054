"""Half-open spans of time on a grid of ticks counted from the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.errors import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.arrays import I64

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86400


@dataclass(frozen=True, slots=True)
class Window:
    """The ticks ``[start, stop)``, each ``tick_s`` seconds long; tick 0 begins at 1970-01-01T00:00Z.

    A window is a cut, never a cause: what is observed at a tick does not depend on the window it was
    asked for in.
    """

    start: int
    stop: int
    tick_s: int

    def __post_init__(self) -> None:
        """Refuse a window that ends before it begins."""
        if self.tick_s <= 0:
            msg = f"a tick lasts {self.tick_s} s; it must last at least 1 s"
            raise ScenarioError(msg)
        if self.stop < self.start:
            msg = f"a window cannot end (tick {self.stop}) before it starts (tick {self.start})"
            raise ScenarioError(msg)

    @classmethod
    def between(cls, since_s: int, until_s: int, tick_s: int) -> Window:
        """Ticks that *start* in ``[since_s, until_s)``, both in seconds since the epoch."""
        return cls(-(-since_s // tick_s), -(-until_s // tick_s), tick_s)

    def __len__(self) -> int:
        """Count the ticks."""
        return self.stop - self.start

    @property
    def since_s(self) -> int:
        """Second at which the window starts."""
        return self.start * self.tick_s

    @property
    def until_s(self) -> int:
        """Second at which the window has ended."""
        return self.stop * self.tick_s

    def ticks(self) -> I64:
        """Tick numbers, shape (ticks,)."""
        return np.arange(self.start, self.stop, dtype=np.int64)

    def seconds(self) -> I64:
        """Start of each tick in seconds since the epoch, shape (ticks,)."""
        return self.ticks() * self.tick_s

    def coarser(self, factor: int) -> Window:
        """Rows of ``factor`` ticks that start in this window."""
        return Window(-(-self.start // factor), -(-self.stop // factor), self.tick_s * factor)

    def finer(self, factor: int) -> Window:
        """The same span in ticks ``factor`` times shorter."""
        if self.tick_s % factor:
            msg = f"a row of {self.tick_s} s cannot be cut into {factor} whole ticks"
            raise ScenarioError(msg)
        return Window(self.start * factor, self.stop * factor, self.tick_s // factor)

    def cut(self, length: int) -> Iterator[Window]:
        """Abutting windows of at most ``length`` ticks, cut at multiples of it since the epoch."""
        at = self.start
        while at < self.stop:
            end = min((at // length + 1) * length, self.stop)
            yield Window(at, end, self.tick_s)
            at = end
