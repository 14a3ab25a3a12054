# ruff: noqa: S608  the queries are made of constants
"""Checks of `host_metrics`: good data passes, and each way to break it is named."""

import duckdb
import pytest

from ghostfleet.cli import root

ONE = "host_id = 'host-00003' AND \"time\" = '2025-03-03T10:05:00Z'"
BROKEN = {
    "row dropped": ("hosts_have_every_row", "host-00003", f"SELECT * FROM good WHERE NOT ({ONE})"),
    "row doubled": (
        "no_duplicates",
        "host-00003, 2025-03-03 10:05:00",
        f"SELECT * FROM good UNION ALL FROM good WHERE {ONE}",
    ),
    "step dropped": ("hosts_have_every_row", "10:05:00", "SELECT * FROM good WHERE \"time\" <> '2025-03-03T10:05:00Z'"),
    "host dropped": ("hosts_have_every_row", "hosts in all", "SELECT * FROM good WHERE host_id <> 'host-00003'"),
    "negative": (
        "values_in_range",
        "cpu = -1, valid is 0 to 100",
        f"SELECT * REPLACE (CASE WHEN {ONE} THEN '-1' ELSE cpu END AS cpu) FROM good",
    ),
    "more than all": (
        "values_in_range",
        "cpu = 101, valid is 0 to 100",
        f"SELECT * REPLACE (CASE WHEN {ONE} THEN '101' ELSE cpu END AS cpu) FROM good",
    ),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hosts")
    arguments = ["generate", "hosts", "--hosts", "8", "--days", "1", "--to", str(folder), "--quiet"]
    assert root.run(arguments) == 0
    return folder


def test_good_data_passes(good, capsys):
    assert root.run(["validate", str(good)]) == 0
    said = capsys.readouterr().out
    assert "(8 passed)" in said  # checks of other tables are not about this data set


@pytest.mark.parametrize("name", list(BROKEN))
def test_broken_data_is_refused_by_the_check_that_guards_it(good, tmp_path, capsys, name):
    check, words, query = BROKEN[name]
    source = f"CREATE VIEW good AS FROM read_csv('{good / 'host_metrics.csv.gz'}', all_varchar = true)"
    with duckdb.connect() as store:
        store.execute(source)
        store.execute(f"COPY ({query}) TO '{tmp_path / 'host_metrics.csv.gz'}' (HEADER)")
    (tmp_path / "manifest.json").write_bytes((good / "manifest.json").read_bytes())
    assert root.run(["validate", str(tmp_path)]) == 1
    refused = [line for line in capsys.readouterr().out.splitlines() if line.startswith("failed")]
    assert {line.split()[2] for line in refused} - {"rows_as_stated"} == {check}
    assert words in refused[0]


def test_a_report_of_what_no_panel_draws_is_refused(good, capsys):
    assert root.run(["report", str(good), "--dashboard", "capacity"]) != 0
    assert "no panel of the dashboard capacity draws host_metrics" in capsys.readouterr().err
