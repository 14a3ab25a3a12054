"""Parameters of questions: names and types said in headers, values bound to texts and never written into them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ghostfleet.core.errors import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ghostfleet.queries.text import Query

WINDOW = ("start", "end")  # of the rows that a question is about, half-open
_DECLARED = re.compile(r"\s*([a-z_]+)\s+([A-Z]+)\s*(?:=\s*(.*?))?\s*$")
_MOST_WHOLE = 2**63


class QuestionError(ScenarioError):
    """A question or a parameter that there is not, or a value that cannot be one of its type."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A name, a type in the words of SQL, and the value taken where none is given."""

    name: str
    type: str
    default: Any = None
    is_required: bool = True

    def __str__(self) -> str:
        """Parameter as headers write it."""
        return f"{self.name} {self.type}" if self.is_required else f"{self.name} {self.type} = {_said(self.default)}"

    def value(self, given: object) -> Any:  # noqa: ANN401  of the parameter's type
        """Value of the parameter's type; `QuestionError` says what would be one."""
        if given is None and not self.is_required:
            return None
        convert, valid = TYPES[self.type]
        try:
            return convert(given)
        except (TypeError, ValueError, OverflowError):
            raise QuestionError(f"{self.name} must be {valid}, not {given!r}") from None


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise TypeError
    return given


def _whole(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, (int, str)):
        raise TypeError
    number = int(given)
    if not -_MOST_WHOLE <= number < _MOST_WHOLE:
        raise ValueError
    return number


def _number(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        raise TypeError
    number = float(given)
    if not math.isfinite(number):
        raise ValueError
    return number


def _moment(given: object) -> datetime:
    """Moment as UTC; one without a zone means UTC."""
    moment = datetime.fromisoformat(given) if isinstance(given, str) else given
    if not isinstance(moment, datetime):
        raise TypeError
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _truth(given: object) -> bool:
    words = {"true": True, "false": False}
    if isinstance(given, str) and given.lower() in words:
        return words[given.lower()]
    if not isinstance(given, bool):
        raise TypeError
    return given


TYPES: Mapping[str, tuple[Callable[[object], Any], str]] = {
    "VARCHAR": (_text, "a text"),
    "BIGINT": (_whole, "a whole number"),
    "DOUBLE": (_number, "a number"),
    "BOOLEAN": (_truth, "true or false"),
    "TIMESTAMPTZ": (_moment, "a time such as 2025-03-05 or 2025-03-05T14:00:00Z"),
}


def declared(text: Query) -> tuple[Parameter, ...]:
    """Parameters of a text, in the order in which SQL counts them: `-- params: service VARCHAR, most BIGINT = 100`."""
    return tuple(_parameter(one, text.name) for one in text.header.get("params", "").split(",") if one.strip())


def _parameter(said: str, text: str) -> Parameter:
    found = _DECLARED.match(said)
    if found is None or found[2] not in TYPES:
        raise QuestionError(f"{text}: {said.strip()!r} declares no parameter; write name TYPE = default")
    name, kind, default = found[1], found[2], found[3]
    if name in WINDOW:
        return Parameter(name, kind, None, is_required=False)
    if default is None:
        return Parameter(name, kind)
    value = None if default == "null" else Parameter(name, kind).value(default)
    return Parameter(name, kind, value, is_required=False)


def union(texts: Iterable[Query]) -> dict[str, Parameter]:
    """Parameters of several texts by name; `QuestionError` when two texts declare one name differently."""
    found: dict[str, Parameter] = {}
    for text in texts:
        for one in declared(text):
            if found.setdefault(one.name, one) != one:
                raise QuestionError(f"{text.name} declares {one}, and another text {found[one.name]}")
    return dict(sorted(found.items(), key=lambda item: (item[0] in WINDOW, not item[1].is_required)))


def bound(known: Mapping[str, Parameter], given: Mapping[str, object], question: str) -> dict[str, Any]:
    """Values of all parameters; `QuestionError` for what is unknown, missing or of another type."""
    for name in given:
        if name not in known:
            valid = "; valid are " + ", ".join(map(str, known.values())) if known else "; it has none"
            raise QuestionError(f"{question} has no parameter {name}{valid}")
    missing = [str(one) for one in known.values() if one.is_required and given.get(one.name) is None]
    if missing:
        raise QuestionError(f"{question} needs {', '.join(missing)}")
    values = {name: one.value(given[name]) if name in given else one.default for name, one in known.items()}
    start, end = (values.get(name) for name in WINDOW)
    if start is not None and end is not None and start >= end:
        raise QuestionError(f"start {start.isoformat()} must be before end {end.isoformat()}")
    return values


def _said(value: object) -> str:
    return "null" if value is None else str(value)
