"""What runs leave is what their boxes cover, bin by bin."""

import numpy as np
import pytest

from ghostfleet.state.hosts.deposit import LINGER_S, READ_SHARE, Grid, deposit, touches
from ghostfleet.state.hosts.parameters import Draws
from ghostfleet.state.hosts.processes import CPU, MEMORY, READ, plain, replace
from ghostfleet.state.hosts.schedule import LONG_S, PARTS, Runs

ROWS, BINS, BIN_S = 3, 40, 20
NUMBER = 300


def processes():
    """Twelve processes, every other one steady; their hosts are rows 0 to 2."""
    lots = np.random.default_rng(1)
    amounts = np.where(lots.random((12, 6)) < 0.6, lots.random((12, 6)) * 20, 0.0)
    made = plain(Draws(0, "some", np.ones((12, 2), dtype=np.uint64)), np.repeat(np.arange(ROWS), 4), amounts)
    return replace(made, steady=np.arange(12) % 2 == 0)


def runs():
    """Runs before, in, across and after a window."""
    lots = np.random.default_rng(2)
    start = lots.integers(-400 * PARTS, (BINS * BIN_S + 100) * PARTS, NUMBER)
    length = np.where(lots.random(NUMBER) < 0.7, lots.integers(1, 500, NUMBER), lots.integers(1, 9000, NUMBER))
    process = lots.integers(0, 12, NUMBER)
    lasts = (length >= LONG_S * PARTS) | processes().steady[process]
    return Runs(process, start, length, lots.random(NUMBER) + 0.5, lasts)


def means(metric, chosen):
    """Means in each bin of the boxes of some runs, sixteenth of a second by sixteenth."""
    some, made = processes(), runs()
    before, width = 400 * PARTS, BIN_S * PARTS
    out = np.zeros((ROWS, before + (BINS * BIN_S + 1000) * PARTS))
    for run in np.flatnonzero(chosen):
        process, length = made.process[run], made.length[run]
        height = some.amounts[process, metric] * made.size[run]
        if metric == READ:
            length = max(int(length * READ_SHARE), 1)
        if metric == MEMORY:
            length += LINGER_S * PARTS
        elif not some.steady[process]:
            height *= PARTS / length
        begin = before + made.start[run]
        out[some.host[process], begin : begin + length] += min(height, 100.0) if metric == CPU else height
    return out[:, before : before + BINS * width].reshape(ROWS, BINS, width).mean(axis=2)


def laid(left, metrics):
    """Rates of all cells."""
    out = np.zeros((len(metrics), ROWS, BINS), dtype=np.float32)
    left.add_to(out)
    return out


@pytest.mark.parametrize("metrics", [("cpu",), ("read",), ("inbound", "outbound", "read"), ("cpu", "write")])
def test_rates_are_the_means_of_boxes(metrics):
    columns = {"cpu": CPU, "read": READ, "write": 2, "inbound": 3, "outbound": 4}
    some = processes()
    found = deposit(runs(), some, some.host, metrics, Grid(ROWS, BINS, BIN_S))
    for left, chosen in zip(found, (~runs().lasts, runs().lasts), strict=True):
        wanted = np.array([means(columns[metric], chosen) for metric in metrics])
        assert np.abs(laid(left, metrics) - wanted).max() < 0.02
        assert wanted.max() > 1


def test_touched_memory_is_the_mean_of_boxes_that_linger():
    some = processes()
    touched = touches(runs(), some, some.host, Grid(ROWS, BINS, BIN_S))
    assert np.abs(touched - means(MEMORY, np.ones(NUMBER, dtype=bool))).max() < 0.02
    assert touched.max() > 1


def test_nothing_is_left_of_no_runs():
    some, none = processes(), np.empty(0, dtype=np.int64)
    nothing = Runs(none, none, none, np.empty(0), np.empty(0, dtype=bool))
    found = deposit(nothing, some, some.host, ("cpu", "write"), Grid(ROWS, BINS, BIN_S))
    assert [len(left.cells) for left in found] == [0, 0]
    assert not touches(nothing, some, some.host, Grid(ROWS, BINS, BIN_S)).any()
