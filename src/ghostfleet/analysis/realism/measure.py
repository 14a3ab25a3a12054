"""The whole comparison: metrics that both sides have, cut into windows, tested one by one and together."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.analysis.realism import kinds, windows
from ghostfleet.analysis.realism.baseline import baseline
from ghostfleet.analysis.realism.distances import distances
from ghostfleet.analysis.realism.features import features, matrix, tells
from ghostfleet.analysis.realism.forecast import transfer
from ghostfleet.analysis.realism.relations import relations
from ghostfleet.analysis.realism.report import RELIABLE, Measured, Metric, Together
from ghostfleet.analysis.realism.twosample import FEWEST_ENTITIES, Chance, told_apart
from ghostfleet.analysis.realism.windows import FEWEST_POINTS, Cut, Windows, cut, fine_enough, spelt
from ghostfleet.core.errors import DataError, GhostfleetError, ScenarioError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ghostfleet.analysis.realism.readings import Readings, Series
    from ghostfleet.core.arrays import F64

    Sides = tuple[Windows, Windows]

FEWEST_METRICS = 2  # that can be related
EXAMPLES = 5  # windows of each side in the picture
NEEDED = ("ordpy", "scipy", "sklearn", "threadpoolctl")
DRAWN_BY = ("matplotlib",)
LOW = 0.3  # an area below it is no chance: each entity has its like on the other side
TELLS = frozenset(tells(np.array([0.0, 1.0, 0.5]), np.array([1.0, -0.5])))


class MissingExtraError(GhostfleetError):
    """A comparison is wanted, but what it needs is not installed."""


@dataclass(frozen=True)
class Settings:
    """How to compare."""

    step_s: int = 300
    length_s: int = 86_400
    windows: int = 600  # at most, of each metric and side
    seed: int = 1
    repeats: int = 3

    @property
    def points(self) -> int:
        """Steps in a window."""
        return self.length_s // self.step_s


def ensure_installed(*, with_picture: bool = False) -> None:
    """Say how to install what is missing."""
    needed = NEEDED + (DRAWN_BY if with_picture else ())
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        message = f'realism needs {", ".join(missing)}; install with pip install "ghostfleet[realism]"'
        raise MissingExtraError(message)


def ensure_sensible(how: Settings) -> None:
    """Refuse windows that nothing can be said about."""
    if how.points < FEWEST_POINTS:
        raise ScenarioError(
            f"--length {spelt(how.length_s)} is too short: a window needs {FEWEST_POINTS} steps of "
            f"{spelt(how.step_s)}, so at least --length {spelt(FEWEST_POINTS * how.step_s)}"
        )
    if how.length_s % how.step_s:
        raise ScenarioError(f"--length {spelt(how.length_s)} is no multiple of --step {spelt(how.step_s)}")


def measure(
    data: Readings,
    real: Readings,
    how: Settings,
    given: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = lambda _stage: None,
) -> Measured:
    """Compare two sides; ``tell`` is told what comes next.

    `DataError` when they have no metric in common or none with enough entities.
    """
    ensure_installed()
    ensure_sensible(how)
    pairs = kinds.pairs(data.metrics, real.metrics, given or {})
    if not pairs:
        raise DataError(
            f"no metric is on both sides: {data.url} has {', '.join(data.metrics)}; {real.url} has "
            f"{', '.join(real.metrics)}. Say which belong together with --map A=B"
        )
    notes: list[str] = []
    chance = Chance(how.seed, how.repeats)
    sides: dict[str, Sides] = {}
    reasons: dict[str, str] = {}
    for label, names in pairs.items():
        tell(f"{label}: reading")
        try:
            sides[label] = _cut(data, names[0], how, "DATA"), _cut(real, names[1], how, "REAL")
        except DataError as error:
            reasons[label] = str(error)
            continue
        if reason := _too_few(sides[label], how):
            reasons[label] = reason
            del sides[label]
    if not sides:
        raise DataError("nothing can be compared: " + "; ".join(_grouped(reasons)))
    notes += [f"left out {reason}" for reason in _grouped(reasons)]
    measured = []
    for label, both in sides.items():
        tell(f"{label}: telling apart")
        measured.append(_metric(label, pairs[label], both, how, chance))
    tell("across metrics")
    together = _together(sides, chance)
    notes += _remarks(measured, pairs, together)
    return Measured(data.url, real.url, how.step_s, how.points, how.seed, how.repeats, measured, together, notes)


def _grouped(reasons: Mapping[str, str]) -> list[str]:
    """Reasons with the metrics that share them."""
    texts = dict.fromkeys(reasons.values())
    return [f"{', '.join(label for label, said in reasons.items() if said == text)}: {text}" for text in texts]


def _cut(side: Readings, names: tuple[str, ...], how: Settings, name: str) -> Windows:
    """Windows of a metric; an entity's first of several names counts."""
    found: dict[str, Series] = {}
    for metric in names:
        for one in side.series(metric, how.windows, how.seed):
            found.setdefault(one.entity, one)
    return cut(fine_enough(list(found.values()), name, how.step_s), Cut(how.points, how.windows, how.seed))


def _too_few(both: Sides, how: Settings) -> str:
    counts = [len(side.owners) for side in both]
    if min(counts) >= FEWEST_ENTITIES:
        return ""
    return (
        f"{counts[0]} entities in DATA and {counts[1]} in REAL have a whole window of {spelt(how.length_s)}; "
        f"at least {FEWEST_ENTITIES} on each side are needed"
    )


def _metric(
    label: str, names: tuple[tuple[str, ...], tuple[str, ...]], both: Sides, how: Settings, chance: Chance
) -> Metric:
    synthetic, real = (features(side.values) for side in both)
    shared = [name for name in real if name in synthetic]
    one, other = ({name: side[name] for name in shared} for side in (real, synthetic))
    found = distances(one, other)
    return Metric(
        label,
        (names[0][0], names[1][0]),
        (len(both[0].owners), len(both[1].owners)),
        (len(both[0]), len(both[1])),
        told_apart(matrix(one), matrix(other), (both[1].entities, both[0].entities), chance),
        baseline(real, both[1], chance),
        found,
        [distance for distance in found if distance.feature in TELLS],
        transfer(both[1], both[0], how.step_s, chance),
        (_examples(both[0]), _examples(both[1])),
    )


def _examples(side: Windows) -> F64:
    """Windows of different entities, of those that move the ones in the middle of the entities' order."""
    moving = np.flatnonzero(np.ptp(side.values, axis=1) > 0)
    _, first = np.unique(side.entities[moving].astype(str), return_index=True)
    places = moving[first]
    shown: F64 = side.values[places[np.linspace(0, len(places) - 1, min(EXAMPLES, len(places))).astype(int)]]
    return shown


def _together(sides: Mapping[str, Sides], chance: Chance) -> Together | None:
    """Test across metrics, on windows that have all of them; a metric that too few have is left out."""
    for chosen in _narrowing(sides):
        both = [windows.together({label: sides[label][side] for label in chosen}) for side in (0, 1)]
        if min(len(owned.owners) for owned, _ in both) < FEWEST_ENTITIES:
            continue
        (mine, synthetic), (theirs, real) = ((owned, relations(values)) for owned, values in both)
        return Together(
            tuple(chosen),
            (len(mine.owners), len(theirs.owners)),
            (len(mine), len(theirs)),
            told_apart(matrix(real), matrix(synthetic), (theirs.entities, mine.entities), chance),
            baseline(real, theirs, chance),
            distances(real, synthetic),
        )
    return None


def _narrowing(sides: Mapping[str, Sides]) -> Iterator[list[str]]:
    """All metrics, then without the one that the fewest entities have, and so on."""
    ranked = sorted(sides, key=lambda label: -min(len(side.owners) for side in sides[label]))
    for most in range(len(ranked), FEWEST_METRICS - 1, -1):
        yield [label for label in sides if label in ranked[:most]]


def _remarks(
    measured: list[Metric],
    pairs: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]],
    together: Together | None,
) -> Iterator[str]:
    few = {
        one.metric: f"few entities ({min(one.entities)}); from {RELIABLE} a side the interval is narrow"
        for one in measured
        if min(one.entities) < RELIABLE
    }
    halved = {
        one.metric: f"REAL has fewer than {2 * FEWEST_ENTITIES} entities, so its halves are not compared"
        for one in measured
        if one.real_alone is None
    }
    paired = {
        one.metric: "an AUC this low means that most entities have their like on the other side, as copies have"
        for one in measured
        if one.test.auc < LOW
    }
    yield from (text for reasons in (few, halved, paired) for text in _grouped(reasons))
    for one in measured:
        for side, names in zip(("DATA", "REAL"), pairs[one.metric], strict=True):
            if len(names) > 1:
                yield f"{one.metric} of {side} has several names; {names[0]} goes first, then {', '.join(names[1:])}"
    if together is None and len(measured) > 1:
        yield "no test across metrics: too few entities have two metrics in the same window"
    elif together and (left := [one.metric for one in measured if one.metric not in together.metrics]):
        yield f"the test across metrics leaves out {', '.join(left)}: too few entities have them beside the others"
