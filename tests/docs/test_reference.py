"""The reference is what the code says now, and names everything there is."""

import re
from pathlib import Path

import pytest

from ghostfleet import incidents, queries, shapes, signals, sinks, truth
from ghostfleet.cli import scenario as scenarios
from ghostfleet.spec import loading
from scripts import make_reference as reference

PAGES = reference.made()
NAMES = [
    *(("commands.md", f"## ghostfleet {name}") for name in reference.command_names()),
    *(("tables.md", f"## {name}") for name in signals.found()),
    *(("tables.md", f"| `{name}` |") for signal in signals.found().values() for name in signal.TABLE.names),
    *(("tables.md", f"## {table.name}") for table in truth.TABLES),
    *(("tables.md", f"| `{name}` |") for table in truth.TABLES for name in table.names),
    *(("parts.md", f"| `{name}` |") for name in shapes.kinds()),
    *(("parts.md", f"| `{name}` |") for name in incidents.kinds()),
    *(("parts.md", f"| `{name}:` |") for name in sinks.found()),
    *(("queries.md", f"| `{path.stem}` |") for path in (reference.SOURCE / "queries").rglob("*")
      if path.suffix in {".sql", ".cypher"} and path.parent.name != "views"),
    *(("queries.md", f"| `{name}` |") for name in queries.questions()),
    *(
        ("commands.md", f"| `--{name.replace('_', '-')}` |")
        for scenario in loading.shipped()
        for name in loading.declared(scenarios.find(scenario))
    ),
    ("scenario.md", "| `data.seasonality.eoq_factors` |"),
]  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_checked_in_page_is_what_the_script_makes(name: str):
    stored = reference.PLACE / name
    assert stored.read_text(encoding="utf-8") == PAGES[name], "run `make docs`"


def test_no_other_page_lies_there():
    assert {path.name for path in Path(reference.PLACE).iterdir()} == set(PAGES)


@pytest.mark.parametrize(("page", "text"), NAMES)
def test_everything_there_is_is_documented(page: str, text: str):
    assert text in PAGES[page]


def test_the_decision_on_the_estate_names_the_parameters_that_there_are():
    text = (reference.PLACE.parent / "decisions/0011-estate.md").read_text(encoding="utf-8")
    told = text.partition("Parameters\nare named: ")[2].partition("An\nenvelope")[0]
    assert sorted(re.findall(r"`([^`]*)`", told)) == sorted(incidents.PARAMETERS)
