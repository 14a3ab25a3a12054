"""Quantiles of mixtures of log-normals: what they are the quantiles of, and that rows do not know of each other."""

import numpy as np
import pytest

from ghostfleet.state.estate import mixtures
from ghostfleet.state.estate.latency import log_moments, normal_above
from ghostfleet.state.estate.mixtures import Sums

PROBABILITIES = (0.5, 0.95, 0.99)


def classes(rows: int = 3000) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Weights, means and variances of classes as rows have them: a usual one, a slower one, time-outs, failures."""
    random = np.random.default_rng(3)
    weights = [random.uniform(0, high, rows) * (random.uniform(size=rows) < some) for high, some in SEEN]
    means = [median * np.exp(random.normal(0, 0.5, rows)) for median in (40, 90, 3000, 12)]
    spreads = [0.6, 0.9, 0.01, 0.5]
    return weights, means, [(mean * spread) ** 2 for mean, spread in zip(means, spreads, strict=True)]


SEEN = [(1000, 0.95), (30, 0.7), (5, 0.2), (20, 0.4)]


def halved(weights, means, variances, probability):
    """Invert the distribution by halves alone."""
    total = sum(weights)
    known = [log_moments(mean, variance) for mean, variance in zip(means, variances, strict=True)]
    low, high = np.full(len(total), -10.0), np.full(len(total), 30.0)
    for _ in range(60):
        middle = (low + high) / 2
        parts = [
            weight * normal_above((middle - location) / scale)
            for weight, (location, scale) in zip(weights, known, strict=True)
        ]
        right = sum(parts) > (1 - probability) * total
        low, high = np.where(right, middle, low), np.where(right, high, middle)
    return np.where(total > 0, np.exp2((low + high) / 2), 0.0)


def sums(weights, means, variances) -> list[Sums]:
    """Sums of classes with means and variances."""
    moments = zip(weights, means, variances, strict=True)
    return [Sums(weight, weight * mean, weight * (variance + mean * mean)) for weight, mean, variance in moments]


def test_they_are_those_of_the_mixture():
    found = mixtures.quantiles(sums(*classes()), PROBABILITIES)
    for probability, values in zip(PROBABILITIES, found, strict=True):
        np.testing.assert_allclose(values, halved(*classes(), probability), rtol=1e-4)


@pytest.mark.parametrize("ticks", [5, 60, 250])
def test_those_of_coarser_rows_are_those_of_all_their_ticks(ticks):
    """Of the mixture of every class of every tick, not of one log-normal for what a class was in all of them."""
    found = mixtures.quantiles(sums(*classes()), PROBABILITIES, ticks=ticks)
    parts = [[part for one in each for part in one.reshape(-1, ticks).T] for each in classes()]
    for probability, values in zip(PROBABILITIES, found, strict=True):
        np.testing.assert_allclose(values, halved(parts[0], parts[1], parts[2], probability), rtol=1e-4)


def test_a_row_is_where_most_of_its_ticks_are():
    """Four minutes that are quick and one that is slow have a quick median and a slow 95th percentile."""
    ms = np.array([20.0, 20, 20, 20, 900])
    median, high = mixtures.quantiles(sums([np.full(5, 100.0)], [ms], [(ms / 10) ** 2]), (0.5, 0.95), ticks=5)
    assert 20 < median[0] < 22
    assert 880 < high[0] < 1100


def test_what_nobody_asked_in_some_ticks_or_in_all_of_them():
    weights = [np.array([0.0, 0, 0, 5, 0, 0]), np.array([0.0, 0, 0, 0, 0, 9])]
    means = [np.full(6, 10.0), np.full(6, 30.0)]
    row = mixtures.quantiles(sums(weights, means, [np.ones(6)] * 2), (0.1, 0.9), ticks=3, slower=1)
    assert [one[0] for one in row] == [0, 0]
    assert 9 < row[0][1] < 11
    assert 29 < row[1][1] < 33


@pytest.mark.parametrize("at_once", [1, 7, 4000])
@pytest.mark.parametrize("ticks", [1, 5])
def test_no_row_knows_of_another(monkeypatch, at_once, ticks):
    rows = 60
    whole = mixtures.quantiles(sums(*classes(rows)), PROBABILITIES, ticks=ticks)
    monkeypatch.setattr(mixtures, "AT_ONCE", at_once)
    for cut, values in zip(mixtures.quantiles(sums(*classes(rows)), PROBABILITIES, ticks=ticks), whole, strict=True):
        np.testing.assert_array_equal(cut, values)


def test_no_rows_have_no_quantiles():
    nothing = [np.zeros(0)] * 2
    assert [len(values) for values in mixtures.quantiles(sums(nothing, nothing, nothing), PROBABILITIES)] == [0, 0, 0]


def test_a_quantile_never_falls_because_some_requests_do_more():
    """With a class that does all that the first does and more: quantile(mixture) ≥ quantile(first class)."""
    detours = np.exp(np.linspace(0, 5, 200))  # what they take longer, as a share of the usual way
    weights = [np.full(200, 0.6), np.full(200, 0.4)]
    means = [np.full(200, 100.0), 100 * (1 + 0.3 * detours)]
    variances = [np.full(200, 30.0**2), (300 * detours) ** 2]  # few take the long one, so it spreads them far
    every = sums(weights, means, variances)
    alone = mixtures.quantiles(every[:1], PROBABILITIES)
    held = mixtures.quantiles(every, PROBABILITIES, slower=1)
    free = mixtures.quantiles(every, PROBABILITIES)
    assert (held[0] >= alone[0] * (1 - 1e-4)).all()
    assert (free[0] < alone[0] * 0.95).any(), "a log-normal alone would let it fall"
    for one, other in zip(held, alone, strict=True):
        assert (one >= other * (1 - 1e-4)).all()


def test_nor_because_some_requests_of_some_ticks_do():
    """What does more is held by what does not in the same tick: quantile(row) ≥ quantile(first class of the row)."""
    detours = np.exp(np.linspace(0, 5, 200))
    slow = np.tile([100.0, 100, 100, 100, 700], 40)  # in one tick of five all take long
    every = sums(
        [np.full(200, 0.6), np.full(200, 0.4)],
        [slow, slow * (1 + 0.3 * detours)],
        [(0.3 * slow) ** 2, (3 * slow * detours) ** 2],
    )
    alone = mixtures.quantiles(every[:1], PROBABILITIES, ticks=5)
    for one, other in zip(mixtures.quantiles(every, PROBABILITIES, ticks=5, slower=1), alone, strict=True):
        assert (one >= other * (1 - 1e-4)).all()
