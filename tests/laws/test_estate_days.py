"""Days of an estate's hosts: `server_metrics` is the 95th percentile of what `host_metrics` tells of them."""

from functools import cache

import numpy as np
import pytest

from ghostfleet.core.window import DAY_S, Window
from ghostfleet.generate import Generator
from tests.laws import estates

DAY = 1741132800  # 2025-03-05
TABLE = "server_metrics"
MBPS = 8 * 1024 / 1e6
READ = {
    "cpu_p95": ("cpu", 1.0),
    "mem_p95": ("memory", 1.0),
    "net_in_p95": ("net_in", MBPS),
    "net_out_p95": ("net_out", MBPS),
}
LOST = "{incident: {kind: node_loss, on: [prod-platform-cluster], minutes: [2900, 2900]}, starts: '2025-03-05T23:00'}"


def days(first: int, last: int) -> Window:
    return Window.between(DAY + first * DAY_S, DAY + last * DAY_S, 300)


@cache
def rows(*settings: str, span: Window | None = None, name: str = "small_estate") -> estates.Cells:
    return estates.rows(Generator(estates.scenario(name, *settings)), TABLE, span or days(0, 3))


def readings(until_s: int, *settings: str, name: str = "small_estate") -> estates.Cells:
    span = Window.between(DAY, until_s, 300)
    return estates.rows(Generator(estates.scenario(name, *settings)), "host_metrics", span)


def quantiles(found: estates.Cells, metric: str, unit: float) -> np.ndarray:
    """95th percentile of each host's readings, hosts in the order of their names."""
    values = np.where(found[metric] == estates.NULL, np.nan, found[metric] / 1e6 * unit)
    return np.array([np.nanquantile(values[found["host_id"] == host], 0.95) for host in np.unique(found["host_id"])])


@pytest.mark.parametrize("column", READ)
def test_a_day_is_the_quantile_of_the_readings_that_are_written(column: str) -> None:
    """For all hosts: the column is the 95th percentile of the five-minute readings of the day, to its resolution."""
    metric, unit = READ[column]
    expected = quantiles(readings(DAY + DAY_S), metric, unit)
    found = rows()[column][rows()["timestamp"] == DAY] / 100
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.00501)
    assert np.ptp(found) > 0


def test_each_host_has_one_row_a_day_in_the_order_of_days_and_names() -> None:
    found = rows()
    hosts = np.unique(readings(DAY + 300)["host_id"])
    assert found["server_id"].tolist() == [*hosts] * 3
    assert found["timestamp"].tolist() == np.repeat(DAY + np.arange(3) * DAY_S, len(hosts)).tolist()


def test_days_are_the_same_whatever_is_asked_for_with_them() -> None:
    """rows([0, 3)) = rows([0, 1)) then rows([1, 3)), bit for bit, and so are rows of parts."""
    parts = [rows(span=span) for span in (days(0, 1), days(1, 3))]
    estates.assert_equal(estates.joined(parts, tuple(rows())), rows())
    generator = Generator(estates.scenario())
    table = generator.observer(TABLE).table
    tasks = generator.plan(days(0, 3), [table], parts=3).tasks
    assert len(tasks) == 3
    batches = [estates.cells(batch) for task in reversed(tasks) for batch in generator.batches(task)]
    estates.assert_equal(estates.joined(batches[::-1], table.names), rows())


def test_of_the_last_day_only_what_has_been_is_told() -> None:
    """A span that ends at 15:00 has a row of its last day, of the readings until then."""
    settings = ("estate.start_date=2025-03-04", "estate.now=2025-03-05T15:00:00Z", "estate.days=1")
    found = rows(*settings, span=days(0, 1), name="demo")
    expected = quantiles(readings(DAY + 15 * 3600, *settings, name="demo"), "cpu", 1.0)
    np.testing.assert_allclose(found["cpu_p95"] / 100, expected, rtol=0, atol=0.00501)


def test_a_host_that_is_lost_all_day_has_no_readings() -> None:
    """Nodes that are gone from 23:00 for two days: null on the day between, and readings on the day before."""
    found = rows(f"estate.incidents.placed=[{LOST}]")
    columns = [*READ, "disk_p95"]
    first, second = (
        np.stack([found[name][found["timestamp"] == DAY + day * DAY_S] for name in columns]) for day in (0, 1)
    )
    assert not (first == estates.NULL).any()
    gone = second == estates.NULL
    assert gone.any()
    assert (gone.all(axis=0) == gone.any(axis=0)).all()
    assert not gone.all()


def test_disks_fill_and_are_emptied_and_are_never_full() -> None:
    """In ninety days each disk rises, falls at times, and stays below nine tenths."""
    found = estates.rows(Generator(estates.scenario()), TABLE, days(0, 60))
    used = found["disk_p95"].reshape(60, -1) / 100
    assert (used < 90).all()
    steps = np.diff(used, axis=0)
    assert (steps > 0).mean() > 0.8
    assert (steps.min(axis=0) < -1).all()
