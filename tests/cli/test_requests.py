"""What a user of `events` and `commerce` meets: counts, long spans, compression, what counts as now."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import ghostfleet

if TYPE_CHECKING:
    from pathlib import Path

NOW = ("--now", "2026-03-04T17:00:00-05:00")
FEW = ("--count", "40", *NOW)


def lines(path: Path) -> list[str]:
    """Lines of a file, packed or not."""
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode().splitlines()


OWN = """scenario: mine
extends: {base}
estate: {{now: "2026-03-04T17:00:00-05:00"{more}}}
"""
PINNED = "2026-03-04T22:00:00Z"


def until(folder: Path, *arguments: str) -> str:
    """End of the span that is planned."""
    done = ghostfleet(folder, "plan", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["until"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("own.yaml",),
        ("events", "--set", "estate.now=2026-03-04T17:00:00-05:00"),
        ("events", "--config", "config.yaml"),
        ("pinned.yaml",),
    ],
)
def test_a_now_that_is_said_anywhere_is_not_the_clocks(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Precedence: the clock is but the default of a parameter."""
    (tmp_path / "own.yaml").write_text(OWN.format(base="events", more=", hours: 3"))
    (tmp_path / "config.yaml").write_text('estate: {now: "2026-03-04T17:00:00-05:00"}\n')
    pinned = OWN.format(base="commerce", more="") + "parameters: {now: {default: '2026-03-04T17:00:00-05:00'}}\n"
    (tmp_path / "pinned.yaml").write_text(pinned)
    assert until(tmp_path, *arguments) == PINNED


def test_whoever_says_now_on_the_command_line_gets_the_clock(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN.format(base="events", more=""))
    assert until(tmp_path, "own.yaml", "--now", "now") > "2026-03-05"
    assert until(tmp_path, "events") > "2026-03-05"
    assert until(tmp_path, "own.yaml", "--now", "2026-03-03T17:00:00-05:00") == "2026-03-03T22:00:00Z"


@pytest.mark.parametrize("arguments", [("--now", "2999-01-01T00:00:00Z"), ("--set", "estate.now=2999-01-01T00:00:00Z")])
def test_nothing_happens_in_the_future(tmp_path: Path, arguments: tuple[str, str]) -> None:
    done = ghostfleet(tmp_path, "generate", "events", *arguments, "--to", "out/")
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {arguments[0]}")
    assert "2999-01-01T00:00:00Z is in the future; valid is 20" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("scenario", [("events", "--count", "400", "--hours", "3"), ("commerce", "--days", "1")])
def test_the_last_minutes_of_requests_are_the_last_whatever_rows_of_metrics_are(
    tmp_path: Path, scenario: tuple[str, ...]
) -> None:
    now = ("--now", "2026-03-11T12:37:00Z", "--last", "30m")
    assert until(tmp_path, *scenario, *now) == "2026-03-11T12:37:00Z"
    assert until(tmp_path, *scenario, *now, "--every", "1h") == "2026-03-11T12:37:00Z"
    beside = ("--only", "transactions,system_metrics", "--every", "7m")
    assert until(tmp_path, *scenario, *now, *beside) == "2026-03-11T12:34:00Z"


@pytest.mark.parametrize("command", [("plan",), ("generate", "--to", "out/")])
def test_a_window_that_is_shorter_than_was_asked_for_is_told_of(tmp_path: Path, command: tuple[str, ...]) -> None:
    first, *rest = command
    asked = ("events", *FEW, "--from", "2026-02-01", "--until", "2999-01-01", *rest)
    done = ghostfleet(tmp_path, first, *asked)
    assert done.returncode == 0, done.stderr
    assert "note: events begins at 2026-03-03T22:00:00Z, and so does the window, not at 2026-02-01T00" in done.stderr
    assert "note: events ends at 2026-03-04T22:00:00Z, and so does the window, not at 2999-01-01T00" in done.stderr
    within = ("events", *FEW, "--from", "2026-03-04", "--until", "2026-03-04T12:00", *rest)
    assert "so does the window" not in ghostfleet(tmp_path, first, *within).stderr


@pytest.mark.parametrize(("count", "hours"), [(5, 720), (200, 2400), (1, 1)])
def test_there_are_as_many_events_as_were_asked_for_however_long_the_span(
    tmp_path: Path, count: int, hours: int
) -> None:
    asked = ("events", "--count", str(count), "--hours", str(hours), *NOW)
    done = ghostfleet(tmp_path, "generate", *asked, "--to", "out/", "--workers", "1")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in lines(tmp_path / "out/realistic_events.jsonl")]
    assert len(found) == count
    assert max(one["timestamp"] for one in found) < "2026-03-04T22:00:00Z"
    assert json.loads(ghostfleet(tmp_path, "plan", *asked, "--json").stdout)["rows"] == count


def test_days_of_commerce_are_all_made_however_many(tmp_path: Path) -> None:
    asked = ("commerce", "--days", "95", "--scale", "0.0001", *NOW, "--only", "transactions", "--to", "out/", "--yes")
    assert ghostfleet(tmp_path, "generate", *asked).returncode == 0
    days = {json.loads(line)["@timestamp"][:10] for line in lines(tmp_path / "out/all_data.ndjson")[1::2]}
    assert len(days) in {95, 96}


def test_the_last_hours_are_those_before_the_now_of_the_scenario(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, "generate", "events", *FEW, "--last", "6h", "--to", "out/")
    assert done.returncode == 0, done.stderr
    times = [json.loads(line)["timestamp"] for line in lines(tmp_path / "out/realistic_events.jsonl")]
    assert times
    assert all("2026-03-04T16" <= one < "2026-03-04T22" for one in times)


@pytest.mark.parametrize("form", ["jsonl", "csv", "json", "bulk"])
def test_a_format_that_is_packed_packs(tmp_path: Path, form: str) -> None:
    for name in (form, f"{form}.gz"):
        done = ghostfleet(tmp_path, "generate", "events", *FEW, "--format", name, "--to", f"{name}/")
        assert done.returncode == 0, done.stderr
    (plain,), (packed,) = (list((tmp_path / name).glob("realistic_events.*")) for name in (form, f"{form}.gz"))
    assert packed.suffix == ".gz"
    assert lines(packed) == lines(plain)


def test_names_and_codecs_pack_as_well_and_none_does_not(tmp_path: Path) -> None:
    named = ghostfleet(tmp_path, "generate", "events", *FEW, "--to", "x.jsonl.gz")
    small = ghostfleet(tmp_path, "generate", "events", *FEW, "--codec", "small", "--to", "small/")
    plain = ghostfleet(tmp_path, "generate", "events", *FEW, "--codec", "none", "--to", "plain/")
    assert [named.returncode, small.returncode, plain.returncode] == [0, 0, 0]
    expected = lines(tmp_path / "plain/realistic_events.jsonl")
    assert lines(tmp_path / "x.jsonl.gz") == lines(tmp_path / "small/realistic_events.jsonl.gz") == expected


def test_few_events_of_months_need_no_more_memory_than_those_of_a_day(tmp_path: Path) -> None:
    """A state that was solved is let go of with the next one: thirty days take at most a quarter more than two."""
    peaks = []
    for hours in ("48", "720"):
        code = (
            "import sys, resource; from ghostfleet.cli import main\n"
            "try: main()\n"
            "except SystemExit: pass\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        asked = (
            "generate",
            "events",
            "--count",
            "500",
            "--hours",
            hours,
            *NOW,
            "--to",
            hours,
            "--quiet",
            "--workers",
            "1",
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *asked], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        peaks.append(int(done.stdout.split()[-1]))
    assert peaks[1] < 1.25 * peaks[0]


def test_counts_by_service_status_severity_and_region_go_to_the_error_stream(tmp_path: Path) -> None:
    """The counts of each column add up to the events, and are those of the file."""
    done = ghostfleet(tmp_path, "generate", "events", "--count", "500", *NOW, "--to", "out/")
    said = dict(line.strip().split(": ", 1) for line in done.stderr.splitlines() if ": " in line)
    found = json.loads((tmp_path / "out/summary.json").read_text())["events"]
    events = [json.loads(line) for line in lines(tmp_path / "out/realistic_events.jsonl")]
    columns = {
        "source.service": [one["source"]["service"] for one in events],
        "severity": [one["severity"] for one in events],
        "metrics.status_code": [str(one["metrics"]["status_code"]) for one in events],
        "context.tags.region": [one["context"]["tags"]["region"] for one in events if one["context"]["tags"]["region"]],
    }
    for column, values in columns.items():
        assert found[column] == {value: values.count(value) for value in found[column]}
        assert sum(found[column].values()) == len(values)
        assert column in said
        assert column not in done.stdout
    assert "p95" in said["metrics.response_time_ms"]


def test_days_of_an_estates_hosts_are_accepted_with_their_names_and_little_traffic(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, "generate", "demo", *NOW, "--only", "server_metrics", "--to", "out/")
    assert done.returncode == 0, done.stderr
    judged = ghostfleet(tmp_path, "validate", "out/")
    assert judged.returncode == 0, judged.stdout
    assert "score 100" in judged.stdout
    silent = [line for line in judged.stdout.splitlines() if line.startswith("no data")]
    assert silent
    assert all("the servers are the 211 hosts of an estate" in line for line in silent)


def judged(folder: Path, *where: str) -> dict[str, dict[str, str]]:
    """Verdicts on a place, by check."""
    done = ghostfleet(folder, "validate", *where, "--format", "json")
    return {one["name"]: one for one in json.loads(done.stdout)["results"]}


OF_MANY = {
    *("transactions_follow_the_clock", "events_follow_the_clock", "weekends_of_events_differ"),
    *("currencies_suit_countries", "open_breakers_try_again"),
}


def broken(folder: Path, *where: str) -> dict[str, str]:
    """What checks that do not pass say of a place; few rows, and those of an hour, show too little for some."""
    found = {name: one for name, one in judged(folder, *where).items() if one["status"] != "passed"}
    return {name: one["message"] for name, one in found.items() if one["status"] != "no_data" or name not in OF_MANY}


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "csv", "bulk", "parquet"])
def test_files_have_the_rows_that_their_manifest_states(tmp_path: Path, form: str) -> None:
    tables = ("commerce", "--days", "1", "--scale", "0.0005", *NOW, "--only", "events,transactions", "--yes")
    assert ghostfleet(tmp_path, "generate", *tables, "--format", form, "--to", "out/").returncode == 0
    assert broken(tmp_path, "out/") == {}
    (path,) = (tmp_path / "out").glob("all_data.*")
    assert broken(tmp_path, f"out/{path.name}") == {}
    path.unlink()
    assert list(broken(tmp_path, "out/")) == ["rows_as_stated"]
    (left,) = (tmp_path / "out").glob("realistic_events.*")
    assert broken(tmp_path, f"out/{left.name}") == {}  # a file alone says nothing of the others


def test_lines_that_are_lost_or_doubled_are_told(tmp_path: Path) -> None:
    ghostfleet(tmp_path, "generate", "events", *FEW, "--to", "out/", "--format", "jsonl")
    path = tmp_path / "out/realistic_events.jsonl"
    whole = path.read_text().splitlines(keepends=True)
    for kept, said in ((whole[1:], "39 rows instead of 40"), ([*whole, whole[0]], "41 rows instead of 40")):
        path.write_text("".join(kept))
        for where in ("out/", "out/realistic_events.jsonl"):
            assert said in broken(tmp_path, where)["rows_as_stated"]


def test_parts_have_the_rows_that_their_manifests_state(tmp_path: Path) -> None:
    """A part beside which no other manifest stands is whole by itself; what others left there may be more."""
    for number in ("1", "2"):
        part = ("--part", number, "--of", "2", "--format", "jsonl", "--to", "out/")
        assert ghostfleet(tmp_path, "generate", "events", *FEW, *part).returncode == 0
        assert judged(tmp_path, "out/")["rows_as_stated"]["status"] == "passed"
    path = tmp_path / "out/realistic_events-00002-of-00002.jsonl"
    assert judged(tmp_path, f"out/{path.name}")["rows_as_stated"]["status"] == "passed"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    assert "39 rows instead of 40" in broken(tmp_path, "out/")["rows_as_stated"]
    (tmp_path / "out/manifest-00002-of-00002.json").unlink()
    assert judged(tmp_path, "out/")["rows_as_stated"]["status"] == "passed"


def test_a_store_may_hold_more_rows_than_one_manifest_states(tmp_path: Path) -> None:
    for hour in ("12", "14"):
        window = ("--from", f"2026-03-04T{hour}:00:00Z", "--until", f"2026-03-04T{int(hour) + 1}:00:00Z")
        ghostfleet(tmp_path, "generate", "events", "--count", "4000", *NOW, *window, "--to", "duckdb:e.duckdb")
        assert broken(tmp_path, "duckdb:e.duckdb") == {}
    (tmp_path / "e.duckdb.manifest.json").unlink()
    for one in tmp_path.glob("e.duckdb.manifest-*.json"):
        one.unlink()
    said = broken(tmp_path, "duckdb:e.duckdb", "--scenario", "events")
    assert said["rows_as_stated"] == "no manifest says how many rows there are"


@pytest.mark.parametrize(
    ("scenario", "table", "why"),
    [
        ("events", "transactions", "no demand enters at a checkout-service, so nobody checks out"),
        ("events", "incident_transactions", "no demand enters at a checkout-service, so nobody checks out"),
        ("events", "events", ""),
        ("commerce", "transactions", ""),
    ],
)
def test_a_table_that_a_scenario_has_no_rows_of_is_told_of(tmp_path: Path, scenario: str, table: str, why: str) -> None:
    span = ("--hours", "1") if scenario == "events" else ("--days", "1", "--last", "1m")
    done = ghostfleet(tmp_path, "generate", scenario, *span, *NOW, "--only", table, "--to", "out/")
    assert done.returncode == 0, done.stderr
    notes = [line for line in done.stderr.splitlines() if line.startswith("note: ") and "has no rows" in line]
    assert notes == ([f"note: {table} has no rows: {why}"] if why else [])


MINUTES = ("--from", "2026-03-04T15:32:00Z", "--until", "2026-03-04T16:05:00Z")


def test_a_window_of_requests_is_one_of_minutes_whatever_every_says(tmp_path: Path) -> None:
    """Manifest, verify, plan and checks go by the same window, with metrics beside the requests and without."""
    shop = ("commerce", "--days", "1", "--now", "2026-03-04T20:00:00Z", "--scale", "0.005", *MINUTES)
    hourly = ("--every", "1h")
    assert ghostfleet(tmp_path, "generate", *shop, "--to", "minutes/").returncode == 0
    assert ghostfleet(tmp_path, "generate", *shop, *hourly, "--to", "hours/").returncode == 0
    both = ("--only", "transactions,system_metrics", "--format", "bulk")
    assert ghostfleet(tmp_path, "generate", *shop, *hourly, *both, "--to", "both/").returncode == 0
    requests = (tmp_path / "minutes/all_data.ndjson").read_bytes()
    assert (
        requests
        == (tmp_path / "hours/all_data.ndjson").read_bytes()
        == (tmp_path / "both/all_data.ndjson").read_bytes()
    )
    metrics = lines(tmp_path / "both/system_metrics.ndjson")[1::2]
    assert {json.loads(line)["time"] for line in metrics} == {"2026-03-04T16:00:00Z"}
    for folder in ("minutes/", "hours/", "both/"):
        stated = json.loads((tmp_path / folder / "manifest.json").read_text())["window"]
        assert stated == {"from": MINUTES[1], "until": MINUTES[3]}
        assert ghostfleet(tmp_path, "verify", folder).returncode == 0
        judged = ghostfleet(tmp_path, "validate", folder).stdout
        assert "passed   critical transactions_within_window" in judged
        assert "failed" not in judged
    planned = json.loads(ghostfleet(tmp_path, "plan", *shop, *hourly, *both, "--json").stdout)
    assert (planned["from"], planned["until"]) == (MINUTES[1], MINUTES[3])


def test_a_window_in_which_no_row_of_metrics_starts_may_have_requests(tmp_path: Path) -> None:
    shop = ("commerce", "--days", "1", "--now", "2026-03-04T20:00:00Z", "--scale", "0.005", "--every", "1h")
    few = (*shop, "--from", "2026-03-04T15:32:00Z", "--until", "2026-03-04T15:35:00Z", "--to", "few/")
    assert ghostfleet(tmp_path, "plan", *few).returncode == 0
    assert ghostfleet(tmp_path, "generate", *few, "--only", "transactions").returncode == 0
    assert ghostfleet(tmp_path, "verify", "few/").returncode == 0
    refused = ghostfleet(tmp_path, "generate", *few, "--only", "transactions,system_metrics")
    assert refused.returncode == 2
    assert "no row of the scenario's span starts in the window" in refused.stderr
