"""Numbers of a TOML table, found by their path and edited in place: whatever else the text says stays, comments too.

A path is ``section.key``, ``section.key[0]``, ``section.key.name`` or ``section.key.name[0]``, each on one line.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Tree = dict[str, Any]

PATH = re.compile(r"(\w+)\.(\w+)(?:\.(\w+))?(?:\[(\d+)\])?")
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])")
MARK = re.compile(r"fitted(: [^;]*)?(; |$)")


def steps(path: str) -> list[Any]:
    """Keys and places that lead to a number."""
    found = PATH.fullmatch(path)
    if not found:
        raise ValueError(f"{path} is not the path of a number: section.key, then .name or [place] or both")
    *names, place = found.groups()
    return [*(name for name in names if name), *([] if place is None else [int(place)])]


def value_at(path: str, tree: Tree) -> float:
    """Value of a number in a parsed table."""
    value: Any = tree
    for step in steps(path):
        value = value[step]
    return float(value)


def put(path: str, value: float, tree: Tree) -> None:
    """Set a number in a parsed table."""
    *rest, last = steps(path)
    inside: Any = tree
    for step in rest:
        inside = inside[step]
    inside[last] = value


def line_of(text: str, path: str) -> tuple[int, int, int]:
    """Where the key of a path has its line: start, start of what it says, end."""
    section, key, *_ = steps(path)
    head = re.search(rf"^\[{section}\]", text, re.MULTILINE)
    here = re.compile(rf"^{key} = ", re.MULTILINE).search(text, head.end()) if head else None
    after = re.compile(r"^\[", re.MULTILINE).search(text, head.end()) if head else None
    if here is None or (after and here.start() > after.start()):
        raise ValueError(f"the table has no line for {path}")
    return here.start(), here.end(), text.index("\n", here.end())


def replaced(text: str, path: str, value: float) -> str:
    """Write one number over another, and nothing else; `ValueError` when that cannot be done."""
    _, start, stop = line_of(text, path)
    _, _, *rest = steps(path)
    place = rest.pop() if rest and isinstance(rest[-1], int) else 0
    for name in rest:
        inner = re.compile(rf"\b{name} = ").search(text, start, stop)
        start = inner.end() if inner else stop
    numbers = list(NUMBER.finditer(text, start, stop))
    if len(numbers) <= place:
        raise ValueError(f"the line of {path} has no such number")
    found = numbers[place]
    out = text[: found.start()] + repr(value) + text[found.end() :]
    expected = tomllib.loads(text)
    put(path, value, expected)
    if tomllib.loads(out) != expected:
        raise ValueError(f"the line of {path} is not one that can be edited in place")
    return out


def marked(text: str, paths: Sequence[str]) -> str:
    """Say at its line what of it is fitted."""
    start, body, stop = line_of(text, paths[0])
    said, _, comment = text[body:stop].partition("#")
    section, key, *_ = steps(paths[0])
    tails = [path.removeprefix(f"{section}.{key}").removeprefix(".") for path in paths]
    all_of_it = len(tails) == len(NUMBER.findall(said))
    mark = "fitted" if all_of_it else f"fitted: {', '.join(tails)}"
    others = MARK.sub("", comment.strip(), count=1)
    notes = "; ".join(note for note in (mark, others) if note)
    return f"{text[:start]}{text[start:body]}{said.rstrip()} # {notes}{text[stop:]}"


def written(text: str, values: Mapping[str, float]) -> str:
    """Put fitted values into the table's text and mark their lines."""
    lines: dict[tuple[str, ...], list[str]] = {}
    for path, value in values.items():
        text = replaced(text, path, value)
        lines.setdefault(tuple(steps(path)[:2]), []).append(path)
    for paths in lines.values():
        text = marked(text, paths)
    return text
