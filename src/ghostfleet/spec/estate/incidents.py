"""What goes wrong in an estate, as a scenario says it: scheduled, placed, and added to the ledger later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from ghostfleet.spec import moments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ghostfleet.incidents import Incident, Selector
    from ghostfleet.spec.estate import Estate

SECTIONS = {
    "Service": "services",
    "WebService": "web_services",
    "RDSInstance": "databases",
    "EC2Instance": "machines",
    "ExternalService": "externals",
    "EKSCluster": "clusters",
}
MOST_NAMED = 12  # valid names that a complaint lists

Options = Annotated[dict[str, Any], Meta(description="its kind and options; on names whom it may strike")]
Instant = Annotated[str, Meta(description="an ISO time, UTC unless an offset is given")]


class Scheduled(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Incidents that come by themselves: so many a day, each at a drawn minute and on somebody drawn."""

    incident: Options
    per_day: Annotated[float, Meta(ge=0, le=48, description="how many a day, on average; their number is Poisson")]
    hours: Annotated[tuple[float, float], Meta(description="hours of the clock in which they start, half-open")] = (
        0.0,
        24.0,
    )
    clock: Annotated[str, Meta(description="IANA time zone of those hours")] = "America/New_York"
    weekdays_only: bool = False

    def __post_init__(self) -> None:
        """Refuse hours that end before they begin, or that no day has."""
        low, high = self.hours
        if not 0 <= low < high <= 24:  # noqa: PLR2004  hours of a day
            msg = f"hours: {low:g} to {high:g} are no hours of a day; valid is 0 ≤ from < to ≤ 24"
            raise ValueError(msg)


class Placed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One incident at a known time."""

    incident: Options
    starts: Annotated[
        str | None, Meta(description="an ISO time, UTC unless an offset is given; or 14h30m since the span's start")
    ] = None
    days_ago: Annotated[
        Annotated[int, Meta(ge=0, le=3_660)] | None, Meta(description="whole days before now, instead of starts")
    ] = None
    at: Annotated[
        Annotated[str, Meta(pattern=r"^[0-2][0-9]:[0-5][0-9]$")] | None, Meta(description="time of that day: 14:25")
    ] = None
    clock: Annotated[str, Meta(description="IANA time zone of that time")] = "America/New_York"

    def __post_init__(self) -> None:
        """Refuse two times, or none."""
        if (self.starts is None) is not (self.days_ago is not None and self.at is not None):
            msg = "an incident says starts, or days_ago and at"
            raise ValueError(msg)


class Incidents(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What goes wrong."""

    enabled: Annotated[bool, Meta(description="false: nothing goes wrong, whatever is scheduled, placed or added")] = (
        True
    )
    factor: Annotated[float, Meta(ge=0, le=20, description="times as many scheduled ones as they say")] = 1.0
    a_day: Annotated[
        Annotated[int, Meta(ge=0, le=20)] | None,  # and one more: 21 of half an hour fill ten hours
        Meta(
            description="scheduled ones a day, or one more, as far as they fit, for no two meet; "
            "then what they say are weights"
        ),
    ] = None
    error_percent: Annotated[
        float,
        Meta(
            gt=0, le=100, description="of requests that fail in an incident of full strength: twice as many, twice it"
        ),
    ] = 32.5
    scheduled: Annotated[dict[str, Scheduled], Meta(description="by a name that draws their times")] = {}
    placed: tuple[Placed, ...] = ()


Id = Annotated[str, Meta(min_length=1)]


class LedgerEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One line of the ledger: an incident on one named entity, or the resolution of one."""

    id: Annotated[Id | None, Meta(description="of the incident; without it, one is made of kind, entity and start")] = (
        None
    )
    incident: Annotated[dict[str, Any] | None, Meta(description="its kind and options; on names exactly one")] = None
    starts: Instant | None = None
    resolves: Annotated[Id | None, Meta(description="id of an incident of the ledger")] = None
    at: Annotated[str | None, Meta(description="when its recovery begins")] = None
    appended: Annotated[str | None, Meta(description="when the line was written; for people")] = None

    def __post_init__(self) -> None:
        """Refuse what is neither an incident nor a resolution."""
        incident, resolution = (self.incident, self.starts), (self.resolves, self.at)
        is_incident = None not in incident and resolution == (None, None)
        is_resolution = None not in resolution and incident == (None, None) and self.id is None
        if not is_incident and not is_resolution:
            msg = "an entry is an incident (incident, starts, id) or a resolution (resolves, at), and nothing else"
            raise ValueError(msg)


def ensure_sound(estate: Estate) -> None:
    """Raise ValueError, with the path below the section, for the first incident that cannot be."""
    for path, options in _all(estate.incidents):
        _ensure_can_strike(estate, options, path)
    for place, placed in enumerate(estate.incidents.placed):
        if placed.starts is not None:
            path = f"incidents.placed.{place}"
            start_s = moments.instant(placed.starts, f"{path}.starts", estate.span_s[0])
            ensure_may_happen(estate, made(placed.incident, f"{path}.incident"), start_s, f"{path}.starts")
        elif estate.now is None:
            msg = f"incidents.placed.{place}.days_ago: days are counted back from now, so the estate needs the key now"
            raise ValueError(msg)
    if estate.ledger:
        from ghostfleet.spec import ledger

        ledger.ensure_sound(estate)


def ensure_may_happen(estate: Estate, kind: Incident, start_s: int, path: str) -> None:
    """Refuse an instant from which nothing reaches the span; a span that ends now moves, and may reach it yet."""
    since_s, until_s = estate.span_s
    longest_s = 60 * (kind.onset[1] + kind.minutes[1] + kind.recovery[1])
    if estate.now is None and not since_s - longest_s < start_s < until_s:
        valid = f"from {moments.text(since_s)} until {moments.text(until_s)}"
        msg = f"{path}: it would never be seen, for the scenario is told of {valid}; write an instant in there"
        raise ValueError(msg)


def _all(incidents: Incidents) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, scheduled in incidents.scheduled.items():
        yield f"incidents.scheduled.{name}.incident", scheduled.incident
    for place, placed in enumerate(incidents.placed):
        yield f"incidents.placed.{place}.incident", placed.incident


def _ensure_can_strike(estate: Estate, options: Mapping[str, Any], path: str) -> None:
    kind = made(options, path)
    ensure_named(estate, kind, path)
    if not candidates(estate, kind):
        msg = f"{path}: nothing in this estate can be struck by {options['kind']}; name somebody in on"
        raise ValueError(msg)


def made(options: Mapping[str, Any], path: str) -> Incident:
    """Incident of options; ValueError with a path below ``path`` that says what would be valid."""
    from ghostfleet import incidents  # only an estate with incidents needs their kinds

    name = options.get("kind")
    kind = incidents.kind_named(str(name))
    if kind is None:
        at = f"{path}.kind" if "kind" in options else path
        said = f"{name!r} is no kind of incident" if "kind" in options else "the key kind is missing"
        msg = f"{at}: {said}; valid are {', '.join(incidents.kinds())}"
        raise ValueError(msg)
    try:
        return msgspec.convert(dict(options), kind)
    except msgspec.ValidationError as error:
        said, _, at = str(error).partition(" - at `$")
        below = f"{path}{at.strip('`').replace('[', '.').replace(']', '')}"
        unknown = re.fullmatch(r"Object contains unknown field `(.*)`", said)
        if unknown:
            valid = ", ".join(("kind", *(field.encode_name for field in msgspec.structs.fields(kind))))
            below, said = f"{below}.{unknown[1]}", f"a {name} has no such key (valid here: {valid})"
        if said.startswith("Invalid enum value"):
            said = f"{said.partition(' value ')[2]} is not valid; valid are {', '.join(_values(kind, below))}"
        msg = f"{below}: {said}"
        raise ValueError(msg) from error


def _values(kind: type[Incident], path: str) -> tuple[str, ...]:
    """Values that an option with a closed list of them may have."""
    described: Any = msgspec.inspect.type_info(kind)
    found = next(one.type for one in described.fields if one.encode_name == path.rpartition(".")[2])
    found = getattr(found, "type", found)  # without what describes it
    return tuple(map(str, getattr(found, "values", ())))


def ensure_named(estate: Estate, kind: Incident, path: str) -> None:
    """Refuse names that nobody has, or that this kind cannot strike."""
    able = [name for selector in kind.whom() for name in _entities(estate, selector)]
    for place, name in enumerate(kind.on):
        if name not in able:
            labels = " or ".join(selector.label for selector in kind.whom())
            more = "" if len(able) <= MOST_NAMED else f" and {len(able) - MOST_NAMED} more"
            valid = f"valid are {', '.join(able[:MOST_NAMED])}{more}" if able else "there are none"
            msg = f"{path}.on.{place}: there is no {labels} {name!r}; {valid}"
            raise ValueError(msg)
        selector = next(one for one in kind.whom() if name in _entities(estate, one))
        if selector.enters and getattr(_entities(estate, selector)[name], "entry", None) is None:
            msg = f"{path}.on.{place}: no demand enters at {name}, so none can surge there; name one that has an entry"
            raise ValueError(msg)


def candidates(estate: Estate, kind: Incident) -> tuple[str, ...]:
    """Names that a kind may strike, in their order: those it names, or all that fit."""
    if kind.on:
        return tuple(sorted(set(kind.on)))
    called = _called(estate)
    return tuple(
        sorted(
            name
            for selector in kind.whom()
            for name, entity in _entities(estate, selector).items()
            if _fits(name, entity, selector) and (not selector.called or name in called)
        )
    )


def label(estate: Estate, kind: Incident, name: str) -> str:
    """Label of an entity that a kind strikes."""
    return next(selector.label for selector in kind.whom() if name in _entities(estate, selector))


def _entities(estate: Estate, selector: Selector) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(estate, SECTIONS[selector.label])
    return found


def _fits(name: str, entity: object, selector: Selector) -> bool:
    if selector.named and not any(part in name for part in selector.named):
        return False
    if selector.enters and getattr(entity, "entry", None) is None:
        return False
    return all(str(getattr(entity, key, "")) in values for key, values in selector.where.items())


def _called(estate: Estate) -> set[str]:
    """Names of whoever is called by somebody."""
    found = {name for web in estate.web_services.values() for name in web.calls}
    for service in estate.services.values():
        found |= {*service.depends_on, *service.queries, *service.integrates_with}
    return found
