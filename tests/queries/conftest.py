"""Data sets that several tests read."""

from __future__ import annotations

import pytest

from tests.queries import estates, material, shops


@pytest.fixture(scope="session")
def good(tmp_path_factory):
    return material.Good(material.write(tmp_path_factory.mktemp("good")))


@pytest.fixture(scope="session")
def expected():
    return material.expectations()


@pytest.fixture(scope="session")
def estate(tmp_path_factory):
    return estates.generate(tmp_path_factory.mktemp("estate"))


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    return shops.generate(tmp_path_factory.mktemp("shop"))
