"""What a user of `ghostfleet generate`, `plan`, `show`, `list` and `schema` meets."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
import yaml
from jsonschema import Draft202012Validator

from ghostfleet.cli.scenario import find
from ghostfleet.spec import loading, reading
from tests.cli.commands import ghostfleet

if TYPE_CHECKING:
    from pathlib import Path

SMALL = ("--servers", "3", "--start-date", "2025-01-01", "--end-date", "2025-03-01")
ROWS = 3 * 60


def left(folder: Path) -> list[str]:
    """Every path below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_one_command_writes_the_documented_data_set(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, "generate", "capacity", "--to", "out/")
    assert (done.returncode, done.stderr) == (0, "")
    with gzip.open(tmp_path / "out/server_metrics_full.csv.gz", "rt") as file:
        lines = file.read().splitlines()
    assert len(lines) == 175_320 + 1
    assert len(lines[0].split(",")) == 18 + 1
    assert lines[-1].startswith("2025-12-31T00:00:00Z,server_119,")
    names = left(tmp_path / "out")
    assert {"manifest.json", "server_metrics_full.csv.gz", "server_metrics_sample.csv", "summary.json"} < set(names)
    assert sum(name.startswith("logs/generate-2") for name in names) == 1
    assert len((tmp_path / "out/server_metrics_sample.csv").read_text().splitlines()) == 201


def test_nodes_and_links_have_no_samples(tmp_path: Path) -> None:
    """A graph has fifty tables, all of them short."""
    done = ghostfleet(tmp_path, "generate", "small", "--only", "graph,changes", "--last", "2h", "--to", "out/")
    assert done.returncode == 0, done.stderr
    names = left(tmp_path / "out")
    assert {"Service.csv.gz", "DEPENDS_ON.csv.gz"} < set(names)
    assert [name for name in names if name.endswith("_sample.csv")] == ["changes_sample.csv"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("expect: {server_metrics:", "expect: {server_metric:",
         ("own.yaml:5: expect.server_metric: there is no table server_metric; known are ", "server_metrics")),
        ("aliases: {output: to}", "aliases: {output: too}",
         ("own.yaml:74: aliases.output: there is no option --too; valid are ", " seed, servers, set, ", " to, ")),
        ("aliases: {output: to}", "aliases: [output]", ("own.yaml:74: aliases: expected a mapping, found a list",)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["generate", "plan", "show"])
def test_a_scenario_that_names_a_table_or_an_option_that_is_not_is_refused(
    tmp_path: Path, command: str, before: str, after: str, said: tuple[str, ...]
) -> None:
    text = (files("ghostfleet") / "scenarios/capacity.yaml").read_text(encoding="utf-8")
    (tmp_path / "own.yaml").write_text(text.replace(before, after), encoding="utf-8")
    done = ghostfleet(tmp_path, command, "own.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    for part in said:
        assert part in done.stderr


def test_an_alias_may_stand_for_an_option_or_for_a_parameter_and_for_that_of_another_command(tmp_path: Path) -> None:
    text = (files("ghostfleet") / "scenarios/capacity.yaml").read_text(encoding="utf-8")
    names = "aliases: {output: to, start: from, machines: servers}"
    (tmp_path / "own.yaml").write_text(text.replace("aliases: {output: to}", names), encoding="utf-8")
    arguments = ("--machines", "2", "--years", "1", "--start", "2022-12-31", "--output", "out/")
    assert ghostfleet(tmp_path, "generate", "own.yaml", *arguments).returncode == 0
    assert len((tmp_path / "out/server_metrics_sample.csv").read_text().splitlines()) == 2 + 1
    assert ghostfleet(tmp_path, "show", "own.yaml", "--machines", "2").returncode == 0  # show has no --to


def test_help_lists_the_flags_that_the_scenario_declares(tmp_path: Path) -> None:
    text = ghostfleet(tmp_path, "generate", "capacity", "--help").stdout
    for flag in ("--servers", "--years", "--start-date", "--end-date", "--granularity", "--output", "--no-compress",
                 "--no-metadata", "--no-calendar", "--missing"):  # fmt: skip
        assert flag in text
    assert "--granularity [" not in ghostfleet(tmp_path, "generate", "--help").stdout


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ((), "server_metrics_full.csv.gz"),
        (("--no-compress",), "server_metrics_full.csv"),
        (("--codec", "none"), "server_metrics_full.csv"),
        (("--codec", "small"), "server_metrics_full.csv.gz"),
        (("--format", "parquet"), "server_metrics_full.parquet"),
        (("--format", "parquet", "--no-compress"), "server_metrics_full.parquet"),
        (("--format", "jsonl"), "server_metrics_full.jsonl.gz"),
        (("--format", "json"), "server_metrics_full.json.gz"),
    ],
)
def test_the_suffix_follows_the_format(tmp_path: Path, flags: tuple[str, ...], name: str) -> None:
    done = ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--output", "out", *flags)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / name).stat().st_size > 0
    assert f"out/{name}: {ROWS} rows" in done.stdout
    assert ghostfleet(tmp_path, "verify", "out").returncode == 0


def test_without_a_destination_it_writes_where_the_scenario_says(tmp_path: Path) -> None:
    assert ghostfleet(tmp_path, "generate", "capacity", *SMALL).returncode == 0
    assert (tmp_path / "out/capacity/server_metrics_full.csv.gz").exists()


@pytest.mark.parametrize("url", ["-", "stdout:"])
def test_standard_output_carries_nothing_but_data(tmp_path: Path, url: str) -> None:
    done = ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--to", url)
    assert done.stdout.startswith("timestamp,server_id,cpu_p95")
    assert len(done.stdout.splitlines()) == ROWS + 1
    assert left(tmp_path) == []


def test_groups_of_columns_can_be_left_out(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--no-metadata", "--no-calendar", "--to", "-")
    header = "timestamp,server_id,cpu_p95,mem_p95,disk_p95,net_in_p95,net_out_p95"
    assert done.stdout.splitlines()[0] == header


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("generate", "nowhere"), 2, ["no scenario nowhere", "capacity"]),
        (("generate", "missing.yaml"), 2, ["missing.yaml", "No such file"]),
        (("generate", "capacity", "--servers", "none"), 2, ["--servers", "none"]),
        (("generate", "capacity", "--years", "9"), 2, ["--years", "9"]),
        (("generate", "capacity", "--end-date", "2021-01-01"), 2, ["--end-date", "2021-01-01", "2022-01-01"]),
        (("generate", "capacity", "--years", "2", "--end-date", "2025-06-30"), 2, ["disagrees", "2023-12-31"]),
        (("generate", "capacity", "--set", "data.num_server=3"), 2, ["data.num_server", "num_servers"]),
        (("generate", "capacity", "--set", "fleet.shares.web=0.5"), 2, ["sum to 1", "1.15"]),
        (("generate", "hosts", "--profiles", "cloud=0.5,gest=0.5"), 2, ["gest=0.5", "hypervisor, guest, cloud"]),
        (("generate", "hosts", "--profiles", "cloud=half"), 2, ["cloud=half", "hypervisor=0.6,cloud=0.4"]),
        (("generate", "hosts", "--roles", "idle=0.5"), 2, ["--roles", "sum to 1", "0.5"]),
        (("generate", "capacity", "--from", "yesterday"), 2, ["yesterday", "2024-05-01"]),
        (("generate", "capacity", "--from", "2030-01-01"), 2, ["window"]),
        (("generate", "capacity", "--every", "90m"), 2, ["5400", "tick"]),
        (("generate", "capacity", "--only", "nothing"), 2, ["no table nothing", "server_metrics"]),
        (("generate", "capacity", "--part", "3", "--of", "2"), 2, ["--part 3 --of 2"]),
        (("generate", "capacity", "--to", "mongo:x"), 3, ["mongo", "duckdb:"]),
        (("generate", "capacity", "--to", "plain/out/"), 3, ["plain"]),
        (("verify", "empty"), 4, ["manifest.json"]),
        (("nonsense",), 2, ["nonsense"]),
    ],
)
def test_bad_input_gets_a_message_and_an_exit_code(
    tmp_path: Path, arguments: tuple[str, ...], code: int, words: list[str]
) -> None:
    (tmp_path / "plain").write_text("a file, not a folder")
    done = ghostfleet(tmp_path, *arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    assert left(tmp_path) == ["plain"]


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, "generate", "capacity", "--to", "out/", largest_file=200_000)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "out" in done.stderr
    assert [name for name in left(tmp_path) if name.startswith("out/server_metrics")] == []
    assert ghostfleet(tmp_path, "generate", "capacity", "--to", "out/").returncode == 0
    assert ghostfleet(tmp_path, "verify", "out/").returncode == 0


def test_large_outputs_need_a_yes(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, "generate", "capacity", "--granularity", "hourly", "--servers", "4000", "--to", "out/")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert left(tmp_path) == []


def test_plan_tells_the_size_and_writes_nothing(tmp_path: Path) -> None:
    figures = json.loads(ghostfleet(tmp_path, "plan", "capacity", "--json").stdout)
    assert figures["rows"] == 175_320
    assert 3_000_000 < figures["bytes"] < 5_000_000
    assert left(tmp_path) == []


def test_show_says_where_each_value_came_from(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("data:\n  num_servers: 30\n  seasonality: {weekly: false}\n")
    text = ghostfleet(
        tmp_path,
        *("show", "capacity", "--config", "mine.yaml", "--granularity", "hourly", "--set", "data.calendar=false"),
        environment={"GHOSTFLEET_DATA__NUM_SERVERS": "50"},
    ).stdout
    lines = {line.split(":")[0]: line for line in text.splitlines()}
    assert lines["  num_servers"].startswith("  num_servers: 50  ")
    assert "# environment variable GHOSTFLEET_DATA__NUM_SERVERS" in lines["  num_servers"]
    assert "# mine.yaml:3" in lines["    weekly"]
    assert "# --granularity" in lines["  granularity"]
    assert "# --set data.calendar" in lines["  calendar"]
    assert "# capacity.yaml" in lines["  years_of_data"]
    assert "# built-in default" in lines["    applications"]


AWKWARD = (
    *("--servers", "4", "--end-date", "2022-02-01", "--missing", "0.00001", "--seed", "7"),
    *("--set", "data.metadata.business_units=['No', 'a: b # c', Zürich]"),
    *("--set", "data.metadata.business_unit_load={'No': 1.5, 'a: b # c': 0.00005}"),
    *("--set", "title='true'", "--set", "fleet.shares={web: 0.5, db: 0.5}"),
)


def test_what_show_prints_is_a_scenario_that_makes_the_same_data(tmp_path: Path) -> None:
    text = ghostfleet(tmp_path, "show", "capacity", *AWKWARD).stdout
    (tmp_path / "mine.yaml").write_text(text)
    shown = yaml.safe_load(text)  # by another reader
    assert shown["data"]["metadata"]["business_unit_load"] == {"No": 1.5, "a: b # c": 0.00005}
    assert shown["data"]["quality"]["missing_ratio"] == 0.00001
    first = ghostfleet(tmp_path, "generate", "capacity", *AWKWARD, "--to", "-").stdout
    assert ghostfleet(tmp_path, "generate", "mine.yaml", "--to", "-").stdout == first
    assert len(first.splitlines()) == 4 * 32 + 1
    five = ghostfleet(tmp_path, "generate", "mine.yaml", "--servers", "5", "--to", "-").stdout
    assert len(five.splitlines()) == 5 * 32 + 1
    again = ghostfleet(tmp_path, "show", "mine.yaml", "--json").stdout
    assert again == ghostfleet(tmp_path, "show", "capacity", *AWKWARD, "--json").stdout


@pytest.mark.parametrize("scenario", sorted(loading.shipped()))
def test_what_show_prints_of_a_shipped_scenario_is_that_scenario(tmp_path: Path, scenario: str) -> None:
    now = ("--now", "2026-03-04T17:00:00Z") if "now" in loading.load(find(scenario)).scenario.parameters else ()
    (tmp_path / "mine.yaml").write_text(ghostfleet(tmp_path, "show", scenario, *now).stdout)
    again = ghostfleet(tmp_path, "show", "mine.yaml", "--json", *now)
    assert again.returncode == 0, again.stderr
    assert again.stdout == ghostfleet(tmp_path, "show", scenario, "--json", *now).stdout


def test_what_show_prints_of_changes_is_a_config_file_that_makes_them(tmp_path: Path) -> None:
    shares = ("--set", "fleet.shares.web=0.3", "--set", "fleet.shares.db=0.05")
    flags = ("--servers", "4", "--end-date", "2022-02-01", *shares)
    text = ghostfleet(tmp_path, "show", "capacity", *flags, "--only-changed").stdout
    assert list(yaml.safe_load(text)["data"]) == ["num_servers", "end_date", "years_of_data"]
    (tmp_path / "changes.yaml").write_text(text)
    first = ghostfleet(tmp_path, "generate", "capacity", *flags, "--to", "-").stdout
    assert ghostfleet(tmp_path, "generate", "capacity", "--config", "changes.yaml", "--to", "-").stdout == first


def test_the_command_line_outranks_environment_config_and_scenario(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("data: {num_servers: 30}\nexecution: {random_seed: 7}\n")
    variables = {"GHOSTFLEET_DATA__NUM_SERVERS": "50", "GHOSTFLEET_CONFIG": "mine.yaml"}

    def servers(*flags: str, environment: dict[str, str] | None = None) -> int:
        done = ghostfleet(tmp_path, "show", "capacity", "--json", *flags, environment=environment)
        count: int = json.loads(done.stdout)["data"]["num_servers"]
        return count

    assert servers() == 120
    assert servers("--config", "mine.yaml") == 30
    assert servers(environment={"GHOSTFLEET_CONFIG": "mine.yaml"}) == 30
    assert servers(environment=variables) == 50
    assert servers("--servers", "60", environment=variables) == 60


def test_a_window_is_a_cut_and_changes_no_value(tmp_path: Path) -> None:
    whole = ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--to", "-").stdout.splitlines()
    cut = ghostfleet(
        tmp_path,
        "generate",
        "capacity",
        *SMALL,
        "--from",
        "2025-01-10",
        "--until",
        "2025-02-03T12:00:00+02:00",
        "--to",
        "-",
    ).stdout.splitlines()
    inside = [line for line in whole[1:] if "2025-01-10" <= line[:10] <= "2025-02-03"]
    assert cut[1:] == inside


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("scenarios", "capacity"),
        ("signals", "server_metrics"),
        ("shapes", "weekend"),
        ("incidents", "bad_deploy"),
        ("sinks", "duckdb:"),
        ("queries", "server_types"),
        ("queries", "row_count"),
    ],
)
def test_list_names_what_there_is(tmp_path: Path, kind: str, name: str) -> None:
    lines = dict(line.split(maxsplit=1) for line in ghostfleet(tmp_path, "list", kind).stdout.splitlines())
    assert lines[name]
    assert all(about and not about.startswith("--") for about in lines.values())


def test_list_offers_no_kind_of_which_there_is_nothing(tmp_path: Path) -> None:
    assert "dashboards" not in ghostfleet(tmp_path, "list", "--help").stdout


def test_the_published_schema_is_the_one_that_the_models_give(tmp_path: Path) -> None:
    published = json.loads(files("ghostfleet").joinpath("data/scenario.schema.json").read_text())
    assert json.loads(ghostfleet(tmp_path, "schema").stdout) == published


def test_shipped_scenarios_fit_the_published_schema() -> None:
    published = json.loads(files("ghostfleet").joinpath("data/scenario.schema.json").read_text())
    Draft202012Validator.check_schema(published)
    for path in files("ghostfleet").joinpath("scenarios").iterdir():
        if path.name.endswith(".yaml"):
            text = path.read_text()
            assert text.startswith("# yaml-language-server: $schema=../data/scenario.schema.json")
            Draft202012Validator(published).validate(reading.read(text, path.name).tree)  # YAML 1.2: on is a word


def test_parts_in_one_folder_keep_their_records_and_runs_of_one_second_their_logs(tmp_path):
    for part in ("1", "2"):
        ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--part", part, "--of", "2", "--to", "out/")
    ghostfleet(tmp_path, "generate", "capacity", *SMALL, "--part", "2", "--of", "2", "--to", "out/")
    figures = [json.loads((tmp_path / f"out/summary-0000{part}-of-00002.json").read_text()) for part in (1, 2)]
    assert [one["part"] for one in figures] == [[1, 2], [2, 2]]
    first, second = ((tmp_path / f"out/server_metrics_sample-0000{n}-of-00002.csv").read_text() for n in (1, 2))
    assert first != second
    logs = sorted(path.name for path in (tmp_path / "out/logs").iterdir())
    assert len(logs) == 3
    assert sum("-00002-of-00002" in name for name in logs) == 2


def test_shares_on_the_command_line_are_all_that_there_is(tmp_path: Path) -> None:
    small = ("--hosts", "6", "--days", "1")
    run = ghostfleet(tmp_path, "generate", "hosts", *small, "--profiles", "guest=1", "--to", "out/")
    assert run.returncode == 0, run.stderr
    content = json.loads((tmp_path / "out/manifest.json").read_text())["determinants"]["scenario"]["hosts"]
    assert content["profiles"] == {"hypervisor": 0, "guest": 1, "cloud": 0}
    assert content["roles"]["idle"] == 0.36
    statistics = json.loads((tmp_path / "out/summary.json").read_text())["statistics"]["host_metrics"]
    assert statistics["memory"]["count"] > 0
    assert statistics["memory"]["missing"] == 0


@pytest.mark.parametrize(("scenario", "table"), [("capacity", "server_metrics"), ("hosts", "host_metrics")])
def test_only_all_means_every_table_that_the_scenario_can_make(tmp_path: Path, scenario: str, table: str) -> None:
    done = ghostfleet(tmp_path, "plan", scenario, "--only", "all")
    assert (done.returncode, done.stdout.count("rows, "), done.stdout.startswith(f"{table}: ")) == (0, 1, True)


def test_an_endless_config_is_refused(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, "plan", "capacity", "--config", "/dev/zero")
    assert (done.returncode, "/dev/zero: it has more than the 1,000,000 characters" in done.stderr) == (2, True)


def test_a_text_that_is_not_utf8_is_refused_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_bytes("scenario: own\ntitle: Über\ntables: [ü".encode() + b"\xff]\n")
    done = ghostfleet(tmp_path, "plan", "own.yaml")
    assert (done.returncode, done.stderr) == (2, "Error: cannot read own.yaml:3: it is not UTF-8 text\n")


def test_a_group_of_tables_is_written_table_by_table(tmp_path: Path) -> None:
    done = ghostfleet(tmp_path, "generate", "small", "--only", "graph", "--to", "out/")
    assert done.returncode == 0, done.stderr
    assert "55 rows, 33 tables" in done.stdout
    lines = gzip.decompress((tmp_path / "out/DEPENDS_ON.csv.gz").read_bytes()).decode().splitlines()
    assert lines[0] == "from_label,from_id,to_label,to_id,kind"
    assert "Service,service/payment-api,Service,service/auth-service,DEPENDS_ON" in lines
    empty = gzip.decompress((tmp_path / "out/Pod.csv.gz").read_bytes()).decode().splitlines()
    assert len(empty) == 1
    assert ghostfleet(tmp_path, "verify", "out/").returncode == 0
