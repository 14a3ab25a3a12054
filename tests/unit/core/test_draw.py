"""Addressed draws obey their laws: slices, stability, independence, order, and the same bits on every CPU."""

import os
import subprocess
import sys
from hashlib import sha256
from importlib import import_module
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ghostfleet.core import draw
from ghostfleet.core.draw import Stream
from ghostfleet.core.quantiles import normal_body

KINDS = (draw.words, draw.bits32, draw.uniform, draw.uniform32, draw.normal)
STREAM = Stream(7, "server_metrics", "cpu_utilization")
NAMES = [f"host-{number}" for number in range(12)]

RELEASED_WORDS = ["6dc18efdbf7f3d95", "96c4043a46683be0", "45d16b400b149cb1", "c637daf18ca49e2d"]
RELEASED_NORMALS = [-1.0345962047576904, -0.9709800481796265, -0.43858128786087036, -0.09278903156518936]

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def keys_of(*names):
    return STREAM.keys(draw.entity_ids(names))


def slice_law_holds(kind, cuts):
    """For all a ≤ b ≤ … ≤ z: D[a,z) = D[a,b) | … | D[y,z)."""
    keys = keys_of(*NAMES[:3])
    whole = kind(keys, cuts[0], cuts[-1])
    parts = [kind(keys, a, b) for a, b in pairwise(cuts)]
    return np.array_equal(whole, np.concatenate(parts, axis=1))


@every_kind
@given(cuts=st.lists(st.integers(-50, 700), min_size=8, max_size=12).map(sorted))
@example(cuts=[-5, -3, 1, 2, 6, 7, 7, 30, 41])
def test_windows_with_unaligned_ends_concatenate_to_the_whole(kind, cuts):
    assert slice_law_holds(kind, cuts)


@every_kind
def test_a_window_longer_than_many_blocks_is_made_of_its_slices(kind):
    assert slice_law_holds(kind, [3, 32_768, 65_539, 65_540, 98_301, 131_075, 262_150, 300_001])


def test_the_slice_law_fails_when_draws_are_counted_from_the_start_of_the_window():
    def mutant(keys, start, stop):
        return draw.normal(keys, 0, stop - start)

    assert not slice_law_holds(mutant, list(range(3, 80, 9)))


def test_the_slice_law_fails_when_a_window_is_rounded_to_whole_words():
    def mutant(keys, start, stop):
        first = start // 4 * 4
        return draw.normal(keys, first, first + stop - start)

    assert not slice_law_holds(mutant, list(range(3, 80, 9)))


@every_kind
def test_adding_entities_changes_no_other_value(kind):
    few, many = kind(keys_of(*NAMES[:5]), 11, 40), kind(keys_of("new", *NAMES), 11, 40)
    assert np.array_equal(few, many[1:6])


@every_kind
def test_the_order_of_entities_is_the_order_of_rows_and_nothing_else(kind):
    shuffled = [NAMES[place] for place in (5, 2, 9, 0, 11, 7, 3)]
    rows = {name: kind(keys_of(name), 5, 33)[0] for name in NAMES}
    assert np.array_equal(kind(keys_of(*shuffled), 5, 33), [rows[name] for name in shuffled])


def test_adding_entities_is_seen_to_change_values_that_depend_on_position():
    def mutant(names):
        return draw.words(STREAM.keys(draw.numbered_ids(np.arange(len(names)))), 0, 9)

    assert not np.array_equal(mutant(NAMES[:5]), mutant(["new", *NAMES])[1:6])


@every_kind
def test_windows_and_fleets_may_be_empty(kind):
    assert kind(keys_of(*NAMES), 9, 9).shape == (12, 0)
    assert kind(keys_of(), 0, 9).shape == (0, 9)


def test_lanes_are_the_little_ends_of_words_first():
    words = draw.words(keys_of("a"), 4, 5)[0, 0]
    assert draw.bits32(keys_of("a"), 8, 10)[0].tolist() == [int(words) & 0xFFFFFFFF, int(words) >> 32]


def test_scattered_words_are_the_words_of_windows():
    keys, index = keys_of(*NAMES), np.array([5, -3, 0, 77, 2**40, 5, 6, 1, 2, 3, 4, 8])
    expected = [draw.words(keys[row : row + 1], at, at + 1)[0, 0] for row, at in enumerate(index.tolist())]
    assert draw.word_at(keys, index).tolist() == expected


def test_scattered_normals_are_the_normals_of_windows_at_the_ends_too():
    keys = keys_of(*NAMES)
    whole = draw.normal(keys, -30_000, 70_000)
    assert np.abs(whole).max() > normal_body().max()
    row, place = np.divmod(np.arange(0, whole.size, 3), whole.shape[1])
    assert np.array_equal(draw.scattered_normal(keys[row], place - 30_000), whole[row, place])


def test_uniforms_are_inside_zero_and_one_even_at_the_last_cell(monkeypatch):
    for word in (0, 2**64 - 1):
        monkeypatch.setattr(draw, "_fill", lambda block, *_, word=word: block.fill(word))
        for kind in (draw.uniform, draw.uniform32):
            assert 0 < kind(keys_of("a"), 0, 1)[0, 0] < 1


def test_normals_have_the_moments_of_a_standard_normal():
    values = draw.normal(STREAM.keys(draw.numbered_ids(np.arange(2000))), 456_001, 457_001).astype(float)
    count = values.size
    moments = values.mean(), values.var() - 1, (values**3).mean(), (values**4).mean() - 3
    spreads = np.sqrt(np.array([1, 2, 15, 96]) / count)
    assert (np.abs(moments) < 4.5 * spreads).all()


def test_normals_reach_beyond_the_table_at_both_ends_as_often_as_they_should():
    values = draw.normal(STREAM.keys(draw.numbered_ids(np.arange(4000))), 0, 2048)
    expected = values.size * 2 * 2.8665e-7  # P(|X| > 5)
    assert np.count_nonzero(np.abs(values) > 5) == pytest.approx(expected, abs=4 * expected**0.5 + 1)
    assert values.min() < -4.3 < 4.3 < values.max()
    assert len(np.unique(values[values > 4.17])) > 50


def test_draws_of_the_end_cells_do_not_repeat_a_level_of_a_lattice():
    assert not any(np.array_equal(draw.rekey(keys_of("a"), n), draw.rekey(keys_of("a"), draw.TAIL)) for n in range(64))


@pytest.mark.parametrize(
    "other",
    [
        Stream(8, "server_metrics", "cpu_utilization"),
        Stream(7, "server_metrics", "memory"),
        Stream(7, "server_metricscpu_utilization"),
        STREAM.substream("x"),
    ],
    ids=["seed", "name", "cut", "substream"],
)
def test_streams_that_differ_in_anything_are_uncorrelated(other):
    ids = draw.numbered_ids(np.arange(256))
    ours, theirs = (draw.normal(stream.keys(ids), 0, 1461).astype(float) for stream in (STREAM, other))
    for lag in (0, 1, 24):
        product = (ours[:, lag:] * theirs[:, : 1461 - lag]).mean()
        assert abs(product) < 4.5 / (256 * (1461 - lag)) ** 0.5


def test_entities_levels_and_lags_are_uncorrelated():
    keys = STREAM.keys(draw.numbered_ids(np.arange(128)))
    rows = np.concatenate([draw.normal(draw.rekey(keys, level), 0, 4096) for level in range(3)]).astype(float)
    correlations = np.corrcoef(rows)[np.triu_indices(len(rows), 1)]
    assert np.abs(correlations).max() < 6.2 / 4096**0.5
    assert correlations.std() == pytest.approx(1 / 4096**0.5, rel=0.02)
    for lag in range(1, 9):
        assert abs((rows[:, lag:] * rows[:, :-lag]).mean()) < 4.5 / rows.size**0.5


def test_one_bit_of_an_index_or_an_id_flips_half_of_a_word():
    ids = draw.numbered_ids(np.arange(64))
    plain = draw.words(STREAM.keys(ids), 1000, 1001)
    flipped = [draw.words(STREAM.keys(ids), 1000 ^ 1 << bit, (1000 ^ 1 << bit) + 1) for bit in range(40)]
    for half in (0, 1):
        for bit in range(64):
            changed = ids.copy()
            changed[:, half] ^= np.uint64(1 << bit)
            flipped.append(draw.words(STREAM.keys(changed), 1000, 1001))
    shares = [np.bitwise_count(other ^ plain).mean() / 64 for other in flipped]
    assert np.abs(np.array(shares) - 0.5).max() < 5 * 0.5 / (64 * 64) ** 0.5


def test_equal_names_give_equal_streams_and_ids():
    assert np.array_equal(STREAM.keys(draw.entity_ids(["a"])), Stream(7, *STREAM.names).keys(draw.entity_ids(["a"])))
    assert np.array_equal(draw.numbered_ids(np.array([5, 9]))[1:], draw.numbered_ids(np.array([9])))


def test_values_are_the_released_ones():
    """Fixed for good: a change here changes every data set."""
    keys = keys_of("host-0", "host-1")
    assert [f"{word:016x}" for word in draw.words(keys, 100, 102).ravel().tolist()] == RELEASED_WORDS
    assert draw.normal(keys, 100, 102).ravel().tolist() == RELEASED_NORMALS


def test_bits_are_the_same_with_simd_switched_off():
    assert digest_in_a_new_process(switch_off=False) == digest_in_a_new_process(switch_off=True)


def digest_in_a_new_process(*, switch_off):
    cpu = import_module("numpy._core._multiarray_umath")

    features = [name for name in cpu.__cpu_dispatch__ if cpu.__cpu_features__.get(name)]
    environment = os.environ | {"NPY_DISABLE_CPU_FEATURES": " ".join(features) if switch_off else ""}
    command = [sys.executable, "-c", "from tests.unit.core.test_draw import print_digest; print_digest()"]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def print_digest():
    from ghostfleet.core import counts, permutation

    keys = STREAM.keys(draw.numbered_ids(np.arange(60)))
    u = draw.uniform(keys, 3, 500)
    means, index = np.geomspace(0.01, 1e7, 497), np.arange(497)
    digest = sha256()
    for kind in KINDS:
        digest.update(kind(keys, 3, 5000).tobytes())
    digest.update(counts.poisson(means, u).tobytes())
    digest.update(counts.binomial(np.rint(means * 3), 0.3, u).tobytes())
    for n in (16, 1000, 2**40):
        digest.update(permutation.permute(keys[:, None], n, index % n).tobytes())
    sys.stdout.write(digest.hexdigest())
