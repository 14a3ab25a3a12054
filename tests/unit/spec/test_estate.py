"""Mistakes in an estate are named with their place, and with what would be valid."""

import re

import pytest

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec import loading, reading

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


def test_names_that_no_format_can_carry_are_refused():
    found = complaint(ESTATE.replace("    prod-europe:", '    "prod-\\0":', 1))
    assert "a name cannot contain NUL" in found


def test_a_load_shape_that_there_is_not_is_named():
    found = complaint(
        ESTATE.replace(
            "entry: {shapes: [{kind: steady}], clients: *staff}, calls",
            "entry: {shapes: [{kind: sunny}], clients: *staff}, calls",
            1,
        )
    )
    assert "estate.web_services.monitoring-dashboard.entry.shapes.0.kind: 'sunny' is no load shape" in found
