"""YAML text to a plain tree, knowing the line of every key, and safe against hostile texts.

Only plain data is understood: mappings, lists and scalars. Tags are refused; depth, size and the number of
nodes (aliases counted as often as they are used) are limited, so that no text can exhaust memory.
Scalars follow YAML 1.2: ``true`` and ``false`` are the only booleans, dates and ``12:30`` stay texts.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import msgspec
import yaml

from ghostfleet.core.errors import ScenarioError

Path: TypeAlias = tuple[str, ...]

FORBIDDEN = {"\0": "NUL", "\x1f": "the unit separator"}  # no text format carries one, lists of texts use the other
LARGEST_TEXT = 1_000_000  # characters
DEEPEST = 40
MOST_NODES = 100_000

_INTEGER = re.compile(r"[-+]?[0-9][0-9_]{0,99}\Z")
_FLOAT = re.compile(
    r"[-+]?([0-9][0-9_]*(\.[0-9_]*)?|\.[0-9][0-9_]*)([eE][-+]?[0-9]{1,4})?\Z",
)
_ENDLESS = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")  # floats to YAML, and no numbers to a scenario
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


class Document(msgspec.Struct):
    """A YAML text as plain data, with the line (from 1) at which each path stands, and the one it builds on."""

    name: str
    tree: dict[str, Any]
    lines: dict[Path, int] = msgspec.field(default_factory=dict)
    base: Document | None = None

    def place(self, path: Path) -> str:
        """File and line of a path, or of its nearest ancestor, in this text or the nearest one below that has it."""
        at: Document | None = self
        while at is not None:
            if path in at.lines:
                return f"{at.name}:{at.lines[path]}"
            at = at.base
        return self.place(path[:-1]) if path else f"{self.name}:1"

    def line(self, path: Path) -> int:
        """Line of a path, or of its nearest ancestor."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def scalar(text: str) -> Any:  # noqa: ANN401  a scalar is a bool, an int, a float, a text or nothing
    """Value of a plain YAML scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text.replace("_", ""))
    if _FLOAT.match(text):
        return float(text.replace("_", ""))
    if _ENDLESS.match(text):
        return float(text.replace(".", ""))
    return text


def value(text: str, where: str) -> Any:  # noqa: ANN401  any YAML value
    """Value of one YAML expression, such as an environment variable or the right side of ``--set``.

    What begins with a character that YAML reserves is a plain text, as whoever types a path expects.
    """
    if text[:1] in {"@", "`", "%"}:
        return text
    return _Builder(where, text).build()


def uncarried(text: str) -> str:
    """What is wrong with a text that not every format can carry, or nothing."""
    return next((f"a text cannot contain {what}" for sign, what in FORBIDDEN.items() if sign in text), "")


def read(text: str, name: str) -> Document:
    """Parse a scenario or config text whose root must be a mapping.

    Raises `ScenarioError` with file and line when it is not YAML, not a mapping, or beyond the limits.
    """
    builder = _Builder(name, text)
    tree = builder.build()
    if tree is None:
        tree = {}
    if not isinstance(tree, dict):
        msg = f"{name}:1: expected a mapping of keys at the top, found {_kind(tree)}"
        raise ScenarioError(msg)
    return Document(name, tree, builder.lines)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _kind(found: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "a text", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(found), "nothing")


class _Builder:
    """Builds a tree from parser events; holds the anchors and counters that one text needs."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.lines: dict[Path, int] = {}
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.nodes = 0

    def build(self) -> Any:  # noqa: ANN401  the tree is whatever the text says
        if len(self.text) > LARGEST_TEXT:
            msg = f"{self.name}: it has more than the {LARGEST_TEXT:,} characters that a scenario may have"
            raise ScenarioError(msg)
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            self.events = yaml.parse(self.text, Loader=loader)
            next(self.events)  # start of the stream
            if isinstance(next(self.events), yaml.StreamEndEvent):
                return None
            tree = self._node(next(self.events), (), 0)
            next(self.events)  # end of the document
            if not isinstance(next(self.events), yaml.StreamEndEvent):
                msg = f"{self.name}: more than one YAML document; write one"
                raise ScenarioError(msg)
        except UnicodeError as error:
            msg = f"{self.name}: not valid text: {error.__class__.__name__} at character {getattr(error, 'start', 0)}"
            raise ScenarioError(msg) from error
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            msg = f"{self.name}:{line}: not valid YAML: {error.problem or error.context}"
            raise ScenarioError(msg) from error
        except yaml.reader.ReaderError as error:  # tells where in UTF-8
            line = self.text.encode()[: error.position].count(b"\n") + 1
            msg = f"{self.name}:{line}: not valid YAML: {str(error).splitlines()[0]}"
            raise ScenarioError(msg) from error
        except yaml.YAMLError as error:
            msg = f"{self.name}: not valid YAML: {str(error).splitlines()[0]}"
            raise ScenarioError(msg) from error
        return tree

    def _fail(self, event: yaml.Event, problem: str) -> ScenarioError:
        return ScenarioError(f"{self.name}:{_line(event)}: {problem}")

    def _node(self, event: yaml.Event, path: Path, depth: int) -> Any:  # noqa: ANN401  see build
        before = self.nodes
        self._count(event, 1)
        self.lines.setdefault(path, _line(event))
        if depth > DEEPEST:
            raise self._fail(event, f"nested deeper than {DEEPEST} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            raise self._fail(event, "expected a value")
        if event.tag is not None and event.tag != "!":
            raise self._fail(event, f"the tag {event.tag} is not allowed; a scenario is plain data")
        if isinstance(event, yaml.MappingStartEvent):
            built: Any = self._mapping(path, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            built = self._sequence(path, depth)
        elif isinstance(event, yaml.ScalarEvent):
            built = scalar(event.value) if event.implicit[0] else event.value
        if event.anchor:
            self.anchors[event.anchor] = (built, self.nodes - before)
        return built

    def _count(self, event: yaml.Event, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > MOST_NODES:
            raise self._fail(event, f"more than {MOST_NODES:,} values once aliases are expanded")

    def _alias(self, event: yaml.AliasEvent) -> Any:  # noqa: ANN401  see build
        if event.anchor not in self.anchors:
            raise self._fail(event, f"the alias *{event.anchor} stands before its anchor")
        built, nodes = self.anchors[event.anchor]
        self._count(event, nodes)
        return built

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        built: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._fail(event, "a key must be a plain word")
            key = event.value
            if key in built:
                raise self._fail(event, f"the key {'.'.join((*path, key))} stands twice")
            self.lines[(*path, key)] = _line(event)
            built[key] = self._node(next(self.events), (*path, key), depth + 1)
        return built

    def _sequence(self, path: Path, depth: int) -> list[Any]:
        built: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            built.append(self._node(event, (*path, str(len(built))), depth + 1))
        return built
