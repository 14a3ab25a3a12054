"""What the pure rooms must not look at: the clock and the environment."""

from __future__ import annotations

import os
import sys
import time
from ctypes import CDLL
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

M_TRIM_THRESHOLD: Final = -1  # options of glibc's mallopt
M_MMAP_THRESHOLD: Final = -3


def environment() -> Mapping[str, str]:
    """Environment variables."""
    return dict(os.environ)


def one_thread_each() -> None:
    """Keep BLAS from starting threads; nothing here uses them, and starting them costs a third of numpy's import."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def keep_freed_memory() -> None:
    """Keep what batches free for the batches that follow, unless the environment says otherwise.

    Otherwise glibc gives it back to the system after each batch, which fills it with zeros for the next: a tenth of the
    CPU of a long run.
    """
    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return
    try:
        set_option = CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc: musl, macOS; Windows knows no library of no name
        return
    for option, size in ((M_MMAP_THRESHOLD, 4 << 20), (M_TRIM_THRESHOLD, 32 << 20)):
        set_option(option, size)


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def stopwatch() -> float:
    """Seconds on a clock that only runs forward."""
    return time.perf_counter()


def effort() -> float:
    """Seconds that this process has kept CPUs busy: what else runs on the machine does not lengthen them."""
    return time.process_time()


def cores() -> int:
    """How many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MB of 10⁶ bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
