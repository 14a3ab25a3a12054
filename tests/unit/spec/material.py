"""Scenarios to load in tests, and the complaint that a bad one raises."""

import pytest

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec import loading, reading

CAPACITY = loading.shipped()["capacity"]


def load(*assignments, text=CAPACITY, config=None, environment=None, flags=None, overrides=None):
    """Load the capacity scenario, or another text, under some settings."""
    settings = loading.Settings(
        config=reading.read(config, "my.yaml") if config is not None else None,
        environment=environment or {},
        assignments=assignments,
        flags=flags or {},
        overrides=overrides or {},
    )
    return loading.load(reading.read(text, "capacity.yaml"), settings)


def complaint(*assignments, **rest):
    """Message of the error that loading raises."""
    with pytest.raises(ScenarioError) as caught:
        load(*assignments, **rest)
    return str(caught.value)


def line_of(text, part):
    """Line, from 1, at which a part of a text stands."""
    return text[: text.index(part)].count("\n") + 1
