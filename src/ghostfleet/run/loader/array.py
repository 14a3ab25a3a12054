"""Elements of a JSON array of any length, found one by one; what is broken costs the element and not the rest.

Where an object ends is found without parsing in Python: `}`, a comma and `{` stand between two elements, and hardly
ever inside one. What stands in front of such a place is the element if it is a JSON value, because no beginning of an
object is one. If it goes on, the next places are tried, and then brackets are counted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from ghostfleet.run.loader.documents import LARGE, LONGEST
from ghostfleet.run.loader.problems import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.run.loader.documents import Complain

BETWEEN = re.compile(rb"\}\s*(?:,\s*\{|\])")  # or the end of the array
NEXT = re.compile(rb"\}\s*,\s*\{")
BEGIN = re.compile(rb",\s*\{")
TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*("|\\?\Z)|[{}\[\]]', re.DOTALL)  # a text may end too early
SCALAR = re.compile(rb"[^\s,\]\}]*(?=[\s,\]\}])")
SPACE = re.compile(rb"\s*")
OPENING = b"{["
QUOTE = ord('"')
WAITING = 4096  # bytes that are kept of what is skipped: a bracket in front of its comma may be among them
TRIED = 8  # places at which an element may end, before its brackets are counted
CUT = "truncated"  # what msgspec says of a text that ends too early
RAW = msgspec.json.Decoder(msgspec.Raw)


def elements(blocks: Iterator[bytes], skipped: int, complain: Complain) -> Iterator[tuple[int, bytes, int]]:
    """Number, text and first byte of each element of an array whose bracket stands behind ``skipped`` bytes."""
    array = _Array(blocks, skipped, complain)
    while array.more():
        found = array.element()
        if found is not None:
            start, text = found
            yield array.number, text, start


class _Array:
    """What is known of the array so far: a stretch of it, and a place in that."""

    def __init__(self, blocks: Iterator[bytes], skipped: int, complain: Complain) -> None:
        self._blocks = blocks
        self._complain = complain
        self._text = b""
        self._at = 0
        self._before = skipped  # bytes of the file in front of the stretch
        self._is_whole = False  # the file has no more
        self.number = 0  # of the element, from 1
        self._read()
        self._at = 1  # behind the bracket

    def more(self) -> bool:
        """Go to the next element, if there is one."""
        self._skip_space()
        if self._at >= len(self._text):
            self._end(f"the array ends after {self.number:,} elements without its bracket; the file is cut off")
            return False
        if self._text.startswith(b"]", self._at):
            self._at += 1
            self._skip_space()
            if self._at < len(self._text):
                self._end("something follows the array; valid is one array and nothing else")
            return False
        self.number += 1
        return True

    def element(self) -> tuple[int, bytes] | None:
        """Byte and text of an object, and step behind it; None where there is none that can be read."""
        start = self._before + self._at
        if self._text[self._at] != OPENING[0]:
            self._other(start)
            return None
        while True:
            text, why = self._object()
            if text is not None:
                self._at += len(text)
                self._step()
                return start, text
            if not why:
                if self._read():
                    continue
                if whole := _leading_object(self._text[self._at :]):
                    self._at += len(whole)
                    self._step()
                    return start, whole
            self._complain(Place(self.number, start), why or "it has no end; the file is cut off, or a bracket missing")
            self._resume(NEXT)
            return None

    def _object(self) -> tuple[bytes | None, str]:
        """Text of the object that begins here, or why it is none; neither where more must be read to know."""
        at = self._at
        for _ in range(TRIED):
            place = BETWEEN.search(self._text, at)
            if place is None:
                break
            text = self._text[self._at : place.start() + 1]
            why = _broken(text)
            if not why:
                return text, ""
            if CUT not in why:
                text = _leading_object(text)
                return text or None, "" if text else why
            at = place.start() + 1
        else:
            if text := _leading_object(self._text[self._at :]):
                return text, ""
        return None, LARGE if len(self._text) - self._at > LONGEST else ""

    def _other(self, start: int) -> None:
        """Complain of an element that is no object, and step behind it."""
        while (end := _end_of_value(self._text, self._at)) < 0 and len(self._text) - self._at <= LONGEST:
            if not self._read():
                break
        self._complain(Place(self.number, start), "it is no object; valid is an array of objects")
        if end < 0:
            self._resume(NEXT)
        else:
            self._at = end
            self._step()

    def _step(self) -> None:
        """Go behind the comma that follows an element; the bracket that ends the array stays."""
        self._skip_space()
        if self._text.startswith(b",", self._at):
            self._at += 1
        elif self._at < len(self._text) and not self._text.startswith(b"]", self._at):
            said = "no comma follows it; valid behind an element are a comma and the end of the array"
            self._complain(Place(self.number, self._before + self._at), said)
            if self._text[self._at] != OPENING[0]:
                self._resume(BEGIN)

    def _resume(self, place: re.Pattern[bytes]) -> None:
        """Go to the next place where an object seems to begin, or to the end of the array."""
        while (found := place.search(self._text, self._at)) is None:
            if self._is_whole:
                said = self._text.rstrip()
                self._at = len(said) - said.endswith(b"]")
                return
            self._at = max(self._at, len(self._text) - WAITING)
            self._read()
        self._at = found.end() - 1

    def _skip_space(self) -> None:
        while True:
            found = SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or not self._read():
                return

    def _read(self) -> bool:
        """Read about as much again as is left, so that a long element is not looked through for every block."""
        left = self._text[self._at :]
        found = [left]
        size = 0
        for block in self._blocks:
            found.append(block)
            size += len(block)
            if size >= len(left):
                break
        self._is_whole = not size
        self._before += self._at
        self._text = b"".join(found)
        self._at = 0
        return not self._is_whole

    def _end(self, why: str) -> None:
        self._complain(Place(self.number, self._before + self._at), why)
        self._at = len(self._text)


def _broken(text: bytes) -> str:
    """Why a text is no JSON value, empty if it is one."""
    try:
        RAW.decode(text)
    except msgspec.DecodeError as error:
        return f"it is no JSON: {error}".replace("(byte", "(its byte")
    except RecursionError:
        return "its brackets are nested too deeply"
    return ""


def _leading_object(text: bytes) -> bytes:
    """Object that a text begins with, by its own brackets; empty if there is none."""
    end = _end_of_value(text, 0)
    return b"" if end < 0 or _broken(text[:end]) else text[:end]


def _end_of_value(text: bytes, start: int) -> int:
    """Where a value ends by its quotes and brackets; -1 where that is not seen."""
    if text[start] not in OPENING and text[start] != QUOTE:
        found = SCALAR.match(text, start)
        return found.end() if found else -1
    depth = 0
    for token in TOKEN.finditer(text, start):
        first = text[token.start()]
        if first == QUOTE:
            if token[1] != b'"':
                return -1
        else:
            depth += 1 if first in OPENING else -1
        if not depth:
            return token.end()
    return -1
