"""Memory of four years against one year of hourly rows: ``python -m bench.memory``."""

from __future__ import annotations

import sys
from statistics import median

from bench.measuring import Line, conclude, generate, interleaved

ROUNDS = 3


def main() -> int:
    """Measure the peak of one worker for both spans."""
    hourly = ("--workers", "1", "--granularity", "hourly", "--years")
    costs = interleaved(
        {
            "one year": lambda folder: generate(folder, *hourly, "1"),
            "four years": lambda folder: generate(folder, *hourly, "4"),
            "four years of Parquet": lambda folder: generate(folder, *hourly, "4", "--format", "parquet"),
        },
        ROUNDS,
    )
    short, long = (median(cost.peak_mb for cost in costs[name]) for name in ("one year", "four years"))
    return conclude(
        "--granularity hourly, 120 servers, csv.gz, one worker: 4.2 M rows against 1.05 M",
        [
            Line("peak memory, four years of one year", long / short, 1.1),
            Line("peak memory, four years", long, unit="MB"),
            Line(
                "peak memory, four years of Parquet",
                median(cost.peak_mb for cost in costs["four years of Parquet"]),
                unit="MB",
            ),
            Line("CPU, four years", median(cost.cpu_s for cost in costs["four years"]), unit="s"),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
