"""Rollups and views of a store say what their tables say, and stand in every DuckDB file whose tables allow it."""

from __future__ import annotations

import shutil

import duckdb
import pytest

from ghostfleet.queries import ask, health, stored_views
from ghostfleet.run.history import Request, write
from ghostfleet.sinks import open_sink
from ghostfleet.sinks.sink import KeepsViews
from ghostfleet.spec import loading, reading
from tests.queries.estates import SINCE, UNTIL

RECORDS = {"business_value_weekly"}  # made of tables that nobody wrote


@pytest.fixture
def store(estate):
    with duckdb.connect(str(estate.duckdb), read_only=True) as opened:
        opened.execute("SET TimeZone = 'Asia/Tokyo'")  # views are the same in every zone
        yield opened


def views_of(store):
    return {row[0] for row in store.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()}


def made(path, only):
    scenario = loading.load(reading.read(loading.shipped()["estate"], "estate.yaml")).scenario
    since, until = int(SINCE.timestamp()), int(UNTIL.timestamp())
    write(scenario, Request(urls=(f"duckdb:{path}",), since_s=since, until_s=until, only=only, workers=1))


def test_documented_views_are_there():
    rollups = {"system_metrics_hourly", "cost_metrics_daily", "business_value_weekly"}
    views = {"current_system_health", "current_database_performance", "cost_optimization_opportunities"}
    names = {"performance_metrics", "application_metrics", "audit_events"}
    assert set(stored_views()) == rollups | views | names


def test_a_file_has_the_views_whose_tables_stand_there(store):
    assert views_of(store) == set(stored_views()) - RECORDS


@pytest.mark.parametrize("name", sorted(set(stored_views()) - RECORDS))
def test_a_view_of_a_file_is_what_is_asked_of_a_folder(name, store, estate):
    stored = store.execute(f"SELECT * FROM {name} ORDER BY {stored_views()[name].header['order']}")  # noqa: S608
    columns = [column[0] for column in stored.description]
    answer = ask(name, str(estate.folder), most=10**6)
    rows = [dict(zip(columns, row, strict=True)) for row in stored.fetchall()]
    assert rows
    assert answer.rows == [
        {key: pytest.approx(one, rel=1e-9) if isinstance(one, float) else one for key, one in row.items()}
        for row in rows
    ]


def test_views_judge_as_answers_do(store):
    services = store.execute("SELECT error_rate, response_time_ms, health_status FROM current_system_health").fetchall()
    assert [status for *_, status in services] == [health.of_service(*values) for *values, _ in services]
    columns = "cpu_utilization, read_latency_ms, performance_status"
    databases = store.execute(f"SELECT {columns} FROM current_database_performance").fetchall()  # noqa: S608
    assert [status for *_, status in databases] == [health.of_database(*values) for *values, _ in databases]


@pytest.mark.parametrize(
    ("errors", "response"), [(5, 2000), (5.1, 1), (1, 1000), (1.1, 1), (0, 2001), (0, 1001), (None, None), (None, 1500)]
)
def test_the_thresholds_of_view_and_answer_are_one(errors, response):
    view = stored_views()["current_system_health"].sql
    row = {"time": "now()", "error_rate": errors, "response_time_ms": response}
    names = ("service_name", "cluster_name", "region", "environment", "cpu_utilization", "memory_utilization")
    cells = [f"{'NULL' if one is None else one} AS {name}" for name, one in (row | dict.fromkeys(names, 1)).items()]
    with duckdb.connect() as store:
        store.execute(f"CREATE TABLE system_metrics AS SELECT {', '.join(cells)}")
        ((found,),) = store.execute(f"SELECT health_status FROM ({view})").fetchall()  # noqa: S608
    assert found == health.of_service(errors, response)


def test_the_newest_row_of_each_service_is_its_state_now(store):
    ((times,),) = store.execute("SELECT count(DISTINCT time) FROM current_system_health").fetchall()
    newest = store.execute("SELECT max(time) FROM system_metrics").fetchone()
    assert times == 1
    assert store.execute("SELECT max(time) FROM current_system_health").fetchone() == newest


def test_rollups_keep_every_request(store):
    total = "SELECT sum(request_count) FROM system_metrics"
    assert (
        store.execute("SELECT sum(total_requests) FROM system_metrics_hourly").fetchone()
        == store.execute(total).fetchone()
    )


def test_a_file_without_the_tables_has_none_of_their_views(tmp_path):
    made(tmp_path / "a.duckdb", ("security_events",))
    with duckdb.connect(str(tmp_path / "a.duckdb")) as store:
        assert views_of(store) == set()


def test_a_later_run_that_brings_the_other_tables_makes_the_views(tmp_path):
    made(tmp_path / "a.duckdb", ("security_events",))
    made(tmp_path / "a.duckdb", ("changes",))
    with duckdb.connect(str(tmp_path / "a.duckdb")) as store:
        assert views_of(store) == {"audit_events"}


def test_a_table_that_has_the_name_of_a_view_stays(tmp_path, estate):
    shutil.copy(estate.duckdb, tmp_path / "a.duckdb")
    with duckdb.connect(str(tmp_path / "a.duckdb")) as store:
        store.execute("DROP VIEW audit_events")
        store.execute("CREATE TABLE audit_events AS SELECT 1 AS mine")
    made(tmp_path / "a.duckdb", ("security_events",))
    with duckdb.connect(str(tmp_path / "a.duckdb")) as store:
        assert store.execute("FROM audit_events").fetchall() == [(1,)]
        assert "current_system_health" in views_of(store)


def test_only_stores_that_hold_views_are_handed_any(tmp_path):
    assert isinstance(open_sink(f"duckdb:{tmp_path}/a.duckdb"), KeepsViews)
    assert not isinstance(open_sink(f"{tmp_path}/out/"), KeepsViews)


@pytest.mark.parametrize(("most", "rows", "is_cut"), [(33, 33, True), (34, 34, False), (35, 34, False)])
def test_an_answer_of_a_view_says_whether_it_is_cut(most, rows, is_cut, estate):
    answer = ask("current_system_health", f"duckdb:{estate.duckdb}", most=most)
    assert (len(answer.rows), answer.summary) == (rows, {"rows": rows, "is_cut": is_cut})
