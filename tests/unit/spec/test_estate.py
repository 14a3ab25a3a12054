"""Mistakes in an estate are named with their place, and with what would be valid."""

import re

import msgspec
import pytest

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec import loading, reading
from ghostfleet.spec.estate import Estate
from ghostfleet.spec.estate.demand import MOST_PER_S

ESTATE = loading.shipped()["estate"]


def complaint(text):
    with pytest.raises(ScenarioError) as caught:
        loading.load(reading.read(text, "my.yaml"))
    return str(caught.value)


COMPLAINTS = [
    ("cluster: prod-risk-cluster, port: 8001", "cluster: prod-rsk-cluster, port: 8001",
     "estate.services.risk-calculator.cluster: there is no cluster 'prod-rsk-cluster'; valid are prod-trading-cluster"),
    ("depends_on: {auth-service: {}, position-tracker: {}}", "depends_on: {auth: {}, position-tracker: {}}",
     "estate.services.trading-api.depends_on.auth: there is no service 'auth'"),
    ("integrates_with: {dtcc: {}}", "integrates_with: {dttc: {}}",
     "estate.services.order-execution-engine.integrates_with.dttc: there is no external service 'dttc'"),
    ("routes_to: [legacy-web-interface]", "routes_to: [legacy-web]",
     "estate.balancers.legacy-elb.routes_to.0: there is no web service or service 'legacy-web'"),
    ("replicates_to: trading-replica-postgres", "replicates_to: nowhere",
     "estate.databases.trading-primary-postgres.replicates_to: there is no database 'nowhere'"),
    ("level: positions", "level: position", "estate.services.position-tracker.level: there is no level 'position'"),
    ("prod-secondary: {region: us-west-2, environment: production",
     "prod-secondary: {region: us-west-2, environment: staging",
     "estate.networks.prod-secondary.environment: its name says production, but this is staging"),
    ('version: "2.2.7"', 'version: "2.2.7", aliases: [trading-api]',
     "estate.services.position-tracker.aliases.0: the name 'trading-api' is taken"),
    ("clients: {us-west-2: 1}, kind: timer},\n       integrates",
     "clients: {mars: 1}, kind: timer},\n       integrates",
     "estate.services.test-automation-runner.entry.clients.mars: there is no region 'mars'"),
    ("cidr: 10.2.0.0/16", "cidr: 10.2.0.0/99", "estate.networks.staging.cidr: "),
    ("clients: {us-west-2: 1}, kind: timer},\n       integrates",
     "clients: {us-west-2: 0}, kind: timer},\n       integrates",
     "estate.services.test-automation-runner.entry.clients: the weights of us-west-2 are all 0; write one above 0"),
    ("clients: {us-west-2: 1}, kind: timer},\n       integrates",
     "clients: {us-west-2: 3, us-east-1: -1}, kind: timer},\n       integrates",
     "estate.services.test-automation-runner.entry.clients.us-east-1: expected a number >= 0"),
    ("clients: {us-west-2: 1}, kind: timer},\n       integrates",
     "clients: {us-west-2: .inf}, kind: timer},\n       integrates",
     "estate.services.test-automation-runner.entry.clients.us-west-2: expected a number, found .inf; write a finite"),
    ("instance_types: [m5.large, m5.xlarge]", "instance_types: []",
     "estate.clusters.prod-compliance-cluster.instance_types: expected a list of length >= 1"),
    ("instance_types: [m5.large, m5.xlarge]", "instance_types: [m5.large, zz.huge]",
     "estate.clusters.prod-compliance-cluster.instance_types.1: the price table has no 'zz.huge'; valid are t3.med"),
    ("instance_type: t3.large", "instance_type: banana",
     "estate.machines.dev-sqlserver-01.instance_type: the price table has no 'banana'; valid are t3.medium, "),
    ("instance_class: db.t3.large", "instance_class: db.t9.large",
     "estate.databases.staging-shared-mysql.instance_class: the price table has no 'db.t9.large'; valid are db.t3"),
    ("instance_class: db.r5.2xlarge", "instance_class: db.r6g.4xlarge, usd_per_month: null",
     "estate.databases.compliance-reporting-oracle.instance_class: the price table has no 'db.r6g.4xlarge'; valid are"),
    ("nodes: 22, node_groups: 2", "nodes: 1, node_groups: 2",
     "estate.clusters.prod-compliance-cluster.node_groups: 2 is more than nodes, 1, and no group is empty; valid is 1"),
    ("connections: 90, pool: 330", "connections: 90, pool: 89",
     "estate.machines.analytics-sqlserver-01.pool: 89 cannot hold the 90 connections of the reference; write 90 or"),
    ("connections: 95, connections_spread: 30", "connections: 95.5, connections_spread: 30, pool: 95",
     "estate.databases.trading-replica-postgres.pool: 95 cannot hold the 95.5 connections of the reference; write 96"),
    ("replicates_to: trading-replica-postgres", "replicates_to: trading-primary-postgres",
     "estate.databases.trading-primary-postgres.replicates_to: these copies close a circle: trading-primary"),
    ("zones: [us-east-1a, us-east-1b, us-east-1c", "zones: [us-east-1a, us-east-1b, us-east-1a",
     "estate.regions.us-east-1.zones.2: us-east-1a stands here twice; name each zone once"),
    ("routes_to: [legacy-web-interface]", "routes_to: [legacy-web-interface, legacy-web-interface]",
     "estate.balancers.legacy-elb.routes_to.1: 'legacy-web-interface' stands here twice"),
    ("cluster: prod-risk-cluster, port: 8001", "cluster: prod-risk-cluster, standby_clusters: [prod-risk-cluster]",
     "estate.services.risk-calculator.standby_clusters.0: it runs on prod-risk-cluster already; name another cluster"),
    ("level: {cpu_percent: 30, cpu_spread: 15, memory_percent: 50, memory_spread: 15, response_ms: 640",
     "level: {cpu_percent: 30, idle_percent: 30, memory_percent: 50, memory_spread: 15, response_ms: 640",
     "estate.services.checkout-service.level.idle_percent: 30 leaves nothing of cpu_percent 30 to requests; valid is"),
]  # fmt: skip


@pytest.mark.parametrize(("there", "instead", "said"), COMPLAINTS)
def test_a_mistake_is_named_with_its_line(there, instead, said):
    text = ESTATE
    assert there in text
    broken = text.replace(there, instead, 1)
    line = broken[: broken.index(instead)].count("\n") + 1
    found = complaint(broken)
    assert said in found
    where = re.match(r"my\.yaml:(\d+): ", found)
    assert where
    assert int(where[1]) == line


def test_a_cycle_of_calls_is_named_unless_one_of_them_does_not_wait():
    there = "queries: {trading-primary-postgres: {}}, integrates_with: {iam: {}, secretsmanager: {}}"
    text = ESTATE
    assert there in text
    found = complaint(text.replace(there, f"{there}, depends_on: {{session-manager: {{}}}}"))
    assert "these calls close a cycle: " in found
    assert "session-manager → auth-service" in found
    loading.load(
        reading.read(
            text.replace(there, f"{there}, depends_on: {{session-manager: {{asynchronous: true}}}}"), "my.yaml"
        )
    )


AUTH, API = "estate.services.auth-service", "estate.services.trading-api"
CLOSING = {  # what lays a call that closes a cycle, and the place to mend
    "an assignment": ({"assignments": [f"{AUTH}.depends_on.trading-api={{}}"]}, f"--set {AUTH}.depends_on.trading-api"),
    "a section": ({"assignments": [f"{AUTH}.depends_on={{trading-api: {{}}}}"]}, f"--set {AUTH}.depends_on"),
    "an option of it": (
        {"assignments": [f"{AUTH}.depends_on.trading-api.per_request=2"]},
        f"--set {AUTH}.depends_on.trading-api.per_request",
    ),
    "the last of two": (
        {"assignments": [f"{AUTH}.depends_on.trading-api={{}}", f"{API}.depends_on.auth-service={{}}"]},
        f"--set {API}.depends_on.auth-service",
    ),
    "a config file": (
        {"config": "estate:\n  services:\n    auth-service:\n      depends_on:\n        trading-api: {}\n"},
        "more.yaml:5",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("settings", "place"), CLOSING.values(), ids=CLOSING)
def test_a_cycle_is_named_where_the_call_that_closes_it_was_laid(settings, place):
    config = reading.read(settings["config"], "more.yaml") if "config" in settings else None
    with pytest.raises(ScenarioError) as caught:
        loading.load(reading.read(ESTATE, "my.yaml"), loading.Settings(**{**settings, "config": config}))
    found = str(caught.value)
    assert found.startswith(f"{place}: estate.services.")
    assert "these calls close a cycle: trading-api → auth-service → trading-api; give one of them" in found


def test_a_cycle_is_named_where_a_call_begins_to_wait():
    there = "queries: {trading-primary-postgres: {}}, integrates_with: {iam: {}, secretsmanager: {}}"
    text = ESTATE.replace(there, f"{there}, depends_on: {{trading-api: {{asynchronous: true}}}}")
    waits = f"{AUTH}.depends_on.trading-api.asynchronous"
    with pytest.raises(
        ScenarioError, match=f"^--set {waits}: {AUTH}.depends_on.trading-api: these calls close a cycle"
    ):
        loading.load(reading.read(text, "my.yaml"), loading.Settings(assignments=[f"{waits}=false"]))


def test_a_cycle_is_named_in_the_file_that_closes_it_and_not_in_the_one_that_it_extends():
    more = "estate:\n  services:\n    auth-service:\n      depends_on: {trading-api: {}}\n"
    assert complaint(f"scenario: mine\nextends: estate\n{more}").startswith(
        f"my.yaml:6: {AUTH}.depends_on.trading-api: these calls close a cycle: "
    )


def test_nobody_gives_up_a_message():
    path = "estate.services.order-service.depends_on.notification-service.timeout_ms"
    with pytest.raises(ScenarioError, match=f"^--set {path}: .*nobody gives up a message; leave timeout_ms out"):
        loading.load(reading.read(ESTATE, "my.yaml"), loading.Settings(assignments=[f"{path}=20"]))


def test_a_circle_of_copies_is_named_where_it_was_closed():
    path = "estate.databases.trading-replica-postgres.replicates_to"
    with pytest.raises(ScenarioError, match=f"^--set {path}: {path}: these copies close a circle"):
        loading.load(
            reading.read(ESTATE, "my.yaml"), loading.Settings(assignments=[f"{path}=trading-primary-postgres"])
        )


CLUSTER = "estate.clusters.prod-trading-cluster"
NARROW = {
    "nodes": (f"{CLUSTER}.nodes=5", f"{CLUSTER}.nodes", "5 nodes have 24 processors", "9 nodes would do"),
    "replicas": ("estate.services.trading-api.replicas=[400, 500]", "estate.services.trading-api.replicas",
                 "45 nodes have 224 processors", "request 259.2 by plan; 52 nodes would do"),
    "memory": ("estate.services.trading-api.memory_mib={request: 90000, limit: 90000}",
               "estate.services.trading-api.memory_mib", "45 nodes have 896 GB of memory", "nodes would do"),
    "types": (f"{CLUSTER}.instance_types=[t3.medium]", None, None, None),
}  # fmt: skip


@pytest.mark.parametrize(("given", "place", "has", "instead"), NARROW.values(), ids=NARROW)
def test_pods_that_request_more_than_the_nodes_have_are_refused_where_that_was_said(given, place, has, instead):
    settings = loading.Settings(assignments=[given])
    if place is None:
        loading.load(reading.read(ESTATE, "my.yaml"), settings)  # 90 processors are enough for 41.2
        return
    with pytest.raises(ScenarioError) as caught:
        loading.load(reading.read(ESTATE, "my.yaml"), settings)
    found = str(caught.value)
    assert found.startswith(f"--set {place}: {place}: {has}, and the pods of 5 services request ")
    assert instead in found


def test_as_many_nodes_as_are_said_to_do_are_enough_and_one_fewer_is_not():
    assert load(f"{CLUSTER}.nodes=9").clusters["prod-trading-cluster"].nodes == 9
    with pytest.raises(ScenarioError, match="8 nodes have 40 processors"):
        load(f"{CLUSTER}.nodes=8")


def test_pods_that_no_cluster_could_hold_are_refused():
    with pytest.raises(ScenarioError, match="no number of nodes would do"):
        load("estate.services.trading-api.memory_mib={request: 90000000, limit: 90000000}")


def test_a_service_that_nobody_defined_is_named_at_the_setting_that_calls_it_with_nothing_else():
    path = "estate.services.trading-api.depends_on"
    with pytest.raises(ScenarioError, match=f"^--set {path}: {path}.nope: there is no service 'nope'"):
        loading.load(reading.read(ESTATE, "my.yaml"), loading.Settings(assignments=[f"{path}={{nope: {{}}}}"]))


def test_names_that_no_format_can_carry_are_refused():
    found = complaint(ESTATE.replace("    prod-europe:", '    "prod-\\0":', 1))
    assert "prod-\\0: a text cannot contain NUL" in found


def test_a_name_that_would_pass_for_a_call_is_refused():
    found = complaint(ESTATE.replace("    prod-europe:", '    "prod → europe":', 1))
    assert "networks.prod → europe: a name cannot contain ' → ', which stands between the ends of a call" in found


@pytest.mark.parametrize(("sign", "said"), [("\\0", "NUL"), ("\\x1f", "the unit separator")])
def test_so_are_texts_wherever_they_stand(sign, said):
    text = f'scenario: mine\ntitle: t\nextends: estate\nestate: {{regions: {{us-east-1: {{zones: [a, "b{sign}"]}}}}}}\n'
    path = "estate.regions.us-east-1.zones.1"
    with pytest.raises(ScenarioError, match=f"^my.yaml:4: {path}: a text cannot contain {said}$"):
        loading.load(reading.read(text, "my.yaml"))


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("estate: 5", "estate"),
        ("estate: {incidents: [{kind: node_loss}]}", "estate.incidents"),
        ("estate: {incidents: -1}", "estate.incidents"),
        ("estate: {prices: abc}", "estate.prices"),
    ],
)
@pytest.mark.parametrize("more", [[], ["estate.incidents.factor=2"]])
def test_what_can_be_no_section_is_refused_where_it_stands_though_defaults_lie_below_it(given, path, more):
    text = f"scenario: mine\ntitle: t\nextends: estate\n{given}\n"
    with pytest.raises(ScenarioError, match=rf"^my.yaml:4: {path}: expected a mapping"):
        loading.load(reading.read(text, "my.yaml"), loading.Settings(assignments=more))


def test_a_load_shape_that_there_is_not_is_named():
    found = complaint(
        ESTATE.replace(
            "entry: {shapes: [{kind: steady}], clients: *staff}, calls",
            "entry: {shapes: [{kind: sunny}], clients: *staff}, calls",
            1,
        )
    )
    assert "estate.web_services.monitoring-dashboard.entry.shapes.0.kind: 'sunny' is no load shape" in found


@pytest.mark.parametrize("name", ["''", "' '"])
@pytest.mark.parametrize(
    "there",
    ["us-east-1:", "prod-main:", "prod-risk-cluster:", "trading-replica-postgres:", "dev-sqlserver-01:", "legacy-elb:",
     "admin-portal:", "positions:", "trading-api:", "client-portal:", "stripe:"],
)  # fmt: skip
def test_nothing_is_called_nothing(there, name):
    at = re.search(rf"^    {there}", ESTATE, re.MULTILINE)
    assert at
    found = complaint(f"{ESTATE[: at.start()]}    {name}:{ESTATE[at.end() :]}")
    line = ESTATE[: at.start()].count("\n") + 1
    assert re.match(rf"my\.yaml:({line}|{line + 1}): estate\.\w+\. ?: a name cannot be empty; write a word", found)


@pytest.mark.parametrize(("key", "said"), [("replicates_to", "copies"), ("migrates_to", "moves")])
def test_databases_are_not_copied_or_moved_in_a_circle(key, said):
    there = "instance_class: db.r6g.2xlarge, network: prod-secondary,"
    first, second = "trading-primary-postgres", "trading-replica-postgres"
    text = ESTATE.replace(there, f"{there} {key}: {first},")
    text = text.replace("replicates_to: trading-replica-postgres", f"{key}: {second}", 1)
    found = complaint(text)
    line = text[: text.index(f"{key}: {second}")].count("\n") + 1
    assert found.startswith(f"my.yaml:{line}: estate.databases.{first}.{key}: these {said} close a circle: ")
    assert f"{first} → {second} → {first}; name another database" in found


def test_a_setting_of_a_name_that_there_is_not_says_which_there_are():
    """Nobody means to add a service by its error rate alone."""
    with pytest.raises(ScenarioError) as caught:
        load("estate.services.auth-servce.level.error_percent=3")
    said = str(caught.value)
    assert said.startswith("--set estate.services.auth-servce.level.error_percent: estate.services.auth-servce.level: ")
    assert (
        "the key cpu_percent is missing; the scenario has no auth-servce, so this would be a new one; it has " in said
    )
    assert "auth-service" in said


def load(*assignments):
    return loading.load(reading.read(ESTATE, "my.yaml"), loading.Settings(assignments=assignments)).scenario.estate


def test_a_copy_of_a_copy_is_no_circle():
    estate = load("estate.databases.trading-replica-postgres.replicates_to=portfolio-data-postgres")
    assert estate.databases["trading-primary-postgres"].replicates_to == "trading-replica-postgres"


def test_a_type_whose_price_is_said_may_be_any():
    for path in ("databases.trading-primary-postgres.instance_class", "machines.dev-sqlserver-01.instance_type"):
        load(f"estate.{path}=own.huge", f"estate.{path.rpartition('.')[0]}.usd_per_month=100")


def test_clients_without_weights_are_those_of_its_own_region():
    assert load("estate.web_services.admin-portal.entry.clients={}").web_services["admin-portal"].entry.clients == {}


def test_some_of_the_clients_may_have_no_weight():
    entry = load("estate.web_services.admin-portal.entry.clients={us-east-1: 0, eu-west-1: 1}").web_services[
        "admin-portal"
    ]
    assert entry.entry.clients == {"us-east-1": 0.0, "eu-west-1": 1.0}


def test_a_group_of_nodes_has_one_at_least_and_a_pool_room_for_the_reference():
    estate = load(
        "estate.clusters.dev-microservices-cluster.nodes=2", "estate.databases.trading-replica-postgres.pool=95"
    )
    assert (
        estate.clusters["dev-microservices-cluster"].node_groups
        == estate.clusters["dev-microservices-cluster"].nodes
        == 2
    )
    assert estate.databases["trading-replica-postgres"].pool == 95


def test_every_rate_has_the_limit_of_what_can_be_counted():
    found = msgspec.json.schema(Estate)["$defs"]
    for model, key in (("Level", "requests_per_s"), ("WebService", "requests_per_s"), ("Entry", "rate_per_s")):
        rate = found[model]["properties"][key]
        assert rate.get("anyOf", [rate])[0]["maximum"] == MOST_PER_S


def numbers(node, path):
    """Places of all numbers of a schema."""
    parts = enumerate(node) if isinstance(node, list) else node.items() if isinstance(node, dict) else ()
    if isinstance(node, dict) and node.get("type") in ("number", "integer"):
        yield path, node
    for step, part in parts:
        yield from numbers(part, f"{path}.{step}")


def test_every_number_of_an_estate_has_limits():
    """Hours of incidents are checked by the hours of a day."""
    least, most = {"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"}
    found = {path: one for path, one in numbers(msgspec.json.schema(Estate)["$defs"], "") if "hours" not in path}
    assert len(found) > 80
    assert [path for path, one in found.items() if not (one.keys() & least and one.keys() & most)] == []
