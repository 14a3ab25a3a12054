from datetime import date
from itertools import product
from typing import Any

import msgspec
import pytest

from ghostfleet.spec import keys, loading, reading
from tests.unit.spec.material import CAPACITY, complaint, line_of, load

LAYERS: dict[str, tuple[dict[str, Any], int, str]] = {
    "config": ({"config": "data:\n  num_servers: 20\n"}, 20, "my.yaml:2"),
    "environment": (
        {"environment": {"GHOSTFLEET_DATA__NUM_SERVERS": "30"}},
        30,
        "environment variable GHOSTFLEET_DATA__NUM_SERVERS",
    ),
    "command": ({"flags": {"servers": 40}}, 40, "--servers"),
}


@pytest.mark.parametrize("present", list(product([False, True], repeat=3)))
def test_the_strongest_layer_wins_and_is_the_origin(present):
    settings: dict[str, Any] = {}
    wanted: tuple[object, str] = (120, "default of parameter servers")
    for here, (setting, servers, place) in zip(present, LAYERS.values(), strict=True):
        if here:
            settings |= setting
            wanted = (servers, place)
    loaded = load(**settings)
    assert loaded.scenario.servers.num_servers == wanted[0]
    assert loaded.origin(("data", "num_servers")).endswith(wanted[1])


def test_an_assignment_is_as_strong_as_a_flag_and_later_ones_win():
    assert load("data.num_servers=5", "data.num_servers=6").scenario.servers.num_servers == 6
    assert (
        load("data.num_servers=5", environment={"GHOSTFLEET_DATA__NUM_SERVERS": "9"}).scenario.servers.num_servers == 5
    )


def test_the_origin_of_each_value_is_told():
    loaded = load("data.calendar=false")
    mean = line_of(CAPACITY, "cpu_percent: {mean: 45")
    default = line_of(CAPACITY, "default: 120")
    assert loaded.origin(("data", "calendar")) == "--set data.calendar"
    assert loaded.origin(("data", "validation", "min_history_days")) == "built-in default"
    assert loaded.origin(("fleet", "archetypes", "web", "cpu_percent", "mean")) == f"capacity.yaml:{mean}"
    assert loaded.origin(("data", "num_servers")) == f"capacity.yaml:{default}, default of parameter servers"


@pytest.mark.parametrize(
    ("name", "text", "path", "wanted"),
    [
        ("DATA__NUM_SERVERS", "50", "data.num_servers", 50),
        ("DATA__SEASONALITY__WEEKEND_FACTOR", "0.75", "data.seasonality.weekend_factor", 0.75),
        ("DATA__SEASONALITY__WEEKEND_FACTOR", "1", "data.seasonality.weekend_factor", 1.0),
        ("DATA__SEASONALITY__QUARTERLY_PEAKS", "false", "data.seasonality.quarterly_peaks", False),
        ("DATA__SEASONALITY__EOQ_MONTHS", "[1, 4]", "data.seasonality.eoq_months", [1, 4]),
        (
            "DATA__METADATA__CRITICALITY_LOAD",
            "{High: 2}",
            "data.metadata.criticality_load",
            {"High": 2.0, "Medium": 1.0, "Low": 0.93},
        ),
        ("DATA__START_DATE", "2023-04-05", "data.start_date", "2023-04-05"),
        ("DATA__GENERATED_DATA_PATH", "out/12:30", "data.generated_data_path", "out/12:30"),
        ("DATA__GENERATED_DATA_PATH", "'5'", "data.generated_data_path", "5"),
        ("LOGGING__FILE", "null", "logging.file", None),
        ("FLEET__ARCHETYPES__WEB__SPIKES__PROBABILITY", "0.5", "fleet.archetypes.web.spikes.probability", 0.5),
    ],
)  # fmt: skip
def test_a_variable_is_read_as_yaml_and_two_underscores_separate_levels(name, text, path, wanted):
    tree = msgspec.json.decode(msgspec.json.encode(load(environment={f"GHOSTFLEET_{name}": text}).effective()))
    for step in path.split("."):
        tree = tree[step]
    assert tree == wanted
    assert type(tree) is type(wanted)


def test_variables_of_others_and_the_one_that_names_the_config_are_no_settings():
    environment = {"GHOSTFLEET_CONFIG": "my.yaml", "PATH": "/bin", "GHOSTFLEETS_DATA__X": "1"}
    assert load(environment=environment).effective() == load().effective()


def test_an_end_date_sets_the_default_number_of_years_aside():
    loaded = load(flags={"end_date": "2022-03-31"})
    assert loaded.scenario.servers.years_of_data is None
    assert loaded.scenario.servers.last_day == date(2022, 3, 31)
    assert "stronger layer" in loaded.origin(("data", "years_of_data"))


def test_a_config_file_replaces_lists_and_merges_mappings():
    loaded = load(config="fleet: {archetypes: {web: {spikes: {probability: 0.5}}}}\ntables: [other]")
    assert loaded.scenario.fleet.archetypes["web"].spikes == type(loaded.scenario.fleet.archetypes["web"].spikes)(
        0.5, 1.8
    )
    assert loaded.scenario.tables == ("other",)


@pytest.mark.parametrize(
    ("start", "years", "last"),
    [
        ("2022-01-01", 4, date(2025, 12, 31)),
        ("2022-05-15", 1, date(2023, 5, 14)),
        ("2024-02-29", 1, date(2025, 2, 28)),
        ("2024-02-29", 4, date(2028, 2, 28)),
        ("2023-03-01", 1, date(2024, 2, 29)),
        ("2023-02-28", 1, date(2024, 2, 27)),
    ],
)
def test_years_end_the_day_before_their_anniversary(start, years, last):
    assert load(flags={"start_date": start, "years": years}).scenario.servers.last_day == last


def test_the_last_day_counts_to_its_end():
    since_s, until_s = load().scenario.servers.span_s
    assert (until_s - since_s) // 86400 == 1461


SETTINGS = [
    {},
    {"flags": {"end_date": "2023-03-31", "servers": 7}},
    {"environment": {"GHOSTFLEET_DATA__QUALITY__MISSING_RATIO": "0.01"}},
    {"config": "data: {granularity: hourly, seasonality: {eoq_months: [1]}}\nlogging: {file: null}"},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_restored_scenario_makes_the_same_data(settings):
    before = load(**settings)
    recorded = msgspec.json.decode(msgspec.json.encode(before.effective()))
    after = loading.restore(recorded, "manifest.json")
    assert {**msgspec.to_builtins(after), "parameters": {}} == {**before.effective(), "parameters": {}}
    assert msgspec.structs.replace(after, parameters={}) == msgspec.structs.replace(before.scenario, parameters={})


BY_VARIABLE = [
    ("DATA__METADATA__BUSINESS_UNIT_LOAD__TRADING", "data.metadata.business_unit_load.Trading"),
    ("DATA__METADATA__BUSINESS_UNIT_LOAD__Trading", "data.metadata.business_unit_load.Trading"),
    ("data__metadata__business_unit_load__IT", "data.metadata.business_unit_load.IT"),
    ("DATA__METADATA__CRITICALITY_LOAD__high", "data.metadata.criticality_load.High"),
    ("FLEET__ARCHETYPES__WEB__WEEKEND_FACTOR", "fleet.archetypes.web.weekend_factor"),
]


@pytest.mark.parametrize(("variable", "path"), BY_VARIABLE)
def test_a_variable_reaches_a_key_whatever_its_case(variable, path):
    tree = load(environment={f"GHOSTFLEET_{variable}": "1.5"}).effective()
    for step in path.split("."):
        tree = tree[step]
    assert tree == 1.5


def test_an_underscore_of_a_variable_stands_for_signs_that_shells_refuse():
    made = load(environment={"GHOSTFLEET_DATA__METADATA__REGION_ZONES__US_EAST": "America/Chicago"})
    assert made.scenario.data.metadata.region_zones["US-East"] == "America/Chicago"


def test_a_variable_reaches_names_that_another_one_gives():
    made = load(environment={
        "GHOSTFLEET_DATA__METADATA__BUSINESS_UNIT_LOAD__FRONT_OFFICE": "2",
        "GHOSTFLEET_DATA__METADATA__BUSINESS_UNITS": "[Front Office, Back Office]",
    })  # fmt: skip
    assert made.scenario.data.metadata.business_unit_load == {"Front Office": 2.0}


def test_a_variable_that_may_mean_two_names_is_refused():
    variables = {
        "GHOSTFLEET_DATA__METADATA__BUSINESS_UNITS": "[Ops, OPS]",
        "GHOSTFLEET_DATA__METADATA__BUSINESS_UNIT_LOAD__oPs": "2",
    }
    assert "oPs may be Ops or OPS" in complaint(environment=variables)


# How each layer gives a mapping at a path.
def by_config(path, text):
    for step in reversed(path.split(".")):
        text = f"{{{step}: {text}}}"
    return {"config": text}


def by_variable(path, text):
    return {"environment": {f"GHOSTFLEET_{path.upper().replace('.', '__')}": text}}


def by_assignment(path, text):
    return {"assignments": (f"{path}={text}",)}


def by_parent(path, text):
    parent, _, key = path.rpartition(".")
    return {"assignments": (f"{parent}={{{key}: {text}}}",)}


WAYS = [by_config, by_variable, by_assignment, by_parent]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("path", "text", "wanted"),
    [
        ("fleet.shares", "{web: 0.5, db: 0.5}", {"web": 0.5, "db": 0.5}),  # one value: its parts sum to 1
        ("fleet.aliases", "{w: web}", {"w": "web"}),
        ("data.metadata.business_unit_load", "{IT: 2}", {"Trading": 1.12, "Retail": 1.04, "Compliance": 0.92, "IT": 2}),
        ("data.seasonality", "{weekly: true}", {"weekend_factor": 0.7, "weekly": True}),
        ("data.seasonality.eoq_months", "[1]", [1]),
    ],
)
def test_sections_merge_and_values_are_replaced_in_every_layer(way, path, text, wanted):
    own = CAPACITY.replace(
        "data: {}",
        "data: {seasonality: {weekly: false, weekend_factor: 0.7}, metadata: {business_unit_load: {Trading: 1.12}}}",
    ).replace("web: 0.35, application: 0.40, database: 0.15, batch: 0.10", "web: 0.5, database: 0.5")
    tree = laid(way(path, text), own, path)
    assert tree == wanted if not path.endswith("seasonality") else wanted.items() <= tree.items()


def laid(given, own, path):
    """What stands at a path of a scenario over which something was laid."""
    tree = msgspec.json.decode(msgspec.json.encode(load(*given.pop("assignments", ()), text=own, **given).effective()))
    for step in path.split("."):
        tree = tree[step]
    return tree


@pytest.mark.parametrize(
    ("way", "wanted"),
    [
        *((way, {"weekend_factor": 0.7, "weekly": False}) for way in (by_config, by_variable, by_parent)),
        (by_assignment, {"weekend_factor": 0.8, "weekly": True}),
    ],
)
def test_an_empty_section_says_nothing_unless_it_is_set_on_the_command_line(way, wanted):
    own = CAPACITY.replace("data: {}", "data: {seasonality: {weekly: false, weekend_factor: 0.7}}")
    assert wanted.items() <= laid(way("data.seasonality", "{}"), own, "data.seasonality").items()


def test_what_was_emptied_can_be_filled_again():
    empty = "estate.incidents.scheduled={}"
    one = "estate.incidents.scheduled.mine={incident: {kind: memory_leak}, per_day: 1}"
    document = reading.read(loading.shipped()["estate"], "estate.yaml")
    for assignments, names in (((empty,), set()), ((empty, one), {"mine"})):
        made = loading.load(document, loading.Settings(assignments=assignments))
        assert made.scenario.estate is not None
        assert set(made.scenario.estate.incidents.scheduled) == names
        assert "--set estate.incidents.scheduled" in made.origin(("estate", "incidents", "scheduled"))


def test_mappings_that_are_one_value_are_those_from_names_to_numbers_or_texts():
    whole = [
        *("fleet.shares", "fleet.aliases", "aliases", "expect"),
        *(f"data.metadata.{name}" for name in ("business_unit_load", "criticality_load", "region_zones")),
    ]
    assert all(keys.is_one_value(tuple(path.split("."))) for path in whole)
    sections = ["", "data", "data.metadata", "fleet", "fleet.archetypes", "fleet.archetypes.web", "parameters"]
    assert not any(keys.is_one_value(tuple(path.split(".")) if path else ()) for path in sections)


def test_shares_of_hosts_are_one_value():
    document = reading.read(loading.shipped()["hosts"], "hosts.yaml")
    config = reading.read("hosts: {profiles: {cloud: 1.0}}", "my.yaml")
    hosts = loading.load(document, loading.Settings(config=config)).scenario.hosts
    assert hosts is not None
    assert hosts.profiles.shares() == (0.0, 0.0, 1.0)
