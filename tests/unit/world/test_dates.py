"""Dates: nothing is older than what holds it, and nobody's date depends on who else there is."""

from functools import cache

import numpy as np
import pytest

from ghostfleet.spec import loading, reading
from ghostfleet.world import estate
from ghostfleet.world.estate import dates

DAY_S = 86_400
ESTATES = pytest.mark.parametrize(
    "assignments",
    [(f"execution.random_seed={seed}",) for seed in range(5)] + [("estate.scale=3",)],
    ids=lambda assignments: assignments[0],
)
HELD = {  # by what documents call it: label, property that names what holds it, label of that, property of that
    ("Subnet", "vpc_id", "VPC", "vpc_id"),
    ("SecurityGroup", "vpc_id", "VPC", "vpc_id"),
    ("EKSCluster", "vpc_id", "VPC", "vpc_id"),
    ("EKSCluster", "subnet_ids", "Subnet", "subnet_id"),
    ("Node", "cluster_name", "EKSCluster", ""),
    ("Node", "subnet_id", "Subnet", "subnet_id"),
    ("Pod", "node_name", "Node", ""),
    ("Pod", "service_name", "Service", ""),
    ("Service", "cluster_name", "EKSCluster", ""),
    ("RDSInstance", "vpc_id", "VPC", "vpc_id"),
    ("EC2Instance", "vpc_id", "VPC", "vpc_id"),
    ("EC2Instance", "subnet_id", "Subnet", "subnet_id"),
    ("LoadBalancer", "vpc_id", "VPC", "vpc_id"),
    ("LoadBalancer", "security_groups", "SecurityGroup", "group_id"),
    ("WebService", "vpc_id", "VPC", "vpc_id"),
}


@cache
def world(scenario, *assignments):
    document = reading.read(loading.shipped()[scenario], "my.yaml")
    return estate.build(loading.load(document, loading.Settings(assignments=assignments)).scenario)


def created(made, label):
    return made[label].numbers("created_at").astype(np.int64)


def older(made, label, name, holder, own):
    """Entities that are older than one that holds them."""
    known = dict(zip(made[holder].words(own) if own else made[holder].keys, created(made, holder), strict=True))
    rows = zip(made[label].keys, created(made, label), made[label].items(name), strict=True)
    return [key for key, date, items in rows if any(date < known[item] for item in items)]


def contradictions(made):
    return {held: found for held in HELD if (found := older(made, *held))}


@ESTATES
def test_nothing_is_older_than_what_holds_it(assignments):
    """For all entities e and all h that hold e: created(h) ≤ created(e) < start of the scenario."""
    made = world("estate", *assignments)
    assert contradictions(made) == {}
    assert all((created(made, label) < made.estate.span_s[0]).all() for label in made.labels)


def test_the_small_graph_is_dated_alike():
    assert contradictions(world("small")) == {}


@pytest.mark.parametrize("name", ["vpc_id", "cluster_name", "node_name", "service_name"])
def test_a_holder_that_is_left_out_is_seen(name, monkeypatch):
    """Of pods, that are days old, where they may be years old; subnets and groups are as old as their networks."""
    monkeypatch.setattr(dates, "DEPLOYED_S", (0, dates.OLDEST_S))
    monkeypatch.setattr(dates, "HOLDERS", {key: one for key, one in dates.HOLDERS.items() if key != name})
    made = (world.__wrapped__("estate", f"execution.random_seed={seed}") for seed in range(3))
    assert any(contradictions(one) for one in made)


def test_subnets_and_groups_are_made_with_their_network():
    made = world("estate")
    ages = dict(zip(made["VPC"].keys, created(made, "VPC"), strict=True))
    for label in ("Subnet", "SecurityGroup"):
        since = created(made, label) - [ages[name] for name in made[label].words("vpc")]
        assert ((since >= 0) & (since <= DAY_S)).all()


def test_pods_that_nothing_is_known_of_date_from_one_deploy_of_their_service():
    made = world("estate")
    found: dict[str, set[int]] = {}
    for service, date in zip(made["Pod"].words("service_name"), created(made, "Pod").tolist(), strict=True):
        found.setdefault(service, set()).add(date)
    assert all(len(one) == 1 for one in found.values())
    assert len({date for one in found.values() for date in one}) > len(found) / 2


def test_one_network_more_changes_no_date():
    document = loading.shipped()["estate"].replace(
        "  networks:\n", "  networks:\n    one-more: {region: us-east-1, environment: production}\n", 1
    )
    scenario = loading.load(reading.read(document, "my.yaml"), loading.Settings()).scenario
    before, after = world("estate"), estate.build(scenario)
    for label in before.labels:
        dated = dict(zip(after[label].keys, created(after, label), strict=True))
        assert [dated[key] for key in before[label].keys] == created(before, label).tolist()
