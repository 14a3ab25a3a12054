"""Small scenarios, and what they give for any entities and window as one plain array per column."""

from functools import cache

import numpy as np

from ghostfleet.core.batch import Batch, Spelled, Text, Values, spelt
from ghostfleet.core.window import DAY_S, HOUR_S, Window
from ghostfleet.generate import Generator, Task
from ghostfleet.spec import loading, reading
from ghostfleet.spec.scenario import Scenario

TABLE = "server_metrics"
METRICS = ("cpu_p95", "mem_p95", "disk_p95", "net_in_p95", "net_out_p95")
SERVERS = 6
GRAINS = {
    "daily": ("data.granularity=daily",),
    "hourly": ("data.granularity=hourly",),
    "p95": ("data.granularity=daily", "data.daily_rows=p95"),
}
FAULTS = ("data.quality.missing_ratio=0.05", "data.quality.outlier_ratio=0.05")
NULL = np.iinfo(np.int64).min
SPAN_START = 18_993  # 2022-01-01 in days since the epoch

Cells = dict[str, np.ndarray]


@cache
def scenario(*assignments: str, servers: int = SERVERS) -> Scenario:
    """Shipped capacity scenario with some keys set."""
    document = reading.read(loading.shipped()["capacity"], "capacity.yaml")
    settings = loading.Settings(assignments=(f"data.num_servers={servers}", *assignments))
    return loading.load(document, settings).scenario


def of_grain(grain: str, *assignments: str, servers: int = SERVERS) -> Scenario:
    """Scenario of a grain with faults on, so that the laws hold for them too."""
    return scenario(*GRAINS[grain], *FAULTS, *assignments, servers=servers)


def window_of(grain: str, rows: int, skip: int = 0) -> Window:
    """Window of some rows that starts ``skip`` rows after the scenario does."""
    row_s = HOUR_S if grain == "hourly" else DAY_S
    start = SPAN_START * DAY_S // row_s + skip
    return Window(start, start + rows, row_s)


def observe(generator: Generator, window: Window, first: int, last: int) -> Cells:
    """Rows of servers ``[first, last)`` in a window, as `Generator.batches` gives them."""
    return joined(
        [cells(batch) for batch in generator.batches(Task(0, TABLE, first, last, window, (last - first) * len(window)))]
    )


def whole(scenario: Scenario, window: Window) -> Cells:
    """Rows of all servers in a window, from a generator of its own."""
    return observe(Generator(scenario), window, 0, scenario.servers.num_servers)


def cells(batch: Batch) -> Cells:
    """Batch as comparable arrays: texts as texts, quantised values as whole units, nulls as one number."""
    return {name: _plain(batch[name]) for name in batch.table.names}


def _plain(values: Values) -> np.ndarray:
    if isinstance(values, Text):
        return np.array(values.vocabulary)[values.codes]
    if isinstance(values, Spelled):
        return np.array([text or "" for text in spelt(values)])
    units = values.values if not hasattr(values, "units") else values.units.astype(np.int64)
    return units if values.missing is None else np.where(values.missing, NULL, units)


def joined(parts: list[Cells]) -> Cells:
    """One after the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def ordered(rows: Cells) -> Cells:
    """Sort by `Table.order`: server, then time."""
    order = np.lexsort((rows["timestamp"], rows["server_id"]))
    return {name: values[order] for name, values in rows.items()}


def where(rows: Cells, kept: np.ndarray) -> Cells:
    """Rows for which ``kept`` holds."""
    return {name: values[kept] for name, values in rows.items()}


def between(rows: Cells, window: Window) -> Cells:
    """Rows that start in a window."""
    times = rows["timestamp"]
    return where(rows, (times >= window.since_s) & (times < window.until_s))


def differing(left: Cells, right: Cells) -> set[str]:
    """Columns in which two sets of rows differ, or that only one of them has."""
    shared = set(left) & set(right)
    return (set(left) ^ set(right)) | {name for name in shared if not np.array_equal(left[name], right[name])}


def assert_equal(left: Cells, right: Cells) -> None:
    """Assert the same columns with the same values in the same order."""
    assert differing(left, right) == set()
