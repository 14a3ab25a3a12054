"""Documents of a file, in whichever of the known forms it holds them: an array, lines, or lines with actions."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from ghostfleet.run.loader.problems import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ghostfleet.run.loader.content import Content

LONGEST = 16 << 20  # bytes of one document: a request's payload may have 10 MB
LARGE = f"it is longer than {LONGEST >> 20} MiB, which no document is"
TOGETHER = 8192  # documents that are worked on at once,
TOGETHER_BYTES = 8 << 20  # unless they are this long


class Complain(Protocol):
    """Told of documents that cannot be read."""

    def __call__(self, place: Place, why: str, /) -> None:
        """Take note."""


class Documents:
    """Some documents and where they stand."""

    def __init__(self) -> None:
        """Start without any."""
        self.texts: list[bytes] = []
        self.numbers: list[int] = []
        self.starts: list[int] = []
        self.bytes = 0

    def __len__(self) -> int:
        """Count them."""
        return len(self.texts)

    def add(self, number: int, text: bytes, start: int = -1) -> None:
        """Take one more: its number, and the byte of the file at which an element of an array begins."""
        self.texts.append(text)
        self.numbers.append(number)
        self.starts.append(start)
        self.bytes += len(text)

    def place(self, number: int) -> Place:
        """Where one of them stands."""
        return Place(self.numbers[number], self.starts[number])

    @property
    def are_enough(self) -> bool:
        """Whether they are to be worked on now."""
        return len(self.texts) >= TOGETHER or self.bytes >= TOGETHER_BYTES


class _Action(msgspec.Struct, forbid_unknown_fields=True):
    """What a bulk file says in front of a document."""

    index: dict[str, Any] | None = None
    create: dict[str, Any] | None = None
    update: dict[str, Any] | None = None
    delete: dict[str, Any] | None = None

    @property
    def verb(self) -> str:
        """The one thing to do, if it is one."""
        given = [name for name in self.__struct_fields__ if getattr(self, name) is not None]
        return given[0] if len(given) == 1 else ""


ACTION = msgspec.json.Decoder(_Action)


def documents(content: Content, complain: Complain, limit: int | None = None) -> Iterator[Documents]:
    """Documents of a file in the form that its first bytes show, or the first ones; nothing behind is looked at."""
    if content.first.startswith(b"["):
        from ghostfleet.run.loader.array import elements

        yield from _gathered(islice(elements(content.blocks, content.skipped, complain), limit))
        return
    numbered = lines(content.blocks, content.lines, complain)
    first = next(numbered, None)
    if first is None:
        return
    numbered = chain((first,), numbered)
    is_bulk = bool(_verb(first[1]))
    yield from _gathered(islice(_behind_actions(numbered, complain) if is_bulk else numbered, limit))


def lines(blocks: Iterable[bytes], before: int, complain: Complain) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, with their numbers, given how many line feeds stand before the first block."""
    number = before
    left = b""
    is_long = False
    for block in blocks:
        found = block.split(b"\n")
        found[0] = left + found[0]
        left = found.pop()
        for line in found:
            number += 1
            if is_long:
                is_long = False  # what ends here is the rest of a line that was too long
            elif line and not line.isspace():
                yield number, line
        if len(left) > LONGEST:
            if not is_long:
                complain(Place(number + 1), LARGE)
            is_long, left = True, b""
    if not is_long and left and not left.isspace():
        yield number + 1, left


def _gathered(found: Iterable[tuple[int, bytes] | tuple[int, bytes, int]]) -> Iterator[Documents]:
    """Documents, enough of them at once."""
    some = Documents()
    for document in found:
        some.add(*document)
        if some.are_enough:
            yield some
            some = Documents()
    if some.texts:
        yield some


def _verb(line: bytes) -> str:
    """What a line tells to do with a document, empty where it tells nothing."""
    try:
        return ACTION.decode(line).verb
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _behind_actions(numbered: Iterable[tuple[int, bytes]], complain: Complain) -> Iterator[tuple[int, bytes]]:
    """Documents of a bulk file: every other line, as long as the lines in front of them say to store them."""
    action, verb = 0, ""  # line that waits for its document
    for number, line in numbered:
        if said := _verb(line):
            if verb:
                complain(Place(action), f"this action, {verb}, has no document in the line behind it")
            action, verb = number, said
            if said == "delete":  # which no document follows
                complain(Place(number), "the action is delete; valid are index and create")
                verb = ""
        elif not verb:
            complain(Place(number), "it is no action; valid in a bulk file are index and create, then the document")
        elif verb == "update":
            complain(Place(action), "the action is update; valid are index and create")
            verb = ""
        else:
            verb = ""
            yield number, line
    if verb:
        complain(Place(action), f"this action, {verb}, has no document in the line behind it")
