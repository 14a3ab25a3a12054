"""Quantile functions as tables, shipped as data with checksums (`scripts/make_quantiles.py` makes them)."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.errors import DataError

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32


def shipped(name: str) -> bytes:
    """Bytes of a data file of the package, checked against ``data/CHECKSUMS``.

    Raises `DataError` when the file is missing or is not the one that was released.
    """
    folder = files("ghostfleet") / "data"
    known = dict(reversed(line.split()) for line in (folder / "CHECKSUMS").read_text().splitlines())
    content = (folder / name).read_bytes()
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
