"""The two-sample test knows a difference, knows none, and is not fooled by knowing an entity again."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from ghostfleet.analysis.realism import twosample
from ghostfleet.analysis.realism.twosample import Chance, by_entity, told_apart

ONCE = Chance(seed=1, repeats=1)
OWNERS = np.repeat([f"e{number}" for number in range(24)], 10)


def sides(shift: float, own: float = 0.0):
    """Rows of entities, each with a place of its own; the second side is moved."""
    draws = np.random.default_rng(7)
    both = [
        np.repeat(draws.normal(0, own, (24, 6)), 10, axis=0) + draws.normal(0, 1, (240, 6)) for _ in ("real", "data")
    ]
    return both[0], both[1] + shift


def told(real, data, folds=None):
    return told_apart(real, data, (OWNERS, OWNERS), ONCE, folds)


def by_row(labels, groups, seed):  # noqa: ARG001  as folds are called
    """Mutant: folds that know nothing of entities."""
    from sklearn.model_selection import StratifiedKFold

    return StratifiedKFold(5, shuffle=True, random_state=seed).split(np.zeros((len(labels), 1)), labels)


def test_equal_sides_cannot_be_told_apart():
    found = told(*sides(0.0))
    assert found.auc == pytest.approx(0.5, abs=0.08)
    assert found.low < found.auc < found.high


def test_sides_that_differ_are_told_apart():
    found = told(*sides(2.0))
    assert found.auc > 0.95
    assert found.low > 0.9


def test_without_entities_kept_together_the_test_is_fooled():
    real, data = sides(0.0, own=3.0)
    fair = told(real, data)
    fooled = told(real, data, by_row)
    assert fair.auc < 0.65
    assert fooled.auc > 0.9


def test_no_entity_is_on_both_sides_of_a_fold():
    groups = twosample.grouped(OWNERS, OWNERS)
    labels = np.arange(480) >= 240
    for train, test in by_entity(labels, groups, 3):
        assert not set(groups[train]) & set(groups[test])
        assert set(labels[test]) == {False, True}


def test_one_name_on_both_sides_means_two_entities():
    assert len(np.unique(twosample.grouped(OWNERS, OWNERS))) == 48


def test_the_area_is_that_of_all_pairs_with_ties_as_halves():
    draws = np.random.default_rng(8)
    scores, labels = draws.integers(0, 6, 60).astype(float), draws.uniform(size=60) < 0.4
    high, low = scores[labels][:, None], scores[~labels]
    expected = np.mean((high > low) + 0.5 * (high == low))
    assert twosample.area(scores, labels, np.ones((1, 60)))[0] == pytest.approx(expected)


def test_a_weight_counts_a_row_several_times():
    draws = np.random.default_rng(9)
    scores, labels, weights = draws.normal(size=40), np.arange(40) % 2 == 0, draws.integers(0, 4, 40)
    many = twosample.area(np.repeat(scores, weights), np.repeat(labels, weights), np.ones((1, weights.sum())))
    assert twosample.area(scores, labels, weights[None].astype(float))[0] == pytest.approx(many[0])


def test_a_seed_decides_all():
    assert told(*sides(0.5)) == told(*sides(0.5))


def test_a_column_that_is_never_known_does_no_harm():
    empty = np.full((240, 1), np.nan)
    assert told(empty, empty).auc == 0.5
    real, data = sides(2.0)
    assert told(np.hstack([real, empty]), np.hstack([data, empty])).auc > 0.95
