"""Bounds of what incidents change."""

from typing import get_args

from ghostfleet.incidents import Parameter
from ghostfleet.state.estate.influences import ADDED, BOUNDS


def test_every_parameter_that_an_effect_may_change_has_bounds_that_hold_what_changes_nothing() -> None:
    """For all parameters: low ≤ neutral ≤ high, where neutral is 0 for what is added and 1 for a factor."""
    assert set(BOUNDS) == set(get_args(Parameter))
    for name, (low, high) in BOUNDS.items():
        assert low <= (0 if name in ADDED else 1) <= high, name
