"""Quantile functions: of the normal as tables and as a formula.

Tables are data with checksums (`scripts/make_quantiles.py` makes them), for many values in single precision; the
formula is for few values that need double precision.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import maths
from ghostfleet.core.errors import DataError
from ghostfleet.core.hashes import sha256

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64

    Ratio = tuple[tuple[float, ...], tuple[float, ...]]

DATA = Path(__file__).parents[1] / "data"  # importlib.resources takes twice as long to import as all of core

LN_2 = 0.6931471805599453

# Coefficients of Wichura's algorithm AS 241 (PPND16), Applied Statistics 37 (1988), constants first.
CENTRAL: Ratio = (
    (
        3.387132872796366608,
        133.14166789178437745,
        1971.5909503065514427,
        13731.693765509461125,
        45921.953931549871457,
        67265.770927008700853,
        33430.575583588128105,
        2509.0809287301226727,
    ),
    (
        1.0,
        42.313330701600911252,
        687.1870074920579083,
        5394.1960214247511077,
        21213.794301586595867,
        39307.89580009271061,
        28729.085735721942674,
        5226.495278852545925,
    ),
)
NEAR_TAIL: Ratio = (
    (
        1.42343711074968357734,
        4.6303378461565452959,
        5.7694972214606914055,
        3.64784832476320460504,
        1.27045825245236838258,
        0.24178072517745061177,
        0.0227238449892691845833,
        7.7454501427834140764e-4,
    ),
    (
        1.0,
        2.05319162663775882187,
        1.6763848301838038494,
        0.68976733498510000455,
        0.14810397642748007459,
        0.0151986665636164571966,
        5.475938084995344946e-4,
        1.05075007164441684324e-9,
    ),
)
FAR_TAIL: Ratio = (
    (
        6.6579046435011037772,
        5.4637849111641143699,
        1.7848265399172913358,
        0.29656057182850489123,
        0.026532189526576123093,
        0.0012426609473880784386,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (
        1.0,
        0.59983220655588793769,
        0.13692988092273580531,
        0.0148753612908506148525,
        7.868691311456132591e-4,
        1.8463183175100546818e-5,
        1.4215117583164458887e-7,
        2.04426310338993978564e-15,
    ),
)

RATIOS = (CENTRAL, NEAR_TAIL, FAR_TAIL)

CENTRAL_HALF = 0.425  # AS 241 changes formula at this distance from 1/2 …
CENTRAL_SQUARE = 0.180625
NEAR_TAIL_END = 5.0  # … and at this root of −ln(tail), 6.6 standard deviations out
NEAR_TAIL_MIDDLE = 1.6
SMALLEST = 2.0**-1022


def shipped(name: str) -> bytes:
    """Bytes of a data file of the package, checked against ``data/CHECKSUMS``.

    Raises `DataError` when the file is missing or is not the one that was released.
    """
    lines = (line.split() for line in (DATA / "CHECKSUMS").read_text().splitlines())
    known = {file: checksum for checksum, file in lines}
    content = (DATA / name).read_bytes()
    if known.get(name) != sha256(content).hexdigest():
        msg = f"data/{name} is not the released file: its checksum differs from data/CHECKSUMS; install again"
        raise DataError(msg)
    return content


@cache
def normal_body() -> F32:
    """Standard normal quantiles at the middles of 65,536 equally likely cells."""
    return np.frombuffer(shipped("normal_body.f32"), dtype="<f4")


@cache
def normal_tail() -> F32:
    """Quantiles of the last of those cells, cut again into 65,536."""
    return np.frombuffer(shipped("normal_tail.f32"), dtype="<f4")


def normal_quantile(u: F64) -> F64:
    """Standard normal quantile of u in (0, 1), shape (values,), by Wichura's AS 241.

    The relative error is below 4e-15. Where an end is given (0 or 1) it answers ±37.5. The quantile grows with u up to
    rounding: two arguments closer than 1e-15 can swap.
    """
    centred = u - 0.5
    out = _ratio(CENTRAL_SQUARE - centred * centred, CENTRAL)
    out *= centred
    outer = np.flatnonzero(np.abs(centred) > CENTRAL_HALF)
    if len(outer):
        tail = np.minimum(u[outer], 1.0 - u[outer])
        out[outer] = np.copysign(_tail_quantile(tail), centred[outer])
    return out


def _tail_quantile(tail: F64) -> F64:
    root = maths.log2(np.maximum(tail, SMALLEST))
    root *= -LN_2
    np.sqrt(root, out=root)
    out = _ratio(root - NEAR_TAIL_MIDDLE, NEAR_TAIL)
    far = np.flatnonzero(root > NEAR_TAIL_END)
    if len(far):
        out[far] = _ratio(root[far] - NEAR_TAIL_END, FAR_TAIL)
    return out


def _ratio(x: F64, ratio: Ratio) -> F64:
    above, below = np.empty_like(x), np.empty_like(x)
    maths.horner(x, ratio[0], above)
    maths.horner(x, ratio[1], below)
    above /= below
    return above
