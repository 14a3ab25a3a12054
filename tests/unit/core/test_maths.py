"""The portable functions are as close as they say, exact where they say, and the same on every CPU."""

import os
import subprocess
import sys
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfleet.core import maths
from scripts import fit_maths

PRECISE = np.finfo(np.longdouble).nmant >= 63  # elsewhere only the decimal spot checks can tell
needs_longdouble = pytest.mark.skipif(not PRECISE, reason="long double is no longer than double here")

TWO_PI = np.longdouble("6.283185307179586476925286766559005768")


def spread(low, high, count=200_000):
    """Low-discrepancy points of an interval."""
    return low + (high - low) * ((np.arange(count) * 0.6180339887498949) % 1)


def relative(found, expected):
    return float(np.abs(found.astype(np.longdouble) / expected - 1).max())


@needs_longdouble
def test_exp2_errs_by_less_than_8e_16():
    x = spread(-40, 40)
    assert relative(maths.exp2(x), np.exp2(x.astype(np.longdouble))) < 8e-16


@needs_longdouble
def test_exp2_f32_errs_by_less_than_11e_8():
    x = spread(-100, 100).astype(np.float32)
    assert relative(maths.exp2_f32(x), np.exp2(x.astype(np.longdouble))) < 1.1e-7


@needs_longdouble
def test_sigmoid2_errs_by_less_than_9e_16():
    x = spread(-60, 60)
    assert relative(maths.sigmoid2(x), 1 / (1 + np.exp2(-x.astype(np.longdouble)))) < 9e-16


@needs_longdouble
def test_sigmoid2_f32_errs_by_less_than_2e_7():
    x = spread(-60, 60).astype(np.float32)
    assert relative(maths.sigmoid2_f32(x), 1 / (1 + np.exp2(-x.astype(np.longdouble)))) < 2e-7


@needs_longdouble
@pytest.mark.parametrize(("low", "high"), [(0.5, 0.999), (1.001, 2), (1e-9, 1e-3), (1e3, 1e12)])
def test_log2_errs_by_less_than_6e_16(low, high):
    x = spread(low, high)
    assert relative(maths.log2(x), np.log2(x.astype(np.longdouble))) < 6e-16


@needs_longdouble
def test_log2_keeps_its_relative_error_around_one():
    x = 1 + spread(1e-9, 1e-4)
    assert relative(maths.log2(x), np.log2(x.astype(np.longdouble))) < 6e-16


@needs_longdouble
def test_sine_turns_errs_by_less_than_5e_16():
    x = spread(-3, 3)
    expected = np.sin(TWO_PI * x.astype(np.longdouble))
    assert float(np.abs(maths.sine_turns(x) - expected).max()) < 5e-16


@given(st.floats(-1000, 1000))
def test_exp2_agrees_with_decimal_arithmetic(x):
    with localcontext(prec=40):
        expected = Decimal(2) ** Decimal(x)
        assert abs(Decimal(float(maths.exp2(np.array([x]))[0])) / expected - 1) < Decimal("8e-16")


@given(st.floats(1e-300, 1e300))
def test_log2_agrees_with_decimal_arithmetic(x):
    with localcontext(prec=40):
        expected = Decimal(x).ln() / Decimal(2).ln()
        found = Decimal(float(maths.log2(np.array([x]))[0]))
        assert abs(found - expected) <= abs(expected) * Decimal("6e-16")


def test_whole_powers_and_their_logarithms_are_exact():
    whole = np.arange(-1022, 1023, dtype=np.float64)
    assert np.array_equal(maths.exp2(whole), np.ldexp(1.0, whole.astype(int)))
    assert np.array_equal(maths.log2(maths.exp2(whole)), whole)
    small = np.arange(-126, 127, dtype=np.float32)
    assert np.array_equal(maths.exp2_f32(small), np.ldexp(np.float32(1), small.astype(int)))


def test_half_turns_are_exact():
    assert not maths.sine_turns(np.arange(-8, 9) / 2).any()


def test_sines_stay_within_one_and_are_odd():
    x = spread(0, 2)
    assert np.abs(maths.sine_turns(x)).max() <= 1
    assert np.array_equal(maths.sine_turns(-x), -maths.sine_turns(x))


@pytest.mark.parametrize("function", [maths.sigmoid2, maths.sigmoid2_f32])
def test_sigmoids_are_half_at_zero_and_stay_within_zero_and_one(function):
    values = function(np.array([-1e9, -200, 0, 200, 1e9]))
    assert values[2] == 0.5
    assert np.all((values >= 0) & (values <= 1))


@pytest.mark.parametrize("function", [maths.exp2, maths.sigmoid2, maths.log2, maths.sine_turns])
@pytest.mark.parametrize("count", [0, 1, 16_383, 16_384, 40_001])
def test_a_value_depends_neither_on_its_place_nor_on_out(function, count):
    x = spread(0.1, 9, count)
    expected = np.array([function(x[k : k + 1])[0] for k in range(0, count, 997)])
    result = function(x)
    assert np.array_equal(result[::997], expected)
    mine = x.copy()
    assert function(mine, out=mine) is mine
    assert np.array_equal(mine, result)


def test_out_may_have_gaps():
    x = spread(-3, 3, 600).astype(np.float32).reshape(20, 30)
    wide = np.zeros((20, 60), dtype=np.float32)
    maths.exp2_f32(x, out=wide[:, ::2])
    assert np.array_equal(wide[:, ::2], maths.exp2_f32(x))
    assert not wide[:, 1::2].any()


def test_shapes_and_precisions_are_kept():
    assert maths.exp2(np.array(3.0)).shape == ()
    assert maths.exp2_f32(np.zeros((2, 3), dtype=np.float32)).dtype == np.float32
    assert maths.sine_turns(np.zeros((2, 3), dtype=np.float32)).dtype == np.float64


@pytest.mark.parametrize(
    ("coefficients", "arguments"),
    [
        (maths.EXP2, (fit_maths.exp2_slope, "-0.5", "0.5", 10)),
        (maths.EXP2_F32, (fit_maths.exp2_slope, "-0.5", "0.5", 6)),
        (maths.LOG2, (fit_maths.log2_slope, 0, (3 - 2 * Decimal(2).sqrt()) ** 2, 7)),
        (maths.SINE, (fit_maths.sine_slope, 0, "0.0625", 8)),
    ],
)
def test_the_script_fits_the_coefficients_that_are_used(coefficients, arguments):
    with localcontext(prec=60):
        assert tuple(float(value) for value in fit_maths.fit(*arguments)) == coefficients


DIGEST = """
import hashlib, numpy as np
from ghostfleet.core import maths
x = np.arange(1, 50_000) * 0.000618
f = x.astype(np.float32)
parts = [maths.exp2(x), maths.log2(x), maths.sine_turns(x), maths.sigmoid2(x), maths.exp2_f32(f), maths.sigmoid2_f32(f)]
digest = hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()
print(digest, *np.show_config("dicts")["SIMD Extensions"].get("found", []))
"""


def run(**environment):
    answer = subprocess.run(
        [sys.executable, "-c", DIGEST], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    digest, *extensions = answer.stdout.split()
    return digest, extensions


def test_bits_do_not_depend_on_the_cpu():
    digest, extensions = run(NPY_DISABLE_CPU_FEATURES="")
    if not extensions:
        pytest.skip("this CPU has nothing beyond numpy's baseline")
    assert run(NPY_DISABLE_CPU_FEATURES=" ".join(extensions)) == (digest, [])
