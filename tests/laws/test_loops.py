"""Compiled loops change nothing: for all inputs x, loop(x) = numpy(x), bit for bit."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfleet.core import compiled, draw, lattice
from ghostfleet.core.batch import Batch, Digits, Hex, Plain, Quanta, Spelled, Text
from ghostfleet.core.counts import binomial
from ghostfleet.core.draw import Stream, entity_ids
from ghostfleet.core.lattice import Spectrum
from ghostfleet.core.permutation import permute, unpermute
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.core.window import Window
from ghostfleet.run import statistics
from ghostfleet.sinks.digest import ValueDigest
from ghostfleet.sinks.parts import Place
from ghostfleet.sinks.text.file import TextFormat
from ghostfleet.sinks.text.stream import TextStream
from ghostfleet.sinks.text.syntax import SYNTAXES
from ghostfleet.state.estate import mixtures, outcomes
from ghostfleet.state.estate.ranks import Ranks
from tests.golden import goldens
from tests.laws import surroundings

pytestmark = pytest.mark.skipif(compiled.loops() is None, reason="nothing was compiled here")

KINDS = {
    "count": Kind.I64,
    "load": Kind.F64,
    "ratio": Kind.F64,
    "name": Kind.TEXT,
    "address": Kind.TEXT,
    "up": Kind.BOOL,
    "when": Kind.TIME,
}
TABLE = Table("t", "about", tuple(column(name, kind, name) for name, kind in KINDS.items()), (), ())
WORDS = ("web", "", 'say "hi", twice', "two\nlines", "São Paulo ☃", "x" * 300, "é", "a,b", "seven..")
ENDS = (0.0, 2.0**-53, 1e-12, 2.0**-40, 0.075, 0.5, 0.925, 1 - 2.0**-40, 1 - 1e-12, 1 - 2.0**-53, 1.0)
INT64 = np.iinfo(np.int64)


def both(make):
    """What the loops make, and what NumPy does."""
    with pytest.MonkeyPatch.context() as patch:
        mine = make()
        patch.setattr(compiled, "loops", lambda: None)
        return mine, make()


def batch_of(rows: int, seed: int) -> Batch:
    """Rows of every kind of field, of any size, missing and not."""
    chance = np.random.default_rng(seed)
    size = 10 ** chance.integers(0, 19, rows)
    numbers = chance.integers(INT64.min, INT64.max, rows, endpoint=True) // size
    numbers[: min(rows, 4)] = [INT64.min, INT64.max, 0, -1][: min(rows, 4)]
    missing = [None, np.zeros(rows, np.bool_), chance.random(rows) < 0.3, np.ones(rows, np.bool_)]
    gone = [missing[number] for number in chance.integers(0, 4, 4)]
    digits = Digits(np.abs(numbers // 2), int(chance.choice([0, 0, 3, 12, 18, 30])))
    ends = (Digits(numbers & 255), Text(chance.integers(0, len(WORDS), rows), WORDS), "\t;")[chance.integers(0, 3) :]
    words = Hex(numbers.view(np.uint64), int(chance.choice([4, 8, 12, 16])))
    dtype = np.dtype(str(chance.choice(["i1", "u1", "i2", "u2", "i4", "u4", "i8"])))
    low = 0 if dtype.kind == "u" else -1
    return Batch(
        TABLE,
        {
            "count": Plain(numbers, gone[0]),
            "load": Quanta(numbers, int(10 ** chance.integers(0, 12)), gone[1]),
            "ratio": Plain(np.where(chance.random(rows) < 0.2, np.nan, chance.random(rows) * 10.0**9)),
            "name": Text(chance.integers(low, len(WORDS), rows).astype(dtype), WORDS),
            "address": Spelled(("id,", digits, ".", words, *ends), gone[2]),
            "up": Plain(chance.random(rows) < 0.5, gone[3]),
            "when": Plain(chance.integers(-(10**9), 10**10, rows)),
        },
    )


def written(batch: Batch, syntax: str) -> bytes:
    stream = TextStream(batch.table, SYNTAXES[syntax](batch.table), first=True, last=True)
    return b"".join(bytes(piece) for piece in [*stream.pieces(batch), *stream.end()])


@settings(max_examples=150)
@given(st.integers(0, 3000) | st.integers(0, 40), st.integers(0, 2**32), st.sampled_from(["csv", "jsonl", "json"]))
def test_rows_are_the_same(rows, seed, syntax):
    batch = batch_of(rows, seed)
    mine, theirs = both(lambda: written(batch, syntax))
    assert mine == theirs


@pytest.mark.parametrize("syntax", ["csv", "jsonl"])
def test_rows_are_the_same_across_blocks_and_pieces(syntax):
    batch = batch_of(40_000, 7)
    mine, theirs = both(lambda: written(batch, syntax))
    assert mine == theirs


ROUND = np.array([10**power + off for power in range(19) for off in (-1, 0, 1)])


@pytest.mark.parametrize("decimals", range(12))
def test_numbers_with_as_many_digits_as_there_are_have_the_same_texts(decimals):
    """All lengths of a number, of a width that it is led to by zeros, and of what follows the point."""
    numbers = np.concatenate([ROUND, -ROUND, [INT64.min, INT64.max]])
    table = Table("t", "about", (column("load", Kind.F64, "load"), column("name", Kind.TEXT, "name")), (), ())
    for width in range(2 * decimals, 2 * decimals + 2):
        spelled = Spelled(("n", Digits(np.abs(numbers // 2), width)))
        batch = Batch(table, {"load": Quanta(numbers, 10**decimals), "name": spelled})
        mine, theirs = both(lambda batch=batch: written(batch, "csv"))
        assert mine == theirs


@pytest.mark.parametrize("longest", [1, 2, 4, 7, 8, 15, 16, 17, 31, 32, 33, 47, 48, 200])
def test_words_of_all_lengths_have_the_same_texts(longest):
    words = tuple("x" * length for length in range(longest + 1))
    table = Table("t", "about", (column("name", Kind.TEXT, "name"),), (), ())
    batch = Batch(table, {"name": Text(np.arange(longest + 1), words)})
    mine, theirs = both(lambda: written(batch, "csv"))
    assert mine == theirs == "\n".join(["name", '""', *words[1:], ""]).encode()


@pytest.mark.parametrize("codec", ["fast", "small", "none"])
def test_files_are_the_same_to_the_byte(tmp_path, codec):
    """However its pieces are cut, what is packed is packed alike."""
    batches = [batch_of(rows, seed) for seed, rows in enumerate((9_000, 1, 30_000))]

    def stored():
        body = TextFormat("csv", codec).start(tmp_path / "rows", Place(TABLE, 0))
        for batch in batches:
            body.write(batch)
        body.finish()
        return (tmp_path / "rows").read_bytes()

    mine, theirs = both(stored)
    assert mine == theirs


NUMBERS = np.array([-3, 0, 7, 100, 100, 127])


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", ">i4", ">i8", "u1", "u2", "u4"])
def test_statistics_are_the_same_of_any_integers(dtype):
    units = np.abs(NUMBERS).astype(dtype) if "u" in dtype else NUMBERS.astype(dtype)
    for missing in (None, np.arange(6) % 2 > 0, np.ones(12, np.bool_)[::2]):
        mine, theirs = both(lambda missing=missing: statistics.moments(Quanta(units, 1, missing)))
        assert mine == theirs
    assert statistics.counted(units) == {one: units.tolist().count(one) for one in units.tolist()}


@settings(max_examples=100)
@given(st.integers(0, 20_000), st.integers(0, 2**32))
def test_digests_are_the_same(rows, seed):
    batch = batch_of(rows, seed)

    def digest():
        found = ValueDigest()
        found.write(batch)
        return found.hexdigest()

    mine, theirs = both(digest)
    assert mine == theirs


def test_draws_are_the_same_of_any_shape():
    words = np.arange(20, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    keys, index = words.reshape(10, 2), np.arange(10)
    for make in (
        lambda: draw.mixed(words[::3]),
        lambda: draw.mixed(words.astype(">u8")),
        lambda: draw.derived(keys[0], words[::2], words[1::2]),
        lambda: draw.derived(keys[0], words, 5),
        lambda: draw.derived(keys[0], keys, 5),
        lambda: draw.derived(keys[0], words, words[:1]),
        lambda: draw.word_at(keys, index),
        lambda: draw.word_at(keys[::2], index[::2]),
        lambda: draw.word_at(keys, index[:1]),
        lambda: draw.words(keys, 5, 12),
    ):
        mine, theirs = both(make)
        assert np.array_equal(mine, theirs)


PLACES = st.integers(-5000, 5000) | st.integers(2**40, 2**40 + 9) | st.sampled_from([-(2**62), 2**62])


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(0, 40), PLACES, st.integers(0, 9) | st.integers(0, 5000))
def test_normals_are_the_same(seed, series, start, count):
    """From any place on, in blocks and across them; one of 32,768 is cut out of an end cell."""
    keys = np.random.default_rng(seed).integers(0, 2**64, (2 * series, 2), dtype=np.uint64)[::2]
    mine, theirs = both(lambda: draw.normal(keys, start, start + count))
    assert mine.tobytes() == theirs.tobytes()


def test_normals_are_the_same_where_they_are_far_out():
    keys = entity_ids(["one", "other"])
    mine, theirs = both(lambda: draw.normal(keys, 3, 400_000))
    assert mine.tobytes() == theirs.tobytes()
    assert mine.min() < -4.5
    assert mine.max() > 4.5


def test_normals_are_not_drawn_into_an_array_that_does_not_fit():
    with pytest.raises(ValueError, match="does not match"):
        draw.normal(entity_ids(["one", "other"]), 0, 5, out=np.empty((2, 4), np.float32))


@settings(max_examples=60)
@given(
    st.integers(0, 2**32), st.integers(1, 40), PLACES, st.integers(1, 9) | st.integers(1, 5000), st.integers(1, 5000)
)
def test_lattices_are_the_same(seed, series, start, count, slowest):
    spectra = tuple(Spectrum.power_law(slowest, persistence) for persistence in (-0.2, 0.0, 0.4))
    chance = np.random.default_rng(seed)
    keys = chance.integers(0, 2**64, (series, 2), dtype=np.uint64)
    levels = lattice.level_keys(keys, len(spectra[0].amplitudes))
    choice = chance.integers(0, len(spectra), series).astype(np.int32)
    mine, theirs = both(lambda: lattice.characters(levels, start, start + count, spectra, choice))
    assert mine.tobytes() == theirs.tobytes()


@pytest.mark.parametrize(
    "make",
    [
        lambda words: draw.word_at(words.reshape(10, 2), np.arange(3)),
        lambda words: draw.derived(words, words, words[:3]),
    ],
)
def test_lengths_that_do_not_fit_are_refused(make):
    with pytest.raises(ValueError, match="broadcast"):
        make(np.arange(20, dtype=np.uint64))


SIZES = st.integers(1, 40) | st.integers(1, 2**24 + 100) | st.integers(2**24 - 2, 2**24 + 2) | st.integers(1, 2**40)


@settings(max_examples=300)
@given(SIZES, st.integers(0, 2**32), st.booleans())
def test_permutations_are_the_same(n, seed, inverse):
    chance = np.random.default_rng(seed)
    keys = chance.integers(0, 2**64, (chance.integers(1, 4), 2), dtype=np.uint64)
    places = np.unique(np.concatenate([[0, n - 1], chance.integers(0, n, 60)]))
    mine, theirs = both(lambda: (unpermute if inverse else permute)(keys[:, None], n, places))
    assert np.array_equal(mine, theirs)


@settings(max_examples=200)
@given(st.integers(0, 2**32), st.integers(1, 8), st.sampled_from([3, 20, 400, 5000]))
def test_splits_are_the_same(seed, ticks, most):
    chance = np.random.default_rng(seed)
    totals = chance.integers(0, most, ticks, endpoint=True)
    share = chance.choice([0.0, 0.001, 0.3, 0.5, 0.999, 1.0], ticks)
    counts = np.rint(totals * share).astype(np.int64)
    tick = np.repeat(np.arange(ticks), totals)
    index = np.arange(len(tick)) - np.repeat(np.cumsum(totals) - totals, totals)
    some = np.flatnonzero(chance.random(len(tick)) < 0.7)
    keys = Stream(seed, "split").keys(entity_ids(["one"]))

    def pick():
        return Ranks(keys, Window(100, 100 + ticks, 60)).pick(tick[some], index[some], totals, counts)

    for mine, theirs in zip(*both(pick), strict=True):
        assert np.array_equal(mine, theirs)


def test_a_split_of_short_integers_is_the_same():
    ranks = Ranks(Stream(1, "split").keys(entity_ids(["one"])), Window(0, 3, 60))
    tick: Any = np.array([0, 0, 1, 2], np.int32)
    index: Any = np.array([0, 1, 0, 3], np.int16)
    for mine, theirs in zip(
        *both(lambda: ranks.pick(tick, index, np.array([3, 1, 5], np.int32), np.array([1, 0, 2], np.int8))), strict=True
    ):
        assert np.array_equal(mine, theirs)


def test_a_split_takes_no_more_than_there_are():
    ranks = Ranks(Stream(1, "split").keys(entity_ids(["one"])), Window(0, 1, 60))
    for count in (-1, 4):
        with pytest.raises(ValueError):  # noqa: PT011  NumPy and the loop say it in words of their own
            ranks.pick(np.array([0]), np.array([0]), np.array([3]), np.array([count]))


def test_a_request_that_is_none_of_its_tick_is_refused():
    ranks = Ranks(Stream(1, "split").keys(entity_ids(["one"])), Window(0, 1, 60))
    for index in (-1, 3):
        with pytest.raises(IndexError, match="below the tick's total"):
            ranks.pick(np.array([0]), np.array([index]), np.array([3]), np.array([1]))


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(0, 1500))
def test_binomial_counts_are_the_same(seed, count):
    """Of few and of many, of rare and of usual outcomes, and at the ends of what may be asked."""
    chance = np.random.default_rng(seed)
    sizes = np.floor(10 ** chance.uniform(0, 9, count)) * (chance.random(count) < 0.9)
    shares = np.where(
        chance.random(count) < 0.7, chance.random(count) ** chance.choice([1, 3, 8, 30]), chance.choice(ENDS, count)
    )
    u = np.where(chance.random(count) < 0.8, chance.random(count), chance.choice(ENDS[1:-1], count))
    mine, theirs = both(lambda: binomial(sizes, shares, u))
    assert np.array_equal(mine, theirs)
    mine, theirs = both(lambda: binomial(sizes[:, None], 0.3, u[:5]))
    assert np.array_equal(mine, theirs)


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(0, 8), st.integers(1, 700), PLACES)
def test_shares_of_counts_are_the_same(seed, rows, ticks, start):
    chance = np.random.default_rng(seed)
    keys = chance.integers(0, 2**64, (rows, 2), dtype=np.uint64)
    totals = np.floor(10 ** chance.uniform(-1, chance.choice([1, 3, 9]), (rows, ticks))).astype(np.int64)
    unusual = chance.choice([*ENDS, 1 + 1e-9, 2.0, 1e-300], (rows, ticks))
    shares = chance.random((rows, ticks)) ** chance.choice([1, 3, 8, 30])
    shares = np.where(chance.random((rows, ticks)) < 0.7, shares, unusual)
    mine, theirs = both(lambda: outcomes._share(totals, shares, keys, start))
    assert np.array_equal(mine, theirs)


def test_shares_of_more_than_is_counted_are_refused():
    for total in (10**9 + 1, 2**62):
        for one in both(lambda total=total: refusal(np.array([[5, total]]))):
            assert "0 to 1e9" in one


def refusal(totals: Any) -> str:
    with pytest.raises(ValueError, match="n must be") as found:
        outcomes._share(totals, np.full(totals.shape, 0.5), entity_ids(["one"]), 0)
    return str(found.value)


def endings(chance: np.random.Generator, count: int) -> mixtures.Sums:
    """Sums of a class of endings that not all ticks have, of means and spreads of any size."""
    weight = np.where(chance.random(count) < 0.7, chance.integers(0, 50, count).astype(np.float64), 0.0)
    mean, spread = 10 ** chance.uniform(-3, 6, count), 10 ** chance.uniform(-6, 1, count)
    return mixtures.Sums(weight, weight * mean, weight * mean * mean * (1 + spread * spread))


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.sampled_from([1, 3, 70, 300]), st.integers(1, 150), st.integers(1, 5), st.booleans())
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # of a step that is not taken
def test_quantiles_of_mixtures_are_the_same(seed, ticks, rows, classes, some_slower):
    chance = np.random.default_rng(seed)
    sums = [endings(chance, rows * ticks) for _ in range(classes)]
    slower = 1 if some_slower and classes > 1 else None
    asked = (0.5, 0.95, 0.99, 0.001)[: chance.integers(1, 5)]
    mine, theirs = both(lambda: mixtures.quantiles(sums, asked, ticks=ticks, slower=slower))
    for one, other in zip(mine, theirs, strict=True):
        assert one.tobytes() == other.tobytes()


def test_goldens_are_the_same_without_loops():
    made = surroundings.python("-m", "tests.golden.goldens", "without-loops", variables={})
    assert json.loads(made) == {scenario: goldens.kept(scenario) for scenario in goldens.CASES}
