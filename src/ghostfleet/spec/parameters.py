"""What a scenario lets its users turn: named parameters that become flags of the command line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One parameter: the key it sets, its type, default, bounds and help."""

    sets: Annotated[str, Meta(description="path of the key it sets, such as data.num_servers")]
    type: Literal["integer", "number", "boolean", "date", "text", "choice", "shares"] = "text"
    default: Annotated[Any, Meta(description="value when nobody gives one")] = None
    help: Annotated[str, Meta(description="one line for --help")] = ""
    min: float | None = None
    max: float | None = None
    choices: Annotated[tuple[str, ...], Meta(description="of a choice, or what shares are of")] = ()
    unsets: Annotated[
        tuple[str, ...],
        Meta(description="keys that lose a weaker value when this one is given"),
    ] = ()

    @property
    def path(self) -> tuple[str, ...]:
        """Key it sets, split at the dots."""
        return tuple(self.sets.split("."))


def flag(name: str) -> str:
    """Flag of a parameter: ``start_date`` is ``--start-date``."""
    return "--" + name.replace("_", "-")
