"""What the models allow at each path of a scenario: keys, names, values, and which mappings are one value."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import inspect

from ghostfleet.spec.data import NAMED_BY, Metadata
from ghostfleet.spec.hosts import Mix
from ghostfleet.spec.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghostfleet.spec.reading import Path


def fields(path: Path) -> list[str]:
    """Keys that the model allows at a path; none where names are free."""
    names: list[str] = []
    for kind in _kinds(path):
        for part in getattr(kind, "types", (kind,)):
            names += [field.encode_name for field in getattr(part, "fields", ())]
    return names


def names(path: Path, tree: Mapping[str, Any]) -> list[str]:
    """Keys and names that a path of a tree has or may have."""
    known = [*fields(path), *_mapping(tree, path)]
    beside = _mapping(tree, path[:-1])
    list_of_names = NAMED_BY.get(path[-1]) if path else None
    if list_of_names is not None:
        given = beside.get(list_of_names)
        known += given if isinstance(given, list | tuple) else getattr(Metadata(), list_of_names)
    if path[-1:] == ("shares",):
        known += [*_mapping(beside, ("archetypes",)), *_mapping(beside, ("aliases",))]
    return list(dict.fromkeys(str(name) for name in known))


def is_place(path: Path) -> bool:
    """Whether the model allows a value at a path; a free name in a mapping is allowed."""
    return bool(_kinds(path))


def values(path: Path) -> tuple[Any, ...]:
    """Valid values where the model lists them."""
    return next((tuple(kind.values) for kind in _kinds(path) if hasattr(kind, "values")), ())


def is_one_value(path: Path) -> bool:
    """Whether a mapping is a value of its own: names with a number or a text each, as shares are, and no section."""
    return any(
        (isinstance(kind, inspect.DictType) and not _is_section(kind.value_type))
        or (isinstance(kind, inspect.StructType) and issubclass(kind.cls, Mix))
        for kind in _kinds(path)
    )


def is_section(path: Path) -> bool:
    """Whether the model allows nothing at a path but a section, or none."""
    kinds = [kind for kind in _kinds(path) if not isinstance(kind, inspect.NoneType)]
    return bool(kinds) and all(isinstance(kind, inspect.StructType | inspect.DictType) for kind in kinds)


def _is_section(kind: Any) -> bool:  # noqa: ANN401  msgspec's description classes
    kind = _bare(kind)
    # A section that may be null, as a parameter that an heir takes back, is a section too.
    return any(isinstance(part, inspect.StructType) for part in getattr(kind, "types", (kind,)))


@cache
def _model() -> Any:  # noqa: ANN401  msgspec's description classes
    # Takes milliseconds, and most runs neither complain nor merge.
    return inspect.type_info(Scenario)


def _kinds(path: Path) -> list[Any]:
    kinds: list[Any] = [_model()]
    for step in path:
        kinds = [kind for parent in kinds for kind in _below(parent, step)]
    return [part for kind in kinds for part in getattr(kind, "types", (kind,))]


def _below(kind: Any, step: str) -> list[Any]:  # noqa: ANN401  msgspec's description classes
    kind = _bare(kind)
    if isinstance(kind, inspect.UnionType):
        return [below for part in kind.types for below in _below(part, step)]
    if isinstance(kind, inspect.DictType):
        return [_bare(kind.value_type)]
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return [_bare(kind.item_type)]
    return [_bare(field.type) for field in getattr(kind, "fields", ()) if field.encode_name == step]


def _bare(kind: Any) -> Any:  # noqa: ANN401  msgspec's description classes
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _mapping(tree: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    place: Any = tree
    for step in path:
        place = place.get(step) if isinstance(place, dict) else None
    return place if isinstance(place, dict) else {}
