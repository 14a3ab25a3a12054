"""Cost of correlated noise with memory per value, against NumPy's normals: ``python -m bench.kernel_noise``."""

from __future__ import annotations

import sys
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

import numpy as np

from bench.measuring import Line, conclude
from ghostfleet.cli import scenario as scenarios
from ghostfleet.core.window import DAY_S, Window
from ghostfleet.generate import TICKS_PER_BATCH
from ghostfleet.spec import loading
from ghostfleet.state.servers import Servers
from ghostfleet.world import fleet as fleets

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32

ROUNDS = 15
DAYS = 1461
START = 18_993  # 2022-01-01
GOAL = 1.2


def noise(servers: Servers, first: int, last: int) -> F32:
    """Five noises of some servers, four of them mixed, as a run makes them."""
    window = Window(START, START + DAYS, DAY_S)
    return servers.noise(window, servers.fleet.type_codes[first:last], first, last)


def main() -> int:
    """Alternate our kernel and NumPy's on blocks of the size that tasks use."""
    scenario = loading.load(scenarios.find("capacity")).scenario
    servers = Servers.of(scenario, fleets.build(scenario))
    block = TICKS_PER_BATCH // DAYS
    values = block * DAYS * 5
    reference = np.random.Generator(np.random.SFC64(1))
    noise(servers, 0, block)
    ratios, ours_ns = [], []
    for _ in range(ROUNDS):
        since = process_time()
        for _ in range(5):
            reference.standard_normal(values, dtype=np.float32)
        between = process_time()
        for _ in range(5):
            noise(servers, 0, block)
        until = process_time()
        ratios.append((until - between) / (between - since))
        ours_ns.append((until - between) / (5 * values) * 1e9)
    return conclude(
        f"five correlated noises of {block} servers over {DAYS} days, CPU per value",
        [
            Line("of Generator(SFC64).standard_normal(float32)", median(ratios), GOAL),
            Line("best round", min(ours_ns), unit="ns"),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
