"""A destination that cannot be written is one clear error, and nothing half-written stands there."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from ghostfleet.core.batch import Text
from ghostfleet.core.errors import SinkError
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.sinks import open_sink
from tests.sinks.rows import STAGED, TABLE, Case, cut, rows, write, write_part

staged = pytest.mark.parametrize("case", STAGED, ids=str)
STORES = [case for case in STAGED if case.scheme in {"duckdb", "ladybug"}]
FILES = [case for case in STAGED if case.scheme == "files"]

SHORT_DISK = """
import resource, signal
from pathlib import Path
from ghostfleet.core.errors import SinkError
from tests.sinks.rows import *
case = next(case for case in STAGED if str(case) == {case!r} and case.file == {file!r})
sink = case.open(Path({folder!r}))
pieces = cut(case.rows({rows}), {bounds!r})
sink.open([case.table], plan_id="p", tasks={{case.table.name: range(len(pieces))}})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
receipts = []
if {late}:  # all parts fit, but what is made of them does not
    receipts = [write_part(sink, piece, task, 5000) for task, piece in enumerate(pieces)]
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
try:
    receipts = receipts or [write_part(sink, piece, task, 5000) for task, piece in enumerate(pieces)]
    sink.finish(receipts)
except SinkError as error:
    sink.abort()
    print(error)
    raise SystemExit(3)
raise SystemExit("nothing failed")
"""


def run_out_of_space(case: Case, folder: Path, *, count: int, bounds: tuple[int, ...], limit: int, late: bool) -> str:
    script = SHORT_DISK.format(
        case=str(case), file=case.file, folder=str(folder), rows=count, bounds=bounds, limit=limit, late=late
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], check=False, env=env, capture_output=True, text=True
    )
    assert done.returncode == 3, done
    assert done.stderr == ""
    return done.stdout


@staged
def test_a_full_disk_is_an_error_and_leaves_nothing_half_written(case: Case, tmp_path):
    said = run_out_of_space(case, tmp_path, count=20_000, bounds=(0, 20_000), limit=2_000, late=False)
    assert str(tmp_path) in said
    assert "File too large" in said
    assert not case.path(tmp_path).exists()
    assert not [path for path in tmp_path.rglob("*") if "unfinished" in path.name]


@pytest.mark.parametrize("case", [case for case in FILES if ".csv" in case.file or ".parquet" in case.file], ids=str)
def test_a_disk_that_fills_up_while_parts_are_joined_leaves_the_parts(case: Case, tmp_path):
    bounds = (0, 5_000, 10_000, 15_000, 20_000)
    run_out_of_space(case, tmp_path, count=20_000, bounds=bounds, limit=2_000, late=True)
    assert not case.path(tmp_path).exists()
    assert not [path for path in tmp_path.rglob("*") if "unfinished" in path.name]
    sink = case.open(tmp_path)
    sink.open([case.table], plan_id="p", tasks={case.table.name: range(4)})
    receipts = [sink.kept(case.table, task) for task in range(4)]
    assert all(receipts)
    sink.finish([receipt for receipt in receipts if receipt])
    assert len(case.read(tmp_path)) == 20_000


@pytest.mark.parametrize("case", STORES, ids=str)
def test_a_store_that_cannot_grow_keeps_its_rows_and_the_parts(case: Case, tmp_path):
    write(case.open(tmp_path), cut(case.rows(50), (0, 50)))
    said = run_out_of_space(case, tmp_path, count=20_000, bounds=(0, 10_000, 20_000), limit=4_096, late=True)
    assert case.file in said
    assert case.read(tmp_path) == case.told(case.rows(50))
    sink = case.open(tmp_path)
    sink.open([case.table], plan_id="p", tasks={case.table.name: range(2)})
    receipts = [sink.kept(case.table, task) for task in range(2)]
    sink.finish([receipt for receipt in receipts if receipt])
    assert len(case.read(tmp_path)) == 20_000


@staged
@pytest.mark.parametrize("place", ["a regular file", "/proc"])
def test_a_place_that_takes_no_files_is_refused_at_once(case: Case, place, tmp_path):
    (tmp_path / "file").write_text("occupied")
    folder = tmp_path / "file" / "below" if place == "a regular file" else Path("/proc/ghostfleet")
    with pytest.raises(SinkError, match="cannot write") as caught:
        case.open(folder).open([case.table], plan_id="p", tasks={case.table.name: [0]})
    assert str(folder.parent) in str(caught.value)
    assert (tmp_path / "file").read_text() == "occupied"


@staged
def test_a_directory_where_the_data_should_stand_is_refused_at_once(case: Case, tmp_path):
    case.path(tmp_path).mkdir(parents=True)
    with pytest.raises(SinkError, match="directory"):
        case.open(tmp_path).open([case.table], plan_id="p", tasks={case.table.name: [0]})
    assert not list(tmp_path.rglob(".ghostfleet"))


@staged
@pytest.mark.parametrize("name", ["../escape", "/etc/passwd", "a/b", "", ".hidden", "a\0b", "a\nb", "..", "naïve"])
@pytest.mark.parametrize("field", ["name", "stem"])
def test_names_that_lead_out_of_the_folder_are_refused(case: Case, name, field, tmp_path):
    if field == "stem" and not (case.file.startswith("out/") and name):
        return  # no other destination, and no empty stem, is made of the table's file name
    with pytest.raises(SinkError, match="cannot be a file name"):
        case.open(tmp_path).open([replace(case.table, **{field: name})], plan_id="p", tasks={case.table.name: [0]})
    assert list(tmp_path.rglob("*.*")) == []


@staged
@pytest.mark.parametrize("plan_id", ["", "../x", "a/b", ".."])
def test_a_plan_id_that_leads_out_of_the_folder_is_refused(case: Case, plan_id, tmp_path):
    with pytest.raises(SinkError, match="plan id"):
        case.open(tmp_path).open([case.table], plan_id=plan_id, tasks={case.table.name: [0]})


@staged
def test_parts_are_not_written_through_a_symbolic_link(case: Case, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = case.path(tmp_path / "in").parent
    folder.mkdir(parents=True)
    (folder / ".ghostfleet").symlink_to(outside)
    with pytest.raises(SinkError, match="symbolic link"):
        case.open(tmp_path / "in").open([case.table], plan_id="p", tasks={case.table.name: [0]})
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("case", FILES, ids=str)
def test_a_link_at_the_destination_is_replaced_and_not_followed(case: Case, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    case.path(tmp_path).parent.mkdir(exist_ok=True)
    case.path(tmp_path).symlink_to(precious)
    write(case.open(tmp_path), cut(case.rows(), (0, 300)))
    assert precious.read_text() == "keep me"
    assert case.read(tmp_path) == case.told(case.rows())


@staged
@pytest.mark.parametrize("harm", ["code", "NUL", "surrogate"])
def test_a_batch_that_cannot_be_written_leaves_no_part(case: Case, harm, tmp_path):
    sink = case.open(tmp_path)
    sink.open([case.table], plan_id="p", tasks={case.table.name: [0]})
    part = sink.part(case.table, 0)
    batch = case.rows(3)
    codes = np.array([0, 1, 2])
    column = case.table.columns[1].name
    changed = {
        "code": Text(codes + 100, ("a", "b", "c")),
        "NUL": Text(codes, ("a", "\0", "c")),
        "surrogate": Text(codes, ("\ud800", "b", "c")),
    }[harm]
    with pytest.raises(SinkError, match={"code": column, "NUL": "NUL", "surrogate": "Unicode"}[harm]):
        part.write(replace(batch, columns={**batch.columns, column: changed}))
    assert not [path for path in tmp_path.rglob("*") if "000000" in path.name]
    sink.abort()


def test_a_store_with_other_columns_is_refused_by_name(tmp_path):
    case = next(case for case in STAGED if case.scheme == "duckdb")
    with duckdb.connect(case.path(tmp_path)) as store:
        store.execute("CREATE TABLE readings (time TIMESTAMPTZ, host INTEGER, extra VARCHAR)").fetchall()
    with pytest.raises(SinkError) as caught:
        case.open(tmp_path).open([TABLE], plan_id="p", tasks={TABLE.name: [0]})
    for said in (
        "readings",
        "fleet.duckdb",
        "host is INTEGER and should be VARCHAR",
        "extra is VARCHAR and should be absent",
    ):
        assert said in str(caught.value)


@pytest.mark.parametrize("case", STORES, ids=str)
def test_a_file_that_is_no_store_is_refused_and_left_alone(case: Case, tmp_path):
    case.path(tmp_path).write_text("my diary, which is long enough to be mistaken for a database" * 200)
    before = case.path(tmp_path).read_bytes()
    with pytest.raises(SinkError, match=case.file):
        case.open(tmp_path).open([case.table], plan_id="p", tasks={case.table.name: [0]})
    assert case.path(tmp_path).read_bytes() == before


def test_other_tables_of_a_store_stay_as_they_are(tmp_path):
    case = next(case for case in STAGED if case.scheme == "duckdb")
    with duckdb.connect(case.path(tmp_path)) as store:
        store.execute("CREATE TABLE diary AS SELECT 'dear' AS word").fetchall()
    write(case.open(tmp_path), cut(rows(), (0, 300)))
    with duckdb.connect(case.path(tmp_path)) as store:
        assert store.execute("FROM diary").fetchall() == [("dear",)]


@pytest.mark.parametrize("case", STORES, ids=str)
def test_rows_with_known_keys_are_replaced_and_others_added(case: Case, tmp_path):
    batch = case.rows()
    write(case.open(tmp_path), [batch.slice(0, 200)], "first")
    write(case.open(tmp_path), [batch.slice(150, 300)], "second")
    assert sorted(case.read(tmp_path), key=lambda row: row[0]) == case.told(batch)
    receipts, written = write(case.open(tmp_path), [batch.slice(50, 100)], "third")
    assert sorted(case.read(tmp_path), key=lambda row: row[0]) == case.told(batch)

    def again(_):
        return case.table, iter([batch.slice(50, 100)])

    assert case.open(tmp_path).digests(written, receipts, again) == [receipt.digest for receipt in receipts]


def test_hostile_column_names_are_only_names(tmp_path):
    hostile = 'x"; DROP TABLE t; --'
    table = Table(
        "t", "it's'; DROP TABLE t", (column("a", Kind.I64, "one"), column(hostile, Kind.I64, "'; --")), (hostile,), ()
    )
    batch = replace(rows(0), table=table, columns=dict.fromkeys(table.names, rows(2)["count"]))
    for plan in ("p", "q"):
        sink = open_sink(f"duckdb:{tmp_path}/x.duckdb")
        sink.open([table], plan_id=plan, tasks={"t": [0]})
        sink.finish([write_part(sink, batch, 0)])
    with duckdb.connect(tmp_path / "x.duckdb") as store:
        assert len(store.execute("FROM t").fetchall()) == 2


PIPE = """
from tests.sinks.rows import *
case = Case("stdout", "-", options={"format": "csv"})
sink = case.open(Path("."))
sink.open([TABLE], plan_id="p", tasks={TABLE.name: [0]})
write_part(sink, rows(50_000), 0, 5000)
assert sink.closed
"""


def test_a_reader_who_has_had_enough_is_no_error():
    command = [sys.executable, "-W", "error", "-c", PIPE]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        assert writer.stdout.readline() == b"time,host,load,count,up,ratio,tags\n"
        writer.stdout.close()
        assert writer.wait() == 0
        assert writer.stderr.read() == b""


@pytest.mark.parametrize("form", ["csv", "csv.gz", "jsonl", "json"])
def test_standard_output_carries_the_bytes_of_a_file(form, tmp_path, capfdbinary):
    pieces = cut(rows(), (0, 0, 100, 300, 300))
    _, streamed = write(open_sink("-", format=form), pieces)
    got = capfdbinary.readouterr().out
    _, stored = write(open_sink(str(tmp_path), format=form), pieces)
    file = (tmp_path / stored.name).read_bytes()
    unpack = gzip.decompress if form.endswith("gz") else bytes
    assert unpack(got) == unpack(file)
    assert (streamed.rows, streamed.bytes, streamed.digest) == (stored.rows, stored.bytes, stored.digest)


def test_a_failing_run_of_several_tables_publishes_none(tmp_path):
    other = replace(TABLE, name="other", stem="")
    sink = open_sink(str(tmp_path), format="csv")
    sink.open([TABLE, other], plan_id="p", tasks={TABLE.name: [0], "other": [0]})
    receipts = [write_part(sink, replace(rows(), table=table), 0) for table in (TABLE, other)]
    (tmp_path / "other.csv").mkdir()  # since it was opened
    with pytest.raises(SinkError, match=r"other\.csv"):
        sink.finish(receipts)
    sink.abort()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".ghostfleet", "other.csv"]
