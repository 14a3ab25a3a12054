"""How benches measure: commands in child processes, interleaved rounds, medians of ratios, and a verdict.

Nothing heavy is imported here: a child's peak memory counts from what its parent held when it started it.
"""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from subprocess import DEVNULL, PIPE, Popen
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PYTHON = sys.executable
GHOSTFLEET = str(Path(PYTHON).with_name("ghostfleet"))
IMPORT_NUMPY = (PYTHON, "-c", "import numpy")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took."""

    wall_s: float
    cpu_s: float  # of all its processes
    peak_mb: float  # of the largest of its processes, in MB of 10⁶ bytes


@dataclass(frozen=True, slots=True)
class Line:
    """One figure with its goal."""

    name: str
    figure: float
    goal: float | None = None  # None: for information
    least: bool = False  # the figure must reach the goal; else it must not pass it
    unit: str = "×"
    about: str = ""

    @property
    def met(self) -> bool:
        """Whether the goal is met, or there is none."""
        if self.goal is None:
            return True
        return self.figure >= self.goal if self.least else self.figure <= self.goal

    def text(self) -> str:
        """Show it as a row of a table."""
        if self.goal is None:
            wanted, verdict = "", ""
        else:
            wanted = f"{'≥' if self.least else '≤'} {self.goal:g} {self.unit}"
            verdict = "met" if self.met else "MISSED"
        return f"{self.name:<52} {self.figure:9.3f} {self.unit:<3} {wanted:<12} {verdict:<7} {self.about}".rstrip()


def compiled(folder: str) -> dict[str, str]:
    """Environment of a child that finds bytecode as an installed package has it, NumPy's and ours alike.

    Without it a source tree beside an installed NumPy compares compiling with loading.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": folder}


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command and wait for it; a failure ends the bench."""
    started = perf_counter()
    child = Popen(command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, env=environment)
    said = child.stderr.read() if child.stderr else b""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.stderr:
        child.stderr.close()
    if child.returncode:
        sys.exit(f"{' '.join(command)}\nfailed with exit code {child.returncode}\n{said.decode()}")
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    return Cost(perf_counter() - started, usage.ru_utime + usage.ru_stime, peak)


def generate(to: Path | str, *options: str) -> tuple[str, ...]:
    """Make the command that generates the capacity data set quietly."""
    return (GHOSTFLEET, "generate", "capacity", "--to", str(to), "--quiet", "--yes", *options)


def interleaved(commands: Mapping[str, Callable[[Path], Sequence[str]]], rounds: int) -> dict[str, list[Cost]]:
    """Run every command once a round, each in a fresh folder; costs by name. A first round only leaves bytecode."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    with TemporaryDirectory(prefix="ghostfleet-bytecode-") as bytecode:
        for counts in (False, *[True] * rounds):
            for name, command in commands.items():
                with TemporaryDirectory(prefix="ghostfleet-bench-") as folder:
                    cost = run(command(Path(folder)), compiled(bytecode))
                    if counts:
                        costs[name].append(cost)
    return costs


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Median over the rounds of one figure through another of the same round."""
    return median(a / b for a, b in zip(above, below, strict=True))


def machine() -> str:
    """What it ran on."""
    numpy = __import__("importlib.metadata").metadata.version("numpy")
    return (
        f"Python {platform.python_version()}, NumPy {numpy}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}"
    )


def conclude(title: str, lines: Sequence[Line]) -> int:
    """Print a table; the result is the exit code."""
    print(f"{title}\n{machine()}")
    for line in lines:
        print(f"  {line.text()}")
    return int(not all(line.met for line in lines))
