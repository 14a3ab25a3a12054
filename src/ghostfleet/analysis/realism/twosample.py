"""The classifier two-sample test: how often a classifier that never saw an entity knows which side it is of.

Lopez-Paz and Oquab, Revisiting classifier two-sample tests (2017); the area under the ROC curve in place of accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ghostfleet.core.arrays import F64, I64, Array, Bool

    Folds = Callable[[Bool, Array, int], Iterable[tuple[I64, I64]]]

FOLDS = 5
FEWEST_ENTITIES = 10  # of each side: two in each fold
RESAMPLES = 400
INTERVAL = (0.05, 0.95)


@dataclass(frozen=True)
class Verdict:
    """Area under the curve with its interval, a bootstrap over entities: 0.5 nobody can tell, 1 always told."""

    auc: float
    low: float
    high: float


@dataclass(frozen=True)
class Chance:
    """What decides whatever is left to chance: the seed and how often the folds are drawn anew."""

    seed: int
    repeats: int


def told_apart(
    real: F64, synthetic: F64, owners: tuple[Array, Array], chance: Chance, folds: Folds | None = None
) -> Verdict:
    """Test two sides, features as columns; ``owners`` says of each row of either side whose it is.

    No entity is in both the training and the test part of a fold, and none whose namesake on the other side is:
    where DATA was made from REAL, or both from one plan, a classifier would take an entity for its twin's side.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    rows = np.vstack([real, synthetic])
    labels = np.r_[np.zeros(len(real), bool), np.ones(len(synthetic), bool)]
    names = np.unique(np.concatenate(owners).astype(str), return_inverse=True)[1]
    scores = np.zeros(len(rows))
    with threadpool_limits(1):  # on data this small, threads wait for each other longer than they work
        for repeat in range(chance.repeats):
            for train, test in (folds or by_entity)(labels, names, chance.seed + repeat):
                classifier = HistGradientBoostingClassifier(
                    max_iter=100,
                    learning_rate=0.08,
                    max_leaf_nodes=12,
                    min_samples_leaf=min(20, max(2, len(train) // 20)),
                    l2_regularization=1.0,
                    max_features=0.5,
                    max_bins=63,
                    early_stopping=False,
                    random_state=chance.seed + repeat,
                )
                known = ~np.isnan(rows[train]).all(axis=0)  # a column of which nothing is known cannot be learnt
                if known.any():
                    classifier.fit(rows[np.ix_(train, known)], labels[train])
                    scores[test] += classifier.predict_proba(rows[np.ix_(test, known)])[:, 1]
    return verdict(scores, labels, grouped(*owners), chance.seed)


def grouped(real: Array, synthetic: Array) -> Array:
    """Number of each row's entity, as the bootstrap draws them; one name on both sides means two entities."""
    names = [f"real\x1f{name}" for name in real] + [f"synthetic\x1f{name}" for name in synthetic]
    return np.unique(names, return_inverse=True)[1]


def by_entity(labels: Bool, groups: Array, seed: int) -> Iterable[tuple[I64, I64]]:
    """Folds in which each side has its share of rows and no entity is on both sides of the cut."""
    from sklearn.model_selection import StratifiedGroupKFold

    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    found: Iterable[tuple[I64, I64]] = folds.split(np.zeros((len(labels), 1)), labels, groups)
    return found


def verdict(scores: F64, labels: Bool, groups: Array, seed: int) -> Verdict:
    """Area under the curve, and its interval over resampled entities of each side."""
    weights = resampled(labels, groups, draw.Stream(seed, "realism", "bootstrap"))
    spread = area(scores, labels, weights)
    auc = float(area(scores, labels, np.ones((1, len(labels))))[0])
    low, high = np.quantile(spread, INTERVAL)
    return Verdict(auc, float(low), float(high))


def resampled(labels: Bool, groups: Array, stream: draw.Stream) -> F64:
    """How often each row counts in each resample; entities are drawn with replacement, side by side."""
    weights = np.zeros((RESAMPLES, len(labels)))
    for side in (False, True):
        entities = np.unique(groups[labels == side])
        keys = stream.keys(draw.entity_ids([str(side)]))
        words = draw.words(keys, 0, RESAMPLES * len(entities))[0] % np.uint64(max(len(entities), 1))
        picks = words.astype(np.int64).reshape(RESAMPLES, -1)
        times = np.array([np.bincount(row, minlength=len(entities)) for row in picks])
        mine = np.flatnonzero(labels == side)
        weights[:, mine] = times[:, np.searchsorted(entities, groups[mine])]
    return weights


def area(scores: F64, labels: Bool, weights: F64) -> F64:
    """Area under the ROC curve for each row of weights; ties count half (Mann and Whitney 1947)."""
    _, level = np.unique(scores, return_inverse=True)
    order = np.argsort(level, kind="stable")
    begins = np.flatnonzero(np.diff(level[order], prepend=-1))
    positive = np.add.reduceat(np.where(labels[order], weights[:, order], 0.0), begins, axis=1)
    negative = np.add.reduceat(np.where(labels[order], 0.0, weights[:, order]), begins, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = np.maximum(positive.sum(axis=1) * negative.sum(axis=1), 1e-300)
    found: F64 = (positive * below).sum(axis=1) / pairs
    return found
