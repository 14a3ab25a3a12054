"""Documents are what their columns say, whichever way they are rendered; columns of the same codes, too."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import duckdb
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfleet.core.batch import Batch, Digits, Hex, Plain, Quanta, Spelled, Text, Values, spelt
from ghostfleet.core.errors import SinkError
from ghostfleet.core.table import Column, Kind, Table, column
from ghostfleet.sinks.text import renderer
from ghostfleet.sinks.text.spelling import spelled_bytes
from ghostfleet.sinks.text.stream import TextStream
from ghostfleet.sinks.text.syntax import SYNTAXES
from tests.sinks.documents import DOCUMENTS, flattened
from tests.sinks.rows import ROWS, cut, rows
from tests.sinks.rows import values as said

words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
KEY = column("key", Kind.I64, "number of the row")


def text_of(batch: Batch, syntax: str, *, first: bool = True, last: bool = True) -> str:
    stream = TextStream(batch.table, SYNTAXES[syntax](batch.table), first=first, last=last)
    return b"".join(bytes(piece) for piece in (*stream.pieces(batch), *stream.end())).decode()


def apart(batch: Batch) -> Batch:
    """The same rows, no two columns of which share codes."""
    copied = {
        name: Text(values.codes.copy(), values.vocabulary) if isinstance(values, Text) else values
        for name, values in batch.columns.items()
    }
    return Batch(batch.table, copied)


def obvious(batch: Batch) -> list[dict[str, Any]]:
    """Documents made row by row: a key is absent, or an object, where the declarations say so."""
    made = []
    for row in said(batch):
        value = dict(zip(batch.table.names, row, strict=True))
        made.append(_object(list(batch.table.columns), value, ""))
    return made


def _object(columns: list[Column], value: dict[str, Any], above: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in columns:
        key, *rest = one.name.removeprefix(above).split(".")
        if key in found:
            continue
        if not rest:
            if value[one.name] is not None or not one.optional:
                found[key] = value[one.name]
            continue
        inner = [other for other in columns if other.name.startswith(f"{above}{key}.")]
        loose = all(other.nullable for other in inner) and any(other.optional for other in inner)
        if not loose or any(value[other.name] is not None for other in inner):
            found[key] = _object(inner, value, f"{above}{key}.")
    return found


@st.composite
def nested(draw: st.DrawFn) -> Batch:
    """Documents of drawn shape: objects in objects, every kind of value, some columns of the same codes."""
    count = draw(st.integers(0, 7))
    number = np.arange(count)
    names = draw(
        st.lists(st.sampled_from(["a", "b", "o.a", "o.b", "o.p.a", "o.p.b", "o.q.a", "r.a", "r.b"]), unique=True)
    )
    names.sort(key=lambda name: name.split("."))
    codes = np.array(draw(st.lists(st.integers(-1, 2), min_size=count, max_size=count)), np.int8)
    columns: list[Column] = [KEY]
    made: dict[str, Values] = {"key": Plain(number)}
    for name in names:
        gone = np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count)), np.bool_)
        choices: list[tuple[Kind, Values]] = [
            (Kind.TEXT, Text(codes, tuple(draw(st.lists(words, min_size=3, max_size=4))))),
            (Kind.TEXT, Text(codes, ("same", "vocabulary", "twice"))),
            (Kind.TEXT, Text(codes.copy(), ("x", "y", "z"))),
            (Kind.TEXT, Spelled((draw(words), Digits(number, 2), Text(number % 2, ("", draw(words)))), gone)),
            (Kind.TEXT, Spelled((Hex(number.astype(np.uint64)),), gone)),
            (Kind.I64, Plain(number * 1000, gone)),
            (Kind.F64, Quanta(number.astype(np.int32), 100, gone)),
            (Kind.F64, Plain(np.where(gone, np.nan, number / 3))),
            (Kind.BOOL, Plain(number % 2 == 0, gone)),
        ]
        kind, values = draw(st.sampled_from(choices))
        columns.append(column(name, kind, "about", nullable=True, optional=draw(st.booleans())))
        made[name] = values
    table = Table("t", "about", tuple(columns), keys=("key",), order=(), form="document")
    return Batch(table, made)


@settings(max_examples=300, deadline=None)
@given(nested())
def test_any_document_is_what_its_columns_say(batch):
    lines = text_of(batch, "jsonl").split("\n")[:-1]
    expected = obvious(batch)
    assert [json.loads(line) for line in lines] == expected
    assert [msgspec.json.decode(line) for line in lines] == expected
    assert json.loads(text_of(batch, "json")) == expected
    assert [json.loads(line) for line in text_of(batch, "bulk").split("\n")[1::2]] == expected
    assert [json.dumps(json.loads(line)) for line in lines] == list(map(json.dumps, expected))  # order of keys, too


@settings(max_examples=200, deadline=None)
@given(nested(), st.sampled_from(sorted(SYNTAXES)))
def test_one_look_up_for_several_columns_changes_no_byte(batch, syntax):
    """For all batches: rendered with shared codes = rendered with a copy of them for each column."""
    assert text_of(batch, syntax) == text_of(apart(batch), syntax)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_parts_joined_are_the_whole(syntax):
    """For all cuts: T[a,c) = T[a,b) T[b,c), with what stands between rows."""
    batch = rows(ROWS, DOCUMENTS)
    between = SYNTAXES[syntax](DOCUMENTS).between.decode()
    pieces = cut(batch, (0, 1, 37, 38, 100, 250, 251, ROWS))
    texts = [
        text_of(piece, syntax, first=number == 0, last=number == len(pieces) - 1) for number, piece in enumerate(pieces)
    ]
    assert between.join(texts) == text_of(batch, syntax)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_blocks_make_no_difference(syntax, monkeypatch):
    batch = rows(ROWS, DOCUMENTS)
    whole = text_of(batch, syntax)
    monkeypatch.setattr(renderer, "BLOCK_ROWS", 7)
    assert text_of(batch, syntax) == whole


def test_a_renderer_goes_from_one_grouping_and_vocabulary_to_the_next():
    batch = rows(ROWS, DOCUMENTS)
    host, kind = batch["source.host"], batch["source.kind"]
    assert isinstance(host, Text)
    assert isinstance(kind, Text)
    other = Batch(
        DOCUMENTS, {**batch.columns, "source.kind": Text(kind.codes, tuple(f"{word}!" for word in kind.vocabulary))}
    )
    drawn = renderer.Renderer(DOCUMENTS, SYNTAXES["jsonl"](DOCUMENTS))
    for one in (batch, apart(batch), other, batch):
        text = b"".join(bytes(piece) for piece in drawn.chunks(one)).decode()
        assert text == text_of(one, "jsonl")


@pytest.mark.parametrize("way", ["slice", "taken"])
def test_some_rows_share_what_the_whole_shares(way):
    whole = rows(ROWS, DOCUMENTS)
    batch = whole.slice(3, 9) if way == "slice" else whole.taken(np.arange(3, 9))
    assert said(batch) == said(whole)[3:9]
    host, kind = batch["source.host"], batch["source.kind"]
    assert isinstance(host, Text)
    assert isinstance(kind, Text)
    assert host.codes is kind.codes


def test_another_engine_reads_the_same(tmp_path):
    path = tmp_path / "documents.jsonl"
    path.write_text(text_of(rows(ROWS, DOCUMENTS), "jsonl"), encoding="utf-8", newline="")
    found = duckdb.execute(f"SELECT json FROM read_json_objects('{path}')").fetchall()  # noqa: S608  our own path
    host = "SELECT json_extract_string(json, '$.source.host') FROM read_json_objects(?)"
    assert len(found) == ROWS
    assert [row[0] for row in duckdb.execute(host, [str(path)]).fetchall()] == [
        row[3] for row in said(rows(ROWS, DOCUMENTS))
    ]
    assert all(len(flattened(json.loads(row[0]), DOCUMENTS)) == len(DOCUMENTS.columns) for row in found)


@given(st.lists(words, min_size=1, max_size=3), words, st.data())
def test_a_spelled_text_is_the_same_text_of_a_vocabulary(vocabulary, constant, data):
    count = 6
    codes = np.array(data.draw(st.lists(st.integers(0, len(vocabulary) - 1), min_size=count, max_size=count)))
    parts = data.draw(st.lists(st.sampled_from([constant, Digits(codes * 12345, 3), Hex(codes.astype(np.uint64), 8)])))
    missing = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    spelled = Spelled((*parts, Text(codes, tuple(vocabulary))), missing)
    texts = spelt(spelled)
    known = list(dict.fromkeys(text for text in texts if text is not None))
    looked_up = Text(np.array([-1 if text is None else known.index(text) for text in texts]), tuple(known))
    table = Table("t", "about", (KEY, column("x", Kind.TEXT, "text", nullable=True)), keys=("key",), order=())
    one, other = (Batch(table, {"key": Plain(np.arange(count)), "x": values}) for values in (spelled, looked_up))
    assert all(text_of(one, syntax) == text_of(other, syntax) for syntax in SYNTAXES)
    starts, content = spelled_bytes(spelled, "x")
    assert [content[a:b].decode() for a, b in pairwise(starts)] == [text or "" for text in texts]


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1), st.integers(0, 25))
def test_digits_are_led_by_zeros_up_to_their_width(numbers, width):
    starts, content = spelled_bytes(Spelled(("n", Digits(np.array(numbers), width))), "x")
    found = [content[a:b].decode() for a, b in pairwise(starts)]
    assert found == [f"n{number:0{width}d}" for number in numbers]


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1), st.sampled_from([4, 8, 12, 16]))
def test_hexadecimal_digits_are_the_lowest_of_their_word(numbers, digits):
    starts, content = spelled_bytes(Spelled((Hex(np.array(numbers, np.uint64), digits),)), "x")
    found = [content[a:b].decode() for a, b in pairwise(starts)]
    assert found == [f"{number:016x}"[-digits:] for number in numbers]


@given(st.lists(st.integers(-(10**16), 10**17), min_size=1), st.sampled_from([3, 6]))
def test_finer_times_have_as_many_decimals_as_their_unit(times, decimals):
    per_second = 10**decimals
    kept = [time % (LAST * per_second) for time in times]
    table = Table(
        "t", "about", (KEY, column("x", Kind.TIME, "when", resolution=1 / per_second)), keys=("key",), order=()
    )
    batch = Batch(table, {"key": Plain(np.arange(len(kept))), "x": Plain(np.array(kept))})
    texts = [line[1] for line in csv.reader(io.StringIO(text_of(batch, "csv")))][1:]
    assert all(len(text) == len("2026-01-01T00:00:00.Z") + decimals for text in texts)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    expected = [epoch + timedelta(microseconds=time * 10**6 // per_second) for time in kept]
    assert [datetime.fromisoformat(text) for text in texts] == expected


LAST = 253402300800  # seconds until the year 10000


def declared(*names: str) -> Table:
    columns = tuple(column(name, Kind.I64, "about") for name in names)
    return Table("t", "about", columns, keys=(names[0],), order=(), form="document")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("a.b", "c", "a.d"), "columns of t below a do not stand together"),
        (("a", "a.b"), "a of t is a column and an object"),
        (("a.b.c", "a.b"), "a.b of t is a column and an object"),
    ],
)
def test_names_that_do_not_nest_are_refused(names, said):
    with pytest.raises(SinkError, match=said):
        SYNTAXES["jsonl"](declared(*names))


def keyed(values: Values, kind: Kind, **options: Any) -> Batch:
    table = Table("t", "about", (column("x", kind, "about", **options), KEY), keys=("x", "key"), order=())
    return Batch(table, {"x": values, "key": Plain(np.arange(len(values)))})


def test_an_id_of_several_keys_is_joined():
    batch = keyed(Text(np.array([1, 0]), ('a"b', "é")), Kind.TEXT)
    lines = [json.loads(line) for line in text_of(batch, "bulk").split("\n")[:-1]]
    assert lines == [
        {"index": {"_index": "t", "_id": "é-0"}}, {"x": "é", "key": 0},
        {"index": {"_index": "t", "_id": 'a"b-1'}}, {"x": 'a"b', "key": 1},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "kind", "told"),
    [
        (Text(np.array([-1]), ("a",)), Kind.TEXT, "column x of t misses values"),
        (Spelled((Digits(np.array([1])),), np.array([True])), Kind.TEXT, "column x of t misses values"),
        (Plain(np.array([1]), np.array([True])), Kind.I64, "column x of t misses values"),
        (Text(np.array([0]), ("x" * 511,)), Kind.TEXT, "take up to 539 bytes; search indexes take 512"),
        (Plain(np.array([1.0])), Kind.F64, "key x of table t is a float"),
        (Text(np.array([0]), ("a",)), Kind.TEXTS, "key x of table t is a texts"),
        (Spelled((Digits(np.array([-1])),)), Kind.TEXT, "a part of column x is -1"),
        (Spelled((Hex(np.array([1], np.uint64), 5),)), Kind.TEXT, "has 5 hexadecimal digits"),
        (Spelled((Text(np.array([-1]), ("a",)), "b")), Kind.TEXT, "a part of column x has codes -1 to -1"),
        (Spelled(("a\0", Digits(np.array([1])))), Kind.TEXT, "contains NUL"),
    ],
)  # fmt: skip
def test_ids_that_cannot_be_are_refused(values, kind, told):
    with pytest.raises(SinkError, match=told):
        text_of(keyed(values, kind, nullable=True), "bulk")


def test_a_table_without_a_key_has_no_bulk_form():
    with pytest.raises(SinkError, match="table t has no key"):
        SYNTAXES["bulk"](Table("t", "about", (KEY,), keys=(), order=()))
