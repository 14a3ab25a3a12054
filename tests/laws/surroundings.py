"""Other processes: the same data sets made under another hash seed, CPU, time zone, language or folder."""

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CPU = import_module("numpy._core._multiarray_umath")
SIMD = [name for name in _CPU.__cpu_dispatch__ if _CPU.__cpu_features__.get(name)]
WITHOUT_SIMD = {"NPY_DISABLE_CPU_FEATURES": " ".join(SIMD)} if SIMD else {}


def python(*arguments: str, variables: Mapping[str, str], cwd: Path = ROOT) -> str:
    """Standard output of a Python process; fails when it does."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("GHOSTFLEET_", "NPY_"))}
    environment |= {"PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))), **variables}
    command = [sys.executable, "-W", "error", *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def digests(variables: Mapping[str, str], *mutants: str, cwd: Path = ROOT) -> str:
    """What the laws' driver prints."""
    return python("-m", "tests.laws.driver", *mutants, variables=variables, cwd=cwd)
