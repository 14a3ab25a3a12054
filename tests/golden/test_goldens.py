"""A changed golden is a bug, or a "data change" in the changelog; `make goldens` renews them."""

import json

import pytest

from ghostfleet.spec import loading
from tests.golden import goldens
from tests.laws import surroundings


@pytest.mark.parametrize("scenario", list(goldens.CASES))
def test_a_scenario_gives_what_it_gave(scenario):
    assert goldens.made(scenario) == goldens.kept(scenario)


def test_goldens_are_the_same_without_simd():
    made = surroundings.python("-m", "tests.golden.goldens", variables=surroundings.WITHOUT_SIMD)
    assert json.loads(made) == {scenario: goldens.kept(scenario) for scenario in goldens.CASES}


def test_every_shipped_scenario_has_a_golden():
    assert set(goldens.CASES) == set(loading.shipped())
