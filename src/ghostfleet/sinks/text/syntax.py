"""What surrounds values in each text format, and how a word is escaped once for all its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ghostfleet.core.batch import split
from ghostfleet.sinks.values import utf8

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.core.table import Table


CSV_ITEM_END = ";"


class Syntax(msgspec.Struct, frozen=True):
    """The bytes of one format around its values."""

    before: tuple[bytes, ...]  # per column, in front of its value
    after: bytes  # behind the last value of a row
    between: bytes  # in front of every row but a part's first, and between parts that have rows
    opening: bytes  # in front of a table's first part
    closing: bytes  # behind its last part
    missing: bytes
    word: Callable[[str], bytes]
    words: Callable[[str], bytes]  # of a joined list of texts
    quoted_time: bool  # times are strings rather than bare text


def csv_syntax(table: Table) -> Syntax:
    """RFC 4180 with line feeds: a header row, commas, quotes only where they are needed; ``;`` between items."""
    names = tuple(_csv_word(name) for name in table.names)
    before = (b"", *(b"," for _ in names[1:]))
    # A lone missing value must still be a row: readers skip empty lines.
    missing = b"" if len(names) > 1 else b'""'
    return Syntax(before, b"\n", b"", b",".join(names) + b"\n", b"", missing, _csv_word, _csv_words, quoted_time=False)


def jsonl_syntax(table: Table) -> Syntax:
    """One JSON object a line."""
    return Syntax(_json_keys(table, b"{"), b"}\n", b"", b"", b"", b"null", _json_word, _json_words, quoted_time=True)


def json_syntax(table: Table) -> Syntax:
    """One JSON array of objects, a line each."""
    return Syntax(
        _json_keys(table, b"{"), b"}", b",\n", b"[\n", b"\n]\n", b"null", _json_word, _json_words, quoted_time=True
    )


SYNTAXES: dict[str, Callable[[Table], Syntax]] = {
    "csv": csv_syntax,
    "jsonl": jsonl_syntax,
    "json": json_syntax,
}


def _json_keys(table: Table, opening: bytes) -> tuple[bytes, ...]:
    keys = [_json_word(name) + b":" for name in table.names]
    return tuple((b"," if number else opening) + key for number, key in enumerate(keys))


def _csv_word(word: str) -> bytes:
    text = utf8(word)
    if not word:
        return b'""'  # unlike a missing value, which is nothing at all
    if any(character in word for character in ',"\n\r'):
        return b'"' + text.replace(b'"', b'""') + b'"'
    return text


def _csv_words(entry: str) -> bytes:
    """One cell for a list; an item that holds the mark between items looks like two."""
    return _csv_word(CSV_ITEM_END.join(split(entry)))


def _json_word(word: str) -> bytes:
    from json.encoder import encode_basestring  # only JSON pays for the import

    utf8(word)
    return encode_basestring(word).encode()


def _json_words(entry: str) -> bytes:
    return b"[" + b",".join(_json_word(item) for item in split(entry)) + b"]"
