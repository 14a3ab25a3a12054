"""A graph file is asked in Cypher, with parameters of declared types, and answers in plain values."""

from __future__ import annotations

import sys
from dataclasses import replace
from decimal import Decimal

import ladybug
import pytest

from ghostfleet.core.errors import DataError
from ghostfleet.core.table import Kind, column
from ghostfleet.queries import open_data, validate_url
from ghostfleet.queries.graph import Cypher, normalised, open_graph, parse
from tests.sinks import graphs

USERS = """// method: users
// params: database STRING, least DOUBLE, names STRING[]
// columns: id STRING, tags STRING[], total DOUBLE
// unordered: tags
MATCH (s:Service)-[r:USES]->(d:Database)
WHERE d.id = $database AND (r.weight >= $least OR $least IS NULL) AND s.id IN $names
RETURN s.id AS id, s.tags AS tags, sum(r.weight) / 3.0 AS total
ORDER BY id
"""
GIVEN = {"database": "it's", "least": 0.5, "names": ["a", "b"]}


@pytest.fixture
def path(tmp_path):
    where = tmp_path / "estate.graph"
    links = graphs.uses(("a", "it's"), ("b", "it's"), ("c", "it's"), ("a", "x"))
    graphs.write(where, graphs.services("a", "b", "c", load=2), graphs.databases("it's", "x"), links)
    return where


def test_a_question_is_answered_in_its_columns(path):
    with open_graph(path) as graph:
        answer = graph.ask(parse("users", USERS), GIVEN)
    assert answer.columns == ("id", "tags", "total")
    assert answer.rows == [("a", ["a", "a"], 0.333333333), ("b", ["a", "b"], 0.333333333)]
    assert answer.dicts()[0]["id"] == "a"


def test_none_stands_for_any_value(path):
    with open_graph(path) as graph:
        assert len(graph.ask(parse("users", USERS), {**GIVEN, "least": None}).rows) == 2
        assert graph.ask(parse("users", USERS), {**GIVEN, "names": []}).rows == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"database": "x"}, "users was given the parameters database; it takes database STRING, least DOUBLE"),
        ({**GIVEN, "more": 1}, "was given the parameters database, least, names, more"),
        ({**GIVEN, "database": 5}, "database is 5, and should be STRING"),
        ({**GIVEN, "least": "5"}, "least is '5', and should be DOUBLE"),
        ({**GIVEN, "least": True}, "least is True"),
        ({**GIVEN, "names": "ab"}, "names is 'ab', and should be STRING"),
        ({**GIVEN, "names": ["a", 1]}, "names is"),
        ({**GIVEN, "database": ["x"]}, "database is"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(path, given, said):
    with open_graph(path) as graph, pytest.raises(DataError, match=said):
        graph.ask(parse("users", USERS), given)


def test_hostile_parameters_are_only_values(path):
    with open_graph(path) as graph:
        for name in graphs.HOSTILE:
            assert graph.ask("// params: x STRING\nRETURN $x AS x", {"x": name}).rows == [(name,)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("MATCH (n:Nothing) RETURN n.id", "Table Nothing does not exist"),
        ("CREATE (n:Service {id: 'new'})", "read-only"),
        ("RETURN 1; RETURN 2", "is 2 statements"),
        ("this is no Cypher", "Parser exception"),
        ("// columns: a STRING\nRETURN 'x' AS b", "returns the columns b, and declares a"),
    ],
)
def test_what_cannot_be_answered_is_said(path, text, said):
    with open_graph(path) as graph, pytest.raises(DataError, match=said):
        graph.ask(text)


def test_a_type_that_there_is_not_is_refused():
    with pytest.raises(DataError, match="x has the type 'DATE'; valid are STRING, INT64, DOUBLE, BOOL"):
        parse("q", "// params: x DATE\nRETURN $x")


def test_values_are_plain():
    given = {"a": Decimal(3), "b": None, "_ID": {"offset": 0}, "c": [0.1 + 0.2, {"_label": "x", "d": Decimal("1.5")}]}
    assert normalised(given) == {"a": 3, "c": [0.3, {"d": 1.5}]}
    assert type(normalised(Decimal(3))) is int


def test_whole_nodes_and_sums_are_plain(path):
    with open_graph(path) as graph:
        ((node, total),) = graph.ask("MATCH (n:Service {id: 'a'}) RETURN properties(n) AS n, sum(n.load) AS total").rows
    assert node == {"id": "a", "name": "a", "kind": "Service", "seen": "1970-01-01T00:00:00Z", "load": 2,
                    "tags": ["a", "a"]}  # fmt: skip
    assert (total, type(total)) == (2, int)


def test_a_file_that_is_no_graph_is_refused_by_name(tmp_path):
    (tmp_path / "diary.graph").write_text("dear " * 5000)
    with pytest.raises(DataError, match=r"diary\.graph cannot be asked"), open_graph(tmp_path / "diary.graph"):
        pass
    with pytest.raises(DataError, match="is not there"), open_graph(tmp_path / "nothing.graph"):
        pass


def test_a_missing_extra_is_named(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ladybug", None)
    with pytest.raises(DataError, match=r"ghostfleet\[graph\]"), open_graph(path):
        pass


def test_nodes_and_links_are_tables_to_sql(path):
    with open_data(f"ladybug:{path}", [graphs.SERVICE, graphs.USES]) as data:
        sql = 'SELECT s.seen, s.tags, u.weight FROM "Service" s JOIN "USES" u ON u.from_id = s.id ORDER BY to_id, s.id'
        rows = data.store.execute(sql).fetchall()
    assert [(row[0].minute, row[1], row[2]) for row in rows] == [
        (0, ["a", "a"], 1.0), (1, ["a", "b"], 1.0), (2, ["a", "c"], 1.0), (0, ["a", "a"], 1.0)
    ]  # fmt: skip


def test_a_graph_is_validated_by_the_declarations_of_its_tables(path):
    assert not [one for one in validate_url(f"ladybug:{path}", [graphs.SERVICE]).results if one.status == "failed"]
    bounded = replace(graphs.SERVICE, columns=(*graphs.SERVICE.columns[:-2], column("load", Kind.I64, "", low=3)))
    failed = [one.name for one in validate_url(f"ladybug:{path}", [bounded]).results if one.status == "failed"]
    assert failed == ["values_in_range"]


def test_a_table_that_the_graph_lacks_is_refused_by_name(path):
    with (
        pytest.raises(DataError, match=r"estate\.graph has no nodes Cluster"),
        open_data(f"ladybug:{path}", [graphs.nodes_table("Cluster")]),
    ):
        pass


def test_a_graph_that_changes_meanwhile_is_asked_as_it_was(path):
    with open_graph(path) as graph:
        graphs.write(path, graphs.services("z"))
        assert graph.ask(Cypher("count", "MATCH (n:Service) RETURN count(*) AS n")).rows == [(3,)]
    with ladybug.Database(path, read_only=True):
        pass
