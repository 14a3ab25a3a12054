"""A table of documents that are hard to write: nested, with absent keys, finer times, and texts spelled row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core.batch import Batch, Digits, Hex, Plain, Quanta, Spelled, Text, Values, joined
from ghostfleet.core.table import Kind, Table, column

if TYPE_CHECKING:
    from collections.abc import Sequence

SOME: dict[str, Any] = {"nullable": True, "optional": True}
DOCUMENTS = Table(
    "readings",
    "documents that are hard to write; it's a test",
    (
        column("@time", Kind.TIME, "when", resolution=0.001),
        column("id", Kind.TEXT, "the document's id", spelled=True),
        column("source.early", Kind.TEXT, "in front of what is always given", **SOME),
        column("source.host", Kind.TEXT, "the host's name", nullable=True),
        column("source.kind", Kind.TEXT, "of the same codes", nullable=True),
        column("source.tags", Kind.TEXTS, "what people call it", **SOME),
        column("source.place.load", Kind.F64, "how busy", unit="percent", resolution=0.01, **SOME),
        column("source.place.seen", Kind.TIME, "finer still", resolution=0.000001, **SOME),
        column("source.place.up", Kind.BOOL, "whether it answers", **SOME),
        column("count", Kind.I64, "how many", nullable=True),
        column("error.code", Kind.TEXT, "what went wrong", **SOME),
        column("error.message", Kind.TEXT, "in words", **SOME),
        column("error.trace", Kind.TEXT, "spelled, and null where an error has none", nullable=True),
        column("error.ratio", Kind.F64, "as it is", nullable=True),
        column("error.detail.depth", Kind.I64, "deeper", **SOME),
        column("ratio", Kind.F64, "as it is", **SOME),
    ),
    keys=("id",),
    order=("@time",),
    stem="host_readings",
    group="requests",
    form="document",
    index='the "readings"',
)


def documents(count: int, words: Sequence[str], lists: Sequence[Sequence[str]]) -> Batch:
    """Rows with extremes, missing values and awkward texts."""
    number = np.arange(count)
    short = tuple(word for word in words if len(word) < 100)
    word = (number % (len(words) + 1) - 1).astype(np.int16)
    failed = np.where(number % 5 == 2, number % len(words), -1).astype(np.int8)
    hashed = number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    ident = (
        Text(number % len(short), short),
        ' "a", ',
        Digits(number, 3),
        "-",
        Hex(hashed, 12),
        Digits(number * 10**9),
    )
    trace = (Hex(hashed), Text(number % 2, ("", "é,")), Hex(hashed, 8))
    made: dict[str, Values] = {
        "@time": Plain(number * 86_399_123 + 1_640_995_200_007),
        "id": Spelled(ident),
        "source.early": Text(np.where(number % 4 == 1, number % len(words), -1), tuple(words)),
        "source.host": Text(word, tuple(words)),
        "source.kind": Text(word, tuple(f"kind {place}" for place in range(len(words) + 3))),
        "source.tags": Text(number % (len(lists) + 1) - 1, tuple(joined(items) for items in lists)),
        "source.place.load": Quanta(np.resize(np.array([0, -1, 99, 2**31 - 1], np.int32), count), 100, number % 7 != 3),
        "source.place.seen": Plain(number * 1_000_003 - 5, number % 3 != 1),
        "source.place.up": Plain(number % 2 == 0, number % 4 != 3),
        "count": Plain(np.resize(np.array([-(2**63), 2**63 - 1, 0, 10_000]), count), number % 11 == 10),
        "error.code": Text(failed, tuple(words)),
        "error.message": Text(failed, tuple(f"{one}: \t" for one in words)),
        "error.trace": Spelled(trace, (failed < 0) | (number % 3 > 0)),
        "error.ratio": Plain(np.where((failed < 0) | (number % 7 < 3), np.nan, number / 3)),
        "error.detail.depth": Plain(number, (failed < 0) | (number % 2 > 0)),
        "ratio": Plain(np.resize(np.array([0.0, -0.0, np.nan, 1e300, 2 / 3]), count)),
    }  # fmt: skip
    return Batch(DOCUMENTS, made)


def flattened(document: dict[str, Any], table: Table) -> tuple[Any, ...]:
    """Values of a document in the order of columns; refuses keys in another order, and nulls that should be absent."""
    leaves = dict(_leaves(document, ""))
    assert list(leaves) == [name for name in table.names if name in leaves]
    for one in table.columns:
        above = one.name.rpartition(".")[0]
        is_there = not above or _at(document, above) is not None
        given = one.name in leaves
        assert given == is_there if not one.optional else not given or leaves[one.name] is not None
    return tuple(leaves.get(name) for name in table.names)


def _at(document: Any, path: str) -> Any:
    for key in path.split("."):
        document = (document or {}).get(key)
    return document


def _leaves(value: Any, above: str) -> Any:
    for key, member in value.items():
        if isinstance(member, dict):
            assert member  # an object without members is absent
            yield from _leaves(member, f"{above}{key}.")
        else:
            yield f"{above}{key}", member
