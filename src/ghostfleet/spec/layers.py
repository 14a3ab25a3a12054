"""From layers of settings to one tree: command line over environment over config file over scenario.

Each value remembers its origin, so that an error can name the place to mend and `ghostfleet show` can say
where every value came from.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import msgspec

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec import reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghostfleet.spec.parameters import Parameter
    from ghostfleet.spec.reading import Document, Path

ENVIRONMENT_PREFIX = "GHOSTFLEET_"


class Origin(msgspec.Struct, frozen=True):
    """Where a value came from; ``rank`` orders the layers, ``text`` is for people."""

    rank: int
    text: str


SCENARIO, CONFIG, ENVIRONMENT, COMMAND = range(4)


class Layers(msgspec.Struct):
    """A tree of settings under construction."""

    tree: dict[str, Any] = msgspec.field(default_factory=dict)
    origins: dict[Path, Origin] = msgspec.field(default_factory=dict)

    def lay(self, document: Document, rank: int) -> None:
        """Put every leaf of a document over what is there."""
        for path, leaf in _leaves(document.tree, ()):
            self.set(path, leaf, Origin(rank, f"{document.name}:{document.line(path)}"))

    def set(self, path: Path, leaf: Any, origin: Origin) -> None:  # noqa: ANN401  any YAML value
        """Set one path, replacing whatever stood there or below."""
        place = self.tree
        for step in path[:-1]:
            if not isinstance(place.get(step), dict):
                place[step] = {}
            place = place[step]
        for known in [known for known in self.origins if known[: len(path)] == path]:
            del self.origins[known]
        place[path[-1]] = deepcopy(leaf)
        if leaf != {}:  # an empty section says nothing: its keys have their built-in defaults
            self.origins[path] = origin

    def value(self, path: Path) -> Any:  # noqa: ANN401  any YAML value
        """Value at a path, None where there is none."""
        place: Any = self.tree
        for step in path:
            place = place.get(step) if isinstance(place, dict) else None
        return place

    def unset_weaker(self, path: Path, rank: int) -> None:
        """Forget a value that a weaker layer gave."""
        origin = self.origins.get(path)
        if origin is not None and origin.rank < rank:
            self.set(path, None, Origin(rank, "not used, because a stronger layer gives what it contradicts"))

    def origin(self, path: Path) -> Origin | None:
        """Origin of a path, or of the nearest ancestor or descendant that has one."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return self.strongest(path)

    def strongest(self, path: Path) -> Origin | None:
        """Origin of the strongest value at, above or below a path: the likeliest cause of a complaint."""
        related = [
            origin
            for known, origin in self.origins.items()
            if known[: len(path)] == path or path[: len(known)] == known
        ]
        return max(related, key=lambda origin: origin.rank, default=None)


def _leaves(tree: Mapping[str, Any], path: Path) -> list[tuple[Path, Any]]:
    found: list[tuple[Path, Any]] = []
    for key, leaf in tree.items():
        if isinstance(leaf, dict) and leaf:
            found += _leaves(leaf, (*path, key))
        else:
            found.append(((*path, key), leaf))
    return found


def from_environment(layers: Layers, environment: Mapping[str, str]) -> None:
    """Lay variables such as ``GHOSTFLEET_DATA__NUM_SERVERS=50``; a double underscore separates levels.

    ``GHOSTFLEET_CONFIG`` names the config file and is not a setting.
    """
    for name in sorted(environment):
        if not name.startswith(ENVIRONMENT_PREFIX) or name == f"{ENVIRONMENT_PREFIX}CONFIG":
            continue
        path = tuple(step.lower() for step in name.removeprefix(ENVIRONMENT_PREFIX).split("__"))
        if not all(path):
            example = f"{ENVIRONMENT_PREFIX}DATA__NUM_SERVERS"
            msg = f"environment variable {name}: write {ENVIRONMENT_PREFIX}SECTION__KEY, such as {example}"
            raise ScenarioError(msg)
        origin = Origin(ENVIRONMENT, f"environment variable {name}")
        layers.set(path, reading.value(environment[name], origin.text), origin)


def from_assignment(layers: Layers, assignment: str) -> None:
    """Lay one ``path=value`` of ``--set``."""
    path, equals, text = assignment.partition("=")
    steps = tuple(path.strip().split("."))
    if not equals or not all(steps):
        msg = f"--set {assignment}: write --set path=value, such as --set data.num_servers=50"
        raise ScenarioError(msg)
    origin = Origin(COMMAND, f"--set {path.strip()}")
    layers.set(steps, reading.value(text, origin.text), origin)


def from_defaults(layers: Layers, parameters: Mapping[str, Parameter], document: Document) -> None:
    """Lay the defaults that a scenario declares for its parameters, where its own keys say nothing."""
    for name, parameter in parameters.items():
        if parameter.default is not None and parameter.path not in layers.origins:
            line = document.line(("parameters", name, "default"))
            origin = Origin(SCENARIO, f"{document.name}:{line}, default of parameter {name}")
            layers.set(parameter.path, parameter.default, origin)


def settle(layers: Layers, parameters: Mapping[str, Parameter]) -> None:
    """Let values that contradict weaker ones win: a given end date sets the default number of years aside."""
    for parameter in parameters.values():
        origin = layers.origins.get(parameter.path)
        if origin is not None and origin.rank > SCENARIO and layers.value(parameter.path) is not None:
            for other in parameter.unsets:
                layers.unset_weaker(tuple(other.split(".")), origin.rank)
