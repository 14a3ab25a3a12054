"""CPU of our Parquet sink against pyarrow's defaults for the same rows: ``python -m bench.parquet_cpu``.

The goal compares the same pipeline, from batches over Arrow to the same row groups, with our encodings and required
columns and with the defaults, where every column may have nulls. Both profit alike from how batches become Arrow.
Beside it stands the whole sink (digest, receipt and fsync included) against defaults that start from a
decoded table (texts as plain strings), with and without making that table.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from bench.measuring import Line, conclude
from ghostfleet.cli import scenario as scenarios
from ghostfleet.generate import Generator
from ghostfleet.sinks import open_sink
from ghostfleet.sinks.arrow.convert import Converter
from ghostfleet.sinks.arrow.parquet import GROUP_ROWS, RowGroups
from ghostfleet.spec import loading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table

ROUNDS = 7
GOAL = 0.8


def decoded(converter: Converter, batches: Sequence[Batch]) -> pa.Table:
    """Make the table that somebody would have who knows nothing of codes."""
    table = as_usual([converter.arrow(batch) for batch in batches])
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
    return table.combine_chunks()


def as_usual(rows: Sequence[pa.RecordBatch]) -> pa.Table:
    """Make the table that pyarrow would make of the same arrays: any of them may have nulls."""
    schema = pa.schema([field.with_nullable(True) for field in rows[0].schema])  # noqa: FBT003  pyarrow's signature
    same = [pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in rows]
    return pa.Table.from_batches(same).unify_dictionaries()


def by_defaults(table: pa.Table, path: Path) -> None:
    """Write with every setting as it comes, in our row groups."""
    with pq.ParquetWriter(path, table.schema) as writer:
        for start in range(0, len(table), GROUP_ROWS):
            writer.write_table(table.slice(start, GROUP_ROWS))


def by_sink(table: Table, batches: Sequence[Batch], folder: Path) -> None:
    """Write as a run does."""
    sink = open_sink(f"{folder}/", format="parquet")
    sink.open([table], plan_id="bench", tasks={table.name: [0]})
    part = sink.part(table, 0)
    for batch in batches:
        part.write(batch)
    sink.finish([part.close()])


def by_encodings(table: Table, rows: Sequence[pa.RecordBatch], path: Path) -> None:
    """Write Arrow that is ready with our settings."""
    groups = RowGroups(path, table, "fast")
    for batch in rows:
        groups.add(batch)
    groups.close()


def convert_and_write(
    converter: Converter, batches: Sequence[Batch], write: Callable[[Sequence[pa.RecordBatch]], None]
) -> None:
    """Take batches to a file by way of Arrow."""
    write([converter.arrow(batch) for batch in batches])


def spent(act: Callable[[], object]) -> float:
    """CPU seconds of all threads."""
    since = process_time()
    act()
    return process_time() - since


def main() -> int:
    """Take turns over the same batches of 262,144 hourly rows or so."""
    loaded = loading.load(scenarios.find("capacity"), loading.Settings(flags={"granularity": "hourly", "years": 1}))
    generator = Generator(loaded.scenario)
    (table,) = generator.tables()
    task = generator.plan(generator.window(), [table]).tasks[0]
    batches = list(generator.batches(task))
    converter = Converter(table)
    arrow = [converter.arrow(batch) for batch in batches]
    ready = decoded(converter, batches)
    figures: dict[str, list[float]] = {
        name: [] for name in ("sink", "encodings", "defaults", "decode", "ours", "same rows by defaults")
    }
    sizes = {}
    with TemporaryDirectory(prefix="ghostfleet-bench-") as place:
        folder = Path(place)

        def ours(rows: Sequence[pa.RecordBatch]) -> None:
            by_encodings(table, rows, folder / "ours.parquet")

        def usual(rows: Sequence[pa.RecordBatch]) -> None:
            by_defaults(as_usual(rows), folder / "usual.parquet")

        for _ in range(ROUNDS):
            figures["defaults"].append(spent(lambda: by_defaults(ready, folder / "defaults.parquet")))
            figures["sink"].append(spent(lambda: by_sink(table, batches, folder / "ours")))
            figures["encodings"].append(spent(lambda: by_encodings(table, arrow, folder / "encodings.parquet")))
            figures["ours"].append(spent(lambda: convert_and_write(converter, batches, ours)))
            figures["same rows by defaults"].append(spent(lambda: convert_and_write(converter, batches, usual)))
            figures["decode"].append(spent(lambda: decoded(converter, batches)))
        sizes["defaults"] = (folder / "defaults.parquet").stat().st_size
        sizes["ours"] = (folder / "ours" / f"{table.file_stem}.parquet").stat().st_size
    defaults = figures["defaults"]
    return conclude(
        f"Parquet, {task.rows:,} rows in row groups of {GROUP_ROWS:,}, CPU",
        [
            Line(
                "batches to file, of the same with defaults",
                median(a / b for a, b in zip(figures["ours"], figures["same rows by defaults"], strict=True)),
                GOAL,
            ),
            Line(
                "sink, of defaults from a table that is ready",
                median(a / b for a, b in zip(figures["sink"], defaults, strict=True)),
            ),
            Line(
                "sink, of defaults with making the table",
                median(a / (b + c) for a, b, c in zip(figures["sink"], defaults, figures["decode"], strict=True)),
            ),
            Line(
                "our encodings alone, of defaults",
                median(a / b for a, b in zip(figures["encodings"], defaults, strict=True)),
            ),
            Line("defaults", min(defaults) / task.rows * 1e9, unit="ns"),
            Line("sink", min(figures["sink"]) / task.rows * 1e9, unit="ns", about="per row, best round"),
            Line("size, of defaults", sizes["ours"] / sizes["defaults"], about=f"{sizes['ours']:,} bytes"),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
