"""Counts follow their distributions, grow with their uniform and stay in their bounds."""

from math import exp, lgamma, log, log1p

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ghostfleet.core import counts, draw

STREAM = draw.Stream(11, "requests", "count")
RATES = (0.01, 0.3, 1.0, 2.7, 8.0, 16.0, 23.999, 24.0, 31.5, 64.0, 400.0, 12_345.6)
SPLITS = (
    (1, 0.3),
    (3, 0.5),
    (10, 0.9),
    (50, 0.02),
    (200, 0.1),
    (48, 0.5),
    (60, 0.6),
    (1000, 0.03),
    (1000, 0.97),
    (4000, 0.5),
    (10**6, 1e-6),
    (10**9, 3e-6),
)
GRID = (np.arange(20_000) + 0.5) / 20_000
ENDS = np.concatenate([10.0 ** -np.linspace(4, 9.6, 500), 1 - 10.0 ** -np.linspace(4, 9.6, 500)])
MANY = np.sort(np.concatenate([GRID, ENDS]))


def uniforms(number):
    return draw.uniform(STREAM.keys(draw.numbered_ids(np.arange(number, number + 200))), 0, 2000).ravel()


def surprise(observed, expected):
    """Standard deviations of a chi-square above its mean (Wilson and Hilferty 1931); small cells are joined."""
    edges = np.flatnonzero(np.diff(np.floor(np.cumsum(expected) / 20), prepend=0) > 0)
    groups = np.concatenate([[0], edges[:-1] + 1])
    seen, due = np.add.reduceat(observed, groups), np.add.reduceat(expected, groups)
    freedom = len(due) - 1
    ratio = ((seen - due) ** 2 / due).sum() / freedom
    return (ratio ** (1 / 3) - 1 + 2 / 9 / freedom) / (2 / 9 / freedom) ** 0.5


def surprise_of(drawn, log_probability, low, high):
    inside = np.clip(drawn, low, high) - low
    expected = np.array([exp(log_probability(k)) for k in range(low, high + 1)]) * len(drawn)
    return surprise(np.bincount(inside, minlength=high - low + 1).astype(float), expected)


def bounds(mean, variance):
    spread = 8 * variance**0.5 + 12
    return max(0, int(mean - spread)), int(mean + spread)


@pytest.mark.parametrize("mean", RATES)
def test_poisson_counts_pass_a_chi_square(mean):
    def log_probability(k):
        return k * log(mean) - mean - lgamma(k + 1)

    drawn = counts.poisson(mean, uniforms(0))
    assert surprise_of(drawn, log_probability, *bounds(mean, mean)) < 4
    worse = counts.poisson(mean * 1.05 + 0.01, uniforms(0))
    assert surprise_of(worse, log_probability, *bounds(mean, mean)) > 4


@pytest.mark.parametrize(("n", "p"), SPLITS)
def test_binomial_counts_pass_a_chi_square(n, p):
    def log_probability(k):
        return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p)

    low, high = bounds(n * p, n * p * (1 - p))
    drawn = counts.binomial(n, p, uniforms(1000))
    assert surprise_of(drawn, log_probability, low, min(high, n)) < 4


@pytest.mark.parametrize("mean", [1e-9, *RATES, 1e6])
def test_poisson_counts_are_the_quantiles(mean):
    off = np.abs(counts.poisson(mean, MANY) - stats.poisson.ppf(MANY, mean))
    assert off.max() <= (mean >= counts.SWITCH)
    assert np.count_nonzero(off[np.isin(MANY, GRID)]) <= len(GRID) / 5000


@pytest.mark.parametrize(("n", "p"), [*SPLITS, (10**9, 0.5), (10**9, 1 - 1e-9)])
def test_binomial_counts_are_the_quantiles(n, p):
    off = np.abs(counts.binomial(n, p, MANY) - stats.binom.ppf(MANY, n, p))
    assert off.max() <= (n * min(p, 1 - p) >= counts.SWITCH)
    assert np.count_nonzero(off[np.isin(MANY, GRID)]) <= len(GRID) / 5000


def test_far_quantiles_of_a_thousand_million_are_exact():
    """Against tails summed with 30 digits; scipy's own are off by one here."""
    tails = np.array([2.6857788637535407e-07, 6.269281760395984e-10, 9.120975856813374e-07])
    assert counts.poisson(1e9, 1 - tails).tolist() == [1_000_158_515, 1_000_192_057, 1_000_150_907]


@given(mean=st.floats(0, 1e9) | st.floats(0, 60), ends=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted))
def test_poisson_counts_grow_with_the_uniform(mean, ends):
    u = np.linspace(ends[0], ends[1], 500)
    u = u[np.diff(u, prepend=-1) > 1e-13]
    assert (np.diff(counts.poisson(mean, u)) >= 0).all()


@given(n=st.integers(0, 10**9) | st.integers(0, 100), p=st.floats(0, 1))
def test_binomial_counts_grow_with_the_uniform_from_zero_to_n(n, p):
    drawn = counts.binomial(n, p, np.linspace(0, 1, 500))
    assert (np.diff(drawn) >= 0).all()
    assert 0 <= drawn.min() <= drawn.max() <= n


def test_counts_grow_by_ones():
    for mean in (5.0, 24.0, 100.0, 3000.0):
        drawn = counts.poisson(mean, np.linspace(1e-3, 1 - 1e-3, 200_000))
        assert np.diff(drawn).max() == 1


def test_counts_do_not_jump_where_the_normal_takes_over():
    below, above = (counts.poisson(np.nextafter(counts.SWITCH, way), MANY) for way in (0, 99))
    assert np.abs(above - below).max() <= 1
    assert abs((above - below).mean()) < 1e-2


def test_certain_outcomes_are_exact():
    u = np.array([2.0**-33, 0.5, 1 - 2.0**-33])
    for n in (0, 1, 7, 10**9):
        assert counts.binomial(n, 0.0, u).tolist() == [0, 0, 0]
        assert counts.binomial(n, 1.0, u).tolist() == [n, n, n]
    assert counts.binomial(0, 0.4, u).tolist() == [0, 0, 0]
    assert counts.poisson(0.0, u).tolist() == [0, 0, 0]


def test_splits_of_splits_add_up_to_the_distribution_of_one_split():
    """Binomial(Poisson(m), p) is Poisson(mp): served and failed requests are Poisson again."""
    total = counts.poisson(40.0, uniforms(3000))
    served = counts.binomial(total, 0.8, uniforms(4000))
    for part, mean in ((served, 32.0), (total - served, 8.0)):
        assert surprise_of(part, lambda k, m=mean: k * log(m) - m - lgamma(k + 1), *bounds(mean, mean)) < 4
    assert abs(np.corrcoef(served, total - served)[0, 1]) < 4.5 / len(total) ** 0.5


def test_counts_broadcast_and_do_not_depend_on_their_company():
    """For all rows i and columns j: Q(mean, u)[i, j] = Q(mean[i], u[j]), in any block."""
    means = np.array(RATES)[:, None]
    u = uniforms(5000)[:5000]
    together = counts.poisson(means, u)
    assert together.shape == (12, 5000)
    assert together.dtype == np.int64
    assert np.array_equal(together, [counts.poisson(mean, u) for mean in RATES])
    assert np.array_equal(together[:, ::-3], counts.poisson(means, u[::-3]))
    assert counts.poisson(np.empty((3, 0)), 0.5).shape == (3, 0)
    assert counts.binomial(5, 0.5, 0.7) == 3


@pytest.mark.parametrize("mean", [-1.0, float("nan"), 2e9])
def test_means_outside_the_domain_are_refused(mean):
    with pytest.raises(ValueError, match="a mean must be 0 to 1e9"):
        counts.poisson(mean, 0.5)


@pytest.mark.parametrize(("n", "p"), [(-1, 0.5), (2.5, 0.5), (2e9, 0.5), (5, -0.1), (5, 1.1), (5, float("nan"))])
def test_splits_outside_the_domain_are_refused(n, p):
    with pytest.raises(ValueError, match="must be"):
        counts.binomial(n, p, 0.5)
