"""What a pure function made of an argument, kept for as long as the same object is asked about."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Given = TypeVar("Given")
Made = TypeVar("Made")


def kept(function: Callable[[Given], Made]) -> Callable[[Given], Made]:
    """Do not make again what was made last of the very same object; arguments and results are never changed.

    It serves arguments that are large and few, such as scenarios: to compare them would take as long as their work.
    """
    last: tuple[Given, Made] | None = None

    @wraps(function)
    def known(given: Given) -> Made:
        nonlocal last
        found = last  # one look, as other threads may ask about another object meanwhile
        if found is None or found[0] is not given:
            last = found = given, function(given)
        return found[1]

    return known
