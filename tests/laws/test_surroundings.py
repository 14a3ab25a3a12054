"""Neither process, nor CPU, nor machine is a cause: for all surroundings e, G in e = G."""

from functools import cache

import pytest

from tests.laws import surroundings
from tests.laws.surroundings import WITHOUT_SIMD, digests

SURROUNDINGS = {
    "hash seed 1": {"PYTHONHASHSEED": "1"},
    "hash seed random": {"PYTHONHASHSEED": "random"},
    "SIMD off": WITHOUT_SIMD,
    "Tokyo, C": {"TZ": "Asia/Tokyo", "LC_ALL": "C", "LANG": "tr_TR.UTF-8"},
}
MUTANTS = [
    ("hash_of_the_process", "hash seed 1"),
    ("hash_of_the_process", "hash seed random"),
    ("times_of_the_wall", "Tokyo, C"),
    ("numbers_of_the_locale", "Tokyo, C"),
]
PLAIN = {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}


@cache
def at_home() -> str:
    return digests(PLAIN)


@pytest.mark.parametrize("name", list(SURROUNDINGS))
def test_surroundings_change_no_value(name):
    assert digests(PLAIN | SURROUNDINGS[name]) == at_home()


def test_another_folder_changes_no_value(tmp_path):
    assert digests(PLAIN, cwd=tmp_path) == at_home()


@pytest.mark.parametrize(("mutant", "name"), MUTANTS)
def test_the_law_of_surroundings_bites(mutant, name):
    assert digests(PLAIN, mutant) != digests(PLAIN | SURROUNDINGS[name], mutant)


def test_the_law_of_folders_bites(tmp_path):
    assert digests(PLAIN, "names_of_the_folder") != digests(PLAIN, "names_of_the_folder", cwd=tmp_path)


@pytest.mark.skipif(not surroundings.SIMD, reason="this CPU has no SIMD to switch off")
def test_the_law_of_cpus_bites():
    mutant = "transcendentals_of_the_library"
    assert digests(PLAIN, mutant) != digests(PLAIN | WITHOUT_SIMD, mutant)
