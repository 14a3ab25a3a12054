"""What a row of text is made of: values, and constants of which some stand only where there are values."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from ghostfleet.core.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ghostfleet.core.table import Column, Table

Clauses: TypeAlias = tuple[tuple[int, ...], ...]


class Constant(msgspec.Struct, frozen=True):
    """Bytes that are the same in every row that shows them."""

    content: bytes
    when: Clauses = ()  # shown in rows where of every clause any column has a value
    lacking: int = -1  # and where this column has none

    @property
    def columns(self) -> frozenset[int]:
        """Columns that decide whether it is shown; none: it always is."""
        return frozenset(chain(*self.when, () if self.lacking < 0 else (self.lacking,)))


class Shown(msgspec.Struct, frozen=True):
    """The value of a column."""

    column: int
    blank: bool = False  # where it is missing nothing stands, rather than the format's word for that
    bare: bool = False  # without the quotes that the format has around texts and times; then none may be missing

    @property
    def columns(self) -> frozenset[int]:
        """The one column."""
        return frozenset((self.column,))


Piece: TypeAlias = Constant | Shown


class Member(msgspec.Struct):
    """A key of a document: a column, or an object of more members."""

    key: str
    columns: tuple[int, ...]
    members: list[Member] = msgspec.field(default_factory=list)  # none: a column


def joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Join constants that stand side by side under the same condition."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if isinstance(piece, Constant) and isinstance(last, Constant) and _alike(last, piece):
            found[-1] = Constant(last.content + piece.content, last.when, last.lacking)
        else:
            found.append(piece)
    return tuple(found)


def _alike(one: Constant, other: Constant) -> bool:
    return (one.when, one.lacking) == (other.when, other.lacking)


def document(table: Table, word: Callable[[str], bytes]) -> Iterator[Piece]:
    """One JSON object a row, nested where the table is a document and names of its columns have dots."""
    nests = table.form == "document"
    paths = [tuple(column.name.split(".")) if nests else (column.name,) for column in table.columns]
    row = Member("", tuple(range(len(paths))), _members(table, list(enumerate(paths)), ()))
    yield from _object(row, table.columns, word, (), root=True)


def _members(table: Table, paths: list[tuple[int, tuple[str, ...]]], above: tuple[str, ...]) -> list[Member]:
    """Members of the object at a path, in the order of columns."""
    groups: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    last = ""
    for number, path in paths:
        key = path[len(above)]
        if key in groups and key != last:
            said = ".".join((*above, key))
            raise SinkError(f"columns of {table.name} below {said} do not stand together, as an object's must")
        groups.setdefault(key, []).append((number, path))
        last = key
    return [_member(table, group, (*above, key)) for key, group in groups.items()]


def _member(table: Table, group: list[tuple[int, tuple[str, ...]]], path: tuple[str, ...]) -> Member:
    columns = tuple(number for number, _ in group)
    if all(len(one) > len(path) for _, one in group):
        return Member(path[-1], columns, _members(table, group, path))
    if len(group) > 1:
        raise SinkError(f"{'.'.join(path)} of {table.name} is a column and an object at once")
    return Member(path[-1], columns)


def _is_given(member: Member, columns: tuple[Column, ...]) -> bool:
    """Whether a member stands wherever its object does."""
    mine = [columns[number] for number in member.columns]
    return not (all(column.nullable for column in mine) and any(column.optional for column in mine))


def _object(
    node: Member, columns: tuple[Column, ...], word: Callable[[str], bytes], when: Clauses, *, root: bool = False
) -> Iterator[Piece]:
    """Pieces of an object that stands under a condition.

    Commas stand beside those members that may be absent: behind them until a member that is always given, in front of
    them from there on. Where none is always given, each comma depends on whether anything stands before it.
    """
    given = [_is_given(member, columns) for member in node.members]
    first = given.index(True) if any(given) else None
    yield Constant(b"{", when)
    for place, member in enumerate(node.members):
        mine = when if given[place] else (member.columns,)
        if first is None and place:
            before = tuple(chain(*(one.columns for one in node.members[:place])))
            yield Constant(b",", (before, member.columns))
        elif first is not None and place > first:
            yield Constant(b",", mine)
        yield Constant(word(member.key) + b":", mine)
        if member.members:
            yield from _object(member, columns, word, mine)
        else:
            yield from _value(member.columns[0], mine, given=given[place])
        if first is not None and place < first:
            yield Constant(b",", mine)
    yield Constant(b"}", () if root else when)


def _value(column: int, when: Clauses, *, given: bool) -> Iterator[Piece]:
    if given and when:  # a null of an object that may be absent
        yield Shown(column, blank=True)
        yield Constant(b"null", when, column)
    else:
        yield Shown(column, blank=not given)
