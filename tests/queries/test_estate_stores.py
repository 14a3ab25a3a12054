"""Every text runs on every store that it names, with the same rows, and keeps to what stores have in common."""

from __future__ import annotations

import re
from importlib.resources import files
from math import isclose
from pathlib import Path

import pytest

from ghostfleet.queries import ask, question, questions, text
from ghostfleet.queries.questions import HOMES
from tests.queries.estates import TABLES

GIVEN = {"app_name": "client-portal", "service": "trading-api"}
TEXTS = {
    (name, one.name): one
    for name, asked in questions().items()
    for one in asked.texts
    if one.name not in text.stored_views()
} | {("stored", name): one for name, one in text.stored_views().items()}
SQL = {key: one for key, one in TEXTS.items() if one.language == "sql"}
CYPHER = {key: one for key, one in TEXTS.items() if one.language == "cypher"}
UNCOMMON_SQL = r"'(1 day|7 days|1 month)'|QUALIFY|GROUP BY ALL|arg_max|strftime|to_char|::|IGNORE NULLS|round\(|\?"
UNCOMMON_CYPHER = r":\w+:\w|\*\.\.|\*\s*\]|shortestPath|\bCALL\b|\[\d\]|WHERE \w+:\w|substring|round\("


def body(one):
    return "\n".join(line for line in one.sql.splitlines() if not line.startswith(("--", "//")))


def told(name, places):
    given = {key: value for key, value in GIVEN.items() if key in question(name).parameters}
    answer = ask(name, places, tables=TABLES, **given)
    assert answer.error is None, answer.error
    for node in answer.tables.get("nodes", []):  # CSV has one cell for no list and for an empty one
        node["properties"] = {key: value for key, value in node.get("properties", {}).items() if value != []}
    return {"tables": answer.tables, "summary": answer.summary, "no_data": bool(answer.no_data)}


def alike(one, other):
    """Whether answers are the same, but for the last digits of sums, which engines add up in orders of their own."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("name", questions())
def test_every_store_answers_alike(name, estate):
    answers = {place: told(name, urls) for place, urls in estate.places.items()}
    first = answers["DuckDB file"]
    assert {place for place, answer in answers.items() if not alike(answer, first)} == set()
    elsewhere = {"event_overview", "transaction_distribution", "transaction_incidents"}
    assert first["no_data"] == (name in {"business_value", "business_value_weekly", "incident_analysis", *elsewhere})


def test_types_need_not_be_handed_in_where_a_store_knows_them(estate):
    for place in ("folder of Parquet", "DuckDB file"):
        bare = ask("infrastructure_topology", estate.places[place])
        known = ask("infrastructure_topology", estate.places[place], tables=TABLES)
        assert (bare.tables, bare.error) == (known.tables, None)


@pytest.mark.parametrize("key", TEXTS, ids="/".join)
def test_headers_say_what_they_must(key):
    one = TEXTS[key]
    assert {"title", "needs", "stores", "order"} <= one.header.keys()
    assert one.header["stores"] == ("duckdb, timescaledb" if one.language == "sql" else "ladybug, neo4j")
    assert key[0] == "stored" or one.columns


@pytest.mark.parametrize("key", SQL, ids="/".join)
def test_sql_keeps_to_what_two_stores_understand(key):
    one = SQL[key]
    assert re.findall(UNCOMMON_SQL, body(one)) == []
    counted = [int(number) for number in re.findall(r"\$(\d+)", body(one))]
    assert set(counted) == set(
        range(1, len(re.findall(r"\b[A-Z]+\b", re.sub("=.*?(,|$)", ",", one.header.get("params", "")))) + 1)
    )
    assert len(re.findall(r"CAST\(\$\d+ AS", body(one))) == len(counted)


@pytest.mark.parametrize("key", SQL, ids="/".join)
def test_types_that_texts_state_are_those_of_the_tables(key):
    kinds = {"time": "TIMESTAMPTZ", "text": "VARCHAR", "float": "DOUBLE", "integer": "BIGINT", "boolean": "BOOLEAN"}
    known = {table.name: table.flattened() for table in TABLES}
    for need in SQL[key].needs:
        if need.relation in known:
            stated = dict(zip(need.columns, need.types, strict=True))
            assert stated == {name: kinds[known[need.relation][name].kind.value] for name in need.columns}


@pytest.mark.parametrize("key", CYPHER, ids="/".join)
def test_cypher_keeps_to_what_two_stores_understand(key):
    one = CYPHER[key]
    assert re.findall(UNCOMMON_CYPHER, body(one)) == []
    for match in re.split(r"\bMATCH\b", body(one))[1:]:
        types = re.findall(r"\[\w*:(\w+)", match)
        assert len(types) == len(set(types)), "a relationship type occurs once per MATCH"
    assert body(one).count("ORDER BY") == 1


@pytest.mark.parametrize("key", CYPHER, ids="/".join)
def test_properties_that_texts_state_are_those_of_the_nodes(key):
    kinds = {"time": "TIMESTAMPTZ", "text": "VARCHAR", "float": "DOUBLE", "integer": "BIGINT", "boolean": "BOOLEAN"}
    kinds["texts"] = "VARCHAR[]"
    known = {table.name: table for table in TABLES}
    for need in (*CYPHER[key].needs, *CYPHER[key].optional):
        if need.relation != "graph":
            stated = dict(zip(need.columns, need.types, strict=True))
            assert stated == {name: kinds[known[need.relation][name].kind.value] for name in need.columns}


def test_no_text_lies_there_unused():
    homes = [Path(str(files(home))) for home in HOMES]
    assert {path.stem for home in homes for path in home.rglob("*") if path.suffix in {".sql", ".cypher"}} <= {
        one.name for one in TEXTS.values()
    }
