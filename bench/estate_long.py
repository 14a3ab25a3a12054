"""Reshape what services, databases and hosts of an estate report into the long form that a realism tool reads.

Columns ``series_id`` (source/entity), ``metric``, ``timestamp`` (seconds since 1970) and ``value``; a null is no row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SOURCE = "ghostfleet"
# Of each table: the column that names an entity, and what a realism tool calls the others.
TABLES = {
    "system_metrics": (
        "service_name",
        {"request_count": "requests", "response_time_ms": "latency", "error_rate": "errors"},
    ),
    "database_metrics": (
        "db_identifier",
        {"read_latency_ms": "read_latency", "write_latency_ms": "write_latency"},
    ),
    "host_metrics": (
        "host_id",
        {name: name for name in ("cpu", "memory", "disk_read", "disk_write", "net_in", "net_out")},
    ),
}
RESHAPE = """
select
    '{source}/' || {entity} as series_id,
    '{metric}' as metric,
    epoch("time"::timestamptz)::bigint as "timestamp",
    {column}::float as value
from read_parquet('{wide}')
where {column} is not null
"""


def reshape(folder: Path, tables: Sequence[str], long: Path) -> None:
    """Write the long form of some tables, Parquet files in a folder, as one Parquet file."""
    parts = [
        RESHAPE.format(source=SOURCE, entity=entity, metric=metric, column=column, wide=_quoted(folder, table))
        for table in tables
        for entity, metrics in (TABLES[table],)
        for column, metric in metrics.items()
    ]
    with duckdb.connect() as database:
        database.execute("set timezone = 'UTC'")
        rows = " union all ".join(parts)
        database.execute(f"copy ({rows}) to '{_quoted(long.parent, long.stem)}' (format parquet)")


def _quoted(folder: Path, name: str) -> str:
    return str(folder / f"{name}.parquet").replace("'", "''")
