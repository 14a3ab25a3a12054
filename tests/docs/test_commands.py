"""Every command that README and guide show is run, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ghostfleet.cli import commands
from tests.docs.pages import ROOT, RUN_PAGES, Block, blocks, is_set_up

BLOCKS = [block for page in RUN_PAGES for block in blocks(page)]
TARGETS = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
KNOWN = {path.stem for path in Path(commands.__path__[0]).glob("*.py")}


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_shown_commands_work(block: Block, tmp_path: Path):
    """For all shown commands: exit code 0, unless they make the working copy."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GHOSTFLEET_")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    for command in block.commands:
        if is_set_up(command):
            continue
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_shown_make_targets_exist():
    shown = {command.split()[1] for block in BLOCKS for command in block.commands if command.startswith("make ")}
    assert shown == {"demo", "test"}
    assert shown <= set(TARGETS)


def test_commands_of_the_table_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == KNOWN - {"__init__"}


def test_links_lead_somewhere():
    pages = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))]
    assert [link for page, link in links if "://" not in link and not (page.parent / link).exists()] == []
