"""Services and web services: what they are, whom they call, and the demand that enters at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ghostfleet.spec.estate.places import MOST, Aliases, Criticality, FailingMs, Name, Positive, Spread, Weight
from ghostfleet.spec.shaped import shaped

if TYPE_CHECKING:
    from ghostfleet.shapes import Shape

Share = Annotated[float, Meta(ge=0, le=1)]
Protocol = Literal["HTTP/2", "HTTPS", "gRPC", "WebSocket", "Database"]
Calls = Annotated[float, Meta(gt=0, le=16)]
MOST_PER_S = 1e6  # requests; calls, retries and surges multiply them, and a minute holds 1e9 at most
Rate = Annotated[float, Meta(gt=0, le=MOST_PER_S)]


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a service shows on the reference Wednesday at 10:00, and how far it strays (EST-18)."""

    cpu_percent: Annotated[float, Meta(gt=0, lt=100)]
    cpu_spread: Annotated[float, Meta(ge=0, le=50)] = 10.0
    idle_percent: Annotated[
        float, Meta(ge=0, lt=100, description="CPU that is in use when nobody asks; the rest follows what is asked")
    ] = 0.0
    memory_percent: Annotated[float, Meta(gt=0, lt=100)]
    memory_spread: Annotated[float, Meta(ge=0, le=50)] = 10.0
    response_ms: Positive
    response_spread_ms: Spread = 0.0
    error_percent: Annotated[float, Meta(ge=0, lt=50)]
    requests_per_s: Rate
    requests_spread: Spread = 0.0
    failing_ms: FailingMs = 0.0
    own_errors: Annotated[
        Share | None,
        Meta(
            description="share of its errors that are its own doing; whom it calls fails as often as makes the rest. "
            "Without it, its own are what calls do not explain"
        ),
    ] = None

    def __post_init__(self) -> None:
        """Refuse a level that nobody's asking would leave unchanged."""
        if self.idle_percent >= self.cpu_percent:
            msg = (
                f"idle_percent: {self.idle_percent:g} leaves nothing of cpu_percent {self.cpu_percent:g} "
                "to requests; valid is less than that"
            )
            raise ValueError(msg)

    @property
    def load(self) -> float:
        """Share of what it could work on that requests ask of it."""
        idle = self.idle_percent / 100
        return (self.cpu_percent / 100 - idle) / (1 - idle)


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How one request of the caller uses another service, a database or somebody else's service."""

    per_request: Annotated[
        Calls | None,
        Meta(description="calls per request; without it, what the callee's level asks for"),
    ] = None
    weight: Annotated[
        float, Meta(gt=0, le=MOST, description="share among those who call the same service, as a weight")
    ] = 1.0
    retries: Annotated[int, Meta(ge=0, le=3)] = 1
    timeout_ms: Annotated[
        Positive | None, Meta(description="without it, ten times the usual time, 2 s at least; an hour for messages")
    ] = None
    breaker: Annotated[bool, Meta(description="whether calls fail at once while most of them fail")] = True
    opens_above: Annotated[
        float, Meta(gt=0, le=1, description="share of attempts that fail, from which on its breaker opens")
    ] = 0.5
    unanswered_percent: Annotated[
        float, Meta(ge=0, lt=50, description="per cent of attempts whose answer never comes; the caller waits in vain")
    ] = 0.0
    trips: Annotated[
        float,
        Meta(
            ge=0,
            le=0.2,
            description="calls that breakers of single pods refuse, as a share of attempts that fail",
        ),
    ] = 0.0
    asynchronous: Annotated[
        bool,
        Meta(description="a message: the caller neither waits nor fails, and nobody gives it up; may close a cycle"),
    ] = False
    protocol: Protocol | None = None
    choice: Annotated[
        Name | None,
        Meta(description="calls with the same choice exclude each other: a request makes one of them at most"),
    ] = None

    def __post_init__(self) -> None:
        """Refuse what fits no message, and a choice among calls that do not say how often they are made."""
        if self.choice is not None and (self.asynchronous or self.per_request is None or self.per_request > 1):
            msg = f"choice: a call of the choice {self.choice!r} says per_request, at most 1, and is not asynchronous"
            raise ValueError(msg)
        if self.asynchronous and self.timeout_ms is not None:
            msg = "timeout_ms: nobody gives up a message; leave timeout_ms out, or say asynchronous: false"
            raise ValueError(msg)


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Demand that enters from outside: people, feeds, timers."""

    shapes: Annotated[tuple[dict[str, Any], ...], Meta(description="load shapes, whose factors multiply")] = (
        {"kind": "business_hours"},
    )
    clients: Annotated[
        dict[str, Weight],
        Meta(description="regions that it comes from, with weights, each by its own clock; without any, its own"),
    ] = {}
    share: Annotated[
        Share | None, Meta(description="share of the service's load; without callers 1, else by default one half")
    ] = None
    kind: Literal["clients", "feed", "timer", "schedule"] = "clients"
    rate_per_s: Annotated[
        Rate | None, Meta(description="where the shapes are 1, whatever the service's level asks for")
    ] = None
    peak: Annotated[
        Annotated[float, Meta(ge=1, le=1000)] | None,
        Meta(description="highest factor of its day_curve, where it has one"),
    ] = None
    unrest: Annotated[float, Meta(ge=0, le=4, description="times the usual wander and surges around the shapes")] = 1.0

    def __post_init__(self) -> None:
        """Refuse shapes that there are not, and clients none of whom ever comes."""
        self.curves()
        if self.clients and not sum(self.clients.values()):
            msg = (
                f"clients: the weights of {', '.join(self.clients)} are all 0; write one above 0, or no clients at all"
            )
            raise ValueError(msg)

    def curves(self) -> tuple[Shape, ...]:
        """Make the shapes of what `shapes` says; ValueError where it says something else."""
        made = shaped(self.shapes)
        if self.peak is None:
            return made
        return tuple(shape.with_peak(self.peak) if hasattr(shape, "with_peak") else shape for shape in made)


class Resources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Request and limit of one pod."""

    request: Positive
    limit: Positive

    def __post_init__(self) -> None:
        """Refuse a limit below the request."""
        if self.limit < self.request:
            msg = f"a limit of {self.limit} is below the request of {self.request}"
            raise ValueError(msg)


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something that runs in pods and answers requests (EST-10)."""

    type: str
    domain: Annotated[str, Meta(description="business domain: trading, shop, platform …")] = "platform"
    cluster: Name
    standby_clusters: Annotated[tuple[Name, ...], Meta(description="where it is deployed too, but takes no load")] = ()
    port: Annotated[int, Meta(ge=1, le=65_535)] = 8080
    replicas: tuple[Annotated[int, Meta(ge=1, le=500)], Annotated[int, Meta(ge=1, le=500)]] = (2, 6)
    cpu_millicores: Resources
    memory_mib: Resources
    criticality: Criticality = "medium"
    level: Annotated[str | Level, Meta(description="a profile's name, or a level of its own")]
    protocol: Protocol = "HTTPS"
    health_endpoint: Literal["/health", "/status", "/ping", "/api/health"] = "/health"
    version: str = "1.0.0"
    team: str = "platform-engineering"
    cost_center: str = "CC-1000"
    namespace: str = "default"
    entry: Entry | None = None
    depends_on: dict[Name, Call] = {}
    queries: dict[Name, Call] = {}
    integrates_with: dict[Name, Call] = {}
    aliases: Aliases = ()

    def __post_init__(self) -> None:
        """Refuse fewer replicas at most than at least."""
        if self.replicas[1] < self.replicas[0]:
            msg = f"replicas: at most {self.replicas[1]} is fewer than at least {self.replicas[0]}"
            raise ValueError(msg)

    @property
    def planned(self) -> int:
        """Pods that run on an ordinary day: the middle of its range."""
        return (self.replicas[0] + self.replicas[1]) // 2


class WebService(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A front end: what people see, behind balancers and before services (EST-9)."""

    technology: str
    framework: str = ""
    port: Annotated[int, Meta(ge=1, le=65_535)]
    network: Name
    deployment: Literal["ECS", "EKS", "EC2", "Lambda"] = "ECS"
    instances: Annotated[int, Meta(ge=1, le=500)] = 2
    criticality: Criticality = "medium"
    requests_per_s: Rate = 20.0
    response_ms: Positive = 120.0
    error_percent: Annotated[float, Meta(ge=0, lt=50)] = 0.2
    entry: Entry = msgspec.field(default_factory=Entry)
    calls: dict[Name, Call] = {}
    cost_center: str = "CC-3000"
