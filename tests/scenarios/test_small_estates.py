"""Estates that lack something still have every table: without rows where there is nobody to tell of."""

import pytest

from ghostfleet import records
from ghostfleet.core.window import Window
from ghostfleet.generate import Generator
from ghostfleet.spec import loading, reading
from tests.laws import estates

SINCE_S = 1738713600  # 2025-02-05
PLACES = """
scenario: own
tables: [telemetry, graph]
estate:
  regions: {eu-west-1: {clock: Europe/Dublin, zones: [eu-west-1a]}}
  networks: {prod-shop: {region: eu-west-1, environment: production}}
"""
CLUSTER = """
  clusters: {prod-shop-cluster: {network: prod-shop, nodes: 3}}
"""
DATABASE = """
  databases:
    orders-postgres:
      {engine: postgres, engine_version: "15", instance_class: db.r6g.large, network: prod-shop, storage_gb: 100,
       cpu_percent: 40, connections: 80, read_iops: 800, write_iops: 200, read_ms: 2.5, write_ms: 5}
"""
SERVICE = """
      {type: api, cluster: prod-shop-cluster, replicas: [3, 12], level: own,
       cpu_millicores: {request: 500, limit: 1000}, memory_mib: {request: 512, limit: 1024}"""
LEVEL = """
  levels: {own: {cpu_percent: 45, memory_percent: 60, response_ms: 300, error_percent: 0.8, requests_per_s: 30}}
  services:
"""
ENTRY = ", entry: {shapes: [{kind: business_hours}], clients: {eu-west-1: 1}}"
ESTATES = {
    "a network": PLACES,
    "a cluster": PLACES + CLUSTER,
    "a cluster without services": PLACES + CLUSTER + "  services: {}\n",
    "a database": PLACES + DATABASE,
    "a database without services": PLACES + DATABASE + "  services: {}\n",
    "a service": PLACES + CLUSTER + LEVEL + f"    one: {SERVICE}}}\n",
    "a service that is asked": PLACES + CLUSTER + LEVEL + f"    one: {SERVICE}{ENTRY}}}\n",
    "a shop of one service": PLACES + CLUSTER + LEVEL + f"    checkout-service: {SERVICE}{ENTRY}}}\n",
    "two services": PLACES
    + CLUSTER
    + LEVEL
    + f"    one: {SERVICE}{ENTRY}, depends_on: {{two: {{}}}}}}\n    two: {SERVICE}}}\n",
}


@pytest.mark.parametrize("estate", sorted(ESTATES))
@pytest.mark.parametrize("row_s", [60, 300])
def test_every_table_can_be_had(estate, row_s):
    document = reading.read(ESTATES[estate], "own.yaml")
    generator = Generator(loading.load(document).scenario)
    for name in records.found():
        table = generator.observer(name).table
        if table.group not in {"telemetry", "graph", "requests", "records"} or name == "server_metrics":
            continue
        step_s = 3600 if name in {"cost_metrics", "compliance_metrics"} else row_s
        for task in generator.plan(Window.between(SINCE_S, SINCE_S + 10800, step_s), [table]).tasks:
            assert all(batch.table is table for batch in generator.batches(task))


def test_a_service_that_nobody_asks_is_idle():
    """Of two services of one level the one without requests shows no load."""
    estate = ESTATES["two services"].replace("depends_on: {two: {}}", "depends_on: {}")
    made = Generator(loading.load(reading.read(estate, "own.yaml")).scenario)
    found = estates.rows(made, "system_metrics", Window.between(SINCE_S + 43200, SINCE_S + 46800, 60))
    mean = {name: found["cpu_utilization"][found["service_name"] == name].mean() for name in ("one", "two")}
    assert set(found["request_count"][found["service_name"] == "two"].tolist()) == {0}
    assert mean["two"] < 0.1 * mean["one"]
