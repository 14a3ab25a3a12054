"""What every sink must do, over every sink that is found."""

from __future__ import annotations

import gzip
import os
import pickle
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pytest

from ghostfleet.core.errors import DataError, SinkError
from ghostfleet.sinks import found
from ghostfleet.sinks.hashing import of_bytes
from tests.sinks.rows import COVERED, PARTS, PASSING, ROWS, STAGED, TABLE, WHOLE, Case, cut, rows, write, write_part

if TYPE_CHECKING:
    from pathlib import Path

staged = pytest.mark.parametrize("case", STAGED, ids=str)
TEXTS = [case for case in STAGED if ".csv" in case.file or "json" in case.file]
tasks = pytest.mark.parametrize("bounds", [WHOLE, PARTS], ids=["one task", "many tasks"])


def content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def test_every_sink_has_a_case():
    assert set(found()) == COVERED


@staged
@tasks
@pytest.mark.parametrize("backwards", [False, True])
def test_rows_come_back_as_they_were_written(case: Case, bounds, backwards, tmp_path):
    batch = case.rows()
    _, written = write(case.open(tmp_path), cut(batch, bounds), backwards=backwards)
    assert case.read(tmp_path) == case.told(batch)
    assert written.rows == ROWS


@staged
@tasks
def test_nothing_but_the_data_remains(case: Case, bounds, tmp_path):
    write(case.open(tmp_path), cut(case.rows(), bounds))
    left = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {case.path(tmp_path)}
    assert not list(tmp_path.rglob(".ghostfleet"))


@staged
@tasks
def test_what_is_stored_agrees_with_its_receipts(case: Case, bounds, tmp_path):
    receipts, written = write(case.open(tmp_path), cut(case.rows(), bounds))
    assert case.open(tmp_path).digests(written, receipts) == [receipt.digest for receipt in receipts]


@pytest.mark.parametrize("case", TEXTS, ids=str)
@tasks
def test_the_digest_of_a_text_is_that_of_its_content(case: Case, bounds, tmp_path):
    _, written = write(case.open(tmp_path), cut(case.rows(), bounds))
    text = content(case.path(tmp_path))
    assert (written.bytes, written.digest) == (len(text), of_bytes(text))


@staged
def test_size_and_digest_are_those_of_the_file(case: Case, tmp_path):
    _, written = write(case.open(tmp_path), cut(case.rows(), PARTS))
    if case.scheme == "files":
        data = case.path(tmp_path).read_bytes()
        assert (written.size, written.stored) == (len(data), of_bytes(data))
        assert case.path(tmp_path).name == written.name


@staged
def test_one_task_or_many_make_the_same_data(case: Case, tmp_path):
    one = write(case.open(tmp_path / "one"), cut(case.rows(), WHOLE))[1]
    many = write(case.open(tmp_path / "many"), cut(case.rows(), PARTS))[1]
    assert one.digest == many.digest


@pytest.mark.parametrize("case", [*STAGED, *PASSING], ids=str)
@tasks
def test_a_regenerated_task_has_the_digest_of_its_receipt(case: Case, bounds, tmp_path, capfd):
    pieces = cut(case.rows(), bounds)
    receipts, _ = write(case.open(tmp_path), pieces)
    sink = case.open(tmp_path)
    for number, (piece, receipt) in enumerate(zip(pieces, receipts, strict=True)):
        first, last = number == 0, number == len(pieces) - 1
        digester = sink.digester(case.table, receipt.task, first=first, last=last)
        digester.write(piece)
        assert digester.hexdigest() == receipt.digest
    capfd.readouterr()


@staged
@tasks
def test_writing_again_changes_nothing(case: Case, bounds, tmp_path):
    first = write(case.open(tmp_path), cut(case.rows(), bounds))
    before = case.path(tmp_path).read_bytes()
    assert write(case.open(tmp_path), cut(case.rows(), bounds)) == first
    assert case.read(tmp_path) == case.told(case.rows())
    if case.scheme == "files":
        assert case.path(tmp_path).read_bytes() == before


@staged
@pytest.mark.parametrize("count", [0, 1, 2], ids=["no task", "one", "two"])
def test_an_empty_table_is_a_table_without_rows(case: Case, count, tmp_path):
    pieces = [case.rows(0)] * count
    sink = case.open(tmp_path)
    sink.open([case.table], plan_id="p", tasks={case.table.name: range(len(pieces))})
    (written,) = sink.finish([write_part(sink, piece, task) for task, piece in enumerate(pieces)])
    assert case.read(tmp_path) == []
    assert written.rows == 0


@staged
def test_workers_write_with_a_pickled_copy(case: Case, tmp_path):
    sink = case.open(tmp_path)
    sink.open([case.table], plan_id="p", tasks={case.table.name: range(100_000)})
    data = pickle.dumps(sink)
    assert len(data) < 4096
    receipt = write_part(pickle.loads(data), case.rows(), 7)  # noqa: S301  our own
    assert sink.kept(case.table, 7) == receipt
    sink.abort()


@staged
def test_a_second_process_is_refused_while_the_first_writes(case: Case, tmp_path):
    first, second = case.open(tmp_path), case.open(tmp_path)
    first.open([case.table], plan_id="p", tasks={case.table.name: [0]})
    with pytest.raises(SinkError, match="another process"):
        second.open([case.table], plan_id="p", tasks={case.table.name: [0]})
    first.abort()
    second.open([case.table], plan_id="p", tasks={case.table.name: [0]})
    second.abort()


KILLED = """
import os, signal
from pathlib import Path
from tests.sinks.rows import *
case = next(case for case in STAGED if str(case) == {case!r} and case.file == {file!r})
sink = case.open(Path({folder!r}))
pieces = cut(case.rows(), PARTS)
sink.open([case.table], plan_id="p", tasks={{case.table.name: range(len(pieces))}})
for task in (2, 1):
    write_part(sink, pieces[task], task)
part = sink.part(case.table, 4)
part.write(pieces[4].slice(0, 50))
os.kill(os.getpid(), signal.SIGKILL)
"""


@staged
def test_parts_survive_kill_9_and_the_rest_is_made_again(case: Case, tmp_path):
    script = KILLED.format(case=str(case), file=case.file, folder=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert done.returncode == -signal.SIGKILL
    assert not case.path(tmp_path).exists()
    pieces = cut(case.rows(), PARTS)
    sink = case.open(tmp_path)
    sink.open([case.table], plan_id="p", tasks={case.table.name: range(len(pieces))})
    kept = {task: sink.kept(case.table, task) for task in range(len(pieces))}
    assert {task for task, receipt in kept.items() if receipt} == {1, 2}
    (written,) = sink.finish([kept[task] or write_part(sink, piece, task) for task, piece in enumerate(pieces)])
    assert written.digest == write(case.open(tmp_path / "whole"), pieces)[1].digest
    assert case.read(tmp_path) == case.told(case.rows())


@staged
@pytest.mark.parametrize("harm", ["flip", "cut", "receipt"])
def test_a_part_that_does_not_agree_with_its_receipt_is_not_kept(case: Case, harm, tmp_path):
    sink = case.open(tmp_path)
    sink.open([case.table], plan_id="p", tasks={case.table.name: [0, 1]})
    write_part(sink, case.rows(), 0)
    (part,) = (path for path in tmp_path.rglob("*.000000.*") if path.suffix != ".receipt")
    data = bytearray(part.read_bytes())
    if harm == "receipt":
        part.with_name(part.name + ".receipt").write_text('{"table": ')
    elif harm == "cut":
        part.write_bytes(data[:-1])
    else:
        data[len(data) // 2] ^= 1
        part.write_bytes(data)
    kept = sink.kept(case.table, 0)
    # One bit of an Arrow stream's padding belongs to no value; then the part is as good as before.
    assert kept is None or (harm == "flip" and part.suffix == ".arrow")
    sink.abort()


@pytest.mark.parametrize("case", [case for case in STAGED if case.scheme == "files"], ids=str)
@tasks
def test_no_flipped_byte_changes_a_value_unnoticed(case: Case, bounds, tmp_path):
    receipts, written = write(case.open(tmp_path), cut(case.rows(), bounds))
    path = case.path(tmp_path)
    data = path.read_bytes()
    told = [receipt.digest for receipt in receipts]
    for at in np.linspace(0, len(data) - 1, 60).astype(int):
        harmed = bytearray(data)
        harmed[at] ^= 4
        path.write_bytes(harmed)
        try:
            unnoticed = case.open(tmp_path).digests(written, receipts) == told
        except DataError as error:
            assert str(path) in str(error)  # noqa: PT017  whether it raises is the other branch
        else:
            # Headers and statistics hold bits that no value depends on; the file's digest covers those.
            assert not unnoticed or (
                path.suffix in {".gz", ".parquet"} and case.read(tmp_path) == case.told(case.rows())
            )


@pytest.mark.parametrize("case", [case for case in STAGED if case.scheme == "files"], ids=str)
@pytest.mark.parametrize("keep", [0, 5, 200])
def test_a_file_that_was_cut_off_is_refused_by_name(case: Case, keep, tmp_path):
    receipts, written = write(case.open(tmp_path), cut(case.rows(), PARTS))
    path = case.path(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=path.name):
        case.open(tmp_path).digests(written, receipts)


@pytest.mark.parametrize("case", TEXTS, ids=str)
def test_a_text_that_goes_on_is_refused(case: Case, tmp_path):
    receipts, written = write(case.open(tmp_path), cut(case.rows(), PARTS))
    path = case.path(tmp_path)
    more = gzip.compress(b"\n") if path.suffix == ".gz" else b"\n"
    path.write_bytes(path.read_bytes() + more)
    with pytest.raises(DataError, match="goes on"):
        case.open(tmp_path).digests(written, receipts)


@staged
def test_data_that_is_gone_is_refused_by_name(case: Case, tmp_path):
    receipts, written = write(case.open(tmp_path), cut(case.rows(), PARTS))
    case.path(tmp_path).unlink()
    with pytest.raises(DataError, match=case.path(tmp_path).name):
        case.open(tmp_path).digests(written, receipts)


@pytest.mark.parametrize("column", TABLE.names)
def test_one_changed_cell_of_a_store_is_detected(column, tmp_path):
    case = next(case for case in STAGED if case.scheme == "duckdb")
    receipts, written = write(case.open(tmp_path), cut(rows(), PARTS))
    changed = {
        "time": "time + INTERVAL 1 microsecond",
        "host": "'x'",
        "load": "0.0125",
        "count": "12",
        "up": "NOT coalesce(up, true)",
        "ratio": "0.3",
        "tags": "['', 'x']",
    }[column]
    with duckdb.connect(case.path(tmp_path)) as store:
        store.execute(f"UPDATE readings SET {column} = {changed} WHERE rowid = 200").fetchall()  # noqa: S608  constants
    now = case.open(tmp_path).digests(written, receipts)
    differing = [number for number, receipt in enumerate(receipts) if now[number] != receipt.digest]
    assert differing in ([4], [*range(2, 5)], [2, 4])  # DuckDB may move an updated row, never hide it


@staged
def test_giving_up_leaves_the_destination_as_it_was(case: Case, tmp_path):
    write(case.open(tmp_path), cut(case.rows(), WHOLE))
    before = case.path(tmp_path).read_bytes()
    sink = case.open(tmp_path)
    sink.open([case.table], plan_id="other", tasks={case.table.name: [0, 1]})
    write_part(sink, case.rows(5), 0)
    part = sink.part(case.table, 1)
    part.write(case.rows(5))
    part.abort()
    sink.abort()
    assert case.path(tmp_path).read_bytes() == before
    assert not list(tmp_path.rglob("*.unfinished"))
    again = case.open(tmp_path)
    again.open([case.table], plan_id="other", tasks={case.table.name: [0, 1]})
    assert again.kept(case.table, 0) is not None
    assert again.kept(case.table, 1) is None
    again.abort()


@staged
def test_parts_of_another_plan_are_removed(case: Case, tmp_path):
    old, new = (case.open(tmp_path) for _ in range(2))
    old.open([case.table], plan_id="old", tasks={case.table.name: [0]})
    write_part(old, case.rows(5), 0)
    old.abort()
    new.open([case.table], plan_id="new", tasks={case.table.name: [0]})
    (folder,) = tmp_path.rglob(".ghostfleet")
    assert {path.name.split(".")[0] for path in folder.iterdir() if path.is_dir()} == {"new"}
    new.abort()


@staged
def test_another_plan_is_refused_while_the_first_writes(case: Case, tmp_path):
    first, second = case.open(tmp_path), case.open(tmp_path)
    first.open([case.table], plan_id="one", tasks={case.table.name: [0]})
    receipt = write_part(first, case.rows(5), 0)
    with pytest.raises(SinkError, match="another process"):
        second.open([case.table], plan_id="two", tasks={case.table.name: [0]})
    first.finish([receipt])
    second.open([case.table], plan_id="two", tasks={case.table.name: [0]})
    second.abort()


@staged
def test_giving_up_without_a_part_leaves_nothing(case: Case, tmp_path):
    sink = case.open(tmp_path)
    sink.open([case.table], plan_id="p", tasks={case.table.name: [0]})
    sink.abort()
    assert not list(tmp_path.rglob(".ghostfleet"))


@staged
@pytest.mark.parametrize("change", ["lost", "twice", "foreign"])
def test_receipts_that_do_not_match_the_plan_are_refused(case: Case, change, tmp_path):
    sink = case.open(tmp_path)
    sink.open([case.table], plan_id="p", tasks={case.table.name: [0, 1]})
    receipts = [write_part(sink, case.rows(5), task) for task in (0, 1)]
    given = {
        "lost": receipts[:1],
        "twice": [*receipts, receipts[0]],
        "foreign": [receipts[0], write_part(sink, case.rows(1), 2)],
    }
    with pytest.raises(SinkError, match="receipts do not match"):
        sink.finish(given[change])
    sink.abort()
    assert not case.path(tmp_path).exists()


@pytest.mark.parametrize("case", PASSING, ids=str)
def test_what_keeps_nothing_says_so(case: Case, tmp_path, capfd):
    receipts, written = write(case.open(tmp_path), cut(case.rows(), PARTS))
    assert written.rows == ROWS
    assert case.open(tmp_path).kept(case.table, 0) is None
    with pytest.raises(SinkError):
        case.open(tmp_path).digests(written, receipts)
    capfd.readouterr()
