"""Written ids tell nothing but who is who: no digits of one know how long its request took, or how it ended.

D(i, k, n) is the number that n hexadecimal digits of id i from the k-th on stand for.
"""

from functools import cache

import numpy as np
import pytest

from ghostfleet.generate import Generator
from tests.laws import estates

STRUCK = 7_677  # minutes after the start: a gateway of the estate does not answer
MINUTES, LOAD = 4, "estate.load=0.3"
SURE = 4.5  # deviations that nothing reaches by chance: 80 slices and three things to know of each
FIRST_ERROR, FIRST_FAILURE = 400, 500
SECOND = 8  # digits of a trace's id that say when it entered


@cache
def rows(table: str) -> estates.Cells:
    made = Generator(estates.scenario("estate", LOAD))
    return estates.rows(made, table, estates.window(STRUCK, STRUCK + MINUTES))


def digits(ids, first: int, count: int) -> np.ndarray:
    """Digits of each id as numbers, shape (ids, count)."""
    letters = np.array([one[first:][:count] for one in ids.tolist()], dtype=f"S{count}")
    values = letters.view(np.uint8).reshape(len(letters), count).astype(np.int64)
    return np.where(values >= ord("a"), values - ord("a") + 10, values - ord("0"))


def slices(some: np.ndarray):
    """Every digit alone, and every four in a row."""
    yield from some.T
    for place in range(some.shape[1] - 3):
        yield some[:, place : place + 4] @ np.array([4096, 256, 16, 1])


def ranks_within(values: np.ndarray, *groups: np.ndarray) -> np.ndarray:
    """Ranks of values among those of their group, from -1 to 1."""
    names = np.array(["\x1f".join(map(str, one)) for one in zip(*(group.tolist() for group in groups), strict=True)])
    found = np.empty(len(values))
    for name in np.unique(names).tolist():
        mine = np.flatnonzero(names == name)
        found[mine] = (2 * np.argsort(np.argsort(values[mine], kind="stable"), kind="stable") + 1) / len(mine) - 1
    return found


def events():
    """Digits of events' and traces' ids, and what clients would like to know before they ask."""
    some = rows("events")
    took = ranks_within(some["metrics.response_time_ms"], some["source.service"])
    return (
        np.hstack([digits(some["event_id"], -12, 12), digits(some["payload.trace_id"], SECOND, 24)]),
        [took, *_errors(some["metrics.status_code"])],
    )


def spans():
    some = rows("spans")
    took = ranks_within(some["duration_ms"], some["service.name"], some["name"])
    failed = (some["status_code"] == "ERROR").astype(np.float64)
    http = np.where(some["http.response.status_code"] == estates.NULL, 0, some["http.response.status_code"])
    found = [digits(some[name], first, count) for name, first, count in (("span_id", 0, 16), ("trace_id", SECOND, 24))]
    root = some["parent_span_id"] == ""
    yield found[0], [took, failed, *_errors(http)]
    yield found[1][root], [one[root] for one in (took, failed, *_errors(http))]


def _errors(status):
    return [((status >= FIRST_ERROR) & (status < FIRST_FAILURE)).astype(float), (status >= FIRST_FAILURE).astype(float)]


@pytest.mark.parametrize("told", [lambda: [events()], spans], ids=["events", "spans"])
def test_no_digits_of_an_id_know_how_long_it_took_or_how_it_ended(told):
    """For all k, n ∈ {1, 4}: |ρ(rank of D(i, k, n), y)| < 4.5 / √N for y = rank of the time, 4xx, 5xx."""
    for some, known in told():
        assert len(some) > 15_000
        for number in slices(some):
            rank = np.argsort(np.argsort(number + 0.0, kind="stable"), kind="stable")
            for value in known:
                assert value.any()
                assert abs(np.corrcoef(rank, value)[0, 1]) < SURE / len(rank) ** 0.5


@pytest.mark.parametrize("told", [lambda: [events()], spans], ids=["events", "spans"])
def test_each_digit_of_an_id_comes_with_every_outcome_alike(told):
    """For all k: χ² of D(i, k, 1) by quarters of the time, and by whether it is an error, is what chance makes."""
    for some, (took, *ended) in told():
        kinds = [np.digitize(took, (-0.5, 0, 0.5)), *(one.astype(np.int64) for one in ended)]
        for digit in some.T:
            for kind in kinds:
                counts = np.bincount(kind * 16 + digit, minlength=16 * (kind.max() + 1)).reshape(-1, 16)
                wanted = counts.sum(1, keepdims=True) * counts.sum(0) / counts.sum()
                freedom = 15 * (len(counts) - 1)
                square = ((counts - wanted) ** 2 / wanted).sum()
                assert square < freedom + SURE * (2 * freedom) ** 0.5 + SURE**2  # a bound of the tail of χ²


def test_ids_are_unique_and_lead_from_table_to_table():
    """Ids of rows are all different; events, spans and lines have those of the same traces; lines those of spans."""
    some, made, lines = rows("events"), rows("spans"), rows("logs")
    for ids in (some["event_id"], some["payload.trace_id"], made["span_id"], lines["line_id"]):
        assert len(set(ids.tolist())) == len(ids)
    root = made["parent_span_id"] == ""
    traces = set(made["trace_id"][root].tolist())
    assert len(traces) == root.sum()
    assert set(some["payload.trace_id"].tolist()) <= traces
    assert set(made["parent_span_id"][~root].tolist()) <= set(made["span_id"].tolist())
    pairs = set(zip(made["trace_id"].tolist(), made["span_id"].tolist(), strict=True))
    assert set(zip(lines["trace_id"].tolist(), lines["span_id"].tolist(), strict=True)) <= pairs
    # An event of a trace was as long under way as its root, and began with it.
    start = dict(zip(made["trace_id"][root].tolist(), made["start_time"][root].tolist(), strict=True))
    took = dict(zip(made["trace_id"][root].tolist(), made["duration_ms"][root].tolist(), strict=True))
    columns = (some[name].tolist() for name in ("payload.trace_id", "timestamp", "metrics.response_time_ms"))
    for trace, time_ms, hundredths in zip(*columns, strict=True):
        assert start[trace] == time_ms * 1000
        assert abs(took[trace] - hundredths * 10) <= 6
        assert int(trace[:SECOND], 16) == time_ms // 1000
