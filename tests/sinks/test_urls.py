"""Which sink, format and name a URL and options mean."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import duckdb
import pytest

from ghostfleet.core.errors import SinkError
from ghostfleet.sinks import Home, found, home_of, open_sink
from ghostfleet.sinks.blackhole import BlackholeSink
from ghostfleet.sinks.duckdb import DuckDBSink
from ghostfleet.sinks.files import FilesSink
from tests.sinks.rows import TABLE, rows, write


@pytest.mark.parametrize(
    ("url", "options", "name"),
    [
        ("out", {}, "out/host_readings.csv.gz"),
        ("out/", {}, "out/host_readings.csv.gz"),
        ("./out", {}, "out/host_readings.csv.gz"),
        ("files:out", {}, "out/host_readings.csv.gz"),
        ("out", {"compressed": False}, "out/host_readings.csv"),
        ("out", {"compressed": True}, "out/host_readings.csv.gz"),
        ("out", {"codec": "none"}, "out/host_readings.csv"),
        ("out", {"codec": "small"}, "out/host_readings.csv.gz"),
        ("out", {"format": "csv"}, "out/host_readings.csv"),
        ("out", {"format": "csv", "compressed": True}, "out/host_readings.csv.gz"),
        ("out", {"format": "csv.gz"}, "out/host_readings.csv.gz"),
        ("out", {"format": "jsonl"}, "out/host_readings.jsonl"),
        ("out", {"format": "json", "compressed": True}, "out/host_readings.json.gz"),
        ("out", {"format": "bulk"}, "out/host_readings.ndjson"),
        ("out", {"format": "bulk", "compressed": True}, "out/host_readings.ndjson.gz"),
        ("out", {"format": "bulk.gz"}, "out/host_readings.ndjson.gz"),
        ("x.ndjson", {}, "x.ndjson"),
        ("x.ndjson.gz", {"format": "bulk"}, "x.ndjson.gz"),
        ("out", {"format": "parquet", "compressed": True}, "out/host_readings.parquet"),
        ("out", {"format": "parquet", "compressed": False}, "out/host_readings.parquet"),
        ("out.v1", {}, "out.v1/host_readings.csv.gz"),
        ("x.csv.gz", {}, "x.csv.gz"),
        ("x.csv.gz", {"format": "csv"}, "x.csv.gz"),
        ("x.csv", {}, "x.csv"),
        ("x.csv", {"compressed": True}, "x.csv"),
        ("a/b/x.jsonl", {}, "a/b/x.jsonl"),
        ("x.parquet", {"codec": "small"}, "x.parquet"),
        ("x.csv/", {}, "x.csv/host_readings.csv.gz"),
        ("out", {"part": (1, 4)}, "out/host_readings-00001-of-00004.csv.gz"),
        ("x.json", {"part": (12, 12)}, "x-00012-of-00012.json"),
    ],
)
def test_a_url_and_options_name_a_file(url, options, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(open_sink(url, **options), [rows(3)])
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()] == [name]


@pytest.mark.parametrize(
    ("url", "options", "said"),
    [
        ("influx:somewhere", {}, "blackhole:, duckdb:, files:, ladybug:, stdout:"),
        ("", {}, "no destination"),
        ("a\0b", {}, "no destination"),
        ("out", {"format": "xlsx"}, "valid are csv.gz, csv, jsonl.gz, jsonl, json.gz, json, bulk.gz, bulk, parquet"),
        ("out", {"codec": "tiny"}, "valid are fast, small, none"),
        ("out", {"format": "csv.gz", "compressed": False}, "valid is format csv$"),
        ("x.csv.gz", {"codec": "none"}, "valid is format csv$"),
        ("x.csv", {"format": "parquet"}, "ends in .csv, but format parquet"),
        ("-", {"format": "parquet"}, "valid formats are csv.gz, csv, jsonl.gz, jsonl, json.gz, json, bulk.gz, bulk$"),
        ("duckdb:", {}, "names no file"),
        ("duckdb::memory:", {}, "names no file"),
        ("ladybug:", {}, "names no file"),
        ("ladybug:x", {"part": (1, 2)}, "takes no part of a data set"),
        ("blackhole:x", {}, "nothing is kept"),
        ("blackhole:", {"format": "xlsx"}, "valid are csv, jsonl, json, bulk, parquet and none"),
    ],
)
def test_what_a_url_cannot_mean_is_refused_with_what_would_be_valid(url, options, said):
    with pytest.raises(SinkError, match=said):
        open_sink(url, **options)


@pytest.mark.parametrize(
    ("url", "folder", "file"),
    [
        ("out", "out", ""),
        ("out/", "out", ""),
        ("files:out", "out", ""),
        ("x.csv/", "x.csv", ""),
        ("a/x.csv.gz", "a", "x.csv.gz"),
        ("files:x.parquet", ".", "x.parquet"),
        ("duckdb:a/z.db", "a", "z.db"),
        ("a/z.duckdb", "a", "z.duckdb"),
    ],
)
def test_records_live_in_a_directory_and_beside_a_file(url, folder, file):
    assert home_of(url) == Home(Path(folder), file)


@pytest.mark.parametrize("url", ["-", "stdout:", "blackhole:"])
def test_what_does_not_stay_has_no_records(url):
    assert home_of(url) is None


def test_a_directory_that_is_named_like_a_file_holds_its_records(tmp_path):
    for name in ("x.csv", "x.duckdb"):
        (tmp_path / name).mkdir()
        assert home_of(f"{tmp_path}/{name}") == Home(tmp_path / name)


def test_a_duckdb_file_needs_no_scheme(tmp_path):
    write(open_sink(f"{tmp_path}/new.duckdb"), [rows(3)])
    with duckdb.connect(tmp_path / "new.duckdb") as store:
        assert store.execute("SELECT count(*) FROM readings").fetchall() == [(3,)]
    (tmp_path / "new.duckdb").rename(tmp_path / "odd.name")
    assert isinstance(open_sink(f"{tmp_path}/odd.name"), DuckDBSink)


@pytest.mark.parametrize("url", ["x.csv", "-"])
def test_one_file_takes_one_table(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other = TABLE.without(frozenset())
    with pytest.raises(SinkError, match="readings, readings"):
        open_sink(url).open([TABLE, other], plan_id="p", tasks={TABLE.name: [0]})
    assert list(tmp_path.iterdir()) == []


def test_two_tables_do_not_share_a_file(tmp_path):
    with pytest.raises(SinkError, match="same file name"):
        open_sink(str(tmp_path)).open([TABLE, TABLE], plan_id="p", tasks={TABLE.name: [0]})


def test_a_directory_and_files_in_it_are_written_at_once(tmp_path):
    sinks = [open_sink(f"{tmp_path}/{name}") for name in ("", "x.csv", "y.parquet")] + [
        open_sink(f"duckdb:{tmp_path}/z.duckdb")
    ]
    for sink in sinks:
        sink.open([TABLE], plan_id="p", tasks={TABLE.name: [0]})
    for sink in sinks:
        part = sink.part(TABLE, 0)
        part.write(rows(3))
        sink.finish([part.close()])
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"host_readings.csv.gz", "x.csv", "y.parquet", "z.duckdb"}


def test_finding_sinks_imports_nothing_heavy(tmp_path):
    script = (
        "import sys; from ghostfleet.sinks import found, open_sink;"
        "found(); open_sink('out').open([], plan_id='p', tasks={});"
        "print(sorted({'pyarrow', 'duckdb', 'pandas', 'polars'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "[]\n"


def test_a_text_file_is_written_without_anything_heavy(tmp_path):
    script = (
        "import sys; from ghostfleet.sinks import open_sink; from ghostfleet.core.table import *;"
        "t = Table('t', '', (column('x', Kind.I64, ''),), (), ());"
        f"s = open_sink({str(tmp_path)!r}); s.open([t], plan_id='p', tasks={{}}); s.finish([]);"
        "print(sorted({'pyarrow', 'duckdb', 'json.encoder', 'importlib.metadata', 'gzip'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout in ("[]\n", "['json.encoder']\n")


class _Plugin(BlackholeSink):
    scheme = "void"


def _point(monkeypatch, name):
    point = EntryPoint(name, f"{__name__}:_Plugin", "ghostfleet.sinks")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point] if group == "ghostfleet.sinks" else [])
    monkeypatch.setattr(EntryPoint, "load", lambda _: _Plugin)


def test_a_plug_in_is_a_sink_like_any_other(monkeypatch):
    _point(monkeypatch, "void")
    assert found()["void"] is _Plugin
    assert isinstance(open_sink("void:"), _Plugin)


def test_two_sinks_of_one_scheme_are_an_error(monkeypatch):
    _point(monkeypatch, "files")
    with pytest.raises(SinkError, match=r"two sinks claim the scheme files.*FilesSink.*_Plugin"):
        found()


def test_a_scheme_is_the_name_of_its_module():
    folder = Path(sys.modules[FilesSink.__module__].__file__ or "").parent
    assert all((folder / f"{scheme}.py").is_file() for scheme in found())
    assert all(sink.scheme == scheme for scheme, sink in found().items())


@pytest.mark.parametrize("path", ["a?b.duckdb", "latin \udcf6.duckdb"])
def test_a_path_that_duckdb_cannot_use_is_refused(path: str) -> None:
    with pytest.raises(SinkError, match="DuckDB cannot use the path"):
        open_sink(f"duckdb:{path}")
