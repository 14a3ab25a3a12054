"""`ghostfleet truth`, and incidents on the command line."""

import csv
import json

import pytest

from tests.cli.commands import ghostfleet
from tests.unit.truth.halves import TEXT

SCHEDULED = """
  incidents:
    scheduled:
      payments: {incident: {kind: payment_timeout}, per_day: 0.5, hours: [10, 20]}
      deploys: {incident: {kind: bad_deploy}, per_day: 0.5}
"""
ADDED = [
    {"incident": {"kind": "node_loss", "on": ["prod-shop-cluster"]}, "starts": "2025-03-05T16:00", "id": "mine"},
    {"resolves": "mine", "at": "2025-03-05T16:04"},
]
WEEK = ("--from", "2025-03-03", "--until", "2025-03-10")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "own.yaml").write_text(TEXT + SCHEDULED)
    (tmp_path / "added.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in ADDED))
    return tmp_path


def table(folder, *arguments):
    done = ghostfleet(folder, "truth", "own.yaml", *WEEK, "--to", "-", *arguments)
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(done.stdout.splitlines()))


def test_both_tables_are_written_and_agree(folder):
    done = ghostfleet(folder, "truth", "own.yaml", *WEEK, "--to", "out/", "--format", "csv", "--codec", "none")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["impact.csv", "incidents.csv"]
    incidents, impact = (
        list(csv.DictReader((folder / "out" / name).read_text().splitlines()))
        for name in ("incidents.csv", "impact.csv")
    )
    assert {row["kind"] for row in incidents} == {"payment_timeout", "bad_deploy"}
    assert {row["incident_id"] for row in impact} == {row["incident_id"] for row in incidents}
    roots = {(row["incident_id"], row["root_entity"]) for row in incidents}
    assert {(row["incident_id"], row["entity"]) for row in impact if row["hop"] == "0"} == roots


def test_truth_of_a_story_is_of_all_its_days(tmp_path):
    done = ghostfleet(tmp_path, "truth", "trading-crisis")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/trading-crisis/truth/incidents.csv.gz").exists()


def test_truth_goes_into_a_folder_of_its_own(folder):
    assert ghostfleet(folder, "truth", "own.yaml", *WEEK, "--only", "incidents").returncode == 0
    assert [path.name for path in (folder / "out/estate/truth").iterdir()] == ["incidents.csv.gz"]


def test_running_it_again_writes_the_same_bytes(folder):
    for name in ("a", "b"):
        assert ghostfleet(folder, "truth", "own.yaml", *WEEK, "--to", f"{name}/", "--format", "parquet").returncode == 0
    for name in ("incidents.parquet", "impact.parquet"):
        assert (folder / "a" / name).read_bytes() == (folder / "b" / name).read_bytes()


def test_abutting_windows_hold_each_incident_once(folder):
    whole = table(folder, "--only", "incidents")
    pieces = []
    for since, until in (("2025-03-03", "2025-03-05T15:30"), ("2025-03-05T15:30", "2025-03-10")):
        window = ("--from", since, "--until", until, "--to", "-", "--only", "incidents")
        pieces += list(csv.DictReader(ghostfleet(folder, "truth", "own.yaml", *window).stdout.splitlines()))
    assert pieces == whole
    assert len(whole) > 2


def test_a_ledger_adds_incidents_and_resolves_them(folder):
    before = table(folder, "--only", "incidents")
    after = table(folder, "--only", "incidents", "--incidents", "added.jsonl")
    (added,) = (row for row in after if row not in before)
    assert (added["incident_id"], added["root_label"]) == ("mine", "EKSCluster")
    assert added["plateau_until"] == "2025-03-05T16:04:00Z"
    assert len(after) == len(before) + 1


def test_without_incidents_there_is_no_truth(folder):
    assert table(folder, "--only", "incidents", "--no-incidents") == []
    assert table(folder, "--only", "impact", "--no-incidents") == []


UNDER_WAY = "note: incidents under way when the window starts, and so not in its truth: "
LATER = ("--from", "2025-03-05T16:02", "--until", "2025-03-05T18:00", "--incidents", "added.jsonl")


def told(done):
    """Lines of the error stream about incidents that had begun before."""
    assert done.returncode == 0, done.stderr
    return [line for line in done.stderr.splitlines() if UNDER_WAY[6:30] in line]


@pytest.fixture
def long(folder):
    """A folder whose ledger begins before the window and goes on in it."""
    (folder / "added.jsonl").write_text(json.dumps(ADDED[0]) + "\n")
    return folder


def test_truth_names_what_began_before_the_window_and_the_window_that_lists_it(long):
    done = ghostfleet(long, "truth", "own.yaml", *LATER, "--only", "incidents", "--to", "-")
    line = f"{UNDER_WAY}mine (node_loss on prod-shop-cluster); --from 2025-03-05T16:00:00Z lists it"
    assert told(done) == [line]
    assert "mine" not in done.stdout
    wider = ("--from", "2025-03-05T16:00:00Z", *LATER[2:], "--only", "incidents", "--to", "-")
    again = ghostfleet(long, "truth", "own.yaml", *wider)
    assert told(again) == []
    assert "mine" in again.stdout


def test_records_name_it_and_their_manifest_does(long):
    done = ghostfleet(long, "generate", "own.yaml", *LATER, "--only", "incident_metrics,changes", "--to", "out/")
    (line,) = told(done)
    assert line.startswith(f"{UNDER_WAY}mine (")
    notes = json.loads((long / "out/manifest.json").read_text())["notes"]
    assert line == f"note: incidents {notes['incidents']}"


def test_telemetry_alone_and_blind_data_do_not_tell(long):
    """Whoever writes nothing of what people knew must not learn of it from the run either."""
    for place, more in enumerate((("--only", "changes"), ("--only", "changes,incident_metrics", "--blind"))):
        done = ghostfleet(long, "generate", "own.yaml", *LATER, *more, "--to", f"out{place}/")
        assert told(done) == []
        assert "mine" not in done.stdout + done.stderr
        assert "incidents" not in json.loads((long / f"out{place}/manifest.json").read_text())["notes"]


@pytest.mark.parametrize("command", ["truth", "generate"])
def test_quiet_runs_do_not_tell(long, command):
    only = "incidents" if command == "truth" else "incident_metrics"
    done = ghostfleet(long, command, "own.yaml", *LATER, "--only", only, "--to", "out/", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_show_tells_of_the_ledger(folder):
    shown = ghostfleet(folder, "show", "own.yaml", "--incidents", "added.jsonl").stdout
    assert 'ledger: [{id: "mine"' in shown
    assert "# --incidents added.jsonl" in shown
    assert "enabled: false" in ghostfleet(folder, "show", "own.yaml", "--no-incidents").stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("truth", "capacity"), "the scenario capacity has no estate, and so no incidents"),
        (("show", "capacity", "--no-incidents"), "--no-incidents: the scenario capacity has no estate"),
        (
            ("truth", "own.yaml", "--only", "telemetry"),
            "--only telemetry: truth has no such table; valid are incidents, impact",
        ),
        (("truth", "own.yaml", "--incidents", "none.jsonl"), "cannot read none.jsonl"),
        (("truth", "own.yaml", "--incidents", "own.yaml"), "own.yaml:1: "),
        (("truth", "own.yaml", "--incidents", "added.jsonl", "--no-incidents"), "leave one of them out"),
        (("truth", "own.yaml", "--to", "-"), "standard output takes one table"),
    ],
)
def test_what_cannot_be_is_refused(folder, arguments, complaint):
    done = ghostfleet(folder, *arguments)
    assert done.returncode in {2, 3}
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_truth_of_a_given_number_of_events_looks_beyond_their_hours(tmp_path):
    """What incidents do ends after the last event; there nobody enters."""
    asked = "--count 500 --hours 24 --incident-factor 10 --seed 3 --now 2026-03-04T17:00:00Z --to tr/"
    done = ghostfleet(tmp_path, "truth", "events", *asked.split())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tr/impact.csv").exists()
