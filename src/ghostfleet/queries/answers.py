"""What a question is answered with: one form, whatever was asked and of whatever store."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, Any]
Rows = list[Row]


@dataclass(frozen=True)
class Told:
    """What the texts' rows come to; ``no_data`` says why they come to nothing."""

    tables: Mapping[str, Rows]
    summary: Mapping[str, Any] = field(default_factory=dict)
    no_data: str = ""


@dataclass(frozen=True)
class Failure:
    """Why a question could not be asked (EST-42)."""

    message: str
    attempts: int = 1


@dataclass(frozen=True)
class Answer:
    """Answer of a question: it has tables, or says why there is no data, or what failed."""

    query: str
    title: str
    parameters: Mapping[str, Any]
    window: tuple[datetime, datetime] | None = None  # of the rows that were asked for, half-open
    tables: Mapping[str, Rows] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    no_data: str = ""  # why there is nothing to tell
    lacking: Mapping[str, str] = field(default_factory=dict)  # texts that could not be asked, and why: parts are empty
    error: Failure | None = None

    @property
    def rows(self) -> Rows:
        """Rows of the first table; none where there is no data."""
        return next(iter(self.tables.values()), [])

    def as_dict(self) -> dict[str, Any]:
        """Answer as JSON knows it."""
        total = 0 if self.error or self.no_data else sum(len(rows) for rows in self.tables.values())
        return {
            "query_name": self.query,
            "title": self.title,
            "parameters": plain(dict(self.parameters)),
            "window": plain(dict(zip(("start", "end"), self.window, strict=True))) if self.window else None,
            "tables": plain(dict(self.tables)),
            "summary": plain(dict(self.summary)),
            "total_count": total,
            "no_data": self.no_data or None,
            "lacking": dict(self.lacking),
            "error": self.error.message if self.error else None,
            "attempts": self.error.attempts if self.error else 1,
        }


def normal(value: Any) -> Any:  # noqa: ANN401  whatever a store returned
    """Value as every store would return it: whole decimals as integers, times in UTC, maps without what is absent."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        case dict():
            return {key: normal(item) for key, item in value.items() if item is not None and not key.startswith("_")}
        case list() | tuple():
            return [normal(item) for item in value]
        case _:
            return value


def plain(value: Any) -> Any:  # noqa: ANN401  whatever an answer holds
    """Value as JSON knows it: times as texts, and neither NaN nor infinity."""
    match value:
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case datetime():
            return moment(value)
        case float():
            return value if math.isfinite(value) else None
        case None | str() | int():
            return value
        case _:
            return str(value)


def moment(time: datetime) -> str:
    """Time as texts write it: 2025-03-05T00:00:00Z."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
