"""Links as lookups: from one end to the others, each once and in the order of their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ghostfleet.queries.answers import Rows


class Ties:
    """What each start is tied to; nothing for what has no ties."""

    def __init__(self, rows: Rows, start: str, end: str) -> None:
        """Take both ends from columns of rows."""
        found: dict[str, set[str]] = {}
        for row in rows:
            found.setdefault(row[start], set()).add(row[end])
        self._found = {one: sorted(ends) for one, ends in found.items()}

    def __getitem__(self, start: str) -> list[str]:
        """Ends of the links that begin there."""
        return list(self._found.get(start, ()))

    def items(self) -> list[tuple[str, list[str]]]:
        """Starts that have links, with their ends."""
        return sorted(self._found.items())


def graded(count: int, critical: int, high: int, medium: int = 0) -> str:
    """Grade of a count by the least that each grade needs."""
    least = (("critical", critical), ("high", high), ("medium", medium))
    return next((grade for grade, number in least if count >= number), "low")
