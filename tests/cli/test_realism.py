"""`ghostfleet realism` as a user calls it: report, exit codes, messages."""

import json

import pytest

pytest.importorskip("sklearn")

from tests.cli.commands import ghostfleet
from tests.unit.analysis import fleets
from tests.unit.analysis.fleets import bursty, fleet, smooth

SMALL = ("--length", "8h", "--windows", "60", "--repeats", "1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("sides")
    fleets.write(fleet(smooth, 12, 2, seed=1), where / "data.csv.gz")
    fleets.write(fleet(bursty, 12, 2, seed=2), where / "real.parquet", fleets.LONG)
    return where


def test_a_report_is_printed_and_written_and_the_limit_decides_the_exit_code(folder):
    done = ghostfleet(
        folder, "realism", "data.csv.gz", "--like", "real.parquet", *SMALL, "--to", "out", "--fail-above", "0.72"
    )
    assert (done.returncode, done.stderr) == (1, "")
    facts = json.loads((folder / "out" / "realism.json").read_text("utf-8"))
    assert facts["auc_mean"] > 0.9
    assert [one["metric"] for one in facts["metrics"]] == ["cpu", "memory"]
    assert (folder / "out" / "realism.png").read_bytes().startswith(b"\x89PNG")
    assert done.stdout.startswith((folder / "out" / "realism.txt").read_text("utf-8"))


def test_measured_is_success_when_no_limit_is_given(folder):
    mapped = ("--map", "cpu_pct=mem_used", "--metrics", "cpu_pct", "--format", "json")
    done = ghostfleet(folder, "realism", "data.csv.gz", "--like", "real.parquet", *SMALL, *mapped)
    assert done.returncode == 0
    (metric,) = json.loads(done.stdout)["metrics"]
    assert metric["names"] == {"data": "cpu_pct", "real": "mem_used"}


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--map", "cpu"), 2, "write A=B"),
        (("--map", "x=cpu"), 2, "--map names x, which DATA does not have; it has cpu_pct, mem_pct"),
        (("--length", "1h"), 2, "a window needs 24 steps of 5m, so at least --length 2h"),
        (("--entity", "server"), 4, "data.csv.gz has no column server; it has host, moment, cpu_pct, mem_pct"),
        (("--to", "data.csv.gz/out"), 3, "cannot write the report into data.csv.gz/out"),
        (("--real-metrics", "gpu"), 4, "real.parquet has no metric gpu; it has cpu, mem_used"),
        (("--length", "10d"), 4, "0 entities in DATA and 0 in REAL have a whole window of 10d"),
    ],
)
def test_what_cannot_be_done_is_said(folder, options, code, said):
    done = ghostfleet(folder, "realism", "data.csv.gz", "--like", "real.parquet", *options)
    assert done.returncode == code
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
