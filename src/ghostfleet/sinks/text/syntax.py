"""What surrounds values in each text format, and how a word is escaped once for all its rows."""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING

import msgspec

from ghostfleet.core.batch import split
from ghostfleet.core.errors import SinkError
from ghostfleet.core.table import Kind
from ghostfleet.sinks.text.pieces import Constant, Piece, Shown, document, joined
from ghostfleet.sinks.values import utf8

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.core.table import Table


CSV_ITEM_END = ";"
ID_KINDS = (Kind.TEXT, Kind.TIME, Kind.I64)  # whose values are names for something


class Syntax(msgspec.Struct, frozen=True):
    """The bytes of one format around its values."""

    pieces: tuple[Piece, ...]  # of a row, with what ends it
    between: bytes  # in front of every row but a part's first, and between parts that have rows
    opening: bytes  # in front of a table's first part
    closing: bytes  # behind its last part
    missing: bytes
    word: Callable[[str], bytes]
    words: Callable[[str], bytes]  # of a joined list of texts
    inner: Callable[[str], bytes]  # a word without the quotes around it
    quotes: bytes  # around every text and time; without them texts have some where they are `quoted`
    quoted: Callable[[str], bool]


def csv_syntax(table: Table) -> Syntax:
    """RFC 4180 with line feeds: a header row, commas, quotes only where they are needed; ``;`` between items."""
    pieces: list[Piece] = []
    for number in range(len(table.columns)):
        pieces += [*([Constant(b",")] if number else []), Shown(number)]
    # A lone missing value must still be a row: readers skip empty lines.
    missing = b"" if len(table.columns) > 1 else b'""'
    header = b",".join(_csv_word(name) for name in table.names) + b"\n"
    row = joined([*pieces, Constant(b"\n")])
    return Syntax(row, b"", header, b"", missing, _csv_word, _csv_words, _csv_inner, b"", _is_csv_quoted)


def jsonl_syntax(table: Table) -> Syntax:
    """One JSON object a line."""
    return _json_syntax([*document(table, _json_word), Constant(b"\n")])


def json_syntax(table: Table) -> Syntax:
    """One JSON array of objects, a line each."""
    return _json_syntax([*document(table, _json_word)], b",\n", b"[\n", b"\n]\n")


def bulk_syntax(table: Table) -> Syntax:
    """Two lines a row, as search indexes take them: what to do with the document, and the document.

    Its id is the value of the table's key, or its values with ``-`` in between: loading twice is loading once.
    """
    start = b'{"index":{"_index":' + _json_word(table.index or table.name) + b',"_id":"'
    pieces: list[Piece] = [Constant(start)]
    for place, number in enumerate(id_columns(table)):
        pieces += [*([Constant(b"-")] if place else []), Shown(number, bare=True)]
    return _json_syntax([*pieces, Constant(b'"}}\n'), *document(table, _json_word), Constant(b"\n")])


def id_columns(table: Table) -> list[int]:
    """Columns that a document's id is made of; SinkError where they are none that can be spelled."""
    if not table.keys:
        raise SinkError(f"table {table.name} has no key, of which the bulk form makes ids of documents")
    for name in table.keys:
        if table[name].kind not in ID_KINDS:
            kind = table[name].kind.value
            raise SinkError(f"key {name} of table {table.name} is a {kind}, of which no id of a document can be made")
    return [table.names.index(name) for name in table.keys]


SYNTAXES: dict[str, Callable[[Table], Syntax]] = {
    "csv": csv_syntax,
    "jsonl": jsonl_syntax,
    "json": json_syntax,
    "bulk": bulk_syntax,
}


def _json_syntax(pieces: list[Piece], between: bytes = b"", opening: bytes = b"", closing: bytes = b"") -> Syntax:
    row = joined([Constant(between), *pieces] if between else pieces)
    return Syntax(row, between, opening, closing, b"null", _json_word, _json_words, _json_inner, b'"', _never)


def _csv_word(word: str) -> bytes:
    if not word:
        return b'""'  # unlike a missing value, which is nothing at all
    return b'"' + _csv_inner(word) + b'"' if _is_csv_quoted(word) else utf8(word)


def _csv_inner(word: str) -> bytes:
    return utf8(word).replace(b'"', b'""')


def _is_csv_quoted(word: str) -> bool:
    return any(character in word for character in ',"\n\r')


def _never(word: str) -> bool:
    del word
    return False


def _csv_words(entry: str) -> bytes:
    """One cell for a list; an item that holds the mark between items looks like two."""
    return _csv_word(CSV_ITEM_END.join(split(entry)))


def _json_word(word: str) -> bytes:
    utf8(word)
    return encode_basestring(word).encode()


def _json_inner(word: str) -> bytes:
    return _json_word(word)[1:-1]


def _json_words(entry: str) -> bytes:
    return b"[" + b",".join(_json_word(item) for item in split(entry)) + b"]"
