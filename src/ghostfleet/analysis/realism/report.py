"""What was measured, as a structure and as text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ghostfleet.analysis.realism.distances import Distance
    from ghostfleet.analysis.realism.forecast import Transfer
    from ghostfleet.analysis.realism.twosample import Verdict
    from ghostfleet.core.arrays import F64

SHOWN = 5  # distances per metric in the text
RELIABLE = 40  # entities of a side from which the interval is narrow
NEAR, FAR = 0.6, 0.9
HEAD = (
    f"{'metric':<12} {'AUC':>5}  {'90 % interval':<13}  {'mean KS':>7}  {'forecast':>8}  "
    f"{'entities':>13}  {'windows':>13}"
)


@dataclass(frozen=True)
class Metric:
    """One metric on both sides: names, sizes, verdict, distances, forecasts and windows to look at."""

    metric: str
    names: tuple[str, str]  # of the data, of the real side
    entities: tuple[int, int]
    windows: tuple[int, int]
    test: Verdict
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
        "distances": [_rounded(asdict(distance)) for distance in one.distances],
    }


def _sides(both: tuple[Any, Any]) -> dict[str, Any]:
    return {"data": both[0], "real": both[1]}


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}


def as_text(measured: Measured) -> str:
    """Table of the verdicts, then what tells the sides apart, the worst first."""
    every = f"windows of {measured.points} steps of {measured.step_s} s"
    lines = [
        f"{measured.data} against {measured.real}: {every}",
        "",
        HEAD,
        *(_line(one) for one in measured.metrics),
    ]
    if measured.together:
        one = measured.together
        lines.append(_row("together", one.test, one.distances, "", one.entities, one.windows))
    lines += ["", f"mean AUC {measured.mean_auc:.3f}: {saying(measured.mean_auc)}", ""]
    for name, found in (*((one.metric, one.distances) for one in measured.metrics), ("together", _across(measured))):
        if found:
            lines += [f"{name}: what differs most", *(_distance(distance) for distance in found[:SHOWN]), ""]
    lines += [f"note: {note}" for note in measured.notes]
    return "\n".join(lines).rstrip() + "\n"


def _across(measured: Measured) -> list[Distance]:
    return measured.together.distances if measured.together else []


def saying(auc: float) -> str:
    """A mean AUC in words; 0.5 means that nobody can tell, 1 that everybody can."""
    if auc < NEAR:
        return "hard to tell from real"
    return "told from real in part" if auc < FAR else "told from real nearly always"


def _line(one: Metric) -> str:
    ratio = f"{one.forecast.ratio:.2f}" if one.forecast else "–"
    return _row(one.metric, one.test, one.distances, ratio, one.entities, one.windows)


def _row(
    name: str,
    test: Verdict,
    found: list[Distance],
    ratio: str,
    entities: tuple[int, int],
    windows: tuple[int, int],
) -> str:
    interval = f"{test.low:.3f}–{test.high:.3f}"
    ks = f"{sum(one.ks for one in found) / len(found):.3f}" if found else "–"
    sizes = f"{f'{entities[0]} / {entities[1]}':>13}  {f'{windows[0]} / {windows[1]}':>13}"
    return f"{name:<12} {test.auc:>5.3f}  {interval:<13}  {ks:>7}  {ratio:>8}  {sizes}"


def _distance(one: Distance) -> str:
    medians = f"median {one.real:.3g} real, {one.synthetic:.3g} here"
    return f"  {one.feature:<32} KS {one.ks:.2f}  Wasserstein {one.wasserstein:>6.2f}  {medians}".replace("-", "−")
