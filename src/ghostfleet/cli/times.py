"""Moments and durations as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S

if TYPE_CHECKING:
    Whole = click.ParamType[int]
else:
    Whole = click.ParamType  # older versions of click do not take an argument here

UNITS_S = {"s": 1, "m": MINUTE_S, "h": HOUR_S, "d": DAY_S, "w": 7 * DAY_S}
UNITS_BYTES = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class Duration(Whole):
    """``90d``, ``12h``, ``5m``, ``30s``: whole seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds of a duration."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,12})([smhdw])", str(value).strip())
        if match is None or int(match.group(1)) == 0:
            self.fail(f"{value!r} is not a duration; write a number and s, m, h, d or w, such as 90d", param, ctx)
        return int(match.group(1)) * UNITS_S[match.group(2)]


class Size(Whole):
    """``500MB``, ``1GiB``: bytes."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes of a size."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,9})(kB|MB|GB|KiB|MiB|GiB)", str(value).strip())
        if match is None or int(match.group(1)) == 0:
            valid = ", ".join(UNITS_BYTES)
            self.fail(f"{value!r} is not a size; write a number and one of {valid}, such as 1GiB", param, ctx)
        return int(match.group(1)) * UNITS_BYTES[match.group(2)]


class Moment(Whole):
    """An ISO date or datetime, UTC unless it says otherwise: seconds since the epoch."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds since the epoch."""
        if isinstance(value, int):
            return value
        try:
            parsed = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time; write 2024-05-01 or 2024-05-01T12:00:00Z", param, ctx)
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return int(aware.timestamp())
