"""Commands that take a scenario: its parameters become their flags, and all layers of settings come together."""

from __future__ import annotations

import math
import os
from codecs import getincrementaldecoder
from copy import copy
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ghostfleet import records
from ghostfleet.cli.times import Moment
from ghostfleet.core.errors import ScenarioError
from ghostfleet.run import surroundings
from ghostfleet.spec import extending, layers, loading, moments, reading
from ghostfleet.spec.parameters import NAME, NOW, Parameter, flag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

PREFIX = "parameter_"
CONFIG_VARIABLE = "GHOSTFLEET_CONFIG"
META = "ghostfleet.scenario"
OPTIONS = "ghostfleet.options"
OPTION = "--scenario"
MOST_BYTES = 4 * reading.LARGEST_TEXT + 1  # a character takes up to four


def find(name: str) -> reading.Document:
    """Text of a shipped scenario or of a YAML file; `ScenarioError` naming what there is."""
    path = Path(name)
    if extending.is_path(name) or path.is_file():
        return loading.extended(reading.read(_text(path), name), _beside)
    known = loading.shipped()
    if name not in known:
        msg = f"there is no scenario {name}; shipped are {', '.join(sorted(known))}, or name a .yaml file"
        raise ScenarioError(msg)
    return loading.extended(reading.read(known[name], f"{name}.yaml"))


def _beside(name: str, of: str) -> reading.Document:
    """Text of a file that a scenario's file names as its base."""
    path = os.path.normpath(Path(of).parent / name)  # so that a circle comes back to the same name
    return reading.read(_text(Path(path)), path)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES)  # more is refused, however long it goes on
        return getincrementaldecoder("utf-8")().decode(content, final=len(content) < MOST_BYTES)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise ScenarioError(msg) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        msg = f"cannot read {path}:{line}: it is not UTF-8 text"
        raise ScenarioError(msg) from error


class ScenarioCommand(click.Command):
    """A command whose first argument names a scenario, which then adds its own flags."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look for the scenario first, because the other arguments depend on it."""
        name = self._scenario(ctx, args)
        if name is not None:
            document = find(name)
            ctx.meta[META] = document, loading.declared(document)
            self._ensure_names(ctx, document)
            self._ensure_options(ctx, document)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Own parameters, then the scenario's; aliases of the scenario join the options they stand for."""
        params = super().get_params(ctx)
        if META not in ctx.meta:
            return params
        if OPTIONS not in ctx.meta:  # click asks several times
            document, declared = ctx.meta[META]
            own = [*params[:-1], *(_option(name, parameter) for name, parameter in declared.items()), params[-1]]
            aliases = _aliases(document)
            ctx.meta[OPTIONS] = [_aliased(param, aliases) for param in own]
        options: list[click.Parameter] = ctx.meta[OPTIONS]
        return options

    def _ensure_options(self, ctx: click.Context, document: reading.Document) -> None:
        """Refuse aliases of options that no command has: they would have no effect."""
        wanted = {alias: flag(option) for alias, option in _aliases(document).items()}
        if set(wanted.values()) <= _flags(self.get_params(ctx)):
            return
        known = {flag(name) for name in ctx.meta[META][1]} | _flags_of_all()
        for alias, option in wanted.items():
            if option not in known:
                place = document.place(("aliases", alias))
                valid = ", ".join(sorted(name.removeprefix("--") for name in known))
                msg = f"{place}: aliases.{alias}: there is no option {option}; valid are {valid}"
                raise ScenarioError(msg)

    def _ensure_names(self, ctx: click.Context, document: reading.Document) -> None:
        """Refuse a parameter or an alias whose flag is taken."""
        taken = {
            name: f"an option of {ctx.info_name}"
            for p in super().get_params(ctx)
            for name in (*p.opts, *p.secondary_opts)
        }
        declared = ctx.meta[META][1]
        wanted = [
            (("parameters", name), flags)
            for name, parameter in declared.items()
            for flags in [_flags_of(name, parameter)]
        ]
        wanted += [(("aliases", name), (flag(name),)) for name in _aliases(document)]
        for path, flags in wanted:
            if not NAME.fullmatch(path[1]):
                place = document.place(path)
                msg = f"{place}: {'.'.join(path)}: its name becomes a flag; write lower-case letters, digits and _"
                raise ScenarioError(msg)
            for name in flags:
                if name in taken:
                    place = document.place(path)
                    msg = f"{place}: {'.'.join(path)}: {name} is {taken[name]} already; choose another name"
                    raise ScenarioError(msg)
                taken[name] = f"the flag of {path[1]}"

    def _scenario(self, ctx: click.Context, args: Sequence[str]) -> str | None:
        """First argument that is neither an option nor an option's value."""
        switches = {
            name
            for p in super().get_params(ctx)
            if isinstance(p, click.Option) and p.is_flag
            for name in (*p.opts, *p.secondary_opts)
        }
        skip = False
        for arg in args:
            if skip:
                skip = False
            elif not arg.startswith("-") or arg == "-":
                return arg
            else:
                skip = "=" not in arg and arg not in switches and not arg.startswith("--no-")
        return None


class ScenarioOptionCommand(ScenarioCommand):
    """A command that may name a scenario with an option, which then adds its own flags."""

    def _scenario(self, ctx: click.Context, args: Sequence[str]) -> str | None:
        """Value of the option, however it is joined to its name."""
        del ctx
        named = None
        for arg, following in zip(args, [*args[1:], None], strict=False):  # without any argument, None has no partner
            if arg == OPTION:
                named = following
            elif arg.startswith(f"{OPTION}="):
                named = arg.removeprefix(f"{OPTION}=")
        return named


def _flags_of(name: str, parameter: Parameter) -> tuple[str, ...]:
    """Flags of a parameter: one to turn a boolean on, one to turn it off."""
    return (flag(name), f"--no-{flag(name)[2:]}") if parameter.type == "boolean" else (flag(name),)


def _option(name: str, parameter: Parameter) -> click.Option:
    kind: Any = None
    if parameter.type == "integer":
        kind = click.IntRange(_whole(parameter.min), _whole(parameter.max)) if _bounded(parameter) else click.INT
    elif parameter.type == "number":
        kind = click.FloatRange(parameter.min, parameter.max) if _bounded(parameter) else click.FLOAT
    elif parameter.type == "choice":
        kind = click.Choice(parameter.choices)
    elif parameter.type == "shares":
        kind = Shares(parameter.choices)
    default = "" if parameter.default is None else f"  [default: {_shown(parameter)}]"
    if parameter.type == "moment":
        kind = When()
    return click.Option(
        [PREFIX + name, "/".join(_flags_of(name, parameter))],
        type=kind,
        default=None,
        help=parameter.help + default,
        metavar={"date": "DATE", "moment": "TIME", "shares": "NAME=SHARE,…"}.get(parameter.type),
    )


class When(click.ParamType):  # type: ignore[type-arg]  # generic in later releases only
    """A time as scenarios write it, or ``now``."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401  click's signature
        """The text as it was typed, once it is known to be a time."""
        if value != NOW:
            Moment().convert(value, param, ctx)
        return str(value)


class Shares(click.ParamType):  # type: ignore[type-arg]  # generic in later releases only
    """Shares of a whole, such as ``cloud=0.5,guest=0.5``; what is not named has none."""

    name = "NAME=SHARE,…"

    def __init__(self, names: tuple[str, ...]) -> None:
        """Know what may have a share."""
        self.names = names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, float]:  # noqa: ANN401  click's signature
        """Every name with its share; whether they sum to 1 is for the scenario to say."""
        if isinstance(value, dict):
            return value
        shares = dict.fromkeys(self.names, 0.0)
        for part in str(value).split(","):
            name, _, share = (piece.strip() for piece in part.partition("="))
            try:
                shares[name] = float(share) if name in shares and name else math.nan
            except ValueError:
                shares[name] = math.nan
            if math.isnan(shares[name]):
                example = f"{self.names[0]}=0.6,{self.names[-1]}=0.4"
                self.fail(f"{part.strip()!r} is no share of {', '.join(self.names)}; write {example}", param, ctx)
        return shares


def _shown(parameter: Parameter) -> str:
    if parameter.type == "boolean":
        return "on" if parameter.default else "off"
    if parameter.type == "shares":
        return ",".join(f"{name}={share:g}" for name, share in parameter.default.items())
    return str(parameter.default)


def _bounded(parameter: Parameter) -> bool:
    return parameter.min is not None or parameter.max is not None


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)


def _aliases(document: reading.Document) -> dict[str, str]:
    """Aliases of a scenario as far as they are what they should be; loading complains of the others."""
    given = layers.section(document, "aliases")
    return {name: of for name, of in given.items() if isinstance(of, str)} if isinstance(given, dict) else {}


def _flags(params: Sequence[click.Parameter]) -> set[str]:
    options = (param for param in params if isinstance(param, click.Option))
    return {name for option in options for name in option.opts if name.startswith("--")}


def _flags_of_all() -> set[str]:
    """Flags of every command that takes a scenario; imports all, which only few runs need."""
    folder = Path(__file__).parent / "commands"
    found = [import_module(f"ghostfleet.cli.commands.{module.name}").command for module in iter_modules([str(folder)])]
    return {name for one in found if isinstance(one, ScenarioCommand) for name in _flags(one.params)}


def _aliased(param: click.Parameter, aliases: Mapping[str, str]) -> click.Parameter:
    names = [flag(alias) for alias, option in aliases.items() if flag(option) in param.opts]
    if not names or not isinstance(param, click.Option) or set(names) <= set(param.opts):
        return param
    wider = copy(param)
    wider.opts = [*param.opts, *names]
    return wider


def load(ctx: click.Context, arguments: Mapping[str, Any]) -> loading.Loaded:
    """Scenario with every layer laid over it: command line, environment, config file."""
    document, _ = ctx.meta.pop(META)
    environment = surroundings.environment()
    config_name = arguments.get("config") or environment.get(CONFIG_VARIABLE)
    config = reading.read(_text(Path(config_name)), config_name) if config_name else None
    given = {
        name.removeprefix(PREFIX): value
        for name, value in arguments.items()
        if name.startswith(PREFIX) and value is not None
    }
    clock = surroundings.now()
    overrides = {} if arguments.get("seed") is None else {"execution.random_seed": (arguments["seed"], "--seed")}
    settings = loading.Settings(
        config, environment, arguments.get("assignments", ()), given, overrides, clock.isoformat(timespec="seconds")
    )
    loaded = _with_incidents(loading.load(document, settings), document, settings, arguments)
    tables = () if loaded.scenario.tables == ("all",) else loaded.scenario.tables
    named = [(table, ("expect", table), records.signal) for table in loaded.scenario.expect or ()]
    for table, path, known in [
        *named,
        *((table, ("tables", str(at)), records.named) for at, table in enumerate(tables)),
    ]:
        try:
            known(table)
        except ScenarioError as error:
            msg = f"{loaded.origin(path)}: {'.'.join(path)}: {error}"
            raise ScenarioError(msg) from error
    _ensure_columns(loaded)
    _ensure_past(loaded, clock)
    return loaded


def _ensure_past(loaded: loading.Loaded, clock: datetime) -> None:
    """Refuse a moment that is to count as now and has not come yet: no request is later than now."""
    estate = loaded.scenario.estate
    if estate is None or estate.now is None or moments.instant(estate.now, "now") <= clock.timestamp():
        return
    path = ("estate", "now")
    msg = (
        f"{loaded.origin(path)}: {'.'.join(path)}: {estate.now} is in the future; "
        f"valid is {clock:%Y-%m-%dT%H:%M:%SZ} or earlier"
    )
    raise ScenarioError(msg)


def _ensure_columns(loaded: loading.Loaded) -> None:
    """Refuse expectations of columns that a table has not."""
    for table, of_table in loaded.scenario.outlines().items():
        names = records.signal(table).TABLE.names
        for place, outline in enumerate(of_table):
            for name in (outline.column, *outline.where):
                if name not in names:
                    path = ("expect", table, str(place))
                    msg = f"{loaded.origin(path)}: {'.'.join(path)}: there is no column {name!r}"
                    raise ScenarioError(f"{msg}; valid are {', '.join(names)}")


def _with_incidents(
    loaded: loading.Loaded, document: reading.Document, settings: loading.Settings, arguments: Mapping[str, Any]
) -> loading.Loaded:
    """Scenario with a file's ledger added to its own, or without any incident."""
    name, without = arguments.get("incidents"), arguments.get("no_incidents")
    if name is None and not without:
        return loaded
    estate = loaded.scenario.estate
    said = "--no-incidents" if without else f"--incidents {name}"
    if estate is None:
        msg = f"{said}: the scenario {loaded.scenario.scenario} has no estate, and so no incidents"
        raise ScenarioError(msg)
    if name is not None and without:
        msg = "--incidents adds some and --no-incidents takes all away; leave one of them out"
        raise ScenarioError(msg)
    given: tuple[str, Any] = "estate.incidents.enabled", False
    if name is not None:
        from ghostfleet.spec import ledger

        added = ledger.read(_text(Path(name)), name, estate)
        given = "estate.ledger", msgspec.to_builtins((*estate.ledger, *added))
    overrides = {**settings.overrides, given[0]: (given[1], said)}
    return loading.load(document, msgspec.structs.replace(settings, overrides=overrides))


def scenario_options(command: Any) -> Any:  # noqa: ANN401  a decorator, as click's own are
    """Add what every command with a scenario takes."""
    for option in (
        click.option("--no-incidents", is_flag=True, help="Nothing goes wrong, whatever the scenario says."),
        click.option(
            "--incidents",
            metavar="FILE",
            help="A ledger: further incidents and resolutions, a JSON line each. Into a store with rows, "
            "a longer one adds nothing before their end.",
        ),
    ):
        command = option(command)
    return click.argument("scenario")(setting_options(command))


def setting_options(command: Any) -> Any:  # noqa: ANN401  a decorator, as click's own are
    """Add the layers of settings above a scenario."""
    options = (
        click.option("--config", metavar="FILE", help="Settings that override the scenario; also GHOSTFLEET_CONFIG."),
        click.option("--set", "assignments", metavar="PATH=VALUE", multiple=True, help="Set any key of the scenario."),
        click.option("--seed", type=click.IntRange(0), help="Run seed; the same seed makes the same bytes."),
    )
    for option in reversed(options):
        command = option(command)
    return command
