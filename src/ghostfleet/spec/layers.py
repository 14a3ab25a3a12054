"""From layers of settings to one tree: command line over environment over config file over scenario.

One rule holds for every layer and way of writing: a section is merged key by key, and whatever else stands at a
path is one value that replaces what stood there. Lists are such values, and so are mappings from names to numbers
or texts, because their parts belong together (`fleet.shares` sum to 1). A path may still name one part alone:
``--set fleet.shares.web=0.4``, ``GHOSTFLEET_FLEET__SHARES__WEB=0.4``. An empty section says nothing, but for
``--set path={}``, which names a path to say nothing else of it than that it is empty.

Each value remembers its origin, so that an error can name the place to mend and `ghostfleet show` can say
where every value came from.
"""

from __future__ import annotations

import math
import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import msgspec

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec import keys, reading
from ghostfleet.spec.parameters import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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
    laid: dict[Path, tuple[int, Origin]] = msgspec.field(default_factory=dict)  # sections too, by what was laid when
    number: int = 0  # of documents and single values that were laid
    below: dict[Path, list[Origin]] = msgspec.field(default_factory=dict)  # as they were when that many were laid
    seen: int = 0

    def lay(self, document: Document, rank: int) -> None:
        """Put a document over what is there, and below it those that it builds on."""
        if document.base is not None:
            self.lay(document.base, rank)
        own = msgspec.structs.replace(document, base=None)
        self.number += 1
        for key, below in document.tree.items():
            self._put(self.tree, (key,), below, lambda path: Origin(rank, own.place(path)))

    def set(self, path: Path, given: Any, origin: Origin) -> None:  # noqa: ANN401  any YAML value
        """Put a value or a section over what is there at one path."""
        place = self._above(path)
        if place is not None:
            self.number += 1
            self._put(place, path, given, lambda _path: origin)

    def empty(self, path: Path, origin: Origin) -> None:
        """Take away whatever stands in the section at a path."""
        place = self._above(path)
        if place is None:
            return
        self._forget(path, place.get(path[-1]))
        place[path[-1]], self.origins[path] = {}, origin
        self.number += 1
        self.laid[path] = self.number, origin

    def _above(self, path: Path) -> dict[str, Any] | None:
        """Section that holds a path; it is made where there is none.

        None where something stands that can be no section: it stays, to be complained of where it was written.
        """
        place = self.tree
        for length, step in enumerate(path[:-1], 1):
            stood = place.get(step)
            if not isinstance(stood, dict):
                if stood is not None and keys.is_section(path[:length]):
                    return None
                for part, below in _parts(stood):  # of a list, which gives way
                    self._forget((*path[:length], part), below)
                place[step] = {}
            place = place[step]
        return place

    def _put(self, place: dict[str, Any], path: Path, given: Any, origin: Callable[[Path], Origin]) -> None:  # noqa: ANN401  any YAML value
        """Put something over what stands at a path, whose last step is a key of ``place``."""
        key = path[-1]
        _ensure_sound(path, key, origin)
        stood = place.get(key)
        if isinstance(given, dict):
            if not isinstance(stood, dict) or (stood and keys.is_one_value(path)):
                self._forget(path, stood)
                place[key] = stood = {}  # says nothing by itself: its keys have their built-in defaults
                self.laid[path] = self.number, origin(path)
            for step, below in given.items():
                self._put(stood, (*path, step), below, origin)
            return
        self._forget(path, stood)
        place[key] = deepcopy(given) if isinstance(given, list) else given
        self._trace(path, given, origin)

    def _forget(self, path: Path, stood: Any) -> None:  # noqa: ANN401  any YAML value
        """Forget where what stood at a path came from, and all that stood below it."""
        for places in (self.origins, self.laid):
            places.pop(path, None)
        for part, below in _parts(stood):
            self._forget((*path, part), below)

    def _trace(self, path: Path, given: Any, origin: Callable[[Path], Origin]) -> None:  # noqa: ANN401  any YAML value
        """Remember where a value stands, and the parts of a list: it is one value, but a part may be what is wrong."""
        self.origins[path] = origin(path)
        self.laid[path] = self.number, self.origins[path]
        _ensure_sound(path, given, origin)
        for part, below in _parts(given):
            self._trace((*path, part), below, origin)

    def says(self, path: Path) -> bool:
        """Whether any layer gave a value at a path or below it."""
        return any(known[: len(path)] == path for known in self.origins)

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
        above = [path[:length] for length in range(len(path) + 1) if path[:length] in self.origins]
        related = [(self.origins[known].rank, len(known), self.origins[known]) for known in above]
        related += [(origin.rank, 0, origin) for origin in self._below().get(path, ())]
        return max(related, key=lambda found: found[:2], default=(0, 0, None))[2]

    def _below(self) -> dict[Path, list[Origin]]:
        """Origins below each path; made once, as whoever shows a scenario asks about every value of it."""
        if self.seen != self.number:
            self.below.clear()
            for known, origin in self.origins.items():
                for length in range(len(known)):
                    self.below.setdefault(known[:length], []).append(origin)
            self.seen = self.number
        return self.below

    def latest(self, paths: Sequence[Path]) -> Path:
        """Path at or below which the strongest layer laid something last; the first of those that it laid at once."""

        def when(path: Path) -> tuple[int, int]:
            below = ((origin.rank, at) for known, (at, origin) in self.laid.items() if known[: len(path)] == path)
            return max(below, default=(SCENARIO, 0))

        return max(paths, key=when)


def _parts(given: Any) -> Iterable[tuple[str, Any]]:  # noqa: ANN401  any YAML value
    """Steps to what a section or a list consists of, and what stands there."""
    if isinstance(given, list):
        return ((str(number), part) for number, part in enumerate(given))
    return given.items() if isinstance(given, dict) else ()


def _ensure_sound(path: Path, given: Any, origin: Callable[[Path], Origin]) -> None:  # noqa: ANN401  any YAML value
    """Refuse a number that is none, and a text that not every format can carry."""
    wrong = ""
    if isinstance(given, float) and not math.isfinite(given):
        wrong = _no_number(given)
    elif isinstance(given, str):
        wrong = reading.uncarried(given)
    if wrong:
        said = ".".join(path).replace("\0", "\\0").replace("\x1f", "\\x1f")
        raise ScenarioError(f"{origin(path).text}: {said}: {wrong}")


def _no_number(given: float) -> str:
    found = ".nan" if math.isnan(given) else ".inf" if given > 0 else "-.inf"
    return f"expected a number, found {found}; write a finite one such as 1.5, or quotes around it if a text is meant"


def section(document: Document, key: str) -> Any:  # noqa: ANN401  any YAML value
    """Value of a key at the top of a document, laid over those of the documents that it builds on."""
    if document.base is None:
        return document.tree.get(key)
    layers = Layers()
    for one, given in ((document.base, section(document.base, key)), (document, document.tree.get(key))):
        if given is not None:
            layers.lay(msgspec.structs.replace(one, tree={key: given}, base=None), SCENARIO)
    return layers.tree.get(key)


def from_environment(layers: Layers, environment: Mapping[str, str]) -> None:
    """Lay variables such as ``GHOSTFLEET_DATA__NUM_SERVERS=50``; a double underscore separates levels.

    Keys and names are found whatever the case of their letters, and where a shell lets no variable have a sign, an
    underscore stands for it: ``…__REGION_ZONES__US_EAST``. Variables that name a section come before its keys.
    ``GHOSTFLEET_CONFIG`` names the config file and is not a setting.
    """
    for name in sorted(environment, key=lambda name: (name.count("__"), name)):
        if not name.startswith(ENVIRONMENT_PREFIX) or name == f"{ENVIRONMENT_PREFIX}CONFIG":
            continue
        steps = name.removeprefix(ENVIRONMENT_PREFIX).split("__")
        path: Path = ()
        for step in steps:
            path = (*path, _meant(step, keys.names(path, layers.tree), name))
        if not all(steps):
            example = f"{ENVIRONMENT_PREFIX}DATA__NUM_SERVERS"
            msg = f"environment variable {name}: write {ENVIRONMENT_PREFIX}SECTION__KEY, such as {example}"
            raise ScenarioError(msg)
        origin = Origin(ENVIRONMENT, f"environment variable {name}")
        layers.set(path, reading.value(environment[name], origin.text), origin)


def _meant(step: str, known: Sequence[str], variable: str) -> str:
    """Key that a step of a variable's name means, in lower case where it means none."""
    found = [key for key in known if _letters(key) == _letters(step)]
    if step in found:
        return step
    if len(found) > 1:
        msg = f"environment variable {variable}: {step} may be {' or '.join(found)}; use --set or a config file"
        raise ScenarioError(msg)
    return found[0] if found else step.lower()


def _letters(key: str) -> str:
    return re.sub(r"\W", "_", key.casefold())


def from_assignment(layers: Layers, assignment: str) -> None:
    """Lay one ``path=value`` of ``--set``."""
    path, equals, text = assignment.partition("=")
    steps = tuple(path.strip().split("."))
    if not equals or not all(steps):
        msg = f"--set {assignment}: write --set path=value, such as --set data.num_servers=50"
        raise ScenarioError(msg)
    origin = Origin(COMMAND, f"--set {path.strip()}")
    given = reading.value(text, origin.text)
    if given == {}:
        layers.empty(steps, origin)
    else:
        layers.set(steps, given, origin)


def from_defaults(layers: Layers, parameters: Mapping[str, Parameter], document: Document) -> None:
    """Lay the defaults that a scenario declares for its parameters, where its own keys say nothing."""
    for name, parameter in parameters.items():
        if parameter.default is not None and not layers.says(parameter.path):
            place = document.place(("parameters", name, "default"))
            origin = Origin(SCENARIO, f"{place}, default of parameter {name}")
            layers.set(parameter.path, parameter.default, origin)


def from_clock(layers: Layers, parameters: Mapping[str, Parameter], document: Document, now: str) -> None:
    """Let moments that are now by default be now, unless a scenario that builds on who says so says another."""
    for name, parameter in parameters.items():
        if parameter.type == "moment" and parameter.default == NOW and not _is_pinned(document, name, parameter.path):
            layers.set(parameter.path, now, Origin(SCENARIO, f"the clock, default of parameter {name}"))


def _is_pinned(document: Document | None, name: str, path: Path) -> bool:
    """Whether a key is said in a document that builds on the one that declares its parameter."""
    while document is not None:
        declared = document.tree.get("parameters")
        if isinstance(declared, dict) and isinstance(declared.get(name), dict):
            return False
        said = Layers()
        said.lay(msgspec.structs.replace(document, base=None), SCENARIO)
        if said.value(path) is not None:
            return True
        document = document.base
    return False


def settle(layers: Layers, parameters: Mapping[str, Parameter]) -> None:
    """Let values that contradict weaker ones win: a given end date sets the default number of years aside."""
    for parameter in parameters.values():
        origin = layers.origins.get(parameter.path)
        if origin is not None and origin.rank > SCENARIO and layers.value(parameter.path) is not None:
            for other in parameter.unsets:
                layers.unset_weaker(tuple(other.split(".")), origin.rank)
