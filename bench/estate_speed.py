"""What an estate costs: rows into Parquet against rows as dictionaries, and one hour out of ninety days."""

from __future__ import annotations

import gc
import sys
from datetime import UTC, datetime
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING

from bench.measuring import Line, conclude
from ghostfleet.cli import scenario as scenarios
from ghostfleet.core.batch import Text
from ghostfleet.core.table import Kind
from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S
from ghostfleet.generate import Generator
from ghostfleet.run.surroundings import keep_freed_memory
from ghostfleet.run.workers import Job, perform
from ghostfleet.sinks import open_sink
from ghostfleet.spec import loading

if TYPE_CHECKING:
    from ghostfleet.core.batch import Batch
    from ghostfleet.core.window import Window

ROWS_GOAL = 15.0  # times as many rows per second as dictionaries
HOUR_GOAL = 1 / 500
TABLES = ("system_metrics", "database_metrics", "network_metrics")
ALL = ("telemetry", "records")  # what the scenario writes beside its graph
SINCE_S = 1741046400  # 2025-03-04
ROUNDS = 3
SAMPLE_HOURS = 6  # of rows as dictionaries, all of which take the same
DAYS = 90
SAMPLE_DAYS = 6  # of the ninety; the whole is these times fifteen, as every two days are solved alike


def generator() -> Generator:
    """Make a generator of the shipped estate, nothing prepared."""
    return Generator(loading.load(scenarios.find("estate")).scenario)


def written(made: Generator, window: Window, names: tuple[str, ...] = TABLES) -> int:
    """Write some tables of a window into Parquet files; rows."""
    with TemporaryDirectory() as folder:
        tables = made.tables(names)
        plan = made.plan(window, tables)
        sink = open_sink(folder + "/", format="parquet", codec="fast", compressed=True)
        sink.open(tables, plan_id="bench", tasks={table.name: plan.of(table.name) for table in tables})
        by_window = sorted(plan.tasks, key=lambda task: task.window.since_s)
        done = {task.number: perform(made, [sink], Job(task, [True], [None]), lambda _rows: None) for task in by_window}
        receipts = [receipt for number in sorted(done) for receipt in done[number].receipts if receipt is not None]
        sink.finish(receipts)
        return sum(receipt.rows for receipt in receipts)


def as_dictionaries(batches: list[Batch]) -> int:
    """Build as many rows of the same columns as a usual generator does, one dictionary each, value by value; rows."""
    count, noise = 0, Random(1)  # noqa: S311  what usual generators draw from
    for batch in batches:
        kinds = [(one.name, one.kind, one.decimals if one.resolution else 0) for one in batch.table.columns]
        words = {name: values.vocabulary for name in batch.table.names if isinstance(values := batch[name], Text)}
        made = []
        for row in range(len(batch)):
            entry: dict[str, object] = {}
            for name, kind, decimals in kinds:
                if kind is Kind.TIME:
                    entry[name] = datetime.fromtimestamp(SINCE_S + row, UTC)
                elif kind is Kind.TEXT:
                    entry[name] = words[name][row % len(words[name])]
                elif kind is Kind.F64:
                    entry[name] = round(max(0.0, noise.gauss(50, 10)), decimals)
                else:
                    entry[name] = int(noise.gauss(500, 50))
            made.append(entry)
        count += len(made)
    return count


def rows(names: tuple[str, ...], said: str, goal: float | None = None) -> list[Line]:
    """Alternate a day of one-minute tables into Parquet and some hours of rows like them as dictionaries.

    Each round has a day of its own, as the last state that was solved is kept.
    """
    made = generator()
    days = [made.window(SINCE_S + day * DAY_S, SINCE_S + (day + 1) * DAY_S, MINUTE_S) for day in range(ROUNDS + 1)]
    tables = made.tables(names)
    some = made.plan(made.window(SINCE_S, SINCE_S + SAMPLE_HOURS * HOUR_S, MINUTE_S), tables)
    batches = [batch for task in some.tasks for batch in made.batches(task)]
    written(made, days.pop(), names)  # allocates what later rounds use again
    ratios, rates = [], []
    for window in days:
        since = process_time()
        count = written(made, window, names)
        between = process_time()
        same = as_dictionaries(batches)
        until = process_time()
        ratios.append((until - between) / same / ((between - since) / count))
        rates.append(count / (between - since) / 1e3)
    return [
        Line(f"one-minute rows {said} into Parquet, of rows as dictionaries", median(ratios), goal, least=True),
        Line("rows per CPU second", median(rates), unit="k/s"),
    ]


def hour() -> list[Line]:
    """Compare an hour with ninety days, start-up done."""
    made = generator()
    written(made, made.window(SINCE_S, SINCE_S + HOUR_S), ALL)
    since = process_time()
    written(made, made.window(SINCE_S, SINCE_S + SAMPLE_DAYS * DAY_S), ALL)
    whole = (process_time() - since) * DAYS / SAMPLE_DAYS
    costs = []
    for place in range(ROUNDS):
        since = process_time()
        start = SINCE_S + (10 + place) * DAY_S + 7 * HOUR_S
        written(made, made.window(start, start + HOUR_S), ALL)
        costs.append(process_time() - since)
    return [
        Line("one hour of ninety days, start-up done, of the whole", median(costs) / whole, HOUR_GOAL),
        Line("hour", median(costs) * 1e3, unit="ms"),
        Line(f"ninety days, from {SAMPLE_DAYS}", whole, unit="s"),
    ]


def main() -> int:
    """Measure both, in a process that does with memory what a command does."""
    gc.disable()
    keep_freed_memory()
    return conclude(
        "scenario estate into Parquet, CPU, one process",
        [*rows(TABLES, "of services"), *rows(("telemetry",), "of all telemetry", ROWS_GOAL), *hour()],
    )


if __name__ == "__main__":
    sys.exit(main())
