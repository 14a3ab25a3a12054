"""Quantiles of mixtures of log-normals: what they are the quantiles of, and that rows do not know of each other."""

import numpy as np
import pytest

from ghostfleet.state.estate import mixtures
from ghostfleet.state.estate.latency import log_moments, normal_above

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


def test_they_are_those_of_the_mixture():
    found = mixtures.quantiles(*classes(), PROBABILITIES)
    for probability, values in zip(PROBABILITIES, found, strict=True):
        np.testing.assert_allclose(values, halved(*classes(), probability), rtol=1e-4)


@pytest.mark.parametrize("at_once", [1, 7, 4000])
def test_no_row_knows_of_another(monkeypatch, at_once):
    rows = 60
    whole = mixtures.quantiles(*classes(rows), PROBABILITIES)
    monkeypatch.setattr(mixtures, "AT_ONCE", at_once)
    for cut, values in zip(mixtures.quantiles(*classes(rows), PROBABILITIES), whole, strict=True):
        np.testing.assert_array_equal(cut, values)


def test_no_rows_have_no_quantiles():
    nothing = [np.zeros(0)] * 2
    assert [len(values) for values in mixtures.quantiles(nothing, nothing, nothing, PROBABILITIES)] == [0, 0, 0]


def test_a_quantile_never_falls_because_some_requests_do_more():
    """With a class that does all that the first does and more: quantile(mixture) ≥ quantile(first class)."""
    detours = np.exp(np.linspace(0, 5, 200))  # what they take longer, as a share of the usual way
    weights = [np.full(200, 0.6), np.full(200, 0.4)]
    means = [np.full(200, 100.0), 100 * (1 + 0.3 * detours)]
    variances = [np.full(200, 30.0**2), (300 * detours) ** 2]  # few take the long one, so it spreads them far
    alone = mixtures.quantiles(weights[:1], means[:1], variances[:1], PROBABILITIES)
    held = mixtures.quantiles(weights, means, variances, PROBABILITIES, slower=1)
    free = mixtures.quantiles(weights, means, variances, PROBABILITIES)
    assert (held[0] >= alone[0] * (1 - 1e-4)).all()
    assert (free[0] < alone[0] * 0.95).any(), "a log-normal alone would let it fall"
    for one, other in zip(held, alone, strict=True):
        assert (one >= other * (1 - 1e-4)).all()
