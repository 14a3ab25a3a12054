"""A DuckDB file says of every table and column what its declaration says: keys, units and what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from ghostfleet import records, truth
from ghostfleet.sinks import open_sink
from tests.sinks import rows

if TYPE_CHECKING:
    from pathlib import Path

    from ghostfleet.core.table import Table

TABLES = (*(signal.TABLE for signal in records.found().values()), *truth.TABLES, rows.TABLE)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table there is, and no rows."""
    path = tmp_path_factory.mktemp("store") / "a.duckdb"
    sink = open_sink(f"duckdb:{path}")
    sink.open(TABLES, plan_id="plan", tasks={table.name: [] for table in TABLES})
    sink.finish([])
    return path


def test_tables_say_what_they_are_and_what_their_keys_are(store: Path) -> None:
    """A key is a list of columns of the table, as `Table.keys` names them."""
    with duckdb.connect(store, read_only=True) as opened:
        said = dict(opened.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall())
    assert said.keys() == {table.name for table in TABLES}
    for table in TABLES:
        about, _, keys = said[table.name].rpartition(". Keys: ")
        assert (about, tuple(keys.removesuffix(".").split(", "))) == (table.about, table.keys)


def test_columns_say_what_they_are_and_their_units(store: Path) -> None:
    with duckdb.connect(store, read_only=True) as opened:
        query = "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
        said = opened.execute(query).fetchall()

    def told(table: Table) -> list[tuple[str, str, str]]:
        table = table.flattened()
        units = {column.name: f" [{column.unit}]" if column.unit else "" for column in table.columns}
        return [(table.name, column.name, column.about + units[column.name]) for column in table.columns]

    assert sorted(said) == sorted(row for table in TABLES for row in told(table))
    assert any("[" in comment for *_, comment in said)
