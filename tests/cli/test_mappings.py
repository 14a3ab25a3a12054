"""Mappings of search indexes beside bulk files (COM-11), and without any data (COM-9)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ghostfleet.core.table import Kind, Table, column
from ghostfleet.signals import events, spans, transactions
from ghostfleet.sinks.mapping import mappings
from tests.cli.commands import ghostfleet

if TYPE_CHECKING:
    from pathlib import Path

SHOP = ("generate", "commerce", "--days", "1", "--now", "2026-03-04T17:00:00-05:00", "--scale", "0.0005")
# COM-1, as the index types of the documented fields.
DOCUMENTED = {
    "date": {"@timestamp"},
    "keyword": {
        "transaction_id", "session_id", "user_id", "event_type", "step", "status", "error_code", "payment_gateway",
        "currency", "product_category", "product_id", "server_instance", "load_balancer", "upstream_service",
        "circuit_breaker_state",
    },
    "integer": {
        "response_code", "response_time_ms", "database_query_time_ms", "retry_count", "upstream_response_time_ms",
        "thread_pool_active", "memory_usage_percent", "cpu_usage_percent",
    },
    "float": {"amount"},
    "ip": {"ip_address"},
    "boolean": {"cache_hit"},
    "text": {"error_message", "user_agent"},
    "object": {"geo_location"},
}  # fmt: skip


def properties(table: Table) -> dict[str, Any]:
    ((name, text),) = mappings([table]).items()
    assert name == "mapping.json"
    found: dict[str, Any] = json.loads(text)["mappings"]["properties"]
    return found


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


def test_transactions_have_the_documented_types():
    found = properties(transactions.TABLE)
    assert {kind: {name for name, one in found.items() if one["type"] == kind} for kind in DOCUMENTED} == DOCUMENTED
    assert len(found) == 30
    exact = {"keyword": {"type": "keyword", "ignore_above": 256}}
    assert found["error_message"] == found["user_agent"] == {"type": "text", "fields": exact}
    place = {name: {"type": "keyword"} for name in ("country", "state", "city")}
    assert found["geo_location"] == {"type": "object", "properties": place}


def test_events_nest_as_their_documents_do():
    found = properties(events.TABLE)
    assert found["context"]["properties"]["tags"]["properties"]["city"] == {"type": "keyword"}
    assert found["context"]["properties"]["ip_address"] == {"type": "ip"}
    assert found["metrics"]["properties"]["status_code"] == {"type": "integer"}
    assert found["timestamp"] == {"type": "date"}


def test_times_finer_than_a_millisecond_keep_what_they_have():
    assert properties(spans.TABLE)["start_time"] == {"type": "date_nanos"}


def test_whole_numbers_without_a_bound_may_be_large():
    table = Table("sizes", "", (column("size_bytes", Kind.I64, "", low=0), column("tags", Kind.TEXTS, "")), (), ())
    assert properties(table) == {"size_bytes": {"type": "long"}, "tags": {"type": "keyword"}}


def test_several_indexes_have_a_mapping_each_and_graphs_none():
    node = Table("Pod", "", (column("id", Kind.TEXT, ""),), ("id",), ("id",), form="node")
    assert set(mappings([transactions.TABLE, events.TABLE, node])) == {
        "ecommerce_performance_demo_mapping.json",
        "events_mapping.json",
    }


def test_bulk_files_in_a_folder_have_their_mapping_beside_them(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, *SHOP, "--to", "out/")
    assert done.returncode == 0, done.stderr
    assert "mappings of search indexes: out/mapping.json" in done.stdout
    assert (tmp_path / "out/mapping.json").read_text() == mappings([transactions.TABLE])["mapping.json"]
    assert json.loads((tmp_path / "out/summary.json").read_text())["mappings"] == {"out/": ["mapping.json"]}


@pytest.mark.parametrize("options", [("--format", "jsonl", "--to", "out/"), ("--blind", "--to", "x.ndjson")])
def test_other_files_and_single_ones_have_none(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert ghostfleet(tmp_path, *SHOP, *options).returncode == 0
    assert not list(tmp_path.rglob("*mapping.json"))


def test_only_the_mapping_is_made_where_only_that_is_wanted(tmp_path: Path) -> None:
    for scenario, name in (("commerce", "--output-dir"), ("events", "--output")):
        done = ghostfleet(tmp_path, "generate", scenario, "--create-mapping-only", name, f"{scenario}/")
        assert (done.returncode, done.stdout) == (0, f"mapping of a search index: {scenario}/mapping.json\n")
        assert left(tmp_path / scenario) == {"mapping.json"}


def test_a_mapping_without_a_folder_or_an_index_is_refused(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, "generate", "events", "--create-mapping-only", "--to", "events.jsonl")
    assert (done.returncode, "write --to DIR" in done.stderr) == (2, True)
    done = ghostfleet(tmp_path, "generate", "small", "--only", "graph", "--create-mapping-only", "--to", "out/")
    assert (done.returncode, "they are tables of a graph" in done.stderr) == (2, True)
    assert left(tmp_path) == set()


@pytest.mark.parametrize(("form", "code"), [("csv", 2), ("jsonl.gz", 2), ("bulk", 0), ("bulk.gz", 0)])
def test_a_mapping_is_for_bulk_files_alone(tmp_path: Path, form: str, code: int) -> None:
    done = ghostfleet(tmp_path, "generate", "events", "--create-mapping-only", "--format", form, "--to", "out/")
    assert (done.returncode, f"leave out --format {form}" in done.stderr) == (code, bool(code))
    assert (tmp_path / "out").exists() == (not code)


def test_a_place_that_is_taken_is_refused_before_any_data(tmp_path: Path) -> None:
    (tmp_path / "out/mapping.json").mkdir(parents=True)
    done = ghostfleet(tmp_path, *SHOP, "--to", "out/")
    assert done.returncode == 3
    assert "cannot write out/mapping.json: a directory of that name stands there" in done.stderr
    assert left(tmp_path / "out") == set()
