"""Bounds of what incidents change, and what is left of a leak after a restart."""

from typing import get_args

import numpy as np

from ghostfleet.incidents import Parameter
from ghostfleet.incidents.memory_leak import MemoryLeak
from ghostfleet.state.estate.influences import ADDED, BOUNDS, envelope
from ghostfleet.world.occasions import Occasion


def test_every_parameter_that_an_effect_may_change_has_bounds_that_hold_what_changes_nothing() -> None:
    """For all parameters: low ≤ neutral ≤ high, where neutral is 0 for what is added and 1 for a factor."""
    assert set(BOUNDS) == set(get_args(Parameter))
    for name, (low, high) in BOUNDS.items():
        assert low <= (0 if name in ADDED else 1) <= high, name


def fading(resolved_s: int | None) -> list[float]:
    """Strength of a fade in every other minute of a leak of ten minutes, which recovers in ten."""
    leak = Occasion("inc", MemoryLeak(), "shop", 0, 0, 600, 600, "Service", resolved_s)
    return [round(one, 6) for one in envelope(leak, "fade", np.arange(0.0, 1_320.0, 120.0)).tolist()]


def test_a_fade_begins_with_the_restart_and_falls_over_the_recovery() -> None:
    assert fading(None) == [0, 0, 0, 0, 0, 1, 0.8, 0.6, 0.4, 0.2, 0]


def test_a_leak_that_is_resolved_half_way_leaves_half_as_much() -> None:
    assert fading(300) == [0, 0, 0, 0.45, 0.35, 0.25, 0.15, 0.05, 0, 0, 0]


def test_a_leak_that_is_resolved_after_its_restart_fades_no_slower() -> None:
    assert fading(720)[:6] == fading(None)[:6]
    assert all(one <= other for one, other in zip(fading(720), fading(None), strict=True))
