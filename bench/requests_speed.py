"""Single requests into files against copying them: ``python -m bench.requests_speed [EVENTS]``.

CPU seconds of whole commands, start-up included, over those of the best of three copies of the same file.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.measuring import GHOSTFLEET, Cost, Line, compiled, conclude, run

EVENTS = 1_000_000
NOW = "2026-03-04T17:00:00-05:00"
ROUNDS = 5
COMMON = ("--now", NOW, "--workers", "1", "--yes", "--quiet")


def made(folder: Path, name: str, cache: str, *options: str) -> tuple[Cost, Path]:
    """Generate into a folder of its own; what it cost, and the file of data."""
    target = folder / name
    cost = run((GHOSTFLEET, "generate", *options, "--to", str(target), *COMMON), compiled(cache))
    files = [one for one in target.iterdir() if ".jsonl" in one.name or ".ndjson" in one.name]
    return cost, max(files, key=lambda one: one.stat().st_size)


def copied(file: Path) -> float:
    """CPU seconds of the best of three copies."""
    costs = []
    for _ in range(3):
        costs.append(run(("cp", str(file), str(file.with_suffix(".copy")))).cpu_s)
        file.with_suffix(".copy").unlink()
    return max(min(costs), 1e-3)


def measured(cache: str, *options: str) -> tuple[list[float], list[Cost]]:
    """CPU of some rounds over that of copies, and what they cost."""
    ratios, costs = [], []
    for _ in range(ROUNDS):
        with TemporaryDirectory(prefix="ghostfleet-bench-", dir=".") as folder:
            cost, file = made(Path(folder), "out", cache, *options)
            ratios.append(cost.cpu_s / copied(file))
            costs.append(cost)
    return ratios, costs


def packed(cache: str, form: str, *options: str) -> float:
    """CPU of packed files over that of copies of the same content as it is."""
    ratios = []
    for _ in range(ROUNDS):
        with TemporaryDirectory(prefix="ghostfleet-bench-", dir=".") as folder:
            cost, _ = made(Path(folder), "packed", cache, *options, "--format", f"{form}.gz")
            _, file = made(Path(folder), "plain", cache, *options, "--format", form)
            ratios.append(cost.cpu_s / copied(file))
    return median(ratios)


def parted(cache: str, count: int) -> float:
    """CPU of two parts of so many events over that of one run."""
    ratios = []
    for _ in range(ROUNDS):
        costs = []
        for part in ((), ("--part", "1", "--of", "2"), ("--part", "2", "--of", "2")):
            with TemporaryDirectory(prefix="ghostfleet-bench-", dir=".") as folder:
                costs.append(made(Path(folder), "out", cache, "events", "--count", str(count), *part)[0].cpu_s)
        ratios.append(sum(costs[1:]) / costs[0])
    return median(ratios)


def ready(cache: str, table: str, rows: int) -> float:
    """CPU of writing rows that need not be followed any more, over that of copies of the same file."""
    ratios = []
    for _ in range(ROUNDS):
        with TemporaryDirectory(prefix="ghostfleet-bench-", dir=".") as folder:
            file = Path(folder) / "ready.jsonl"
            command = (sys.executable, "-m", "bench.ready_rows", table, str(rows), str(file))
            said = subprocess.run(command, env=compiled(cache), stdout=subprocess.PIPE, check=True)
            ratios.append(float(said.stdout) / copied(file))
    return median(ratios)


def main() -> int:
    """Print ratios and peaks."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    asked = ("events", "--count", str(count))
    with TemporaryDirectory(prefix="ghostfleet-bench-") as cache:
        events, costs = measured(cache, *asked)
        _, few = measured(cache, "events", "--count", str(count // 10))
        gzipped = packed(cache, "jsonl", *asked)
        halves = parted(cache, count)
        written = ready(cache, "events", count)
        written_too = ready(cache, "transactions", count)
        transactions, _ = measured(cache, "commerce", "--only", "transactions", "--days", "1", "--scale", "0.4")
    whole = median(cost.cpu_s for cost in costs)
    return conclude(
        f"ghostfleet generate events --count {count:,}, and four tenths of a day of commerce; CPU over that of cp",
        [
            Line("events as JSON lines", median(events), 12, about=f"{1e6 * whole / count:.2f} CPU-µs an event"),
            Line("of that, writing events that are known already", written),
            Line("transactions in bulk form", median(transactions), 8),
            Line("of that, writing transactions that are known already", written_too),
            Line("events as JSON lines, gzip", gzipped, 18),
            Line("two parts of the events, of one run", halves, 1.15),
            Line("peak memory", max(cost.peak_mb for cost in costs), 64, unit="MB"),
            Line("peak memory with a tenth of them", max(cost.peak_mb for cost in few), 64, unit="MB"),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
