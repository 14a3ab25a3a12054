"""Properties that several labels have, declared once so that a name means the same everywhere."""

from __future__ import annotations

from ghostfleet.core.table import Column, Kind, column
from ghostfleet.spec.estate.places import CRITICALITIES, ENVIRONMENTS

ARN = column("arn", Kind.TEXT, "resource name in the cloud; the account is one of documentation's")
REGION = column("region", Kind.TEXT, "region that it lies in")
ZONES = column("availability_zones", Kind.TEXTS, "zones that it spans")
VPC_ID = column("vpc_id", Kind.TEXT, "id of the network")
ENVIRONMENT = column("environment", Kind.TEXT, "what it is for; names say the same", values=ENVIRONMENTS)
TYPE = column("type", Kind.TEXT, "what it is, in the words of its kind")
CREATED = column("created_at", Kind.TIME, "when it came to be, UTC")
COST_CENTER = column("cost_center", Kind.TEXT, "who pays")
GROUPS = column("security_groups", Kind.TEXTS, "ids of the security groups that guard it")
CRITICALITY = column("criticality", Kind.TEXT, "how much depends on it", values=CRITICALITIES)
VERSION = column("version", Kind.TEXT, "release that runs")
TEAM = column("team_owner", Kind.TEXT, "who looks after it")


def cost(about: str) -> Column:
    """Monthly cost of an entity."""
    return column("cost_monthly", Kind.F64, about, unit="USD", low=0.0, resolution=0.01)


def percent(name: str, about: str, high: float = 100.0) -> Column:
    """A share of something in per cent."""
    return column(name, Kind.F64, about, unit="%", low=0.0, high=high, resolution=0.01)


def count(name: str, about: str, low: float = 0.0, unit: str = "") -> Column:
    """A whole number of things."""
    return column(name, Kind.I64, about, unit=unit, low=low)


def status(about: str, words: tuple[str, ...], name: str = "status") -> Column:
    """One of a few words."""
    return column(name, Kind.TEXT, about, values=words)
