"""Features are known on known series, and know neither level nor unit."""

import numpy as np
import pytest

pytest.importorskip("ordpy")

from ghostfleet.analysis.realism import features
from tests.unit.analysis.fleets import bursty

AT = np.arange(288)


def of(window):
    return features.of_window(np.asarray(window, float))


def test_features_know_neither_level_nor_unit():
    window = bursty(np.random.default_rng(1), 288)
    one, other = of(window), of(1000 * window - 77)
    assert one.keys() == other.keys()
    np.testing.assert_allclose(list(one.values()), list(other.values()), rtol=1e-6, atol=1e-9)


def test_of_a_window_that_never_changes_only_that_is_known():
    assert of(np.full(288, 7.3)) == {"constant": 1.0}
    found = features.features(np.array([np.zeros(288), AT.astype(float)]))
    assert found["constant"].tolist() == [1.0, 0.0]
    assert np.isnan(found["acf_1"][0])


def test_white_noise_has_no_memory_and_a_flat_spectrum():
    found = of(np.random.default_rng(2).normal(size=288))
    assert abs(found["acf_1"]) < 0.15
    assert abs(found["power_slope"]) < 0.4
    assert found["power_flatness"] > 0.4
    assert found["change_memory_1"] == pytest.approx(-0.5, abs=0.1)
    assert found["ordinal_entropy_4"] > 0.97


def test_a_random_walk_has_memory_and_a_steep_spectrum():
    found = of(np.cumsum(np.random.default_rng(3).normal(size=288)))
    assert found["acf_1"] > 0.9
    assert found["power_slope"] < -1.5
    assert found["power_octave_1"] > 0.5


def test_a_wave_has_one_line_and_its_period():
    found = of(np.sin(2 * np.pi * AT / 24))
    assert found["power_line"] > 0.6
    assert found["acf_late_peak"] > 0.8
    assert 12 + found["acf_late_peak_at"] * 132 == pytest.approx(24, abs=1)


def test_bursts_are_counted_with_their_length_and_regularity():
    noise = np.random.default_rng(4).normal(10, 0.1, 288)
    noise[5::48] += 20
    noise[6::48] += 20
    found = of(noise)
    assert found["burst_count"] * 288 == pytest.approx(6)
    assert found["burst_length"] == pytest.approx(2)
    assert found["burst_regularity"] == pytest.approx(0)
    assert found["dip_share"] == 0


def test_rounding_and_plateaus_are_seen():
    floats = bursty(np.random.default_rng(5), 288)
    rounded = np.round(floats)
    rounded[100:150] = rounded[100]
    assert of(floats)["distinct"] > 0.98
    assert of(floats)["still"] == 0
    found = of(rounded)
    assert found["distinct"] == len(np.unique(rounded)) / 288
    assert found["longest_plateau"] * 288 >= 49
    assert found["grid_fit"] == 1.0
    assert found["grid_cells"] == pytest.approx(np.log10(np.ptp(rounded)))
    assert found["at_floor"] == np.mean(rounded == rounded.min())


def test_a_saw_rises_slower_than_it_falls():
    found = of(AT % 12)
    assert found["rise_over_fall"] == pytest.approx(np.log(1 / 11))
    assert found["reversal"] < -1


def test_a_step_is_a_shift_of_level():
    noise = np.random.default_rng(6).normal(size=288)
    assert of(noise)["halves"] < 0.5
    assert of(noise + 10 * (AT >= 144))["halves"] > 1.8
    assert of(noise + 10 * (AT >= 144))["excursion"] > 3 * of(noise)["excursion"]


def test_every_feature_has_a_number_on_a_window_of_two_values():
    found = of(AT == 9)
    assert [name for name, value in found.items() if np.isinf(value)] == []
