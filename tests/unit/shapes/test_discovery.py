"""Shapes are found by lying in the folder, and scenarios are checked against what was found."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from ghostfleet import shapes
from ghostfleet.core.errors import ScenarioError
from ghostfleet.shapes.steady import Steady

FOLDER = Path(shapes.__path__[0])


class Flash(shapes.Shape, frozen=True, kw_only=True, tag="flash"):
    """A plug-in's shape."""


class Impostor(shapes.Shape, frozen=True, kw_only=True, tag="steady"):
    """A plug-in's shape that takes a shipped name."""


@pytest.fixture
def plugged(monkeypatch):
    def plug(value):
        entry = SimpleNamespace(name="x", value="x:X", load=lambda: value)
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [entry] if group == shapes.GROUP else [])
        shapes.kinds.cache_clear()

    yield plug
    monkeypatch.undo()
    shapes.kinds.cache_clear()


def test_every_module_of_the_folder_is_a_shape_of_its_name():
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert {name for name, kind in shapes.kinds().items() if kind.__module__.startswith(shapes.__name__)} == modules


@pytest.mark.parametrize("kind", sorted(shapes.kinds()))
def test_every_option_has_a_description(kind):
    schema = msgspec.json.schema(shapes.kinds()[kind])
    for part in schema["$defs"].values():
        assert part["description"]
        for name, option in part["properties"].items():
            assert name == "kind" or option["description"]


@pytest.mark.parametrize("kind", sorted(shapes.kinds()))
def test_every_shape_refuses_unknown_options(kind):
    with pytest.raises(msgspec.ValidationError, match="unknown field `colour`"):
        msgspec.convert({"kind": kind, "colour": 1}, shapes.union())


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"kind": "nope"}, "Invalid value 'nope'"),
        ({"kind": "weekend"}, "missing required field `factor`"),
        ({"kind": "weekend", "factor": -1}, ">= 0"),
        ({"kind": "working_hours", "factor": 1, "end_hour": 25}, "<= 24"),
        ({"kind": "business_hours", "start_hour": 18}, "must come after"),
        ({"kind": "market_hours", "open_hour": 5}, "must ascend"),
        ({"kind": "market_hours", "exchange": "XXXX"}, "XXXX"),
        ({"kind": "batch_processing", "night_end_hour": 21}, "passes midnight"),
        ({"kind": "event_driven", "burst_min": 9}, "burst_max"),
        ({"kind": "quarter_end", "months": [13]}, "<= 12"),
        ({"kind": "holidays", "country": "??"}, "country"),
        ({"kind": "maintenance", "windows": []}, "length >= 1"),
    ],
)
def test_wrong_options_are_refused(options, complaint):
    with pytest.raises(msgspec.ValidationError, match=complaint):
        msgspec.convert(options, shapes.union())


def test_a_plug_in_adds_a_shape(plugged):
    plugged(Flash)
    assert msgspec.convert({"kind": "flash"}, shapes.union()) == Flash()


def test_two_shapes_of_one_name_are_an_error(plugged):
    plugged(Impostor)
    with pytest.raises(ScenarioError, match="two shapes are called 'steady'"):
        shapes.kinds()


def test_an_entry_point_that_is_no_shape_is_an_error(plugged):
    plugged(dict)
    with pytest.raises(ScenarioError, match="no Shape"):
        shapes.kinds()


def test_a_shipped_shape_may_be_plugged_in_again(plugged):
    plugged(Steady)
    assert shapes.kinds()["steady"] is Steady


def test_importing_the_room_imports_no_shape():
    code = (
        "import sys, ghostfleet.shapes; print([name for name in sys.modules if name.startswith('ghostfleet.shapes.')])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
