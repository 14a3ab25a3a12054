"""Capacity metrics of servers, one row per server and day or hour (CAP-1, CAP-2)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import calendars, civil, draw
from ghostfleet.core.batch import Batch, Plain, Quanta, Text, quantise
from ghostfleet.core.facts import Facts
from ghostfleet.core.moments import Moments
from ghostfleet.core.table import Column, Fold, Kind, Table, column
from ghostfleet.core.window import DAY_S, HOUR_S, Window
from ghostfleet.shapes.working_hours import WorkingHours
from ghostfleet.signals import Extent
from ghostfleet.spec.fleet import METRICS
from ghostfleet.state.servers import OUTBOUND_SHARE, Servers
from ghostfleet.world import fleet as fleets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ghostfleet.core.arrays import I64, Bool
    from ghostfleet.core.batch import Values
    from ghostfleet.signals import Expected, StateObserver
    from ghostfleet.spec.data import Data, Metadata
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.servers import ServerState
    from ghostfleet.world.fleet import Fleet


def _metric(name: str, about: str, unit: str, high: float) -> Column:
    return column(name, Kind.F64, about, unit=unit, low=0.0, high=high, resolution=0.01, fold=Fold.P95, nullable=True)


def _metadata(name: str, about: str, values: tuple[str, ...] = ()) -> Column:
    return column(name, Kind.TEXT, about, values=values, group="metadata")


def _calendar(name: str, kind: Kind, about: str, low: int | None = None, high: int | None = None) -> Column:
    return column(name, kind, about, low=low, high=high, group="calendar")


NEEDS: tuple[str, ...] = ("data", "fleet")
TABLE = Table(
    "server_metrics",
    "95th percentiles of each server's load",
    (
        column("timestamp", Kind.TIME, "start of the step, UTC"),
        column("server_id", Kind.TEXT, "unique id of the server; rows are in the order of its number"),
        _metric("cpu_p95", "CPU in use", "%", 100),
        _metric("mem_p95", "memory in use", "%", 100),
        _metric("disk_p95", "disk space in use", "%", 100),
        _metric("net_in_p95", "inbound traffic", "Mbps", 1000),
        _metric("net_out_p95", "outbound traffic, about 0.6 of inbound", "Mbps", 600),
        _metadata("app_name", "application that the server runs"),
        _metadata("business_unit", "owner of the application", ("Trading", "Retail", "Compliance", "IT")),
        _metadata("criticality", "how much an outage hurts", ("High", "Medium", "Low")),
        _metadata("region", "where the server stands", ("US-East", "US-West", "EU", "Asia")),
        _metadata("server_type", "archetype of the server", ("web", "database", "application", "batch")),
        _calendar("year", Kind.I64, "calendar year of the step's UTC date"),
        _calendar("month", Kind.I64, "month", 1, 12),
        _calendar("quarter", Kind.I64, "quarter", 1, 4),
        _calendar("dayofweek", Kind.I64, "day of the week, 0 is Monday", 0, 6),
        _calendar("is_weekend", Kind.BOOL, "Saturday or Sunday"),
        _calendar("is_eoq", Kind.BOOL, "last day of a quarter"),
        _calendar("is_holiday", Kind.BOOL, "day of the US holiday calendar that also moves the load"),
    ),
    keys=("server_id", "timestamp"),
    order=("server_id", "timestamp"),
    stem="server_metrics_full",
)
METRIC_COLUMNS = ("cpu_p95", "mem_p95", "disk_p95", "net_in_p95", "net_out_p95")


def observe(state: ServerState) -> Facts:
    """Facts of the servers at each tick: readings as they are; folding and rounding come after."""
    readings = (state.cpu, state.memory, state.disk, state.network_in, state.network_out)
    return Facts(TABLE, state.window, dict(zip(METRIC_COLUMNS, readings, strict=True)))


def observer(scenario: Scenario) -> ServerMetrics | StateObserver:
    """Make the signal ready for a scenario: for its servers, or for the hosts of its estate."""
    if scenario.estate is not None:
        from ghostfleet.signals.server_metrics.estate import EstateServers  # which needs this module

        return EstateServers(scenario).ready()
    return of_servers(scenario)


def of_servers(scenario: Scenario) -> ServerMetrics:
    """Signal of a scenario that is about servers alone."""
    fleet = fleets.build(scenario)
    return ServerMetrics(fleet, scenario.servers, Servers.of(scenario, fleet))


@dataclass(frozen=True)
class ServerMetrics:
    """The signal of one scenario."""

    fleet: Fleet
    data: Data
    servers: Servers

    @cached_property
    def table(self) -> Table:
        """Table with the groups of columns that the scenario writes."""
        off = {"metadata": not self.data.metadata.enabled, "calendar": not self.data.calendar}
        return TABLE.without(frozenset(group for group, is_off in off.items() if is_off))

    @property
    def entities(self) -> int:
        """How many servers there are."""
        return len(self.fleet)

    @property
    def breadth(self) -> int:
        """All servers are worked on alike."""
        return 1

    def rows(self, window: Window, first: int, last: int) -> Batch:
        """Rows of servers ``[first, last)``, server by server, time ascending."""
        ticks = window.finer(window.tick_s // self.data.tick_s)
        facts = observe(self.servers.solve(ticks, first, last)).folded(window.tick_s // self.data.tick_s)
        columns: dict[str, Values] = {"timestamp": Plain(np.tile(window.seconds(), last - first))}
        columns["server_id"] = Text(_each(np.arange(first, last, dtype=np.int32), len(window)), self.fleet.names)
        columns |= {name: self._reading(facts, name, first, last) for name in METRIC_COLUMNS}
        if self.data.metadata.enabled:
            columns |= {name: _spread(text, first, last, len(window)) for name, text in self._attributes.items()}
        if self.data.calendar:
            columns |= dates(window, last - first, self.data.seasonality.eoq_months)
        return Batch(self.table, columns)

    @cached_property
    def _attributes(self) -> dict[str, Text]:
        fleet = self.fleet
        return {
            "app_name": fleet.applications,
            "business_unit": fleet.business_units,
            "criticality": fleet.criticalities,
            "region": fleet.regions,
            "server_type": Text(fleet.type_codes, fleet.types),
        }

    def _reading(self, facts: Facts, name: str, first: int, last: int) -> Quanta:
        """Readings in hundredths, with the faults that were asked for."""
        quality, reading = self.data.quality, facts.values[name]
        if quality.outlier_ratio:
            wrong = self._fault("outlier", name, facts.window, first, last) < quality.outlier_ratio
            high = np.float32(TABLE[name].high or 0)
            misread = np.minimum(reading * np.float32(quality.outlier_factor), high)
            reading = np.where(wrong, misread, reading)
        missing: Bool | None = None
        if quality.missing_ratio:
            missing = (self._fault("missing", name, facts.window, first, last) < quality.missing_ratio).ravel()
        return quantise(reading.ravel(), 100, missing)

    def _fault(self, fault: str, name: str, window: Window, first: int, last: int) -> np.ndarray:
        keys = draw.Stream(self.fleet.seed, TABLE.name, fault, name).keys(self.fleet.ids[first:last])
        return draw.uniform(keys, window.start, window.stop)


def _each(values: np.ndarray, times: int) -> np.ndarray:
    return np.repeat(values, times)


def _spread(text: Text, first: int, last: int, times: int) -> Text:
    return Text(_each(text.codes[first:last], times), text.vocabulary)


def dates(window: Window, entities: int, eoq_months: tuple[int, ...]) -> dict[str, Values]:
    """Calendar columns; the same calendar drives the load, so flag and effect cannot disagree (defect 13)."""
    day = window.seconds() // DAY_S
    first, last = (int(day[0]), int(day[-1])) if len(day) else (0, -1)
    days: I64 = np.arange(first, last + 1, dtype=np.int64)  # of hourly rows far fewer: each date is worked out once
    date = civil.civil(days)
    weekday = civil.weekday(days)
    ends = (civil.days_left_in_month(days) == 0) & np.isin(date.month, eoq_months)
    dates = {
        "year": date.year,
        "month": date.month,
        "quarter": (date.month + 2) // 3,
        "dayofweek": weekday,
        "is_weekend": weekday >= civil.SATURDAY,
        "is_eoq": ends,
        "is_holiday": calendars.holidays("US").is_holiday(days),
    }
    day -= first
    small = {name: values if values.dtype == bool else values.astype(np.int16) for name, values in dates.items()}
    return {name: Plain(np.tile(values.take(day), entities)) for name, values in small.items()}


def notes(scenario: Scenario, row_s: int) -> Mapping[str, object]:
    """What a row is, and the faults that were made on purpose."""
    if scenario.estate is not None:
        return {"server_metrics": "95th percentiles of a host's five-minute readings of a day, until the span ends"}
    data = scenario.servers
    ticks = row_s // data.tick_s
    level = "hourly level" if data.tick_s < DAY_S else "documented base level of the day"
    quality = data.quality
    faults = {
        "missing_ratio": quality.missing_ratio,
        "outlier_ratio": quality.outlier_ratio,
        "outlier_factor": quality.outlier_factor,
    }
    return {
        "rows": level if ticks == 1 else f"95th percentile of {ticks} ticks, each the {level}",
        "faults_made_on_purpose": faults if quality.missing_ratio or quality.outlier_ratio else None,
    }


def expectations(scenario: Scenario, extent: Extent | None = None) -> Mapping[str, Expected]:
    """What checks may expect of rows of some extent, or of the whole scenario: small tables that queries read."""
    if scenario.estate is not None:
        from ghostfleet.signals.server_metrics.estate import EstateServers

        return EstateServers(scenario).expectations()
    return expected_of_servers(scenario, extent)


def expected_of_servers(
    scenario: Scenario, extent: Extent | None = None
) -> Mapping[str, Sequence[Mapping[str, object]]]:
    """What checks may expect of a scenario that is about servers alone."""
    data = scenario.servers
    known = _whole(data) if extent is None else extent
    calendar = calendars.holidays("US")
    return {
        "expected_data": [_expected_data(data, known)],
        "expected_archetypes": _expected_archetypes(scenario),
        "expected_correlations": _expected_correlations(scenario),
        "expected_values": _expected_values(scenario),
        "expected_hours": _expected_hours(data, known),
        "expected_holidays": [
            {"day_s": day * DAY_S, "name": name, "factor": factor}
            for day, name, factor in zip(calendar.days.tolist(), calendar.names, calendar.factors.tolist(), strict=True)
            if known.since_s // DAY_S <= day < known.until_s / DAY_S
        ],
        "expected_quarter_ends": [{"month": month} for month in data.seasonality.eoq_months],
        "expected_rush": [
            {"days_left": left, "factor": factor} for left, factor in enumerate(reversed(data.seasonality.eoq_factors))
        ],
    }


def _whole(data: Data) -> Extent:
    since_s, until_s = data.span_s
    return Extent(data.num_servers, since_s, until_s, data.row_s)


def _expected_data(data: Data, extent: Extent) -> dict[str, object]:
    unit, rank = _load_deviations(data.metadata)
    return {
        "servers": extent.entities,
        "since_s": extent.since_s,
        "until_s": extent.until_s,
        "step_s": extent.row_s,
        "span_is_stated": extent.is_stated,
        "fleet_is_whole": extent.is_whole,
        "tick_s": data.tick_s,
        "weekly": data.seasonality.weekly,
        "quarterly_peaks": data.seasonality.quarterly_peaks,
        "holiday_effect": data.seasonality.holiday_effect,
        "max_missing_pct": data.validation.max_missing_pct_warning,
        "row_count_tolerance": data.validation.row_count_tolerance,
        "min_history_days": data.validation.min_history_days,
        "missing_ratio": data.quality.missing_ratio,
        "outlier_ratio": data.quality.outlier_ratio,
        "server_prefix": data.metadata.server_prefix,
        "outbound_share": OUTBOUND_SHARE,
        "unit_deviation": unit,
        "criticality_deviation": rank,
    }


def _load_deviations(metadata: Metadata) -> tuple[float, float]:
    """Relative standard deviations of load among business units and among criticalities, by their shares."""
    units, ranks = metadata.business_units, metadata.criticalities
    owned = [metadata.business_unit_load.get(units[app % len(units)], 1.0) for app in range(metadata.applications)]
    loads = [metadata.criticality_load.get(rank, 1.0) for rank in ranks]
    return _deviation(owned, [1.0] * len(owned)), _deviation(loads, metadata.criticality_probs)


def _deviation(loads: Sequence[float], weights: Sequence[float]) -> float:
    mean = float(np.average(loads, weights=weights))
    return float(np.sqrt(np.average((np.array(loads) / mean - 1) ** 2, weights=weights)))


def _expected_archetypes(scenario: Scenario) -> list[dict[str, object]]:
    data, fleet = scenario.servers, scenario.fleet
    assert fleet is not None  # noqa: S101  `servers` has checked it
    shares = fleet.share_of_types()
    return [
        {
            "server_type": name,
            "share": shares[name],
            **{f"{metric}_mean": mean for metric, (mean, _) in zip(METRICS, fleets.levels(kind), strict=True)},
            **{f"{metric}_deviation": sd for metric, (_, sd) in zip(METRICS, fleets.levels(kind), strict=True)},
            "weekend_factor": kind.weekend_factor or data.seasonality.weekend_factor,
            "working_hours_factor": kind.working_hours_factor,
            "spike_probability": kind.spikes.probability,
            "spike_magnitude": kind.spikes.magnitude,
            "growth_percent_per_month": kind.growth_percent_per_month,
            "own_shapes": len(kind.shapes),
        }
        for name, kind in fleet.archetypes.items()
    ]


def _expected_correlations(scenario: Scenario) -> list[dict[str, object]]:
    fleet = scenario.fleet
    assert fleet is not None  # noqa: S101  `servers` has checked it
    return [
        {
            "server_type": name,
            "left_metric": left,
            "right_metric": right,
            "target": kind.correlation.between(left, right),
        }
        for name, kind in fleet.archetypes.items()
        for place, left in enumerate(METRICS)
        for right in METRICS[place + 1 :]
    ]


def _expected_values(scenario: Scenario) -> list[dict[str, object]]:
    """Words of the metadata columns: the scenario's own, which need not be those of the documents."""
    metadata, fleet = scenario.servers.metadata, scenario.fleet
    assert fleet is not None  # noqa: S101  `servers` has checked it
    words = {
        "business_unit": metadata.business_units,
        "criticality": metadata.criticalities,
        "region": metadata.regions,
        "server_type": tuple(fleet.archetypes),
    }
    return [{"column_name": name, "valid": word} for name, valid in words.items() for word in valid]


def _expected_hours(data: Data, extent: Extent) -> list[dict[str, object]]:
    """For each region and hour of the UTC day, on which share of the days it lies in the region's working hours."""
    window = Window.between(extent.since_s // DAY_S * DAY_S, -(-extent.until_s // DAY_S) * DAY_S, HOUR_S)
    at, (start, end) = Moments(window), data.seasonality.working_hours
    inside = WorkingHours(factor=2.0, start_hour=start, end_hour=end)
    rows: list[dict[str, object]] = []
    for region in data.metadata.regions:
        days = inside.curve(at, zone=data.metadata.region_zones[region]).reshape(-1, DAY_S // HOUR_S) - 1
        shares = days.mean(axis=0, dtype=np.float64).tolist()
        rows += [{"region": region, "hour": hour, "share": share} for hour, share in enumerate(shares)]
    return rows
