"""Scenarios in files that extend others, from the command line."""

import json

import pytest

from tests.cli.commands import ghostfleet

BASE = """
scenario: base
extends: capacity
data: {num_servers: 3, start_date: "2024-01-01", end_date: "2024-01-20", years_of_data: null}
"""
OWN = "scenario: own\nextends: ../base.yaml\ndata: {metadata: {server_prefix: own-}}\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "mine" / "own.yaml").write_text(OWN)
    return tmp_path


def complaint(folder, text):
    (folder / "mine" / "own.yaml").write_text(text)
    done = ghostfleet(folder, "plan", "mine/own.yaml")
    assert done.returncode == 2
    return done.stderr.removeprefix("Error: ").strip()


def test_a_base_is_found_beside_the_file_and_its_flags_work(folder):
    done = ghostfleet(folder, "generate", "mine/own.yaml", "--servers", "2", "--to", "out/")
    assert done.returncode == 0, done.stderr
    known = json.loads((folder / "out" / "manifest.json").read_text())["determinants"]["scenario"]
    assert (known["scenario"], known["extends"], known["data"]["num_servers"]) == ("own", None, 2)
    assert ghostfleet(folder, "verify", "out/").returncode == 0


def test_the_manifest_verifies_without_the_files(folder):
    assert ghostfleet(folder, "generate", "mine/own.yaml", "--to", "out/").returncode == 0
    (folder / "base.yaml").unlink()
    (folder / "mine" / "own.yaml").unlink()
    done = ghostfleet(folder, "verify", "out/")
    assert done.returncode == 0, done.stderr


def test_show_says_which_file_said_a_value_and_prints_one_that_stands_alone(folder):
    shown = ghostfleet(folder, "show", "mine/own.yaml").stdout
    assert "# base.yaml:4" in next(line for line in shown.splitlines() if line.strip().startswith("num_servers:"))
    assert "# mine/own.yaml:3" in next(line for line in shown.splitlines() if "server_prefix:" in line)
    (folder / "alone.yaml").write_text(shown)
    effective = [ghostfleet(folder, "show", name, "--json").stdout for name in ("mine/own.yaml", "alone.yaml")]
    assert effective[0] == effective[1] != ""


def test_a_circle_of_files_is_refused(folder):
    (folder / "base.yaml").write_text("scenario: base\nextends: mine/own.yaml\n")
    said = complaint(folder, OWN)
    assert said.startswith("base.yaml:2: extends: this closes a circle: mine/own.yaml → base.yaml → mine/own.yaml")


def test_a_file_that_is_not_there_is_named_with_its_place(folder):
    assert complaint(folder, OWN.replace("../base", "../bass")).startswith("cannot read bass.yaml: ")


def test_an_outline_of_a_column_that_there_is_not_is_refused(folder):
    story = "story: {title: A, summary: B, steps: [{name: one, title: C, at: 1h, minutes: 5, seconds: 9}]}\n"
    said = "expect: {system_metrics: [{column: cpu, step: one, at_least: 1}]}\n"
    assert complaint(folder, f"scenario: own\nextends: estate\n{story}{said}").startswith(
        "mine/own.yaml:4: expect.system_metrics.0: there is no column 'cpu'; valid are time, service_name, "
    )
