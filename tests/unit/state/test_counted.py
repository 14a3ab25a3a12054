"""A given total over a span: windows of any place, also such as lie beside it."""

import numpy as np
import pytest

from ghostfleet.core.window import Window
from ghostfleet.state.estate.counted import Counted

SPAN = Window(1_000, 3_500, 60)


@pytest.fixture
def counted():
    return Counted(700, SPAN, lambda window: np.stack([1.0 + window.ticks() % 7, 2.0 + window.ticks() % 3]))


@pytest.mark.parametrize(("low", "high"), [(0, 40), (900, 1_000), (3_500, 3_501), (9_000, 9_100)])
def test_nothing_enters_beside_the_span(counted, low, high):
    """Truth looks at what an incident does after the span as well."""
    found = counted.entered(Window(low, high, 60))
    assert found.shape == (2, high - low)
    assert not found.any()


def test_windows_across_its_ends_have_what_lies_inside(counted):
    whole = counted.entered(SPAN)
    assert whole.sum() == 700
    for low, high in ((900, 1_300), (2_000, 2_100), (3_400, 3_600), (0, 9_000)):
        found = counted.entered(Window(low, high, 60))
        first, last = max(low, SPAN.start), min(high, SPAN.stop)
        np.testing.assert_array_equal(
            found[:, first - low : last - low], whole[:, first - SPAN.start : last - SPAN.start]
        )
        assert found.sum() == whole[:, first - SPAN.start : last - SPAN.start].sum()
