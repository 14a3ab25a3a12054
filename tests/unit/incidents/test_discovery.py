"""Kinds of incidents are found by lying in the folder, and scenarios are checked against what was found."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from ghostfleet import incidents
from ghostfleet.core.errors import ScenarioError
from ghostfleet.incidents.bad_deploy import BadDeploy
from ghostfleet.spec.estate.incidents import SECTIONS
from ghostfleet.state.estate.influences import ADDED

FOLDER = Path(incidents.__path__[0])
KINDS = sorted(incidents.kinds())


class Flood(incidents.Incident, frozen=True, kw_only=True, tag="flood"):
    """A plug-in's kind."""


class Impostor(incidents.Incident, frozen=True, kw_only=True, tag="bad_deploy"):
    """A plug-in's kind that takes a shipped name."""


@pytest.fixture
def plugged(monkeypatch):
    def plug(value):
        entry = SimpleNamespace(name="x", value="x:X", load=lambda: value)
        monkeypatch.setattr(
            importlib.metadata, "entry_points", lambda group: [entry] if group == incidents.GROUP else []
        )
        incidents.kinds.cache_clear()

    yield plug
    monkeypatch.undo()
    incidents.kinds.cache_clear()


def test_every_module_of_the_folder_is_a_kind_of_its_name():
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    found = incidents.kinds().items()
    assert {name for name, kind in found if kind.__module__.startswith(incidents.__name__)} == modules


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_has_a_description(kind):
    schema = msgspec.json.schema(incidents.kinds()[kind])
    for part in schema["$defs"].values():
        assert part["description"]
        for name, option in part["properties"].items():
            assert name == "kind" or option["description"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_people_write_down(kind):
    made = incidents.kinds()[kind]()
    assert "{root}" in made.TITLE
    assert made.TITLE.format(root="x") != made.TITLE
    assert made.TYPE in {"outage", "performance", "security"}
    assert made.CAUSE.islower()
    assert made.USD_PER_MINUTE > 0
    assert {selector.label for selector in made.whom()} <= set(SECTIONS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_effect_changes_something(kind):
    effects = incidents.kinds()[kind]().effects()
    assert effects
    assert all(effect.parameter in incidents.PARAMETERS for effect in effects)
    assert all(effect.size != (0 if effect.parameter in ADDED else 1) for effect in effects)


@pytest.mark.parametrize(
    ("kind", "minutes"),
    [
        ("payment_timeout", (5, 15)),
        ("trading_latency_spike", (15, 45)),
        ("market_data_interruption", (5, 20)),
        ("authentication_failure", (20, 60)),
        ("memory_leak", (60, 180)),
    ],
)
def test_documented_minutes(kind, minutes):
    assert incidents.kinds()[kind]().minutes == minutes


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [
        ("trading_latency_spike", 500_000, 2_000_000),
        ("market_data_interruption", 1_000_000, 5_000_000),
        ("authentication_failure", 200_000, 800_000),
        ("memory_leak", 50_000, 200_000),
    ],
)
def test_documented_revenue(kind, least, most):
    """EST-17: the shortest costs about the least, the longest about the most."""
    made = incidents.kinds()[kind]()
    shortest, longest = (minutes * made.USD_PER_MINUTE for minutes in made.minutes)
    assert 0.9 * least <= shortest < longest <= 1.25 * most


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"kind": "nope"}, "Invalid value 'nope'"),
        ({"kind": "bad_deploy", "colour": 1}, "unknown field `colour`"),
        ({"kind": "bad_deploy", "failure": 2}, "<= 1"),
        ({"kind": "bad_deploy", "minutes": [5, 1]}, "ends at 1.0 before it begins at 5.0"),
        ({"kind": "bad_deploy", "strength": 0}, "> 0"),
    ],
)
def test_wrong_options_are_refused(options, complaint):
    with pytest.raises(msgspec.ValidationError, match=complaint):
        msgspec.convert(options, incidents.union())


def test_a_plug_in_adds_a_kind(plugged):
    plugged(Flood)
    assert msgspec.convert({"kind": "flood"}, incidents.union()) == Flood()


def test_two_kinds_of_one_name_are_an_error(plugged):
    plugged(Impostor)
    with pytest.raises(ScenarioError, match="two kinds of incident are called 'bad_deploy'"):
        incidents.kinds()


def test_an_entry_point_that_is_no_incident_is_an_error(plugged):
    plugged(dict)
    with pytest.raises(ScenarioError, match="no Incident"):
        incidents.kinds()


def test_a_shipped_kind_may_be_plugged_in_again(plugged):
    plugged(BadDeploy)
    assert incidents.kinds()["bad_deploy"] is BadDeploy


def test_a_scenario_without_an_estate_imports_no_kind():
    code = (
        "import sys; from ghostfleet.spec import loading, reading; "
        "loading.load(reading.read(loading.shipped()['capacity'], 'capacity.yaml')); "
        "print([name for name in sys.modules if name.startswith('ghostfleet.incidents')])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
