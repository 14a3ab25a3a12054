"""A graph file holds every node and link once, and is never seen half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import ladybug
import numpy as np
import pytest

from ghostfleet.core.batch import Batch, Plain
from ghostfleet.core.errors import DataError, SinkError
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.sinks import open_sink
from tests.sinks.graphs import (
    DATABASE,
    HOSTILE,
    SERVICE,
    USES,
    asked,
    databases,
    empty,
    links_table,
    nodes_table,
    services,
    uses,
    write,
)
from tests.sinks.rows import TABLE

if TYPE_CHECKING:
    from pathlib import Path

LINKS = "MATCH (a)-[r:USES]->(b) RETURN label(a), a.id, label(b), b.id, r.weight"
NODES = "MATCH (n:Service) RETURN n.id, n.load"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "estate.graph"


def test_nodes_and_links_come_back_as_they_were_written(path):
    receipts, written = write(path, services("a", "b"), databases("x"), uses(("a", "x"), ("b", "x")))
    assert asked(path, "MATCH (n:Service) RETURN n.id, n.name, n.kind, n.seen, n.load, n.tags") == [
        ("a", "a", "Service", "1970-01-01T00:00:00Z", 0, ["a", "a"]),
        ("b", "b", "Service", "1970-01-01T00:01:00Z", 0, ["a", "b"]),
    ]
    assert asked(path, LINKS) == [("Service", "a", "Database", "x", 1.0), ("Service", "b", "Database", "x", 1.0)]
    sink = open_sink(f"ladybug:{path}")
    assert [sink.standing(one) for one in written] == [2, 1, 2]
    found = [sink.digests(one, [receipt]) for one, receipt in zip(written, receipts, strict=True)]
    assert found == [[receipt.digest] for receipt in receipts]


def test_links_may_be_declared_before_their_nodes(path):
    write(path, uses(("a", "x")), services("a"), databases("x"))
    assert len(asked(path, LINKS)) == 1


def test_hostile_names_are_only_names(path):
    links = [(one, other) for one in HOSTILE for other in HOSTILE]
    batches = services(*HOSTILE), databases(*HOSTILE), uses(*links)
    for plan in ("p", "q"):
        write(path, *batches, plan=plan)
        assert [row[0] for row in asked(path, NODES)] == sorted(HOSTILE, key=lambda name: str((name, 0)))
        assert {(row[1], row[3]) for row in asked(path, LINKS)} == set(links)
        assert len(asked(path, LINKS)) == len(links)


def test_writing_again_changes_no_byte_and_doubles_nothing(path):
    batches = services("a", "b"), databases("x"), uses(("a", "x"), ("b", "x"))
    first = write(path, *batches)
    before = path.read_bytes()
    assert write(path, *batches, plan="q") == first
    assert path.read_bytes() == before


def test_the_second_half_over_the_first_is_the_whole(path, tmp_path):
    first = services("a", "b"), databases("x"), uses(("a", "x"), ("b", "x"))
    second = services("b", "c", load=7), databases("y"), uses(("b", "x"), ("c", "y"), weight=2.0)
    write(path, *first)
    receipts, written = write(path, *second)
    whole = tmp_path / "whole.graph"
    parts = services("a"), services("b", "c", load=7), databases("x", "y"), uses(("a", "x"))
    for batch in (*parts[:3], uses(("b", "x"), ("c", "y"), weight=2.0), parts[3]):
        write(whole, batch)
    for text in (NODES, LINKS, "MATCH (n:Database) RETURN n.id"):
        assert asked(path, text) == asked(whole, text)
    sink = open_sink(f"ladybug:{path}")
    by_table = {batch.table.name: batch for batch in second}
    assert [sink.standing(one) for one in written] == [3, 2, 3]
    for one, receipt in zip(written, receipts, strict=True):
        with pytest.raises(DataError, match="other runs"):
            sink.digests(one, [receipt])
        found = sink.digests(one, [receipt], lambda this: (by_table[this.table].table, iter([by_table[this.table]])))
        assert found == [receipt.digest]


def test_a_link_to_another_label_joins_the_type_later(path):
    write(path, services("a", "b"), databases("x"), uses(("a", "x")))
    write(path, uses(("a", "b"), to="Service"))
    assert {(row[2], row[3]) for row in asked(path, LINKS)} == {("Database", "x"), ("Service", "b")}


def test_a_changed_value_is_found(path):
    receipts, written = write(path, services("a", "b"), databases("x"), uses(("a", "x")))
    with ladybug.Database(path) as store, ladybug.Connection(store) as opened:
        opened.execute("MATCH (n:Service {id: 'b'}) SET n.tags = ['a', 'c']")
        opened.execute("MATCH ()-[r:USES]->() SET r.weight = 1.5")
    sink = open_sink(f"ladybug:{path}")
    agrees = [sink.digests(one, [kept]) == [kept.digest] for one, kept in zip(written, receipts, strict=True)]
    assert agrees == [False, True, False]


def test_a_node_that_is_gone_is_found(path):
    receipts, written = write(path, services("a", "b"))
    with ladybug.Database(path) as store, ladybug.Connection(store) as opened:
        opened.execute("MATCH (n:Service {id: 'b'}) DELETE n")
    with pytest.raises(DataError, match=r"estate\.graph holds 1 rows, fewer than the 2"):
        open_sink(f"ladybug:{path}").digests(written[0], receipts)


def test_tables_without_rows_are_there_to_be_asked(path):
    declared = links_table("RUNS_ON", starts=("Service", "Ghost"), ends=("Database", "Service"))
    unknown = links_table("KNOWS")
    write(path, empty(SERVICE), empty(DATABASE), empty(declared), empty(unknown))
    assert asked(path, "MATCH (n:Service) RETURN n.load") == []
    assert asked(path, "MATCH (a)-[r:KNOWS]->(b) RETURN r.kind") == []
    assert asked(path, "CALL show_connection('RUNS_ON') RETURN *") == [
        ("Service", "Database", "id", "id"),
        ("Service", "Service", "id", "id"),
    ]


def test_links_without_any_nodes_are_refused(path):
    with pytest.raises(SinkError, match="USES has no nodes to link"):
        write(path, empty(USES))
    assert not path.exists()


def test_texts_of_queries_find_their_functions(path):
    write(path, services("a"))
    said = "MATCH (n:Service) RETURN toString(n.load), toFloat(n.load), toInteger(n.load), head(n.tags), last(n.tags)"
    assert asked(path, said) == [("0", 0.0, 0, "a", "a")]
    write(path, services("b"), databases("x"), uses(("a", "x")))
    assert asked(path, "MATCH ()-[r:USES]->() RETURN type(r)") == [("USES",)]


def test_a_file_says_what_its_tables_are(path):
    write(path, empty(nodes_table("Odd")), empty(replace(DATABASE, about="it's \\ a\n'test'")))
    assert asked(path, "CALL show_tables() RETURN name, comment") == [
        ("Database", "it's \\ a\n'test'"),
        ("Odd", "every Odd"),
    ]


def test_what_others_keep_in_the_file_stays(path):
    with ladybug.Database(path) as store, ladybug.Connection(store) as opened:
        for text in ("CREATE NODE TABLE Diary(word STRING PRIMARY KEY)", "CREATE (:Diary {word: 'dear'})"):
            opened.execute(text)
        opened.execute("CREATE MACRO head(l) AS l[2]")
    write(path, services("a"))
    assert asked(path, "MATCH (n:Diary) RETURN n.word, head(['a', 'b'])") == [("dear", "b")]


@pytest.mark.parametrize(
    ("batches", "said"),
    [
        ([uses(("a", "gone"))], "Service to Database ends at 'gone', which is no node there"),
        ([uses(("a", "x"), to="Cloud")], "USES links nodes of 'Cloud', of which there is no table; known are Database"),
        ([services("c", "c")], "Service has 2 rows of 'c' in one run"),
        ([uses(("a", "x"), ("a", "x"))], "USES has 2 rows of 'Service, a, Database, x' in one run"),
        ([services("c"), uses(("gone", "x"))], "ends at 'gone'"),
    ],
)
def test_a_load_that_fails_leaves_the_file_as_it_was(path, batches, said):
    write(path, services("a"), databases("x"), uses(("a", "x")))
    before = path.read_bytes()
    with pytest.raises(SinkError, match=said):
        write(path, *batches, plan="q")
    assert path.read_bytes() == before
    assert not [one for one in path.parent.rglob("*") if "unfinished" in one.name]
    write(path, services("a", "b"))
    assert len(asked(path, NODES)) == 2


KILLED = """
import os, signal, sys
from pathlib import Path
from ghostfleet.sinks.graph.store import Graph
from tests.sinks.graphs import *
Graph.{step} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
write(Path({path!r}), services("b", "c", load=7), databases("x"), uses(("b", "x")))
"""


@pytest.mark.parametrize("step", ["set_nodes", "add_links", "settle"])
def test_a_load_that_is_killed_leaves_the_file_as_it_was(path, step):
    write(path, services("a", "b"))
    before = path.read_bytes()
    script = KILLED.format(step=step, path=str(path))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", script], check=False, env=env).returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert asked(path, NODES) == [("a", 0), ("b", 0)]
    write(path, services("b", "c", load=7), databases("x"), uses(("b", "x")))
    assert asked(path, NODES) == [("a", 0), ("b", 7), ("c", 7)]
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_a_lost_process_had_committed_is_kept(path):
    write(path, services("a"))
    script = f"""
import ladybug, os, signal
store = ladybug.Database({str(path)!r})
ladybug.Connection(store).execute("CREATE (:Service {{id: 'b', load: 3}})")
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script], check=False)
    assert path.with_name(path.name + ".wal").exists()
    write(path, services("c"))
    assert asked(path, NODES) == [("a", 0), ("b", 3), ("c", 0)]
    assert [one.name for one in path.parent.iterdir()] == [path.name]


WRITER = """
import ladybug, sys
with ladybug.Database({path!r}) as store, ladybug.Connection(store) as opened:
    print("open", flush=True)
    sys.stdin.readline()
"""


def test_a_file_that_another_process_writes_is_left_alone(path):
    write(path, services("a"))
    command = [sys.executable, "-c", WRITER.format(path=str(path))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        held = path.read_bytes()
        with pytest.raises(SinkError, match=r"estate\.graph"):
            write(path, services("b"))
        assert path.read_bytes() == held
        other.communicate("\n")  # when it closes, the other process may write what it likes
    assert len(asked(path, NODES)) == 1
    write(path, services("b"))
    assert len(asked(path, NODES)) == 2


def test_who_reads_meanwhile_reads_on(path):
    write(path, services("a"))
    with ladybug.Database(path, read_only=True) as store, ladybug.Connection(store) as opened:
        write(path, services("b"))
        result = opened.execute("MATCH (n:Service) RETURN n.id")
        assert not isinstance(result, list)
        assert result.get_all() == [["a"]]
        result.close()
    assert len(asked(path, NODES)) == 2


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (replace(TABLE, group="graph"), "readings is neither nodes nor links"),
        (replace(SERVICE, keys=("name",)), "Service of nodes must begin with the texts id, name, kind"),
        (replace(SERVICE, columns=SERVICE.columns[::-1]), "must begin with"),
        (replace(USES, keys=("from_id", "to_id")), "USES of links must begin with"),
        (replace(SERVICE, name="a-b"), "'a-b' of a-b cannot be a graph's name"),
        (nodes_table("X", column("_id", Kind.I64, "")), "'_id' of X"),
        (nodes_table("X", column("a`b", Kind.I64, "")), "'a`b' of X"),
        (nodes_table("X", column("Name", Kind.I64, "")), "two columns of X are one name"),
    ],
)
def test_a_table_that_is_no_part_of_a_graph_is_refused_at_once(path, table: Table, said):
    with pytest.raises(SinkError, match=said):
        open_sink(f"ladybug:{path}").open([table], plan_id="p", tasks={table.name: [0]})
    assert list(path.parent.iterdir()) == []


def test_a_property_of_two_types_is_refused_at_once(path):
    tables = [SERVICE, nodes_table("X", column("load", Kind.F64, ""))]
    with pytest.raises(SinkError, match="the property load is INT64 in one table and DOUBLE in another"):
        open_sink(f"ladybug:{path}").open(tables, plan_id="p", tasks={})
    write(path, services("a"))
    with pytest.raises(SinkError, match="the property load is INT64"):
        open_sink(f"ladybug:{path}").open(tables[1:], plan_id="p", tasks={})


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (nodes_table("Service", column("load", Kind.F64, "")), "load is INT64 and should be DOUBLE"),
        (nodes_table("Service"), "seen is STRING and should be absent"),
        (nodes_table("Service", *SERVICE.columns[3:], column("more", Kind.BOOL, "")), "more is missing and should be"),
        (links_table("Service"), "it holds no links"),
        (nodes_table("SERVICE"), "has a table Service, which is the same name as SERVICE"),
    ],
)
def test_a_file_with_other_tables_of_the_name_is_refused_at_once(path, table: Table, said):
    write(path, services("a"))
    with pytest.raises(SinkError, match=said):
        open_sink(f"ladybug:{path}").open([table], plan_id="p", tasks={})


def test_a_time_that_text_cannot_state_is_refused(path):
    batch = services("a")
    with pytest.raises(SinkError, match="outside the years 1 to 9999"):
        write(path, Batch(SERVICE, {**batch.columns, "seen": Plain(np.array([10**12]))}))


def test_a_missing_extra_is_named_when_the_sink_is_opened(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ladybug", None)
    with pytest.raises(SinkError, match=r'pip install "ghostfleet\[graph\]"'):
        open_sink(f"ladybug:{path}").open([SERVICE], plan_id="p", tasks={})
    assert list(path.parent.iterdir()) == []
