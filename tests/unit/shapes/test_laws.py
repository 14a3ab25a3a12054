"""Laws that hold for every shape found, whatever it is."""

import hashlib
import os
import subprocess
import sys
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfleet import shapes
from ghostfleet.core.draw import Stream, entity_ids
from ghostfleet.core.moments import Moments
from ghostfleet.core.window import Window

OPTIONS: dict[str, dict[str, object]] = {
    "growth": {"percent_per_month": 0.5, "since": "2022-01-01"},
    "maintenance": {"windows": [{"weekday": "sunday", "start_hour": 22.5, "duration_hours": 5, "factor": 0.1}]},
    "weekend": {"factor": 0.5},
    "working_hours": {"factor": 1.6},
}
RANDOM = {"batch_processing", "event_driven", "steady"}
KINDS = sorted(shapes.kinds())
ZONE = "America/New_York"
KEYS = Stream(7, "shape").keys(entity_ids(["a", "b", "c"]))
NEW_YEAR_2025 = 1_735_689_600
SPANS = {60: 3000, 420: 3000, 3600: 9000, 86_400: 730}  # ticks of a second length; 7 minutes divide no day


def shape(kind):
    return msgspec.convert({"kind": kind, **OPTIONS.get(kind, {})}, shapes.union())


def curve(kind, start, stop, tick_s, keys=KEYS):
    first = (NEW_YEAR_2025 - 5 * 86_400) // tick_s
    return shape(kind).curve(Moments(Window(first + start, first + stop, tick_s)), keys, ZONE)


@pytest.mark.parametrize("tick_s", SPANS)
@pytest.mark.parametrize("kind", KINDS)
def test_nine_unaligned_pieces_concatenate_to_the_whole(kind, tick_s):
    """For all a ≤ b ≤ c: f[a, c) = f[a, b) ‖ f[b, c)."""
    count = SPANS[tick_s]
    cuts = [0, 1, 8, 8, 77, 101, count // 3, count // 2 + 1, count - 5, count]
    pieces = [curve(kind, start, stop, tick_s) for start, stop in pairwise(cuts)]
    assert np.array_equal(np.concatenate(pieces, axis=1), curve(kind, 0, count, tick_s))


@given(st.sampled_from(KINDS), st.sampled_from(sorted(SPANS)), st.data())
def test_any_window_is_a_slice_of_a_longer_one(kind, tick_s, data):
    """For all a ≤ b ≤ c ≤ d: f[b, c) = f[a, d) cut to [b, c)."""
    a, b, c, d = sorted(data.draw(st.lists(st.integers(0, 700), min_size=4, max_size=4)))
    assert np.array_equal(curve(kind, b, c, tick_s), curve(kind, a, d, tick_s)[:, b - a : c - a])


def test_a_draw_by_position_would_break_the_law(monkeypatch):
    real = shapes.draws
    mutant = Moments(Window(0, 5, 300))
    monkeypatch.setattr("ghostfleet.shapes.steady.draws", lambda at, keys, s: real(mutant, keys, s)[:, : len(at)])
    pieces = np.concatenate([curve("steady", 0, 2, 300), curve("steady", 2, 5, 300)], axis=1)
    assert not np.array_equal(pieces, curve("steady", 0, 5, 300))


@pytest.mark.parametrize("kind", KINDS)
def test_a_curve_has_a_row_per_entity_only_when_they_differ(kind):
    rows = len(KEYS) if kind in RANDOM else 1
    found = curve(kind, 0, 50, 300)
    assert found.shape == (rows, 50)
    assert found.dtype == np.float32
    assert curve(kind, 0, 50, 300, keys=None).shape == (1, 50)


@pytest.mark.parametrize("kind", sorted(RANDOM))
def test_another_entity_changes_no_other(kind):
    assert np.array_equal(curve(kind, 0, 500, 300)[1:2], curve(kind, 0, 500, 300, keys=KEYS[1:2]))


@pytest.mark.parametrize("kind", sorted(RANDOM))
def test_without_keys_the_curve_is_the_mean_over_entities(kind):
    many = Stream(1, "x").keys(entity_ids(f"host {k}" for k in range(4000)))
    mean = curve(kind, 0, 20, 3600, keys=many).mean(axis=1).mean()
    assert mean == pytest.approx(curve(kind, 0, 20, 3600, keys=None).mean(), rel=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_window_has_an_empty_curve(kind):
    assert curve(kind, 4, 4, 60).shape[1] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_finite_and_positive(kind):
    values = curve(kind, 0, 9000, 3600)
    assert np.all(np.isfinite(values))
    assert values.min() > 0


def digest():
    """Print one hash of every shape's bits; the test below runs it in other processes."""
    curves = b"".join(curve(kind, 0, 9000, 3600).tobytes() for kind in KINDS)
    return hashlib.sha256(curves).hexdigest()


def test_bits_do_not_depend_on_the_cpu():
    switchable = " ".join(np.show_config("dicts")["SIMD Extensions"].get("found", []))
    if not switchable:
        pytest.skip("this CPU has nothing beyond numpy's baseline")
    code = "from tests.unit.shapes.test_laws import digest; print(digest())"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"NPY_DISABLE_CPU_FEATURES": switchable},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == digest()
