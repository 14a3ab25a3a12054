"""A file that cannot be read to its end fails its own check, whatever is wrong with it, and never crashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ghostfleet.queries import UnreadableError, as_text, open_data, validate_url
from tests.queries import material


def _flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


CORRUPT = {
    "truncated gzip": ("x.csv.gz", lambda packed: packed[: len(packed) // 2], "cut off at byte"),
    "a flipped byte": ("x.csv.gz", lambda packed: _flip(packed, len(packed) // 2), "corrupt between bytes"),
    "not gzip": ("x.csv.gz", lambda _: b"timestamp,server_id\n", "not gzip"),
    "empty": ("x.csv.gz", lambda _: b"", "is empty"),
    "garbage": ("x.csv", lambda packed: packed, "not text"),
    "not UTF-8": ("x.csv", lambda _: b"\xff\xfe,\x80\n1,2\n", "not text in UTF-8"),
    "not Parquet": ("x.parquet", lambda packed: packed, "not Parquet"),
    "hollow Parquet": ("x.parquet", lambda packed: b"PAR1" + packed[:2000] + b"PAR1", "cannot be read"),
    "another table": ("x.csv", lambda _: b"a,b\n1,2\n", "has no column of server_metrics"),
    "a torn line": (
        "x.csv",
        lambda _: b"timestamp,server_id,cpu_p95\n2022-01-01T00:00:00Z,a,1\n2022",
        "cannot be read",
    ),
    "not JSON": ("x.jsonl", lambda _: b"timestamp,server_id\n", "x.jsonl"),
}


@pytest.mark.parametrize("case", CORRUPT)
def test_a_corrupt_file_fails_its_own_check_and_never_crashes(case, good, expected, tmp_path):
    name, how, said = CORRUPT[case]
    path = tmp_path / name
    path.write_bytes(how(Path(good.path).read_bytes()))
    report = validate_url(str(path), material.TABLES, expected)
    assert [(r.name, r.status) for r in report.results] == [("file_is_readable", "failed")], as_text(report)
    assert said in report.results[0].message
    assert report.exit_code == 1
    with pytest.raises(UnreadableError, match=name), open_data(str(path), material.TABLES):
        pass


@pytest.mark.parametrize("share", [0.1, 0.35, 0.6, 0.85])
def test_a_flipped_bit_of_parquet_is_never_read_as_another_value(share, expected, tmp_path):
    path = material.write(tmp_path, "data.num_servers=20", "data.years_of_data=1", form="parquet")
    data = path.read_bytes()
    place = round(share * len(data))
    path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
    report = validate_url(str(path), material.TABLES, expected)
    assert [result.name for result in report.results] == ["file_is_readable"]
    assert report.exit_code == 1


def test_a_missing_file_and_an_empty_folder_are_told_apart(tmp_path, expected):
    gone = validate_url(str(tmp_path / "x.csv"), material.TABLES, expected)
    bare = validate_url(str(tmp_path), material.TABLES, expected)
    assert "is not there" in gone.results[0].message
    assert "holds no file of a table" in bare.results[0].message
