"""What goes wrong: one module per kind, each a set of options, whom it may strike, and what it does to the state.

A kind is found by lying in this folder, or by an entry point of the group ``ghostfleet.incidents`` that names its
class. Kinds know names of parameters, never the state: the world resolves whom they strike, the state applies effects.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Union, get_args

import msgspec
from msgspec import Meta

from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.hashes import blake2b
from ghostfleet.core.plugins import loaded

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = "ghostfleet.incidents"

# What an effect may change. The state documents each where it is applied (state/estate/influences).
Parameter = Literal[
    "entry.rate",  # times: demand that enters at a node
    "node.latency",  # times: own time
    "node.delay_ms",  # plus: own time
    "node.holding",  # times: own time of its callers, as far as no breaker refuses the call; they wait for it
    "node.failing",  # times: time until a failure of its own is told
    "node.failure",  # plus: probability of a failure of its own
    "node.cost",  # times: work per request
    "node.capacity",  # times: what its pods or machines can do
    "node.cpu",  # plus: points of CPU in use, on top of what its requests need
    "node.memory",  # plus: points of memory in use
    "node.replicas",  # times: pods that the autoscaler wants
    "node.unstarted",  # plus: share of wanted pods that do not start
    "pool.size",  # times: connections that a database grants at most
    "pool.leaked",  # plus: share of the pool that is held and not used
    "pool.taken",  # plus: share of the free connections that are taken, up to all of them
    "pool.queued",  # plus: callers that wait for a connection, as a share of those that there are
    "wire.delay_ms",  # plus: time there and back on the calls into a node
    "service.deployed",  # plus: 1 while another version is out, which is then taken back
    "cluster.nodes",  # times: machines of a cluster, which an autoscaler adds
    "cluster.lost",  # plus: share of the machines that a cluster has by plan which do not run, however many were added
    "bill.waste",  # plus: share of a resource's cost that nobody needs
    "logins.failed",  # plus: failed logins per minute
    "logins.escalated",  # plus: escalations of privilege per hour
]
Whom = Literal["root", "cluster", "callers", "hosts", "callees", "databases", "entries", "residents"]
Envelope = Literal["plateau", "swell", "climb", "slide", "fade", "whole"]
Spread = Literal["callers", "callees", "sharers"]
Severity = Annotated[
    Literal["low", "medium", "high", "critical"],
    Meta(description="how bad people say it is"),
]
Type = Literal["outage", "performance", "security"]
Minutes = Annotated[float, Meta(ge=0, le=60 * 24 * 60)]
Range = tuple[Minutes, Minutes]
Onset = Annotated[Range, Meta(description="minutes in which it rises: from, to")]
Stand = Annotated[Range, Meta(description="minutes for which it stands: from, to")]
Recovery = Annotated[Range, Meta(description="minutes in which it falls: from, to")]
Traffic = Annotated[float, Meta(ge=0, le=20, description="times the usual demand, because people try again")]
WaitingPoints = Annotated[
    float, Meta(ge=0, le=100, description="points of memory that requests hold which wait where demand enters")
]
BusyPoints = Annotated[float, Meta(ge=0, le=100, description="points of CPU that minding them takes there")]
PARAMETERS: tuple[Parameter, ...] = get_args(Parameter)


class Effect(msgspec.Struct, frozen=True):
    """A change of one parameter: ``size`` at full strength, scaled in time by an envelope.

    A factor f at share e of its strength is 1 + (f − 1) e; what is added is size · e.
    """

    parameter: Parameter
    size: float
    on: Whom = "root"
    envelope: Envelope = "plateau"


def at_entries(traffic: float, waiting_points: float, busy_points: float) -> tuple[Effect, ...]:
    """What is seen where demand enters: people who try again, and requests that wait and are minded."""
    found = (
        Effect("entry.rate", traffic, on="entries") if traffic != 1 else None,
        Effect("node.memory", waiting_points, on="entries") if waiting_points else None,
        Effect("node.cpu", busy_points, on="entries") if busy_points else None,
    )
    return tuple(one for one in found if one is not None)


class Selector(msgspec.Struct, frozen=True):
    """Whom a kind may strike: entities of a label whose properties have one of the given values.

    It says whom a kind strikes when nobody names one: whoever is named need only have the label, and an entry if asked.
    """

    label: str
    where: dict[str, tuple[str, ...]] = {}
    named: tuple[str, ...] = ()  # only those with one of these in the name
    called: bool = True  # only those that somebody calls
    enters: bool = False  # only those at which demand enters, named or not


class Incident(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """Options that every kind has; a kind derives from this and says the rest.

    Durations are ranges in minutes: an incident draws its own. It rises over ``onset``, stands for ``minutes``, and
    falls over ``recovery``.
    """

    on: Annotated[tuple[str, ...], Meta(description="names of those it may strike; without any, all it can")] = ()
    severity: Severity = "high"
    strength: Annotated[float, Meta(gt=0, le=10, description="multiplies every effect")] = 1.0
    onset: Onset = (1.0, 3.0)
    minutes: Stand = (5.0, 15.0)
    recovery: Recovery = (5.0, 10.0)

    WHOM: ClassVar[Selector]
    ALSO: ClassVar[tuple[Selector, ...]] = ()  # whom else
    SPREADS: ClassVar[
        tuple[Spread, ...]
    ]  # links along which its impact may be seen, in this order, each any number of times
    TYPE: ClassVar[Type]
    CAUSE: ClassVar[str]  # category of its root cause, as people write it down
    TITLE: ClassVar[str]  # one line, with {root}
    PREVENTABLE: ClassVar[bool] = False
    USD_PER_MINUTE: ClassVar[float] = 1_000.0  # what a whole one costs in production at the usual demand (truth/harm)
    # What documents say that the shortest and the longest one cost, whenever they come; then demand tells as much as
    # that leaves it, and who rises and falls costs no more than the minutes for which it stands.
    USD: ClassVar[tuple[float, float] | None] = None

    def __post_init__(self) -> None:
        """Refuse ranges that end before they begin."""
        for name in ("onset", "minutes", "recovery"):
            low, high = getattr(self, name)
            if high < low:
                msg = f"{name}: a range ends at {high} before it begins at {low}"
                raise ValueError(msg)

    @classmethod
    def whom(cls) -> tuple[Selector, ...]:
        """All that it may strike."""
        return (cls.WHOM, *cls.ALSO)

    def effects(self) -> tuple[Effect, ...]:
        """Changes of parameters at full strength."""
        raise NotImplementedError


def id_of(kind: str, root: str, start_s: int) -> str:
    """Id of an incident: what, whom and when, so that it stays whatever else happens."""
    name = f"{kind}\x1f{root}\x1f{start_s}"
    return f"inc-{blake2b(name.encode(), digest_size=6).hexdigest()}"


@cache
def kinds() -> dict[str, type[Incident]]:
    """Every kind's class by the name that scenarios call it; `ScenarioError` when two share a name."""
    found: dict[str, type[Incident]] = {}
    for kind in (*_shipped(), *_plugged_in()):
        name = str(kind.__struct_config__.tag)
        other = found.setdefault(name, kind)
        if other is not kind:
            msg = f"two kinds of incident are called {name!r}: one in {other.__module__}, one in {kind.__module__}"
            raise ScenarioError(msg)
    return found


def kind_named(name: str) -> type[Incident] | None:
    """Class of a name, or None; only for a name that is not built in are plug-ins listed, which takes a while."""
    return _built_in().get(name) or kinds().get(name)


@cache
def _built_in() -> dict[str, type[Incident]]:
    return {str(kind.__struct_config__.tag): kind for kind in _shipped()}


def _shipped() -> Iterator[type[Incident]]:
    for module in sorted(info.name for info in iter_modules(__path__)):
        members = vars(import_module(f"{__name__}.{module}"))
        for value in members.values():
            if isinstance(value, type) and issubclass(value, Incident) and value.__module__ == members["__name__"]:
                yield value


def _plugged_in() -> Iterator[type[Incident]]:
    from importlib.metadata import entry_points

    for entry in entry_points(group=GROUP):
        kind = loaded(entry)
        if not (isinstance(kind, type) and issubclass(kind, Incident)):
            msg = f"the entry point {entry.name!r} of {GROUP} names {entry.value}, which is no Incident"
            raise ScenarioError(msg)
        yield kind


def union() -> Any:  # noqa: ANN401  a type made at run time; to a checker its members are `Incident`
    """Make the type of any incident, told apart by ``kind``, for models and the JSON Schema."""
    return Union[tuple(kinds().values())]  # noqa: UP007  the members are known at run time only
