"""What a table is: columns with units, bounds, resolution and folds, declared once.

DDL, file headers, documents, checks and schemas derive from a `Table`; nobody writes a column's name twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostfleet.core.arrays import Array

    Derive = Callable[..., Array]

V = TypeVar("V")


GROUPS = ("telemetry", "graph", "requests", "records", "truth")


class Kind(Enum):
    """What a column's values are; the value is the name that documents use."""

    TIME = "time"  # int64 since the epoch, UTC: seconds, or whole multiples of the column's resolution in seconds
    TEXT = "text"  # codes into a vocabulary
    TEXTS = "texts"  # a list of texts: codes into a vocabulary of joined items
    F64 = "float"  # float64, or whole multiples of the column's resolution
    I64 = "integer"
    BOOL = "boolean"


class Fold(Enum):
    """How facts at the tick become a coarser row."""

    SUM = "sum"
    MEAN = "mean"
    MAX = "max"
    LAST = "last"
    WEIGHTED = "weighted"  # weighted mean: the fact is the sum, `Column.by` names the fact that is the weight
    P95 = "p95"  # the 95th percentile of the ticks, linear between the two nearest


@dataclass(frozen=True, slots=True)
class Column:
    """One column. A documented name stands verbatim; the unit and bounds are part of the contract."""

    name: str
    kind: Kind
    about: str
    unit: str = ""
    low: float | None = None  # smallest valid value
    high: float | None = None  # largest valid value
    resolution: float | None = None  # values are whole multiples of it; a power of ten
    fold: Fold | None = None  # None: a key, an attribute of the entity, or derived after the fold
    by: str = ""  # weighted: name of the fact that is the weight, a column or not; null where it is 0
    values: tuple[str, ...] = ()  # a text column's closed vocabulary, where it has one
    group: str = ""  # columns that a scenario can switch off together
    nullable: bool = False
    optional: bool = False  # of a document: where the value is missing its key is, too, rather than null
    search: Literal["", "ip", "text"] = ""  # type in a search index, where the kind does not say it
    counted: bool = False  # few values, worth counting in a summary as those of a closed vocabulary are
    spelled: bool = False  # texts, of which there are about as many as rows: stores keep them without a dictionary

    def __post_init__(self) -> None:
        """Refuse a weighted fold without a weight, and a weight that nothing is weighted by."""
        if self.optional and not self.nullable:
            msg = f"column {self.name} is optional, and so must be nullable"
            raise ValueError(msg)
        if (self.fold is Fold.WEIGHTED) != bool(self.by):
            msg = f"column {self.name} must name its weight if, and only if, its fold is weighted"
            raise ValueError(msg)

    @property
    def flat_name(self) -> str:
        """Name in stores and queries."""
        return flat_name(self.name)

    @property
    def per_second(self) -> int:
        """Units of a time to a second: 1, or 1,000 where the resolution is 0.001."""
        return 1 if self.resolution is None else int(10**self.decimals)

    @property
    def decimals(self) -> int:
        """Digits after the point that `resolution` allows: 0.01 → 2."""
        if self.resolution is None:
            msg = f"column {self.name} has no resolution"
            raise ValueError(msg)
        return max(0, round(-_log10(self.resolution)))


def flat_name(name: str) -> str:
    """Name of a column in stores and queries, where names are plain: dots become underscores, a leading @ goes."""
    return name.removeprefix("@").replace(".", "_")


def _log10(power_of_ten: float) -> int:
    exponent = 0
    while power_of_ten < 0.99:  # noqa: PLR2004  a resolution is an exact power of ten, give or take rounding
        power_of_ten *= 10
        exponent -= 1
    return exponent


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns in written order, what makes a row unique, and how rows are sorted."""

    name: str
    about: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    order: tuple[str, ...]
    stem: str = ""  # documented file name, where it is not the table's own
    group: str = "telemetry"  # one of GROUPS
    # A node or a link of a graph is a row per entity, not per tick. A document nests where names of columns have dots;
    # an object of nullable columns, any of them optional, is absent where all of them are missing.
    form: Literal["rows", "node", "link", "document"] = "rows"
    index: str = ""  # search index that its bulk form names; without one, the table's name

    def __post_init__(self) -> None:
        """Refuse keys and orders that name no column."""
        names = set(self.names)
        for name in (*self.keys, *self.order):
            if name not in names:
                msg = f"table {self.name} is keyed or ordered by {name}, which is none of its columns"
                raise ValueError(msg)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in written order."""
        return tuple(column.name for column in self.columns)

    @property
    def file_stem(self) -> str:
        """Name of the table's file, without suffix."""
        return self.stem or self.name

    @property
    def is_topology(self) -> bool:
        """Whether its rows are nodes or links of a graph, and say how things stand, not when."""
        return self.form in ("node", "link")

    def flattened(self) -> Table:
        """Return the same table with plain names of columns; ValueError where two columns then have the same."""
        flat = {column.name: column.flat_name for column in self.columns}
        if all(name == plain for name, plain in flat.items()):
            return self
        twice = [name for name, plain in flat.items() if list(flat.values()).count(plain) > 1]
        if twice:
            msg = f"columns {', '.join(twice)} of table {self.name} have the same name in stores, {flat[twice[0]]}"
            raise ValueError(msg)
        columns = tuple(
            replace(column, name=column.flat_name, optional=column.optional or self._goes_with_others(column))
            for column in self.columns
        )
        keys, order = (tuple(flat[name] for name in names) for names in (self.keys, self.order))
        return replace(self, columns=columns, keys=keys, order=order)

    def _goes_with_others(self, column: Column) -> bool:
        """Whether a column is in an object of documents that is not there where its other members are not."""
        outer, is_nested, _ = column.name.rpartition(".")
        others = [one for one in self.columns if one is not column and one.name.startswith(f"{outer}.")]
        return bool(is_nested) and column.nullable and bool(others) and all(one.optional for one in others)

    def __getitem__(self, name: str) -> Column:
        """Column of that name; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def without(self, groups: frozenset[str]) -> Table:
        """Return the same table with groups of columns switched off."""
        kept = tuple(column for column in self.columns if column.group not in groups)
        return Table(self.name, self.about, kept, self.keys, self.order, self.stem, self.group, self.form, self.index)


def column(name: str, kind: Kind, about: str, **rest: Any) -> Column:  # noqa: ANN401  passes Column's own fields on
    """Shorten `Column` for tables declared in one screen."""
    return Column(name, kind, about, **rest)


def text(name: str, about: str, **rest: Any) -> Column:  # noqa: ANN401  see column
    """Shorten a column of texts."""
    return column(name, Kind.TEXT, about, **rest)


def absent(name: str, kind: Kind, about: str, **rest: Any) -> Column:  # noqa: ANN401  see column
    """Shorten a column whose key documents lack where there is no value."""
    return column(name, kind, about, nullable=True, optional=True, **rest)
