"""The ledger: incidents and resolutions added after a scenario was written, one JSON object a line.

It only grows. A resolution lets an incident recover from an instant on, and changes nothing before. So data that were
released stay as they are while a ledger grows by entries that are no earlier than their end: `ensure_extends`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ghostfleet.core.errors import ScenarioError
from ghostfleet.incidents import id_of
from ghostfleet.spec import moments
from ghostfleet.spec.estate import incidents
from ghostfleet.spec.estate.incidents import LedgerEntry
from ghostfleet.spec.reading import LARGEST_TEXT, uncarried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ghostfleet.incidents import Incident
    from ghostfleet.spec.estate import Estate

T = TypeVar("T")


class Added(msgspec.Struct, frozen=True):
    """An incident of the ledger, with the second from which it recovers if somebody resolved it."""

    id: str
    kind: Incident
    root: str
    start_s: int
    resolved_s: int | None = None

    @property
    def name(self) -> str:
        """Name of its kind."""
        return str(self.kind.__struct_config__.tag)

    @property
    def last_s(self) -> int:
        """Second until which it may last at most."""
        longest_s = int(60 * (self.kind.onset[1] + self.kind.minutes[1] + self.kind.recovery[1]))
        ends_s = self.start_s + longest_s
        return ends_s if self.resolved_s is None else min(ends_s, self.resolved_s + int(60 * self.kind.recovery[1]))


def read(text: str, name: str, estate: Estate) -> tuple[LedgerEntry, ...]:
    """Entries of a ledger's text, checked against an estate and what its own ledger holds already.

    Raises `ScenarioError` with the line of the first entry that cannot be.
    """
    if len(text) > LARGEST_TEXT:
        msg = f"{name}: it has more than the {LARGEST_TEXT:,} characters that a ledger may have"
        raise ScenarioError(msg)
    entries: list[LedgerEntry] = []
    lines: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entries.append(msgspec.json.decode(line, type=LedgerEntry))
        except msgspec.ValidationError as error:
            msg = f"{name}:{number}: {_in_words(error)}"
            raise ScenarioError(msg) from error
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            is_last = not text[len("\n".join(text.split("\n")[:number])) :]
            said = "the last line is cut off; end it, or take it away" if is_last else "not a JSON object"
            msg = f"{name}:{number}: {said} ({error})"
            raise ScenarioError(msg) from error
        if wrong := next(filter(None, map(uncarried, _texts(msgspec.to_builtins(entries[-1])))), ""):
            msg = f"{name}:{number}: {wrong}"
            raise ScenarioError(msg)
        lines.append(number)
    before = len(estate.ledger)
    try:
        added([*estate.ledger, *entries], estate)
    except _WrongError as error:
        msg = f"{name}:{lines[error.place - before]}: {error.path}{': ' if error.path else ''}{error.said}"
        raise ScenarioError(msg) from error
    return tuple(entries)


def _texts(part: Any) -> Iterator[str]:  # noqa: ANN401  any JSON value
    """All texts of a JSON value."""
    if isinstance(part, str):
        yield part
    for below in [*part, *part.values()] if isinstance(part, dict) else part if isinstance(part, list | tuple) else ():
        yield from _texts(below)


def ensure_sound(estate: Estate) -> None:
    """Raise ValueError, with the path below the section, for the first entry of an estate's ledger that cannot be."""
    try:
        added(estate.ledger, estate)
    except _WrongError as error:
        msg = f"ledger.{error.place}{'.' if error.path else ''}{error.path}: {error.said}"
        raise ValueError(msg) from error


class _WrongError(Exception):
    """What is wrong with an entry, and where in it."""

    def __init__(self, place: int, path: str, said: str) -> None:
        super().__init__(said)
        self.place, self.path, self.said = place, path, said


def ensure_extends(entries: Sequence[LedgerEntry], released: Sequence[LedgerEntry], frontier_s: int) -> None:
    """Raise ValueError unless entries are those with which data were released until ``frontier_s``, and later ones."""
    for place, (entry, before) in enumerate(zip(entries, released, strict=False), start=1):
        if entry != before:
            msg = f"entry {place} of the ledger is another one than when it was released; a ledger only grows"
            raise ValueError(msg)
    if len(entries) < len(released):
        msg = f"the ledger had {len(released)} entries and has {len(entries)} now; a ledger only grows"
        raise ValueError(msg)
    for place, entry in enumerate(entries[len(released) :], start=len(released) + 1):
        path = "at" if entry.resolves else "starts"
        said = getattr(entry, path) or ""
        if moments.instant(said, path) < frontier_s:
            valid = f"valid is {moments.text(frontier_s)} or later"
            msg = f"entry {place} of the ledger: {path}: {said} is before what was released already; {valid}"
            raise ValueError(msg)


def added(entries: Sequence[LedgerEntry], estate: Estate) -> dict[str, Added]:
    """Incidents of a ledger by id, in its order, resolutions applied."""
    found: dict[str, Added] = {}
    alike: dict[tuple[str, str], list[str]] = {}  # ids by kind and root
    for place, entry in enumerate(entries):
        if entry.resolves:
            one = _resolved(place, entry, found)
        else:
            one = _new(place, entry, estate)
            same = alike.setdefault((one.name, one.root), [])
            _ensure_apart(place, one, [found[other] for other in same])
            if one.id in found:
                raise _WrongError(place, "id", f"{one.id!r} is the id of an earlier entry")
            same.append(one.id)
        found[one.id] = one
    return found


def _new(place: int, entry: LedgerEntry, estate: Estate) -> Added:
    kind = _checked(place, lambda: incidents.made(entry.incident or {}, "incident"))
    _checked(place, lambda: incidents.ensure_named(estate, kind, "incident"))
    if len(kind.on) != 1:
        raise _WrongError(place, "incident.on", f"it names {len(kind.on)}; an entry of the ledger names exactly one")
    start_s = _checked(place, lambda: moments.instant(entry.starts or "", "starts"))
    _checked(place, lambda: incidents.ensure_may_happen(estate, kind, start_s, "starts"))
    root = kind.on[0]
    return Added(entry.id or id_of(str(kind.__struct_config__.tag), root, start_s), kind, root, start_s)


def _ensure_apart(place: int, one: Added, others: Sequence[Added]) -> None:
    """Refuse an incident while an earlier one of its kind may stand on the same root."""
    for other in others:
        if one.start_s < other.last_s and other.start_s < one.last_s:
            said = (
                f"{one.name} on {one.root} may last until {moments.text(other.last_s)} since the entry {other.id}; "
                "resolve that first, or start later"
            )
            raise _WrongError(place, "starts", said)


def _resolved(place: int, entry: LedgerEntry, found: dict[str, Added]) -> Added:
    one = found.get(entry.resolves or "")
    if one is None:
        valid = f"known are {', '.join(found)}" if found else "no incident stands before it"
        raise _WrongError(place, "resolves", f"there is no incident {entry.resolves!r} in the ledger; {valid}")
    if one.resolved_s is not None:
        raise _WrongError(place, "resolves", f"{one.id} was resolved by an earlier entry")
    at_s = _checked(place, lambda: moments.instant(entry.at or "", "at"))
    if at_s < one.start_s:
        raise _WrongError(place, "at", f"{one.id} starts only at {moments.text(one.start_s)}")
    return msgspec.structs.replace(one, resolved_s=at_s)


def _checked(place: int, check: Callable[[], T]) -> T:
    try:
        return check()
    except ValueError as error:
        path, _, said = str(error).partition(": ")
        raise _WrongError(place, path, said) from error


def _in_words(error: msgspec.ValidationError) -> str:
    said, _, place = str(error).replace("`", "").partition(" - at $")
    return f"{place.strip('.')}: {said}" if place.strip(".") else said
