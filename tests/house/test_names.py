"""A file is small, and named after the idea it serves."""

import pytest

from tests.house.rules import MOST_LINES, misnamed, place, repository_files


def test_no_file_is_named_as_a_drawer_for_odds_and_ends():
    assert {place(path) for path in repository_files() if misnamed(place(path))} == set()


def test_no_module_is_longer_than_can_be_read_in_one_sitting():
    lengths = {place(path): len(path.read_text().splitlines()) for path in repository_files() if path.suffix == ".py"}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


@pytest.mark.parametrize("path", ["src/ghostfleet/utils.py", "src/ghostfleet/common/time.py", "tests/helpers.py"])
def test_a_drawer_is_seen(path):
    assert misnamed(path)


@pytest.mark.parametrize("path", ["src/ghostfleet/core/draw.py", "src/ghostfleet/queries/database.py", ".ci/run"])
def test_an_idea_is_fine(path):
    assert not misnamed(path)
