import numpy as np
import pytest

from ghostfleet.core.batch import Batch, Plain, Quanta, Text, Values, joined, quantise, split
from ghostfleet.core.table import Kind, Table, column

COLUMNS = (column("time", Kind.TIME, ""), column("host", Kind.TEXT, ""), column("load", Kind.F64, "", resolution=0.01))
TABLE = Table("loads", "loads of hosts", COLUMNS, ("time",), ("time",))


def batch(**other):
    columns: dict[str, Values] = {
        "time": Plain(np.arange(4)),
        "host": Text(np.array([1, 0, 1, 1]), ("a", "b")),
        "load": Quanta(np.array([1, 250, 99, 7]), 100, np.array([False, False, True, False])),
    }
    return Batch(TABLE, columns | other)


def test_a_batch_has_the_columns_of_its_table():
    with pytest.raises(ValueError, match="a batch of loads has columns"):
        batch(extra=Plain(np.arange(4)))


def test_columns_are_equally_long():
    with pytest.raises(ValueError, match="differ in length"):
        batch(time=Plain(np.arange(3)))


def test_a_slice_holds_its_rows_of_every_column():
    part = batch().slice(1, 3)
    assert len(part) == 2
    assert part["time"].values.tolist() == [1, 2]
    assert part["host"].codes.tolist() == [0, 1]
    assert part["host"].vocabulary == ("a", "b")
    assert part["load"].units.tolist() == [250, 99]
    assert part["load"].missing.tolist() == [False, True]


def test_a_compact_batch_says_the_same_in_its_own_words():
    whole = batch(host=Text(np.array([3, -1, 1, 3]), ("a", "b", "c", "d")))
    small = whole.compact()
    hosts = small["host"]
    assert isinstance(hosts, Text)
    assert hosts.vocabulary == ("b", "d")
    assert [hosts.vocabulary[code] if code >= 0 else None for code in hosts.codes.tolist()] == [
        "d",
        None,
        "b",
        "d",
    ]
    assert small["load"] is whole["load"]


def test_columns_of_a_compact_batch_share_their_codes_as_before():
    codes, texts = np.array([2, 0, 2, 2]), (column("one", Kind.TEXT, ""), column("two", Kind.TEXT, ""))
    table = Table("pairs", "texts of the same codes", texts, (), ())
    small = Batch(table, {"one": Text(codes, ("a", "b", "c")), "two": Text(codes, ("x", "y", "z"))}).compact()
    one, two = small["one"], small["two"]
    assert isinstance(one, Text)
    assert isinstance(two, Text)
    assert one.codes is two.codes
    assert (one.vocabulary, two.vocabulary) == (("a", "c"), ("x", "z"))


def test_quanta_are_the_doubles_nearest_to_their_texts():
    units = np.arange(-100_000, 100_000, 7)
    assert Quanta(units, 100).floats().tolist() == [float(f"{unit / 100:.2f}") for unit in units.tolist()]


def test_a_missing_value_is_not_a_number():
    assert np.isnan(batch()["load"].floats()).tolist() == [False, False, True, False]


def test_quantising_rounds_to_the_nearest_and_ties_to_even():
    values = np.array([0.125, 0.375, -0.125, 0.1249, 12.3456, 0])
    assert quantise(values, 100).units.tolist() == [12, 38, -12, 12, 1235, 0]


@pytest.mark.parametrize("items", [(), ("a",), ("a", "b"), ("", ""), ("a", "", "b;c")])
def test_a_list_of_texts_survives_being_joined(items):
    assert split(joined(items)) == items


@pytest.mark.parametrize("items", [("",), ("a\x1fb",)])
def test_a_list_that_could_not_be_split_again_is_refused(items):
    with pytest.raises(ValueError, match="cannot be told from"):
        joined(items)
