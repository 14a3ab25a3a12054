"""The estate section: a platform of services on clusters, databases and clouds, and the demand that it lives on."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ghostfleet.core import civil, zones
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S
from ghostfleet.spec import moments
from ghostfleet.spec.estate import checks, kept
from ghostfleet.spec.estate.demand import Level, Service, WebService
from ghostfleet.spec.estate.incidents import Incidents, LedgerEntry, ensure_sound
from ghostfleet.spec.estate.places import Application, Balancer, Cluster, Database, External, Machine, Network, Region

EPOCH = date(1970, 1, 1)
TICK_S = MINUTE_S
ROW_S = 5 * MINUTE_S


class Changes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What people change day by day, and what nearly always does no harm."""

    deploys_per_week: Annotated[float, Meta(ge=0, le=500, description="of each service")] = 1.5
    config_changes_per_week: Annotated[float, Meta(ge=0, le=500, description="of each service and database")] = 0.5
    clock: Annotated[str, Meta(description="IANA time zone in whose working hours people work")] = "America/New_York"


class Prices(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where costs come from; the table itself is data of the package (SHR-9)."""

    factor: Annotated[float, Meta(gt=0, le=100, description="discount or premium on every price")] = 1.0
    aliases: Annotated[bool, Meta(description="neutral names instead of those of real companies")] = False


class Estate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything there is, by name, and how it is tied together."""

    start_date: date = date(2020, 1, 1)
    days: Annotated[int, Meta(ge=1, le=36_600, description="length of the span; runs cut windows out of it")] = 7_305
    now: Annotated[
        str | None,
        Meta(description="ISO time that counts as now: the span is the days before it, and nothing is later"),
    ] = None
    hours: Annotated[
        Annotated[int, Meta(ge=1, le=36_600 * 24)] | None,
        Meta(description="length of a span that ends now, instead of days"),
    ] = None
    load: Annotated[float, Meta(gt=0, le=1000, description="times all demand, and what carries it alike")] = 1.0
    total: Annotated[
        Annotated[int, Meta(ge=1, le=10**9)] | None,
        Meta(description="requests that enter in the span, exactly; demand is scaled to it"),
    ] = None
    clock: Annotated[
        str | None, Meta(description="IANA time zone of all clients, instead of that of the region they come from")
    ] = None
    trace_share: Annotated[
        float, Meta(gt=0, le=1, description="share of traces that spans and logs tell of, each of them whole")
    ] = 1.0
    history_days: Annotated[int, Meta(ge=1, le=3_660, description="window of a run that names none")] = 90
    reference_date: Annotated[date, Meta(description="the Wednesday at whose 10:00 levels hold")] = date(2025, 3, 5)
    scale: Annotated[int, Meta(ge=1, le=400, description="copies of the business units; 2,000 services at most")] = 1
    graph_observed: Annotated[
        bool, Meta(description="whether the graph shows how things do at the window's end; else it is always the same")
    ] = True
    graph_without: Annotated[
        tuple[Literal["VPC", "Subnet", "SecurityGroup", "Node", "Pod"], ...],
        Meta(description="labels that the graph tables leave out, with all their links"),
    ] = ()
    keep: Annotated[
        tuple[str, ...],
        Meta(description="services that there are, with all that they call and run on; without any, everything"),
    ] = ()
    regions: dict[str, Region] = {}
    networks: dict[str, Network] = {}
    clusters: dict[str, Cluster] = {}
    databases: dict[str, Database] = {}
    machines: dict[str, Machine] = {}
    balancers: dict[str, Balancer] = {}
    web_services: dict[str, WebService] = {}
    levels: Annotated[dict[str, Level], Meta(description="profiles that services name (EST-18)")] = {}
    services: dict[str, Service] = {}
    applications: dict[str, Application] = {}
    externals: dict[str, External] = {}
    incidents: Incidents = Incidents()
    ledger: Annotated[
        tuple[LedgerEntry, ...], Meta(description="incidents and resolutions added later; it only grows")
    ] = ()
    changes: Changes = Changes()
    prices: Prices = Prices()
    generated_data_path: Annotated[str, Meta(description="where generate writes without --to")] = "out/estate"
    compression: Annotated[bool, Meta(description="gzip for CSV and JSON lines, zstd for Parquet")] = True
    file_format: Annotated[
        Literal["csv", "jsonl", "json", "bulk", "parquet"], Meta(description="of files, where nobody says another")
    ] = "csv"

    def __post_init__(self) -> None:
        """Refuse clocks that nobody keeps, names of what there is not, what contradicts itself, and false incidents."""
        if self.now is not None:
            moments.instant(self.now, "now")
        elif self.hours is not None:
            msg = "hours: a span of hours ends now, so it needs the key now"
            raise ValueError(msg)
        kept.prune(self)
        civil.ensure_within_calendar(self.start_date, self.days)
        clocks = {f"regions.{name}.clock": region.clock for name, region in self.regions.items()}
        clocks |= {f"incidents.scheduled.{name}.clock": one.clock for name, one in self.incidents.scheduled.items()}
        clocks |= {} if self.clock is None else {"clock": self.clock}
        for place, clock in {**clocks, "changes.clock": self.changes.clock}.items():
            try:
                zones.known_zone(clock)
            except ScenarioError as error:
                msg = f"{place}: {error}"
                raise ValueError(msg) from error
        checks.ensure_sound(self)
        ensure_sound(self)

    def shown(self, external: str) -> str:
        """Name under which somebody else's service is shown: neutral where that is wanted."""
        alias = self.externals[external].alias
        return alias if self.prices.aliases and alias else external

    @property
    def span_s(self) -> tuple[int, int]:
        """Half-open span in seconds since the epoch."""
        if self.now is not None:
            until = moments.instant(self.now, "now") // TICK_S * TICK_S
            return until - (self.days * DAY_S if self.hours is None else self.hours * HOUR_S), until
        since = (self.start_date - EPOCH).days * DAY_S
        return since, since + self.days * DAY_S
