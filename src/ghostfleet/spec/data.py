"""The data section: size, span, grain, metadata, seasonality and faults of the server metrics (CAP-14)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from ghostfleet.core import zones
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.window import DAY_S, HOUR_S

if TYPE_CHECKING:
    from collections.abc import Mapping

EPOCH = date(1970, 1, 1)
FIRST_YEAR, LAST_YEAR = 1990, 2060  # of the shipped calendar
BUSINESS_UNIT_LOAD = {"Trading": 1.12, "Retail": 1.04, "Compliance": 0.92, "IT": 0.92}
CRITICALITY_LOAD = {"High": 1.1, "Medium": 1.0, "Low": 0.93}
REGION_ZONES = {
    "US-East": "America/New_York",
    "US-West": "America/Los_Angeles",
    "EU": "Europe/Berlin",
    "Asia": "Asia/Tokyo",
}
# Mappings from names, and the list that says which names there are.
NAMED_BY = {"business_unit_load": "business_units", "criticality_load": "criticalities", "region_zones": "regions"}
ONE_OF = {"business_units": "business unit", "criticalities": "criticality", "regions": "region"}

Positive = Annotated[float, Meta(gt=0, le=1000)]
Ratio = Annotated[float, Meta(ge=0, le=1)]
Month = Annotated[int, Meta(ge=1, le=12)]
Names = Annotated[tuple[Annotated[str, Meta(min_length=1)], ...], Meta(min_length=1)]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Strict and immutable, like every section."""


class Metadata(_Section, frozen=True, kw_only=True):
    """What is known about each server besides its load (CAP-4)."""

    enabled: Annotated[bool, Meta(description="write the metadata columns")] = True
    server_prefix: Annotated[str, Meta(min_length=1, pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")] = "server_"
    server_id_width: Annotated[int, Meta(ge=1, le=9)] = 3
    applications: Annotated[int, Meta(ge=1, le=1000, description="how many applications share the fleet")] = 40
    business_units: Names = ("Trading", "Retail", "Compliance", "IT")
    business_unit_load: Annotated[
        dict[str, Positive],
        Meta(description="load of a business unit's servers relative to the fleet"),
    ] = {}
    criticalities: Names = ("High", "Medium", "Low")
    criticality_probs: Annotated[tuple[Ratio, ...], Meta(description="in the order of criticalities")] = (0.2, 0.5, 0.3)
    criticality_load: Annotated[
        dict[str, Positive],
        Meta(description="load of servers of a criticality relative to the fleet"),
    ] = {}
    regions: Names = ("US-East", "US-West", "EU", "Asia")
    region_zones: Annotated[
        dict[str, str],
        Meta(description="IANA time zone of each region's working hours"),
    ] = {}

    def __post_init__(self) -> None:
        """Fill in what a partial mapping leaves out; refuse what does not fit together."""
        for name in ("business_units", "criticalities", "regions"):
            words = getattr(self, name)
            if len(set(words)) < len(words):
                msg = f"{name}: it names {next(word for word in words if words.count(word) > 1)} twice"
                raise ValueError(msg)
        for name, usual in (
            ("business_unit_load", BUSINESS_UNIT_LOAD),
            ("criticality_load", CRITICALITY_LOAD),
            ("region_zones", REGION_ZONES),
        ):
            self._complete(name, usual)
        if len(self.criticality_probs) != len(self.criticalities):
            msg = (
                f"criticality_probs: {len(self.criticality_probs)} values for "
                f"{len(self.criticalities)} criticalities; give one each"
            )
            raise ValueError(msg)
        if abs(sum(self.criticality_probs) - 1) > 1e-9:  # noqa: PLR2004  a floating tolerance
            msg = f"criticality_probs: they must sum to 1, not {round(sum(self.criticality_probs), 9)}"
            raise ValueError(msg)
        homeless = [region for region in self.regions if region not in self.region_zones]
        if homeless:
            msg = f"region_zones: no time zone for {', '.join(homeless)}; name one, such as Europe/Berlin"
            raise ValueError(msg)
        for region, zone in self.region_zones.items():
            if zone not in REGION_ZONES.values():
                try:
                    zones.known_zone(zone)
                except ScenarioError as error:
                    msg = f"region_zones.{region}: {error}"
                    raise ValueError(msg) from error

    def _complete(self, name: str, usual: Mapping[str, object]) -> None:
        """Give each name its usual value where a mapping says nothing; refuse names that would have no effect."""
        known = getattr(self, NAMED_BY[name])
        given = getattr(self, name)
        for stranger in (word for word in given if word not in known):
            msg = (
                f"{name}.{stranger}: there is no {ONE_OF[NAMED_BY[name]]} {stranger}; "
                f"{NAMED_BY[name]} are {', '.join(known)}"
            )
            raise ValueError(msg)
        full = {word: usual[word] for word in usual if word in known} | given
        msgspec.structs.force_setattr(self, name, full)


class Seasonality(_Section, frozen=True, kw_only=True):
    """Which calendars move the load (CAP-8)."""

    weekly: Annotated[bool, Meta(description="weekends differ")] = True
    weekend_factor: Annotated[Positive, Meta(description="for archetypes without their own")] = 0.8
    working_hours: Annotated[
        tuple[Annotated[float, Meta(ge=0, le=24)], Annotated[float, Meta(ge=0, le=24)]],
        Meta(description="half-open local hours in which the working-hours factor acts on hourly levels"),
    ] = (9.0, 17.0)
    quarterly_peaks: Annotated[bool, Meta(description="quarters end with a peak")] = True
    eoq_months: Annotated[
        tuple[Month, ...], Meta(min_length=1, max_length=12, description="months that end a quarter")
    ] = (3, 6, 9, 12)
    eoq_factors: Annotated[
        tuple[Positive, ...],
        Meta(
            min_length=1,
            max_length=28,
            description="factors of the last days of such a month, its last day last",
        ),
    ] = (1.06, 1.12, 1.18, 1.24, 1.30)
    holiday_effect: Annotated[bool, Meta(description="public holidays are quiet")] = True

    def __post_init__(self) -> None:
        """Refuse working hours that end before they begin."""
        if self.working_hours[1] <= self.working_hours[0]:
            msg = (
                f"working_hours: they must end after they begin, not {self.working_hours[0]} to {self.working_hours[1]}"
            )
            raise ValueError(msg)


class Validation(_Section, frozen=True, kw_only=True):
    """Thresholds of the checks (CAP-21)."""

    max_missing_pct_warning: Annotated[float, Meta(ge=0, le=100)] = 5.0
    row_count_tolerance: Annotated[int, Meta(ge=0)] = 100
    min_history_days: Annotated[int, Meta(ge=0)] = 365


class Quality(_Section, frozen=True, kw_only=True):
    """Data-quality faults, made on purpose and stated in the manifest (CAP-11)."""

    missing_ratio: Annotated[Ratio, Meta(description="share of metric values that are lost")] = 0.0
    outlier_ratio: Annotated[Ratio, Meta(description="share of metric values that are misread")] = 0.0
    outlier_factor: Annotated[Positive, Meta(description="by which a misread value is too large")] = 1.6


class Data(_Section, frozen=True, kw_only=True):
    """Size, span and grain of the server metrics."""

    num_servers: Annotated[int, Meta(ge=1, le=1_000_000)] = 120
    start_date: date = date(2022, 1, 1)
    end_date: Annotated[date | None, Meta(description="last day, included; else start_date and years_of_data")] = None
    years_of_data: Annotated[int, Meta(ge=1, le=5)] | None = None
    granularity: Literal["daily", "hourly"] = "daily"
    daily_rows: Annotated[
        Literal["base", "p95"],
        Meta(description="a daily row is the documented base level, or the 95th percentile of its 24 hours"),
    ] = "base"
    generated_data_path: Annotated[str, Meta(description="where generate writes without --to")] = "out/capacity"
    compression: Annotated[bool, Meta(description="gzip for CSV and JSON lines, zstd for Parquet")] = True
    calendar: Annotated[bool, Meta(description="write the calendar columns")] = True
    metadata: Metadata = Metadata()
    seasonality: Seasonality = Seasonality()
    validation: Validation = Validation()
    quality: Quality = Quality()

    def __post_init__(self) -> None:
        """Refuse spans that are empty or contradict themselves."""
        if self.end_date is None and self.years_of_data is None:
            msg = "the span has no end; give end_date or years_of_data"
            raise ValueError(msg)
        last_year = self.end_date.year if self.end_date else self.start_date.year + (self.years_of_data or 0)
        if self.start_date.year < FIRST_YEAR or max(self.start_date.year, last_year) > LAST_YEAR:
            is_begin = not FIRST_YEAR <= self.start_date.year <= LAST_YEAR
            key = "start_date" if is_begin else "end_date" if self.end_date else "years_of_data"
            msg = f"{key}: the span must lie in {FIRST_YEAR} to {LAST_YEAR}, the years of the holiday calendar"
            raise ValueError(msg)
        if self.end_date is not None and self.end_date <= self.start_date:
            msg = f"end_date: {self.end_date} must be after start_date {self.start_date}"
            raise ValueError(msg)
        if self.end_date is not None and self.years_of_data is not None and self.end_date != self._years_end():
            msg = (
                f"end_date: {self.end_date} disagrees with years_of_data {self.years_of_data}, "
                f"which ends on {self._years_end()}; give one of them"
            )
            raise ValueError(msg)

    def _years_end(self) -> date:
        years = self.years_of_data or 0
        start = self.start_date
        leap_day = (start.month, start.day) == (2, 29)
        return start.replace(year=start.year + years, day=28 if leap_day else start.day) - timedelta(
            days=0 if leap_day else 1
        )

    @property
    def last_day(self) -> date:
        """Last day of the span."""
        return self.end_date or self._years_end()

    @property
    def span_s(self) -> tuple[int, int]:
        """Half-open span in seconds since the epoch; the last day counts to its end."""
        return (self.start_date - EPOCH).days * DAY_S, ((self.last_day - EPOCH).days + 1) * DAY_S

    @property
    def row_s(self) -> int:
        """Seconds of a row."""
        return HOUR_S if self.granularity == "hourly" else DAY_S

    @property
    def tick_s(self) -> int:
        """Seconds of a tick: the grain at which the servers' load is solved."""
        return DAY_S if self.granularity == "daily" and self.daily_rows == "base" else HOUR_S
