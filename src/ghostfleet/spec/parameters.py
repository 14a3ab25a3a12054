"""What a scenario lets its users turn: named parameters that become flags of the command line."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

NAME = re.compile(r"[a-z][a-z0-9_]*")
NUMBERS = {"integer", "number"}
LISTS = {"choice", "shares"}
NOW = "now"  # of a moment; whoever reads the clock puts the time in its place


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One parameter: the key it sets, its type, default, bounds and help."""

    sets: Annotated[str, Meta(description="path of the key it sets, such as data.num_servers")]
    type: Literal["integer", "number", "boolean", "date", "moment", "text", "choice", "shares"] = "text"
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

    def complaint(self) -> tuple[str, str] | None:
        """Key that contradicts the others, and why; None for a sound parameter."""
        if self.type in LISTS and not self.choices:
            return "choices", f"a parameter of type {self.type} needs choices, such as [daily, hourly]"
        if self.choices and self.type not in LISTS:
            return "choices", f"a parameter of type {self.type} has no choices; valid for {' and '.join(sorted(LISTS))}"
        if (wrong := self._wrong_bound()) is not None:
            return wrong
        if self.default is not None and (wanted := self._unmet(self.default)):
            return "default", f"{self.default!r} is not {wanted}"
        return None

    def _wrong_bound(self) -> tuple[str, str] | None:
        for key in ("min", "max"):
            bound = getattr(self, key)
            if bound is not None and self.type not in NUMBERS:
                return key, f"a parameter of type {self.type} has no bounds; valid for {' and '.join(sorted(NUMBERS))}"
            if bound is not None and (not math.isfinite(bound) or (self.type == "integer" and bound % 1)):
                return key, f"{bound} cannot be the bound of a parameter of type {self.type}"
        if self.min is not None and self.max is not None and self.min > self.max:
            return "max", f"the largest value {self.max:g} is below the smallest, {self.min:g}"
        return None

    def _unmet(self, given: Any) -> str:  # noqa: ANN401  any YAML value
        """What a value would have to be and is not, empty where it is all it should be."""
        if self.type in NUMBERS:
            kinds = (int,) if self.type == "integer" else (int, float)
            low, high = (-math.inf if self.min is None else self.min), (math.inf if self.max is None else self.max)
            fits = isinstance(given, kinds) and not isinstance(given, bool) and low <= given <= high
            bounds = "" if self.min is None else f" from {low:g} on"
            bounds = bounds if self.max is None else f"{bounds.removesuffix(' on')} up to {high:g}"
            return "" if fits else f"{'a whole number' if self.type == 'integer' else 'a number'}{bounds}"
        if self.type == "choice":
            return "" if given in self.choices else f"one of {', '.join(self.choices)}"
        if self.type == "shares":
            fits = isinstance(given, dict) and set(given) <= set(self.choices)
            numbers = fits and all(isinstance(one, int | float) and not isinstance(one, bool) for one in given.values())
            return "" if numbers else f"a mapping from {', '.join(self.choices)} to shares"
        if self.type == "date":
            return "" if _is_date(given) else "a date such as 2025-12-31"
        if self.type == "moment":
            return "" if given == NOW or _is_moment(given) else "now, or a time such as 2026-03-04T17:00-05:00"
        kind, word = (bool, "true or false") if self.type == "boolean" else (str, "a text")
        return "" if isinstance(given, kind) else word


def _is_moment(given: Any) -> bool:  # noqa: ANN401  any YAML value
    try:
        datetime.fromisoformat(given)
    except (TypeError, ValueError):
        return False
    return True


def _is_date(given: Any) -> bool:  # noqa: ANN401  any YAML value
    try:
        date.fromisoformat(given)
    except (TypeError, ValueError):
        return False
    return True


def flag(name: str) -> str:
    """Flag of a parameter: ``start_date`` is ``--start-date``."""
    return "--" + name.replace("_", "-")
