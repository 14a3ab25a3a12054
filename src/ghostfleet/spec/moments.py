"""Instants as scenarios write them: ISO times, or offsets from where the span starts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_S = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
UNITS = (DAY_S, HOUR_S, MINUTE_S, 1)
_OFFSET = re.compile(r"(?=[0-9])(?:([0-9]{1,5})d)?(?:([0-9]{1,5})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,5})s)?")


def instant(text: str, path: str, since_s: int | None = None) -> int:
    """Second since the epoch of an ISO time, or of an offset where a start is given; ValueError at its path."""
    offset = _OFFSET.fullmatch(text)
    if offset is not None and since_s is not None:
        return since_s + sum(int(number or 0) * unit for number, unit in zip(offset.groups(), UNITS, strict=True))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        offsets = "" if since_s is None else ", or 14h30m since the start"
        msg = f"{path}: {text!r} is no time; valid is 2026-03-04T09:30, UTC unless an offset is given{offsets}"
        raise ValueError(msg) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def text(second: int) -> str:
    """Instant as ISO time in UTC; the last one that there is for what lies beyond."""
    return (EPOCH + timedelta(seconds=min(second, LAST_S))).isoformat().replace("+00:00", "Z")
