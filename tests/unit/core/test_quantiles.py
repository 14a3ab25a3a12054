"""Normal quantiles, tabled and computed, are those of the kept library; a changed table is refused."""

import runpy
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from ghostfleet.core import quantiles
from ghostfleet.core.errors import DataError

SCRIPT = Path(__file__).parents[3] / "scripts" / "make_quantiles.py"
EXACT = NormalDist().inv_cdf


@pytest.mark.parametrize("name", ["normal_body", "normal_tail"])
def test_shipped_tables_are_what_the_script_makes(name):
    script = runpy.run_path(str(SCRIPT))
    np.testing.assert_array_max_ulp(getattr(quantiles, name)(), np.array(script[name](), np.float32), 1)


def test_a_table_that_was_changed_is_refused(tmp_path, monkeypatch):
    (tmp_path / "CHECKSUMS").write_text("0" * 64 + "  normal_body.f32\n")
    (tmp_path / "normal_body.f32").write_bytes(b"\0" * 8)
    monkeypatch.setattr(quantiles, "DATA", tmp_path)
    with pytest.raises(DataError, match=r"data/normal_body\.f32 is not the released file"):
        quantiles.shipped("normal_body.f32")


def test_computed_quantiles_are_those_of_the_kept_library():
    u = np.concatenate([np.arange(1, 4000) / 4000, 10.0 ** -np.linspace(3, 300, 300), 1 - 2.0 ** -np.arange(9.0, 53)])
    expected = np.array([EXACT(value) for value in u])
    np.testing.assert_allclose(quantiles.normal_quantile(u), expected, rtol=4e-15, atol=1e-16)


def test_computed_quantiles_grow_and_end_where_doubles_do():
    found = quantiles.normal_quantile(np.linspace(0, 1, 100_001))
    assert (np.diff(found) > 0).all()
    assert found[[0, 50_000, -1]] == pytest.approx([-37.5, 0, 37.5], abs=0.02)
