"""A cold run of the whole capacity data set against importing NumPy, and its peak memory: ``python -m bench.cold``."""

from __future__ import annotations

import sys
from statistics import median

from bench.measuring import IMPORT_NUMPY, Line, conclude, generate, interleaved, ratio

ROUNDS = 9


def main() -> int:
    """Measure wall time and memory with one worker, and memory of each process with two."""
    costs = interleaved(
        {
            "import numpy": lambda _folder: IMPORT_NUMPY,
            "one": lambda folder: generate(folder, "--workers", "1"),
        },
        ROUNDS,
    )
    two = interleaved(
        {"two": lambda folder: generate(folder, "--workers", "2", "--granularity", "hourly", "--years", "1")}, 3
    )["two"]
    floor, one = costs["import numpy"], costs["one"]
    return conclude(
        "ghostfleet generate capacity --to DIR --quiet, 175,320 rows into csv.gz, cold",
        [
            Line("wall, of python -c 'import numpy'", ratio([c.wall_s for c in one], [c.wall_s for c in floor]), 3.5),
            Line("CPU, of python -c 'import numpy'", ratio([c.cpu_s for c in one], [c.cpu_s for c in floor])),
            Line("wall", median(c.wall_s for c in one), unit="s"),
            Line("peak memory, one worker", max(c.peak_mb for c in one), 60, unit="MB"),
            Line("peak memory of each process, two workers, hourly", max(c.peak_mb for c in two), unit="MB"),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
