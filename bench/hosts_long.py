"""Reshape a wide file of `host_metrics` into the long form that a realism tool reads.

``python -m bench.hosts_long out/hosts/host_metrics.parquet long.parquet``: columns ``series_id`` (source/host),
``metric``, ``timestamp`` (seconds since 1970) and ``value``; a null is no row.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

SOURCE = "ghostfleet"
METRICS = ("cpu", "memory", "disk_read", "disk_write", "net_in", "net_out")
RESHAPE = """
copy (
    select
        $source || '/' || host_id as series_id,
        metric,
        epoch("time"::timestamptz)::bigint as "timestamp",
        value::float as value
    from (unpivot (from {reader}($wide)) on {metrics} into name metric value value)
    order by series_id, metric, "timestamp"
) to '{long}' (format parquet)
"""


def reshape(wide: Path, long: Path, source: str = SOURCE) -> None:
    """Write the long form of a wide CSV, gzipped CSV or Parquet file as Parquet."""
    reader = "read_parquet" if wide.suffix == ".parquet" else "read_csv"
    quoted = str(long).replace("'", "''")
    text = RESHAPE.format(reader=reader, metrics=", ".join(METRICS), long=quoted)
    with duckdb.connect() as database:
        database.execute("set timezone = 'UTC'")
        database.execute(text, {"source": source, "wide": str(wide)})


def main() -> None:
    """Reshape one file."""
    parser = argparse.ArgumentParser(description="Reshape a wide file of host_metrics into long form.")
    parser.add_argument("wide", type=Path, help="CSV, CSV.gz or Parquet file of host_metrics")
    parser.add_argument("long", type=Path, help="Parquet file to write")
    parser.add_argument("--source", default=SOURCE, help=f"prefix of the series' ids (default: {SOURCE})")
    arguments = parser.parse_args()
    reshape(arguments.wide, arguments.long, arguments.source)


if __name__ == "__main__":
    main()
