"""A table that is larger than wanted has several files: each whole by itself, and together the table."""

from __future__ import annotations

import pytest

from ghostfleet.core.errors import DataError, SinkError
from ghostfleet.queries import open_data
from ghostfleet.sinks import Receipt, open_sink
from ghostfleet.sinks.files import grouped
from tests.sinks.documents import DOCUMENTS
from tests.sinks.rows import PARTS, ROWS, as_csv_says, cut, read_csv, read_json, rows, values, write

FORMS = ("csv", "csv.gz", "jsonl", "jsonl.gz", "json", "json.gz", "bulk", "bulk.gz")
FEW = 1 << 15  # bytes, fewer than the parts have together


def split(folder, form, most=FEW, bounds=PARTS):
    return write(open_sink(f"{folder}/", format=form, split_bytes=most), cut(rows(ROWS, DOCUMENTS), bounds))


@pytest.mark.parametrize("form", FORMS)
def test_every_file_is_whole_and_together_they_are_the_table(form, tmp_path):
    _, written = split(tmp_path, form, 2000 if form.endswith(".gz") else FEW)
    names = [one.name for one in written.splits]
    assert len(names) > 1
    assert names == sorted(path.name for path in tmp_path.iterdir())
    read = read_csv if form.startswith("csv") else read_json
    told = [row for name in names for row in read(tmp_path / name, DOCUMENTS)]
    expected = values(rows(ROWS, DOCUMENTS))
    assert told == (as_csv_says(expected, DOCUMENTS) if form.startswith("csv") else expected)
    assert written.size == sum((tmp_path / name).stat().st_size for name in names)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_stored_agrees_with_its_receipts(form, tmp_path):
    receipts, written = split(tmp_path, form, 2000 if form.endswith(".gz") else FEW)
    sink = open_sink(f"{tmp_path}/", format=form)
    assert sink.digests(written, receipts) == [receipt.digest for receipt in receipts]
    harmed = tmp_path / written.splits[-1].name
    harmed.write_bytes(harmed.read_bytes()[:-1])
    with pytest.raises(DataError, match=harmed.name):
        sink.digests(written, receipts)


@pytest.mark.parametrize("form", ["jsonl", "bulk", "csv", "json"])
def test_the_files_of_a_table_are_one_relation(form, tmp_path):
    split(tmp_path, form)
    with open_data(str(tmp_path), [DOCUMENTS]) as data:
        assert data.store.execute("SELECT count(*), count(DISTINCT id) FROM readings").fetchall() == [(ROWS, ROWS)]


def test_files_that_an_earlier_run_split_otherwise_are_gone(tmp_path):
    split(tmp_path, "jsonl", 1)
    (tmp_path / "host_readings.csv").touch()
    _, written = split(tmp_path, "jsonl", FEW)
    assert {path.name for path in tmp_path.iterdir()} == {one.name for one in written.splits} | {"host_readings.csv"}
    _, written = split(tmp_path, "jsonl", 1 << 30)
    assert not written.splits
    assert {path.name for path in tmp_path.iterdir()} == {"host_readings.jsonl", "host_readings.csv"}


def test_writing_again_changes_nothing(tmp_path):
    first = split(tmp_path, "csv")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert split(tmp_path, "csv") == first
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_holds_a_part_at_least_and_no_more_than_fit():
    receipts = [Receipt("t", task, 1, size, "", size) for task, size in enumerate([5, 5, 1, 20, 0, 3])]
    sizes = [[receipt.size for receipt in group] for group in grouped(receipts, 10)]
    assert sizes == [[5, 5], [1], [20], [0, 3]]
    assert grouped(receipts, None) == [receipts]


@pytest.mark.parametrize(
    ("place", "options", "said"),
    [
        ("x.jsonl", {}, "one file cannot be split"),
        ("out/", {"format": "parquet"}, "Parquet cannot be split"),
        ("out/", {"part": (1, 2)}, "part 1 of 2 cannot be split"),
    ],
)
def test_what_cannot_be_split_is_refused(place, options, said, tmp_path):
    with pytest.raises(SinkError, match=said):
        open_sink(f"{tmp_path}/{place}", split_bytes=FEW, **options)
