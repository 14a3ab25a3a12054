"""Entities of one label as columns, how a label declares its properties, and draws that make their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ghostfleet.core import draw
from ghostfleet.core.batch import Plain, Quanta, Spelled, Text, joined, split
from ghostfleet.core.table import Column, Kind
from ghostfleet.world.estate.properties import CREATED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ghostfleet.core.arrays import F64, I64, U64
    from ghostfleet.core.batch import Values


class Label(msgspec.Struct, frozen=True):
    """What a label of the graph means, and the properties that its entities have beside id, name and kind."""

    name: str
    about: str
    properties: tuple[Column, ...]
    observed: frozenset[str] = frozenset()  # those that somebody must look at: an entity alone does not have them

    @property
    def columns(self) -> dict[str, Column]:
        """Properties by name."""
        return {one.name: one for one in self.properties}


class Entities(msgspec.Struct, frozen=True):
    """Entities of one label as columns of equal length; an entity is the same whatever else there is."""

    label: Label
    keys: tuple[str, ...]  # names as the scenario writes them; unique in the label
    names: tuple[str, ...]  # as shown: the same, unless neutral names are wanted
    ids: tuple[str, ...]
    columns: dict[str, Values]  # by property
    moving: dict[str, Callable[[int], Values]] = {}  # properties that depend on the second at which one looks
    usual: Mapping[str, Callable[[], Any]] = {}  # what is observed, where nobody looks: makers of sequences by property

    def __len__(self) -> int:
        """Count the entities."""
        return len(self.keys)

    def none(self) -> Entities:
        """The same columns without entities."""
        columns = {one.name: columned(one, ()) for one in self.label.properties}
        return Entities(self.label, (), (), (), columns)

    def rows(self) -> dict[str, int]:
        """Row of each entity by the name that the scenario writes."""
        return {key: row for row, key in enumerate(self.keys)}

    def still(self, *names: str) -> Entities:
        """The same with usual values of what is observed, or of some of it, as of a graph that nobody looks at."""
        known, wanted = self.label.columns, set(names or self.label.observed) - self.columns.keys()
        drawn = {name: columned(known[name], self.usual[name]()) for name in sorted(wanted)}
        return msgspec.structs.replace(self, columns={**self.columns, **drawn})

    def at(self, second: int, seen: Mapping[str, Values] | None = None) -> dict[str, Values]:
        """Columns of the graph's table, as they stand at a second; ``seen`` are those that somebody looked at."""
        held = self.still().columns if seen is None else {**self.columns, **seen}
        found = {**held, **{name: look(second) for name, look in self.moving.items()}}
        if unseen := self.label.columns.keys() - found.keys():
            msg = f"nobody looked at {sorted(unseen)} of {self.label.name}"
            raise ValueError(msg)
        return {
            "id": texts(self.ids),
            "name": texts(self.names),
            "kind": Text(np.zeros(len(self), dtype=np.int32), (self.label.name,)),
            **{one.name: found[one.name] for one in self.label.properties},
        }

    def words(self, name: str) -> list[str]:
        """Values of a text property, one for each entity; empty where there is none."""
        column = self.columns[name]
        assert isinstance(column, Text)  # noqa: S101  the label says so
        vocabulary = (*column.vocabulary, "")
        return [vocabulary[code] for code in column.codes.tolist()]

    def items(self, name: str) -> list[list[str]]:
        """Items of a list of texts, for each entity; a text is a list of itself."""
        return [list(split(word)) for word in self.words(name)]

    def numbers(self, name: str) -> F64:
        """Values of a numeric property as doubles; NaN where there is none."""
        column = self.columns[name]
        assert not isinstance(column, Text | Spelled)  # noqa: S101  the label says so
        if isinstance(column, Quanta):
            return column.floats()
        values: F64 = column.values.astype(np.float64)
        if column.missing is not None:
            values[column.missing] = np.nan
        return values


def entities(
    label: Label,
    keys: Sequence[str],
    ids: Sequence[str],
    values: Mapping[str, Any],
    **rest: Any,  # noqa: ANN401  passes on Entities' own fields
) -> Entities:
    """Entities of a label from one sequence for each property, turned into columns by its kind; dates come later."""
    columns = {one.name: columned(one, values[one.name]) for one in label.properties if one.name in values}
    own = label.columns.keys() - label.observed
    strange = set(values) - own
    missing = own - set(values) - set(rest.get("moving", ())) - {CREATED.name}
    strange |= set(rest.get("usual", ())) - label.observed
    missing |= label.observed - set(rest.get("usual", ()))
    if strange or missing:
        msg = f"{label.name} declares no {sorted(strange)} and is not given {sorted(missing)}"
        raise ValueError(msg)
    return Entities(label, tuple(keys), rest.pop("names", tuple(keys)), tuple(ids), columns, **rest)


def columned(column: Column, values: Any) -> Values:  # noqa: ANN401  any sequence; see `entities`
    """Sequence as a batch's column; None is a missing value."""
    if column.kind is Kind.TEXT:
        return texts(values)
    if column.kind is Kind.TEXTS:
        return texts([joined(items) for items in values])
    missing = np.array([value is None for value in values], dtype=np.bool_)
    gap = missing if missing.any() else None
    whole = [0 if value is None else value for value in values]
    if column.kind is Kind.F64:
        per_one = 10**column.decimals
        units = np.rint(np.array(whole, dtype=np.float64) * per_one).astype(np.int64)
        return Quanta(units, per_one, gap)
    return Plain(np.array(whole, dtype=np.bool_ if column.kind is Kind.BOOL else np.int64), gap)


def texts(values: Sequence[str | None]) -> Text:
    """Texts as codes into the vocabulary of those that occur, in the order in which they do."""
    known: dict[str, int] = {}
    codes = [-1 if value is None else known.setdefault(value, len(known)) for value in values]
    return Text(np.array(codes, dtype=np.int32), tuple(known))


class Draws:
    """Draws of the properties of some entities: functions of seed, label, property and name."""

    def __init__(self, seed: int, label: str, keys: Sequence[str]) -> None:
        """Name the entities."""
        self._seed = seed
        self._label = label
        self._ids: U64 = draw.entity_ids(keys)

    def uniform(self, name: str) -> F64:
        """One uniform in (0, 1) per entity."""
        stream = draw.Stream(self._seed, "estate", self._label, name)
        column: F64 = draw.uniform(stream.keys(self._ids), 0, 1)[:, 0]
        return column

    def between(self, name: str, low: Any, high: Any) -> F64:  # noqa: ANN401  numbers or arrays of them
        """One uniform in (low, high) per entity; the bounds may differ from entity to entity."""
        least, most = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
        values: F64 = least + (most - least) * self.uniform(name)
        return values

    def whole(self, name: str, low: Any, high: Any) -> I64:  # noqa: ANN401  see between
        """One whole number from low to high, both included, per entity."""
        return np.floor(self.between(name, low, np.asarray(high) + 1)).astype(np.int64)

    def choose(self, name: str, shares: Mapping[str, float]) -> list[str]:
        """One of the words per entity, with chances in proportion to their shares."""
        edges = np.add.accumulate(np.array(list(shares.values())))
        chosen = np.searchsorted(edges[:-1] / edges[-1], self.uniform(name), side="right")
        words = list(shares)
        return [words[place] for place in chosen.tolist()]
