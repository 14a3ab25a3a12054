"""What it costs to write single requests that are known already: ``python -m bench.ready_rows TABLE ROWS FILE``.

Prints CPU seconds of rendering, digesting and writing alone: what is left of a run when no request need be followed.
"""

from __future__ import annotations

import sys
from itertools import cycle, islice
from pathlib import Path
from time import process_time

from ghostfleet.cli import scenario as scenarios
from ghostfleet.generate import Generator
from ghostfleet.sinks.parts import Place
from ghostfleet.sinks.text.file import TextFormat
from ghostfleet.spec import loading

SCENARIOS = {"events": ("events", "jsonl"), "transactions": ("commerce", "bulk")}  # by table, with the format
FLAGS: dict[str, dict[str, object]] = {"events": {"count": 1_000_000}}
KEPT = 8  # batches that are written again and again
NOW = "estate.now=2026-03-04T17:00:00-05:00"


def main() -> int:
    """Make some batches, then write them until there are enough rows."""
    table, wanted, file = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    scenario, form = SCENARIOS[table]
    settings = loading.Settings(assignments=[NOW], flags=FLAGS.get(table, {}))
    generator = Generator(loading.load(scenarios.find(scenario), settings).scenario)
    plan = generator.plan_between(generator.tables([table]))
    batches = list(islice(generator.batches(plan.tasks[0]), KEPT))
    body = TextFormat(form, "none").start(file, Place(generator.observer(table).table, 0))
    begun = process_time()
    for batch in cycle(batches):
        body.write(batch.slice(0, min(len(batch), wanted - body.rows)))
        if body.rows >= wanted:
            break
    body.finish()
    sys.stdout.write(f"{process_time() - begun}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
