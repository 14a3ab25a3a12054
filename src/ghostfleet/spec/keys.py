"""What the models allow at each path of a scenario: keys, names, values, and which mappings are one value."""

from __future__ import annotations

from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Struct, structs

from ghostfleet.spec.data import NAMED_BY, Metadata
from ghostfleet.spec.hosts import Mix
from ghostfleet.spec.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghostfleet.spec.reading import Path


def fields(path: Path) -> list[str]:
    """Keys that the model allows at a path; none where names are free."""
    return [key for form in _forms(path) if _is_struct(form) for key in _types(form)]


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
    return bool(_forms(path))


def values(path: Path) -> tuple[Any, ...]:
    """Valid values where the model lists them."""
    return next((tuple(sorted(get_args(form))) for form in _forms(path) if get_origin(form) is Literal), ())


def is_one_value(path: Path) -> bool:
    """Whether a mapping is a value of its own: names with a number or a text each, as shares are, and no section."""
    return any(
        (_is_mapping(form) and not any(map(_is_struct, _parts(_within(form)))))
        or (_is_struct(form) and issubclass(form, Mix))
        for form in _forms(path)
    )


def is_section(path: Path) -> bool:
    """Whether the model allows nothing at a path but a section, or none."""
    forms = [form for form in _forms(path) if form is not NoneType]
    return bool(forms) and all(_is_struct(form) or _is_mapping(form) for form in forms)


def _forms(path: Path) -> list[Any]:
    """Types of values at a path, unions taken apart: those of structs on the way are looked up, and no others."""
    forms: list[Any] = [Scenario]
    for step in path:
        forms = [part for form in forms for below in _below(form, step) for part in _parts(below)]
    return forms


def _below(form: Any, step: str) -> list[Any]:  # noqa: ANN401  any annotation
    if _is_struct(form):
        types = _types(form)
        return [types[step]] if step in types else []
    is_list = get_origin(form) is list or (get_origin(form) is tuple and get_args(form)[-1] is ...)
    return [_within(form)] if is_list or _is_mapping(form) else []


@cache
def _types(struct: type[Struct]) -> dict[str, Any]:
    """Types of a struct's keys; kept, because to evaluate annotations is most of what loading a scenario costs."""
    return {field.encode_name: field.type for field in structs.fields(struct)}


def _parts(form: Any) -> list[Any]:  # noqa: ANN401  any annotation
    """Members of a union, bounds left out."""
    if get_origin(form) is Annotated:
        return _parts(get_args(form)[0])
    if get_origin(form) in {Union, UnionType}:
        return [part for member in get_args(form) for part in _parts(member)]
    return [form]


def _within(form: Any) -> Any:  # noqa: ANN401  any annotation
    """Type of a mapping's values or of a list's items."""
    arguments = get_args(form) or (Any,)
    return arguments[1 if _is_mapping(form) and len(arguments) > 1 else 0]


def _is_mapping(form: Any) -> bool:  # noqa: ANN401  any annotation
    return form is dict or get_origin(form) is dict


def _is_struct(form: Any) -> bool:  # noqa: ANN401  any annotation
    return isinstance(form, type) and issubclass(form, Struct)


def _mapping(tree: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    place: Any = tree
    for step in path:
        place = place.get(step) if isinstance(place, dict) else None
    return place if isinstance(place, dict) else {}
