"""Any file we write can be asked, and answers alike whatever its format."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from ghostfleet import records, signals
from ghostfleet.core.batch import Batch, Text, joined
from ghostfleet.core.errors import DataError
from ghostfleet.core.table import Fold, Kind, Table, column
from ghostfleet.queries import Query, as_text, checks, open_data, query, validate, validate_url
from ghostfleet.queries import text as texts
from ghostfleet.sinks import open_sink
from tests.queries import material, shops

SMALL = ("data.num_servers=6", "data.years_of_data=1")
FORMS = ("csv", "jsonl", "json", "parquet", "duckdb")


def rows_of(folder, form, *, compressed):
    path = material.write(folder, *SMALL, form=form, compressed=compressed)
    with open_data(f"duckdb:{path}" if form == "duckdb" else str(path), material.TABLES) as data:
        sql = 'SELECT * EXCLUDE file_row FROM server_metrics ORDER BY server_id, "timestamp"'
        return data.store.execute(sql).fetchall()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("compressed", [True, False])
def test_every_format_holds_the_same_typed_rows(form, compressed, tmp_path_factory):
    given = rows_of(tmp_path_factory.mktemp(form), form, compressed=compressed)
    assert given == rows_of(tmp_path_factory.mktemp("csv"), "csv", compressed=True)
    assert len(given) == 6 * 365


def test_a_small_fleet_passes_or_says_what_it_cannot_tell(tmp_path):
    path = material.write(tmp_path, *SMALL, form="parquet")
    report = validate_url(str(path), material.TABLES, material.expectations(*SMALL))
    assert report.status == "excellent", report
    assert {result.status for result in report.results} == {"passed", "no_data"}
    assert report.named("growth_compounds").message == "growth needs two years, the data has 365 days"


def test_a_folder_is_searched_by_the_tables_name(tmp_path):
    material.write(tmp_path, *SMALL)
    (tmp_path / "manifest.json").write_text("{}")
    with open_data(str(tmp_path), material.TABLES) as data:
        assert data.ask("overview").dicts()[0]["servers"] == 6


def test_two_formats_in_one_folder_are_not_guessed_at(tmp_path):
    material.write(tmp_path, *SMALL)
    material.write(tmp_path, *SMALL, form="parquet")
    with pytest.raises(DataError, match="name the file that is meant"), open_data(str(tmp_path), material.TABLES):
        pass


def test_a_missing_part_is_noticed(tmp_path):
    path = material.write(tmp_path, *SMALL)
    for number in (1, 3):
        (tmp_path / f"server_metrics_full-0000{number}-of-00003.csv.gz").write_bytes(path.read_bytes())
    path.unlink()
    with pytest.raises(DataError, match="lacks part 2 of 3"), open_data(str(tmp_path), material.TABLES):
        pass


def test_a_path_with_signs_of_a_pattern_is_taken_literally(tmp_path):
    folder = tmp_path / "a[1]*'?"
    folder.mkdir()
    material.write(folder, *SMALL)
    with open_data(str(folder), material.TABLES) as data:
        assert data.ask("overview").dicts()[0]["records"] == 6 * 365


def test_dropped_column_groups_are_no_data_and_not_an_error(tmp_path):
    settings = (*SMALL, "data.metadata.enabled=false", "data.calendar=false")
    path = material.write(tmp_path, *settings)
    report = validate_url(str(path), material.TABLES, material.expectations(*settings))
    assert not [r for r in report.results if r.status in ("error", "failed")]
    assert report.named("required_columns").status == "passed"
    assert "has no column" in report.named("metadata_vocabulary").message
    assert report.named("quarter_end_peak").status == "passed"


def test_without_expectations_checks_say_that_they_were_not_given(tmp_path):
    path = material.write(tmp_path, *SMALL)
    report = validate_url(str(path), material.TABLES)
    assert report.named("row_count").message == "expected_data was not given"
    assert report.exit_code == 0


def test_a_wrong_value_is_named_with_its_line(expected, tmp_path):
    path = tmp_path / "b.csv"
    lines = ["timestamp,server_id,cpu_p95", "2022-01-01T00:00:00Z,server_000,1.0", "soon,server_000,2.0"]
    path.write_text("\n".join(lines) + "\n")
    report = validate_url(str(path), material.TABLES, expected, names=["column_types"])
    assert "row 3: timestamp = soon" in report.named("column_types").message


def test_a_query_without_its_column_has_no_data_and_says_why(good, tmp_path):
    path = good.broken(tmp_path / "b.csv", change="* EXCLUDE criticality")
    with open_data(path, material.TABLES) as data:
        result = data.ask("memory_by_criticality")
    assert result.rows == []
    assert result.reason == "server_metrics has no column criticality"


def test_parameters_are_bound_and_never_pasted(good):
    asked = Query("q", "SELECT count(*) AS n FROM server_metrics WHERE server_id = $server", {})
    with open_data(str(good.path), material.TABLES) as data:
        assert data.ask(asked, {"server": "server_003"}).rows == [(1461,)]
        assert data.ask(asked, {"server": "x' OR true --"}).rows == [(0,)]


def test_names_and_thresholds_that_do_not_exist_are_refused(good):
    with open_data(str(good.path), material.TABLES) as data:
        with pytest.raises(DataError, match="no check gost"):
            validate(data, names=["gost"])
        with pytest.raises(DataError, match=r"no threshold row_count\.tolerance"):
            validate(data, thresholds={"row_count.tolerance": 1})
    with pytest.raises(DataError, match="there is no query gost"):
        query("gost")


def test_a_threshold_moves_a_verdict(good, expected):
    strict = {"correlation_within_target.tolerance": 0.001}
    name = "correlation_within_target"
    with open_data(str(good.path), material.TABLES, expected) as data:
        assert validate(data, names=[name]).named(name).status == "passed"
        assert validate(data, names=[name], thresholds=strict).named(name).status == "failed"


def test_every_check_says_what_it_is_how_grave_and_what_to_do():
    for name, check in checks().items():
        assert {"title", "category", "severity", "status", "message", "measured", "advice"} <= set(check.header), name
        assert check.header["severity"] in ("low", "medium", "high", "critical"), name
        assert check.header["category"] in ("schema", "completeness", "validity", "consistency", "realism"), name


def test_every_need_of_a_view_or_check_can_be_met():
    known = {
        "expected_hosts",
        "declared_columns",
        "declared_values",
        "found_tables",
        "wrong_values",
        "values_outside",
        "doubled_rows",
        "graph_nodes",
        "graph_links",
        "stated_extents",
        "stated_rows",
        "stated_windows",
        *records.found(),
        *material.expectations(),
        *(one for name in (shops.COMMERCE, shops.EVENTS) for one in shops.expectations(name)),
        *(
            one
            for name in ("spans", "logs")
            for one in signals.expectations(signals.signal(name), shops.scenario(shops.TRACES))
        ),
    }
    for check in checks().values():
        for need in (*check.needs, *check.optional):
            assert need.relation in known or texts.view(need.relation), f"{check.name} needs {need.relation}"
        for view in check.unless:
            assert texts.view(view), f"{check.name} cannot be judged unless {view}"


def test_a_check_that_breaks_is_an_error_of_its_own(good, monkeypatch):
    broken = Query("broken", "SELECT nothing FROM nowhere", {"severity": "low"})
    monkeypatch.setattr(texts, "checks", lambda: {"broken": broken})
    with open_data(str(good.path), material.TABLES) as data:
        result = validate(data).named("broken")
    assert result.status == "error"
    assert "nowhere" in result.message


HEADER = "timestamp,server_id,cpu_p95,mem_p95,disk_p95,net_in_p95,net_out_p95,server_type,month\n"


def empty(folder, form):
    path = folder / f"server_metrics_full.{form}"
    if form == "csv":
        path.write_text(HEADER)
        return str(path)
    full = material.write(folder, *SMALL, form="parquet")
    with open_data(str(full), material.TABLES) as data:
        data.store.execute(f"COPY (FROM '{full}' LIMIT 0) TO '{folder / 'e.parquet'}'")
    (folder / "e.parquet").replace(path)
    return str(path)


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("known", [True, False])
def test_a_file_without_rows_fails_one_check_and_passes_none_that_reads_rows(form, known, tmp_path):
    path = empty(tmp_path, form)
    report = validate_url(path, material.TABLES, material.expectations(*SMALL) if known else None)
    result = report.named("row_count")
    assert result.status == "failed"
    assert result.message.startswith("no rows")
    assert [r.name for r in report.results if r.broken and r.name != "required_columns"] == ["row_count"]
    assert report.named("no_duplicates").message == "server_metrics has no rows"
    assert "Error" not in as_text(report)
    assert {r.name for r in report.results if r.status == "passed"} <= {
        "file_is_readable",
        "required_columns",
        "timestamps_state_utc",
    }


def test_an_absent_expectation_stays_absent_for_checks_that_need_it(tmp_path):
    """What stands in for it where it is optional must not make others pass for want of rows."""
    path = material.write(tmp_path, *SMALL)
    report = validate_url(str(path), material.TABLES)
    for name in ("no_time_gap", "days_are_whole", "timestamps_are_utc_steps"):
        assert (report.named(name).status, report.named(name).message) == ("no_data", "expected_data was not given")


def test_integers_are_whole_in_files_with_types_too(tmp_path):
    path = material.write(tmp_path, *SMALL, form="parquet")
    with open_data(str(path), material.TABLES) as data:
        halves = data.store.read_parquet(str(path)).select("* REPLACE (month + 0.5::DOUBLE AS month)")
        halves.write_parquet(str(tmp_path / "b.parquet"))
    report = validate_url(str(tmp_path / "b.parquet"), material.TABLES, names=["column_types"])
    assert "month = 1.5" in report.named("column_types").message


@pytest.mark.parametrize("offset", ["-05:00", "+05:30", "+0200", "-11", "+00:00"])
@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_a_time_with_an_offset_is_the_instant_that_it_says(form, offset, tmp_path):
    path = material.write(tmp_path, "data.num_servers=2", "data.years_of_data=1", form=form, compressed=False)
    with open_data(str(path), material.TABLES) as data:
        before = data.store.execute('SELECT "timestamp", server_id FROM server_metrics ORDER BY ALL').fetchall()
    hours, minutes = int(offset[:3]), int(offset.replace(":", "")[3:] or 0)
    shift = timedelta(hours=hours, minutes=minutes if hours >= 0 else -minutes)

    def elsewhere(found):
        return (datetime.fromisoformat(found[0]) + shift).isoformat() + offset

    path.write_text(
        re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?=Z)", elsewhere, path.read_text()).replace(f"{offset}Z", offset)
    )
    with open_data(str(path), material.TABLES) as data:
        after = data.store.execute('SELECT "timestamp", server_id FROM server_metrics ORDER BY ALL').fetchall()
    assert after == before


@pytest.mark.parametrize(
    "time",
    ["infinity", "9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z", "12022-01-01T00:00:00Z", "0044-03-15 (BC) 00:00:00"],
)
@pytest.mark.parametrize("form", ["csv", "parquet", "duckdb"])
def test_a_time_that_cannot_be_is_a_wrong_value(form, time, tmp_path):
    path = material.write(tmp_path, *SMALL, form="parquet")
    url = str(tmp_path / f"b.{form}")
    with duckdb.connect(url if form == "duckdb" else ":memory:") as store:
        one = "server_id = 'server_001' AND \"timestamp\" = '2022-02-03'"
        changed = f"CASE WHEN {one} THEN TIMESTAMPTZ '{time}' ELSE \"timestamp\" END"
        rows = f"SELECT * REPLACE ({changed} AS \"timestamp\") FROM '{path}'"  # noqa: S608  a test's own
        store.execute(f"CREATE TABLE server_metrics AS {rows}" if form == "duckdb" else f"COPY ({rows}) TO '{url}'")
    with open_data(url, material.TABLES) as data:
        report = validate(data)
    assert report.named("column_types").status == "failed"
    assert "timestamp = " in report.named("column_types").message


@pytest.mark.parametrize(
    ("form", "folder"),
    [("csv", "~x"), ("csv", "latin \udcf6"), ("parquet", "a*b?[c]"), ("duckdb", "~x"), ("duckdb", "a*b[c]")],
)
def test_a_path_that_the_engine_would_not_take_is_read_all_the_same(form, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(folder).mkdir()
    path = material.write(Path(folder), *SMALL, form=form)
    report = validate_url(f"duckdb:{path}" if form == "duckdb" else str(path), material.TABLES)
    assert report.named("file_is_readable").status == "passed"


def test_a_table_nobody_knows_is_checked_by_its_declaration(tmp_path):
    table = Table(
        "beats",
        "beats",
        (
            column("id", Kind.TEXT, "who"),
            column("time", Kind.TIME, "when"),
            column("beats", Kind.I64, "how many", low=0, high=10, fold=Fold.SUM),
        ),
        ("id", "time"),
        ("id", "time"),
    )
    rows = [
        "a,2024-01-01T00:00:00Z,3",
        "a,2024-01-01T00:00:00Z,4",
        "a,2024-01-02T00:00:00Z,-99",
        "a,2024-01-03T00:00:00Z,abc",
    ]
    (tmp_path / "beats.csv").write_text("\n".join(["id,time,beats", *rows]) + "\n")
    report = validate_url(str(tmp_path / "beats.csv"), [table])
    found = {one.name: one.message for one in report.results if one.status == "failed"}
    assert set(found) == {"column_types", "values_in_range", "no_duplicates"}
    assert "row 5: beats = abc" in found["column_types"]
    assert "row 4: beats = -99, valid is 0 to 10" in found["values_in_range"]
    assert "a, 2024-01-01 00:00:00, again in row 3" in found["no_duplicates"]


LISTS = Table(
    "labels",
    "labels",
    (column("id", Kind.TEXT, "who"), column("tags", Kind.TEXTS, "which", nullable=True)),
    ("id",),
    ("id",),
)


@pytest.mark.parametrize("form", ["csv", "csv.gz", "jsonl", "json", "parquet", "duckdb"])
def test_lists_of_texts_come_back_as_lists_from_every_format(form, tmp_path):
    lists: tuple[list[str], ...] = (["a"], ['say "b"', "c,d"], [])
    tags = Text(np.array([0, 1, 2, -1]), tuple(joined(items) for items in lists))
    batch = Batch(LISTS, {"id": Text(np.arange(4), ("0", "1", "2", "3")), "tags": tags})
    url = f"duckdb:{tmp_path}/x.duckdb" if form == "duckdb" else f"{tmp_path}/labels.{form}"
    sink = open_sink(url)
    sink.open([LISTS], plan_id="p", tasks={"labels": [0]})
    part = sink.part(LISTS, 0)
    part.write(batch)
    sink.finish([part.close()])
    with open_data(url, [LISTS]) as data:
        found = data.store.execute("SELECT tags, wrong_cells FROM labels ORDER BY id").fetchall()
    empty: list[str] | None = (
        None if form.startswith("csv") else []
    )  # DuckDB takes "" in a CSV for a missing value, of texts too
    assert found == [(["a"], None), (['say "b"', "c,d"], None), (empty, None), (None, None)]


def test_what_is_no_list_of_texts_is_written_down(tmp_path):
    (tmp_path / "labels.jsonl").write_text('{"id": "0", "tags": "a"}\n{"id": "1", "tags": ["a"]}\n')
    with open_data(str(tmp_path / "labels.jsonl"), [LISTS]) as data:
        found = data.store.execute("SELECT tags, wrong_cells FROM labels").fetchall()
    assert found == [(None, 'tags = "a"'), (["a"], None)]


def test_a_question_that_needs_too_much_memory_says_so(tmp_path):
    material.write(tmp_path, *SMALL)
    with open_data(str(tmp_path), material.TABLES) as data:
        data.store.execute("SET memory_limit = '8MB'")
        data.store.execute("SET max_temp_directory_size = '1MB'")
        with pytest.raises(DataError, match=r"a question needs more than there is: .*; ask it of fewer rows"):
            data.add("much", "SELECT hash(range) AS number FROM range(20000000) ORDER BY number")


def test_checks_that_need_too_much_memory_are_in_error_and_hide_no_other(tmp_path):
    """What checks share may be what does not fit; the others are judged all the same."""
    material.write(tmp_path, *SMALL)
    with open_data(str(tmp_path), material.TABLES) as data:
        data.store.execute("SET memory_limit = '4MB'")
        data.store.execute("SET max_temp_directory_size = '1MB'")
        found = validate(data)
    broken = [result.message for result in found.results if result.status == "error"]
    assert any(message.startswith("a question needs more than there is") for message in broken)
    assert any(result.status == "passed" for result in found.results if result.name != "file_is_readable")


def test_quantiles_of_very_many_hosts_are_right_to_five_digits(tmp_path):
    """For two million rows of a metric: each quantile is that of the values, to 1e-4 of itself."""
    with duckdb.connect(str(tmp_path / "hosts.duckdb")) as store:
        store.execute(
            "CREATE TABLE host_metrics AS SELECT 'a' AS host_id, make_timestamptz(range * 1000000) AS time, "
            "100 * (hash(range) % 1000003) / 1000003.0 AS cpu, NULL::DOUBLE AS memory, 0.0 AS disk_read, "
            "exp((hash(range + 1) % 1000003) / 100000.0) AS disk_write, 1.0 AS net_in, 2.0 AS net_out "
            "FROM range(2000000)"
        )
        shares = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1)
        exact = {}
        for metric in ("cpu", "disk_write", "disk_read"):
            sql = f"SELECT unnest(quantile_cont({metric}::DOUBLE, {list(shares)})) FROM host_metrics"  # noqa: S608  constants
            exact[metric] = [float(row[0]) for row in store.execute(sql).fetchall()]
    with open_data(f"duckdb:{tmp_path / 'hosts.duckdb'}", [signals.signal("host_metrics").TABLE]) as data:
        assert not data.lacks(query("host_statistics"))
        for metric, expected in exact.items():
            found = data.store.execute(
                "SELECT value FROM host_quantiles WHERE metric = ? ORDER BY share", [metric]
            ).fetchall()
            np.testing.assert_allclose([float(row[0]) for row in found], expected, rtol=1e-4)
