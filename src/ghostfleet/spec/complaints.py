"""What is wrong with a whole, and could be mended at any of several places."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.spec.reading import Path


class OneOfSeveralError(ValueError):
    """A complaint about places that do not go together: the one that was laid last is the likeliest cause."""

    def __init__(self, places: Sequence[Path], message: str) -> None:
        """Keep the places, below the section that complains."""
        super().__init__(f"{'.'.join(places[0])}: {message}")
        self.places, self.message = tuple(places), message
