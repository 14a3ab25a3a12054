"""CPU of our text renderer against raw write, pyarrow.csv and DuckDB COPY: interleaved, medians of ratios.

Run `python bench/text_render.py [ROUNDS]`; the table has Capacity's columns and 175,320 rows.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Batch, Plain, Quanta, Spelled, Text, Values
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.sinks.codec import packer
from ghostfleet.sinks.text.renderer import Renderer
from ghostfleet.sinks.text.stream import TextDigester
from ghostfleet.sinks.text.syntax import SYNTAXES

if TYPE_CHECKING:
    from collections.abc import Callable

SERVERS, DAYS = 120, 1461
BUDGET = 5.5  # times the CPU of writing the same bytes

NAMES = (
    ("timestamp", Kind.TIME), ("server_id", Kind.TEXT),
    *((name, Kind.F64) for name in ("cpu_p95", "mem_p95", "disk_p95", "net_in_p95", "net_out_p95")),
    *((name, Kind.TEXT) for name in ("app_name", "business_unit", "criticality", "region", "server_type")),
    *((name, Kind.I64) for name in ("year", "month", "quarter", "dayofweek")),
    *((name, Kind.BOOL) for name in ("is_weekend", "is_eoq", "is_holiday")),
)  # fmt: skip
TABLE = Table(
    "server_metrics",
    "Capacity's table",
    tuple(column(name, kind, name, resolution=0.01 if kind is Kind.F64 else None) for name, kind in NAMES),
    keys=("timestamp", "server_id"),
    order=("server_id", "timestamp"),
)


def capacity(servers: int = SERVERS) -> Batch:
    """Capacity-like rows: smooth weekly load with noise, metadata constant per server."""
    draw = np.random.default_rng(0)
    day = np.tile(np.arange(DAYS), servers)
    server = np.repeat(np.arange(servers, dtype=np.int16), DAYS)
    dates = (np.datetime64("2022-01-01") + np.arange(DAYS)).astype("datetime64[D]")
    year = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    month = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    weekday = (dates.astype(np.int64) + 3) % 7
    level = draw.uniform(20, 60, servers)[server] * np.where(weekday >= 5, 0.7, 1)[day]  # noqa: PLR2004

    def metric(scale: float, most: float) -> Quanta:
        noise = draw.normal(1, 0.12, len(day))
        return Quanta(np.rint(np.clip(level * noise * scale, 0, most) * 100).astype(np.int32), 100)

    def label(words: tuple[str, ...]) -> Text:
        return Text(draw.integers(0, len(words), servers).astype(np.uint8)[server], words)

    columns: dict[str, Values] = {
        "timestamp": Plain(day * 86400 + int(dates[0].astype(np.int64)) * 86400),
        "server_id": Text(server, tuple(f"server_{number:03d}" for number in range(servers))),
        **{name: metric(1, 100) for name in ("cpu_p95", "mem_p95", "disk_p95")},
        "net_in_p95": metric(8, 1000),
        "net_out_p95": metric(5, 600),
        "app_name": label(tuple(f"app_{number:03d}" for number in range(40))),
        "business_unit": label(("Trading", "Retail", "Compliance", "IT")),
        "criticality": label(("High", "Medium", "Low")),
        "region": label(("US-East", "US-West", "EU", "Asia")),
        "server_type": label(("web", "database", "application", "batch")),
        "year": Plain(year[day]),
        "month": Plain(month[day]),
        "quarter": Plain((month[day] + 2) // 3),
        "dayofweek": Plain(weekday[day]),
        "is_weekend": Plain((weekday >= 5)[day]),  # noqa: PLR2004
        "is_eoq": Plain((month % 3 == 0)[day]),
        "is_holiday": Plain((day % 41) == 0),
    }
    return Batch(TABLE, columns)


def rendered(batch: Batch, codec: str = "none", syntax: str = "csv") -> bytes:
    """All rows as one text."""
    pack = packer(codec)
    pieces = [bytes(pack.compress(piece)) for piece in Renderer(TABLE, SYNTAXES[syntax](TABLE)).chunks(batch)]
    return b"".join([*pieces, pack.flush()])


def write_rendered(batch: Batch, path: Path, codec: str = "none", syntax: str = "csv") -> None:
    """Render and write in blocks of half a mebibyte, as a text part does (its digest is measured apart)."""
    pack = packer(codec)
    waiting = bytearray()
    with path.open("wb", buffering=0) as file:
        for piece in Renderer(TABLE, SYNTAXES[syntax](TABLE)).chunks(batch):
            waiting += pack.compress(piece)
            if len(waiting) >= 1 << 19:
                file.write(waiting)
                waiting = bytearray()
        waiting += pack.flush()
        file.write(waiting)


def write_raw(text: bytes, path: Path) -> None:
    """Write ready bytes in blocks of a mebibyte: the yardstick."""
    view = memoryview(text)
    with path.open("wb", buffering=0) as file:
        for start in range(0, len(view), 1 << 20):
            file.write(view[start : start + (1 << 20)])


def digest(batch: Batch) -> None:
    """Render and digest without writing."""
    digester = TextDigester(TABLE, "csv", first=True, last=True)
    digester.write(batch)
    digester.hexdigest()


def rivals(batch: Batch, path: Path) -> dict[str, Callable[[], object]]:
    """pyarrow.csv and DuckDB COPY on a ready Arrow table, where they are installed."""
    try:
        import duckdb
        import pyarrow as pa
        from pyarrow import csv
    except ImportError:
        return {}
    pa.set_cpu_count(1)
    arrays = {}
    for name, values in batch.columns.items():
        if isinstance(values, Spelled):
            continue  # Capacity has none
        if isinstance(values, Text):
            arrays[name] = pa.DictionaryArray.from_arrays(values.codes.astype(np.int32), list(values.vocabulary)).cast(
                "string"
            )
        elif isinstance(values, Quanta):
            arrays[name] = pa.array(values.floats())
        elif name == "timestamp":
            arrays[name] = pa.array(values.values.astype("datetime64[s]"))
        else:
            arrays[name] = pa.array(values.values)
    table = pa.table(arrays)
    store = duckdb.connect(config={"threads": 1})
    store.register("rows", table)
    return {
        "pyarrow.csv": lambda: csv.write_csv(table, path),
        "DuckDB COPY": lambda: store.execute(f"COPY rows TO '{path}' (FORMAT csv)"),
    }


def main(rounds: int) -> None:
    """Print the median CPU ratio of every way."""
    batch = capacity()
    text = rendered(batch)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        ways: dict[str, Callable[[], object]] = {
            "raw write": lambda: write_raw(text, path),
            "ours": lambda: write_rendered(batch, path),
            "ours, digest only": lambda: digest(batch),
            "ours, jsonl": lambda: write_rendered(batch, path, syntax="jsonl"),
            "ours, gz fast": lambda: write_rendered(batch, path, "fast"),
            **rivals(batch, path),
        }
        spent: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                start = time.process_time()
                way()
                spent[name].append(time.process_time() - start)
        yardstick = spent["raw write"]
        print(f"{len(batch):,} rows, {len(text):,} bytes, {len(text) / len(batch):.1f} a row, {rounds} rounds")
        for name, times in spent.items():
            ratio = statistics.median(mine / raw for mine, raw in zip(times, yardstick, strict=True))
            print(f"{name:20} {ratio:7.2f} x raw write   {len(batch) / min(times) / 1e6:7.2f} M rows per CPU-s at best")
        for codec in ("fast", "small"):
            print(f"csv.gz {codec:6} {len(rendered(batch, codec)):>10,} bytes")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
