"""Rooms import downwards only, and importing the package stays light."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.rules import HEAVY, ROOT

ROOMS = (
    *("core", "shapes", "incidents", "spec", "world", "state", "signals", "truth", "records", "generate"),
    *("sinks", "queries", "alerts", "analysis", "dashboards", "run", "server", "cli"),
)
LINT = (
    "import sys; from importlinter.cli import lint_imports;"
    "sys.exit(lint_imports(config_filename=sys.argv[1], no_cache=True))"
)


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, str(ROOT / "pyproject.toml")],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def heavy_modules(statement: str) -> set[str]:
    """Return the heavy libraries that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*sys.modules, sep='\\n')"
    listing = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return HEAVY & set(listing.split())


def test_rooms_import_downwards_only():
    outcome = lint_imports(ROOT / "src")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.fixture
def miniature(tmp_path):
    """A package with every room and nothing in them."""
    for room in ROOMS:
        folder = tmp_path / "ghostfleet" / room
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    (tmp_path / "ghostfleet" / "__init__.py").touch()
    return tmp_path


def test_a_package_of_empty_rooms_keeps_the_contract(miniature):
    outcome = lint_imports(miniature)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("room", "statement"),
    [
        ("core", "import ghostfleet.spec"),
        ("core", "import yaml"),
        ("signals", "from ghostfleet import truth"),
        ("state", "from ghostfleet.signals import anything"),
        ("sinks", "import ghostfleet.spec"),
        ("queries", "from ghostfleet.signals import anything"),
        ("queries", "import ghostfleet.sinks"),
        ("generate", "import ghostfleet.sinks"),
        ("run", "import ghostfleet.dashboards"),
        ("run", "import ghostfleet.cli"),
        ("leftovers", ""),
    ],
)
def test_the_contract_refuses_an_import_upwards_or_a_room_that_is_listed_nowhere(miniature, room, statement):
    (miniature / "ghostfleet" / room).mkdir(exist_ok=True)
    (miniature / "ghostfleet" / room / "__init__.py").write_text(statement)
    outcome = lint_imports(miniature)
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert "BROKEN" in outcome.stdout


@pytest.mark.parametrize("module", ["ghostfleet", "ghostfleet.core.draw", "ghostfleet.generate", "ghostfleet.cli"])
def test_importing_loads_nothing_heavier_than_numpy(module):
    assert heavy_modules(f"import {module}") == set()


def test_a_heavy_import_is_seen():
    assert "duckdb" in heavy_modules("import ghostfleet, duckdb")
