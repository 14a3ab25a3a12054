"""Load a scenario: text in, typed and checked model out, with every complaint at its place."""

from __future__ import annotations

import pathlib
import re
from typing import TYPE_CHECKING, Any

import msgspec

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec import extending, keys, reading
from ghostfleet.spec import layers as layering
from ghostfleet.spec.complaints import OneOfSeveralError
from ghostfleet.spec.layers import COMMAND, CONFIG, SCENARIO, Layers, Origin
from ghostfleet.spec.parameters import NAME, NOW, Parameter
from ghostfleet.spec.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ghostfleet.spec.reading import Document, Path

_AT = re.compile(r" - at `(?:key in )?(\$[^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_TYPE_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "null": "nothing",
} | {"object": "a mapping", "array": "a list"}


class Settings(msgspec.Struct, frozen=True):
    """What the layers above the scenario say; texts are handed in, nothing is looked up here."""

    config: Document | None = None
    environment: Mapping[str, str] = msgspec.field(default_factory=dict)
    assignments: Sequence[str] = ()
    flags: Mapping[str, Any] = msgspec.field(default_factory=dict)  # parameter name -> value given on the command line
    overrides: Mapping[str, tuple[Any, str]] = msgspec.field(default_factory=dict)  # path -> (value, flag)
    now: str = ""  # the moment that is now; empty where nobody looks at a clock


class Loaded(msgspec.Struct, frozen=True):
    """A scenario with the origin of each of its values."""

    scenario: Scenario
    layers: Layers

    def effective(self) -> dict[str, Any]:
        """Whole tree with defaults filled in, as plain data."""
        tree: dict[str, Any] = msgspec.to_builtins(self.scenario)
        return tree

    def origin(self, path: Path) -> str:
        """Where the value at a path came from, for people."""
        origin = self.layers.origin(path)
        return origin.text if origin is not None else "built-in default"


def shipped() -> dict[str, str]:
    """Texts of the built-in scenarios by name."""
    folder = pathlib.Path(__file__).parents[1] / "scenarios"
    found = (part for part in folder.iterdir() if part.name.endswith(".yaml"))
    return {part.name.removesuffix(".yaml"): part.read_text(encoding="utf-8") for part in found}


def extended(document: Document, read: Callable[[str, str], Document] | None = None) -> Document:
    """Scenario's text with those that it builds on behind it; ``read`` finds a file named in a given file."""
    if document.base is not None or document.tree.get(extending.KEY) is None:
        return document
    return extending.extended(document, shipped(), read)


def declared(document: Document) -> dict[str, Parameter]:
    """Parameters that a scenario's text declares."""
    document = extended(document)
    tree = layering.section(document, "parameters")
    tree = {} if tree is None else tree
    if isinstance(tree, dict):
        tree = {name: parameter for name, parameter in tree.items() if parameter is not None}
    try:
        parameters = msgspec.convert(tree, dict[str, Parameter])
    except msgspec.ValidationError as error:
        message, below = _parse(error)
        below = _named(below, tree, dict[str, Parameter], message)
        raise ScenarioError(_complaint(message, ("parameters", *below), Layers(), document)) from error
    for name, parameter in parameters.items():
        if (found := _unsound(name, parameter)) is not None:
            path = ("parameters", name, *found[0])
            msg = f"{document.place(path)}: {'.'.join(path)}: {found[1]}"
            raise ScenarioError(msg)
    return parameters


def _unsound(name: str, parameter: Parameter) -> tuple[Path, str] | None:
    """Place and reason of what is wrong with a parameter."""
    if not NAME.fullmatch(name):
        return (), "a parameter's name becomes a flag; write lower-case letters, digits and _, a letter first"
    complaint = parameter.complaint()
    return None if complaint is None else ((complaint[0],), complaint[1])


def _ensure_keys(parameters: Mapping[str, Parameter], scenario: Scenario, document: Document) -> None:
    """Refuse parameters of keys that there are not: those that no value came from, and so no model looked at."""
    for name, parameter in parameters.items():
        for key, texts in (("sets", (parameter.sets,)), ("unsets", parameter.unsets)):
            strange = next((text for text in texts if not _is_there(scenario, tuple(text.split(".")))), None)
            if strange is None:
                continue
            steps = tuple(strange.split("."))
            at = next((at for at in range(len(steps)) if not keys.is_place(steps[: at + 1])), None)
            if at is not None:
                known = keys.fields(steps[:at])
                hint = f"; valid below {'.'.join(steps[:at]) or 'the top'} are {', '.join(known)}" if known else ""
                path = ("parameters", name, key)
                msg = f"{document.place(path)}: {'.'.join(path)}: there is no key {strange!r}{hint}"
                raise ScenarioError(msg)


def _is_there(scenario: Scenario, path: Path) -> bool:
    """Whether a scenario has a path, as cheaply as can be: to describe the whole model takes longer than to load it."""
    place: Any = scenario
    for step in path:
        if step not in getattr(place, "__struct_fields__", ()):
            return isinstance(place, dict) and bool(step)  # names in a mapping are free
        place = getattr(place, step)
    return True


NOTHING_MORE = Settings()
ALONE = {  # sections that no other layer may say
    "parameters": "make flags, so they are read",
    "aliases": "make flags, so they are read",
    extending.KEY: "names what all else is laid over, so it is read",
}


def load(document: Document, settings: Settings = NOTHING_MORE) -> Loaded:
    """Check a scenario under the given settings.

    Raises `ScenarioError` naming file (or variable or flag), path, line and what would be valid.
    """
    document = extended(document)
    parameters = declared(document)
    stack = Layers()
    stack.lay(document, SCENARIO)
    if document.base is not None:  # what it says is here now
        below = f"{document.place((extending.KEY,))}, which {document.base.name} is merged for"
        stack.set((extending.KEY,), None, Origin(SCENARIO, below))
    layering.from_defaults(stack, parameters, document)
    if settings.now:
        layering.from_clock(stack, parameters, document, settings.now)
    if settings.config is not None:
        stack.lay(settings.config, CONFIG)
    layering.from_environment(stack, settings.environment)
    for assignment in settings.assignments:
        layering.from_assignment(stack, assignment)
    for name, given in settings.flags.items():
        moment = settings.now if parameters[name].type == "moment" and given == NOW else given
        stack.set(parameters[name].path, moment, Origin(COMMAND, f"--{name.replace('_', '-')}"))
    for path, (given, flag) in settings.overrides.items():
        stack.set(tuple(path.split(".")), given, Origin(COMMAND, flag))
    layering.settle(stack, parameters)
    for place, origin in stack.origins.items():
        if place[0] in ALONE and origin.rank != SCENARIO:
            msg = f"{origin.text}: {place[0]} {ALONE[place[0]]} from {document.name} alone; write them there"
            raise ScenarioError(msg)
    scenario = _convert(stack, document)
    _ensure_keys(parameters, scenario, document)
    return Loaded(scenario, stack)


def restore(tree: dict[str, Any], name: str) -> Scenario:
    """Scenario from the effective tree that a manifest recorded."""
    return load(reading.Document(name, tree)).scenario


def _convert(stack: Layers, document: Document) -> Scenario:
    try:
        return msgspec.convert(stack.tree, Scenario)
    except msgspec.ValidationError as error:
        message, path = _parse(error)
        path = _named(path, stack.tree, Scenario, message)
        if isinstance(error.__cause__, OneOfSeveralError):
            path = stack.latest([(*path, *place) for place in error.__cause__.places])
            message = error.__cause__.message
        raise ScenarioError(_complaint(message, path, stack, document)) from error


def _parse(error: msgspec.ValidationError) -> tuple[str, Path]:
    text = str(error)
    match = _AT.search(text)
    if match is None:
        return text, ()
    steps = re.findall(r"\.([^.\[]+)|\[([^\]]*)\]", match.group(1))
    return text[: match.start()], tuple(name or index for name, index in steps)


def _named(path: Path, tree: Any, model: Any, message: str) -> Path:  # noqa: ANN401  any tree, any msgspec type
    """Replace each ``...`` that stands for a mapping's key by the key that causes the message."""
    found = path
    for at in (at for at, step in enumerate(path) if step == "..."):
        mapping = _at(tree, found[:at])
        narrowed = {key: _replaced(tree, found[:at], {key: mapping[key]}) for key in mapping}
        key = next((key for key in mapping if _refused(narrowed[key], model) == (message, path)), None)
        if key is None:
            break
        found, tree = (*found[:at], key, *found[at + 1 :]), narrowed[key]
    return tuple(step for step in found if step != "...")


def _refused(tree: Any, model: Any) -> tuple[str, Path] | None:  # noqa: ANN401  see _named
    try:
        msgspec.convert(tree, model)
    except msgspec.ValidationError as error:
        return _parse(error)
    return None


def _at(tree: Any, path: Path) -> Any:  # noqa: ANN401  see _named
    for step in path:
        tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    return tree


def _replaced(tree: Any, path: Path, leaf: Any) -> Any:  # noqa: ANN401  see _named
    if not path:
        return leaf
    if isinstance(tree, list):
        at = int(path[0])
        return [*tree[:at], _replaced(tree[at], path[1:], leaf), *tree[at + 1 :]]
    return {**tree, path[0]: _replaced(tree[path[0]], path[1:], leaf)}


def _complaint(message: str, path: Path, stack: Layers, document: Document) -> str:
    unknown = _UNKNOWN.match(message)
    if unknown:
        path = (*path, unknown.group(1))
        message = f"unknown key {'.'.join(path)}{_instead(path)}"
    else:
        path, message = _narrowed(path, message, (*stack.origins, *stack.laid, *document.lines))
        newcomer = _newcomer(path, stack) if "missing required" in message else ""
        message = f"{'.'.join(path)}: {_in_words(message, path)}" if path else _in_words(message, path)
        message += newcomer
    origin = stack.strongest(path) or stack.laid.get(path, (0, None))[1]
    place = origin.text if origin else document.place(path)
    return f"{place}: {message}"


def _newcomer(path: Path, stack: Layers) -> str:
    """Say that a name which lacks something is in no scenario, but in a setting alone: another may have been meant."""
    for at in range(1, len(path)):
        said = stack.value(path[:at])
        ranks = [origin.rank for place, origin in stack.origins.items() if place[: at + 1] == path[: at + 1]]
        if isinstance(said, dict) and not keys.fields(path[:at]) and ranks and min(ranks) > SCENARIO:
            others = ", ".join(name for name in said if name != path[at])
            return f"; the scenario has no {path[at]}, so this would be a new one; it has {others}" if others else ""
    return ""


def _narrowed(path: Path, message: str, places: Sequence[Path]) -> tuple[Path, str]:
    """Take the key that a section's own check names at the beginning of its message into the path."""
    below = {known[:length] for known in places for length in range(len(path) + 1, len(known) + 1)}
    for known in sorted(below, key=len, reverse=True):
        start = ".".join(known[len(path) :]) + ": "
        if known[: len(path)] == path and message.startswith(start):
            return known, message.removeprefix(start)
    return path, message


def _in_words(message: str, path: Path) -> str:
    words = re.sub(
        r"Expected `([^`]*)`(?:, got `([^`]*)`)?",
        lambda match: (
            f"expected {_kinds(match.group(1))}" + (f", found {_kinds(match.group(2))}" if match.group(2) else "")
        ),
        message,
    )
    if words.startswith("Invalid enum value"):
        words += f"; valid are {', '.join(map(str, keys.values(path)))}"
    words = words.replace("Invalid RFC3339 encoded date", "not a date; write YYYY-MM-DD")
    words = re.sub(r"Object missing required field `([^`]*)`", r"the key \1 is missing", words)
    return words[:1].lower() + words[1:]


def _kinds(text: str) -> str:
    return " or ".join(_TYPE_WORDS.get(word.strip(), word.strip()) for word in text.split("|"))


def _instead(path: Path) -> str:
    known = keys.fields(path[:-1])
    if not known:
        return ""
    from difflib import get_close_matches  # only a mistake pays for it

    close = get_close_matches(path[-1], known, 1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"{hint} (valid here: {', '.join(known)})"
