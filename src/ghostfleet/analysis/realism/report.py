"""What was measured, as a structure and as text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ghostfleet.analysis.realism.distances import mean_ks
from ghostfleet.analysis.realism.meanings import meaning
from ghostfleet.analysis.realism.windows import spelt

if TYPE_CHECKING:
    from ghostfleet.analysis.realism.baseline import Baseline
    from ghostfleet.analysis.realism.distances import Distance
    from ghostfleet.analysis.realism.forecast import Transfer
    from ghostfleet.analysis.realism.twosample import Verdict
    from ghostfleet.core.arrays import F64

SHOWN = 5  # distances per metric in the text
RELIABLE = 40  # entities of a side from which the interval is narrow
NEAR, FAR = 0.6, 0.9
HEAD = (
    f"{'metric':<12} {'AUC':>5}  {'90 % interval':<13}  {'real alone':>10}  {'mean KS':>7}  {'real alone':>10}  "
    f"{'forecast':>8}  {'entities':>13}  {'windows':>13}"
)
LEGEND = """
AUC: can a classifier tell a window of DATA from one of REAL? 0.5 never, 1 always.
together: the same, only by how the metrics of one entity move together.
KS: gap between both sides' distributions of a feature, from 0 to 1.
real alone: AUC and KS of one half of REAL's entities against the other: what can be had.
forecast: error on unseen entities of REAL, learnt from DATA over learnt from REAL; 1 is as good.
entities, windows: of DATA / of REAL.
""".strip()


@dataclass(frozen=True)
class Metric:
    """One metric on both sides: names, sizes, verdict, distances, forecasts and windows to look at."""

    metric: str
    names: tuple[str, str]  # of the data, of the real side
    entities: tuple[int, int]
    windows: tuple[int, int]
    test: Verdict
    real_alone: Baseline | None
    distances: list[Distance]
    tells: list[Distance]
    forecast: Transfer | None
    examples: tuple[F64, F64]


@dataclass(frozen=True)
class Together:
    """The test across metrics."""

    metrics: tuple[str, ...]
    entities: tuple[int, int]
    windows: tuple[int, int]
    test: Verdict
    real_alone: Baseline | None
    distances: list[Distance]


@dataclass(frozen=True)
class Measured:
    """A whole comparison."""

    data: str
    real: str
    step_s: int
    points: int
    seed: int
    repeats: int
    metrics: list[Metric]
    together: Together | None
    notes: list[str]

    @property
    def mean_auc(self) -> float:
        """Plain mean over the metrics."""
        return sum(one.test.auc for one in self.metrics) / len(self.metrics)

    @property
    def mean_auc_real_alone(self) -> float | None:
        """The same of one half of the real entities against the other; None where a metric has too few."""
        alone = [one.real_alone.auc for one in self.metrics if one.real_alone]
        return sum(alone) / len(alone) if len(alone) == len(self.metrics) else None

    def as_dict(self) -> dict[str, Any]:
        """All but the windows, for JSON."""
        return {
            "data": self.data,
            "real": self.real,
            "step_s": self.step_s,
            "window_points": self.points,
            "seed": self.seed,
            "repeats": self.repeats,
            "auc_mean": round(self.mean_auc, 4),
            "auc_mean_real_alone": None if self.mean_auc_real_alone is None else round(self.mean_auc_real_alone, 4),
            "metrics": [_metric(one) for one in self.metrics],
            "across_metrics": _together(self.together),
            "notes": self.notes,
        }


def _metric(one: Metric) -> dict[str, Any]:
    return {
        "metric": one.metric,
        "names": _sides(one.names),
        "entities": _sides(one.entities),
        "windows": _sides(one.windows),
        "auc": _rounded(asdict(one.test)),
        "real_alone": _rounded(asdict(one.real_alone)) if one.real_alone else None,
        "ks_mean": round(mean_ks(one.distances), 4) if one.distances else None,
        "forecast": _rounded(asdict(one.forecast)) if one.forecast else None,
        "distances": [_rounded(asdict(distance)) for distance in one.distances],
        "tells": [_rounded(asdict(distance)) for distance in one.tells],
    }


def _together(one: Together | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "metrics": list(one.metrics),
        "entities": _sides(one.entities),
        "windows": _sides(one.windows),
        "auc": _rounded(asdict(one.test)),
        "real_alone": _rounded(asdict(one.real_alone)) if one.real_alone else None,
        "ks_mean": round(mean_ks(one.distances), 4) if one.distances else None,
        "distances": [_rounded(asdict(distance)) for distance in one.distances],
    }


def _sides(both: tuple[Any, Any]) -> dict[str, Any]:
    return {"data": both[0], "real": both[1]}


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}


def as_text(measured: Measured) -> str:
    """Table of the verdicts, then what tells the sides apart, the worst first."""
    every = f"windows of {spelt(measured.points * measured.step_s)} in steps of {spelt(measured.step_s)}"
    together = [_row("together", measured.together)] if measured.together else []
    alone = measured.mean_auc_real_alone
    lines = [
        f"{measured.data} against {measured.real}: {every}",
        "",
        HEAD,
        *(_row(one.metric, one) for one in measured.metrics),
        *together,
        "",
        f"mean AUC {measured.mean_auc:.3f}: {saying(measured.mean_auc)}"
        + ("" if alone is None else f"; real alone {alone:.3f}"),
        "",
        LEGEND,
        "",
    ]
    for name, found in (*((one.metric, one.distances) for one in measured.metrics), ("together", _across(measured))):
        if found:
            lines += [_head(name), *(_distance(distance) for distance in found[:SHOWN]), ""]
    lines += [f"note: {note}" for note in measured.notes]
    return "\n".join(lines).rstrip() + "\n"


def _across(measured: Measured) -> list[Distance]:
    return measured.together.distances if measured.together else []


def saying(auc: float) -> str:
    """A mean AUC in words; 0.5 means that nobody can tell, 1 that everybody can."""
    if auc < NEAR:
        return "hard to tell from real"
    return "told from real in part" if auc < FAR else "told from real nearly always"


def _row(name: str, one: Metric | Together) -> str:
    interval = f"{one.test.low:.3f}–{one.test.high:.3f}"
    ks = f"{mean_ks(one.distances):.3f}" if one.distances else "–"
    auc_alone, ks_alone = (f"{one.real_alone.auc:.3f}", f"{one.real_alone.ks:.3f}") if one.real_alone else ("–", "–")
    forecast = one.forecast if isinstance(one, Metric) else None
    ratio = f"{forecast.ratio:.2f}" if forecast else "–"
    entities, windows = (f"{data} / {real}" for data, real in (one.entities, one.windows))
    numbers = f"{one.test.auc:>5.3f}  {interval:<13}  {auc_alone:>10}  {ks:>7}  {ks_alone:>10}  {ratio:>8}"
    return f"{name:<12} {numbers}  {entities:>13}  {windows:>13}"


def _head(name: str) -> str:
    return f"{f'{name}: what differs most':<34} {'KS':>5}  {'Wasserstein':>11}  {'median here':>11}  {'of REAL':>9}"


def _distance(one: Distance) -> str:
    numbers = f"{one.ks:>5.2f}  {one.wasserstein:>11.2f}  {one.synthetic:>11.3g}  {one.real:>9.3g}".replace("-", "−")
    return f"  {one.feature:<32} {numbers}  {meaning(one.feature)}".rstrip()
