"""The estate: what documents list is in it, nothing hangs loose, and one more of anything changes nothing else."""

import json
import re
from functools import cache

import numpy as np
import pytest

from ghostfleet.core.batch import ITEM_END, Quanta, Text
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.table import Kind
from ghostfleet.generate import Generator
from ghostfleet.spec import loading, reading
from ghostfleet.spec.estate import names
from ghostfleet.spec.estate.price_table import price_table
from ghostfleet.world import estate
from ghostfleet.world.estate.prices import HOURS_PER_MONTH, PriceList
from tests.unit.world.documented import CORE, EST_14, SHOP

SCENARIOS = pytest.mark.parametrize("scenario", ["estate", "small"])
# Nodes of EST-2 as EST-1 wants them: at least so many of each label.
LEAST = {"VPC": 8, "EKSCluster": 7, "RDSInstance": 7, "EC2Instance": 4, "LoadBalancer": 8, "WebService": 12}
LEAST |= {"Service": 21, "Application": 12, "ExternalService": 21, "Node": 207}
HOSTILE = [
    'it\'s "quoted"',
    "two\nlines",
    "'; DROP TABLE services; --",
    "n" * 300,
    "сервис-оплаты",
    "決済",
    "a,b\tc\\d",
    "${x} {{y}} %s",
    "dots.in.it",
]


def text_of(scenario):
    return loading.shipped()[scenario]


@cache
def world(scenario, *assignments):
    return of(text_of(scenario), *assignments)


def of(text, *assignments):
    loaded = loading.load(reading.read(text, "my.yaml"), loading.Settings(assignments=assignments))
    return estate.build(loaded.scenario)


def edges(made, kind):
    """Pairs of names that a type of links ties together."""
    links = made.links[kind]
    ends = []
    for codes, rows in ((links.from_labels, links.from_rows), (links.to_labels, links.to_rows)):
        ends.append([made[links.labels[code]].keys[row] for code, row in zip(codes, rows, strict=True)])
    return set(zip(*ends, strict=True))


def listed(edges_of):
    return {(start, end) for start, ends in edges_of.items() for end in ends.split()}


@pytest.mark.parametrize("kind", EST_14)
def test_every_documented_edge_is_there(kind):
    assert len(listed(EST_14[kind])) == CORE[kind]
    assert listed(EST_14[kind]) | listed(SHOP.get(kind, {})) <= edges(world("estate"), kind)


def test_documented_nodes_are_there():
    made = world("estate")
    assert {label for label, least in LEAST.items() if len(made[label]) < least} == set()
    assert sum(map(len, made.shown.labels.values())) >= 155
    assert len({network.region for network in made.estate.networks.values()}) == 3
    external = made["ExternalService"]
    costs = dict(zip(external.keys, external.numbers("cost_monthly"), strict=True))
    assert sum(usd for name, usd in costs.items() if name not in {"stripe", "paypal", "square"}) == 247_300


def test_small_is_the_documented_graph():
    made = world("small").shown
    nodes = {label: len(entities) for label, entities in made.labels.items() if len(entities)}
    links = {name: len(links) for name, links in made.links.items() if len(links)}
    assert nodes == {"EKSCluster": 5, "RDSInstance": 7, "EC2Instance": 4, "Service": 5, "Application": 3}
    assert links == {
        "USES": 9,
        "DEPLOYED_ON": 6,
        "QUERIES": 5 + 1,
        "DEPENDS_ON": 4,
        "HOSTS_DATABASE_FOR": 3,
        "LEGACY_MIGRATION_TARGET": 2,
        "REPLICATES_TO": 1,
    }
    for label, costs in (
        ("EKSCluster", [8400, 5600, 9800, 2800, 1400]),
        ("RDSInstance", [2800, 1400, 1800, 900, 280, 12_800, 6400]),
        ("EC2Instance", [2100, 850, 750, 120]),
    ):
        assert made[label].numbers("cost_monthly").tolist() == costs
    assert made["EKSCluster"].numbers("total_nodes").tolist() == [45, 28, 52, 18, 12]


@SCENARIOS
def test_nothing_hangs_loose(scenario):
    made = world(scenario).shown
    tied = {label: np.zeros(len(entities), dtype=bool) for label, entities in made.labels.items()}
    for links in made.links.values():
        for codes, rows in ((links.from_labels, links.from_rows), (links.to_labels, links.to_rows)):
            for code, row in zip(codes.tolist(), rows.tolist(), strict=True):
                tied[links.labels[code]][row] = True
    loose = {label: [made[label].keys[row] for row in np.flatnonzero(~seen)] for label, seen in tied.items()}
    assert {label: keys for label, keys in loose.items() if keys} == {}


def test_what_a_component_is_for_has_an_edge_of_its_own_kind():
    made = world("estate")
    uses = {
        "EKSCluster": ("DEPLOYED_ON", 1),
        "ExternalService": ("INTEGRATES_WITH DEPENDS_ON_EXTERNAL", 1),
        "RDSInstance": ("QUERIES REPLICATES_TO", 1),
        "EC2Instance": ("QUERIES", 1),
        "WebService": ("ROUTES_TO", 1),
    }
    for label, (kinds, end) in uses.items():
        served = {pair[end] for kind in kinds.split() for pair in edges(made, kind)}
        assert set(made[label].keys) <= served


@SCENARIOS
def test_environments_are_three_and_follow_names_and_placement(scenario):
    made = world(scenario)
    networks = {one: network.environment for one, network in made.estate.networks.items()}
    for label, section in (("EKSCluster", "clusters"), ("RDSInstance", "databases"), ("LoadBalancer", "balancers")):
        placed = [networks[one.network] for one in getattr(made.estate, section).values()]
        assert made[label].words("environment") == placed
    for label, entities in made.labels.items():
        if "environment" in entities.columns:
            found = entities.words("environment")
            assert set(found) <= {"production", "staging", "development"}
            if label not in {"Pod", "Node", "Subnet", "SecurityGroup"}:
                assert found == [names.environment(*pair) for pair in zip(entities.keys, found, strict=True)]
    if scenario == "estate":
        where = dict(zip(made["Service"].keys, made["Service"].words("environment"), strict=True))
        assert where["staging-auth-service"] == "staging"
        assert where["test-automation-runner"] == "development"
        assert where["auth-service"] == "production"


@pytest.mark.parametrize("seed", range(12))
def test_no_balancer_has_more_healthy_targets_than_targets(seed):
    balancers = world("estate", f"execution.random_seed={seed}")["LoadBalancer"].still()
    healthy, total = balancers.numbers("targets_healthy"), balancers.numbers("targets_total")
    assert (healthy >= 0).all()
    assert (healthy <= total).all()
    assert (total > 0).all()


@pytest.mark.parametrize("seed", range(12))
def test_single_components_cost_50_to_2500(seed):
    made = world("estate", f"execution.random_seed={seed}")
    for label in ("EC2Instance", "LoadBalancer", "WebService", "Node"):
        usd = made[label].numbers("cost_monthly")
        assert usd.min() >= 50
        assert usd.max() <= 2500


def test_a_cluster_costs_what_its_nodes_cost_and_its_control_plane():
    made = world("estate")
    nodes = dict.fromkeys(made["EKSCluster"].keys, 0.0)
    for owner, usd in zip(
        made["Node"].words("cluster_name"), made["Node"].numbers("cost_monthly").tolist(), strict=True
    ):
        nodes[owner] += usd
    assert made["EKSCluster"].numbers("cost_monthly") == pytest.approx([usd + 73.05 for usd in nodes.values()])
    per_node = np.array(list(nodes.values())) / made["EKSCluster"].numbers("total_nodes")
    assert ((per_node >= 120) & (per_node <= 280)).all()


def test_databases_cost_about_what_documents_say():
    made = world("estate")
    usd = dict(zip(made["RDSInstance"].keys, made["RDSInstance"].numbers("cost_monthly"), strict=True))
    machines = dict(zip(made["EC2Instance"].keys, made["EC2Instance"].numbers("cost_monthly"), strict=True))
    for per_hour, found in (
        (3.89, usd["trading-primary-postgres"]),
        (17.78, usd["legacy-financial-oracle"]),
        (2.92, machines["reporting-sqlserver-01"]),
    ):
        assert found == pytest.approx(per_hour * HOURS_PER_MONTH, rel=0.2)


def test_a_migration_compares_like_with_like():
    prices = PriceList()
    old = prices.database("oracle-ee", "db.r5.4xlarge", 5000, multi_az=True)
    like = prices.database("postgres", "db.r5.4xlarge", 5000, multi_az=True)
    small = prices.database("postgres", "db.t3.large", 200, multi_az=False)
    assert small < like < old


@pytest.mark.parametrize("seed", range(3))
def test_statuses_come_in_documented_shares(seed):
    pods = world("estate", "estate.scale=40", f"execution.random_seed={seed}")
    services = pods["Service"].still().words("status")
    assert services.count("healthy") / len(services) == pytest.approx(0.75, abs=0.05)
    assert services.count("degraded") / len(services) == pytest.approx(0.20, abs=0.05)
    clusters = pods["EKSCluster"].still().words("status")
    assert clusters.count("ACTIVE") / len(clusters) == pytest.approx(0.85, abs=0.09)


def test_availability_and_status_of_externals_agree():
    made = world("estate")["ExternalService"].still()
    promised, found = made.numbers("sla_target"), made.numbers("actual_availability")
    assert (found >= promised - 0.205).all()
    assert (found <= np.minimum(promised + 0.105, 99.99)).all()
    clear = np.abs(found - (promised - 0.1)) > 0.006  # written values are rounded
    healthy = np.array(made.words("status")) == "healthy"
    assert np.array_equal(healthy[clear], (found > promised - 0.1)[clear])


def test_pods_fill_every_slot_and_lie_on_nodes_of_their_cluster():
    made = world("estate")
    pods, nodes = made["Pod"], made["Node"]
    homes = dict(zip(nodes.keys, nodes.words("cluster_name"), strict=True))
    assert [homes[node] for node in pods.words("node_name")] == pods.words("cluster_name")
    assert len(pods) == sum(one.replicas[1] for one in made.estate.services.values())
    assert [key for key in pods.keys if key.startswith("checkout-service")] == [
        f"checkout-service-{number:02d}" for number in (1, 2, 3)
    ]
    running = pods.words("status").count("Running")
    assert running == made["Service"].still().numbers("replicas").sum()


@SCENARIOS
def test_ids_and_addresses_are_nobody_s_and_nobody_else_s(scenario):
    made = world(scenario)
    ids = [one for entities in made.labels.values() for one in entities.ids]
    assert len(set(ids)) == len(ids)
    assert {one.split(":")[4] for one in ids if one.startswith("arn:")} == {"123456789012"}
    hosts = [*made["Node"].words("private_ip"), *made["EC2Instance"].words("private_ip")]
    assert len(set(hosts)) == len(hosts)
    assert all(one.startswith("10.") for one in hosts)
    for label, column in (("LoadBalancer", "dns_name"), ("WebService", "domain"), ("ExternalService", "endpoint")):
        assert all(one.endswith(".example") for one in made[label].words(column))


def test_the_registry_knows_names_and_aliases():
    made = world("estate")
    for alias, name in {
        "trading-primary": "trading-primary-postgres",
        "payment-api": "payment-service",
        "analytics-engine": "analytics-service",
        "data-pipeline": "stress-testing-engine",
    }.items():
        assert made.find(alias) == made.find(name)
        assert made.id(alias) == made.id(name)
    with pytest.raises(ScenarioError, match="did you mean trading-api"):
        made.find("trading-apy")


def test_neutral_names_change_nothing_but_names():
    plain, neutral = world("estate"), world("estate", "estate.prices.aliases=true")
    assert neutral.id("bloomberg") == neutral.id("market-data-one") == "external/market-data-one"
    shown = " ".join([*neutral["ExternalService"].names, *neutral["ExternalService"].words("provider")])
    assert not re.search(r"bloomberg|splunk|okta|stripe|paypal", shown)
    for name in ("cost_monthly", "response_time_p95"):
        both = (one["ExternalService"].still().numbers(name) for one in (plain, neutral))
        assert np.array_equal(*both)


def rows_of(made):
    """Each entity's properties by its label and name."""
    found: dict[tuple[str, str], tuple] = {}
    for label, entities in made.labels.items():
        columns = [plain(values) for values in entities.at(0).values()]
        rows = zip(*columns, strict=True)
        found |= {(label, key): row for key, row in zip(entities.keys, rows, strict=True)}
    return found


def plain(values):
    """Values of a column, None where one is missing."""
    if isinstance(values, Text):
        return [(*values.vocabulary, None)[code] for code in values.codes.tolist()]
    units = values.units if isinstance(values, Quanta) else values.values
    gaps = np.zeros(len(units), dtype=bool) if values.missing is None else values.missing
    return [None if gap else unit for unit, gap in zip(units.tolist(), gaps.tolist(), strict=True)]


def test_copies_change_nothing_of_the_first_unit():
    first, grown = rows_of(world("estate")), rows_of(world("estate", "estate.scale=3"))
    assert {key for key, row in first.items() if grown[key] != row} == set()
    assert len(grown) > 2 * len(first)
    made = world("estate", "estate.scale=3")
    for kind in EST_14:
        assert edges(world("estate"), kind) <= edges(made, kind)
    assert ("trading-api-u2", "position-tracker-u2") in edges(made, "DEPENDS_ON")
    assert ("trading-api-u2", "auth-service") in edges(made, "DEPENDS_ON")
    assert ("trading-api-u3", "trading-primary-postgres-u3") in edges(made, "QUERIES")
    assert ("trading-api-u2", "prod-trading-cluster-u2") in edges(made, "DEPLOYED_ON")
    assert ("prod-trading-cluster-u2", "prod-main-u2") in edges(made, "DEPLOYED_IN")


def test_a_service_more_changes_no_other():
    text = text_of("estate").replace("    # --- shop (", f"    {ADDED}\n    # --- shop (", 1)
    before, after = rows_of(world("estate")), rows_of(of(text))
    assert set(after) - set(before) == {("Service", "one-more"), *((("Pod", f"one-more-{n:02d}")) for n in range(1, 7))}
    assert {key for key, row in before.items() if after[key] != row} == set()


ADDED = (
    "one-more: {type: api, cluster: prod-platform-cluster, cpu_millicores: {request: 1, limit: 2}, "
    "memory_mib: {request: 1, limit: 2}, level: tools, depends_on: {auth-service: {}}}"
)


def test_too_many_copies_are_refused_with_what_there_is_room_for():
    with pytest.raises(ScenarioError, match=r"estate\.scale: 400 copies .* at most \d+ copies"):
        world("estate", "estate.scale=400")


def test_the_flag_takes_as_many_copies_as_there_is_room_for():
    most = int(loading.declared(reading.read(loading.shipped()["estate"], "estate.yaml"))["scale"].max or 0)
    assert most == 90
    world("estate", f"estate.scale={most}")
    with pytest.raises(ScenarioError, match=f"at most {most} copies"):
        world("estate", f"estate.scale={most + 1}")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_data(name):
    first, second = (json.dumps(one, ensure_ascii=False) for one in (name, name[:298] + "_2"))
    text = text_of("small").replace("client-portal", first)
    text = (
        text.replace("    payment-api:\n      {type", f"    {second}:\n      {{type")
        .replace("[payment-api, auth-service", f"[{second}, auth-service")
        .replace("auth-service, payment-api]", f"auth-service, {second}]")
    )
    loaded = loading.load(reading.read(text, "my.yaml")).scenario
    made = estate.build(loaded)
    assert made.find(name).label == "Application"
    generator = Generator(loaded)
    plan = generator.plan(generator.window(), generator.tables())
    words = {
        word
        for task in plan.tasks
        for batch in generator.batches(task)
        for values in batch.columns.values()
        if isinstance(values, Text)
        for word in values.vocabulary
    }
    assert name in words
    assert f"application/{name}" in words


def test_what_is_said_to_cost_nothing_costs_nothing():
    made = world("estate", "estate.clusters.prod-risk-cluster.usd_per_month=0")
    usd = dict(zip(made["EKSCluster"].keys, made["EKSCluster"].numbers("cost_monthly"), strict=True))
    assert [name for name, cost in usd.items() if not cost] == ["prod-risk-cluster"]


def test_who_promises_hardly_anything_is_never_less_than_not_there():
    made = world("estate", "estate.externals.stripe.sla_percent=0.001")["ExternalService"].still()
    assert made.numbers("actual_availability").min() >= 0


def test_every_type_of_the_price_table_has_a_price_and_a_size():
    prices = PriceList(2.0)
    for kind in price_table()["instance_usd"]:
        assert prices.instance(kind) > 0
        assert min(prices.size(kind)) > 0
    assert price_table()["database_oracle_usd"].keys() == price_table()["database_oracle_license_usd"].keys()


@SCENARIOS
def test_a_property_s_name_has_one_kind_in_all_tables(scenario):
    kinds: dict[str, Kind] = {}
    for label, _ in estate.LABELS.values():
        for one in label.properties:
            assert kinds.setdefault(one.name, one.kind) is one.kind, one.name
    for entities in (one.still() for one in world(scenario).labels.values()):
        for one in entities.label.properties:
            values = entities.at(0)[one.name]
            assert isinstance(values, Text) == (one.kind in {Kind.TEXT, Kind.TEXTS})
            if one.values:
                assert set(entities.words(one.name)) <= set(one.values)
            if one.kind is Kind.TEXT:
                assert not any(ITEM_END in word for word in entities.words(one.name))
