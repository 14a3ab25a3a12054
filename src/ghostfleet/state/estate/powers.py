"""How often calls are tried that fail with some probability, where they differ in how often they may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64


class Powers:
    """Powers of the probability that an attempt fails, where slots differ in how often they try."""

    def __init__(self, q: F64, retries: I64) -> None:
        """Multiply them up to the longest series of attempts; ``retries`` has the shape (slots, 1)."""
        self.q, self._retries = q, retries
        self._all = [np.ones_like(q), q]
        for _ in range(int(retries.max(initial=0))):
            self._all.append(self._all[-1] * q)

    def at(self, exponents: I64) -> F64:
        """Power of each slot; exponents have the shape (slots, 1)."""
        low, high = int(exponents.min()), int(exponents.max())
        out = self._all[low]
        for exponent in range(low + 1, high + 1):
            out = np.where(exponents == exponent, self._all[exponent], out)
        return out

    def mean_failures(self) -> F64:
        """Mean number of failed attempts of calls that were served in the end: Σ k q^k (1 − q) / (1 − q^(R+1))."""
        total = np.zeros_like(self.q)
        for failures in range(1, len(self._all) - 1):
            total += np.where(self._retries >= failures, failures, 0) * self._all[failures]
        mean: F64 = total * (1 - self.q) / (1 - self.at(self._retries + 1))
        return mean
