"""The hosts section: how many machines, what they are for, and who watches them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from ghostfleet.core import civil, zones
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.window import DAY_S, MINUTE_S

EPOCH = date(1970, 1, 1)
PROFILES = ("hypervisor", "guest", "cloud")
ROLES = ("idle", "cron", "steady", "service", "batch")
SHARE_TOLERANCE = 1e-9
TICK_S = MINUTE_S
ROW_S = 5 * MINUTE_S

Share = Annotated[float, Meta(ge=0, le=1)]
Ingredient = Literal[
    "agent",
    "activities",
    "bursts",
    "ceilings",
    "cron",
    "demand",
    "dips",
    "jobs",
    "memory_view",
    "micro",
    "nightly",
    "noise",
    "polls",
    "roles",
    "sessions",
    "shared",
    "steps",
    "timers",
    "wander",
]
INGREDIENTS: tuple[Ingredient, ...] = get_args(Ingredient)


class Mix(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Shares that sum to 1; one value, so that whoever gives some has given all, and the others are 0."""

    def __post_init__(self) -> None:
        """Refuse shares that leave hosts over, or out."""
        total = sum(self.shares())
        if abs(total - 1) > SHARE_TOLERANCE:
            names = ", ".join(self.__struct_fields__)
            msg = f"the shares of {names} must sum to 1, not {round(total, 9)}"
            raise ValueError(msg)

    def shares(self) -> tuple[float, ...]:
        """Shares in the order of their names."""
        return tuple(getattr(self, name) for name in self.__struct_fields__)


class Profiles(Mix, frozen=True, kw_only=True):
    """Who measures: share of hosts per monitoring profile."""

    hypervisor: Annotated[Share, Meta(description="sampled from outside every 20 s, whole units, active memory")] = 0.0
    guest: Annotated[Share, Meta(description="an agent inside that reports floats and used memory")] = 0.0
    cloud: Annotated[Share, Meta(description="a cloud's metric service: one read a minute, no memory")] = 0.0


class Roles(Mix, frozen=True, kw_only=True):
    """What hosts are for: share of hosts per role."""

    idle: Annotated[Share, Meta(description="installed, and hardly used")] = 0.0
    cron: Annotated[Share, Meta(description="work by the clock")] = 0.0
    steady: Annotated[Share, Meta(description="an even load")] = 0.0
    service: Annotated[Share, Meta(description="demand that follows people's days")] = 0.0
    batch: Annotated[Share, Meta(description="long jobs")] = 0.0


class Hosts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Machines whose telemetry passes for real."""

    count: Annotated[int, Meta(ge=1, le=1_000_000, description="how many hosts")] = 120
    name_prefix: Annotated[str, Meta(min_length=1, pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")] = "host-"
    name_width: Annotated[int, Meta(ge=1, le=9)] = 5
    start_date: date = date(2025, 3, 3)
    days: Annotated[int, Meta(ge=1, le=3660)] = 9
    profiles: Profiles = Profiles(hypervisor=0.52, guest=0.08, cloud=0.40)
    roles: Roles = Roles(idle=0.36, cron=0.24, steady=0.16, service=0.14, batch=0.10)
    zones: Annotated[
        tuple[str, ...], Meta(min_length=1, description="IANA time zones; hosts are spread evenly over them")
    ] = ("America/New_York", "America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo")
    without: Annotated[
        tuple[Ingredient, ...], Meta(description="ingredients of the host model to leave out, for experiments")
    ] = ()
    generated_data_path: Annotated[str, Meta(description="where generate writes without --to")] = "out/hosts"
    compression: Annotated[bool, Meta(description="gzip for CSV and JSON lines, zstd for Parquet")] = True

    def __post_init__(self) -> None:
        """Refuse zones that nobody keeps, and days that no calendar has."""
        civil.ensure_within_calendar(self.start_date, self.days)
        for place, zone in enumerate(self.zones):
            try:
                zones.known_zone(zone)
            except ScenarioError as error:
                msg = f"zones.{place}: {error}"
                raise ValueError(msg) from error

    @property
    def span_s(self) -> tuple[int, int]:
        """Half-open span in seconds since the epoch."""
        since = (self.start_date - EPOCH).days * DAY_S
        return since, since + self.days * DAY_S
