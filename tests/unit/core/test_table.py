import pytest

from ghostfleet.core.table import Fold, Kind, Table, column

COLUMNS = (
    column("time", Kind.TIME, "when"),
    column("host", Kind.TEXT, "who", group="names"),
    column("load", Kind.F64, "how much", resolution=0.01),
)


def table(keys=("time",), order=("time",), **rest):
    return Table("loads", "loads of hosts", COLUMNS, keys, order, **rest)


@pytest.mark.parametrize("rest", [{"keys": ("when",)}, {"order": ("when",)}])
def test_a_table_is_not_keyed_or_ordered_by_what_it_lacks(rest):
    with pytest.raises(ValueError, match="loads is keyed or ordered by when"):
        table(**rest)


def test_columns_are_found_by_name_and_stand_in_written_order():
    assert table().names == ("time", "host", "load")
    assert table()["host"] is COLUMNS[1]
    with pytest.raises(KeyError):
        table()["cpu"]


def test_a_group_of_columns_can_be_left_out():
    assert table().without(frozenset({"names"})).names == ("time", "load")
    assert table(stem="full").without(frozenset()) == table(stem="full")


def test_a_key_cannot_be_left_out():
    with pytest.raises(ValueError, match="keyed or ordered by host"):
        table(keys=("host", "time")).without(frozenset({"names"}))


def test_the_stem_of_a_file_is_the_name_unless_documents_say_otherwise():
    assert (table().file_stem, table(stem="full").file_stem) == ("loads", "full")


@pytest.mark.parametrize(("resolution", "decimals"), [(1, 0), (10, 0), (0.1, 1), (0.01, 2), (0.001, 3), (1e-6, 6)])
def test_decimals_follow_from_the_resolution(resolution, decimals):
    assert column("x", Kind.F64, "", resolution=resolution).decimals == decimals


def test_a_column_without_resolution_has_no_decimals():
    with pytest.raises(ValueError, match="column x has no resolution"):
        assert column("x", Kind.F64, "").decimals


@pytest.mark.parametrize("rest", [{"fold": Fold.WEIGHTED}, {"by": "reads"}, {"fold": Fold.SUM, "by": "reads"}])
def test_a_fold_names_its_weight_if_it_is_weighted_and_only_then(rest):
    with pytest.raises(ValueError, match="column x must name its weight if, and only if, its fold is weighted"):
        column("x", Kind.F64, "", **rest)
    assert column("x", Kind.F64, "", fold=Fold.WEIGHTED, by="reads").by == "reads"
