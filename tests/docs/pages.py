"""Commands and messages that the documents show."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
RUN_PAGES = (ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md")))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROMPT = "$ "


@dataclass(frozen=True)
class Block:
    """One fenced block of commands."""

    page: Path
    number: int
    commands: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}-{self.number}"


def blocks(page: Path) -> list[Block]:
    """Blocks of a page that are `console` or `sh`; in a console, lines without a prompt belong to the command above."""
    found = [text for kind, text in FENCE.findall(page.read_text(encoding="utf-8")) if kind in {"console", "sh"}]
    return [Block(page, number, tuple(commands(text))) for number, text in enumerate(found, 1)]


def commands(text: str) -> list[str]:
    """Commands of a block."""
    lines = text.splitlines()
    if not any(line.startswith(PROMPT) for line in lines):
        return [line for line in lines if line.strip()]
    made: list[str] = []
    for line in lines:
        if line.startswith(PROMPT):
            made.append(line.removeprefix(PROMPT))
        elif made:
            made[-1] += "\n" + line
    return made


def is_set_up(command: str) -> bool:
    """Whether a command makes the working copy itself: a clone, or a target of the Makefile."""
    return command.startswith(("git clone ", "make "))
