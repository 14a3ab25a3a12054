"""Shard and stability: what a server does depends on the server, and on nothing beside it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import cells, laws

GRAINS = pytest.mark.parametrize("grain", list(cells.GRAINS))
METADATA = {"app_name", "business_unit", "criticality", "region", "server_type"}
CALENDAR = {"year", "month", "quarter", "dayofweek", "is_weekend", "is_eoq", "is_holiday"}

ONE_COLUMN = [
    ("data.metadata.enabled=false", METADATA),
    ("data.calendar=false", CALENDAR),
    ("data.generated_data_path=elsewhere", set()),
    ("data.compression=false", set()),
    ("data.validation.min_history_days=7", set()),
    ("execution.workers=1", set()),
    ("visualization.theme=light", set()),
    ("logging.level=debug", set()),
    ("fleet.archetypes.web.cpu_percent.deviation=14", {"cpu_p95"}),
    ("fleet.archetypes.web.memory_percent.mean=36", {"mem_p95"}),
    ("fleet.archetypes.database.disk_percent.mean=50", {"disk_p95"}),
    ("fleet.archetypes.web.network_mbps.mean=140", {"net_in_p95", "net_out_p95"}),
]


@GRAINS
@settings(max_examples=6)
@given(cuts=st.lists(st.integers(1, 11), min_size=1, max_size=11, unique=True))
def test_any_cut_of_the_servers_gives_the_whole_fleet(grain, cuts):
    laws.shard(grain, cuts)


@GRAINS
@settings(max_examples=5)
@given(servers=st.integers(cells.SERVERS, 200))
def test_a_longer_fleet_changes_no_existing_server(grain, servers):
    laws.growing_fleet(grain, servers)


@GRAINS
@pytest.mark.parametrize(("setting", "columns"), ONE_COLUMN)
def test_a_setting_changes_its_columns_and_no_other(grain, setting, columns):
    laws.changes_only(grain, setting, columns)


@GRAINS
def test_a_fault_changes_only_the_values_it_strikes(grain):
    laws.faults_spare_the_rest(grain)


@GRAINS
@settings(max_examples=4)
@given(seed=st.integers(0, 2**63 - 1).filter(lambda seed: seed != 42))
def test_another_seed_is_another_world(grain, seed):
    laws.seeds(grain, seed)
