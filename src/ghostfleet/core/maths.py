"""Powers, logarithms, sines and sigmoids whose every bit is the same on every CPU.

NumPy's own exp, log, sin, tanh and power take different instructions on different CPUs and then differ in the last
bits, and so would the data. These functions use only what IEEE 754 or integer arithmetic pins down:
+ − × ÷, comparisons, and shifts of the bits of a float. Coefficients are fitted by `scripts/fit_maths.py`
to values with 60 digits; errors below are the largest measured (`tests/unit/core/test_maths.py` holds them).

Arguments must be finite; every function works in blocks that stay in the cache and takes ``out=``,
which may be the argument itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core import compiled
from ghostfleet.core.compiled import address

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.core.arrays import F32, F64, I64, Array

BLOCK_BYTES = 131_072  # argument, result and two scratch blocks fit a second-level cache together

# (2^r − 1) / r on [−1/2, 1/2]: with the 1 added by itself, whole powers of two come out exact.
EXP2 = (
    0.6931471805599462,
    0.24022650695910075,
    0.05550410866465167,
    0.009618129107618665,
    0.0013333558200794592,
    0.00015403530424776529,
    1.5252672924850737e-05,
    1.3215451633221434e-06,
    1.0205905413765595e-07,
    7.070977866508138e-09,
)
EXP2_F32 = (
    0.6931471880262288,
    0.24022650760568126,
    0.05550357114219078,
    0.009618082557277852,
    0.0013390863364671234,
    0.0001545316294512069,
)
# log2(m) / s in s², for s = (m − 1) / (m + 1) and m between the roots of 1/2 and 2.
LOG2 = (
    2.885390081777927,
    0.9617966939243345,
    0.5770780172463286,
    0.4121984020482752,
    0.32061638813224547,
    0.2614442493522915,
    0.2429160853987535,
)
# sin(2πa) / a in a², for a on [−1/4, 1/4].
SINE = (
    6.283185307179585,
    -41.341702240398284,
    81.60524927557977,
    -76.70585968962867,
    42.05868995395094,
    -15.09450614073429,
    3.817365633469135,
    -0.6925067010720717,
)


@dataclass(frozen=True, slots=True)
class Precision:
    """What 2^x needs to know of a float format."""

    float_type: type[Any]
    int_type: type[Any]
    fraction_bits: int
    coefficients: tuple[float, ...]
    limit: float  # 2^±limit are both normal numbers

    @property
    def rounder(self) -> float:
        """Added to a number, it leaves the nearest whole number in the low bits of the sum."""
        return float(3 << (self.fraction_bits - 1))

    @property
    def mirrored(self) -> tuple[float, ...]:
        """Coefficients for −r in place of r."""
        return tuple(-value if power % 2 == 0 else value for power, value in enumerate(self.coefficients))


DOUBLE = Precision(np.float64, np.int64, 52, EXP2, 1022)
SINGLE = Precision(np.float32, np.int32, 23, EXP2_F32, 126)
POWERS = {one.float_type: np.array(one.coefficients, one.float_type) for one in (DOUBLE, SINGLE)}
MIRRORED = {one.float_type: np.array(one.mirrored, one.float_type) for one in (DOUBLE, SINGLE)}
LOG2_POWERS = np.array(LOG2)
ROOT_OF_HALF = int(np.sqrt(np.float64(0.5)).view(np.int64))


def series() -> I64:
    """Where the coefficients of 2^x, in either precision, and of log2 stand, and what else they take, for loops."""
    tables = (POWERS[np.float64], POWERS[np.float32], LOG2_POWERS)
    words = [word for table in tables for word in (address(table), table.size)]
    return np.array([*words, ROOT_OF_HALF], dtype=np.int64)


def exp2(x: F64 | F32, out: F64 | None = None) -> F64:
    """2^x with a relative error below 8e-16; exact at whole numbers; x is held within ±1022."""
    return _blockwise(lambda a, b: _exp2(a, b, DOUBLE, negative=False), x, out, np.float64)


def exp2_f32(x: F32, out: F32 | None = None) -> F32:
    """2^x in single precision with a relative error below 1.1e-7; exact at whole numbers; x is held within ±126."""
    return _blockwise(lambda a, b: _exp2(a, b, SINGLE, negative=False), x, out, np.float32)


def sigmoid2(x: F64 | F32, out: F64 | None = None) -> F64:
    """1 / (1 + 2^−x), the logistic function of x·ln 2, with a relative error below 9e-16."""
    return _blockwise(lambda a, b: _sigmoid2(a, b, DOUBLE), x, out, np.float64)


def sigmoid2_f32(x: F32, out: F32 | None = None) -> F32:
    """1 / (1 + 2^−x) in single precision with a relative error below 2e-7."""
    return _blockwise(lambda a, b: _sigmoid2(a, b, SINGLE), x, out, np.float32)


def log2(x: F64 | F32, out: F64 | None = None) -> F64:
    """Binary logarithm of positive normal numbers with a relative error below 6e-16; exact at powers of two."""
    return _blockwise(_log2, x, out, np.float64)


def sine_turns(x: F64 | F32, out: F64 | None = None) -> F64:
    """Sine of x turns, sin(2πx), with an absolute error below 5e-16; 0 at half turns, never beyond ±1."""
    return _blockwise(_sine_turns, x, out, np.float64)


def _blockwise(kernel: Callable[[Array, Array], None], x: Array, out: Array | None, kind: type[Any]) -> Array:
    """Run ``kernel(block of x, block of out)`` over flat blocks; x is converted if it is not of ``kind``."""
    values = np.ascontiguousarray(x, dtype=kind).reshape(np.shape(x))
    if out is None:
        out = np.empty(values.shape, dtype=kind)
    flat = out.reshape(-1) if out.flags.c_contiguous else np.empty(values.size, dtype=kind)
    source = values.reshape(-1)
    length = BLOCK_BYTES // values.itemsize
    for start in range(0, values.size, length):
        kernel(source[start : start + length], flat[start : start + length])
    if not out.flags.c_contiguous:
        out[...] = flat.reshape(values.shape)
    return out


def horner(x: Array, coefficients: tuple[float, ...], out: Array) -> None:
    """Write the polynomial whose constant is the first coefficient; ``out`` must not be ``x``."""
    np.multiply(x, coefficients[-1], out=out)
    for coefficient in coefficients[-2:0:-1]:
        out += coefficient
        out *= x
    out += coefficients[0]


def _exp2(x: Array, out: Array, precision: Precision, *, negative: bool) -> None:
    """Write 2^x, or 2^−x at no further cost: x = n + r, and n goes straight into the exponent's bits."""
    loops = compiled.loops()
    if loops is not None:
        loop = loops.exp2_f64 if precision is DOUBLE else loops.exp2_f32
        powers = MIRRORED[precision.float_type] if negative else POWERS[precision.float_type]
        limit, rounder = precision.limit, precision.rounder
        loop(address(x), x.size, address(powers), powers.size, limit, rounder, negative, address(out))
        return
    rounder = precision.float_type(precision.rounder)
    rest = np.maximum(x, -precision.limit)  # as `clip` does, which takes as long as a short block
    np.minimum(rest, precision.limit, out=rest)
    whole = rounder - rest if negative else rounder + rest
    np.subtract(whole, rounder, out=out)  # n, as a float
    (np.add if negative else np.subtract)(rest, out, out=rest)  # r, or −r when x is −n − r
    horner(rest, precision.mirrored if negative else precision.coefficients, out)
    out *= rest
    out += 1
    exponent = whole.view(precision.int_type)
    exponent <<= precision.fraction_bits  # the rounder's own bits leave at the top
    bits = out.view(precision.int_type)
    bits += exponent


def _sigmoid2(x: Array, out: Array, precision: Precision) -> None:
    _exp2(x, out, precision, negative=True)
    out += 1
    np.divide(precision.float_type(1), out, out=out)


def _log2(x: Array, out: Array) -> None:
    """Split x into 2^n m with m between the roots of 1/2 and 2, then log2 x = n + log2 m."""
    loops = compiled.loops()
    if loops is not None:
        loops.log2_f64(address(x), x.size, address(LOG2_POWERS), LOG2_POWERS.size, ROOT_OF_HALF, address(out))
        return
    bits = x.view(np.int64)
    exponent = (bits - ROOT_OF_HALF) >> 52
    mantissa = (bits - (exponent << 52)).view(np.float64)
    s = (mantissa - 1) / (mantissa + 1)
    horner(s * s, LOG2, out)
    out *= s
    out += exponent


def _sine_turns(x: Array, out: Array) -> None:
    """Fold the turn into [−1/4, 1/4], where sin(2πx) = cos(2π(x − 1/4)) is odd around its end."""
    rest = x - np.rint(x)  # in [-1/2, 1/2], and exact
    size = np.abs(rest)
    np.minimum(size, 0.5 - size, out=size)
    horner(size * size, SINE, out)
    out *= size
    np.copysign(out, rest, out=out)
