"""The renderer says exactly what the slow and obvious way says, for any values."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfleet.core.batch import Batch, Plain, Quanta, Text
from ghostfleet.core.errors import SinkError
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.sinks.text import column as columns
from ghostfleet.sinks.text import matrix, renderer
from ghostfleet.sinks.text.cells import FIRST_S, LAST_S
from ghostfleet.sinks.text.stream import TextStream
from ghostfleet.sinks.text.syntax import SYNTAXES

pytestmark = pytest.mark.usefixtures("engine")  # both say the same

int64 = st.integers(-(2**63), 2**63 - 1) | st.integers(-200, 20_000)
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


def table_of(kind: Kind) -> Table:
    return Table("t", "about", (column("before", Kind.I64, "one"), column("x", kind, "two")), ("before",), ())


def text_of(batch: Batch, syntax: str) -> str:
    stream = TextStream(batch.table, SYNTAXES[syntax](batch.table), first=True, last=True)
    pieces = [*stream.pieces(batch), *stream.end()]
    return b"".join(bytes(piece) for piece in pieces).decode()


def cells(values, kind: Kind) -> list[str]:
    """Texts of one column as a CSV reader gives them."""
    batch = Batch(table_of(kind), {"before": Plain(np.arange(len(values))), "x": values})
    _, *lines = csv.reader(io.StringIO(text_of(batch, "csv"), newline=""), strict=True)
    assert [line[0] for line in lines] == [str(number) for number in range(len(values))]
    return [line[1] for line in lines]


def objects(values, kind: Kind) -> list[object]:
    """Values of one column as JSON reads them, from lines and from an array."""
    batch = Batch(table_of(kind), {"before": Plain(np.arange(len(values))), "x": values})
    found = [row["x"] for row in json.loads(text_of(batch, "json"))]
    assert [json.loads(line)["x"] for line in text_of(batch, "jsonl").split("\n")[:-1]] == found
    return found


def decimal(units: int, decimals: int) -> str:
    whole, rest = divmod(abs(units), 10**decimals)
    return ("-" if units < 0 else "") + str(whole) + (f".{rest:0{decimals}d}" if decimals else "")


@given(st.lists(int64))
def test_any_integer_is_written_in_full(numbers):
    assert cells(Plain(np.array(numbers, np.int64)), Kind.I64) == [str(number) for number in numbers]
    assert objects(Plain(np.array(numbers, np.int64)), Kind.I64) == numbers


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
def test_the_width_of_integers_makes_no_difference(kind):
    numbers = np.array([np.iinfo(kind).min, 0, 1, 100, min(np.iinfo(kind).max, 2**63 - 1)], kind)
    texts = [str(number) for number in numbers.tolist()]
    assert cells(Plain(numbers), Kind.I64) == texts
    assert cells(Plain(numbers[2:]), Kind.I64) == texts[2:]
    assert cells(Plain(numbers, np.arange(5) == 1), Kind.I64) == [texts[0], "", *texts[2:]]


@given(st.lists(int64), st.integers(0, 9))
def test_quantised_values_have_fixed_decimals(units, decimals):
    quanta = Quanta(np.array(units, np.int64), 10**decimals)
    assert cells(quanta, Kind.F64) == [decimal(unit, decimals) for unit in units]


@given(st.lists(st.integers(-9_999, 9_999_999), min_size=1), st.integers(0, 6), st.data())
def test_missing_values_are_empty_or_null(units, decimals, data):
    gone = data.draw(st.lists(st.booleans(), min_size=len(units), max_size=len(units)))
    quanta = Quanta(np.array(units, np.int32), 10**decimals, np.array(gone))
    expected = ["" if missing else decimal(unit, decimals) for unit, missing in zip(units, gone, strict=True)]
    assert cells(quanta, Kind.F64) == expected
    assert objects(quanta, Kind.F64) == [float(text) if text else None for text in expected]


@given(st.lists(st.floats(allow_infinity=False)))
def test_floats_read_back_as_the_same_double(numbers):
    expected = [None if math.isnan(number) else number for number in numbers]
    assert [float(text) if text else None for text in cells(Plain(np.array(numbers, np.float64)), Kind.F64)] == expected
    assert objects(Plain(np.array(numbers, np.float64)), Kind.F64) == expected


@given(st.lists(st.integers(FIRST_S, LAST_S) | st.integers(0, 10**6).map(lambda day: day % 20_000 * 86_400)))
def test_times_are_written_in_utc_to_the_second(seconds):
    texts = cells(Plain(np.array(seconds, np.int64)), Kind.TIME)
    assert all(text.endswith("Z") for text in texts)
    # timestamp() of aware times is exact to the microsecond; whole seconds are whole
    assert [round(datetime.fromisoformat(text).timestamp()) for text in texts] == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1970-01-01T00:00:00Z"), (1_640_995_200, "2022-01-01T00:00:00Z"), (1_640_995_199, "2021-12-31T23:59:59Z"),
     (1_709_210_460, "2024-02-29T12:41:00Z"), (FIRST_S, "0001-01-01T00:00:00Z"), (LAST_S, "9999-12-31T23:59:59Z")],
)  # fmt: skip
def test_times_look_as_documented(seconds, text):
    assert cells(Plain(np.array([seconds])), Kind.TIME) == [text]


@given(st.lists(words, min_size=1, max_size=5), st.data())
def test_texts_survive_quoting_and_escaping(vocabulary, data):
    codes = data.draw(st.lists(st.integers(-1, len(vocabulary) - 1)))
    values = Text(np.array(codes, np.int16), tuple(vocabulary))
    expected = [None if code < 0 else vocabulary[code] for code in codes]
    assert objects(values, Kind.TEXT) == expected
    assert cells(values, Kind.TEXT) == [word or "" for word in expected]


def test_an_empty_text_differs_from_a_missing_one():
    values = Text(np.array([0, -1]), ("",))
    batch = Batch(table_of(Kind.TEXT), {"before": Plain(np.array([1, 2])), "x": values})
    assert text_of(batch, "csv") == 'before,x\n1,""\n2,\n'
    assert text_of(batch, "jsonl") == '{"before":1,"x":""}\n{"before":2,"x":null}\n'


def test_booleans_are_words():
    values = Plain(np.array([True, False, True]), np.array([False, False, True]))
    assert cells(values, Kind.BOOL) == ["true", "false", ""]
    assert objects(values, Kind.BOOL) == [True, False, None]


def test_unicode_is_raw_utf8():
    batch = Batch(table_of(Kind.TEXT), {"before": Plain(np.array([1])), "x": Text(np.array([0]), ("São Paulo",))})
    assert text_of(batch, "jsonl") == '{"before":1,"x":"São Paulo"}\n'


def test_a_lone_missing_value_is_still_a_row():
    table = Table("t", "about", (column("x", Kind.I64, "one"),), (), ())
    batch = Batch(table, {"x": Plain(np.array([1, 2, 3]), np.array([False, True, False]))})
    assert list(csv.reader(io.StringIO(text_of(batch, "csv")))) == [["x"], ["1"], [""], ["3"]]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("length", [1, 33, 5_000, 2_000_000])
def test_no_text_is_too_long(syntax, length):
    long = "x" * length
    batch = Batch(table_of(Kind.TEXT), {"before": Plain(np.array([1, 2])), "x": Text(np.array([0, 1]), (long, "y"))})
    assert f"{long}" in text_of(batch, syntax)


@settings(max_examples=20)
@given(st.lists(st.lists(int64, min_size=1, max_size=50), min_size=1, max_size=5))
def test_tables_kept_from_one_batch_are_right_for_the_next(batches):
    table = table_of(Kind.I64)
    drawn = renderer.Renderer(table, SYNTAXES["csv"](table))
    for numbers in batches:
        batch = Batch(table, {"before": Plain(np.array(numbers)), "x": Plain(np.array(numbers)[::-1].copy())})
        text = b"".join(bytes(piece) for piece in drawn.chunks(batch)).decode()
        assert text == "".join(f"{one},{two}\n" for one, two in zip(numbers, reversed(numbers), strict=True))


def test_rows_do_not_depend_on_the_size_of_blocks_and_chunks(monkeypatch):
    numbers = np.arange(-20_000, 20_000, 7)
    batch = Batch(table_of(Kind.F64), {"before": Plain(numbers), "x": Quanta(numbers, 1000, numbers % 3 == 0)})
    whole = text_of(batch, "csv")
    for block, chunk in ((37, 1), (512, 3), (1000, 64), (5000, 4999)):
        monkeypatch.setattr(renderer, "BLOCK_ROWS", block)
        monkeypatch.setattr(matrix, "CHUNK_ROWS", chunk)
        assert text_of(batch, "csv") == whole


def test_rows_do_not_depend_on_which_numbers_have_ready_texts(monkeypatch):
    numbers = np.concatenate([np.arange(-3000, 3000), 10 ** np.arange(18), -(10 ** np.arange(18))])
    batch = Batch(table_of(Kind.F64), {"before": Plain(numbers), "x": Quanta(numbers, 100)})
    whole = text_of(batch, "csv")
    for ready in (0, 1, 100, 1 << 20):
        monkeypatch.setattr(columns, "READY", ready)
        assert text_of(batch, "csv") == whole


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        (Text(np.array([0]), ("a\0b",)), Kind.TEXT, "NUL"),
        (Text(np.array([0]), ("\ud800",)), Kind.TEXT, "not valid Unicode"),
        (Text(np.array([1]), ("a",)), Kind.TEXT, "codes 1 to 1"),
        (Text(np.array([-2]), ("a",)), Kind.TEXT, "codes -2 to -2"),
        (Plain(np.array([np.inf])), Kind.F64, "infinite in row 0"),
        (Plain(np.array([0.5])), Kind.I64, "not integers"),
        (Plain(np.array([2**63], np.uint64)), Kind.I64, "signed 64-bit"),
        (Plain(np.array([LAST_S + 1])), Kind.TIME, "years 1 to 9999"),
        (Quanta(np.array([1]), 60), Kind.F64, "powers of ten"),
    ],
)
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_cannot_be_written_is_refused(values, kind, said, syntax):
    batch = Batch(table_of(kind), {"before": Plain(np.array([1])), "x": values})
    with pytest.raises(SinkError, match=said):
        text_of(batch, syntax)


def test_a_header_is_quoted_where_it_must_be():
    table = Table("t", "about", (column('a,"b"', Kind.I64, "one"), column("é", Kind.I64, "two")), (), ())
    batch = Batch(table, {'a,"b"': Plain(np.array([1])), "é": Plain(np.array([2]))})
    assert text_of(batch, "csv") == '"a,""b""",é\n1,2\n'
    assert json.loads(text_of(batch, "json")) == [{'a,"b"': 1, "é": 2}]
