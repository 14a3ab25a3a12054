"""How often calls are tried that fail with some probability, where they differ in how often they may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64


def power(q: F64, exponents: I64) -> F64:
    """Power of each slot's probability, shape (slots, ticks); exponents, of shape (slots, 1), are 1 at least."""
    out = q.copy()
    for exponent in range(2, int(exponents.max()) + 1):
        np.multiply(out, q, out=out, where=exponents >= exponent)
    return out


def mean_failures(q: F64, retries: I64, all_fail: F64) -> F64:
    """Mean number of failed attempts of calls that were served in the end: Σ k q^k (1 − q) / (1 − q^(R+1)).

    ``retries`` is R, of shape (slots, 1), and ``all_fail`` the last of these powers.
    """
    total, reached = np.zeros_like(q), q
    for failures in range(1, int(retries.max()) + 1):
        total += np.where(retries >= failures, failures, 0) * reached
        reached = reached * q
    mean: F64 = total * (1 - q) / (1 - all_fail)
    return mean
