"""A scenario that extends another says only what is different."""

import pytest

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec import layers, loading, reading

BASE = """
scenario: base
tables: [server_metrics]
expect: {server_metrics: 10}
parameters:
  servers: {sets: data.num_servers, type: integer, default: 10, help: How many.}
extends: capacity
data:
  num_servers: 10
  metadata: {server_prefix: base-}
"""
OWN = """
scenario: own
extends: base.yaml
parameters:
  servers: {default: 3}
data:
  num_servers: 3
"""


def read(name, of):
    assert of == "own.yaml"
    assert name == "base.yaml"
    return reading.read(BASE, "base.yaml")


def loaded(own=OWN, **settings):
    return loading.load(loading.extended(reading.read(own, "own.yaml"), read), loading.Settings(**settings))


def complaint(own, find=read):
    with pytest.raises(ScenarioError) as caught:
        loading.load(loading.extended(reading.read(own, "own.yaml"), find))
    return str(caught.value)


def test_what_it_says_lies_over_what_its_bases_say():
    scenario = loaded().scenario
    assert scenario.scenario == "own"
    assert scenario.data.num_servers == 3
    assert scenario.data.metadata.server_prefix == "base-"
    assert scenario.fleet.shares  # of the shipped one below


def test_a_value_comes_from_the_file_and_line_that_says_it():
    made = loaded()
    assert made.origin(("data", "num_servers")) == "own.yaml:7"
    assert made.origin(("data", "metadata", "server_prefix")) == "base.yaml:10"
    assert made.origin(("fleet", "shares")).startswith("capacity.yaml:")


def test_a_parameter_of_a_base_is_taken_back_by_null():
    own = OWN.replace("{default: 3}", "null")
    declared = loading.declared(loading.extended(reading.read(own, "own.yaml"), read))
    assert "servers" not in declared
    assert "servers" in loading.declared(reading.read(BASE, "base.yaml"))
    assert loaded(own).scenario.data.num_servers == 3


def test_a_parameter_of_a_base_is_one_of_its_own_and_may_have_another_default():
    document = loading.extended(reading.read(OWN, "own.yaml"), read)
    assert loading.declared(document)["servers"].default == 3
    assert loading.declared(document)["servers"].help == "How many."
    assert loaded(flags={"servers": 5}).scenario.data.num_servers == 5


def test_expectations_are_one_value_and_not_mixed_with_those_of_a_base():
    assert loaded().scenario.expect == {"server_metrics": 10}
    assert loaded(f"{OWN}expect: {{server_metrics: 3}}\n").scenario.expect == {"server_metrics": 3}


def test_the_effective_scenario_stands_alone():
    made = loaded()
    assert made.scenario.extends is None
    assert loading.restore(made.effective(), "manifest") == made.scenario
    assert "base.yaml" in made.origin(("extends",))


def test_a_shipped_base_is_found_without_a_reader():
    document = reading.read("scenario: own\nextends: hosts\nhosts: {count: 3}\n", "own.yaml")
    assert loading.load(document).effective()["hosts"]["count"] == 3
    assert layers.section(document, "hosts") == {"count": 3}  # nothing is behind it before it is asked for
    assert layers.section(document, "tables") is None
    assert layers.section(loading.extended(document), "tables") == ["host_metrics"]


def test_an_anchor_of_its_own_is_not_blamed_on_a_base():
    own = "scenario: own\nextends: base.yaml\ndata: &mine {num_servers: x}\n"
    assert complaint(own).startswith("own.yaml:3: data.num_servers: expected a whole number")


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("scenario: own\nextends: bas\n", "own.yaml:2: extends: there is no scenario bas; shipped are capacity, "),
        ("scenario: own\nextends: [hosts]\n", "own.yaml:2: extends: expected the name of a scenario"),
        ("extends: hosts\n", "own.yaml: the key scenario is missing; one that extends hosts needs a name of its own"),
        ("scenario: own\nextends: base.yaml\ndata: {num_server: 1}\n", "own.yaml:3: unknown key data.num_server"),
    ],
)
def test_a_mistake_is_told_at_its_line(own, said):
    assert complaint(own).startswith(said)


def test_a_mistake_of_a_base_is_told_at_the_base_s_line():
    wrong = BASE.replace("num_servers: 10\n", "num_servers: ten\n", 1)
    own = OWN.replace("  num_servers: 3\n", "  compression: false\n")
    assert complaint(own, lambda *_: reading.read(wrong, "base.yaml")).startswith("base.yaml:9: data.num_servers: ")


def test_a_circle_is_refused():
    circle = "scenario: base\nextends: own.yaml\n"
    said = complaint(OWN, lambda name, _of: reading.read(circle if name == "base.yaml" else OWN, name))
    assert said == "base.yaml:3: extends: this closes a circle: own.yaml → base.yaml → own.yaml".replace(":3:", ":2:")


def test_long_chains_are_refused():
    def longer(name, _of):
        return reading.read(f"scenario: x\nextends: a{name}\n", name)

    assert "more than 8 build on each other" in complaint("scenario: x\nextends: a.yaml\n", longer)


@pytest.mark.parametrize(
    "settings", [{"assignments": ("extends=hosts",)}, {"environment": {"GHOSTFLEET_EXTENDS": "x"}}]
)
def test_no_other_layer_may_name_a_base(settings):
    with pytest.raises(ScenarioError, match="extends names what all else is laid over, so it is read from own"):
        loaded(**settings)
