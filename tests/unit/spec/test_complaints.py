import pytest

from ghostfleet.core.errors import ScenarioError
from tests.unit.spec.material import CAPACITY, complaint, line_of, load

# (what stands in the scenario, what a user makes of it, parts of the message)
BROKEN_FILES = [
    ("data: {}", "data: {num_server: 50}", ("unknown key data.num_server", "did you mean num_servers?", "valid here")),
    ("data: {}", "data: {seasonality: {weekly: NO}}", ("data.seasonality.weekly", "true or false", "a text")),
    ("data: {}", "data: {metadata: {regions: []}}", ("data.metadata.regions", "length >= 1")),
    ("data: {}", "data: {metadata: {regions: [Mars]}}", ("region_zones", "no time zone for Mars")),
    (
        "data: {}",
        "data:\n  metadata:\n    region_zones:\n      US-East: Mars/Base",
        ("data.metadata.region_zones.US-East: ", "Mars/Base"),
    ),
    (
        "data: {}",
        "data:\n  metadata:\n    regions: [EU, EU]",
        ("data.metadata.regions: it names EU twice",),
    ),
    (
        "{mean: 45, deviation: 15}",
        "{mean: 45, deviation: 15}\n      shapes: [{kind: lunch}]",
        ("fleet.archetypes.web.shapes.0.kind: 'lunch' is no load shape; valid are batch_processing",),
    ),
    (
        "{mean: 45, deviation: 15}",
        "{mean: 45, deviation: 15}\n      shapes:\n      - kind: weekend\n        factor: 2\n        at: 3",
        ("fleet.archetypes.web.shapes.0.at: a weekend has no such key (valid here: kind, factor)",),
    ),
    (
        "data: {}",
        "data: {metadata: {criticality_probs: [0.5, 0.2, 0.2]}}",
        ("data.metadata.criticality_probs: they must sum to 1", "0.9"),
    ),
    (
        "data: {}",
        "data: {metadata: {criticality_probs: [0.5, 0.5]}}",
        ("data.metadata.criticality_probs: 2 values for 3", "one each"),
    ),
    ("data: {}", "data: {seasonality: {eoq_months: [3, 13]}}", ("data.seasonality.eoq_months.1", "<= 12")),
    (
        "data: {}",
        "data: {seasonality: {working_hours: [17, 9]}}",
        ("data.seasonality.working_hours: they must end after they begin",),
    ),
    (
        "data: {}",
        "data:\n  metadata:\n    business_unit_load:\n      Tradng: 1.5",
        ("data.metadata.business_unit_load.Tradng: ", "no business unit Tradng", "Trading, Retail, Compliance, IT"),
    ),
    (
        "data: {}",
        "data:\n  metadata:\n    regions: [EU]\n    region_zones:\n      Asia: Asia/Tokyo",
        ("data.metadata.region_zones.Asia: ", "no region Asia", "regions are EU"),
    ),
    (
        "data: {}",
        "data: {metadata: {criticality_load: {Highest: 2}}}",
        ("data.metadata.criticality_load.Highest: ", "no criticality Highest", "High, Medium, Low"),
    ),
    ("aliases: {app: application", "aliases: {app: app", ("fleet.aliases.app: ", "unknown server type app")),
    ("web: 0.35", "web: 0.45", ("fleet", "must sum to 1", "web 0.45", "= 1.1")),
    ("web: 0.35", "wbe: 0.35", ("fleet", "unknown server type wbe", "web, database, application, batch, app, db")),
    ("web: 0.35", "web: -0.35", ("fleet.shares.web", ">= 0")),
    (
        "{cpu_memory: 0.5, cpu_disk: 0.1, cpu_network: 0.8",
        "{cpu_memory: 0.9, cpu_disk: 0.1, cpu_network: -0.8",
        ("fleet.archetypes.web.correlation", "not positive definite", "closer to 0"),
    ),
    (
        "{mean: 45, deviation: 15}",
        "{mean: 45, sd: 15}",
        ("unknown key fleet.archetypes.web.cpu_percent.sd", "deviation"),
    ),
    ("{mean: 45, deviation: 15}", "{mean: 45}", ("fleet.archetypes.web.cpu_percent", "the key deviation is missing")),
    ("{mean: 45, deviation: 15}", "45", ("fleet.archetypes.web.cpu_percent", "expected a mapping", "a whole number")),
    ("type: integer", "type: int", ("parameters.servers.type", "'int'", "boolean, choice, date, integer")),
    ("scenario: capacity", "scenario: Big Fleet", ("scenario", "matching regex")),
    ("data: {}", "visualization: {formats: [gif]}", ("visualization.formats.0", "'gif'", "valid are html, pdf, png")),
    ("data: {}", "visualization: {formats: []}", ("visualization.formats", "length >= 1")),
    ("expect: {", "expects: {", ("unknown key expects", "did you mean expect?")),
    ("data: {}", "data: {}\nhosts: {count: 5}", ("hosts", "no hosts beside them")),
    ("magnitude: 1.8", "magnitude: 1e308", ("fleet.archetypes.web.spikes.magnitude", "<= 1000")),
]

BROKEN_PARAMETERS = [
    ('"ser vers": {sets: data.num_servers}', "parameters.ser vers: a parameter's name becomes a flag"),
    ("-x: {sets: data.num_servers}", "parameters.-x: a parameter's name becomes a flag"),
    ("x: {sets: data.nope}", "parameters.x.sets: there is no key 'data.nope'; valid below data are num_servers, "),
    ("x: {sets: ''}", "parameters.x.sets: there is no key ''; valid below the top are scenario, "),
    ("x: {sets: data.end_date, unsets: [years]}", "parameters.x.unsets: there is no key 'years'"),
    ("x: {sets: data.granularity, type: choice}", "parameters.x.choices: a parameter of type choice needs choices"),
    ("x: {sets: fleet.shares, type: shares}", "parameters.x.choices: a parameter of type shares needs choices"),
    ("x: {sets: data.granularity, choices: [daily]}", "parameters.x.choices: a parameter of type text has no choices"),
    ("x: {sets: data.end_date, type: date, min: 3}", "parameters.x.min: a parameter of type date has no bounds"),
    ("x: {sets: data.num_servers, type: integer, max: 2.5}", "parameters.x.max: 2.5 cannot be the bound"),
    ("x: {sets: data.num_servers, type: integer, min: 5, max: 3}", "parameters.x.max: the largest value 3 is below"),
    ("x: {sets: data.num_servers, type: integer, min: 5, default: 2}", "default: 2 is not a whole number from 5 on"),
    ("x: {sets: data.num_servers, type: integer, max: 5, default: 9}", "default: 9 is not a whole number up to 5"),
    ("x: {sets: data.num_servers, type: integer, default: true}", "default: True is not a whole number"),
    ("x: {sets: data.num_servers, type: number, default: many}", "default: 'many' is not a number"),
    ("x: {sets: data.granularity, type: choice, choices: [a, b], default: c}", "default: 'c' is not one of a, b"),
    ("x: {sets: fleet.shares, type: shares, choices: [web], default: {db: 1}}", "is not a mapping from web to shares"),
    ("x: {sets: data.start_date, type: date, default: soon}", "default: 'soon' is not a date such as 2025-12-31"),
    ("x: {sets: data.calendar, type: boolean, default: 3}", "default: 3 is not true or false"),
    ("x: {sets: data.granularity, default: 3}", "default: 3 is not a text"),
]

BROKEN_CONFIGS = [
    ("data: {num_servers: many}", ("data.num_servers", "expected a whole number", "found a text")),
    ("data: {num_servers: 0}", ("data.num_servers", ">= 1")),
    ("data: {granularity: weekly}", ("data.granularity", "'weekly'", "daily, hourly")),
    ("data: {start_date: 2022-02-30}", ("data.start_date", "not a date", "YYYY-MM-DD")),
    ("data: {quality: {missing_ratio: 1.5}}", ("data.quality.missing_ratio", "<= 1")),
]


@pytest.mark.parametrize(("before", "after", "parts"), BROKEN_FILES)
def test_a_complaint_names_file_line_path_and_what_would_be_valid(before, after, parts):
    text = CAPACITY.replace(before, after, 1)
    message = complaint(text=text)
    file, line, rest = message.split(":", 2)
    assert file == "capacity.yaml"
    near = line_of(text, after) + after.count("\n")
    assert near <= int(line.split(",")[0]) <= near + 1
    assert all(part in rest for part in parts), message


@pytest.mark.parametrize(("line", "said"), BROKEN_PARAMETERS)
def test_a_parameter_that_no_flag_can_be_made_of_is_refused_at_its_line(line, said):
    text = CAPACITY.replace("parameters:", f"parameters:\n  {line}", 1)
    message = complaint(text=text)
    assert message.startswith(f"capacity.yaml:{line_of(text, line)}: parameters.")
    assert said in message


def test_what_makes_flags_can_be_set_in_the_scenario_alone():
    assert "--set aliases.x: aliases make flags, so they are read from capacity.yaml alone" in complaint("aliases.x=to")
    assert "my.yaml:1: parameters make flags" in complaint(config="parameters: {x: {sets: data.num_servers}}")


@pytest.mark.parametrize(("line", "parts"), BROKEN_CONFIGS)
def test_a_complaint_about_a_config_file_names_its_line(line, parts):
    message = complaint(config=f"# mine\n\n{line}\n")
    assert message.startswith("my.yaml:3: ")
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"config": "\ndata: {num_server: 5}"}, "my.yaml:2: "),
        ({"environment": {"GHOSTFLEET_DATA__NUM_SERVER": "5"}}, "environment variable GHOSTFLEET_DATA__NUM_SERVER: "),
        ({"flags": {"servers": 0}}, "--servers: "),
        ({"overrides": {"data.num_servers": (0, "--small")}}, "--small: "),
    ],
)
def test_a_complaint_names_the_layer_that_the_value_came_from(settings, place):
    message = complaint(**settings)
    assert message.startswith(place)
    assert "data.num_server" in message


def test_a_complaint_about_an_assignment_names_it():
    assert complaint("data.num_servers=many").startswith("--set data.num_servers: data.num_servers: expected a whole")


@pytest.mark.parametrize("end", ["2021-12-31", "2022-01-01"])
def test_an_end_not_after_the_start_is_refused(end):
    said = complaint(flags={"end_date": end, "servers": 5})
    assert f"data.end_date: {end} must be after start_date 2022-01-01" in said
    assert said.startswith("--end-date: ")


@pytest.mark.parametrize(
    "flags", [{"start_date": "1969-06-01"}, {"end_date": "2075-01-01"}, {"start_date": "2058-01-01", "years": 5}]
)
def test_a_span_beyond_the_calendar_is_blamed_on_what_leads_there(flags):
    said = complaint(flags={"servers": 5, **flags})
    assert said.startswith(f"--{list(flags)[-1].replace('_', '-')}: ")
    assert "the span must lie in 1990 to 2060" in said


def test_years_and_an_end_that_disagree_are_refused():
    message = complaint(flags={"years": 3, "end_date": "2025-12-31"})
    assert "end_date: 2025-12-31 disagrees with years_of_data 3, which ends on 2024-12-31" in message


@pytest.mark.parametrize(("text", "found"), [(".nan", ".nan"), (".NaN", ".nan"), (".Inf", ".inf"), ("-.inf", "-.inf")])
def test_what_is_not_a_finite_number_is_no_number(text, found):
    said = f"data.seasonality.weekend_factor: expected a number, found {found}; write a finite one such as 1.5"
    assert said in complaint(f"data.seasonality.weekend_factor={text}")
    assert f"{said}, or quotes around it if a text is meant" in complaint(
        environment={"GHOSTFLEET_DATA__SEASONALITY__WEEKEND_FACTOR": text}
    )


@pytest.mark.parametrize("number", [".inf", "1e999"])
@pytest.mark.parametrize(
    ("there", "instead", "path"),
    [
        ("mean: 45", "mean: {}", "fleet.archetypes.web.cpu_percent.mean"),
        ("data: {}", "data: {{seasonality: {{eoq_factors: [1.1, {}]}}}}", "data.seasonality.eoq_factors.1"),
        ("magnitude: 1.8}", "magnitude: 1.8}}\n      shapes: [{{kind: weekend, factor: {}}}]",
         "fleet.archetypes.web.shapes.0.factor"),
    ],
)  # fmt: skip
def test_a_number_without_end_is_refused_at_its_line(there, instead, path, number):
    assert there in CAPACITY
    text = CAPACITY.replace(there, instead.format(number), 1)
    line = line_of(text, instead.format(number)) + instead.count("\n")
    assert complaint(text=text).startswith(f"capacity.yaml:{line}: {path}: expected a number, found .inf")


def test_a_number_without_end_is_refused_in_files_below_and_flags_too():
    assert complaint(config="\nhosts: {days: .inf}").startswith("my.yaml:2: hosts.days: expected a number, found .inf")
    assert "--servers: data.num_servers: expected a number, found .inf" in complaint(flags={"servers": float("inf")})
    own = "scenario: own\nextends: hosts\nparameters:\n  x:\n    default: .inf"
    assert complaint(text=own).startswith("capacity.yaml:5: parameters.x.default: expected a number, found .inf")


def test_what_looks_like_a_number_without_end_is_a_text_in_quotes():
    assert load("data.generated_data_path='.inf'").scenario.servers.generated_data_path == ".inf"


def test_years_and_an_end_that_agree_are_fine():
    assert load(flags={"years": 3, "end_date": "2024-12-31"}).scenario.servers.span_s == (1640995200, 1735689600)


def test_a_span_without_an_end_is_refused():
    text = CAPACITY.replace("    default: 4\n", "")
    assert "the span has no end; give end_date or years_of_data" in complaint(text=text)


@pytest.mark.parametrize("assignment", ["data.num_servers", "=5", "data..num_servers=5", ".=5"])
def test_an_assignment_that_is_none_says_how_to_write_one(assignment):
    assert "write --set path=value" in complaint(assignment)


@pytest.mark.parametrize("variable", ["GHOSTFLEET_", "GHOSTFLEET_DATA__", "GHOSTFLEET___NUM"])
def test_a_variable_that_names_no_key_says_how_to_write_one(variable):
    assert "GHOSTFLEET_DATA__NUM_SERVERS" in complaint(environment={variable: "5"})


def test_a_scenario_without_servers_says_so_when_asked_for_them():
    scenario = load(text="scenario: empty\ntables: [server_metrics]").scenario
    with pytest.raises(ScenarioError, match="empty has no servers: it needs the sections data and fleet"):
        assert scenario.servers


def test_aliases_of_server_types_are_the_types():
    shares = load("fleet.shares={db: 0.5, app: 0.25, web: 0.25}").scenario.fleet.share_of_types()
    assert shares == {"web": 0.25, "database": 0.5, "application": 0.25, "batch": 0.0}


def test_an_alias_and_its_type_add_up():
    shares = load("fleet.shares={db: 0.5, database: 0.5}").scenario.fleet.share_of_types()
    assert shares["database"] == 1


def test_shares_may_miss_1_by_a_rounding():
    text = CAPACITY.replace(
        "{web: 0.35, application: 0.40, database: 0.15, batch: 0.10}",
        "{web: 0.1, application: 0.2, database: 0.3, batch: 0.4}",
    )
    assert load(text=text).scenario.fleet.shares["batch"] == 0.4
