"""Documents that are no rows are told of with what would be valid; the others keep their values."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfleet.core.batch import Plain, Quanta
from ghostfleet.core.errors import DataError, ScenarioError
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.run.loader.documents import Documents
from ghostfleet.run.loader.recognition import known as known_tables
from ghostfleet.run.loader.recognition import table_of
from ghostfleet.run.loader.rows import Rows
from tests.run.loader.material import DOCUMENTS, EVENTS, event, known
from tests.sinks.rows import values

if TYPE_CHECKING:
    from pathlib import Path

    from ghostfleet.core.batch import Batch


def read(*texts: bytes | dict[str, Any], table: Table = EVENTS) -> tuple[Batch | None, list[str]]:
    """Batch of documents, and what is said of those that are none."""
    some, problems = Documents(), []
    for number, text in enumerate(texts, start=1):
        some.add(number, text if isinstance(text, bytes) else json.dumps(text).encode())
    found = Rows(table).batch(some, lambda place, why: problems.append(f"{place}: {why}"))
    return (None, problems) if found is None else (found[0], problems)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"event_id": None}, "it lacks event_id; valid is a text"),
        ({"http": {"status": 200}}, "it lacks http.method; valid is one of GET, POST"),
        ({"http": 3}, "http: Expected object, got int; valid is an object of http.method, http.status"),
        ({"http": None}, "it lacks http; valid is an object of http.method, http.status"),
        (
            {"http": {"method": "PUT", "status": 200}},
            "http.method: Invalid enum value 'PUT'; valid is one of GET, POST",
        ),
        ({"http": {"method": "GET", "status": "200"}}, "valid is a whole number from 100 up to 599"),
        ({"http": {"method": "GET", "status": 600}}, "http.status: Expected int <= 599; valid is a whole number from"),
        ({"response_ms": -0.1}, "response_ms: Expected float >= 0.0; valid is a number from 0, or null"),
        ({"colour": "red"}, "it has the unknown key colour; keys of api_events are timestamp, event_id"),
        ({"error": {"cause": "x"}}, "it has the unknown key error.cause; keys of"),
        (
            {"timestamp": "yesterday"},
            "timestamp: 'yesterday': Invalid RFC3339 encoded datetime; valid is a time such as",
        ),
        ({"timestamp": "2026-01-01T00:00:00"}, "with a timezone component; valid is a time such as"),
        ({"timestamp": "2026-01-01T00:00:00.0001Z"}, "it is finer than 0.001 s"),
        ({"timestamp": "0001-01-01T00:00:00+05:00"}, "no such year"),
        ({"timestamp": 5}, "timestamp: Expected str, got int"),
        ({"tags": ["a", 3]}, "tags: Expected str, got int; valid is a list of texts, or null"),
        ({"tags": [""]}, "tags: [''] cannot be told from []"),
        ({"region": "a\0b"}, "region contains NUL, which no destination can hold"),
        ({"tags": ["a\0"]}, "tags contains NUL"),
        (
            {"error": {"retried": "yes"}},
            "error.retried: Expected bool | null, got str; valid is true or false, or null",
        ),
    ],
)
def test_what_is_no_row_is_told_of_with_what_would_be_valid(changes: dict[str, Any], said: str) -> None:
    batch, problems = read(event(1), event(2, **changes), event(3))
    assert len(problems) == 1
    assert problems[0].startswith("line 2: ")
    assert said in problems[0]
    assert batch is not None
    assert [row[1] for row in values(batch)] == ["event-000001", "event-000003"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"a"', "it is no JSON: Input data was truncated"),
        (b"7", "it is no JSON object, but a number; valid is an object of timestamp, "),
        (b"[]", "it is no JSON object, but an array; valid is an object of timestamp, "),
        (b"null", "it is no JSON object, but null; valid is an object of timestamp, "),
        (b"true", "it is no JSON object, but true or false; valid is an object of timestamp, "),
        (b'"x"', "it is no JSON object, but a text; valid is an object of timestamp, "),
        (json.dumps(event(1)).encode().replace(b"service 1", b"\xff"), "it is not UTF-8: invalid start byte"),
        (b'{"service":' + b"[" * 100_000, "service: Expected object, got array"),
        (json.dumps(event(1)).encode().replace(b"0.1", b"NaN"), "it is no JSON: JSON is malformed: invalid character"),
        (json.dumps(event(1)).encode().replace(b"0.1", b"1e999"), "response_ms: Number out of range"),
    ],
)
def test_what_is_no_json_is_told_of(text: bytes, said: str) -> None:
    batch, problems = read(text)
    assert batch is None
    assert problems[0].startswith(f"line 1: {said}")


def test_absent_null_and_empty_objects_are_missing_values() -> None:
    bare = event(1, response_ms=None)
    batch, problems = read(bare, bare | {"error": None, "tags": None}, bare | {"error": {}, "response_ms": None})
    assert (problems, batch is None) == ([], False)
    assert batch is not None
    assert len(set(map(tuple, values(batch)))) == 1
    assert [row[5:9] for row in values(batch)] == [(None,) * 4] * 3


def test_times_of_any_zone_are_of_one_moment() -> None:
    said = [
        "2026-01-01T12:00:00Z",
        "2026-01-01T17:30:00.000+05:30",
        "2026-01-01t11:00:00-01:00",
        "2026-01-01 12:00:00Z",
    ]
    batch, problems = read(*(event(1, timestamp=one) for one in said))
    assert problems == []
    assert batch is not None
    assert isinstance(column := batch["timestamp"], Plain)
    assert set(column.values.tolist()) == {1_767_268_800_000}


def test_floats_are_units_where_all_are_and_else_as_they_are() -> None:
    batch, _ = read(event(1, response_ms=0.3), event(2, response_ms=None))
    assert batch is not None
    assert isinstance(found := batch["response_ms"], Quanta)
    assert (found.units.tolist()[0], found.per_one) == (3, 10)
    batch, _ = read(event(1, response_ms=0.3), event(2, response_ms=0.31))
    assert batch is not None
    assert isinstance(kept := batch["response_ms"], Plain)
    assert kept.values.tolist() == [0.3, 0.31]


NUMBERS = Table(
    "numbers",
    "numbers of a test",
    (column("key", Kind.I64, "a whole number"), column("value", Kind.F64, "a number", resolution=0.01)),
    keys=("key",),
    order=("key",),
)


@given(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_out_as_they_went_in(whole, number):
    """For all integers of 64 bits and all doubles: reading keeps every bit, but for the sign of zero."""
    batch, problems = read({"key": whole, "value": number}, table=NUMBERS)
    assert problems == []
    assert batch is not None
    assert values(batch) == [(whole, number)]


def test_the_table_is_told_by_the_first_documents(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known(monkeypatch, EVENTS, NUMBERS, DOCUMENTS)
    path = tmp_path / "x.jsonl"
    texts = [json.dumps(event(number)).encode() for number in range(3)]
    assert table_of(path, None, texts) == EVENTS
    assert table_of(path, None, [b"{", *texts]) == EVENTS
    assert table_of(path, None, [b'{"key":1,"value":2}']) == NUMBERS
    without = json.dumps(event(1, region=None, zone=None)).encode()
    assert table_of(path, None, [without]).names == EVENTS.names[:-2]
    assert table_of(path, "api_events", [without]).names == EVENTS.names[:-2]
    with pytest.raises(DataError, match=r"the nearest is numbers, of which the first document lacks value and has the"):
        table_of(path, None, [b'{"key":1,"other":2}'])
    with pytest.raises(DataError, match="no table has the columns x"):
        table_of(path, None, [b'{"x":1}'])
    with pytest.raises(DataError, match=r"no document is a JSON object \(the first one: it is no JSON"):
        table_of(path, None, [b"a,b,c"])
    with pytest.raises(ScenarioError, match="there is no table nope; known are"):
        table_of(path, "nope", texts)


def test_tables_of_the_same_columns_are_told_by_values_then_by_the_name_of_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    posts = tuple(replace(one, values=("POST",)) if one.name == "http.method" else one for one in EVENTS.columns)
    known(monkeypatch, EVENTS, replace(EVENTS, name="posts", columns=posts), replace(EVENTS, name="others"))
    texts = [json.dumps(event(number)).encode() for number in range(3)]
    with pytest.raises(
        ScenarioError, match="may hold any of the tables api_events, others: they have the same columns"
    ):
        table_of(tmp_path / "x.jsonl", None, texts)
    assert table_of(tmp_path / "others-00001-of-00004.jsonl.gz", None, texts).name == "others"


def test_of_a_table_and_records_with_its_columns_the_table_is_meant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sample = replace(EVENTS, name="sample", stem="some", group="records")
    known(monkeypatch, EVENTS, sample, replace(sample, name="other_sample", stem="rest"))
    texts = [json.dumps(event(number)).encode() for number in range(3)]
    assert table_of(tmp_path / "mine.jsonl", None, texts).name == EVENTS.name
    assert table_of(tmp_path / "some.jsonl", None, texts).name == "sample"


def test_every_table_of_signals_records_and_truth_is_known() -> None:
    assert {"security_events", "incident_metrics", "impact", "Service", "DEPENDS_ON"} <= set(known_tables())
