"""Two workers against one: ``python -m bench.workers``.

Wall time on a machine with other work says little, so the verdict is on CPU: two cores that have nothing else to
do speed a run up by two over the growth of its CPU time, if the share that runs alone is small.
"""

from __future__ import annotations

import sys

from bench.measuring import Line, conclude, generate, interleaved, ratio

ROUNDS = 5
GOAL = 1.6


def main() -> int:
    """Alternate one and two workers over 4.2 million hourly rows."""
    hourly = ("--granularity", "hourly", "--workers")
    costs = interleaved(
        {"one": lambda folder: generate(folder, *hourly, "1"), "two": lambda folder: generate(folder, *hourly, "2")},
        ROUNDS,
    )
    one, two = costs["one"], costs["two"]
    inflation = ratio([cost.cpu_s for cost in two], [cost.cpu_s for cost in one])
    return conclude(
        "--granularity hourly, 120 servers × 4 years, csv.gz",
        [
            Line("expected speed-up: 2 / growth of CPU", 2 / inflation, GOAL, least=True),
            Line("CPU, two workers of one", inflation),
            Line("wall, one worker of two (this machine, as busy as it is)",
                 ratio([cost.wall_s for cost in one], [cost.wall_s for cost in two])),
            Line("peak memory, one worker", max(cost.peak_mb for cost in one), unit="MB"),
            Line("peak memory of each process, two workers", max(cost.peak_mb for cost in two), unit="MB"),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
