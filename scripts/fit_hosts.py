"""Fit parameters of the host model to public sets of real hosts, and write them into ``data/hosts.toml``.

``python -m scripts.fit_hosts --real DIR`` from the root of the repository; ``--check`` prints and writes nothing.
``DIR`` holds ``bitbrains.parquet`` (GWA-T-12, machines that a hypervisor watches) and ``azure.parquet`` (Azure Public
Dataset V1, machines of a cloud) in long form: ``series_id``, ``metric``, ``timestamp`` (s), ``value``. Neither is in the
repository.

The method is that of simulated moments. A pair names a parameter and the statistic of hosts that it causes: a feature
of every host's week of five-minute rows, then a median, quantile, spread or share over the hosts. The model is simulated
with fixed seeds and the same names of hosts, so the statistic is a function of the parameters without noise of its own.
Each round simulates once with all values so far, and moves every parameter by a safeguarded secant step to where its
statistic would be the real one's; the rounds end when all are within a fraction of what the real hosts can tell.

What was tried as a pair and is none stands below the list; what stays chosen, and why, at the head of the table.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
import warnings
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, cast

import duckdb
import numpy as np

from ghostfleet.core.window import DAY_S, HOUR_S
from ghostfleet.generate import Generator
from ghostfleet.spec import loading, reading
from ghostfleet.spec.hosts import PROFILES, ROW_S
from ghostfleet.state.hosts import parameters
from scripts.make_quantiles import DATA, renew_checksums

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ghostfleet.core.arrays import F64
    from ghostfleet.core.batch import Quanta

    Rows = dict[str, F64]  # metric → values of shape (weeks of hosts, rows of a week), NaN where there are none
    Feature = Callable[[F64], F64]
    Summary = Callable[[F64], float]

TABLE = DATA / "hosts.toml"
SEEDS = (101, 102, 103, 104)
HOSTS = 150  # per seed
DAYS = 7
PER_HOUR, PER_DAY, PER_WEEK = HOUR_S // ROW_S, DAY_S // ROW_S, DAYS * DAY_S // ROW_S
LEAST_KNOWN = 0.9  # of a week's rows
GROUPS = 10  # of hosts, left out in turn
ROUNDS = 12
CLOSE = 0.25  # standard errors of the real statistic within which a parameter is left where it is
ENOUGH = 0.03  # of the real statistic: likewise
FARTHEST = 0.7  # of one step, in the logarithm: a factor of two
SLOPES = (0.3, 3.0)  # of the statistic over the parameter, both in logarithms; 1 is in proportion
WHOLE = 0.02  # distance from a whole number that a float32 makes
FLOAT32_HOLDS = 4000.0  # fifteenths below this
TELLING = 100  # rows that a share needs
LEAST_LEVEL = 1e-3  # to be a ratio over
QUARTILES = 1.349  # between the quartiles of a standard normal


# Features: one number per week of a host ------------------------------------------------------------------------------


def level(x: F64) -> F64:
    """Median: what a host does anyway."""
    return np.nanmedian(x, axis=1)


def mostly(x: F64) -> F64:
    """Whether most rows are not nothing."""
    return (np.nanmedian(x, axis=1) > 0).astype(np.float64)


def roughness(x: F64) -> F64:
    """Median distance of a row from the mean of its neighbours, over the level: what is faster than ten minutes."""
    return np.nanmedian(np.abs(x[:, 1:-1] - (x[:, :-2] + x[:, 2:]) / 2), axis=1) / level(x)


def swing(x: F64) -> F64:
    """Log deviation of the medians of hours about that of their day, by their quartiles."""
    hours = _logs(np.nanmedian(x.reshape(len(x), DAYS, -1, PER_HOUR), axis=3))
    apart = (hours - np.nanmedian(hours, axis=2, keepdims=True)).reshape(len(x), -1)
    low, high = np.nanquantile(apart, (0.25, 0.75), axis=1)
    return (high - low) / QUARTILES


def drift(x: F64) -> F64:
    """Log range of the medians of days: whether a week stays on one level."""
    days = _logs(np.nanmedian(x.reshape(len(x), DAYS, PER_DAY), axis=2))
    return np.nanmax(days, axis=1) - np.nanmin(days, axis=1)


def lift(x: F64) -> F64:
    """How far the busiest hours of the day are over the quietest, medians over days of hours over their day."""
    hours = np.nanmedian(x.reshape(len(x), DAYS, -1, PER_HOUR), axis=3)
    hours /= np.maximum(np.nanmedian(hours, axis=2, keepdims=True), LEAST_LEVEL)
    day = np.sort(np.nanmedian(hours, axis=1), axis=1)
    return day[:, -4] / np.maximum(day[:, 3], LEAST_LEVEL) - 1  # the fourth of either end: three hours are one job


def fourteenths(x: F64) -> F64:
    """Share of rows that are a mean of fourteen whole reads, of those that can only be of fifteen or of fourteen."""
    fifteen, fourteen = (np.abs(x * reads - np.rint(x * reads)) < WHOLE for reads in (15, 14))
    tells = (fifteen ^ fourteen) & (x < FLOAT32_HOLDS)
    rows = tells.sum(axis=1)
    return np.where(rows >= TELLING, np.sum(tells & fourteen, axis=1) / np.maximum(rows, 1), np.nan)


def _logs(x: F64) -> F64:
    with np.errstate(divide="ignore"):
        return np.where(x > 0, np.log(x), np.nan)


# Summaries: one number over hosts -------------------------------------------------------------------------------------


def middle(values: F64) -> float:
    """Median over hosts."""
    return float(np.median(values))


def spread(values: F64) -> float:
    """Log deviation over hosts, by their quartiles."""
    low, high = np.quantile(values, (0.25, 0.75))
    return float(np.log(high / low) / QUARTILES)


def share(values: F64) -> float:
    """Share of hosts."""
    return float(np.mean(values))


def quantile(at: float) -> Summary:
    """Quantile over hosts."""

    def summary(values: F64) -> float:
        return float(np.quantile(values, at))

    summary.__name__ = f"quantile {at:g}"
    return summary


def spread_below(at: float) -> Summary:
    """Log deviation over hosts, by the median and a quantile below: what is above, roles and demand make."""

    def summary(values: F64) -> float:
        low, high = np.quantile(values, (at, 0.5))
        return float(np.log(low / high) / NormalDist().inv_cdf(at))

    summary.__name__ = f"spread below, at {at:g},"
    return summary


# Pairs ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """A parameter, and the statistic that it causes; the statistic rises with the parameter."""

    path: str  # of one number in the table: section.key, section.key[0], section.key.name or section.key.name[0]
    public: str  # set of real hosts, which `SIMULATED` simulates
    metric: str
    feature: Feature
    summary: Summary
    least: float = 0.0  # hosts of a lower level are left out: there, steps of the agent hide what the parameter does
    most: float = np.inf  # of the parameter

    @property
    def name(self) -> str:
        """The statistic in words."""
        return f"{self.public} {self.metric}: {self.summary.__name__} of {self.feature.__name__}"

    def statistic(self, rows: Rows) -> float:
        """Value for some weeks of hosts."""
        x = rows[self.metric]
        values = self.feature(x[level(x) >= self.least])
        return self.summary(values[np.isfinite(values)])


SIMULATED = {"bitbrains": "hypervisor", "azure": "cloud"}
PAIRS = (
    Pair("levels.cpu.hypervisor[0]", "bitbrains", "cpu", level, middle),
    Pair("levels.cpu.hypervisor[1]", "bitbrains", "cpu", level, spread_below(0.25)),
    Pair("levels.cpu.cloud[0]", "azure", "cpu", level, middle),
    Pair("levels.cpu.cloud[1]", "azure", "cpu", level, spread_below(0.1)),
    Pair("levels.cpu_steady[0]", "azure", "cpu", level, quantile(0.9)),
    Pair("levels.write[0]", "bitbrains", "disk_write", level, middle),
    Pair("levels.write[1]", "bitbrains", "disk_write", level, spread),
    Pair("levels.read_share", "bitbrains", "disk_read", mostly, share, most=1.0),
    Pair("levels.network_share.idle", "bitbrains", "network", mostly, share, most=1.0),
    Pair("noise.cpu.cloud[0]", "azure", "cpu", roughness, middle),
    Pair("wander.cpu[0]", "azure", "cpu", drift, middle),
    Pair("steps.size[0]", "azure", "cpu", drift, quantile(0.75)),
    Pair("demand.cpu[0]", "azure", "cpu", lift, quantile(0.9)),
    Pair("memory.touched.quiet[0]", "bitbrains", "memory", level, middle),
    Pair("memory.touched.quiet[1]", "bitbrains", "memory", level, spread),
    Pair("memory.touched.high[0]", "bitbrains", "memory", level, quantile(0.9)),
    Pair("agent.missed[2]", "bitbrains", "disk_write", fourteenths, quantile(0.6)),
    Pair("agent.missed[3]", "bitbrains", "disk_write", fourteenths, quantile(0.8)),
    Pair("agent.missed[4]", "bitbrains", "disk_write", fourteenths, quantile(0.95)),
)


# Rows -----------------------------------------------------------------------------------------------------------------

NAMES = {"memory": "mem"}  # in the public sets, where they differ
SUMS = {"network": ("net_in", "net_out")}
READ = """
select series_id, "timestamp" // $row_s as row_number, avg(value) as value
from read_parquet($file) where metric = $metric group by all order by all
"""


def real_rows(file: Path, metrics: Iterable[str]) -> tuple[Rows, dict[str, F64]]:
    """Whole weeks of the hosts of a public set, and the number of the host of each."""
    if not file.is_file():
        sys.exit(
            f"{file}: there is no such file; --real is the folder of the public sets, as {__file__} describes them"
        )
    rows, owners = {}, {}
    for metric in metrics:
        parts = [_real(file, part) for part in SUMS.get(metric, (metric,))]
        rows[metric] = np.sum([weeks for weeks, _ in parts], axis=0)
        owners[metric] = parts[0][1]
    return rows, owners


def _real(file: Path, metric: str) -> tuple[F64, F64]:
    asked = {"row_s": ROW_S, "file": str(file), "metric": NAMES.get(metric, metric)}
    found = duckdb.execute(READ, asked).fetchnumpy()
    _, owner = np.unique(np.asarray(found["series_id"]).astype(str), return_inverse=True)
    if not len(owner):
        sys.exit(f"{file}: it has no rows of the metric {asked['metric']}")
    weeks = [_weeks(found["row_number"][owner == host], found["value"][owner == host]) for host in np.unique(owner)]
    return np.concatenate(weeks), np.repeat(np.arange(len(weeks)), [len(one) for one in weeks])


def _weeks(row_number: F64, value: F64) -> F64:
    place = (row_number - row_number[0]).astype(np.int64)
    x = np.full(-(-(int(place[-1]) + 1) // PER_WEEK) * PER_WEEK, np.nan)
    x[place] = value
    weeks = x.reshape(-1, PER_WEEK)
    return weeks[np.isfinite(weeks).mean(axis=1) >= LEAST_KNOWN]


def simulated_rows(profile: str, metrics: Sequence[str]) -> Rows:
    """A week of hosts of one profile, of all seeds, with the parameters as they stand in memory."""
    document = reading.read(loading.shipped()["hosts"], "hosts.yaml")
    shares = ", ".join(f"{name}: {int(name == profile)}" for name in PROFILES)
    keys = (f"hosts.count={HOSTS}", f"hosts.days={DAYS}", f"hosts.profiles={{{shares}}}")
    parts: dict[str, list[F64]] = {metric: [] for metric in metrics}
    for seed in SEEDS:
        settings = loading.Settings(assignments=(*keys, f"execution.random_seed={seed}"))
        generator = Generator(loading.load(document, settings).scenario)
        for task in generator.plan(generator.window(), generator.tables()).tasks:
            for batch in generator.batches(task):
                for metric in metrics:
                    values = [cast("Quanta", batch[part]).floats() for part in SUMS.get(metric, (metric,))]
                    parts[metric].append(np.sum(values, axis=0).reshape(-1, PER_WEEK))
    return {metric: np.concatenate(some) for metric, some in parts.items()}


# The search -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Search:
    """Where the search for one parameter is."""

    pair: Pair
    real: float
    error: float  # standard error of the real statistic
    values: list[float]  # round by round
    model: list[float]

    @property
    def is_close(self) -> bool:
        """Whether the model's statistic is the real one, as far as the real hosts can tell."""
        return abs(self.model[-1] - self.real) <= max(CLOSE * self.error, ENOUGH * self.real)

    def step(self) -> float:
        """Value to try next, with three digits: the secant in logarithms, within bounds on its slope and its length."""
        slope = 1.0
        if len(self.values) > 1 and self.values[-1] != self.values[-2]:
            slope = np.log(self.model[-1] / self.model[-2]) / np.log(self.values[-1] / self.values[-2])
        move = np.log(self.real / self.model[-1]) / np.clip(slope, *SLOPES)
        value = self.values[-1] * np.exp(np.clip(move, -FARTHEST, FARTHEST))
        return min(float(f"{value:.3g}"), self.pair.most)


def started(pair: Pair, real: Rows, owners: Mapping[str, F64]) -> Search:
    """A search from the table's value; the error is a jackknife over groups of hosts."""
    group = owners[pair.metric] % GROUPS
    without = [pair.statistic({pair.metric: real[pair.metric][group != left]}) for left in range(GROUPS)]
    error = float(np.sqrt((GROUPS - 1) * np.var(without)))
    return Search(pair, pair.statistic(real), error, [value_at(pair.path)], [])


def fit(searches: Sequence[Search]) -> None:
    """Move all parameters, round by round, until all statistics are close or the rounds are over."""
    for number in range(ROUNDS):
        for public, profile in SIMULATED.items():
            mine = [search for search in searches if search.pair.public == public]
            if mine:
                rows = simulated_rows(profile, list(dict.fromkeys(search.pair.metric for search in mine)))
                for search in mine:
                    search.model.append(search.pair.statistic(rows))
        far = [search for search in searches if not search.is_close]
        print(f"round {number}: {len(searches) - len(far)} of {len(searches)} are close", file=sys.stderr)
        if not far or number == ROUNDS - 1:
            return
        for search in searches:
            search.values.append(search.values[-1] if search.is_close else search.step())
            put(search.pair.path, search.values[-1])


# The table ------------------------------------------------------------------------------------------------------------

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


def value_at(path: str, tree: dict[str, Any] | None = None) -> float:
    """Value of a parameter in a parsed table, or in the one that the model reads."""
    section, *rest = steps(path)
    value: Any = parameters.table(section) if tree is None else tree[section]
    for step in rest:
        value = value[step]
    return float(value)


def put(path: str, value: float, tree: dict[str, Any] | None = None) -> None:
    """Set a parameter in a parsed table, or in the one that the model reads, which is kept for the whole process."""
    section, *rest = steps(path)
    inside: Any = parameters.table(section) if tree is None else tree[section]
    for step in rest[:-1]:
        inside = inside[step]
    inside[rest[-1]] = value


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


def report(searches: Sequence[Search]) -> str:
    """One line per parameter: values and statistics of the table as it was and as fitted."""
    heads = ("parameter", "table", "fitted", "real", "± error", "model", "fitted", "statistic")
    form = "{:28} {:>8} {:>8} {:>9} {:>9} {:>9} {:>9}  {}".format
    lines = [form(*heads)]
    for one in searches:
        numbers = (one.values[0], one.values[-1], one.real, one.error, one.model[0], one.model[-1])
        lines.append(form(one.pair.path, *(f"{number:.3g}" for number in numbers), one.pair.name))
    return "\n".join(lines)


def main() -> int:
    """Fit, print, and write unless only asked to check."""
    flags = argparse.ArgumentParser(description="Fit parameters of the host model to public sets of real hosts.")
    flags.add_argument("--real", type=Path, required=True, metavar="DIR", help="folder of the public sets")
    flags.add_argument("--check", action="store_true", help="write nothing; exit code 1 when a value would change")
    arguments = flags.parse_args()
    warnings.filterwarnings("ignore", "(All-NaN|Mean of empty|Degrees of freedom|invalid value)", RuntimeWarning)
    searches = []
    for public in SIMULATED:
        mine = [pair for pair in PAIRS if pair.public == public]
        real, owners = real_rows(arguments.real / f"{public}.parquet", dict.fromkeys(pair.metric for pair in mine))
        searches += [started(pair, real, owners) for pair in mine]
    fit(searches)
    print(report(searches))
    values = {search.pair.path: search.values[-1] for search in searches}
    if arguments.check:
        return int(any(search.values[0] != search.values[-1] for search in searches))
    TABLE.write_text(written(TABLE.read_text(encoding="utf-8"), values), encoding="utf-8")
    renew_checksums()
    return 0


if __name__ == "__main__":
    sys.exit(main())
