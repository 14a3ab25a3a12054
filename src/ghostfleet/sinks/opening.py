"""Sinks by listing the folder and the entry points of the same name, and the sink that a URL means."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from ghostfleet.core.errors import SinkError
from ghostfleet.core.plugins import loaded
from ghostfleet.sinks.formats import suffix_of

if TYPE_CHECKING:
    from ghostfleet.sinks.sink import Home, Sink

PACKAGE = "ghostfleet.sinks"  # and the name of the entry points
FOLDER = [str(Path(__file__).parent)]
SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):(.*)", re.DOTALL)
STORE_SUFFIX = ".duckdb"
STORE_MAGIC = b"DUCK"  # at byte 8 of a DuckDB file


def found() -> dict[str, type[Sink]]:
    """Every sink by scheme; a scheme that two sinks claim is an error."""
    from importlib.metadata import entry_points  # built-in schemes do without it

    sinks: dict[str, type[Sink]] = {}
    plugged_in = ((point.name, _sink_of(loaded(point), point.value)) for point in entry_points(group=PACKAGE))
    candidates = [*_built_in(), *plugged_in]
    for scheme, sink in candidates:
        if scheme in sinks:
            raise SinkError(f"two sinks claim the scheme {scheme}: {_place(sinks[scheme])} and {_place(sink)}")
        sinks[scheme] = sink
    return dict(sorted(sinks.items()))


def open_sink(
    url: str,
    *,
    format: str | None = None,  # noqa: A002  the word of the command
    codec: str = "fast",
    compressed: bool | None = None,
    part: tuple[int, int] | None = None,
    split_bytes: int | None = None,
) -> Sink:
    """Sink that a URL means: a directory, a data file, a DuckDB file, ``-``, or ``scheme:rest``.

    With ``split_bytes`` a directory gets several files of a table that is larger.
    """
    if not url or "\0" in url:
        raise SinkError(f"{url!r} is no destination; valid are a directory, a file, - or one of {_schemes()}")
    match = SCHEME.fullmatch(url)
    scheme, rest = match.groups() if match else (_scheme_of(url), "" if url == "-" else url)
    kind = _one(scheme)
    if kind is None:
        raise SinkError(f"{url} names the sink {scheme}, which does not exist; valid are {_schemes()}")
    return kind.at(rest, format=format, codec=codec, compressed=compressed, part=part, split_bytes=split_bytes)


def home_of(url: str) -> Home | None:
    """Where records about the destination or data set at a URL live."""
    return open_sink(url).home


def _scheme_of(path: str) -> str:
    """Scheme of a URL that names none."""
    if path == "-":
        return "stdout"
    return "duckdb" if not path.endswith("/") and _is_store(Path(path)) else "files"


def _is_store(path: Path) -> bool:
    """Whether a path is or, by its name, will be a DuckDB file."""
    if path.is_dir():
        return False
    if path.name.endswith(STORE_SUFFIX):
        return True
    if suffix_of(path.name) or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(12)[8:] == STORE_MAGIC
    except OSError:  # whoever opens it will say what is the matter
        return False


def _sink_of(named: object, where: str) -> type[Sink]:
    """Class that an entry point names, by itself or by its module."""
    kind = getattr(named, "SINK", named)
    if not isinstance(kind, type) or not all(
        hasattr(kind, part) for part in ("scheme", "at", "open", "part", "finish")
    ):
        raise SinkError(f"the entry point {where} of {PACKAGE} names no sink; name a module with SINK, or its class")
    sink: type[Sink] = kind
    return sink


def _one(scheme: str) -> type[Sink] | None:
    """Class of one scheme, without importing the others if it is built in."""
    names = {module.name for module in iter_modules(FOLDER)}
    if scheme in names:
        one: type[Sink] | None = getattr(import_module(f"{PACKAGE}.{scheme}"), "SINK", None)
        return one
    return found().get(scheme)


def _built_in() -> list[tuple[str, type[Sink]]]:
    modules = [import_module(f"{PACKAGE}.{module.name}") for module in iter_modules(FOLDER)]
    return [(module.SINK.scheme, module.SINK) for module in modules if hasattr(module, "SINK")]


def _schemes() -> str:
    return ", ".join(f"{scheme}:" for scheme in found())


def _place(sink: type[Sink]) -> str:
    return f"{sink.__module__}.{sink.__qualname__}"
