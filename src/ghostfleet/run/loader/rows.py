"""Documents of one table become batches; what is no row of it is refused, with what would be valid."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from ghostfleet.core.batch import Batch
from ghostfleet.core.table import Kind
from ghostfleet.run.loader.columns import ColumnReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ghostfleet.core.table import Column, Table
    from ghostfleet.run.loader.documents import Complain, Documents

NUL = b"\\u0000"
LEAST, MOST = -(1 << 63), (1 << 63) - 1
KINDS: dict[Kind, Any] = {Kind.TIME: str, Kind.TEXT: str, Kind.TEXTS: list[str], Kind.BOOL: bool}
AT = re.compile(r" - at `\$\.?([^`\[]*)[^`]*`$")
LACKS = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
NO_OBJECTS = {  # what is said of a document that is none
    f"Expected `object`, got `{name}`": said
    for name, said in {
        "array": "an array",
        "bool": "true or false",
        "float": "a number",
        "int": "a number",
        "null": "null",
        "str": "a text",
    }.items()
}
MOST_NAMED = 6  # keys in a message
NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Rows:
    """Makes batches of one table."""

    def __init__(self, table: Table) -> None:
        """Derive from the columns what a document must be."""
        self._table = table
        model, paths = modelled(table)
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(model).decode
        self._get = attrgetter(*paths)
        self._paths = paths
        self._readers = [ColumnReader(column) for column in table.columns]

    def accepts(self, text: bytes) -> bool:
        """Whether a document is a row by its keys and types."""
        try:
            self._decode(text)
        except NO_JSON:
            return False
        return True

    def batch(self, documents: Documents, complain: Complain) -> tuple[Batch, list[int]] | None:
        """Batch of those documents that are rows, and which these are; None where none of them is."""
        found, places = self._decoded(documents, complain)
        rows = [self._row(one) for one in found]
        if any(NUL in text for text in documents.texts):
            refused = {row: said for row, values in enumerate(rows) if (said := self._nul(values))}
            rows, places = _without(rows, places, refused, documents, complain)
        while rows:
            columns, refused = {}, {}
            for column, reader, values in zip(self._table.columns, self._readers, self._columns(rows), strict=True):
                columns[column.name], wrong = reader.read(values)
                refused |= {row: f"{column.name}: {why}; valid is {valid(column)}" for row, why in wrong.items()}
            if not refused:
                return Batch(self._table, columns), places
            rows, places = _without(rows, places, refused, documents, complain)
        return None

    def _decoded(self, documents: Documents, complain: Complain) -> tuple[list[Any], list[int]]:
        """Documents that are rows by their keys and types, and which ones these are."""
        try:  # once for all, because hardly any is broken
            return list(map(self._decode, documents.texts)), list(range(len(documents)))
        except NO_JSON:
            pass
        found, places = [], []
        for number, text in enumerate(documents.texts):
            try:
                found.append(self._decode(text))
                places.append(number)
            except NO_JSON as error:
                complain(documents.place(number), said_of(_first_wrong(text) or error, self._table))
        return found, places

    def _row(self, found: object) -> tuple[Any, ...]:
        try:
            values = self._get(found)
        except AttributeError:  # an object is null
            values = tuple(_inside(found, path) for path in self._paths)
        return values if len(self._paths) > 1 else (values,)

    def _columns(self, rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        return zip(*rows, strict=True)

    def _nul(self, values: tuple[Any, ...]) -> str:
        for column, value in zip(self._table.columns, values, strict=True):
            if isinstance(value, str | list) and "\0" in "".join(value):
                return f"{column.name} contains NUL, which no destination can hold; valid is {valid(column)}"
        return ""


def _first_wrong(text: bytes) -> Exception | None:
    """Why a text is no JSON, if it is none: that comes before what its keys are."""
    try:
        msgspec.json.decode(text)
    except (msgspec.ValidationError, RecursionError):  # JSON that says what there is not
        return None
    except NO_JSON as error:
        return error
    return None


def _without(
    rows: list[tuple[Any, ...]], places: list[int], refused: dict[int, str], documents: Documents, complain: Complain
) -> tuple[list[tuple[Any, ...]], list[int]]:
    """Rows that are left, and which documents they are."""
    for row in sorted(refused):
        complain(documents.place(places[row]), refused[row])
    kept = [row for row in range(len(rows)) if row not in refused]
    return [rows[row] for row in kept], [places[row] for row in kept]


def _inside(found: Any, path: str) -> Any:  # noqa: ANN401  whatever stands there
    for name in path.split("."):
        found = None if found is None else getattr(found, name)
    return found


def key_path(table: Table, column: Column) -> tuple[str, ...]:
    """Keys that lead to a column's value in a document."""
    return tuple(column.name.split(".")) if table.form == "document" else (column.name,)


def modelled(table: Table) -> tuple[type[msgspec.Struct], list[str]]:
    """Model of a table's documents, and by which attributes each column is found in it."""
    tree: dict[str, Any] = {}
    for column in table.columns:
        *above, last = key_path(table, column)
        node = tree
        for key in above:
            node = node.setdefault(key, {})
        node[last] = column
    paths: dict[str, str] = {}
    model = _model(table.name, tree, "", paths)
    return model, [paths[column.name] for column in table.columns]


def _model(name: str, tree: dict[str, Any], above: str, paths: dict[str, str]) -> type[msgspec.Struct]:
    fields: list[tuple[str, Any, Any]] = []
    names = {f"f{number}": key for number, key in enumerate(tree)}
    for field, key in names.items():
        node = tree[key]
        if isinstance(node, dict):
            inner = _model(key, node, f"{above}{field}.", paths)
            if all(column.nullable for column in _below(node)):
                fields.append((field, inner | None, inner()))
            else:
                fields.append((field, inner, msgspec.NODEFAULT))
            continue
        paths[node.name] = above + field
        kind = typed(node)
        fields.append((field, kind | None, None) if node.nullable else (field, kind, msgspec.NODEFAULT))
    return msgspec.defstruct(
        name, fields, rename=names, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True
    )


def _below(node: dict[str, Any]) -> Iterator[Column]:
    for one in node.values():
        if isinstance(one, dict):
            yield from _below(one)
        else:
            yield one


def typed(column: Column) -> Any:  # noqa: ANN401  an annotation
    """Annotation of a column's values in JSON."""
    if column.values and column.kind is Kind.TEXT:
        return Literal[column.values]
    if column.kind is Kind.I64:
        low, high = (
            LEAST if column.low is None else int(column.low),
            MOST if column.high is None else int(column.high),
        )
        return Annotated[int, msgspec.Meta(ge=max(low, LEAST), le=min(high, MOST))]
    if column.kind is Kind.F64:
        bounded = column.low is not None or column.high is not None
        return Annotated[float, msgspec.Meta(ge=column.low, le=column.high)] if bounded else float
    return KINDS[column.kind]


def valid(column: Column) -> str:
    """What a column's values may be, in words."""
    low, high = column.low, column.high
    bounds = "".join((f" from {low:g}" if low is not None else "", f" up to {high:g}" if high is not None else ""))
    said = {
        Kind.TIME: "a time such as 2026-01-01T00:00:00Z, its zone included",
        Kind.TEXT: f"one of {', '.join(column.values)}" if column.values else "a text",
        Kind.TEXTS: "a list of texts",
        Kind.F64: f"a number{bounds}",
        Kind.I64: f"a whole number{bounds}",
        Kind.BOOL: "true or false",
    }[column.kind]
    return f"{said}, or null" if column.nullable else said


def said_of(error: Exception, table: Table) -> str:
    """Why a document is no row, in words."""
    if isinstance(error, UnicodeDecodeError):
        return (
            f"it is not UTF-8: {error.reason}, in a text whose byte {error.start} is 0x{error.object[error.start]:02x}"
        )
    if isinstance(error, RecursionError):
        return "its brackets are nested too deeply"
    if not isinstance(error, msgspec.ValidationError):
        return f"it is no JSON: {error}".replace("(byte", "(its byte")
    found = AT.search(str(error))
    what = str(error)[: found.start()] if found else str(error)
    path = found[1] if found else ""
    if lacking := LACKS.match(what):
        name = f"{path}.{lacking[1]}".strip(".")
        return f"it lacks {name}{_said(table, name)}"
    if unknown := UNKNOWN.match(what):
        name = f"{path}.{unknown[1]}".strip(".")
        return f"it has the unknown key {name}; keys of {table.name} are {', '.join(table.names)}"
    said = f"{path}: {what}" if path else f"it is no JSON object, but {NO_OBJECTS.get(what, what)}"
    return said.replace("`", "") + _said(table, path)


def _said(table: Table, name: str) -> str:
    if name in table.names:
        return f"; valid is {valid(table[name])}"
    inside = [one for one in table.names if one.startswith(f"{name}.") or not name]
    more = f" and {len(inside) - MOST_NAMED} more" if len(inside) > MOST_NAMED else ""
    return f"; valid is an object of {', '.join(inside[:MOST_NAMED])}{more}" if inside else ""
