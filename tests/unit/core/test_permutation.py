"""Keyed permutations are bijections, have inverses, and are mixed well."""

from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfleet.core import compiled, draw, permutation
from ghostfleet.core.permutation import permute, unpermute

pytestmark = pytest.mark.usefixtures("engine")  # both say the same

KEYS = draw.Stream(3, "requests", "ranks").keys(draw.numbered_ids(np.arange(100_000)))


def surprise(observed, expected, freedom):
    """Standard deviations of a chi-square above its mean (Wilson and Hilferty 1931)."""
    ratio = ((observed - expected) ** 2 / expected).sum() / freedom
    return (ratio ** (1 / 3) - 1 + 2 / 9 / freedom) / (2 / 9 / freedom) ** 0.5


def surprise_of_positions(ranks):
    keys, n = ranks.shape
    table = np.array([np.bincount(column, minlength=n) for column in ranks.T])
    return surprise(table * ((n - 1) / n) ** 0.5, keys / n * ((n - 1) / n) ** 0.5, (n - 1) ** 2)


def surprise_of_neighbours(ranks):
    keys, n = ranks.shape
    steps = np.bincount((np.diff(ranks, axis=1) % n).ravel(), minlength=n)[1:]
    return surprise(steps, keys, n - 2)


@pytest.mark.parametrize("n", range(1, 301))
def test_every_rank_is_taken_once(n):
    ranks = permute(KEYS[:25, None], n, np.arange(n))
    assert np.array_equal(np.sort(ranks, axis=1), np.broadcast_to(np.arange(n), (25, n)))
    assert np.array_equal(unpermute(KEYS[:25, None], n, ranks), np.broadcast_to(np.arange(n), (25, n)))


@given(n=st.integers(1, 2**40), key=st.integers(0, 1000), seed=st.integers(0, 99))
def test_the_inverse_leads_back_from_either_side(n, key, seed):
    places = (draw.uniform(KEYS[:1], seed * 50, seed * 50 + 50)[0] * n).astype(np.int64)
    ranks = permute(KEYS[key], n, places)
    assert ((ranks >= 0) & (ranks < n)).all()
    assert np.array_equal(unpermute(KEYS[key], n, ranks), places)
    assert np.array_equal(permute(KEYS[key], n, unpermute(KEYS[key], n, places)), places)


@pytest.mark.parametrize("n", [2**24 - 1, 2**24, 2**24 + 1, 4095**2, 4096**2 + 1, 2**40 - 1, 2**40, (2**20 - 1) ** 2])
def test_ends_of_large_permutations_lead_back(n):
    places = np.array([0, 1, n // 2, n - 2, n - 1])
    ranks = permute(KEYS[:500, None], n, places)
    assert ((ranks >= 0) & (ranks < n)).all()
    assert np.array_equal(unpermute(KEYS[:500, None], n, ranks), np.broadcast_to(places, (500, 5)))


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_small_permutations_are_equally_likely(n):
    ranks = permute(KEYS[:, None], n, np.arange(n))
    _, seen = np.unique(ranks @ n ** np.arange(n), return_counts=True)
    assert len(seen) == factorial(n)
    assert surprise(seen, len(KEYS) / factorial(n), factorial(n) - 1) < 4


@pytest.mark.parametrize("n", [7, 16, 17, 18, 31, 37, 64, 101])
def test_positions_and_distances_of_neighbours_are_even(n):
    ranks = permute(KEYS[:, None], n, np.arange(n))
    assert surprise_of_positions(ranks) < 4
    assert surprise_of_neighbours(ranks) < 4


def test_too_few_rounds_are_seen(monkeypatch):
    monkeypatch.setattr(compiled, "loops", lambda: None)
    monkeypatch.setattr(permutation, "ROUNDS", 4)
    assert surprise_of_neighbours(permute(KEYS[:, None], 21, np.arange(21))) > 4


@pytest.mark.parametrize("n", [1000, 50_021, 2**24 + 3, 2**40])
def test_large_permutations_scatter_runs_of_places_evenly(n):
    ranks = permute(KEYS[:2000, None], n, np.arange(200))
    cells = np.bincount((ranks * 200 // n).ravel(), minlength=200)
    assert surprise(cells, ranks.size / 200, 199) < 4
    apart = np.diff(ranks / n, axis=1)
    assert abs(apart.mean()) < 4.5 * (1 / 6 / 2000 / 199) ** 0.5  # neighbours telescope to the two ends


def test_permutations_of_different_keys_are_uncorrelated():
    ranks = permute(KEYS[:200, None], 5000, np.arange(5000)).astype(float)
    correlations = np.corrcoef(ranks)[np.triu_indices(200, 1)]
    assert np.abs(correlations).max() < 5.5 / 5000**0.5


def test_a_place_does_not_depend_on_its_company():
    """For all i: P(keys, n, index)[i] = P(keys[i], n[i], index[i]), whatever sizes share a block."""
    sizes = np.array([1, 2, 16, 17, 300, 2**24, 2**24 + 1, 2**40] * 3000)
    index = sizes * 7 // 13
    together = permute(KEYS[: len(sizes)], sizes, index)
    for place in (*range(16), 20_001, 23_999):
        assert together[place] == permute(KEYS[place], sizes[place], index[place])
    assert np.array_equal(together[::-1], permute(KEYS[: len(sizes)][::-1], sizes[::-1], index[::-1]))


def test_nothing_is_permuted_without_complaint():
    assert permute(KEYS[:0], 5, np.empty(0, dtype=np.int64)).shape == (0,)
    assert permute(KEYS[:4, None], 5, np.empty(0, dtype=np.int64)).shape == (4, 0)


@pytest.mark.parametrize(("n", "index"), [(0, 0), (2**40 + 1, 0), (-3, 0), (5, 5), (5, -1)])
def test_what_is_no_place_is_refused(n, index):
    with pytest.raises(ValueError, match="permutation"):
        permute(KEYS[0], n, index)
