"""Cost of one window of a thousandth of a run: ``python -m bench.seek``."""

from __future__ import annotations

import sys
from statistics import median
from time import process_time

from bench.measuring import Line, conclude
from ghostfleet.cli import scenario as scenarios
from ghostfleet.core.window import DAY_S, HOUR_S
from ghostfleet.generate import Generator
from ghostfleet.spec import loading

ROUNDS = 7
SHARE = 1000
GOAL = 1 / 500


def spent(since_s: int | None, hours: int | None) -> float:
    """CPU seconds from a loaded scenario to all batches of a window; None is the whole span."""
    settings = loading.Settings(flags={"granularity": "hourly"})
    scenario = loading.load(scenarios.find("capacity"), settings).scenario
    started = process_time()
    generator = Generator(scenario)
    until_s = None if since_s is None or hours is None else since_s + hours * HOUR_S
    plan = generator.plan(generator.window(since_s, until_s), generator.tables())
    for task in plan.tasks:
        for _batch in generator.batches(task):
            pass
    return process_time() - started


def main() -> int:
    """Compare a window in the middle with the whole, start-up taken off by a window of one hour."""
    hours = 4 * 365 * 24 // SHARE
    middle = 1_640_995_200 + 700 * DAY_S + 7 * HOUR_S
    spent(middle, 1)
    window, least, whole = [], [], []
    for _ in range(ROUNDS):
        least.append(spent(middle, 1))
        window.append(spent(middle, hours))
        whole.append(spent(None, None))
    own = median(window) - median(least)
    return conclude(
        f"{hours} of 35,064 hours, 120 servers: from a loaded scenario to its batches, CPU",
        [
            Line("window without start-up, of the whole run", own / median(whole), GOAL),
            Line("window with start-up", median(window) * 1e3, unit="ms"),
            Line("start-up: a window of one hour", median(least) * 1e3, unit="ms"),
            Line("whole run", median(whole) * 1e3, unit="ms"),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
