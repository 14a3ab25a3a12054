"""Choices and orders of requests are what a search and a stable sort say, which take longer."""

import numpy as np
import pytest

from ghostfleet.signals.transactions.documents import digits_of
from ghostfleet.state.estate.people import LANE, LOTS, chosen
from ghostfleet.state.estate.visits import ordered


@pytest.mark.parametrize("ends", [[], [1.0], [0.25, 0.25, 1.0], [0.0, 1 / 3, 0.5, 0.99999]])
def test_a_lot_falls_into_the_share_that_a_search_finds(ends):
    lots, known = np.arange(LOTS) * np.float64(LANE), np.array(ends, dtype=np.float64)
    assert np.array_equal(chosen(known, lots), np.searchsorted(known, lots, side="right"))


@pytest.mark.parametrize("different", [1, 2, 300, 2**64 - 1])
def test_words_that_are_the_same_keep_their_order(different):
    words = np.random.default_rng(different).integers(0, different, 5_000, dtype=np.uint64)
    assert np.array_equal(ordered(words), np.argsort(words, kind="stable"))
    assert not len(ordered(words[:0]))


def test_dates_and_times_of_day_are_the_digits_that_a_calendar_gives():
    time_ms = np.sort(np.random.default_rng(1).integers(1_700_000_000_000, 1_720_000_000_000, 2_000))
    stamps = [str(one) for one in time_ms.astype("datetime64[ms]").astype("datetime64[s]")]
    date, clock = digits_of(time_ms)
    assert date.tolist() == [int(stamp[:10].replace("-", "")) for stamp in stamps]
    assert clock.tolist() == [int(stamp[11:].replace(":", "")) for stamp in stamps]
    assert [len(part) for part in digits_of(time_ms[:0])] == [0, 0]
