"""What is wrong with single lines of a file: the first ones in full, the others counted."""

from __future__ import annotations

from typing import NamedTuple

SHOWN = 20
LONGEST = 600  # characters of what is said about one line


class Place(NamedTuple):
    """Where a document stands in its file."""

    number: int  # of the line or, in an array, of the element; both from 1
    byte: int = -1  # in an array, at which the element begins, from 0

    def __str__(self) -> str:
        """Say it as messages do."""
        return f"line {self.number}" if self.byte < 0 else f"element {self.number} (byte {self.byte:,})"


class Problems:
    """Problems of one file: those that are found first, in the order of its lines."""

    def __init__(self, file: str) -> None:
        """Start without any."""
        self._file = file
        self._found: list[tuple[Place, str]] = []
        self.count = 0

    def add(self, place: Place, why: str) -> None:
        """Take note of a document that is not loaded."""
        self.count += 1
        if len(self._found) < SHOWN:
            self._found.append((place, printable(why)))

    @property
    def shown(self) -> list[str]:
        """Those told in full; what is wrong with values is found after what is wrong with lines."""
        return [f"{self._file}, {place}: {why}" for place, why in sorted(self._found)]

    def told(self) -> list[str]:
        """Lines to print."""
        more = self.count - len(self.shown)
        return [*self.shown, *([f"{more:,} more of {self.count:,} problems are not shown"] if more else [])]


def printable(text: str) -> str:
    """Show what a stranger wrote without letting it steer a terminal, and not all of it where it is long."""
    short = text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
    return "".join(character if character.isprintable() else "�" for character in short)
