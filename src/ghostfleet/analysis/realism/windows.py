"""Windows of one length cut from series: what the tests look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.errors import DataError
from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ghostfleet.analysis.realism.readings import Series
    from ghostfleet.core.arrays import F64, I64, Array, Bool

FEWEST_POINTS = 24  # of a window; below that, lags and bands of frequencies mean nothing
MOST_MISSING = 0.05  # share of a window's steps; a gap is filled with the last reading before it


@dataclass(frozen=True)
class Windows:
    """Windows of one metric and side: values (windows, points), whose they are and the step they begin at."""

    entities: Array
    starts: I64
    values: F64

    def __len__(self) -> int:
        """How many windows."""
        return len(self.values)

    @property
    def owners(self) -> list[str]:
        """Entities that have a window."""
        return sorted(set(self.entities.tolist()))

    def half(self, seed: int, time: int = 0) -> Bool:
        """Which windows are of one half of the entities; a draw by their names, another one each time."""
        owners = np.array(self.owners, dtype=object)
        stream = draw.Stream(seed, "realism", "halves")
        words = draw.words(stream.keys(draw.entity_ids(owners.tolist())), time, time + 1)[:, 0]
        mine: Bool = np.isin(self.entities, owners[np.argsort(words, kind="stable")][::2])
        return mine

    def take(self, places: Array) -> Windows:
        """Some of the windows."""
        return Windows(self.entities[places], self.starts[places], self.values[places])


@dataclass(frozen=True)
class Cut:
    """How windows are cut: steps in each, most of them, and the seed of the choice."""

    points: int
    most: int
    seed: int


def cut(series: Sequence[Series], how: Cut) -> Windows:
    """Cut series into windows that do not overlap; each entity's grid begins at a drawn phase, whatever the metric.

    A window with too many gaps is left out. When there are more than asked for, entities take turns.
    """
    pieces = [piece for one in series for piece in _pieces(one, how)]
    if not pieces:
        return Windows(np.array([], dtype=object), np.array([], np.int64), np.empty((0, how.points)))
    entities = np.array([entity for entity, _, _ in pieces], dtype=object)
    starts = np.array([start for _, start, _ in pieces], np.int64)
    whole = Windows(entities, starts, np.array([values for _, _, values in pieces]))
    return whole.take(_turns(whole, how))


def _pieces(series: Series, how: Cut) -> list[tuple[str, int, F64]]:
    first, last = int(series.bins[0]), int(series.bins[-1]) + 1
    whole = np.full(last - first, np.nan)
    whole[series.bins - first] = series.values
    whole = whole.astype(np.float32).astype(np.float64)  # equal readings stay equal, however they were averaged
    phase = _phase(series.entity, how)
    begin = first + (phase - first) % how.points if last - first >= 2 * how.points else first
    pieces = []
    for start in range(begin, last - how.points + 1, how.points):
        values = whole[start - first : start - first + how.points]
        missing = np.isnan(values)
        if missing.mean() <= MOST_MISSING:
            pieces.append((series.entity, start, _filled(values, missing)))
    return pieces


def _phase(entity: str, how: Cut) -> int:
    keys = draw.Stream(how.seed, "realism", "phase").keys(draw.entity_ids([entity]))
    return int(draw.words(keys, 0, 1)[0, 0] % np.uint64(how.points))


def _filled(values: F64, missing: Array) -> F64:
    if not missing.any():
        return values
    places = np.where(missing, -1, np.arange(len(values)))
    before = np.maximum.accumulate(places)
    before[before < 0] = np.flatnonzero(~missing)[0]
    return values[before]


def _turns(windows: Windows, how: Cut) -> Array:
    """Places of the windows that are kept: each entity's first by a drawn order, then each one's second."""
    words = np.empty(len(windows), np.uint64)
    for entity in windows.owners:
        mine = np.flatnonzero(windows.entities == entity)
        keys = draw.Stream(how.seed, "realism", "windows").keys(draw.entity_ids([entity]))
        words[mine] = draw.word_at(np.repeat(keys, len(mine), axis=0), windows.starts[mine])
    order = np.argsort(words, kind="stable")
    turns = np.empty(len(windows), np.int64)
    seen: dict[str, int] = {}
    for place in order:
        entity = windows.entities[place]
        turns[place] = seen.get(entity, 0)
        seen[entity] = turns[place] + 1
    kept = order[np.argsort(turns[order], kind="stable")][: how.most]
    return np.sort(kept)


def spelt(seconds: int) -> str:
    """Seconds as options write them, in the largest unit that divides them: 90 → 90s, 3600 → 1h."""
    unit, size = next(
        (unit, size) for unit, size in (("d", DAY_S), ("h", HOUR_S), ("m", MINUTE_S), ("s", 1)) if seconds % size == 0
    )
    return f"{seconds // size}{unit}"


def fine_enough(series: Sequence[Series], side: str, step_s: int) -> list[Series]:
    """Series with a reading at most steps; `DataError` saying the cadence when all of them are coarser."""
    gaps = [float(np.median(np.diff(one.bins))) if len(one.bins) > 1 else np.inf for one in series]
    kept = [one for one, gap in zip(series, gaps, strict=True) if gap < 1.5]  # noqa: PLR2004  a step, or a coarser grid
    finite = [gap for gap in gaps if np.isfinite(gap)]
    if finite and not kept:
        every = spelt(int(np.median(finite) * step_s))
        raise DataError(
            f"readings of {side} are {every} apart, coarser than --step {spelt(step_s)}; use --step {every}"
        )
    return kept


def together(sides: Mapping[str, Windows]) -> tuple[Windows, dict[str, F64]]:
    """Windows that every metric has: whose and when, and the values of each metric in the same order."""
    places = [
        {
            (entity, int(start)): place
            for place, (entity, start) in enumerate(zip(one.entities, one.starts, strict=True))
        }
        for one in sides.values()
    ]
    shared = sorted(set(places[0]).intersection(*places[1:]))
    entities, starts = np.array([one for one, _ in shared], dtype=object), np.array([at for _, at in shared], np.int64)
    values = {
        metric: windows.values[[index[key] for key in shared]]
        for (metric, windows), index in zip(sides.items(), places, strict=True)
    }
    return Windows(entities, starts, np.empty((len(shared), 0))), values
