"""The digest of values depends on the values alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfleet.core.batch import Batch, Plain, Quanta, Spelled, Text, Values, spelt
from ghostfleet.sinks.arrow.convert import Converter, digest_arrow
from ghostfleet.sinks.digest import ValueDigest
from tests.sinks.documents import DOCUMENTS
from tests.sinks.rows import ROWS, TABLE, rows


def digest(*batches: Batch) -> str:
    one = ValueDigest()
    for batch in batches:
        one.write(batch)
    return one.hexdigest()


@pytest.mark.parametrize("table", [TABLE, DOCUMENTS], ids=["rows", "documents"])
@given(bounds=st.lists(st.integers(0, ROWS)))
def test_where_batches_begin_makes_no_difference(table, bounds):
    edges = [0, *sorted(bounds), ROWS]
    whole = rows(ROWS, table)
    assert digest(*[whole.slice(*pair) for pair in pairwise(edges)]) == digest(whole)


@pytest.mark.parametrize("table", [TABLE, DOCUMENTS], ids=["rows", "documents"])
@given(count=st.integers(0, ROWS))
def test_arrow_has_the_digest_of_its_batch(table, count):
    batch = rows(ROWS, table).slice(0, count)
    converted = Converter(table).arrow(batch)
    plain = pa.RecordBatch.from_arrays(
        [array.cast(pa.string()) if pa.types.is_dictionary(array.type) else array for array in converted.columns],
        names=[one.flat_name for one in table.columns],
    )
    for form in (converted, plain):
        one = ValueDigest()
        digest_arrow(one, form.slice(0, count // 3))
        digest_arrow(one, form.slice(count // 3))
        assert one.hexdigest() == digest(batch)


def test_a_spelled_text_has_the_digest_of_the_same_text_in_a_vocabulary():
    batch = rows(ROWS, DOCUMENTS)
    other = dict(batch.columns)
    for name, values in batch.columns.items():
        if isinstance(values, Spelled):
            texts = spelt(values)
            known = list(dict.fromkeys(text for text in texts if text is not None))
            other[name] = Text(np.array([-1 if text is None else known.index(text) for text in texts]), tuple(known))
    looked_up = Batch(DOCUMENTS, other)
    assert digest(looked_up) == digest(batch)
    told = [Converter(DOCUMENTS).arrow(one).to_pylist() for one in (batch, looked_up)]
    assert told[0] == told[1]


@pytest.mark.parametrize("name", ["@time", "source.place.seen"])
def test_a_finer_time_counts_to_its_last_unit(name):
    batch = rows(ROWS, DOCUMENTS)
    times = batch[name]
    assert isinstance(times, Plain)
    later = Plain(times.values + (np.arange(ROWS) == 1), times.missing)
    assert digest(replace(batch, columns={**batch.columns, name: later})) != digest(batch)


def test_the_order_of_a_vocabulary_makes_no_difference():
    batch = rows()
    host = batch["host"]
    assert isinstance(host, Text)
    turned = np.where(host.codes < 0, -1, len(host.vocabulary) - 1 - host.codes)
    other = replace(batch, columns={**batch.columns, "host": Text(turned, host.vocabulary[::-1])})
    assert digest(other) == digest(batch)


def test_what_lies_under_a_missing_value_makes_no_difference():
    batch = rows()
    load = batch["load"]
    assert isinstance(load, Quanta)
    assert load.missing is not None
    hidden = np.where(load.missing, 77, load.units)
    other = replace(batch, columns={**batch.columns, "load": Quanta(hidden, load.per_one, load.missing)})
    assert digest(other) == digest(batch)


def test_a_quantised_value_is_the_double_that_it_stands_for():
    batch = rows()
    load = batch["load"]
    assert isinstance(load, Quanta)
    other = replace(batch, columns={**batch.columns, "load": Plain(load.floats(), load.missing)})
    assert digest(other) == digest(batch)


@pytest.mark.parametrize("name", TABLE.names)
def test_every_column_counts(name):
    batch = rows()
    values = batch[name]
    changed: Values
    if isinstance(values, Text):
        changed = Text(np.where(np.arange(ROWS) == 5, 0, values.codes), values.vocabulary)
    elif isinstance(values, Quanta):
        changed = Quanta(values.units + (np.arange(ROWS) == 5).astype(np.int32), values.per_one, values.missing)
    else:
        assert isinstance(values, Plain)
        numbers = values.values.copy()
        numbers[1] = not numbers[1] if numbers.dtype == bool else 7
        changed = Plain(numbers, values.missing)
    assert digest(replace(batch, columns={**batch.columns, name: changed})) != digest(batch)


def test_a_missing_value_is_not_a_zero():
    def one(missing: bool) -> str:
        batch = rows(1)
        zero = {**batch.columns, "count": Plain(np.array([0]), np.array([missing]))}
        return digest(replace(batch, columns=zero))

    assert one(missing=True) != one(missing=False)


def test_two_missing_values_do_not_change_places_unnoticed():
    def one(*gone: int) -> str:
        batch = rows(4)
        where = np.isin(np.arange(4), gone)
        return digest(replace(batch, columns={**batch.columns, "count": Plain(np.zeros(4, int), where)}))

    assert len({one(0), one(1), one(2), one(0, 1), one(1, 2), one()}) == 6


def test_two_rows_do_not_change_places_unnoticed():
    order = np.arange(ROWS)
    order[[3, 4]] = order[[4, 3]]
    batch = rows()
    count = batch["count"]
    assert isinstance(count, Plain)
    assert count.missing is not None
    other = {**batch.columns, "count": Plain(count.values[order], count.missing[order])}
    assert digest(replace(batch, columns=other)) != digest(batch)


@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_changes_of_simple_numbers_in_one_row_do_not_cancel(load, ratio, other_load, other_ratio):
    def one(units: int, value: int) -> str:
        batch = rows(1)
        changed: dict[str, Values] = {"load": Quanta(np.array([units]), 1), "ratio": Plain(np.array([float(value)]))}
        return digest(replace(batch, columns={**batch.columns, **changed}))

    assert (one(load, ratio) == one(other_load, other_ratio)) == ((load, ratio) == (other_load, other_ratio))


def test_a_value_does_not_change_columns_unnoticed():
    def one(load: float, ratio: float) -> str:
        batch = rows(1)
        changed = {"load": Plain(np.array([load])), "ratio": Plain(np.array([ratio]))}
        return digest(replace(batch, columns={**batch.columns, **changed}))

    assert one(1.5, 2.5) != one(2.5, 1.5)


@pytest.mark.parametrize(
    ("one", "other"), [([], [""]), ([], [None]), (None, []), (["a"], ["a", None]), (["a"], ["a", ""])]
)
def test_lists_that_differ_differ_in_their_digests(one, other):
    def of(items):
        found = ValueDigest()
        digest_arrow(found, pa.record_batch({"tags": pa.array([items], pa.list_(pa.string()))}))
        return found.hexdigest()

    assert of(one) != of(other)
