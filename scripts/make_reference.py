"""Compute the pages of docs/reference from the code; ``--check`` only says which are not up to date."""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ghostfleet import incidents, queries, records, shapes, sinks, truth
from ghostfleet.cli import commands
from ghostfleet.cli import scenario as scenarios
from ghostfleet.core import errors
from ghostfleet.sinks.sink import GROUPS
from ghostfleet.spec import loading
from ghostfleet.spec import schema as schemas
from ghostfleet.truth import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ghostfleet.core.table import Table

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "ghostfleet"
PLACE = ROOT / "docs" / "reference"
ABOUT_KEYS = """Every key that a scenario file may have; unknown keys are errors. `ghostfleet schema` prints the same as
JSON Schema. A *name* in a path stands for a name of your choice."""
ABOUT_FLAGS = """`generate`, `plan` and `show` take them, and `verify` after `--scenario`. A flag that is on has a
`--no-…` to switch it off."""
ABOUT_URLS = """A directory or a data file needs no scheme (`files:`), nor does a DuckDB file (`duckdb:`), told by its
suffix `.duckdb` or its first bytes; `-` is `stdout:`."""
ABOUT_KINDS = """A list of texts (kind `texts`) is an array in JSON, a list in Parquet and in stores, and in CSV one
cell with `;` between its items; there an item that holds a `;` looks like two."""
ABOUT_VIEWS = (
    """A DuckDB file keeps those whose tables it has, and `ghostfleet ask` answers them of other places as well."""
)
_COMMON = tuple(one.encode_name for one in msgspec.structs.fields(incidents.Incident))
ABOUT_IMPACT = """What `impact` is measured in. Smaller changes are left out; a call is named `caller → callee`."""
NOTE = "<!-- Computed by scripts/make_reference.py (`make docs`); changes here are lost. -->"
OTHER_CODES = ((0, "it worked"),
               (1, "a check failed, what is stored is not what the manifest says, or some lines were not loaded"),
               (130, "interrupted; the same command takes up where it stopped"),
               (141, "the reader of standard output has gone"))  # fmt: skip


def rows(head: Sequence[str], body: Sequence[Sequence[object]]) -> list[str]:
    """Markdown table."""
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ").strip() for cell in row] for row in body]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *cells)]


def first_line(text: str | None) -> str:
    """Sentence that a docstring opens with."""
    return (text or "").strip().partition("\n")[0]


def page(title: str, *parts: Sequence[str]) -> str:
    """Page with a title and the note that it is computed."""
    return "\n".join([f"# {title}", "", NOTE, "", *(line for part in parts for line in (*part, ""))]).rstrip() + "\n"


def tables() -> str:
    """Describe every table of every signal, and those of truth."""
    parts: list[list[str]] = []
    of_signals = [signal.TABLE for signal in records.found().values()]
    for table in (*of_signals, *truth.TABLES):
        body = [
            (
                f"`{one.name}`",
                one.kind.value,
                one.unit,
                _bounds(one.low, one.high),
                one.resolution or "",
                one.fold.value if one.fold else "",
                one.group,
                one.about + (f": {', '.join(one.values)}" if one.values else "") + (" (may be null)" * one.nullable),
            )
            for one in table.columns
        ]
        parts += [
            [f"## {table.name}", "", f"{table.about.capitalize()}."],
            [_place(table)],
            rows(("column", "kind", "unit", "valid", "resolution", "fold", "column group", "about"), body),
        ]
    return page("Tables", [ABOUT_KINDS], *parts, *_impact_metrics())


def _impact_metrics() -> list[list[str]]:
    """Metrics of impact, and how much of a change counts."""
    body = [
        (f"`{one.name}`", one.about, f"{one.least:.0%} of what would have been" if one.floor else f"{one.least:g}")
        for one in (*metrics.FLOWING, *metrics.LEAVES)
    ]
    return [["## Metrics of impact"], [ABOUT_IMPACT], rows(("metric", "about", "smallest change that counts"), body)]


def _place(table: Table) -> str:
    keys, order = (", ".join(names) for names in (table.keys, table.order))
    return f"A row is unique by {keys}. Order: {order}. File: `{table.file_stem}`. Group: {table.group}."


def _bounds(low: object, high: object) -> str:
    if low is None and high is None:
        return ""
    return " … ".join("" if bound is None else f"{bound:g}" for bound in (low, high)).strip()


def scenario_keys() -> str:
    """List every key of a scenario file, from its JSON Schema."""
    made = schemas.schema()
    body = list(_keys(made, made["$defs"], ()))
    return page("Scenario files", [ABOUT_KEYS], rows(("key", "value", "default", "about"), body))


def _keys(node: dict[str, Any], known: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    node = _resolved(node, known)
    for key, below in node.get("properties", {}).items():
        inner = _resolved(below, known)
        about = below.get("description") or inner.get("description", "")
        default = below.get("default", inner.get("default", "required" if key in node.get("required", ()) else ""))
        shown = default if default == "required" else "" if default in ("", {}) else f"`{_compact(default)}`"
        is_section = "properties" in inner or isinstance(inner.get("additionalProperties"), dict)
        yield f"`{'.'.join((*path, key))}`", _value(below, known), shown if not is_section else "", first_line(about)
        yield from _keys(inner, known, (*path, key))
    if isinstance(node.get("additionalProperties"), dict):
        yield from _keys(node["additionalProperties"], known, (*path, "*name*"))


def _compact(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _resolved(node: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    options = [one for one in node.get("anyOf", ()) if one.get("type") != "null"]
    if len(options) == 1:
        node = options[0]
    if "$ref" in node:
        found: dict[str, Any] = known[node["$ref"].rpartition("/")[2]]
        return found
    return node


def _value(node: dict[str, Any], known: dict[str, Any]) -> str:
    if "anyOf" in node:
        return " or ".join(dict.fromkeys(_value(one, known) for one in node["anyOf"]))
    node = _resolved(node, known)
    if "enum" in node:
        return ", ".join(_compact(value) for value in node["enum"])
    kind = str(node.get("type", "anything"))
    if kind == "array":
        items = node.get("items") or {}
        inner = _value(items, known) if items else ""
        return f"list of {inner}" if inner else "list"
    words = {"integer": "whole number", "string": "text", "object": "mapping", "boolean": "true or false"}
    limits = [
        f"{sign} {node[key]:g}"
        for key, sign in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
        if key in node
    ]
    kind = node["format"] if "format" in node else words.get(kind, "nothing" if kind == "null" else kind)
    return " ".join([str(kind), ", ".join(limits)]).strip()


def commands_page() -> str:
    """Describe every command with its options, and for each scenario the flags that it adds."""
    parts: list[list[str]] = []
    for name in command_names():
        command: click.Command = import_module(f"{commands.__name__}.{name}").command
        parts += _command(command, name)
    for name in loading.shipped():
        declared = loading.declared(scenarios.find(name))
        body = [
            (f"`--{key.replace('_', '-')}`", _kind(one), "" if one.default is None else one.default, f"`{one.sets}`",
             one.help)
            for key, one in declared.items()
        ]  # fmt: skip
        parts += [
            [f"## Flags of the scenario {name}"],
            [ABOUT_FLAGS],
            rows(("flag", "value", "default", "sets", "about"), body),
        ]
    return page("Commands", *parts)


def command_names() -> list[str]:
    """Names of all commands."""
    return sorted(module.name for module in iter_modules(commands.__path__))


def _command(command: click.Command, name: str) -> list[list[str]]:
    params = click.Command.get_params(command, click.Context(command))
    arguments = " ".join(
        param.make_metavar(click.Context(command)) for param in params if isinstance(param, click.Argument)
    )
    options = [
        param for param in params if isinstance(param, click.Option) and not param.hidden and param.name != "help"
    ]
    body = []
    for option in options:
        names = ", ".join(f"`{one}`" for one in (*option.opts, *option.secondary_opts))
        value = "" if option.is_flag else option.make_metavar(click.Context(command))
        body.append((names, value, option.help or ""))
    help_text = " ".join((command.help or "").split())
    parts = [
        [f"## ghostfleet {name}", "", f"`ghostfleet {name} [OPTIONS] {arguments}`".replace(" `", "`"), "", help_text]
    ]
    return [*parts, rows(("option", "value", "about"), body)]


def _kind(one: Any) -> str:  # noqa: ANN401  spec's Parameter
    if one.choices:
        return ", ".join(one.choices)
    limits = [f"≥ {one.min:g}" if one.min is not None else "", f"≤ {one.max:g}" if one.max is not None else ""]
    return " ".join([one.type, ", ".join(limit for limit in limits if limit)]).strip()


def parts_page() -> str:
    """List shapes and incidents, with their options, and sinks."""
    shape_rows = []
    for name, kind in sorted(shapes.kinds().items()):
        options = ", ".join(f"`{one.encode_name}`" for one in msgspec.structs.fields(kind))
        shape_rows.append((f"`{name}`", options, first_line(kind.__doc__)))
    incident_rows = []
    for name, incident in sorted(incidents.kinds().items()):
        own = ", ".join(f"`{one.encode_name}`" for one in msgspec.structs.fields(incident)[len(_COMMON) :])
        labels = ", ".join(selector.label for selector in incident.whom())
        incident_rows.append((f"`{name}`", labels, own, first_line(incident.__doc__)))
    sink_rows = [
        (f"`{name}:`", "one" if sink.writers == "one" else "many", _groups(sink.groups), first_line(sink.__doc__))
        for name, sink in sinks.found().items()
    ]
    return page(
        "Shapes, incidents and sinks",
        ["## Shapes"],
        rows(("kind", "options", "about"), shape_rows),
        ["## Incidents"],
        [f"Options of all kinds: {', '.join(f'`{name}`' for name in _COMMON)}."],
        rows(("kind", "strikes", "further options", "about"), incident_rows),
        ["## Sinks"],
        [ABOUT_URLS],
        rows(("scheme", "writers", "groups", "about"), sink_rows),
    )


def _groups(groups: frozenset[str]) -> str:
    return "all" if groups == GROUPS else ", ".join(sorted(groups))


def queries_page() -> str:
    """List questions, views, queries and checks from their headers."""
    parts = [["## Questions"], ["`ghostfleet ask` answers them; their texts are listed with what they return."]]
    asked = [one for name, one in queries.questions().items() if name not in queries.stored_views()]
    body = [
        (f"`{one.name}`", one.title, _asked(one), " ".join(f"`{text.name}`" for text in one.texts)) for one in asked
    ]
    parts += [rows(("name", "about", "parameters", "texts"), body)]
    views = [(f"`{name}`", view.title, _relations(view)) for name, view in queries.stored_views().items()]
    parts += [["## Views", "", ABOUT_VIEWS], rows(("name", "about", "made of"), views)]
    texts = sorted({text.name: text for one in asked for text in one.texts}.values(), key=lambda text: text.name)
    body = [(f"`{text.name}`", text.title, text.language, ", ".join(text.columns)) for text in texts]
    parts += [["## Texts of questions"], rows(("name", "about", "language", "columns"), body)]
    for title, folder in (("Queries", SOURCE / "queries"), ("Checks", SOURCE / "queries" / "checks")):
        found = sorted(folder.glob("*.sql")) if folder.is_dir() else []
        lines = [(f"`{path.stem}`", *_header(path)) for path in found]
        parts += [[f"## {title}"], rows(("name", "about", "further"), lines) if lines else ["None yet."]]
    return page("Queries and checks", *parts)


def _asked(one: queries.Question) -> str:
    """Parameters of a question, and its window."""
    length, table = one.window
    said = ", ".join(f"`{parameter}`" for parameter in one.parameters.values())
    return f"{said}; window: {length} of `{table}`" if table else said


def _relations(view: queries.Query) -> str:
    return ", ".join(f"`{need.relation}`" for need in view.needs)


def _header(path: Path) -> tuple[str, str]:
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--"))
    title, further, key = "", [], ""
    for line in lines:
        name, colon, value = line.strip().partition(":")
        if colon and name.isidentifier() and not line.startswith("   "):
            key = name
            if key == "title":
                title = value.strip()
            elif key in {"category", "severity", "advice", "parameters"}:
                further.append(f"{key}: {value.strip()}")
        elif further and key in {"category", "severity", "advice"}:
            further[-1] += " " + line.strip()
    return title, "; ".join(further)


def exit_codes() -> str:
    """List exit codes from the tree of errors."""
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.GhostfleetError)
    ]
    body = [(kind.exit_code, f"{first_line(kind.__doc__)} (`{kind.__name__}`)") for kind in kinds if kind.exit_code > 1]
    return page("Exit codes", rows(("code", "meaning"), sorted([*body, *OTHER_CODES])))


def functions() -> str:
    """List the public functions and classes of every module with their first line."""
    parts: list[list[str]] = []
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        body = [
            (f"`{node.name}`", first_line(ast.get_docstring(node)))
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        ]
        about = first_line(ast.get_docstring(tree))
        if body:
            parts += [[f"## {module}", "", about], rows(("name", "about"), body)]
    return page("Functions", ["What the modules offer each other; names with an underscore stay inside."], *parts)


def index(pages: dict[str, str]) -> str:
    """List the pages."""
    names = [f"* [{text.partition(chr(10))[0].removeprefix('# ')}]({name})" for name, text in pages.items()]
    return page("Reference", ["Computed from the code, so it says what the code does."], names)


def made() -> dict[str, str]:
    """All pages by file name."""
    pages = {
        "commands.md": commands_page(),
        "scenario.md": scenario_keys(),
        "tables.md": tables(),
        "parts.md": parts_page(),
        "queries.md": queries_page(),
        "exit-codes.md": exit_codes(),
        "functions.md": functions(),
    }
    return {"README.md": index(pages), **pages}


def main() -> int:
    """Write the pages, or compare them."""
    stale = 0
    PLACE.mkdir(parents=True, exist_ok=True)
    for name, text in made().items():
        path = PLACE / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if "--check" in sys.argv:
            print(f"docs/reference/{name} is not what `make docs` writes")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"docs/reference/{name}")
    return int("--check" in sys.argv and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
