import pytest

from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.window import DAY_S, HOUR_S, Window


def test_between_holds_the_ticks_that_start_inside():
    assert Window.between(1, 7200, 3600) == Window(1, 2, 3600)
    assert Window.between(0, 7201, 3600) == Window(0, 3, 3600)
    assert Window.between(-1, 1, 3600) == Window(0, 1, 3600)
    assert len(Window.between(5, 5, 60)) == 0


@pytest.mark.parametrize(("start", "stop", "tick_s"), [(2, 1, 60), (0, 1, 0), (0, 1, -60)])
def test_a_window_that_cannot_be_is_refused(start, stop, tick_s):
    with pytest.raises(ScenarioError, match=r"cannot end|must last"):
        Window(start, stop, tick_s)


def test_seconds_and_ticks_count_from_the_epoch():
    window = Window(-1, 2, HOUR_S)
    assert window.ticks().tolist() == [-1, 0, 1]
    assert window.seconds().tolist() == [-3600, 0, 3600]
    assert (window.since_s, window.until_s) == (-3600, 7200)


def test_finer_and_coarser_undo_each_other():
    window = Window(5, 9, DAY_S)
    assert window.finer(24) == Window(120, 216, HOUR_S)
    assert window.finer(24).coarser(24) == window
    assert Window(1, 50, HOUR_S).coarser(24) == Window(1, 3, DAY_S)  # the days that start in it


def test_a_tick_is_not_cut_into_unequal_ones():
    with pytest.raises(ScenarioError, match="whole ticks"):
        Window(0, 1, 60).finer(7)


@pytest.mark.parametrize(("start", "stop", "length"), [(0, 10, 3), (5, 6, 4), (-7, 8, 5), (3, 3, 2), (8, 16, 8)])
def test_cuts_abut_and_lie_on_the_grid_of_the_epoch(start, stop, length):
    parts = list(Window(start, stop, 60).cut(length))
    assert [tick for part in parts for tick in part.ticks().tolist()] == list(range(start, stop))
    assert all(part.start % length == 0 for part in parts[1:])
    assert all(0 < len(part) <= length for part in parts)
