"""Documents can be asked and validated like rows: by flat names, with nulls where keys are absent, in every format."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ghostfleet.core.errors import DataError, SinkError
from ghostfleet.queries import UnreadableError, open_data, relations, validate_url
from ghostfleet.queries.text import Need
from ghostfleet.sinks import open_sink
from tests.sinks.documents import DOCUMENTS
from tests.sinks.rows import PARTS, TABLE, cut, rows, values, write

FORMS = ("jsonl", "json", "bulk", "bulk.gz", "parquet", "csv", "duckdb")
NAMES = [one.flat_name for one in DOCUMENTS.columns]
CELLS = ", ".join(f'"{name}"' for name in NAMES)


def written(folder, form, batch=None) -> str:
    url = f"duckdb:{folder}/fleet.duckdb" if form == "duckdb" else f"{folder}/out"
    sink = open_sink(url, format=None if form == "duckdb" else form)
    write(sink, cut(batch or rows(300, DOCUMENTS), PARTS))
    return url


def expected(form) -> list[tuple[object, ...]]:
    """Rows as SQL has them: times in UTC without a zone; CSV cannot tell what is empty from what is missing."""
    return [tuple(_as_asked(value, form) for value in row) for row in values(rows(300, DOCUMENTS))]


def _as_asked(value: object, form: str) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    if form == "csv" and isinstance(value, list):
        return ";".join(value).split(";") if ";".join(value) else None
    return None if form == "csv" and value == "" else value


@pytest.mark.parametrize("form", FORMS)
def test_every_format_has_the_same_columns_and_rows(form, tmp_path):
    with open_data(written(tmp_path, form), [DOCUMENTS]) as data:
        found = data.store.execute(f"SELECT {CELLS} FROM readings ORDER BY file_row").fetchall()  # noqa: S608  constants
        wrong = data.store.execute("SELECT wrong_cells FROM readings WHERE wrong_cells IS NOT NULL").fetchall()
    assert found == expected(form)
    assert not wrong


@pytest.mark.parametrize("form", [*FORMS, "jsonl.gz", "json.gz", "csv.gz"])
@pytest.mark.parametrize("table", [DOCUMENTS, TABLE])
def test_a_table_without_rows_is_one_in_every_format(form, table, tmp_path):
    url = f"duckdb:{tmp_path}/fleet.duckdb" if form == "duckdb" else f"{tmp_path}/out"
    write(open_sink(url, format=None if form == "duckdb" else form), [rows(0, table)])
    with open_data(url, [table]) as data:
        assert data.is_empty
        assert data.store.execute("SELECT count(*) FROM readings").fetchall() == [(0,)]
    assert not [one for one in validate_url(url, [table]).results if one.status == "failed"]


@pytest.mark.parametrize("form", FORMS)
def test_documents_are_validated(form, tmp_path):
    report = validate_url(written(tmp_path, form), [DOCUMENTS])
    assert {result.status for result in report.results} <= {"passed", "no_data"}
    assert report.named("required_columns").status == "passed"


@pytest.mark.parametrize("form", FORMS)
def test_documents_are_relations(form, tmp_path):
    need = Need("readings", ("time", "source_host", "error_code"), ("TIMESTAMPTZ", "VARCHAR", "VARCHAR"))
    with relations.opened([written(tmp_path, form)], [DOCUMENTS]) as asked:
        asked.provide([need])
        assert not asked.lack(need)
        ((count, hosts),) = asked.store.execute("SELECT count(*), count(source_host) FROM readings").fetchall()
    told = expected(form)
    assert (count, hosts) == (300, sum(row[NAMES.index("source_host")] is not None for row in told))


@pytest.mark.parametrize("form", ["jsonl", "bulk", "json"])
def test_keys_that_are_nowhere_are_nulls_where_they_may_be_absent(form, tmp_path):
    batch = rows(300, DOCUMENTS)
    quiet = [place for place, row in enumerate(values(batch)) if row[NAMES.index("error_code")] is None][:1]
    url = written(tmp_path, form, batch.slice(quiet[0], quiet[0] + 1))
    need = Need("readings", ("error_code", "count"), ("VARCHAR", "BIGINT"))
    with open_data(url, [DOCUMENTS]) as data:
        assert data.store.execute("SELECT error_code, error_detail_depth FROM readings").fetchall() == [(None, None)]
        assert data.has("readings", "error_code")
    with relations.opened([url], [DOCUMENTS]) as asked:
        asked.provide([need])
        assert not asked.lack(need)


def test_a_key_that_begins_late_is_found(tmp_path):
    path = tmp_path / "readings.jsonl"
    early, late = {"id": "a", "source": {"host": "h"}}, {"id": "b", "source": {"host": "h", "early": "e"}}
    path.write_text("".join(json.dumps(one) + "\n" for one in (*[early] * 500, late)))
    table = replace(DOCUMENTS, columns=(DOCUMENTS["id"], DOCUMENTS["source.early"]), order=("id",))
    with open_data(str(path), [table]) as data:
        assert data.store.execute("SELECT count(source_early) FROM readings").fetchall() == [(1,)]


@pytest.fixture
def many(tmp_path):
    """Objects with many keys, of which the one that a table declares as well is nowhere."""
    keys = {f"k{number}": {"a": number, "b": str(number)} for number in range(60)}
    path = tmp_path / "readings.jsonl"
    line = json.dumps({"id": "a", "source": {"host": "h"}, **keys}) + "\n"
    path.write_text(line * 15_000)
    return path


SPARSE = replace(DOCUMENTS, columns=(DOCUMENTS["id"], DOCUMENTS["error.code"]), order=("id",))


def test_keys_that_are_nowhere_are_looked_for_in_bounded_memory(many, monkeypatch):
    """For all n, the memory that n objects take is that of a few; where it grew, these needed more than 512 MB."""
    monkeypatch.setattr("ghostfleet.queries.data.MEMORY", "320MB")
    with open_data(str(many), [SPARSE]) as data:
        assert data.store.execute("SELECT count(*), count(error_code) FROM readings").fetchall() == [(15_000, 0)]


def test_a_lack_of_memory_says_nothing_against_a_file(many, monkeypatch):
    monkeypatch.setattr("ghostfleet.queries.data.MEMORY", "8MB")
    with pytest.raises(DataError, match="needs more memory, or room") as raised:
        validate_url(str(many), [SPARSE])
    assert not isinstance(raised.value, UnreadableError)


@pytest.mark.parametrize(
    ("values", "found"),
    [((None, {"x": 1}), 1), (({"x": 1}, None, {"y": 2}), 1), (({"x": 1}, 5), 0), ((5, None), 0), ((None,), 0)],
)
def test_a_key_is_an_object_where_it_is_one_or_null(tmp_path, values, found):
    path = tmp_path / "readings.jsonl"
    path.write_text("".join(json.dumps({"id": "a", "k": value}) + "\n" for value in values))
    table = replace(DOCUMENTS, columns=(DOCUMENTS["id"], replace(DOCUMENTS["error.code"], name="k.x")), order=("id",))
    with open_data(str(path), [table]) as data:
        assert data.store.execute("SELECT count(*), count(k_x) FROM readings").fetchall() == [(len(values), found)]


def test_two_columns_of_one_flat_name_are_refused(tmp_path):
    twice = (DOCUMENTS["id"], replace(DOCUMENTS["id"], name="@id"))
    table = replace(DOCUMENTS, columns=twice, keys=("id",), order=("id",))
    said = "columns id, @id of table readings have the same name in stores, id"
    for url in (f"duckdb:{tmp_path}/x.duckdb", f"{tmp_path}/x.parquet"):
        with pytest.raises(SinkError, match=said):
            open_sink(url).open([table], plan_id="p", tasks={"readings": [0]})
    with pytest.raises(DataError, match=said), open_data(str(tmp_path), [table]):
        pass


def test_keys_that_are_one_column_are_refused(tmp_path):
    path = tmp_path / "readings.jsonl"
    path.write_text('{"id": "a", "x": {"y": 1}, "x_y": 2}\n')
    with (
        pytest.raises(DataError, match=r"keys x\.y and x_y are the same column, x_y"),
        open_data(str(path), [DOCUMENTS]),
    ):
        pass
