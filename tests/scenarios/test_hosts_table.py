"""Numbers of hosts.toml are edited in place: the wanted one and no other, and its line says that it was fitted."""

import re
import tomllib
from pathlib import Path

import pytest

from scripts import fit_hosts
from scripts.numbers_in_place import put, replaced, value_at, written

TEXT = fit_hosts.TABLE.read_text(encoding="utf-8")
PATHS = [pair.path for pair in fit_hosts.PAIRS]
TINY = """[one]
a = 1.0
b = { x = [1.0, 2.0], y = [1.0, 2.0] } # of both
[two]
a = [1.0, 1.0]
"""


@pytest.mark.parametrize("path", PATHS)
def test_every_fitted_parameter_is_in_the_table_once_and_alone_is_replaced(path):
    assert PATHS.count(path) == 1
    before = tomllib.loads(TEXT)
    after = tomllib.loads(replaced(TEXT, path, 0.4321))
    assert value_at(path, after) == 0.4321
    put(path, value_at(path, before), after)
    assert after == before


def test_every_line_of_a_fitted_parameter_says_so_and_no_other():
    assert written(TEXT, {path: value_at(path, tomllib.loads(TEXT)) for path in PATHS}) == TEXT
    lines = {tuple(re.split(r"[.\[]", path)[:2]) for path in PATHS}
    assert len(re.findall(r"^\w+ = .*# fitted", TEXT, re.MULTILINE)) == len(lines)


def test_numbers_change_where_they_stand():
    changed = written(TINY, {"one.b.y[1]": 5.0, "two.a[0]": 3.0, "two.a[1]": 4.0})
    assert (
        changed
        == """[one]
a = 1.0
b = { x = [1.0, 2.0], y = [1.0, 5.0] } # fitted: y[1]; of both
[two]
a = [3.0, 4.0] # fitted
"""
    )
    assert written(changed, {"one.b.y[1]": 2.0}) == changed.replace("5.0", "2.0")


@pytest.mark.parametrize("path", ["one.b.z[0]", "one.b.y[2]", "one.a[1]", "one.c", "three.a", "one"])
def test_a_number_that_is_not_there_is_refused(path):
    with pytest.raises(ValueError, match=r"number|no line"):
        replaced(TINY, path, 7.0)


def test_a_public_set_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"bitbrains\.parquet: there is no such file; --real is the folder"):
        fit_hosts.real_rows(Path(tmp_path, "bitbrains.parquet"), ["cpu"])
