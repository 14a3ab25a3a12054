import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ghostfleet.core.batch import Batch, Plain, Quanta, Text
from ghostfleet.core.errors import SinkError
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.sinks.arrow.convert import Converter
from ghostfleet.sinks.arrow.parquet import RowGroups

TABLE = Table(
    "loads",
    "loads of hosts",
    (
        column("at", Kind.TIME, "when"),
        column("host", Kind.TEXT, "which"),
        column("load", Kind.F64, "how busy", low=-1, high=100, resolution=0.01, nullable=True),
        column("wait_ms", Kind.F64, "how long the longest waits", low=0, resolution=0.001),
        column("weekday", Kind.I64, "day of the week", low=0, high=6),
        column("total", Kind.I64, "counted since the start"),
    ),
    keys=("host", "at"),
    order=("host", "at"),
)


def batch(missing=None, codes=(0, 1, 0)):
    numbers = np.arange(3, dtype=np.int64)
    return Batch(
        TABLE,
        {
            "at": Plain(numbers * 60),
            "host": Text(np.array(codes, dtype=np.int32), ("a", "b")),
            "load": Quanta(np.array([110, -7, 0], dtype=np.int32), 100, missing),
            "wait_ms": Quanta(numbers * 7, 1000),
            "weekday": Plain(numbers),
            "total": Plain(numbers * 10**12),
        },
    )


def written(path):
    groups = RowGroups(path, TABLE, "fast")
    groups.add(Converter(TABLE).arrow(batch()))
    groups.close()
    return pq.ParquetFile(path)


def test_values_survive_the_way_over_arrow():
    rows = Converter(TABLE).arrow(batch(np.array([False, True, False]))).to_pydict()
    assert rows["load"] == [1.1, None, 0.0]
    assert [moment.minute for moment in rows["at"]] == [0, 1, 2]
    assert rows["host"] == ["a", "b", "a"]


def test_a_missing_value_where_none_may_be_is_refused():
    with pytest.raises(SinkError, match="host misses 1 values"):
        Converter(TABLE).arrow(batch(codes=(0, -1, 1)))


def test_columns_say_whether_values_may_be_missing(tmp_path):
    schema = written(tmp_path / "loads.parquet").schema_arrow
    assert [field.name for field in schema if field.nullable] == ["load"]


def test_what_repeats_is_kept_in_dictionaries_decimals_without_bounds_as_they_are_and_the_rest_in_differences(tmp_path):
    group = written(tmp_path / "loads.parquet").metadata.row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    dictionaries = [one.path_in_schema for one in columns if one.has_dictionary_page]
    assert dictionaries == ["host", "load", "weekday"]
    others = {one.path_in_schema: one.encodings for one in columns if not one.has_dictionary_page}
    assert "PLAIN" in others.pop("wait_ms")
    assert all("DELTA_BINARY_PACKED" in encodings for encodings in others.values())


def test_arrow_holds_what_the_batch_held_after_the_batch_has_gone():
    rows = [Converter(TABLE).arrow(batch()) for _ in range(50)]
    assert pa.Table.from_batches(rows).column("load").to_pylist() == [1.1, -0.07, 0.0] * 50
