"""Messages of the troubleshooting page are messages of the product."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
MESSAGES = [
    *re.findall(r"^\| `([^|]+)` \|", PAGE, re.MULTILINE),
    *re.findall(r"^\* \*\*`([^`]+)`", PAGE, re.MULTILINE),
]
HOLE = "…"
FRAGMENT = 6  # letters that a stretch between two holes must have to prove anything

# What is put together from what is measured or from lists: the stretch of the message that a command really prints.
MADE_TO_HAPPEN = {
    "…: expected a whole number, found a text": ("--set", "data.num_servers=many"),
    "not a date; write YYYY-MM-DD": ("--start-date", "2022-13-01"),
    "unknown key …": ("--set", "data.num_server=5"),
    "ends in ….parquet, but format csv was asked for": ("--to", "x.parquet", "--format", "csv"),
    "is compressed, but no compression was asked for": ("--format", "csv.gz", "--no-compress", "--to", "o/"),
    "standard output takes no parquet": ("--to", "-", "--format", "parquet"),
    "cannot read …: No such file or directory": ("--config", "no.yaml"),
    "more than 100,000 values once aliases are expanded": ("--config", "bomb.yaml"),
}


def texts() -> str:
    """All literal text of the source, f-strings with holes, one after the other."""
    found = []
    for path in (ROOT / "src" / "ghostfleet").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else HOLE for part in node.values]
                found.append("".join(str(part) for part in parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return "\n".join(found)


TEXTS = texts()


@pytest.mark.parametrize("message", [message for message in MESSAGES if message not in MADE_TO_HAPPEN])
def test_message_stands_in_the_source(message: str):
    stretches = [part.strip() for part in message.split(HOLE) if len(part.strip()) >= FRAGMENT]
    assert stretches, "nothing of it could be looked for"
    assert [part for part in stretches if part not in TEXTS] == []


@pytest.mark.parametrize(("message", "options"), MADE_TO_HAPPEN.items())
def test_message_is_printed(message: str, options: tuple[str, ...], tmp_path: Path):
    anchors = "\n".join(f"k{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else '1'] * 9)}]" for n in range(9))
    (tmp_path / "bomb.yaml").write_text(anchors, encoding="utf-8")
    command = Path(sys.executable).with_name("ghostfleet")
    done = subprocess.run(
        [command, "generate", "capacity", *options], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode in {2, 3}
    pattern = ".*".join(re.escape(part) for part in message.split(HOLE))
    assert re.search(pattern, done.stderr), done.stderr
    assert message in MESSAGES
