import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfleet.core import draw, lattice
from ghostfleet.core.lattice import Spectrum

SERIES = 3000
KEYS = draw.Stream(1, "lattice").keys(draw.entity_ids([f"entity {number}" for number in range(SERIES)]))
SPECTRA = {persistence: Spectrum.power_law(256, persistence) for persistence in (-0.1, 0.0, 0.25)}
CHARACTERS = pytest.mark.parametrize("persistence", list(SPECTRA))


def noise(persistence, start, stop, keys=KEYS):
    return lattice.noise(keys, start, stop, SPECTRA[persistence])


@CHARACTERS
def test_noise_has_unit_variance_at_every_place_between_nodes(persistence):
    made = noise(persistence, 1000, 1000 + SPECTRA[persistence].period).astype(np.float64)
    # The variance of n normals deviates by √(2/n) = 2.6 %; 4.5 of that over some 256 places.
    assert np.abs((made * made).mean(axis=0) - 1).max() < 4.5 * (2 / SERIES) ** 0.5
    assert np.abs(made.mean(axis=0)).max() < 4.5 / SERIES**0.5


@CHARACTERS
def test_values_are_normal(persistence):
    made = noise(persistence, 0, 4096, KEYS[:500]).astype(np.float64)
    # Some 16 × 500 independent values: the fourth moment deviates by √(96 / 8000) = 0.11, the third by 0.04.
    assert (made**4).mean() == pytest.approx(3, abs=0.4)
    assert (made**3).mean() == pytest.approx(0, abs=0.15)


@given(start=st.integers(-5000, 5000), skip=st.integers(0, 600), length=st.integers(1, 300))
def test_any_window_is_the_slice_of_a_longer_one(start, skip, length):
    longer = noise(0.0, start, start + 900, KEYS[:3])
    assert np.array_equal(noise(0.0, start + skip, start + skip + length, KEYS[:3]), longer[:, skip : skip + length])


def test_a_series_is_its_key_s_alone():
    assert np.array_equal(noise(0.0, 7, 99, KEYS[5:8]), noise(0.0, 7, 99, KEYS[:9])[5:8])


def test_series_of_different_character_do_not_touch_each_other():
    spectra = tuple(SPECTRA.values())
    choice = np.array([0, 1, 2, 1], dtype=np.int32)
    together = lattice.characters(lattice.level_keys(KEYS[:4], len(spectra[0].amplitudes)), 33, 500, spectra, choice)
    alone = [lattice.noise(KEYS[row : row + 1], 33, 500, spectra[kind])[0] for row, kind in enumerate(choice.tolist())]
    assert np.array_equal(together, np.array(alone))


def test_series_of_different_keys_are_independent():
    made = noise(0.0, 0, 4096, KEYS[:40]).astype(np.float64)
    related = np.corrcoef(made) - np.eye(40)
    assert np.abs(related).max() < 0.25  # 1/f leaves few free values in 4096 ticks
    assert np.abs(related.mean()) < 0.01


@CHARACTERS
def test_neighbours_remember_each_other(persistence):
    assert lag_1(persistence) > 0.1


def lag_1(persistence):
    made = noise(persistence, 0, 2048, KEYS[:200]).astype(np.float64)
    return (made[:, 1:] * made[:, :-1]).mean()


def test_more_persistence_is_more_memory():
    lags = [lag_1(kind) for kind in SPECTRA]
    assert lags == sorted(lags)


def power(persistence, ticks=16_384):
    made = noise(persistence, 0, ticks, KEYS[:150]) * np.hanning(ticks)  # so that the ends leak nothing
    return (np.abs(np.fft.rfft(made, axis=1)) ** 2).mean(axis=0)[1:] / ticks, np.arange(1, ticks // 2 + 1) / ticks


def test_the_spectrum_falls_like_one_over_f_between_two_ticks_and_the_slowest_level():
    spectrum, frequency = power(0.0)
    inside = (frequency > 1 / 256) & (frequency < 1 / 8)
    slope = np.polyfit(np.log(frequency[inside]), np.log(spectrum[inside]), 1)[0]
    assert -1.4 < slope < -0.6


def test_nothing_slower_than_the_slowest_level_is_left():
    spectrum, frequency = power(0.0)
    slow, peak = (spectrum[(frequency > low) & (frequency < 2 * low)].mean() for low in (1 / 8192, 1 / 1024))
    assert slow < 0.15 * peak


def test_levels_reach_the_slowest_swing_asked_for():
    levels = [len(Spectrum.power_law(slowest, 0).amplitudes) for slowest in (1, 3, 4, 15, 16, 255, 256)]
    assert levels == [1, 1, 2, 2, 3, 4, 5]
    assert Spectrum.power_law(64, 1).amplitudes == pytest.approx((1, 2, 4, 8))
